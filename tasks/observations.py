"""Readings are taken in: each once, a later value for the same time beside the former, what cannot be right flagged.

What is flagged is kept and never used. Thresholds are judged by `tasks/judging.py`, from the first reading that
changed; that moment is written here, in the same transaction, so that a visit that is killed leaves nothing unjudged.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from models.city import City
from models.observation import Doubt, Observation, ObservationCorrection, RainDay
from models.plausibility import judge_between, judge_reading
from models.tables import table_of
from models.water import Element, Plausible, Station
from models.water_source import MappedReading
from tasks.bulk_rows import insert_rows, update_rows
from tasks.database import is_postgres
from tasks.water_series import Series, alone_with_water, good_again, moved, past_moved, series_of, write_series

OBSERVATIONS, CORRECTIONS, RAIN_DAYS = table_of(Observation), table_of(ObservationCorrection), table_of(RainDay)

ASKED_AT_ONCE = 500

COUNTED = ("taken", "repeated", "corrected", "late")


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A reading that was kept and is not used."""

    station: str
    element: Element
    at: datetime
    value: float
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of readings: each is new, repeated or a correction; of those kept some are late or doubtful."""

    taken: int = 0
    repeated: int = 0
    corrected: int = 0
    late: int = 0
    doubtful: tuple[Doubtful, ...] = ()

    def __add__(self, other: "Taken") -> "Taken":
        counts = {name: getattr(self, name) + getattr(other, name) for name in COUNTED}
        return Taken(**counts, doubtful=self.doubtful + other.doubtful)


@dataclass(frozen=True, slots=True)
class _Stored:
    value: float
    doubt: str
    source: str


@dataclass
class _Round:
    """What one transaction writes."""

    now: datetime
    source: str
    rows: dict[tuple[int, datetime], dict[str, Any]] = field(default_factory=dict)
    replaced: dict[tuple[int, datetime], dict[str, Any]] = field(default_factory=dict)
    corrections: list[dict[str, Any]] = field(default_factory=list)
    rain: dict[tuple[int, date], list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0]))
    doubtful: list[Doubtful] = field(default_factory=list)
    repeated: int = 0
    late: int = 0

    def taken(self) -> Taken:
        return Taken(len(self.rows), self.repeated, len(self.corrections), self.late, tuple(self.doubtful))


def take_observations(
    connection: Connection, city: City, readings: Sequence[MappedReading], source: str, now: datetime
) -> Taken:
    """Take in readings of stations of the city, in the caller's transaction.

    The same value for the same time again changes nothing; another value is kept as a correction of the former.
    """
    if not readings:
        return Taken()
    alone_with_water(connection)
    mine = [one for one in readings if one.station in city.water.stations]
    series = series_of(connection, {(one.station, one.element) for one in mine})
    stored = _stored(connection, [(series[one.station, one.element].id, one.at) for one in mine])
    written = _Round(now, source)
    by_series: dict[tuple[str, Element], list[MappedReading]] = defaultdict(list)
    for one in mine:
        by_series[one.station, one.element].append(one)
    for key, ones in by_series.items():
        _take_series(connection, city, series[key], sorted(ones, key=lambda one: one.at), stored, written)
    _write(connection, written)
    _look_up_good(connection, [each for each in series.values() if each.past_changed])
    write_series(connection, [each for each in series.values() if each.changed])
    return written.taken()


def _take_series(
    connection: Connection,
    city: City,
    series: Series,
    ones: list[MappedReading],
    stored: dict[tuple[int, datetime], _Stored],
    written: _Round,
) -> None:
    station = city.water.stations[series.station]
    goods: list[tuple[datetime, float]] = []
    for one in ones:
        key = (series.id, one.at)
        former = stored.get(key)
        if former is not None and former.value == one.value and former.doubt != Doubt.FUTURE:
            written.repeated += 1
            continue
        newest = series.standing.last_at is None or one.at > series.standing.last_at
        before = series.standing.good_value if newest else None
        if newest:
            doubt, standing = judge_reading(
                station, series.element, city.water, series.standing, one.at, one.value, written.now
            )
            if doubt is not Doubt.FUTURE:
                moved(series, station, standing, doubt, written.now)
        else:
            neighbour = _good_before(connection, series.id, one.at, goods)
            plausible = station.plausible.get(series.element, Plausible())
            doubt = judge_between(series.element, plausible, neighbour, one.at, one.value)
            past_moved(series, one.at, one.value, doubt)
        if doubt is Doubt.NONE:
            insort(goods, (one.at, one.value))
        _note(city, station, series, one, doubt, former, before, written)
        stored[key] = _Stored(one.value, doubt.value, written.source)


def _note(
    city: City,
    station: Station,
    series: Series,
    one: MappedReading,
    doubt: Doubt,
    former: _Stored | None,
    before: float | None,
    written: _Round,
) -> None:
    """Note what is to be written of one reading."""
    key = (series.id, one.at)
    late = written.now - one.at > city.water.late_after
    row = {
        **{"series_id": series.id, "at": one.at, "value": one.value, "doubt": doubt.value, "late": late},
        **{"source": written.source, "received_at": written.now},
    }
    written.late += late
    if former is None or key in written.rows:
        written.rows[key] = row
    else:
        written.replaced[key] = row
    if former is not None and former.value != one.value:
        written.corrections.append(_correction(series.id, one, former, written))
    if doubt is not Doubt.NONE:
        written.doubtful.append(Doubtful(station.code, series.element, one.at, one.value, doubt))
    if doubt is Doubt.NONE or (former is not None and former.doubt == Doubt.NONE):
        series.judge_again_from(one.at)
    _count_rain(city, series, one, doubt, former, before, written)


def _correction(series_id: int, one: MappedReading, former: _Stored, written: _Round) -> dict[str, Any]:
    return {
        **{"series_id": series_id, "at": one.at, "former_value": former.value, "former_doubt": former.doubt},
        **{"former_source": former.source, "value": one.value, "source": written.source, "corrected_at": written.now},
    }


def _count_rain(
    city: City,
    series: Series,
    one: MappedReading,
    doubt: Doubt,
    former: _Stored | None,
    before: float | None,
    written: _Round,
) -> None:
    """Count the rain of the day: what fell, less what a reading said of it before."""
    fell = one.value if doubt is Doubt.NONE else 0.0
    if series.element is Element.RAIN_TOTAL:
        # A counter's past is not counted anew: rain of a day is a figure for drought, not for warnings.
        fell = 0.0 if before is None or not fell else (fell - before if fell >= before else fell)
    elif series.element is not Element.RAIN:
        return
    counted = written.rain[series.id, city.water.rain_day(one.at.astimezone(city.zone))]
    if former is not None and former.doubt == Doubt.NONE and series.element is Element.RAIN:
        counted[0] -= former.value
        counted[1] -= 1
    counted[0] += fell
    counted[1] += doubt is Doubt.NONE


def _stored(connection: Connection, keys: Sequence[tuple[int, datetime]]) -> dict[tuple[int, datetime], _Stored]:
    found: dict[tuple[int, datetime], _Stored] = {}
    columns = (OBSERVATIONS.c[name] for name in ("series_id", "at", "value", "doubt", "source"))
    asked = select(*columns)
    for first in range(0, len(keys), ASKED_AT_ONCE):
        some = tuple_(OBSERVATIONS.c.series_id, OBSERVATIONS.c.at).in_(keys[first : first + ASKED_AT_ONCE])
        found |= {(row.series_id, row.at): _Stored(*row[2:]) for row in connection.execute(asked.where(some))}
    return found


def _good_before(
    connection: Connection, series_id: int, at: datetime, goods: list[tuple[datetime, float]]
) -> tuple[datetime, float] | None:
    """The last good reading before a moment, stored or taken in just now."""
    place = bisect_left(goods, (at, float("-inf")))
    mine = goods[place - 1] if place else None
    asked = (
        select(OBSERVATIONS.c.at, OBSERVATIONS.c.value)
        .where(OBSERVATIONS.c.series_id == series_id, OBSERVATIONS.c.at < at, OBSERVATIONS.c.doubt == Doubt.NONE.value)
        .order_by(OBSERVATIONS.c.at.desc())
        .limit(1)
    )
    row = connection.execute(asked).first()
    found = (row.at, row.value) if row else None
    return max(filter(None, (mine, found)), default=None)


def _look_up_good(connection: Connection, changed: Iterable[Series]) -> None:
    """The last good reading of series whose past changed."""
    for series in changed:
        at = series.standing.last_at
        asked = (
            select(OBSERVATIONS.c.at, OBSERVATIONS.c.value)
            .where(
                OBSERVATIONS.c.series_id == series.id,
                OBSERVATIONS.c.at <= at,
                OBSERVATIONS.c.doubt == Doubt.NONE.value,
            )
            .order_by(OBSERVATIONS.c.at.desc())
            .limit(1)
        )
        row = connection.execute(asked).first()
        good_again(series, row.at if row else None, row.value if row else None)


def _write(connection: Connection, written: _Round) -> None:
    insert_rows(connection, OBSERVATIONS, list(written.rows.values()))
    update_rows(connection, OBSERVATIONS, ("series_id", "at"), list(written.replaced.values()))
    insert_rows(connection, CORRECTIONS, written.corrections)
    rain = [
        {"series_id": series_id, "day": day, "total": total, "readings": readings}
        for (series_id, day), (total, readings) in written.rain.items()
    ]
    if rain:
        connection.execute(_adding(connection, RAIN_DAYS), rain)


def _adding(connection: Connection, table: Table) -> Any:
    """An insert that adds to the row of the same day, where there is one."""
    statement = postgresql.insert(table) if is_postgres(connection) else sqlite.insert(table)
    new = statement.excluded
    sums = {name: table.c[name] + new[name] for name in ("total", "readings")}
    return statement.on_conflict_do_update(index_elements=["series_id", "day"], set_=sums)
