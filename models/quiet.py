"""Whether readings that came in can have changed anything about a threshold: told from a few sums, without them.

Nearly always nothing happens: no level near its stage, no sum near its limit, or one that is far above it and stays so.
Then the least, the most and the sum of a stretch say so, and no reading needs to be looked at. This may only ever say
less than the fold of `models.thresholds`: whatever it is not sure of, the fold decides.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from models.crossings import Known
from models.water import Element, Threshold, ThresholdKind

_HOUR = timedelta(hours=1)
_JUST_BEHIND = timedelta(microseconds=1)
_LOOKED_AT = frozenset(
    {ThresholdKind.LEVEL, ThresholdKind.BELOW, ThresholdKind.RAIN_SUM, ThresholdKind.RISE_RATE},
)
MARGIN = 1e-5
"""Nearer than this is not sure: sums of a database and of the fold differ in their last digits."""


class Stretch(NamedTuple):
    """What the readings of a series that may be used say together, from some moment on."""

    readings: int
    least: float | None
    most: float | None
    total: float | None


def window_begins(threshold: Threshold, judge_from: datetime) -> datetime:
    """From when on readings belong to what is compared at `judge_from` or later; sums of rain are half-open."""
    if threshold.kind is ThresholdKind.RAIN_SUM:
        return judge_from - threshold.window + _JUST_BEHIND
    return judge_from - threshold.window if threshold.kind is ThresholdKind.RISE_RATE else judge_from


def is_open(known: Sequence[Known], judge_from: datetime) -> bool | None:
    """Whether the threshold is crossed since before these readings; None where a warning began or ended among them."""
    mine = [one for one in known if one.ended_at is None or one.ended_at >= judge_from]
    if not mine:
        return False
    return True if len(mine) == 1 and mine[0].ended_at is None and mine[0].raised_at < judge_from else None


def may_be_quiet(threshold: Threshold, crossed: bool | None) -> bool:
    """Whether sums can tell anything at all: not where lines are drawn on, days are counted, or a season may end."""
    if threshold.kind not in _LOOKED_AT or crossed is None:
        return False
    if threshold.kind is ThresholdKind.RISE_RATE:
        return not crossed
    counts_up = threshold.kind is ThresholdKind.RAIN_SUM and threshold.element is Element.RAIN_TOTAL
    return not counts_up and not (crossed and threshold.days is not None)


def is_quiet(threshold: Threshold, crossed: bool, new: Stretch, window: Stretch) -> bool:
    """Whether no reading of `new` can cross the threshold or, where it is crossed, clear it.

    `window` is `new` with what is needed before it: see `window_begins`.

    Example: a limit of 50 mm in 3 hours, not crossed, 12 mm in the last 3 hours: nothing can have happened.
    """
    if new.least is None or new.most is None or window.least is None or window.total is None:
        return new.readings == 0
    if threshold.kind is ThresholdKind.RAIN_SUM:
        # Of several readings each has a sum of its own: together they are no less than any, and only then.
        if crossed:
            return new.readings == 1 and window.total > threshold.clears_at + MARGIN
        return window.total < threshold.value - MARGIN
    if threshold.kind is ThresholdKind.RISE_RATE:
        # A rise is measured over half a window at least.
        return max(new.most - window.least, 0.0) / (threshold.window / 2 / _HOUR) < threshold.value - MARGIN
    if threshold.falling:
        return new.most < threshold.clears_at - MARGIN if crossed else new.least > threshold.value + MARGIN
    return new.least > threshold.clears_at + MARGIN if crossed else new.most < threshold.value - MARGIN
