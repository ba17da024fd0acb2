"""What the streams of spot checks say of a day: its seal, what was asked, skipped and lost, and whether it is revealed.

All of it is found by stream, kind and time, for which the events have an index: the watch asks every minute.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from models.city import City
from models.duty_rules import SpotCheckRule
from models.spot_checks import DayShift, unsealed
from tasks.flood_events import EVENTS

SEALED, REVEALED, ASKED, SKIPPED, MISSED, LOST = (
    *("spot_checks_sealed", "spot_checks_revealed", "spot_check_asked", "spot_check_skipped"),
    *("spot_check_missed", "spot_check_lost"),
)  # fmt: skip

_WATCHED = (SEALED, REVEALED, ASKED, SKIPPED)
_A_DAY = timedelta(days=1)
_LOOKED_BACK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Seal:
    """The seal of a day that counts."""

    day: date
    sealed_at: datetime
    digest: str
    facts: Mapping[str, Any]
    rule: SpotCheckRule
    shifts: tuple[DayShift, ...]


@dataclass
class DayEvents:
    """Events of some days, by day and in order, each with its facts."""

    by_day: Mapping[date, Sequence[tuple[Row[Any], Mapping[str, Any]]]] = field(default_factory=dict)

    def of(self, day: date, *kinds: str) -> list[tuple[Row[Any], Mapping[str, Any]]]:
        """Those of a day that are of these kinds."""
        return [(row, facts) for row, facts in self.by_day.get(day, ()) if row.kind in kinds]

    def seal(self, city: City, day: date) -> Seal | None:
        """The seal that counts for a day: the last one before it began, else the first one after."""
        rows = self.of(day, SEALED)
        before = [(row, facts) for row, facts in rows if row.recorded_at < begins(city, day)]
        if not rows:
            return None
        row, facts = before[-1] if before else rows[0]
        rule, shifts = unsealed(facts)
        return Seal(day, row.recorded_at, str(facts["sha256"]), facts, rule, shifts)

    def unrevealed(self, today: date) -> list[date]:
        """Days that have begun and whose seed is not revealed."""
        return [
            day for day in sorted(self.by_day) if day <= today and self.of(day, SEALED) and not self.of(day, REVEALED)
        ]


def checks_stream(day: date) -> str:
    """The stream of a year's spot checks. Example: spot-checks:2021."""
    return f"spot-checks:{day.year}"


def begins(city: City, day: date) -> datetime:
    """When a day begins in the city."""
    return datetime.combine(day, time(), city.zone)


def events_from(connection: Connection, first: date, last: date) -> DayEvents:
    """Everything the streams say of the days from one to another, both included."""
    # A day is sealed the day before at the earliest; whatever zone the city has, nothing of it is older than this.
    since = datetime.combine(first, time(), UTC) - 2 * _A_DAY
    streams = [checks_stream(date(year, 1, 1)) for year in range(first.year, last.year + 1)]
    asked = select(EVENTS).where(
        EVENTS.c.stream.in_(streams), EVENTS.c.kind.in_((*_WATCHED, LOST)), EVENTS.c.recorded_at >= since
    )
    return _by_day(connection.execute(asked))


def seal_of(connection: Connection, city: City, day: date) -> Seal | None:
    """The seal that counts for a day, read by itself."""
    return events_from(connection, day, day).seal(city, day)


def looked_at_since(connection: Connection, today: date) -> datetime:
    """From when on a visit of the watch has to know the events: a week, and further back after it was away longer.

    A day is sealed the day before at the earliest, so nothing of the last sealed days is older than that.
    """
    newest = connection.scalar(select(func.max(EVENTS.c.recorded_at)).where(*_sealed_around(today)))
    a_week_ago = datetime.combine(today, time(), UTC) - _LOOKED_BACK
    return a_week_ago if newest is None else min(a_week_ago, newest - 2 * _A_DAY)


def watched_days(connection: Connection, today: date, since: datetime) -> DayEvents:
    """Everything a visit of the watch has to know of the days around, with one statement."""
    asked = select(EVENTS).where(
        EVENTS.c.stream.in_(_streams_around(today)), EVENTS.c.kind.in_(_WATCHED), EVENTS.c.recorded_at >= since
    )
    return _by_day(connection.execute(asked))


def _sealed_around(today: date) -> tuple[ColumnElement[bool], ...]:
    return EVENTS.c.stream.in_(_streams_around(today)), EVENTS.c.kind == SEALED


def _streams_around(today: date) -> list[str]:
    return sorted({checks_stream(today + n * _A_DAY) for n in (-1, 0, 1)})


def _by_day(rows: Iterable[Row[Any]]) -> DayEvents:
    # Asked for in this order, a database would read the stream of the whole year.
    found: dict[date, list[tuple[Row[Any], Mapping[str, Any]]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.stream, row.seq)):
        facts = json.loads(row.facts)
        found[date.fromisoformat(facts["day"])].append((row, facts))
    return DayEvents(found)
