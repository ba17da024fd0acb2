"""A series of readings as a drawing: a line, thresholds across it, what is in doubt beside it; rain as bars."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from models.water import Element, Station, Threshold, ThresholdKind
from tasks.readings import StoredReading
from tasks.warning_notices import shown

WIDTH, HEIGHT = 400, 230
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 16, 26
MOST_POINTS = 400
"""Points of a line: what is finer than a point of the screen keeps its highest reading."""

_HOUR = timedelta(hours=1)
RAIN = frozenset({Element.RAIN})
DRAWN = frozenset({ThresholdKind.LEVEL, ThresholdKind.BELOW})
"""Kinds of thresholds that compare the reading itself, so that they are a line across the drawing."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something with a text at a place of the drawing."""

    at: float
    label: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """The rain of an hour."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing in its own units."""

    lines: tuple[str, ...]
    bars: tuple[Bar, ...]
    doubtful: tuple[tuple[float, float], ...]
    thresholds: tuple[Mark, ...]
    values: tuple[Mark, ...]
    times: tuple[Mark, ...]
    last: tuple[float, float] | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def chart(
    station: Station,
    element: Element,
    readings: Sequence[StoredReading],
    thresholds: Iterable[Threshold],
    since: datetime,
    until: datetime,
) -> Chart:
    """The readings of a stretch of time with the thresholds that are anywhere near them.

    A gap longer than the station may be silent breaks the line: nothing is drawn that nobody measured.
    """
    good = [one for one in readings if not one.doubt]
    across = [one for one in thresholds if one.element is element and one.kind in DRAWN]
    is_rain = element in RAIN
    hours = _hourly(good, since) if is_rain else {}
    low, high = _bounds(list(hours.values()) if is_rain else [one.value for one in good], across, from_zero=is_rain)

    def x(at: datetime) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * ((at - since) / (until - since)), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low), 1)

    segments = [] if is_rain else _segments(_thinned(good), station.silent_after)
    return Chart(
        lines=tuple(" ".join(f"{x(one.at)},{y(one.value)}" for one in segment) for segment in segments),
        bars=tuple(_bar(x, y, hour, since, until, amount) for hour, amount in hours.items() if amount),
        doubtful=tuple((x(one.at), y(min(max(one.value, low), high))) for one in readings if one.doubt),
        thresholds=tuple(
            Mark(y(one.value), f"{one.name} {shown(one.value)}", one.severity.value)
            for one in across
            if low <= one.value <= high
        ),
        values=tuple(Mark(y(value), shown(value) or "") for value in _ticks(low, high)),
        times=tuple(_times(x, since, until)),
        last=(x(good[-1].at), y(good[-1].value)) if good and not is_rain else None,
    )


def sparkline(readings: Sequence[StoredReading], since: datetime, until: datetime) -> str:
    """The points of a small line 100 wide and 24 high; empty where there are fewer than two readings."""
    good = [one for one in readings if not one.doubt]
    if len(good) < 2:
        return ""
    low, high = min(one.value for one in good), max(one.value for one in good)
    spread = (high - low) or 1.0
    return " ".join(
        f"{100 * ((one.at - since) / (until - since)):.1f},{22 - 20 * (one.value - low) / spread:.1f}"
        for one in _thinned(good, 100)
    )


def _bounds(values: list[float], across: Sequence[Threshold], *, from_zero: bool) -> tuple[float, float]:
    """The lowest and highest value drawn: the readings', and the thresholds nearest to them."""
    low, high = (0.0 if from_zero else min(values, default=0.0)), max(values, default=1.0)
    above = sorted(one.value for one in across if one.value > high)
    below = sorted(one.value for one in across if one.value < low)
    high, low = max([high, *above[:1]]), min([low, *below[-1:]])
    room = (high - low) * 0.08 or max(abs(high) * 0.01, 0.5)
    return (0.0 if from_zero else low - room), high + room


def _thinned(good: Sequence[StoredReading], most: int = MOST_POINTS) -> list[StoredReading]:
    size = -(-len(good) // most)
    if size <= 1:
        return list(good)
    return [max(good[first : first + size], key=lambda one: one.value) for first in range(0, len(good), size)]


def _segments(good: Sequence[StoredReading], silent_after: timedelta) -> list[list[StoredReading]]:
    found = [[good[0]]] if good else []
    for before, one in pairwise(good):
        if one.at - before.at > silent_after:
            found.append([])
        found[-1].append(one)
    return found


def _hourly(good: Sequence[StoredReading], since: datetime) -> dict[int, float]:
    found: dict[int, float] = {}
    for one in good:
        hour = -((since - one.at) // _HOUR) - 1
        found[hour] = round(found.get(hour, 0.0) + one.value, 3)
    return found


def _bar(
    x: Callable[[datetime], float],
    y: Callable[[float], float],
    hour: int,
    since: datetime,
    until: datetime,
    amount: float,
) -> Bar:
    left, right = x(since + hour * _HOUR), x(min(since + (hour + 1) * _HOUR, until))
    top, ground = y(amount), y(0.0)
    return Bar(left + 0.5, top, round(max(right - left - 1, 1), 1), round(ground - top, 1))


def _ticks(low: float, high: float) -> list[float]:
    """Three values to read the drawing by."""
    return [round(low + (high - low) * share, 2) for share in (0.1, 0.5, 0.9)]


def _times(x: Callable[[datetime], float], since: datetime, until: datetime) -> Iterable[Mark]:
    """Midnights and noons, in the zone of `since`."""
    at = since.replace(hour=0, minute=0, second=0, microsecond=0)
    while at <= until:
        if at >= since:
            label = f"{at.month}-{at.day}" if at.hour == 0 else "12:00"
            yield Mark(x(at), label, "day" if at.hour == 0 else "noon")
        at += 12 * _HOUR
