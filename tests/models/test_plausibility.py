"""What cannot be right is flagged and not used; a flood faster than thought possible is believed once confirmed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.observation import Doubt
from models.plausibility import Standing, judge_between, judge_reading
from models.water import Element, Plausible
from tests.water_cities import a_water_city

START = datetime(2021, 7, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
CITY = a_water_city()
GAUGE = CITY.water.stations["lihe-gauge"]
"""Plausible from 90 to 120 m, at most 2 m an hour, stuck after 12 hours."""


def doubts(values: list[float], element: Element = Element.LEVEL, station: str = "lihe-gauge") -> list[str]:
    standing, found = Standing(), []
    for number, value in enumerate(values):
        at = START + number * HOUR
        doubt, standing = judge_reading(CITY.water.stations[station], element, CITY.water, standing, at, value, at)
        found.append(doubt.value)
    return found


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([100, 101.9, 103.9], ["", "", ""]),
        ([100, 89.9, 120.1, 100], ["", "out_of_range", "out_of_range", ""]),
        ([100, 109, 100.1], ["", "jump", ""]),  # one spike
        ([100, 109, 109.1, 109.2, 109.3], ["", "jump", "jump", "", ""]),  # two agree: it is a flood
        ([100, 118, 91, 118, 91, 100], ["", "jump", "jump", "jump", "jump", ""]),  # they do not agree
    ],
)
def test_a_level_is_used_only_where_it_can_be(values: list[float], expected: list[str]) -> None:
    assert doubts(values) == expected


def test_a_value_from_the_future_moves_nothing() -> None:
    doubt, standing = judge_reading(
        GAUGE, Element.LEVEL, CITY.water, Standing(), START + timedelta(minutes=6), 100.0, START
    )
    assert (doubt, standing) == (Doubt.FUTURE, Standing())


def test_the_very_same_value_for_too_long_is_stuck() -> None:
    assert doubts([100.0] * 15) == [""] * 12 + ["stuck"] * 3
    assert doubts([0.0] * 30, Element.RAIN, "rain-a") == [""] * 30  # it may be dry for weeks


def test_rain_is_never_negative_and_a_counter_never_goes_down() -> None:
    assert doubts([-1, 0, 151], Element.RAIN, "rain-a") == ["negative", "", "out_of_range"]
    assert doubts([10, 20, 5, 6, 7, 8], Element.RAIN_TOTAL, "rain-b") == ["", "", "decreasing", "decreasing", "", ""]


def test_a_late_reading_is_judged_by_the_good_one_before_it() -> None:
    plausible = Plausible(90, 120, 2)
    before = (START, 100.0)
    assert judge_between(Element.LEVEL, plausible, before, START + HOUR, 103.0) is Doubt.JUMP
    assert judge_between(Element.LEVEL, plausible, None, START + HOUR, 103.0) is Doubt.NONE
    assert judge_between(Element.LEVEL, plausible, before, START + HOUR, 80.0) is Doubt.OUT_OF_RANGE


@given(values=st.lists(st.floats(80, 130), max_size=40))
def test_the_last_good_value_is_always_one_that_may_be_used(values: list[float]) -> None:
    standing, last = Standing(), None
    for number, value in enumerate(values):
        at = START + number * HOUR
        doubt, standing = judge_reading(GAUGE, Element.LEVEL, CITY.water, standing, at, value, at)
        last = value if doubt is Doubt.NONE else last
        assert standing.good_value == last
        assert standing.last_value == value
