"""A scheme's own answers: tables, grades, groups, the days on which it is in force."""

from datetime import date
from fractions import Fraction

import pytest

from models.scheme import scheme_of_month
from tests.schemes import SMALL_SCHEME, a_scheme

SMALL = a_scheme()


@pytest.mark.parametrize(("count", "points"), [(0, 0), (1, 5), (99, 5), (100, 10), (10**6, 10)])
def test_a_table_gives_the_points_of_the_first_row_that_is_met(count: int, points: int) -> None:
    assert SMALL.tables["volume"].points(Fraction(count)) == points


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        ("100", "A"),
        ("105", "A"),
        ("90", "A"),
        ("89.999999999", "B"),
        ("75", "B"),
        ("74.9", "C"),
        ("0", "C"),
        ("-3", "C"),
    ],
)
def test_grades_are_half_open_from_below(score: str, grade: str) -> None:
    found = SMALL.grade(Fraction(score))
    assert found is not None
    assert found.code == grade


@pytest.mark.parametrize("named", ["towns", "乡镇", "township"])
def test_a_group_is_found_by_code_name_or_the_units_it_scores(named: str) -> None:
    group = SMALL.group(named)
    assert group is not None
    assert group.code == "towns"
    assert SMALL.group("nowhere") is None


def test_a_scheme_applies_from_its_first_day_to_the_day_it_no_longer_does() -> None:
    dated = a_scheme(SMALL_SCHEME, ("total: 100", "total: 100\nvalid_from: 2026-03-01\nvalid_until: 2026-08-15"))
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 8, 14), date(2026, 8, 15)]
    assert [dated.in_force_on(day) for day in days] == [False, True, True, False]
    assert SMALL.in_force_on(date(1999, 1, 1))


def test_a_month_is_scored_by_the_scheme_of_its_first_day_also_where_another_begins_within_it() -> None:
    old = a_scheme(SMALL_SCHEME, ("total: 100", "total: 100\nvalid_until: 2026-08-15"))
    new = a_scheme(SMALL_SCHEME, ("total: 100", "total: 100\nvalid_from: 2026-08-15"))
    assert scheme_of_month((new, old), date(2026, 8, 1)) is old
    assert scheme_of_month((old, new), date(2026, 9, 1)) is new
    assert scheme_of_month((new,), date(2026, 8, 1)) is None
