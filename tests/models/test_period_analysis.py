"""What stands out in a period, against plain ways of finding the same."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.analysed_case import AnalysedCase, Closing, DayCounts
from models.analysis_rules import AnalysisRules
from models.hot_spots import hot_spots, spans_before
from models.period_analysis import PeriodFacts, Span, analyse
from models.recurrences import Recurrences, recurrences
from models.rises import Rises, Scope, rises
from models.similar import EARTH_RADIUS_METRES, distance_metres
from tests.cities import a_small_city
from tests.replayed import real_file
from tests.stored_cases import ZONE, at

FIRST, LAST = date(2026, 8, 3), date(2026, 8, 9)
WEEK = Span(FIRST, LAST).days
RULES = AnalysisRules()
TOWNS = ("410184101", "410184102")
MONDAY = at("2026-08-03 09:00")
DAY = timedelta(days=1)
LONG_AGO = date(2020, 1, 1)


def a_case(number: int, reported: datetime = MONDAY, **fields: object) -> AnalysedCase:
    values: dict[str, object] = {
        "class_code": "E0101", "area": TOWNS[0], "unit": "lihe", "source": "inspector", "place": "新华路",
        "longitude": 113.74, "latitude": 34.40,
    }  # fmt: skip
    return AnalysedCase(number, f"E{number}", reported_at=reported, **(values | fields))  # type: ignore[arg-type]


def closed(case: AnalysedCase, when: datetime) -> Closing:
    return Closing(case, when)


def found_back(
    cases: list[AnalysedCase], closings: list[Closing], rules: AnalysisRules = RULES
) -> tuple[Recurrences, list[tuple[str, ...]]]:
    found = recurrences(cases, cases, closings, rules)
    return found, [place.cases for place in found.places]


def test_what_comes_back_near_and_soon_after_its_closing_is_a_recurrence_of_the_case_closed_last() -> None:
    old = [a_case(n, MONDAY - 10 * DAY) for n in (1, 2)]
    closings = [closed(old[0], MONDAY - 5 * DAY), closed(old[1], MONDAY - 2.5 * DAY)]
    near = a_case(3, latitude=34.40 + 0.0004)  # 44 m
    far = a_case(4, latitude=34.40 + 0.0005)  # 56 m
    other = a_case(5, class_code="E0110")
    found, places = found_back([near, far, other], closings)
    assert (found.count, found.compared, places) == (1, 3, [("E1", "E2", "E3")])
    (back,) = found.places[0].recurrences
    assert (back.case, back.previous, back.days, back.metres) == ("E3", "E2", Decimal("2.5"), Decimal("44.5"))
    assert found.share == Decimal("0.3333")


@pytest.mark.parametrize(
    ("reported", "closing"),
    [
        pytest.param(MONDAY - DAY, MONDAY + DAY, id="still open: a duplicate"),
        pytest.param(MONDAY - 60 * DAY, MONDAY - 30 * DAY - timedelta(seconds=1), id="a month ago: something new"),
    ],
)
def test_what_was_open_or_closed_long_ago_does_not_come_back(reported: datetime, closing: datetime) -> None:
    assert found_back([a_case(2)], [closed(a_case(1, reported), closing)])[1] == []


def test_exactly_thirty_days_after_the_closing_still_counts() -> None:
    assert found_back([a_case(2)], [closed(a_case(1, MONDAY - 40 * DAY), MONDAY - 30 * DAY)])[0].count == 1


def test_a_case_fixed_on_the_spot_is_no_recurrence_of_itself() -> None:
    case = a_case(1)
    assert found_back([case], [closed(case, case.reported_at)])[1] == []


def test_a_chain_is_one_place_and_each_coming_back_is_counted() -> None:
    cases = [a_case(n, MONDAY + n * DAY) for n in range(3)]
    found, places = found_back(cases, [closed(case, case.reported_at + DAY / 2) for case in cases])
    assert (found.count, places) == (2, [("E0", "E1", "E2")])
    assert [back.previous for back in found.places[0].recurrences] == ["E0", "E1"]


def test_a_case_without_position_or_class_is_told_apart_and_compared_with_nothing() -> None:
    closings = [closed(a_case(9, MONDAY - 3 * DAY), MONDAY - DAY)]
    unplaced, half, unclassed = a_case(1, longitude=None, latitude=None), a_case(2, latitude=None), a_case(3)
    found, _ = found_back([unplaced, half, replace(unclassed, class_code=None)], closings)
    assert (found.without_position, found.without_class) == (("E1", "E2"), ("E3",))
    assert (found.count, found.compared, found.share) == (0, 0, None)


def test_a_default_address_is_no_place_and_is_said_to_be_one() -> None:
    classes = ("E0101", "E0110", "E0201", "C0101", "C0102")
    piled = [a_case(n, MONDAY - 3 * DAY, class_code=classes[n % 5], source="hotline_12345") for n in range(19)]
    later = [a_case(100 + n, class_code=classes[n]) for n in range(5)]
    found, places = found_back(later, [closed(case, MONDAY - DAY) for case in piled])
    assert (places, found.compared) == ([], 0)
    (point,) = found.default_points
    assert (point.count, point.classes, point.sources) == (24, 5, ("hotline_12345", "inspector"))
    assert point.cases == tuple(f"E{100 + n}" for n in range(5))
    assert len(found_back(later[:1], [closed(case, MONDAY - DAY) for case in piled[:18]])[1]) == 1, "19 are too few"


def test_many_cases_of_one_class_on_one_point_are_a_place_that_says_so() -> None:
    """A camera, or one manhole: the point alone condemns nothing."""
    old = [a_case(n, MONDAY - 9 * DAY) for n in range(30)]
    found, _ = found_back([a_case(99)], [closed(case, MONDAY - DAY) for case in old])
    assert (found.default_points, found.places[0].points, len(found.places[0].cases)) == ((), 1, 31)


def test_a_point_with_many_closings_is_measured_once_for_each_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a camera with ten thousand cases would take hours."""
    measured: list[float] = []

    def counting(*places: float) -> float:
        measured.append(distance_metres(*places))
        return measured[-1]

    monkeypatch.setattr("models.recurrences.distance_metres", counting)
    cases = [a_case(n, MONDAY + n * DAY / 600) for n in range(1200)]
    closings = [closed(case, case.reported_at + DAY / 5000) for case in cases]
    found, places = found_back(cases, closings)
    assert (found.count, len(places), len(places[0])) == (1199, 1, 1200)
    assert len(measured) == 1200


spots = st.tuples(st.integers(0, 6), st.integers(0, 6))
stories = st.lists(
    st.tuples(spots, st.integers(0, 80), st.none() | st.integers(0, 30), st.sampled_from(["E0101", "E0110"])),
    max_size=40,
)


@given(stories)
@settings(max_examples=100, deadline=None)
def test_recurrences_are_those_of_comparing_every_pair(
    told: list[tuple[tuple[int, int], int, int | None, str]],
) -> None:
    """Half days; 18 m east and 22 m north from spot to spot."""
    start, rules = MONDAY - 30 * DAY, replace(RULES, one_point_least=1000)
    cases, closings = [], []
    for n, ((x, y), half_days, lasted, code) in enumerate(told):
        reported = start + half_days * DAY / 2
        case = a_case(n, reported, class_code=code, longitude=113.7 + 0.0002 * x, latitude=34.4 + 0.0002 * y)
        cases.append(case)
        closings += [] if lasted is None else [closed(case, reported + lasted * DAY / 2)]
    new = sorted((case for case in cases if case.reported_at >= MONDAY), key=lambda c: (c.reported_at, c.case_id))
    closings.sort(key=lambda each: (each.closed_at, each.case.case_id))
    groups, previous = _by_every_pair(new, closings)
    found, places = found_back(new, closings, rules)
    assert sorted(map(sorted, places)) == sorted(map(sorted, groups))
    assert {back.case: back.previous for place in found.places for back in place.recurrences} == previous


def _by_every_pair(
    new: list[AnalysedCase], closings: list[Closing]
) -> tuple[list[set[str]], dict[str, str]]:  # fmt: skip
    """Groups of names that hang together, and the case each recurrence came back from, the plain way."""
    groups: list[set[str]] = []
    previous: dict[str, tuple[tuple[datetime, float, int], str]] = {}
    for case, closing in product(new, closings):
        other = closing.case
        metres = distance_metres(*(case.point or ()), *(other.point or ()))
        soon = closing.closed_at < case.reported_at <= closing.closed_at + 30 * DAY
        if other.case_id == case.case_id or other.class_code != case.class_code or metres > 50 or not soon:
            continue
        touched = [group for group in groups if group & {case.name, other.name}]
        groups = [group for group in groups if group not in touched]
        groups.append({case.name, other.name}.union(*touched))
        rank = (closing.closed_at, -metres, other.case_id)
        if case.name not in previous or rank > previous[case.name][0]:
            previous[case.name] = (rank, other.name)
    return groups, {case: name for case, (_, name) in previous.items()}


def test_the_recurrences_of_a_real_city_are_those_of_measuring_everything() -> None:
    """Boston, three days of August 2011 against all closed in the 30 days before; a class is a request's type."""
    columns = ["open_dt", "closed_dt", "type", "latitude", "longitude"]
    frame = pd.read_csv(real_file("boston_311_2011_jul_sep.csv.gz"), usecols=columns)
    frame = frame[(frame["open_dt"] < "2011-08-18") & frame["latitude"].notna()].reset_index(drop=True)
    for column in ("open_dt", "closed_dt"):
        frame[column] = pd.to_datetime(frame[column], format="%Y-%m-%d %H:%M:%S").dt.tz_localize(ZONE)
    start, end = pd.Timestamp(at("2011-08-15 00:00")), pd.Timestamp(at("2011-08-18 00:00"))
    ended = frame[(frame["closed_dt"] >= start - 30 * DAY) & (frame["closed_dt"] < end)]
    new = frame[frame["open_dt"] >= start].sort_values("open_dt")
    closings = [closed(_of_boston(row), row.closed_dt.to_pydatetime()) for row in _rows(ended)]
    closings.sort(key=lambda each: each.closed_at)
    found, _ = found_back([_of_boston(row) for row in _rows(new)], closings, replace(RULES, one_point_least=9999))
    by_type = dict(list(ended.groupby("type")))
    expected = sum(_came_back(row, by_type[row.type]) for row in _rows(new) if row.type in by_type)
    assert found.count == expected > 50
    assert found.compared == len(new)


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    return iter(frame.itertuples())


def _of_boston(row: Any) -> AnalysedCase:
    place = {"longitude": row.longitude, "latitude": row.latitude}
    return a_case(row.Index, row.open_dt.to_pydatetime(), class_code=row.type, **place)


def _came_back(row: Any, ended: pd.DataFrame) -> bool:
    """Every closing of the type is measured, by the plain formula of the great circle."""
    soon = (ended["closed_dt"] < row.open_dt) & (ended["closed_dt"] >= row.open_dt - 30 * DAY)
    north, other = np.radians(row.latitude), np.radians(ended["latitude"])
    east = np.radians(ended["longitude"] - row.longitude)
    chord = np.sin((other - north) / 2) ** 2 + np.cos(north) * np.cos(other) * np.sin(east / 2) ** 2
    return bool((soon & (2 * EARTH_RADIUS_METRES * np.arcsin(np.sqrt(chord)) <= 50)).any())


def rising(
    cases: list[AnalysedCase], before: DayCounts, history_from: date | None = LONG_AGO, rules: AnalysisRules = RULES
) -> Rises:
    by_day: dict[date, list[AnalysedCase]] = {}
    for case in cases:
        by_day.setdefault(case.reported_at.astimezone(ZONE).date(), []).append(case)
    counts = {**before, **{day: Counter(case.cell for case in inside) for day, inside in by_day.items()}}
    return rises(by_day, WEEK, counts, history_from, rules)


def mondays(*counts: int) -> DayCounts:
    return {FIRST - timedelta(weeks=week): {("E0101", TOWNS[0]): count} for week, count in enumerate(counts, 1)}


def test_a_day_far_above_the_same_weekdays_before_is_a_rise_with_its_cases() -> None:
    found = rising([a_case(n) for n in range(9)], mondays(2, 3, 1, 2, 4, 2, 1, 3))
    assert {(rise.scope, rise.class_code, rise.area) for rise in found.found} == {
        (Scope.CLASS, "E0101", None), (Scope.AREA, None, TOWNS[0]), (Scope.CLASS_AREA, "E0101", TOWNS[0]),
    }  # fmt: skip
    rise = found.found[0]
    assert (rise.day, rise.count, rise.usual.median, rise.usual.spread) == (FIRST, 9, Decimal(2), Decimal(1))
    assert rise.usual.bound == 2 + 3 * Decimal("1.4826")
    assert rise.cases == tuple(f"E{n}" for n in range(9))
    assert [(day.count, day.risen) for day in found.days[:2]] == [(9, True), (0, False)]
    assert rising([a_case(n) for n in range(6)], mondays(2, 3, 1, 2, 4, 2, 1, 3)).found == ()


@pytest.mark.parametrize(("count", "risen"), [(4, False), (5, True)])
def test_where_every_week_was_alike_the_least_numbers_decide(count: int, risen: bool) -> None:
    found = rising([a_case(n) for n in range(count)], mondays(*[2] * 8))
    assert bool(found.found) is risen
    assert found.days[0].usual is not None
    assert found.days[0].usual.spread == 0
    assert rising([a_case(n) for n in range(9)], mondays(*[7] * 8)).found == (), "two more than usual are no rise"


def test_without_enough_weeks_nothing_is_a_rise_and_each_day_says_so() -> None:
    many = [a_case(n) for n in range(50)]
    found = rising(many, mondays(1, 1, 1, 1, 1), FIRST - timedelta(weeks=5))
    assert (found.found, found.days[0].weeks, found.days[0].usual, found.days[0].risen) == ((), 5, None, False)
    assert rising(many, mondays(1, 1, 1, 1, 1, 1), FIRST - timedelta(weeks=6)).found
    assert rising(many, {}, None).days[0].weeks == 0


def test_a_case_without_class_or_area_still_counts_for_what_it_has() -> None:
    cases = [a_case(n, class_code=None) for n in range(6)] + [a_case(10 + n, area=None) for n in range(6)]
    found = rising(cases, {})
    assert {(rise.class_code, rise.area, rise.count) for rise in found.found} == {
        (None, TOWNS[0], 6),
        ("E0101", None, 6),
    }
    assert found.days[0].count == 12


@given(st.lists(st.tuples(st.integers(0, 69), st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=500))
@settings(max_examples=25, deadline=None)
def test_rises_are_those_of_pandas(told: list[tuple[int, int, int]]) -> None:
    """63 days before, of which the first week is too old, and 7 of the period; every report as a row."""
    start, codes = FIRST - timedelta(days=63), ("E0101", "E0110")
    rows = pd.DataFrame(told, columns=["day", "town", "kind"])
    before: dict[date, Counter[tuple[str | None, str | None]]] = {}
    for day, town, kind in told:
        if day < 63:
            before.setdefault(start + day * DAY, Counter())[codes[kind], TOWNS[town]] += 1
    cases = [
        a_case(n, MONDAY + (day - 63) * DAY, area=TOWNS[town], class_code=codes[kind])
        for n, (day, town, kind) in enumerate(told)
        if day >= 63
    ]
    found = {(rise.scope.value, rise.class_code, rise.area, rise.day) for rise in rising(cases, before).found}
    expected = set()
    for scope, keys in (("class", ["kind"]), ("area", ["town"]), ("class_area", ["kind", "town"])):
        for group, inside in rows.groupby(keys):
            of: dict[str, Any] = dict(zip(keys, group, strict=True))
            counts = inside["day"].value_counts().reindex(range(70), fill_value=0)
            for day in range(63, 70):
                usual = counts.loc[[day - 7 * week for week in range(1, 9)]]
                spread = (usual - usual.median()).abs().median()
                over = counts[day] - usual.median()
                if counts[day] >= 5 and over >= 3 and over > 3 * 1.4826 * spread:
                    code = codes[of["kind"]] if "kind" in of else None
                    expected.add((scope, code, TOWNS[of["town"]] if "town" in of else None, start + day * DAY))
    assert found == expected


def test_hot_spots_are_ordered_by_cases_with_share_usual_and_cases() -> None:
    cases = [a_case(n) for n in range(6)] + [a_case(10 + n, area="410184102001") for n in range(5)]
    cases += [a_case(20 + n, class_code="E0110") for n in range(4)] + [
        a_case(30 + n, class_code=None) for n in range(5)
    ]
    before: DayCounts = {FIRST - DAY * day: {("E0101", TOWNS[0]): 1} for day in range(1, 50)}
    found = hot_spots(cases, WEEK, before, LONG_AGO, RULES)
    told = [(spot.class_code, spot.area, spot.count, str(spot.usual)) for spot in found.named]
    assert told == [("E0101", TOWNS[0], 6, "7"), ("E0101", TOWNS[1], 5, "0"), (None, TOWNS[0], 5, "0")]
    assert (found.named[0].share, found.named[0].spans, found.named[0].cases[:2]) == (
        Decimal("0.3000"),
        8,
        ("E0", "E1"),
    )
    few = hot_spots(cases, WEEK, before, LONG_AGO, replace(RULES, hot_most=1))
    assert (len(few.named), few.unnamed) == (1, 2)
    assert hot_spots(cases, WEEK, before, None, RULES).named[0].usual is None


@pytest.mark.parametrize(
    ("days", "known_from", "firsts"),
    [
        (7, LONG_AGO, ["2026-07-27", "2026-07-20", "2026-07-13", "2026-07-06"]),
        (14, LONG_AGO, ["2026-07-20", "2026-07-06"]),
        (60, LONG_AGO, ["2026-06-04"]),
        (7, date(2026, 7, 19), ["2026-07-27", "2026-07-20"]),
        (7, None, []),
    ],
)
def test_spans_before_are_as_long_as_the_period_and_known_as_a_whole(
    days: int, known_from: date | None, firsts: list[str]
) -> None:
    spans = spans_before([FIRST + day * DAY for day in range(days)], known_from, 4)
    assert [str(span[0]) for span in spans] == firsts
    assert all(len(span) == days for span in spans)


def test_an_analysis_of_a_part_has_its_cases_only_but_looks_back_at_everybodys() -> None:
    city = a_small_city()
    cases = [a_case(1, unit="water"), a_case(2, unit="lihe"), a_case(3, left_out="void"), a_case(4, area="410199101")]
    facts = PeriodFacts(cases, [closed(a_case(9, MONDAY - 3 * DAY, unit="water"), MONDAY - DAY)], {}, None)
    end = at("2026-08-10 00:00")
    whole = analyse(city, Span(FIRST, LAST), facts, end, still_open=False)
    assert (whole.reported, whole.analysed, whole.left_out["void"]) == (4, 3, 1)
    part = analyse(city, Span(FIRST, LAST, TOWNS[0], "lihe"), facts, end, still_open=False)
    assert (part.reported, part.analysed, part.recurrences.count) == (2, 1, 1)
    again = analyse(city, Span(FIRST, LAST), replace(facts, cases=cases[::-1]), end, still_open=False)
    assert whole.written() == again.written(), "the order in which rows come changes no byte"
