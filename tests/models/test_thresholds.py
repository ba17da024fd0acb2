"""When a threshold is crossed and when it clears: once for each crossing, however the value swings around it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.flood_warning import Severity
from models.thresholds import (
    Reading,
    Transition,
    amounts,
    dry_points,
    look_back,
    points_of,
    rise_per_hour,
    time_to,
    transitions,
)
from models.water import DaysOfYear, Element, Threshold, ThresholdKind, WaterRules

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2021, 7, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
SILENT = timedelta(hours=2)
RULES = WaterRules()

STAGE = Threshold("s", "warning_stage", "警戒水位", Element.LEVEL, ThresholdKind.LEVEL, 10.0, 9.8, Severity.YELLOW)
DRY_SOIL = Threshold(
    "s", "dry_soil", "墒情不足", Element.SOIL_MOISTURE, ThresholdKind.BELOW, 50.0, 55.0, Severity.YELLOW
)


def rain_rule(value: float, hours: int) -> Threshold:
    return Threshold(
        *("s", "rain", "雨量", Element.RAIN, ThresholdKind.RAIN_SUM, value, value - 5, Severity.BLUE),
        window=hours * HOUR,
    )


def hourly(*values: float, every: timedelta = HOUR) -> list[Reading]:
    return [Reading(START + number * every, value) for number, value in enumerate(values)]


def judged(threshold: Threshold, readings: Sequence[Reading], *, open_before: bool = False) -> list[Transition]:
    points = points_of(threshold, RULES, readings, SILENT, START)
    return transitions(threshold, points, START, open_before, SHANGHAI, SILENT)


def told(found: Sequence[Transition]) -> list[tuple[str, int]]:
    return [("raised" if one.raised else "ended", (one.at - START) // HOUR) for one in found]


@pytest.mark.parametrize(
    ("threshold", "values", "expected"),
    [
        (STAGE, (9, 9.99, 10, 11), [("raised", 2)]),  # at the threshold counts
        (STAGE, (10, 9.9, 9.8, 9.79), [("raised", 0), ("ended", 3)]),  # at the clearing value it lasts
        (STAGE, (10, 9.9, 10.1, 9.85, 10.2), [("raised", 0)]),  # a swing above the clearing value is no flapping
        (replace(STAGE, lasts=2 * HOUR), (10, 10, 9.9, 10, 10, 10), [("raised", 5)]),  # a dip starts it anew
        (replace(STAGE, lasts=HOUR), (10, 10, 9, 10, 9, 9), [("raised", 1), ("ended", 5)]),
        (DRY_SOIL, (60, 50, 54, 55, 56), [("raised", 1), ("ended", 4)]),  # falling warns, rising clears
    ],
)
def test_a_crossing_counts_once_and_clears_once(
    threshold: Threshold, values: tuple[float, ...], expected: list[tuple[str, int]]
) -> None:
    assert told(judged(threshold, hourly(*values))) == expected


def test_a_silence_breaks_a_run_but_ends_nothing() -> None:
    slow = replace(STAGE, lasts=2 * HOUR)
    readings = [Reading(START, 10.0), Reading(START + 5 * HOUR, 10.0), Reading(START + 7 * HOUR, 10.0)]
    assert told(judged(slow, readings)) == [("raised", 7)]
    assert judged(STAGE, [], open_before=True) == []


def test_a_threshold_is_in_force_only_on_its_days_and_ends_on_the_first_reading_after_them() -> None:
    flood_limit = replace(STAGE, days=DaysOfYear((5, 15), (7, 20)))
    found = judged(flood_limit, [Reading(START, 10.0), Reading(START + 17 * HOUR, 10.0)])
    assert told(found) == [("raised", 0), ("ended", 17)]  # 00:00 UTC on the 20th is 08:00, 17:00 UTC is the 21st
    assert found[-1].out_of_season
    assert DaysOfYear((11, 1), (2, 28)).covers(date(2022, 1, 1))


@pytest.mark.parametrize(
    ("value", "hours", "rain", "expected"),
    [
        (50, 12, (5,) * 12, [("raised", 9)]),
        (50, 3, (20, 20, 15, 0), [("raised", 2), ("ended", 3)]),  # of the last 3 hours only
        (100, 3, (34, 33, 33, 33, 0), [("raised", 2), ("ended", 4)]),
        (50, 6, (0, 49.9, 0), []),
    ],
)
def test_rain_sums_are_those_of_the_four_colours(
    value: float, hours: int, rain: tuple[float, ...], expected: list[tuple[str, int]]
) -> None:
    before = [Reading(START - number * HOUR, 0.0) for number in range(hours, 0, -1)]
    assert told(judged(rain_rule(value, hours), [*before, *hourly(*rain)])) == expected


def test_a_sum_over_a_gap_may_cross_and_may_not_clear() -> None:
    readings = [Reading(START, 60.0), Reading(START + 6 * HOUR, 0.0), *[Reading(START + n * HOUR, 0.0) for n in (7, 8)]]
    assert told(judged(rain_rule(50, 3), readings)) == [("raised", 0), ("ended", 7)]


def test_a_counter_gives_what_fell_and_begins_at_zero_when_it_was_set_back() -> None:
    assert [value for _, value in amounts(Element.RAIN_TOTAL, hourly(100, 120, 5, 9))] == [20, 5, 4]


def test_a_rise_is_measured_over_its_window_and_needs_half_of_it() -> None:
    rise = replace(STAGE, kind=ThresholdKind.RISE_RATE, window=2 * HOUR, value=1.0, clears_at=0.5)
    points = points_of(rise, RULES, hourly(10, 10.5, 12, 12), SILENT, START)
    assert [(point.at - START) // HOUR for point in points] == [1, 2, 3]
    assert [point.value for point in points] == [0.5, 1.0, 0.75]


def test_the_time_to_a_threshold_is_told_by_the_last_hours_line() -> None:
    assert time_to(12.0, hourly(10, 10.5, 11), 3 * HOUR) == 2 * HOUR
    assert time_to(12.0, hourly(11, 10.5, 10), 3 * HOUR) is None
    assert time_to(10.0, hourly(10, 10.5, 11), 3 * HOUR) is None
    assert time_to(12.0, hourly(10, 11), 3 * HOUR) is None
    assert rise_per_hour([Reading(START, 1.0)] * 3) is None


def test_who_asks_for_it_is_warned_of_what_the_line_leads_to() -> None:
    approach = replace(STAGE, kind=ThresholdKind.APPROACH, window=2 * HOUR)
    assert told(judged(approach, hourly(8, 8, 8, 8.6, 9.2, 9.8, 9.8, 9.8, 9.8, 9.7))) == [("raised", 4), ("ended", 9)]


def test_days_without_rain_are_counted_over_whole_measured_days() -> None:
    first = date(2021, 7, 1)
    days = {first + timedelta(days=n): 0.0 for n in range(6)} | {first + timedelta(days=2): 3.0}
    points = dry_points(days, RULES, SHANGHAI, datetime(2021, 7, 6, 8, tzinfo=SHANGHAI))
    assert [point.value for point in points] == [1, 2, 0, 1, 2]  # the sixth day is not over yet
    assert points[0].at == datetime(2021, 7, 2, 8, tzinfo=SHANGHAI)
    del days[first + timedelta(days=4)]
    assert [p.value for p in dry_points(days, RULES, SHANGHAI, points[-1].at + timedelta(days=9))] == [1, 2, 0, 1, 1]


VALUES = st.lists(st.floats(8.5, 11.5).map(lambda value: round(value, 2)), max_size=60)
LASTS = st.sampled_from([timedelta(0), HOUR, 3 * HOUR])


@given(values=VALUES, lasts=LASTS, cut=st.integers(0, 60))
def test_it_does_not_matter_in_how_many_visits_readings_come(values: list[float], lasts: timedelta, cut: int) -> None:
    threshold, readings = replace(STAGE, lasts=lasts), hourly(*values)
    whole = judged(threshold, readings)
    since = START + cut * HOUR
    first = [one for one in whole if one.at < since]
    open_before = bool(first) and first[-1].raised
    begin = since - look_back(threshold, RULES, SILENT)
    points = points_of(threshold, RULES, [one for one in readings if one.at >= begin], SILENT, begin)
    assert [*first, *transitions(threshold, points, since, open_before, SHANGHAI, SILENT)] == whole


@given(values=VALUES, lasts=LASTS)
def test_warnings_and_ends_take_turns_and_each_has_lasted(values: list[float], lasts: timedelta) -> None:
    found = judged(replace(STAGE, lasts=lasts), hourly(*values))
    assert [one.raised for one in found] == [number % 2 == 0 for number in range(len(found))]
    assert all(one.at - one.since >= lasts for one in found)


@given(values=st.lists(st.floats(9.8, 10.5), min_size=1, max_size=60))
def test_a_value_that_swings_between_clearing_and_threshold_never_flaps(values: list[float]) -> None:
    assert len(judged(STAGE, hourly(*values))) <= 1
