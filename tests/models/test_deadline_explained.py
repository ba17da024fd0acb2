"""The lines that explain a deadline to an official."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.worktime import (
    Basis,
    CalendarGap,
    DayOverride,
    ExplainedLine,
    LineKind,
    Pause,
    PauseReversed,
    WorkCalendar,
    WorkHours,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
CITY = WorkCalendar(SHANGHAI, WorkHours())
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def told(lines: list[ExplainedLine]) -> list[str]:
    """Lines as a reader would write them down: from, to, hours counted, name."""
    return [
        f"{line.start:%m-%d %H:%M} {f'{line.end:%m-%d %H:%M}' if line.end else 'open'}"
        f" {line.counted / HOUR:g} {line.name}"
        for line in lines
    ]


def test_the_eve_of_may_day_is_explained_line_by_line() -> None:
    assert told(CITY.explain(at("2019-04-30T17:00"), Basis.WORKING, 4 * HOUR)) == [
        "04-30 17:00 04-30 18:00 1 工作时间 working hours",
        "04-30 18:00 05-01 00:00 0 下班时间 outside working hours",
        "05-01 00:00 05-05 00:00 0 劳动节 Labour Day",
        "05-05 00:00 05-05 08:00 0 下班时间 outside working hours",
        "05-05 08:00 05-05 11:00 3 调休上班 make-up work day (劳动节 Labour Day)",
    ]


def test_a_whole_work_day_is_one_line_and_a_part_of_one_shows_its_break() -> None:
    lines = CITY.explain(at("2019-06-13T13:00"), Basis.WORKING, 17 * HOUR)  # Thursday at lunch
    assert told(lines) == [
        "06-13 13:00 06-13 14:00 0 午休 midday break",
        "06-13 14:00 06-13 18:00 4 工作时间 working hours",
        "06-13 18:00 06-14 08:00 0 下班时间 outside working hours",
        "06-14 08:00 06-14 18:00 8 工作时间 working hours",
        "06-14 18:00 06-15 00:00 0 下班时间 outside working hours",
        "06-15 00:00 06-17 00:00 0 周末 weekend",
        "06-17 00:00 06-17 08:00 0 下班时间 outside working hours",
        "06-17 08:00 06-17 12:00 4 工作时间 working hours",
        "06-17 12:00 06-17 14:00 0 午休 midday break",
        "06-17 14:00 06-17 15:00 1 工作时间 working hours",
    ]


def test_pauses_are_lines_of_their_own_and_move_the_deadline() -> None:
    pauses = [
        (at("2019-06-12T11:00"), at("2019-06-12T15:00")),
        (at("2019-06-12T09:30"), at("2019-06-12T10:00")),  # given out of order
        (at("2019-06-12T14:00"), at("2019-06-12T14:30")),  # inside another
        (at("2019-06-12T10:30"), at("2019-06-12T10:30")),  # of no length
        (at("2019-06-12T07:00"), at("2019-06-12T08:30")),  # over before the start
        (at("2019-06-12T17:00"), at("2019-06-12T18:00")),  # after the deadline
    ]
    assert told(CITY.explain(at("2019-06-12T09:00"), Basis.WORKING, 2 * HOUR, pauses)) == [
        "06-12 09:00 06-12 09:30 0.5 工作时间 working hours",
        "06-12 09:30 06-12 10:00 0 暂停 paused",
        "06-12 10:00 06-12 11:00 1 工作时间 working hours",
        "06-12 11:00 06-12 15:00 0 暂停 paused",
        "06-12 15:00 06-12 15:30 0.5 工作时间 working hours",
    ]


def test_a_pause_that_is_still_open_ends_the_explanation_with_what_counted_so_far() -> None:
    pauses: list[Pause] = [(at("2019-06-12T11:00"), None)]
    assert told(CITY.explain(at("2019-06-12T09:00"), Basis.CONTINUOUS, 3 * HOUR, pauses)) == [
        "06-12 09:00 06-12 11:00 2 连续计时 every hour counts",
        "06-12 11:00 open 0 暂停 paused",
    ]


def test_a_clock_that_never_stands_still_is_one_line() -> None:
    assert told(CITY.explain(at("2019-06-12T22:30"), Basis.CONTINUOUS, 2 * HOUR)) == [
        "06-12 22:30 06-13 00:30 2 连续计时 every hour counts",
    ]
    assert told(CITY.explain(at("2019-06-12T10:00"), Basis.CONTINUOUS, -HOUR)) == [
        "06-12 10:00 06-12 09:00 -1 连续计时 every hour counts",
    ]


@pytest.mark.parametrize("basis", Basis)
def test_an_amount_of_zero_needs_no_explanation(basis: Basis) -> None:
    assert CITY.explain(at("2019-06-12T10:00"), basis, timedelta(0)) == []


def test_the_city_table_names_its_own_days() -> None:
    rows = [DayOverride(date(2019, 6, 13), False, "停电"), DayOverride(date(2019, 6, 15), True, "防汛值守")]
    lines = WorkCalendar(SHANGHAI, WorkHours(), rows).explain(at("2019-06-12T18:00"), Basis.WORKING, 9 * HOUR)
    assert [(line.kind, line.name) for line in lines if line.kind in (LineKind.HOLIDAY, LineKind.MAKE_UP)] == [
        (LineKind.HOLIDAY, "停电"),
        (LineKind.MAKE_UP, "调休上班 make-up work day (防汛值守)"),
    ]


def test_lines_beyond_the_official_calendar_are_marked_provisional() -> None:
    start, amount = at("2026-12-31T14:00"), 8 * HOUR
    lines = CITY.explain(start, Basis.WORKING, amount, provisional_allowed=True)
    assert [line.provisional for line in lines] == [line.start >= at("2027-01-01T00:00") for line in lines]
    with pytest.raises(CalendarGap):
        CITY.explain(start, Basis.WORKING, amount)


def test_a_pause_that_ends_before_it_begins_is_refused() -> None:
    pauses = [(at("2019-06-12T11:00"), at("2019-06-12T10:00"))]
    with pytest.raises(PauseReversed, match="cannot end at 2019-06-12T02:00:00"):
        CITY.explain(at("2019-06-12T09:00"), Basis.WORKING, HOUR, pauses)
