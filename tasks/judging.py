"""Thresholds are judged where readings changed: warnings rise and end, each with the readings that show it.

What is due stands in `water_series.judge_from`; it is emptied in the transaction that raises and ends, so that a visit
that is killed leaves it for the next one, and a second visit finds nothing.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, or_, select

from models.city import City
from models.crossings import Crossing, Known, changes, crossings_of
from models.flood_event import Happened, Recording
from models.flood_warning import WarningSource
from models.quiet import is_open, is_quiet, may_be_quiet, window_begins
from models.thresholds import Point, Reading, Transition, dry_points, look_back, points_of, run_back, transitions
from models.water import Station, Threshold, ThresholdKind
from tasks.database import transaction
from tasks.observations import RAIN_DAYS
from tasks.series_readings import read_since, sums_since
from tasks.warning_batch import Raising, WarningBatch, in_order
from tasks.warning_evidence import end_evidence, evidence
from tasks.warning_rows import WARNINGS, RaisedWarning
from tasks.water_series import SERIES, Series, all_series, alone_with_water, write_series

ACTOR = "rule:threshold"

UNDONE = "warning_undone"
"""An event of a warning that has ended already: no reading supports it any more."""

LATEST_SHOWN = 24


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judgement brought about."""

    raised: tuple[RaisedWarning, ...] = ()
    """Also those that are over already."""
    ended: tuple[RaisedWarning, ...] = ()
    undone: tuple[str, ...] = ()

    def __add__(self, other: "Judged") -> "Judged":
        return Judged(self.raised + other.raised, self.ended + other.ended, self.undone + other.undone)

    @property
    def idle(self) -> bool:
        """Whether nothing came of it."""
        return not (self.raised or self.ended or self.undone)


@dataclass
class _Found:
    """Numbers of the warnings to which something happened, in order, before it is written."""

    raised: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)

    def written(self, batch: WarningBatch) -> Judged:
        """The same, once it is written."""
        stored = batch.write()
        raised, ended = (in_order(stored, numbers) for numbers in (self.raised, self.ended))
        return Judged(raised, ended, tuple(self.undone))


@dataclass(frozen=True, slots=True)
class _Case:
    """One threshold whose readings changed, with everything to judge it by."""

    threshold: Threshold
    station: Station
    judge_from: datetime
    points: list[Point]
    readings: list[Reading]
    """What the points were worked out from."""
    known: list[Known]


def judge_waiting(engine: Engine, city: City, recording: Recording, at_once: int = 500) -> Judged:
    """Judge every threshold whose readings changed, so many series a transaction."""
    judged = Judged()
    while True:
        with transaction(engine) as connection:
            alone_with_water(connection)
            waiting = _waiting(connection, at_once)
            judged += judge_series(connection, city, waiting, recording)
            if not waiting:
                return judged + _withdraw(connection, city, recording)


def judge_series(connection: Connection, city: City, waiting: Sequence[Series], recording: Recording) -> Judged:
    """Judge the thresholds of these series, in the caller's transaction, and note that it was done."""
    known = _known(connection, waiting)
    stirred = _stirred(connection, city, waiting, known)
    readings = read_since(connection, _wanted(city, waiting, stirred))
    batch, found = WarningBatch(connection, city, recording, ACTOR), _Found()
    for series in waiting:
        station = city.water.stations.get(series.station)
        if station is not None:
            for threshold in stirred[series.id]:
                mine = readings.get(series.id, [])
                case = _case(connection, city, series, station, threshold, known[threshold.subject], mine)
                _judge(batch, case, found)
        series.judge_from = None
    write_series(connection, waiting)
    return found.written(batch)


def _thresholds(city: City, series: Series) -> list[Threshold]:
    return [one for one in city.water.thresholds_of(series.station) if one.element is series.element]


def _stirred(
    connection: Connection, city: City, waiting: Sequence[Series], known: dict[str, list[Known]]
) -> dict[int, list[Threshold]]:
    """The thresholds of each series to which something may have happened: nearly always few."""
    found: dict[int, list[Threshold]] = defaultdict(list)
    asked: list[tuple[Series, Threshold, bool, datetime]] = []
    stretches: list[tuple[int, datetime]] = []
    for series in waiting:
        judge_from = series.judge_from
        if judge_from is None:
            continue
        for threshold in _thresholds(city, series):
            crossed = is_open(known.get(threshold.subject, ()), judge_from)
            if crossed is None or not may_be_quiet(threshold, crossed):
                found[series.id].append(threshold)
                continue
            asked.append((series, threshold, crossed, judge_from))
            stretches += [(series.id, judge_from), (series.id, window_begins(threshold, judge_from))]
    sums = sums_since(connection, stretches)
    for series, threshold, crossed, judge_from in asked:
        new, window = sums[series.id, judge_from], sums[series.id, window_begins(threshold, judge_from)]
        if not is_quiet(threshold, crossed, new, window):
            found[series.id].append(threshold)
    return found


def _wanted(city: City, waiting: Sequence[Series], stirred: dict[int, list[Threshold]]) -> list[tuple[int, datetime]]:
    """From when on the readings of each series are needed, for the threshold that looks back furthest."""
    wanted = []
    for series in waiting:
        station = city.water.stations.get(series.station)
        thresholds = [one for one in stirred[series.id] if one.kind is not ThresholdKind.DRY_DAYS]
        if station is not None and thresholds and series.judge_from is not None:
            back = max(look_back(one, city.water, station.silent_after) for one in thresholds)
            wanted.append((series.id, series.judge_from - back))
    return wanted


def _waiting(connection: Connection, most: int) -> list[Series]:
    """In one order on every database, so that the same readings give the same warnings the same numbers."""
    in_order = select(SERIES.c.id).where(SERIES.c.judge_from.is_not(None)).order_by(SERIES.c.judge_from, SERIES.c.id)
    ids = list(connection.scalars(in_order.limit(most)))
    found = {each.id: each for each in all_series(connection).values()} if ids else {}
    return [found[one] for one in ids]


def _known(connection: Connection, waiting: Sequence[Series]) -> dict[str, list[Known]]:
    """The warnings of these stations that last at the first reading that changed, or later."""
    found: dict[str, list[Known]] = defaultdict(list)
    since = min((each.judge_from for each in waiting if each.judge_from is not None), default=None)
    if since is None:
        return found
    asked = select(WARNINGS.c.subject, WARNINGS.c.number, WARNINGS.c.raised_at, WARNINGS.c.ended_at).where(
        WARNINGS.c.source == WarningSource.THRESHOLD.value,
        WARNINGS.c.drill.is_(False),
        or_(WARNINGS.c.ended_at.is_(None), WARNINGS.c.ended_at >= since),
    )
    for row in connection.execute(asked.order_by(WARNINGS.c.raised_at, WARNINGS.c.id)):
        found[row.subject].append(Known(row.number, row.raised_at, row.ended_at))
    return found


def _case(
    connection: Connection,
    city: City,
    series: Series,
    station: Station,
    threshold: Threshold,
    known: list[Known],
    readings: list[Reading],
) -> _Case:
    judge_from = series.judge_from
    if judge_from is None:
        raise ValueError(f"{series.station} {series.element} waits for no judgement")
    if threshold.kind is ThresholdKind.DRY_DAYS:
        points = _dry(connection, city, series, threshold)
        # A day is judged when it is over, by any reading behind its end.
        judge_from, readings = judge_from - timedelta(days=1), [Reading(point.at, point.value) for point in points]
    else:
        since = judge_from - run_back(threshold, station.silent_after)
        points = points_of(threshold, city.water, readings, station.silent_after, since)
    mine = [one for one in known if one.ended_at is None or one.ended_at >= judge_from]
    return _Case(threshold, station, judge_from, points, readings, mine)


def _dry(connection: Connection, city: City, series: Series, threshold: Threshold) -> list[Point]:
    """Days without rain, counted over as many days as the threshold asks for and some more."""
    newest = series.standing.good_at
    if newest is None or series.judge_from is None:
        return []
    days = int(max(threshold.value, threshold.clears_at)) + 2
    first = city.water.rain_day(series.judge_from.astimezone(city.zone)) - timedelta(days=days)
    asked = select(RAIN_DAYS.c.day, RAIN_DAYS.c.total).where(
        RAIN_DAYS.c.series_id == series.id, RAIN_DAYS.c.day >= first, RAIN_DAYS.c.readings > 0
    )
    return dry_points({row.day: row.total for row in connection.execute(asked)}, city.water, city.zone, newest)


def _judge(batch: WarningBatch, case: _Case, found: _Found) -> None:
    city = batch.city
    open_before = any(_lasts_at(one, case.judge_from) for one in case.known)
    moves = transitions(case.threshold, case.points, case.judge_from, open_before, city.zone, case.station.silent_after)
    crossings = crossings_of(moves, open_before)
    todo = changes(crossings, case.known, case.judge_from)
    for number, transition in todo.ends:
        _end(batch, number, case, transition)
        found.ended.append(number)
    found.raised += filter(None, [_raise(batch, case, crossing) for crossing in todo.raises])
    for number in todo.undone:
        batch.record(number, Happened(UNDONE, batch.recording.now, ACTOR, {"why": "corrected"}))
    found.undone += todo.undone


def _lasts_at(known: Known, moment: datetime) -> bool:
    """Whether a warning lasts just before a moment."""
    return known.raised_at < moment and (known.ended_at is None or known.ended_at >= moment)


def _raise(batch: WarningBatch, case: _Case, crossing: Crossing) -> str | None:
    threshold, station = case.threshold, case.station
    begins = crossing.raised or Transition(True, case.judge_from, None, case.judge_from)
    raising = Raising(
        threshold.hazard,
        WarningSource.THRESHOLD,
        threshold.severity,
        threshold.subject,
        station.area,
        begins.at,
        evidence(threshold, station, begins, _latest(case.readings, begins.at), batch.city.edition),
        station.code,
        threshold.code,
        threshold.calls,
    )
    over = crossing.ended
    number = batch.raise_warning(raising, told=over is None)
    if number is not None and over is not None:
        _end(batch, number, case, over)
    return number


def _end(batch: WarningBatch, number: str, case: _Case, transition: Transition | None) -> None:
    at = transition.at if transition is not None else batch.recording.now
    batch.end_warning(number, at, end_evidence(case.threshold, transition, _latest(case.readings, at)))


def _withdraw(connection: Connection, city: City, recording: Recording) -> Judged:
    """End warnings of thresholds the city does not have any more."""
    in_force = {threshold.subject for threshold in city.water.thresholds}
    asked = select(WARNINGS.c.number, WARNINGS.c.subject).where(
        WARNINGS.c.source == WarningSource.THRESHOLD.value, WARNINGS.c.drill.is_(False), WARNINGS.c.ended_at.is_(None)
    )
    gone = [row.number for row in connection.execute(asked) if row.subject not in in_force]
    batch, found = WarningBatch(connection, city, recording, ACTOR), _Found(ended=gone)
    for number in gone:
        batch.end_warning(number, recording.now, {"why": "withdrawn"})
    return found.written(batch)


def _latest(readings: Sequence[Reading], until: datetime) -> Sequence[Reading]:
    end = bisect_right(readings, until, key=lambda reading: reading.at)
    return readings[max(0, end - LATEST_SHOWN) : end]
