"""The shifts of a span of days by every pattern of the domain, holidays and make-up work days included."""

import itertools
from collections import Counter
from datetime import date, timedelta

import pytest

from models.duty_shifts import PlannedShift, provisional_from, shifts_between
from tests.flood_cities import a_flood_city
from tests.rosters import (
    PATTERN_8H,
    PATTERN_12H,
    PATTERN_24H,
    PATTERN_NIGHTS_AND_WEEKENDS,
    SEASON,
    duty_of,
    twenty_people,
)


def shifts(first: date, last: date, pattern: str = PATTERN_24H) -> tuple[PlannedShift, ...]:
    city = a_flood_city(twenty_people(pattern=pattern))
    return shifts_between(duty_of(city), city.calendar, first, last)


def test_the_season_of_2021_has_139_days() -> None:
    found = shifts(*SEASON)
    assert len(found) == 139
    assert (found[0].code, found[-1].code) == ("2021-05-15T08:00", "2021-09-30T08:00")
    assert all(one.ends_at == following.starts_at for one, following in itertools.pairwise(found))
    counts = Counter((one.weekend, one.holiday) for one in found)
    # 12-14 June (Dragon Boat) and 19-21 September (Mid-Autumn) are holidays; 18 and 26 September are worked.
    assert counts[False, True] == 6
    assert counts[True, False] == 35
    assert not any(one.weekend and one.holiday for one in found)


@pytest.mark.parametrize(
    ("day", "weekend", "holiday"),
    [
        (date(2021, 6, 11), False, False),  # Friday
        (date(2021, 6, 12), False, True),  # Saturday of the Dragon Boat holiday
        (date(2021, 6, 14), False, True),  # Monday of it
        (date(2021, 6, 19), True, False),  # Saturday
        (date(2021, 9, 18), False, False),  # Saturday, worked for the Mid-Autumn holiday
        (date(2021, 9, 20), False, True),  # Monday, holiday
    ],
)
def test_a_day_is_what_the_citys_calendar_says(day: date, weekend: bool, holiday: bool) -> None:
    (shift,) = shifts(day, day)
    assert (shift.weekend, shift.holiday) == (weekend, holiday)


@pytest.mark.parametrize(
    ("pattern", "codes"),
    [
        (PATTERN_24H, ["08:00"]),
        (PATTERN_12H, ["08:00", "20:00"]),
        (PATTERN_8H, ["00:00", "08:00", "16:00"]),
        ('  - {start: "08:30", hours: 24, night: yes}\n', ["08:30"]),
    ],
)
def test_every_hour_of_a_day_belongs_to_one_shift(pattern: str, codes: list[str]) -> None:
    found = shifts(date(2021, 7, 5), date(2021, 7, 6), pattern)
    assert [one.code[11:] for one in found] == codes * 2
    assert sum((one.length for one in found), timedelta()) == timedelta(days=2)
    assert all(one.ends_at == following.starts_at for one, following in itertools.pairwise(found))


def test_nights_and_weekends_only_leave_the_hours_of_work_days_to_the_office() -> None:
    found = shifts(date(2021, 9, 17), date(2021, 9, 20), PATTERN_NIGHTS_AND_WEEKENDS)  # Friday to Monday
    assert [one.code for one in found] == [
        "2021-09-17T17:30",
        "2021-09-18T17:30",  # A Saturday that is worked has a night and no day shift.
        "2021-09-19T08:30",
        "2021-09-19T17:30",
        "2021-09-20T08:30",
        "2021-09-20T17:30",
    ]


def test_where_the_official_calendar_ends_only_weekends_are_known_and_it_says_so() -> None:
    city = a_flood_city(twenty_people())
    last = city.calendar.last_official_date
    assert provisional_from(city.calendar, *SEASON) is None
    assert provisional_from(city.calendar, last, last + timedelta(days=3)) == last + timedelta(days=1)
    beyond = shifts_between(duty_of(city), city.calendar, last + timedelta(days=1), last + timedelta(days=14))
    assert sum(one.weekend for one in beyond) == 4
    assert not any(one.holiday for one in beyond)
