"""Spot checks 查岗 at times nobody can foresee and everybody can check: drawn from a day's seed, and nothing else.

The seed of a day is made of a secret key and the day, and stored nowhere before the day is over; its digest is sealed
the day before. Afterwards the seed is revealed: whoever has it, the sealed rule and the sealed shifts works out the
same times. All of it is plain arithmetic, so another program can check it too.
"""

import hmac
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate
from typing import Any

from models.duty_rules import SpotCheckRule

NIGHT_FROM, NIGHT_UNTIL = 22, 6
"""Hours that count as night; checks at 01-03 h are realistic (Sichuan Daily, A)."""

AROUND_HANDOVER = timedelta(hours=1)

APART = timedelta(minutes=45)
"""Two checks of a day are at least so far apart: three in a row say no more than one."""

_MINUTE = timedelta(minutes=1)
_WORD_BYTES = 8


@dataclass(frozen=True, slots=True)
class DayShift:
    """A shift as far as it decides about spot checks."""

    code: str
    starts_at: datetime
    ends_at: datetime
    holiday: bool
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """One check of a day: when, and of whom."""

    number: int
    at: datetime
    shift: str
    place: str


def day_seed(key: bytes, city: str, day: date) -> bytes:
    """The seed of a day: HMAC-SHA256 under the secret key over "zhihui.spot-checks CITY DAY"."""
    return hmac.digest(key, f"zhihui.spot-checks {city} {day.isoformat()}".encode(), "sha256")


def seed_digest(seed: bytes) -> str:
    """What is sealed of a seed: its sha256, in hex."""
    return sha256(seed).hexdigest()


def sealed_facts(rule: SpotCheckRule, shifts: Sequence[DayShift]) -> dict[str, Any]:
    """Rule and shifts as the seal keeps them, so that a later change of either cannot move a check."""
    return {
        "rule": {
            "least": rule.least,
            "most": rule.most,
            "night_weight": rule.night_weight,
            "handover_weight": rule.handover_weight,
            "holiday_weight": rule.holiday_weight,
        },
        "shifts": [
            {
                "code": shift.code,
                "starts_at": shift.starts_at,
                "ends_at": shift.ends_at,
                "holiday": shift.holiday,
                "places": list(shift.places),
            }
            for shift in shifts
        ],
    }


def unsealed(facts: Mapping[str, Any]) -> tuple[SpotCheckRule, tuple[DayShift, ...]]:
    """Rule and shifts as a seal kept them."""
    shifts = tuple(
        DayShift(
            str(one["code"]),
            datetime.fromisoformat(one["starts_at"]),
            datetime.fromisoformat(one["ends_at"]),
            bool(one["holiday"]),
            tuple(one["places"]),
        )
        for one in facts["shifts"]
    )
    names = ("least", "most", "night_weight", "handover_weight", "holiday_weight")
    least, most, night, handover, holiday = (int(facts["rule"][name]) for name in names)
    rule = SpotCheckRule(least, most, night_weight=night, handover_weight=handover, holiday_weight=holiday)
    return rule, shifts


def planned_checks(
    seed: bytes, day: date, rule: SpotCheckRule, shifts: Sequence[DayShift], zone: tzinfo
) -> tuple[PlannedCheck, ...]:
    """The checks of a day by their time; the same seed, rule and shifts give the same, in any program.

    Minutes in which nobody is on duty have no weight. Where the day has no more room, there are fewer.
    """
    return _planned(seed, day, rule, tuple(shifts), zone)


@lru_cache(maxsize=16)  # every minute's watch asks for the same two or three days
def _planned(
    seed: bytes, day: date, rule: SpotCheckRule, shifts: tuple[DayShift, ...], zone: tzinfo
) -> tuple[PlannedCheck, ...]:
    draws = _Draws(seed)
    minutes = _weighed(day, rule, shifts, zone)
    drawn: list[tuple[datetime, DayShift]] = []
    for _ in range(_how_many(draws, day, rule, shifts, zone)):
        left = [one for one in minutes if all(abs(one[0] - at) >= APART for at, _ in drawn)]
        if not left:
            break
        at, shift, _weight = left[_by_weight(draws, [weight for _, _, weight in left])]
        drawn.append((at, shift))
    # Places are drawn in the order of the draws, numbers given in the order of time.
    with_places = sorted((at, shift.code, shift.places[draws.below(len(shift.places))]) for at, shift in drawn)
    return tuple(PlannedCheck(number, *one) for number, one in enumerate(with_places, 1))


def reading_fits(answered: Decimal, stored: Decimal, rule: SpotCheckRule) -> bool:
    """Whether a reading somebody gave agrees with the stored one."""
    return abs(answered - stored) <= rule.reading_within


def _how_many(draws: "_Draws", day: date, rule: SpotCheckRule, shifts: Sequence[DayShift], zone: tzinfo) -> int:
    """Between least and most; on a holiday the largest of as many draws as its weight: rather more."""
    holiday = any(shift.holiday and shift.starts_at.astimezone(zone).date() == day for shift in shifts)
    tries = rule.holiday_weight if holiday else 1
    return rule.least + max(draws.below(rule.most - rule.least + 1) for _ in range(tries))


def _weighed(
    day: date, rule: SpotCheckRule, shifts: Sequence[DayShift], zone: tzinfo
) -> list[tuple[datetime, DayShift, int]]:
    midnight = datetime.combine(day, time(), zone)
    on_duty = sorted((shift for shift in shifts if shift.places), key=lambda shift: (shift.starts_at, shift.code))
    found = []
    shift: DayShift | None = None
    for minute in range(24 * 60):
        at = midnight + minute * _MINUTE
        # In the order of their starts the first one that is on stays the first until it ends.
        if shift is None or at >= shift.ends_at:
            shift = next((one for one in on_duty if one.starts_at <= at < one.ends_at), None)
        if shift is not None:
            found.append((at, shift, _weight(at, rule, shift)))
    return found


def _weight(at: datetime, rule: SpotCheckRule, shift: DayShift) -> int:
    weight = rule.night_weight if at.hour >= NIGHT_FROM or at.hour < NIGHT_UNTIL else 1
    if at < shift.starts_at + AROUND_HANDOVER or at >= shift.ends_at - AROUND_HANDOVER:
        weight *= rule.handover_weight
    return weight * (rule.holiday_weight if shift.holiday else 1)


def _by_weight(draws: "_Draws", weights: Sequence[int]) -> int:
    reached = list(accumulate(weights))
    return bisect_right(reached, draws.below(reached[-1]))


class _Draws:
    """Numbers drawn from a seed: word n is the first 8 bytes of HMAC-SHA256(seed, n), n as 8 bytes, big end first."""

    def __init__(self, seed: bytes) -> None:
        self._seed, self._drawn = seed, 0

    def below(self, end: int) -> int:
        """An even draw from 0 to end - 1: words that would favour small numbers are passed over."""
        bound = 256**_WORD_BYTES // end * end
        while True:
            counter = self._drawn.to_bytes(_WORD_BYTES, "big")
            self._drawn += 1
            word = int.from_bytes(hmac.digest(self._seed, counter, "sha256")[:_WORD_BYTES], "big")
            if word < bound:
                return word % end
