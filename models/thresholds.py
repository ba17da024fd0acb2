"""When a threshold is crossed and when it is clear again: pure, over the readings that may be used.

What is compared stands in points: the value itself, rain of the last hours, a rise an hour, a line drawn on, days
without rain. One and the same fold then decides: it counts once it has held for `lasts`, and ends once it has been
clear for as long. So a value that swings around a threshold raises one warning, not one for each swing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import accumulate, pairwise
from typing import NamedTuple

from models.water import Element, Threshold, ThresholdKind, WaterRules

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
LEAST_FOR_A_LINE = 3
"""Readings a straight line needs to say anything."""


class Reading(NamedTuple):
    """One reading that may be used."""

    at: datetime
    value: float


class Point(NamedTuple):
    """What is compared with a threshold at a moment."""

    at: datetime
    value: float
    complete: bool = True
    """Whether nothing was missing in what it was worked out from; only then it can clear."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A threshold is crossed, or clear again."""

    raised: bool
    at: datetime
    value: float | None
    since: datetime
    """Since when it held, or was clear."""
    out_of_season: bool = False


def run_back(threshold: Threshold, silent_after: timedelta) -> timedelta:
    """How far before the first reading to be judged a run may have begun that counts there."""
    return threshold.lasts + silent_after if threshold.lasts else timedelta(0)


def look_back(threshold: Threshold, rules: WaterRules, silent_after: timedelta) -> timedelta:
    """How far before the first reading to be judged others are needed."""
    window = rules.trend if threshold.kind is ThresholdKind.APPROACH else threshold.window
    return run_back(threshold, silent_after) + window + silent_after


def points_of(
    threshold: Threshold, rules: WaterRules, readings: Sequence[Reading], silent_after: timedelta, since: datetime
) -> list[Point]:
    """What a threshold compares at each reading from `since` on; those before are what it is worked out from.

    Example: 20, 20 and 15 mm at 01:00, 02:00 and 03:00 are a point of 55 mm at 03:00 for a window of 3 hours.
    """
    if threshold.kind is ThresholdKind.RAIN_SUM:
        return _sums(threshold.window, amounts(threshold.element, readings), silent_after, since)
    first = bisect_left(readings, since, key=lambda reading: reading.at)
    if threshold.kind is ThresholdKind.RISE_RATE:
        return _rises(threshold.window, readings, first)
    if threshold.kind is ThresholdKind.APPROACH:
        return _projected(threshold.window, rules.trend, readings, first)
    return [Point(*reading) for reading in readings[first:]]


def amounts(element: Element, readings: Sequence[Reading]) -> list[Reading]:
    """Rain that fell before each reading; of a gauge that counts up, what it counted since the reading before.

    A counter that was set back counts from zero again.
    """
    if element is not Element.RAIN_TOTAL:
        return list(readings)
    return [
        Reading(at, value - former if value >= former else value) for (_, former), (at, value) in pairwise(readings)
    ]


def dry_points(days: Mapping[date, float], rules: WaterRules, zone: tzinfo, complete_until: datetime) -> list[Point]:
    """Days in a row without rain, at the end of each day that is over.

    A day nobody measured is not a day without rain: counting begins anew behind it.
    """
    found, run, before = [], 0, None
    for day in sorted(days):
        end = datetime.combine(day + _DAY, datetime.min.time(), zone) + rules.day_starts
        if end > complete_until:
            break
        dry = days[day] < rules.dry_below
        run = (run if before == day - _DAY else 0) + 1 if dry else 0
        before = day
        found.append(Point(end, float(run)))
    return found


def transitions(
    threshold: Threshold,
    points: Sequence[Point],
    judge_from: datetime,
    open_before: bool,
    zone: tzinfo,
    silent_after: timedelta,
) -> list[Transition]:
    """Each crossing and each end from `judge_from` on; the points before tell how long it has held by then.

    `open_before` says whether the threshold was crossed just before `judge_from`.
    A silence longer than `silent_after` breaks a run: what lies in it is not known.
    """
    found: list[Transition] = []
    is_open, since, before = open_before, None, None
    for point in points:
        in_force = threshold.days is None or threshold.days.covers(point.at.astimezone(zone).date())
        moves = in_force and (_clears(threshold, point) if is_open else _holds(threshold, point))
        gone = not in_force and is_open
        broken = before is not None and point.at - before > silent_after
        since = (since if since is not None and not broken else point.at) if moves or gone else None
        before = point.at
        if since is None or point.at < judge_from or (not gone and point.at - since < threshold.lasts):
            continue
        is_open = not is_open
        found.append(Transition(is_open, point.at, point.value, since, gone))
        since = None
    return found


def rise_per_hour(readings: Sequence[Reading]) -> float | None:
    """The slope of the straight line through some readings, by least squares; None where they are too few.

    Units: the element's own, an hour.
    """
    if len(readings) < LEAST_FOR_A_LINE:
        return None
    hours = [(at - readings[0].at) / _HOUR for at, _ in readings]
    mean_hour = sum(hours) / len(hours)
    mean_value = sum(value for _, value in readings) / len(readings)
    spread = sum((hour - mean_hour) ** 2 for hour in hours)
    if not spread:
        return None
    together = sum((hour - mean_hour) * (value - mean_value) for hour, (_, value) in zip(hours, readings, strict=True))
    return together / spread


def time_to(value: float, readings: Sequence[Reading], trend: timedelta) -> timedelta | None:
    """How long until the last hours' straight line reaches a value from below; None where it does not, or is there.

    Example: 10.0, 10.5 and 11.0 m at 01:00, 02:00 and 03:00: 12.0 m in 2 hours. Shown, never warned of by itself.
    """
    if not readings or readings[-1].value >= value:
        return None
    last = readings[-1]
    slope = rise_per_hour([one for one in readings if one.at >= last.at - trend])
    if slope is None or slope <= 0:
        return None
    hours = (value - last.value) / slope
    return timedelta(hours=hours) if hours <= 24 * 30 else None


def _holds(threshold: Threshold, point: Point) -> bool:
    return point.value <= threshold.value if threshold.falling else point.value >= threshold.value


def _clears(threshold: Threshold, point: Point) -> bool:
    if not point.complete:
        return False
    return point.value > threshold.clears_at if threshold.falling else point.value < threshold.clears_at


def _sums(window: timedelta, rain: Sequence[Reading], silent_after: timedelta, since: datetime) -> list[Point]:
    """Rain of the last `window` at each reading. A sum over a gap is what fell at least: it may cross, not clear."""
    times = [at for at, _ in rain]
    totals = list(accumulate((value for _, value in rain), initial=0.0))
    found = []
    begin = bisect_left(times, since)
    # What lies before the window of the first sum that is asked for says nothing of any of them.
    oldest = max(bisect_right(times, since - window - silent_after) - 1, 0)
    gap_ended = times[oldest] if times else None
    for number in range(oldest, len(times)):
        at = times[number]
        if number > oldest and at - times[number - 1] > silent_after:
            gap_ended = at
        if number < begin:
            continue
        first = bisect_right(times, at - window, hi=number + 1)
        total = round(totals[number + 1] - totals[first], 6)
        found.append(Point(at, total, gap_ended is not None and gap_ended <= at - window + silent_after))
    return found


def _rises(window: timedelta, readings: Sequence[Reading], begin: int) -> list[Point]:
    """The rise an hour since the first reading inside the window, where that lies at least half a window back."""
    times = [at for at, _ in readings]
    found = []
    for number, (at, value) in enumerate(readings[begin:], begin):
        first = bisect_left(times, at - window, hi=number)
        if first < number and at - times[first] >= window / 2:
            hours = (at - times[first]) / _HOUR
            found.append(Point(at, round((value - readings[first].value) / hours, 9)))
    return found


def _projected(window: timedelta, trend: timedelta, readings: Sequence[Reading], begin: int) -> list[Point]:
    """Where the straight line through the last hours leads until the end of the window."""
    times = [at for at, _ in readings]
    found = []
    for number, (at, value) in enumerate(readings[begin:], begin):
        first = bisect_left(times, at - trend, hi=number)
        slope = rise_per_hour(readings[first : number + 1])
        rise = max(slope or 0.0, 0.0) * (window / _HOUR)
        found.append(Point(at, round(value + rise, 9)))
    return found
