"""When limits run out: worked examples, the end of the calendar, and the odd moments."""

import copy
import os
import pickle
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from models.worktime import (
    Basis,
    CalendarGap,
    DayOverride,
    Due,
    MomentOutOfRange,
    MomentWithoutZone,
    NegativeAmount,
    OverrideRepeated,
    WorkCalendar,
    WorkHours,
    WorkHoursImpossible,
    YearClaimedEmpty,
    parse_limit,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
CITY = WorkCalendar(SHANGHAI, WorkHours())
HOUR = timedelta(hours=1)
HOLIDAYS_OF_2027 = [DayOverride(date(2027, 1, 1), False, "元旦"), DayOverride(date(2027, 1, 3), True, "元旦")]


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        # May Day 1-4 May is off, Sunday 5 May is a make-up work day
        ("2019-04-30T17:00", "4 work_hour", "2019-05-05T11:00"),  # Tue -> Sun
        ("2019-04-30T17:00", "1 work_day", "2019-05-05T17:00"),  # Tue -> Sun
        ("2019-04-30T17:00", "4 urgent_hour", "2019-04-30T21:00"),  # Tue
        ("2019-05-01T10:00", "1 work_hour", "2019-05-05T09:00"),  # Wed, May Day -> Sun
        ("2019-04-27T10:00", "2 work_day", "2019-04-29T18:00"),  # Sat -> make-up Sun 28, Mon 29
        # a plain week
        ("2019-06-12T09:00", "2 work_hour", "2019-06-12T11:00"),  # Wed
        ("2019-06-12T11:00", "2 work_hour", "2019-06-12T15:00"),  # over lunch
        ("2019-06-12T12:00", "1 work_hour", "2019-06-12T15:00"),  # exactly at the end of the morning
        ("2019-06-12T12:30", "1 work_hour", "2019-06-12T15:00"),  # at lunch
        ("2019-06-12T14:00", "1 work_hour", "2019-06-12T15:00"),  # exactly at the afternoon's start
        ("2019-06-12T18:00", "1 work_hour", "2019-06-13T09:00"),  # exactly at closing time
        ("2019-06-12T20:00", "1 work_hour", "2019-06-13T09:00"),  # in the evening
        ("2019-06-12T05:00", "1 work_hour", "2019-06-12T09:00"),  # before opening
        ("2019-06-14T17:30", "1 work_hour", "2019-06-17T08:30"),  # Fri -> Mon
        ("2019-06-12T17:00", "1 work_hour", "2019-06-12T18:00"),  # stays at the session's end
        ("2019-06-12T08:00", "4 work_hour", "2019-06-12T12:00"),  # stays at the session's end
        ("2019-06-12T08:00", "1 work_day", "2019-06-12T18:00"),
        ("2019-06-12T10:00", "0.5 work_day", "2019-06-12T16:00"),
        ("2019-06-12T17:59:59.999999", "1 work_hour", "2019-06-13T08:59:59.999999"),
        # every hour counts
        ("2019-06-12T22:30", "2 urgent_hour", "2019-06-13T00:30"),  # over midnight
        ("2019-06-14T23:00", "2 natural_day", "2019-06-16T23:00"),  # Fri -> Sun
        ("2019-06-12T11:50", "15 minute", "2019-06-12T12:05"),  # into lunch
        # leap day and year's end
        ("2020-02-28T17:00", "2 work_hour", "2020-03-02T09:00"),  # Fri, Sat 29 February is a weekend -> Mon
        ("2024-02-28T17:00", "2 work_day", "2024-03-01T17:00"),  # Wed -> Thu 29 February worked -> Fri
        ("2024-02-28T12:00", "1 natural_day", "2024-02-29T12:00"),
        ("2018-12-28T17:00", "2 work_hour", "2018-12-29T09:00"),  # Fri -> make-up Sat
        ("2018-12-29T17:00", "2 work_hour", "2019-01-02T09:00"),  # Sat -> Wed after New Year
        ("2026-12-31T17:00", "1 work_hour", "2026-12-31T18:00"),  # the last official minute
    ],
)
def test_a_limit_runs_out_when_the_hours_that_count_are_used_up(start: str, limit: str, due: str) -> None:
    assert CITY.due_at(at(start), parse_limit(limit)) == at(due)


def test_a_deadline_is_in_the_city_zone_whatever_zone_the_start_has() -> None:
    due = CITY.due_at(datetime(2019, 4, 30, 9, tzinfo=UTC), parse_limit("4 work_hour"))
    assert due.isoformat() == "2019-05-05T11:00:00+08:00"


@pytest.mark.parametrize("basis", Basis)
def test_an_amount_of_zero_is_due_at_the_start_even_at_night(basis: Basis) -> None:
    start = at("2027-06-13T03:00")
    assert CITY.due(start, basis, timedelta(0)) == Due(start, False)


def test_a_continuous_amount_below_zero_is_due_before_the_start() -> None:
    assert CITY.due(at("2019-06-12T10:00"), Basis.CONTINUOUS, -3 * HOUR).at == at("2019-06-12T07:00")


def test_working_time_below_zero_is_refused() -> None:
    with pytest.raises(NegativeAmount, match="of working time cannot be counted"):
        CITY.due(at("2019-06-12T10:00"), Basis.WORKING, -HOUR)


@pytest.mark.parametrize(
    ("limit", "basis", "hours"),
    [
        ("2 urgent_hour", Basis.CONTINUOUS, "2"),
        ("4 work_hour", Basis.WORKING, "4"),
        ("2 work_day", Basis.WORKING, "15"),
        ("1 natural_day", Basis.CONTINUOUS, "24"),
        ("15 minute", Basis.CONTINUOUS, "0.25"),
        ("0.5 work_day", Basis.WORKING, "3.75"),
    ],
)
def test_a_unit_says_what_counts_and_how_much(limit: str, basis: Basis, hours: str) -> None:
    city = WorkCalendar(SHANGHAI, WorkHours(hours_per_work_day=Decimal("7.5")))
    assert city.allowance(parse_limit(limit)) == (basis, float(hours) * HOUR)


@pytest.mark.parametrize(
    ("start", "end", "basis", "counted"),
    [
        ("2019-04-30T17:00", "2019-05-05T11:00", Basis.WORKING, 4 * HOUR),
        ("2019-04-30T17:00", "2019-05-05T11:00", Basis.CONTINUOUS, 114 * HOUR),
        ("2019-06-12T12:00", "2019-06-12T14:00", Basis.WORKING, 0 * HOUR),  # lunch
        ("2019-06-15T00:00", "2019-06-17T00:00", Basis.WORKING, 0 * HOUR),  # Sat, Sun
        ("2019-06-12T11:30", "2019-06-12T14:00:00.000001", Basis.WORKING, HOUR / 2 + timedelta(microseconds=1)),
        ("2019-06-12T10:00", "2019-06-12T10:00", Basis.WORKING, 0 * HOUR),
        ("2019-06-12T11:00", "2019-06-12T10:00", Basis.CONTINUOUS, 0 * HOUR),  # end before start
        ("2026-12-31T17:00", "2027-01-02T00:00", Basis.WORKING, 9 * HOUR),  # beyond the table: weekends only
    ],
)
def test_the_time_that_counts_in_a_span(start: str, end: str, basis: Basis, counted: timedelta) -> None:
    assert CITY.counted(at(start), at(end), basis) == counted


def test_fifteen_work_days_from_20_december_2026_need_the_table_of_2027() -> None:
    with pytest.raises(CalendarGap) as refused:
        CITY.due_at(at("2026-12-20T09:00"), parse_limit("15 work_day"))
    assert refused.value.missing_years == [2027]
    assert str(refused.value) == (
        "The limit that starts on 2026-12-20 runs to 2027-01-08 by weekends alone, but official holidays are "
        "known only from 2004-01-01 to 2026-12-31. calendar.csv of the city: fill in the official holidays of "
        "2027, with the make-up work days, and mark the table complete to its end, "
        "or allow a provisional deadline."
    )


def test_a_provisional_deadline_knows_weekends_only_and_is_recomputed_when_the_table_is_loaded() -> None:
    start, basis, amount = at("2026-12-20T09:00"), *CITY.allowance(parse_limit("15 work_day"))
    guess = CITY.due(start, basis, amount, provisional_allowed=True)
    assert guess == Due(at("2027-01-08T18:00"), True)  # Fri; New Year's Day counted as worked
    loaded = WorkCalendar(SHANGHAI, WorkHours(), HOLIDAYS_OF_2027, official_until=date(2027, 12, 31))
    assert loaded.due(start, basis, amount) == Due(at("2027-01-08T18:00"), False)  # Sun 3 Jan made up for it
    assert loaded.last_official_date == date(2027, 12, 31)


def test_a_single_override_beyond_the_table_is_kept_but_leaves_the_deadline_provisional() -> None:
    city = WorkCalendar(SHANGHAI, WorkHours(), [DayOverride(date(2027, 1, 1), False, "元旦")])
    due = city.due(at("2026-12-31T17:00"), Basis.WORKING, 2 * HOUR, provisional_allowed=True)
    assert due == Due(at("2027-01-04T09:00"), True)  # Thu -> Mon


def test_a_limit_that_starts_before_the_first_table_is_refused_too() -> None:
    with pytest.raises(CalendarGap, match=r"known only from 2004-01-01 .* Check the start, or allow"):
        CITY.due(at("2003-12-30T09:00"), Basis.WORKING, HOUR)


def test_a_continuous_limit_needs_no_table() -> None:
    assert CITY.due_at(at("2026-12-31T23:00"), parse_limit("2 natural_day")) == at("2027-01-02T23:00")


@pytest.mark.parametrize(
    ("override", "due"),
    [
        (DayOverride(date(2019, 5, 5), False, "城市马拉松"), "2019-05-06T11:00"),  # a make-up day taken back
        (DayOverride(date(2019, 5, 1), True, "防汛值守"), "2019-05-01T11:00"),  # a holiday worked
        (DayOverride(date(2019, 5, 4), True, "防汛值守"), "2019-05-04T11:00"),  # a Saturday worked
    ],
)
def test_the_city_table_wins_over_the_official_one_both_ways(override: DayOverride, due: str) -> None:
    city = WorkCalendar(SHANGHAI, WorkHours(), [override])
    assert city.due_at(at("2019-04-30T17:00"), parse_limit("4 work_hour")) == at(due)


def test_a_city_may_keep_other_hours_even_past_midnight() -> None:
    hours = WorkHours(sessions=((time(7, 30), time(11, 45)), (time(20), time(0))))
    city = WorkCalendar(SHANGHAI, hours)
    assert city.due_at(at("2019-06-12T11:00"), parse_limit("4 work_hour")) == at("2019-06-12T23:15")
    last = city.due(at("2026-12-31T23:30"), Basis.WORKING, HOUR / 2)
    assert last == Due(at("2027-01-01T00:00"), False)  # the end of the last official day is still in it


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        # Sunday 8 March 2020 02:00 became 03:00, Sunday 1 November 2020 02:00 became 01:00
        ("2020-03-06T17:00", "2", "2020-03-09T09:00"),  # Fri -> Mon
        ("2020-10-30T17:00", "2", "2020-11-02T09:00"),  # Fri -> Mon
    ],
)
def test_working_hours_follow_the_wall_clock_where_clocks_change(start: str, hours: str, due: str) -> None:
    city = WorkCalendar(NEW_YORK, WorkHours())
    assert city.due_at(at(start, NEW_YORK), parse_limit(f"{hours} work_hour")) == at(due, NEW_YORK)
    assert city.counted(at(start, NEW_YORK), at(due, NEW_YORK), Basis.WORKING) == 2 * HOUR


def test_hours_that_really_pass_are_counted_on_the_night_the_clocks_change() -> None:
    night = WorkHours(sessions=((time(0), time(4)),))
    every_day = [DayOverride(date(2020, 3, 8), True, "spring"), DayOverride(date(2020, 11, 1), True, "autumn")]
    city = WorkCalendar(NEW_YORK, night, every_day)
    day = timedelta(days=1)
    assert city.counted(at("2020-03-08", NEW_YORK), at("2020-03-08", NEW_YORK) + day, Basis.WORKING) == 3 * HOUR
    assert city.counted(at("2020-11-01", NEW_YORK), at("2020-11-01", NEW_YORK) + day, Basis.WORKING) == 5 * HOUR
    assert city.due_at(at("2020-03-07T12:00", NEW_YORK), parse_limit("1 natural_day")) == at(
        "2020-03-08T13:00", NEW_YORK
    )


@pytest.mark.parametrize(
    ("start", "basis", "amount"),
    [
        (datetime.max.replace(tzinfo=SHANGHAI), Basis.CONTINUOUS, HOUR * 24),
        (datetime.min.replace(tzinfo=SHANGHAI), Basis.CONTINUOUS, HOUR),
        (at("9998-01-01T00:00"), Basis.WORKING, HOUR),
        (at("1900-01-01T00:00"), Basis.WORKING, HOUR),
        (at("2199-12-31T17:30"), Basis.WORKING, HOUR),
    ],
)
def test_a_moment_no_case_can_lie_in_is_refused(start: datetime, basis: Basis, amount: timedelta) -> None:
    with pytest.raises(MomentOutOfRange, match="lies outside the years 1970 to 2199"):
        WorkCalendar(SHANGHAI, WorkHours()).due(start, basis, amount, provisional_allowed=True)


@pytest.mark.parametrize(
    ("sessions", "hours"),
    [
        (((time(2), time(3)),), 0),  # 02:00 to 03:00 does not exist that night
        (((time(1), time(2, 45)), (time(3), time(4))), 2),  # 02:45 is 03:45: no minute counts twice
    ],
)
def test_sessions_in_the_hour_the_clocks_skip_count_only_what_passes(
    sessions: tuple[tuple[time, time], ...], hours: int
) -> None:
    city = WorkCalendar(NEW_YORK, WorkHours(sessions), [DayOverride(date(2020, 3, 8), True, "spring")])
    span = at("2020-03-08", NEW_YORK), at("2020-03-09", NEW_YORK)
    assert city.counted(*span, Basis.WORKING) == hours * HOUR


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = datetime(2019, 4, 30, 17)  # noqa: DTZ001 - the point of the test
    with pytest.raises(MomentWithoutZone, match=r"^2019-04-30T17:00:00 has no time zone"):
        CITY.due(naive, Basis.WORKING, HOUR)
    with pytest.raises(MomentWithoutZone):
        CITY.counted(at("2019-04-30T17:00"), naive, Basis.CONTINUOUS)


@pytest.mark.parametrize(
    ("sessions", "hours_per_work_day", "why"),
    [
        ((), "8", "at least one session"),
        (((time(12), time(8)),), "8", "08:00 cannot be: a session must begin before it ends"),
        (((time(8), time(8)),), "8", "a session must begin before it ends"),
        (((time(8), time(12)), (time(11), time(18))), "8", "after the one before it"),
        (((time(8), time(12)),), "0", "0 hours are no work day"),
    ],
)
def test_impossible_working_hours_are_refused(
    sessions: tuple[tuple[time, time], ...], hours_per_work_day: str, why: str
) -> None:
    with pytest.raises(WorkHoursImpossible, match=why):
        WorkHours(sessions, Decimal(hours_per_work_day))


def test_a_date_named_twice_by_the_city_table_is_refused() -> None:
    with pytest.raises(OverrideRepeated, match="2027-01-01 more than once"):
        WorkCalendar(SHANGHAI, WorkHours(), [HOLIDAYS_OF_2027[0], DayOverride(date(2027, 1, 1), True, "")])


def test_a_year_cannot_be_called_official_without_a_single_holiday() -> None:
    with pytest.raises(YearClaimedEmpty, match="no holiday of 2028 is known"):
        WorkCalendar(SHANGHAI, WorkHours(), HOLIDAYS_OF_2027, official_until=date(2028, 12, 31))


def test_calendars_are_equal_by_content_and_survive_copy_and_pickle() -> None:
    city = WorkCalendar(SHANGHAI, WorkHours(), HOLIDAYS_OF_2027)
    assert city == WorkCalendar(SHANGHAI, WorkHours(), reversed(HOLIDAYS_OF_2027), date(2026, 12, 31))
    assert city != CITY
    assert (CITY.zone, CITY.hours, CITY.overrides) == (SHANGHAI, WorkHours(), ())
    assert "Asia/Shanghai" in repr(CITY)
    copies = {city, copy.deepcopy(city), pickle.loads(pickle.dumps(city))}  # noqa: S301 - our own bytes
    assert copies == {city}


@pytest.mark.parametrize(
    "error",
    [
        CalendarGap(date(2026, 12, 20), date(2027, 1, 8), date(2004, 1, 1), date(2026, 12, 31)),
        MomentOutOfRange("9999"),
        NegativeAmount(-HOUR),
        WorkHoursImpossible("(none)", "why"),
        OverrideRepeated(date(2027, 1, 1)),
        YearClaimedEmpty(2028),
    ],
)
def test_an_error_survives_pickling(error: Exception) -> None:
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes


def in_a_fresh_interpreter(code: str) -> str:
    """What code prints in a process without coverage's tracer and without what other tests imported."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    run = [sys.executable, "-c", code]
    return subprocess.run(run, capture_output=True, text=True, check=True, env=environment).stdout.strip()


def test_worktime_loads_no_heavy_package() -> None:
    heavy = "{'numpy', 'pandas', 'prefect', 'sqlmodel', 'sqlalchemy'}"
    assert in_a_fresh_interpreter(f"import sys, models.worktime; print({heavy} & set(sys.modules))") == "set()"
