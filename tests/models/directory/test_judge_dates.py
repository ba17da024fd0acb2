"""What a directory lacks on a certain day: units, posts, and a calendar that reaches far enough."""

from datetime import date

import pytest

from models.directory.city_builder import DirectoryFiles, build_city
from tests.cities import SMALL_CITY, changed
from tests.models.directory.judging import texts_of_faults

SUMMER = date(2026, 6, 1)
FILL = (
    "Fill the official holidays and make-up work days of 2027 into calendar.csv and write "
    "calendar_official_until: 2027-12-31 into city.yaml, or install a chinesecalendar that knows 2027."
)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2019-01-01,2026-06-01", ['unit "water" no longer exists since 2026-06-01.']),
        ("2026-06-02,", ['unit "water" does not exist before 2026-06-02.']),
        ("2026-06-01,", []),
    ],
)
def test_a_unit_answers_only_while_it_exists(period: str, expected: list[str]) -> None:
    documents = changed("units.csv", "2019-01-01,", period)
    place, remedy = "responsibility.csv row 3, column unit", "or correct the dates of water in units.csv."
    assert texts_of_faults(documents, SUMMER) == [
        f"{place}: {text} Name another unit here, {remedy}" for text in expected
    ]


def test_a_unit_that_will_end_is_a_warning() -> None:
    documents = changed("units.csv", "2019-01-01,", "2019-01-01,2026-07-01")
    assert texts_of_faults(documents, SUMMER) == [
        'warning: responsibility.csv row 3, column unit: unit "water" ends on 2026-07-01. '
        "Name another unit here, or correct the dates of water in units.csv."
    ]


def test_a_post_that_ended_holds_neither_seat_nor_office() -> None:
    documents = changed(
        "posts.csv", "acceptor-b,受理员乙,centre,acceptor,,,,", "acceptor-b,受理员乙,centre,acceptor,,,,2026-01-01"
    )
    documents = changed(
        "posts.csv",
        "lihe-head,梨河镇负责人,lihe,unit_head,,,,",
        "lihe-head,负责人,lihe,unit_head,,,,2026-05-31",
        documents,
    )
    assert texts_of_faults(documents, SUMMER) == [
        'units.csv row 3, column head: post "lihe-head" no longer exists since 2026-05-31. '
        "Name another post here, or correct the dates of lihe-head in posts.csv.",
        'seats.csv row 3, column post: post "acceptor-b" no longer exists since 2026-01-01. '
        "Name another post here, or correct the dates of acceptor-b in posts.csv.",
    ]


def test_a_fault_of_the_day_keeps_no_city_from_being_built() -> None:
    documents = changed("units.csv", "2019-01-01,", "2019-01-01,2026-06-01")
    city, faults = build_city(DirectoryFiles(documents), SUMMER)
    assert city is not None
    assert len(faults) == 1


@pytest.mark.parametrize(("today", "days_left"), [(date(2026, 11, 2), 59), (date(2026, 11, 1), 60)])
def test_the_end_of_the_calendar_is_told_sixty_days_ahead(today: date, days_left: int) -> None:
    assert texts_of_faults(SMALL_CITY, today) == [
        f"warning: calendar.csv, column date: the official calendar ends on 2026-12-31, in {days_left} days. {FILL}"
    ]
    assert texts_of_faults(SMALL_CITY, date(2026, 10, 31)) == []


def test_a_calendar_that_ends_before_a_limit_is_refused_and_the_table_named() -> None:
    """From the evening of Tuesday 29 December 2026 3 and 5 work days run into January, 1 work day does not."""
    assert texts_of_faults(SMALL_CITY, date(2026, 12, 29)) == [
        "calendar.csv, column date: the official calendar ends on 2026-12-31, before the end of 2 of the "
        "limits that start today, 2026-12-29: catalogue.csv row 2 (5 work_day), catalogue.csv row 6 (3 work_day). "
        f"Their deadlines would be guesses. {FILL}"
    ]


def test_a_table_that_the_city_filled_in_itself_is_enough() -> None:
    documents = changed("calendar.csv", "name\n", "name\n2027-01-01,,元旦\n")
    documents = changed(
        "city.yaml", "hours_per_work_day: 8", "hours_per_work_day: 8\ncalendar_official_until: 2027-12-31", documents
    )
    assert texts_of_faults(documents, date(2026, 12, 29)) == []
