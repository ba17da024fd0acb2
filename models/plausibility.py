"""Whether a reading may be used: what is flagged is kept, and no threshold ever sees it.

A real flood may rise faster than anybody thought possible. So what jumps is not used at once, but once the readings
after it agree with it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from models.observation import Doubt
from models.water import Element, Plausible, Station, WaterRules

_HOUR = timedelta(hours=1)
_NEVER_NEGATIVE = frozenset(
    {Element.RAIN, Element.RAIN_TOTAL, Element.STORAGE, Element.SOIL_MOISTURE, Element.PEOPLE_SHORT}
)
"""A level may lie below its datum, and at a tidal station water flows upstream."""
_JUDGED_BY_CHANGE = frozenset(Element) - {Element.RAIN, Element.PEOPLE_SHORT}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a series stands before its next reading."""

    last_at: datetime | None = None
    last_value: float | None = None
    good_at: datetime | None = None
    good_value: float | None = None
    same_since: datetime | None = None
    suspect_at: datetime | None = None
    suspect_value: float | None = None
    suspects: int = 0


def judge_reading(
    station: Station, element: Element, rules: WaterRules, standing: Standing, at: datetime, value: float, now: datetime
) -> tuple[Doubt, Standing]:
    """Why the next reading may not be used, or `Doubt.NONE`; and where the series stands after it.

    Example: at most 2 m an hour, 100.00 m at 08:00, 109.00 m at 09:00 is a jump; 109.10 m at 10:00 is still one, and
    109.20 m at 11:00 is taken where two agreeing readings confirm.
    A reading from the future moves nothing: its time will come, with another value.
    """
    if at > now + rules.ahead:
        return Doubt.FUTURE, standing
    plausible = station.plausible.get(element, Plausible())
    impossible = _alone(element, plausible, value)
    since = standing.same_since if value == standing.last_value else at
    moved = replace(standing, last_at=at, last_value=value, same_since=since)
    if impossible is not Doubt.NONE:
        return impossible, moved
    changed = _against(element, plausible, standing.good_at, standing.good_value, at, value)
    if changed is not Doubt.NONE:
        return _suspected(element, plausible, rules, standing, moved, at, value, changed)
    if station.stuck_after is not None and since is not None and value and at - since >= station.stuck_after:
        return Doubt.STUCK, moved
    return Doubt.NONE, _good(moved, at, value)


def judge_between(
    element: Element, plausible: Plausible, before: tuple[datetime, float] | None, at: datetime, value: float
) -> Doubt:
    """Why a reading that came late may not be used, by itself and by the good one before it."""
    impossible = _alone(element, plausible, value)
    if impossible is not Doubt.NONE or before is None:
        return impossible
    return _against(element, plausible, before[0], before[1], at, value)


def _alone(element: Element, plausible: Plausible, value: float) -> Doubt:
    if value < 0 and element in _NEVER_NEGATIVE:
        return Doubt.NEGATIVE
    too_low = plausible.least is not None and value < plausible.least
    too_high = plausible.most is not None and value > plausible.most
    return Doubt.OUT_OF_RANGE if too_low or too_high else Doubt.NONE


def _against(
    element: Element,
    plausible: Plausible,
    good_at: datetime | None,
    good_value: float | None,
    at: datetime,
    value: float,
) -> Doubt:
    if good_at is None or good_value is None or element not in _JUDGED_BY_CHANGE:
        return Doubt.NONE
    if element is Element.RAIN_TOTAL and value < good_value:
        return Doubt.DECREASING
    if plausible.change_per_hour is None:
        return Doubt.NONE
    # Within an hour what is possible in one: instruments round, and a minute's share of it would flag every wave.
    hours = max((at - good_at) / _HOUR, 1.0)
    return Doubt.JUMP if abs(value - good_value) > plausible.change_per_hour * hours else Doubt.NONE


def _suspected(
    element: Element,
    plausible: Plausible,
    rules: WaterRules,
    standing: Standing,
    moved: Standing,
    at: datetime,
    value: float,
    doubt: Doubt,
) -> tuple[Doubt, Standing]:
    agrees = standing.suspects > 0 and (
        _against(element, plausible, standing.suspect_at, standing.suspect_value, at, value) is Doubt.NONE
    )
    suspects = standing.suspects + 1 if agrees else 1
    if suspects > rules.confirmed_by:
        return Doubt.NONE, _good(moved, at, value)
    return doubt, replace(moved, suspect_at=at, suspect_value=value, suspects=suspects)


def _good(moved: Standing, at: datetime, value: float) -> Standing:
    return replace(moved, good_at=at, good_value=value, suspect_at=None, suspect_value=None, suspects=0)
