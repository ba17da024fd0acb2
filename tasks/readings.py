"""Readings as people ask for them: the newest of every station, and a stretch of one series."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, select

from models.city import City
from models.observation import Doubt
from models.thresholds import Reading, time_to
from models.water import Element, Station, Threshold, ThresholdKind
from tasks.garbage import no_search_for_cycles
from tasks.observations import OBSERVATIONS, RAIN_DAYS
from tasks.series_readings import read_stretch
from tasks.water_series import SERIES


@dataclass(frozen=True, slots=True)
class LastReading:
    """The newest reading of one element of one station; without a reading where there was none yet."""

    station: Station
    element: Element
    at: datetime | None
    value: float | None
    doubt: str
    """Why the newest one is not used, or an empty text."""
    good_at: datetime | None
    good_value: float | None
    silent_from: datetime | None

    def silent(self, now: datetime) -> bool:
        """Whether it should have said something by now."""
        return self.silent_from is not None and self.silent_from <= now


@dataclass(frozen=True, slots=True)
class StoredReading:
    """One reading as it is stored."""

    at: datetime
    value: float
    doubt: str
    late: bool


@dataclass(frozen=True, slots=True)
class Nearest:
    """The next threshold above a reading, and how long the last hours' line takes to it (None: it does not)."""

    threshold: Threshold
    left: float
    within: timedelta | None


def last_readings(connection: Connection, city: City) -> list[LastReading]:
    """The newest reading of each element of each station, in the order of stations.csv."""
    rows = connection.execute(select(SERIES)).mappings()
    found: dict[tuple[str, str], RowMapping] = {(row["station"], row["element"]): row for row in rows}
    return [
        _last(station, element, found.get((station.code, element.value)))
        for station in city.water.stations.values()
        for element in station.elements
    ]


def good_readings_until(connection: Connection, moment: datetime) -> dict[tuple[str, str], Reading]:
    """By station and element the newest reading up to a moment that may be used, with one statement."""
    newest = (
        select(OBSERVATIONS.c.at)
        .where(
            OBSERVATIONS.c.series_id == SERIES.c.id,
            OBSERVATIONS.c.at <= moment,
            OBSERVATIONS.c.doubt == Doubt.NONE.value,
        )
        .order_by(OBSERVATIONS.c.at.desc())
        .limit(1)
        .correlate(SERIES)
        .scalar_subquery()
    )
    shown = OBSERVATIONS.alias()
    both = SERIES.join(shown, and_(shown.c.series_id == SERIES.c.id, shown.c.at == newest))
    asked = select(SERIES.c.station, SERIES.c.element, shown.c.at, shown.c.value).select_from(both)
    return {(row.station, row.element): Reading(row.at, row.value) for row in connection.execute(asked)}


def series(
    connection: Connection, station: str, element: Element, since: datetime, until: datetime
) -> list[StoredReading]:
    """The readings of one series in [since, until], those in doubt among them, in order."""
    series_id = connection.scalar(
        select(SERIES.c.id).where(SERIES.c.station == station, SERIES.c.element == element.value)
    )
    if series_id is None:
        return []
    with no_search_for_cycles():
        return [StoredReading(*row) for row in read_stretch(connection, series_id, since, until)]


def nearest_threshold(city: City, station: str, element: Element, readings: list[StoredReading]) -> Nearest | None:
    """The next level threshold above the newest good reading, with the time to it by the last hours' straight line."""
    good = [Reading(one.at, one.value) for one in readings if one.doubt == Doubt.NONE]
    if not good:
        return None
    above = [
        one
        for one in city.water.thresholds_of(station)
        if one.kind is ThresholdKind.LEVEL and one.element is element and one.value > good[-1].value
    ]
    first = min(above, key=lambda one: one.value, default=None)
    if first is None:
        return None
    return Nearest(first, first.value - good[-1].value, time_to(first.value, good, city.water.trend))


def rain_of_day(connection: Connection, day: date) -> dict[str, float]:
    """The good rain of a day of rain, by station."""
    asked = (
        select(SERIES.c.station, RAIN_DAYS.c.total)
        .join(RAIN_DAYS, RAIN_DAYS.c.series_id == SERIES.c.id)
        .where(RAIN_DAYS.c.day == day, RAIN_DAYS.c.readings > 0)
    )
    return {row.station: round(row.total, 3) for row in connection.execute(asked)}


def _last(station: Station, element: Element, row: RowMapping | None) -> LastReading:
    if row is None:
        return LastReading(station, element, None, None, "", None, None, None)
    values: dict[str, Any] = dict(row)
    return LastReading(
        station,
        element,
        values["last_at"],
        values["last_value"],
        values["last_doubt"],
        values["good_at"],
        values["good_value"],
        values["silent_from"],
    )
