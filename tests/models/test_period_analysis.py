"""What stands out in a period, against plain ways of finding the same."""

from datetime import date, datetime, timedelta

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from models.period_analysis import AnalysedCase, AnalysisRules, analyse, find_recurrences, find_rises, hot_spots
from models.similar import distance_metres
from tests.stored_cases import at

FIRST, LAST = date(2026, 8, 3), date(2026, 8, 9)
RULES = AnalysisRules()
TOWNS = ("410184101", "410184102")


def a_case(
    number: str, reported: datetime, *, closed: datetime | None = None, x: float | None = 113.74,
    y: float | None = 34.40, class_code: str = "E0101", area: str = TOWNS[0],
) -> AnalysedCase:  # fmt: skip
    return AnalysedCase(number, class_code, area, reported.date(), reported, closed, x, y)


MONDAY = at("2026-08-03 09:00")
DAY = timedelta(days=1)


def test_what_comes_back_near_and_soon_after_its_closing_is_a_recurrence() -> None:
    earlier = [a_case("old", MONDAY - 10 * DAY, closed=MONDAY - 5 * DAY)]
    near = a_case("near", MONDAY, y=34.40 + 0.0004)  # 44 m
    far = a_case("far", MONDAY, y=34.40 + 0.0005)  # 56 m
    other = a_case("other", MONDAY, class_code="E0110")
    (found,) = find_recurrences([near, far, other], earlier, RULES)
    assert (found.cases, found.class_code) == (("old", "near"), "E0101")


def test_what_was_reported_before_the_closing_is_a_duplicate_and_after_a_month_something_new() -> None:
    still_open = a_case("old", MONDAY - 10 * DAY, closed=MONDAY + DAY)
    long_ago = a_case("older", MONDAY - 60 * DAY, closed=MONDAY - 31 * DAY)
    never = a_case("never", MONDAY - 3 * DAY)
    assert find_recurrences([a_case("new", MONDAY)], [still_open, long_ago, never], RULES) == []


def test_a_chain_is_one_place_and_each_coming_back_is_counted() -> None:
    cases = [a_case(str(day), MONDAY + day * DAY, closed=MONDAY + day * DAY + DAY / 2) for day in range(3)]
    found = analyse(FIRST, LAST, cases, [a_case("old", MONDAY - DAY, closed=MONDAY - DAY / 2)], [], 8, RULES)
    assert ([each.cases for each in found.recurrences], found.recurring) == ([("old", "0", "1", "2")], 3)
    alone = analyse(FIRST, LAST, cases, [], [], 8, RULES)
    assert (alone.recurring, alone.recurrences[0].cases) == (2, ("0", "1", "2"))


def test_a_default_address_is_no_place_and_is_said_to_be_one() -> None:
    classes = ("E0101", "E0110", "E0201", "C0101", "C0102")
    piled = [a_case(f"p{n}", MONDAY, closed=MONDAY, class_code=classes[n % 5]) for n in range(20)]
    later = [a_case(f"q{n}", MONDAY + DAY, class_code=classes[n % 5]) for n in range(5)]
    found = analyse(FIRST, LAST, [*piled, *later], [], [], 8, RULES)
    assert (found.recurrences, dict(found.one_points)) == ((), {"113.74,34.4": 25})


def test_cases_without_a_position_are_counted_apart() -> None:
    assert analyse(FIRST, LAST, [a_case("a", MONDAY, x=None, y=None)], [], [], 8, RULES).without_position == 1


points = st.tuples(st.integers(0, 12), st.integers(0, 12))


@given(
    st.lists(
        st.tuples(points, st.integers(0, 45), st.none() | st.integers(0, 20), st.sampled_from(["E0101", "E0110"])),
        max_size=40,
    )
)
@settings(max_examples=150, deadline=None)
def test_recurrences_are_those_of_comparing_every_pair(
    told: list[tuple[tuple[int, int], int, int | None, str]],
) -> None:
    start, split = MONDAY - 40 * DAY, MONDAY - 10 * DAY
    cases = [
        a_case(
            str(n), start + day * DAY, closed=None if lasted is None else start + (day + lasted) * DAY,
            x=113.7 + 0.0002 * x, y=34.4 + 0.0002 * y, class_code=code,
        )
        for n, ((x, y), day, lasted, code) in enumerate(told)
    ]  # fmt: skip
    new = [case for case in cases if case.reported_at >= split]
    earlier = [case for case in cases if case.reported_at < split]
    pairs = {
        frozenset((one.number, other.number))
        for one in new
        for other in cases
        if other is not one
        and other.class_code == one.class_code
        and other.closed_at is not None
        and other.closed_at <= one.reported_at <= other.closed_at + 30 * DAY
        and distance_metres(one.longitude or 0, one.latitude or 0, other.longitude or 0, other.latitude or 0) <= 50
    }
    groups: list[set[str]] = []
    for pair in pairs:
        touched = [group for group in groups if group & pair]
        groups = [group for group in groups if not group & pair] + [set(pair).union(*touched)]
    found = find_recurrences(new, earlier, RULES)
    assert sorted(map(sorted, (each.cases for each in found))) == sorted(map(sorted, groups))


def test_a_day_far_above_the_same_weekdays_before_is_a_rise_with_its_cases() -> None:
    before = [("E0101", TOWNS[0], FIRST - week * timedelta(days=7), 2) for week in range(1, 9)]
    cases = [a_case(f"{n:02}", MONDAY) for n in range(5)]
    rises = find_rises(cases, before, RULES)
    assert [(rise.class_code, rise.area, rise.count, rise.usual, rise.spread) for rise in rises] == [
        (None, TOWNS[0], 5, 2.0, 0.0),
        ("E0101", None, 5, 2.0, 0.0),
        ("E0101", TOWNS[0], 5, 2.0, 0.0),
    ]
    assert rises[0].cases == ("00", "01", "02", "03", "04")
    assert find_rises(cases[:4], before, RULES) == [], "four a day are too few to speak of"


def test_without_history_nothing_is_called_a_rise_and_that_is_said() -> None:
    found = analyse(FIRST, LAST, [a_case(str(n), MONDAY) for n in range(50)], [], [], 5, RULES)
    assert (found.rises, found.enough_history, found.weeks_of_history) == ((), False, 5)


@given(st.lists(st.tuples(st.integers(0, 62), st.integers(0, 1)), min_size=1, max_size=400))
@settings(max_examples=60, deadline=None)
def test_rises_are_those_of_pandas(told: list[tuple[int, int]]) -> None:
    """56 days before and 7 of the period; every report as a row."""
    start = FIRST - timedelta(days=56)
    rows = pd.DataFrame(told, columns=["day", "town"])
    before = [("E0101", TOWNS[town], start + day * DAY, 1) for day, town in told if day < 56]
    new = [(str(n), day, town) for n, (day, town) in enumerate(told) if day >= 56]
    cases = [a_case(name, MONDAY + (day - 56) * DAY, area=TOWNS[town]) for name, day, town in new]
    found = {(rise.area, rise.day): rise for rise in find_rises(cases, before, RULES) if rise.class_code and rise.area}
    expected = set()
    for town, of_town in rows.groupby("town"):
        counts = of_town["day"].value_counts().reindex(range(63), fill_value=0)
        for day in range(56, 63):
            usual = counts.loc[[day - 7 * week for week in range(1, 9)]]
            middle = usual.median()
            spread = (usual - middle).abs().median()
            over = max(3 * 1.4826 * spread, 3)
            is_rise = counts[day] >= middle + over if spread == 0 else counts[day] > middle + over
            if counts[day] >= 5 and is_rise:
                expected.add((TOWNS[int(str(town))], start + day * DAY))
    assert set(found) == expected


def test_hot_spots_are_ordered_by_cases_with_their_share_and_their_usual() -> None:
    cases = [a_case(f"a{n}", MONDAY) for n in range(6)] + [a_case(f"b{n}", MONDAY, area=TOWNS[1]) for n in range(3)]
    cases += [a_case("c", MONDAY, class_code="E0110")]
    before = [("E0101", TOWNS[0], FIRST - DAY * day, 1) for day in range(1, 57)]
    first, second = hot_spots(FIRST, LAST, cases, before, 8, RULES)
    assert (first.area, len(first.cases), first.share, first.usual) == (TOWNS[0], 6, 0.6, 7.0)
    assert (second.area, second.usual) == (TOWNS[1], 0.0)
    assert hot_spots(FIRST, LAST, cases, before, 0, RULES)[0].usual is None
