"""A month's facts read once, for everything an evaluation says of them: its counts, its days, the cases behind.

The database puts the marks (`tasks/counted_marks.py`); rows that carry the same are added up as they come. Counting by
unit and class, by area and source, by three days of each case and keeping every case would else read the month six
times.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, String, func, select, type_coerce

from models.city import City
from models.evaluation_counts import BY_NAME, COUNTS, CountName, makes_a_count
from models.evaluation_marks import Cut, Done
from models.frozen_parts import Part, UnitParts, freeze_parts
from tasks.case_facts import FACTS
from tasks.counted_marks import ExemptSpan, Period, cut_columns, marks_of
from tasks.database import is_postgres
from tasks.evaluation_counts import Counted, Tally, counted, lines_of, parts_of
from tasks.garbage import no_search_for_cycles

AT_ONCE = 5_000
HOUR = len("2019-05-06 08")

SHOWN = ("reported", "filed", "due_to_close", "closed", "closed_on_time", "overdue_open")
"""Counts of the overviews by class, area and source."""

_DAYS = (
    (Done.REPORTED, "reported", "reported_at"),
    (Done.FILED, "filed", "filed_at"),
    (Done.CLOSED, "closed", "ended_at"),
)
"""What is told of each day: the mark that says it happened in the period, its name, its moment."""

_UNIT_AND_CLASS, _AREA_AND_SOURCE = (Cut.UNIT, Cut.CLASS), (Cut.AREA, Cut.SOURCE)


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """What an evaluation says of the facts of a month."""

    by_unit_and_class: Counted
    by_area_and_source: Counted
    """Only what is shown of them; all other counts stay at 0."""
    by_day: Mapping[str, Mapping[str, int]]
    """Day of the city, such as 2026-08-05 -> reported, filed and closed on it."""
    behind: tuple[UnitParts, ...]
    """Every part that made a count, with its marks."""
    behind_digest: str


def read_month(
    connection: Connection, city: City, period: Period, *, now: datetime, exempt: Sequence[ExemptSpan] = ()
) -> MonthFacts:
    """All of it as `count` would count it, in one reading of the period's facts as they stand now."""
    gone = period.until(now)
    places, objects = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    hours = {name: Counter[str]() for _, name, _ in _DAYS}
    found = defaultdict[str, list[Part]](list)
    with no_search_for_cycles():
        for rows in _rows(connection, city, gone, now, exempt):
            units, classes, areas, sources, *moments, _, _, _, marks = zip(*rows, strict=True)
            objects.update(zip(units, classes, marks, strict=True))
            places.update(zip(areas, sources, marks, strict=True))
            for (mark, name, _), written in zip(_DAYS, moments, strict=True):
                here = zip(written, marks, strict=True)
                hours[name].update([at[:HOUR] for at, carried in here if carried & mark.value])
            for row in rows:
                if makes_a_count(row[-1]):
                    found[row[0] or ""].append(row[-4:])
        behind, digest = freeze_parts(found)
        found.clear()
    shown = [BY_NAME[CountName(name)] for name in SHOWN]
    return MonthFacts(
        counted(period, now, _UNIT_AND_CLASS, lines_of(city, _UNIT_AND_CLASS, _tally(objects), COUNTS)),
        counted(period, now, _AREA_AND_SOURCE, lines_of(city, _AREA_AND_SOURCE, _tally(places), shown)),
        _by_day(city, gone, hours),
        behind,
        digest,
    )


def _rows(
    connection: Connection, city: City, gone: Period, now: datetime, exempt: Sequence[ExemptSpan]
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Unit, class, area, source, the moments of `_DAYS`, case, round, part and marks; some thousand rows at a time."""
    if gone.start >= gone.end:
        return
    wanted = select(
        *cut_columns((*_UNIT_AND_CLASS, *_AREA_AND_SOURCE)),
        *(_written(connection, FACTS.c[column]).label(f"{name}_on") for _, name, column in _DAYS),
        *(FACTS.c[column] for column in ("case_id", "round", "part")),
        marks_of(gone, now, COUNTS, city.policy.public_sources, exempt).label("marks"),
    )
    for here in parts_of(gone):
        yield from _some_at_once(connection, wanted.where(here))


def _some_at_once(connection: Connection, wanted: Select[Any]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """SQLite is asked past SQLAlchemy: making its rows costs as much as reading them."""
    if is_postgres(connection):
        with closing(connection.execute(wanted.execution_options(yield_per=AT_ONCE))) as result:
            yield from result.tuples().partitions()
        return
    with closing(connection.execute(wanted)) as result:
        cursor: Any = result.cursor
        while rows := cursor.fetchmany(AT_ONCE):
            yield rows


def _tally(found: Mapping[tuple[Any, ...], int]) -> Tally:
    tally: dict[tuple[Any, ...], dict[int, int]] = {}
    for (*values, marks), facts in found.items():
        tally.setdefault(tuple(values), {})[marks] = facts
    return tally


def _by_day(city: City, gone: Period, hours: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    days: dict[str, dict[str, int]] = {}
    day = gone.start
    while day < gone.end:
        days[f"{day:%Y-%m-%d}"] = dict.fromkeys(hours, 0)
        day += timedelta(days=1)
    for name, found in hours.items():
        for written, facts in found.items():
            at = datetime.strptime(f"{written} +0000", "%Y-%m-%d %H %z").astimezone(city.zone)
            days[f"{at:%Y-%m-%d}"][name] += facts
    return days


def _written(connection: Connection, column: Any) -> Any:
    """A moment as text in UTC, of which the first `HOUR` characters are its hour; the city's day is told from it."""
    if is_postgres(connection):
        return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24")
    # As it is stored, YYYY-MM-DD HH:…; strftime would read every moment anew.
    return type_coerce(column, String())
