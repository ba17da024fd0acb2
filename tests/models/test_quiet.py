"""What sums say of a threshold is never more than what the readings themselves say."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.crossings import Known
from models.flood_warning import Severity
from models.quiet import Stretch, is_open, is_quiet, may_be_quiet, window_begins
from models.thresholds import Reading, points_of, transitions
from models.water import DaysOfYear, Element, Threshold, ThresholdKind, WaterRules

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2021, 7, 20, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SILENT = timedelta(hours=2)

LEVEL = Threshold("s", "stage", "警戒水位", Element.LEVEL, ThresholdKind.LEVEL, 10.0, 9.8, Severity.YELLOW)
BELOW = Threshold("s", "low", "死水位", Element.STORAGE, ThresholdKind.BELOW, 5.0, 5.5, Severity.YELLOW)
RAIN = Threshold(
    "s", "rain", "雨量", Element.RAIN, ThresholdKind.RAIN_SUM, 10.0, 8.0, Severity.BLUE, window=timedelta(hours=3)
)
RISE = Threshold("s", "rise", "涨幅", Element.LEVEL, ThresholdKind.RISE_RATE, 2.0, 1.0, Severity.BLUE, window=HOUR)
ALL = (LEVEL, BELOW, RAIN, RISE)


def stretch(readings: Sequence[Reading], since: datetime) -> Stretch:
    values = [value for at, value in readings if at >= since]
    return Stretch(len(values), min(values, default=None), max(values, default=None), sum(values) if values else None)


def quiet(threshold: Threshold, crossed: bool, readings: Sequence[Reading]) -> bool:
    if not may_be_quiet(threshold, crossed):
        return False
    window = stretch(readings, window_begins(threshold, START))
    return is_quiet(threshold, crossed, stretch(readings, START), window)


@given(
    threshold=st.sampled_from(ALL),
    gaps=st.lists(st.integers(1, 90), min_size=1, max_size=40),
    values=st.lists(st.sampled_from([0.0, 0.4, 2.0, 5.2, 5.6, 9.7, 9.9, 10.0, 12.0]), min_size=40, max_size=40),
    back=st.integers(0, 40),
    crossed=st.booleans(),
    lasts=st.sampled_from([0, 10, 120]),
)
def test_where_sums_say_that_nothing_happened_the_readings_say_so_too(
    threshold: Threshold, gaps: list[int], values: list[float], back: int, crossed: bool, lasts: int
) -> None:
    at = START - sum(gaps[:back]) * MINUTE
    readings = []
    for gap, value in zip(gaps, values, strict=False):
        readings.append(Reading(at, value))
        at += gap * MINUTE
    threshold = replace(threshold, lasts=lasts * MINUTE)
    if quiet(threshold, crossed, readings):
        points = points_of(threshold, WaterRules(), readings, SILENT, START - threshold.lasts - SILENT)
        assert transitions(threshold, points, START, crossed, SHANGHAI, SILENT) == []


@pytest.mark.parametrize(
    ("threshold", "crossed", "values", "expected"),
    [
        (LEVEL, False, [9.0], True),
        (LEVEL, False, [10.0], False),
        (LEVEL, True, [10.0], True),
        (LEVEL, True, [9.8], False),
        (BELOW, False, [6.0], True),
        (BELOW, True, [5.2], True),
        (BELOW, True, [6.0], False),
        (RAIN, False, [9.0], True),
        (RAIN, False, [9.0, 2.0], False),
        (RAIN, True, [9.0], True),
        (RAIN, True, [9.0, 9.0], False),
        (RISE, False, [1.0, 1.9], True),
        (RISE, False, [1.0, 3.1], False),
        (RISE, True, [1.0], False),
    ],
)
def test_ordinary_weather_and_a_flood_that_goes_on_are_quiet(
    threshold: Threshold, crossed: bool, values: list[float], expected: bool
) -> None:
    readings = [Reading(START + number * MINUTE, value) for number, value in enumerate(values)]
    assert quiet(threshold, crossed, readings) is expected


def test_a_crossed_threshold_that_is_out_of_its_days_soon_is_left_to_the_readings() -> None:
    assert may_be_quiet(LEVEL, True)
    assert not may_be_quiet(replace(LEVEL, days=DaysOfYear((5, 15), (9, 30))), True)


def test_a_counter_and_a_line_drawn_on_are_left_to_the_readings() -> None:
    assert not may_be_quiet(replace(RAIN, element=Element.RAIN_TOTAL), False)
    assert not may_be_quiet(replace(LEVEL, kind=ThresholdKind.APPROACH), False)
    assert not may_be_quiet(replace(RAIN, kind=ThresholdKind.DRY_DAYS), False)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([], False),
        ([Known("YJ-1", START - HOUR, None)], True),
        ([Known("YJ-1", START - 3 * HOUR, START - HOUR)], False),
        ([Known("YJ-1", START, None)], None),
        ([Known("YJ-1", START - HOUR, START + HOUR)], None),
        ([Known("YJ-1", START - HOUR, None), Known("YJ-2", START - MINUTE, None)], None),
    ],
)
def test_a_warning_that_began_or_ended_among_the_readings_is_left_to_them(
    known: list[Known], expected: bool | None
) -> None:
    assert is_open(known, START) is expected
