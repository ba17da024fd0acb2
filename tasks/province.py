"""A province of cities: each with a database of its own, its month counted where it lies, the sums made of the counts.

A city's address is a secret: the file names the variable that holds it (`env:NAME`), and no row, message or run
parameter does more.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from models.directory.cell import Unreadable, code, text
from models.directory.encoding import decode
from models.directory.fault import Fault, quoted
from models.directory.sheet import Column, SheetFormat, read_records, read_rows
from models.evaluation_counts import CountName
from tasks.city_edition import current_city
from tasks.counted_marks import month_period
from tasks.database import open_database, reading
from tasks.evaluation_counts import count
from tasks.evaluations import newest


@dataclass(frozen=True, slots=True)
class ProvinceCity:
    """One city of the province. `address`: env:NAME of the variable that holds its database."""

    code: str
    name: str
    address: str


class ProvinceFaulty(ValueError):
    """The file of the province has faults, or names a variable that is not set."""


@dataclass(frozen=True, slots=True)
class CityFigures:
    """A month of one city: its counts by period of the deadline, and the version they were frozen in."""

    city: str
    name: str
    counts: Mapping[str, int]
    version: int | None
    """None where the month was not frozen: counted as it stands."""


def read_province(path: Path) -> list[ProvinceCity]:
    """The cities of a province, by code. Raises: ProvinceFaulty with every fault; OSError."""
    faults: list[Fault] = []
    content = decode(path.name, path.read_bytes())
    if isinstance(content, Fault):
        raise ProvinceFaulty(str(content))
    sheet = SheetFormat(
        path.name,
        (Column("city", code), Column("name", text), Column("database", _address)),
        ("city",),
        lambda cells: ProvinceCity(cells["city"], cells["name"], cells["database"]),
    )
    records = read_records(sheet, read_rows(sheet, content, faults), {}, faults)
    if faults:
        raise ProvinceFaulty("\n".join(map(str, faults)))
    return sorted((record.value for record in records), key=lambda city: city.code)


def _address(cell: str) -> str:
    if not cell.startswith("env:") or not cell[4:].isidentifier():
        raise Unreadable(
            f"{quoted(cell[:12])} is no reference.", "Write env:NAME and put the address into that variable."
        )
    return cell


def figures_of_city(city: ProvinceCity, month: str, now: datetime) -> CityFigures:
    """A month of one city: as it was frozen, or where it was not, as it stands; reads that city's month alone.

    Raises: ProvinceFaulty where its variable is not set; DatabaseError; ValueError for a text that is no month.
    """
    address = os.environ.get(city.address.removeprefix("env:"))
    if not address:
        raise ProvinceFaulty(f"{city.name}: {city.address} is not set on this machine. Set it to its database.")
    engine = open_database(address, migrate=False)
    try:
        with reading(engine) as connection:
            stored = newest(connection, month)
            if stored is not None:
                return CityFigures(city.code, city.name, dict(stored.result.scoring), stored.version)
            found = current_city(connection)
            counted = count(connection, found, month_period(month, found), now=now).total.scoring
            return CityFigures(city.code, city.name, {name.value: number for name, number in counted.items()}, None)
    finally:
        engine.dispose()


def province_counts(figures: Sequence[CityFigures]) -> dict[str, int]:
    """The counts of all cities together: ratios of the province are made of these, never of the cities' ratios."""
    return {name.value: sum(city.counts.get(name.value, 0) for city in figures) for name in CountName}


def share_of(counts: Mapping[str, int], count_name: CountName, over: CountName) -> Fraction | None:
    """A ratio of counts; None where its denominator is 0."""
    return Fraction(counts[count_name], counts[over]) if counts.get(over) else None
