"""Times of spot checks follow from seed, rule and shifts alone; they favour night, handover and holidays."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.chain import canonical
from models.duty_rules import SpotCheckRule
from models.spot_checks import (
    APART,
    DayShift,
    PlannedCheck,
    day_seed,
    planned_checks,
    reading_fits,
    sealed_facts,
    seed_digest,
    unsealed,
)
from tests.stored_cases import at

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2021, 7, 20)
RULE = SpotCheckRule()
PLACES = ("leader", "cadre", "officer")
SHIFTS = tuple(
    DayShift(f"{start:%Y-%m-%dT%H:%M}", start, start + timedelta(days=1), False, PLACES)
    for start in (at("2021-07-19 08:00"), at("2021-07-20 08:00"))
)
KEY = b"k" * 32


def drawn(seed: bytes, rule: SpotCheckRule = RULE, shifts: tuple[DayShift, ...] = SHIFTS) -> tuple[PlannedCheck, ...]:
    return planned_checks(seed, DAY, rule, shifts, ZONE)


def seeds(count: int) -> list[bytes]:
    return [n.to_bytes(32, "big") for n in range(count)]


def test_the_draw_of_one_seed_is_written_down_here_for_ever() -> None:
    """A program that draws otherwise could not prove a day that lies behind us."""
    told = [(check.number, f"{check.at:%H:%M}", check.shift, check.place) for check in drawn(b"\1" * 32)]
    assert told == [
        (1, "01:28", "2021-07-19T08:00", "leader"),
        (2, "08:16", "2021-07-20T08:00", "officer"),
        (3, "16:57", "2021-07-20T08:00", "leader"),
    ]


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.integers(0, 3), st.integers(0, 3))
def test_checks_are_as_many_as_the_rule_says_in_order_apart_and_in_a_shift(seed: bytes, least: int, more: int) -> None:
    rule = replace(RULE, least=least, most=least + more)
    checks = drawn(seed, rule)
    assert least <= len(checks) <= least + more
    assert [check.number for check in checks] == list(range(1, len(checks) + 1))
    assert all(following.at - one.at >= APART for one, following in pairwise(checks))
    for check in checks:
        shift = next(one for one in SHIFTS if one.code == check.shift)
        assert shift.starts_at <= check.at < shift.ends_at
        assert check.at.date() == DAY
        assert check.place in shift.places
    assert drawn(seed, rule) == checks


def test_a_day_without_a_shift_has_no_check_and_hours_without_duty_have_none() -> None:
    assert drawn(bytes(32), shifts=()) == ()
    night = DayShift("n", at("2021-07-20 17:30"), at("2021-07-21 08:30"), False, PLACES)
    for seed in seeds(20):
        assert all(check.at >= night.starts_at for check in drawn(seed, shifts=(night,)))


def test_night_and_handover_are_drawn_more_often_than_their_share_of_the_day() -> None:
    one = replace(RULE, least=1, most=1)
    hours = Counter(check.at.hour for seed in seeds(200) for check in drawn(seed, one))
    night = sum(hours[hour] for hour in (22, 23, 0, 1, 2, 3, 4, 5))
    # 8 hours weigh 3 each, of the 16 others two (07-09) weigh 3 and 14 weigh 1: 24 of 44.
    assert 0.43 < night / 200 < 0.66
    assert 0.06 < (hours[7] + hours[8]) / 200 < 0.22


def test_a_holiday_has_rather_more_checks() -> None:
    holiday = tuple(replace(shift, holiday=True) for shift in SHIFTS)
    usual, more = (sum(len(drawn(seed, shifts=shifts)) for seed in seeds(80)) for shifts in (SHIFTS, holiday))
    assert more > usual * 1.1


def test_the_seed_of_a_day_hangs_on_key_city_and_day_and_its_digest_tells_nothing() -> None:
    seed = day_seed(KEY, "410184", DAY)
    others = [
        day_seed(b"x" * 32, "410184", DAY),
        day_seed(KEY, "410185", DAY),
        day_seed(KEY, "410184", date(2021, 7, 21)),
    ]
    assert len({seed, *others}) == 4
    assert seed == day_seed(KEY, "410184", DAY)
    assert len(seed_digest(seed)) == 64


def test_what_is_sealed_of_rule_and_shifts_gives_the_same_checks_again() -> None:
    rule, shifts = unsealed(json.loads(canonical(sealed_facts(RULE, SHIFTS))))
    assert planned_checks(bytes(32), DAY, rule, shifts, ZONE) == drawn(bytes(32))


@pytest.mark.parametrize(("answered", "fits"), [("93.21", True), ("93.31", True), ("93.32", False), ("93.11", True)])
def test_a_reading_fits_within_the_citys_tolerance(answered: str, fits: bool) -> None:
    assert reading_fits(Decimal(answered), Decimal("93.21"), RULE) is fits
