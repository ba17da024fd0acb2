"""The cases behind a bulletin, and everything stored that one is made from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from models.city import City
from models.evaluation_counts import CountName
from models.evaluation_result import EvaluationResult
from tasks.day_seal import DaySeal, seal_before
from tasks.evaluations import CountedCase, StoredVersion, cases_behind, month_before, versions

MONTHS_BEFORE = 12
"""How many earlier months a bulletin may draw: a year, and the same month of the year before."""

MOST_CASES = 20_000
"""Cases a workbook lists; a spreadsheet with more is opened by nobody."""


@dataclass(frozen=True, slots=True)
class CaseBehind:
    """A case that was due in the month; which are, was frozen, their moments are those recorded now. Units: aware."""

    unit: str
    number: str
    class_name: str
    area: str | None
    due_at: datetime | None
    handled_at: datetime | None
    ended_at: datetime | None
    on_time: bool | None
    state: str


@dataclass(frozen=True, slots=True)
class BulletinSource:
    """What one bulletin is made from."""

    version: StoredVersion
    previous: tuple[EvaluationResult, ...]
    """Earlier months, the oldest first, then the version that this one replaces."""
    cases: tuple[CaseBehind, ...]
    seal: DaySeal | None
    """Of the newest day that was over when the version was published; a draft names none."""


def stored_source(connection: Connection, city: City, month: str, version: int | None = None) -> BulletinSource | None:
    """A version of a month, the newest where none is named, with what came before it; None where there is none.

    Earlier months are told as they stood when the version was made: a later version of them changes nothing here, so
    that the documents of a version can be made again and are the same.
    """
    found = [each for each in versions(connection, month) if version is None or each.version == version]
    if not found:
        return None
    chosen = found[-1]
    earlier = (_then(connection, month_before(month, back), chosen) for back in range(MONTHS_BEFORE, 0, -1))
    replaced = [each for each in versions(connection, month) if each.version < chosen.version][-1:]
    previous = (*(each.result for each in earlier if each), *(each.result for each in replaced))
    seal = seal_before(connection, city, chosen.published_at) if chosen.published_at else None
    return BulletinSource(chosen, previous, tuple(_cases(connection, city, chosen.id)), seal)


def _then(connection: Connection, month: str, chosen: StoredVersion) -> StoredVersion | None:
    """The newest version of an earlier month among those made before the chosen one."""
    return next((each for each in reversed(versions(connection, month)) if each.id < chosen.id), None)


def _cases(connection: Connection, city: City, version_id: int) -> Iterator[CaseBehind]:
    rows = cases_behind(connection, version_id, None, CountName.DUE_TO_CLOSE, limit=MOST_CASES + 1)
    return (_behind(city, row) for row in rows)


def _behind(city: City, row: CountedCase) -> CaseBehind:
    area = city.areas.get(row.area or "")
    return CaseBehind(
        unit=row.unit,
        number=row.number,
        class_name=city.catalogue.minor_name(row.class_code),
        area=area.name if area else row.area,
        due_at=row.due_at and row.due_at.astimezone(city.zone),
        handled_at=row.handled_at and row.handled_at.astimezone(city.zone),
        ended_at=row.ended_at and row.ended_at.astimezone(city.zone),
        on_time=row.on_time,
        state=row.state,
    )
