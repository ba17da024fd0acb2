"""Which level warnings suggest, what is in force by the decisions alone, and when people are asked."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.flood_rules import LEVELS, ResponseLevel, gravest
from models.flood_warning import Hazard, Severity, WarningSource
from models.response_rules import (
    Considered,
    Decided,
    OpenWarning,
    asks_anew,
    covering_level,
    differs,
    in_force,
    suggested,
)
from tests.flood_rows import COUNTY, MORNING, TOWN
from tests.response_cities import a_response_city, with_flood

CITY = a_response_city()
DAY = date(2021, 7, 20)
MINUTE = timedelta(minutes=1)
II, III, IV = (ResponseLevel[name] for name in ("II", "III", "IV"))
END = ResponseLevel.ENDED


def a_warning(severity: str, hazard: str = "flood", area: str = TOWN, threshold: str | None = None) -> OpenWarning:
    source = WarningSource.THRESHOLD if threshold else WarningSource.SIGNAL
    number = f"YJ20210720-{severity}-{hazard}-{area}"
    return OpenWarning(number, Hazard(hazard), Severity(severity), source, threshold, area)


def decided(level: ResponseLevel, minutes: int = 0, area: str = TOWN, hazard: Hazard = Hazard.FLOOD) -> Decided:
    at = MORNING + minutes * MINUTE
    return Decided(f"HS{minutes}", hazard, area, level, False, at, "centre", "leader")


@pytest.mark.parametrize(
    ("severity", "hazard", "level", "people"),
    [
        ("blue", "flood", "IV", False),
        ("yellow", "flood", "IV", False),
        ("orange", "flood", "III", False),
        ("red", "flood", "II", True),
        ("blue", "drought", "IV", False),
        ("yellow", "drought", "III", False),
        ("orange", "drought", "II", False),
        ("red", "drought", "I", False),
    ],
)
def test_each_hazard_has_a_ladder_of_its_own(severity: str, hazard: str, level: str, people: bool) -> None:
    assert CITY.flood
    (found,) = suggested(CITY.flood, [a_warning(severity, hazard)], DAY).values()
    assert (found.level.name, found.human_decides) == (level, people)


def test_the_gravest_warning_of_an_area_counts_and_all_that_suggest_it_are_named() -> None:
    assert CITY.flood
    warnings = [a_warning("yellow"), a_warning("orange"), a_warning("blue", threshold="guaranteed_stage")]
    found = suggested(CITY.flood, warnings, DAY)[Hazard.FLOOD, TOWN]
    assert (found.level, found.warnings) == (II, ("YJ20210720-blue-flood-410184101",))


def test_warnings_of_villages_count_for_the_area_the_city_decides_for() -> None:
    town, county = CITY.flood, with_flood("area_digits: 9", "area_digits: 6").flood
    assert town
    assert county
    village = [a_warning("orange", area="410184101001")]
    assert list(suggested(town, village, DAY)) == [(Hazard.FLOOD, TOWN)]
    assert list(suggested(county, village, DAY)) == [(Hazard.FLOOD, COUNTY)]


def test_the_table_in_force_on_the_day_counts() -> None:
    stricter = """  - hazard: flood
    valid_from: 2021-07-20
    rows: [{severity: orange, level: I}]
  - hazard: drought"""
    city = with_flood("  - hazard: drought", stricter)
    assert city.flood
    before, after = (suggested(city.flood, [a_warning("orange")], DAY + timedelta(days=n)) for n in (-1, 0))
    assert [one.level for found in (before, after) for one in found.values()] == [III, ResponseLevel.I]


def test_what_is_in_force_follows_from_the_decisions_in_their_order() -> None:
    rows = [decided(IV), decided(III, 10), decided(III, 20), decided(END, 30)]
    now = {minutes: in_force(rows, MORNING + minutes * MINUTE) for minutes in (-1, 5, 25, 30)}
    assert [len(found) for found in now.values()] == [0, 1, 1, 0]
    one = now[25][Hazard.FLOOD, TOWN]
    assert (one.level, one.since, one.started_at) == (III, MORNING + 10 * MINUTE, MORNING)


def test_a_town_inside_a_county_at_a_level_is_at_that_level_too() -> None:
    now = in_force([decided(III, area=COUNTY), decided(IV)], MORNING)
    assert covering_level(now, CITY, Hazard.FLOOD, TOWN) is III
    assert covering_level(now, CITY, Hazard.DROUGHT, TOWN) is END


@pytest.mark.parametrize(
    ("suggestion", "own", "covering", "asks"),
    [
        (IV, END, END, True),
        (IV, END, III, False),
        (III, IV, IV, True),
        (IV, III, III, True),
        (END, III, III, True),
        (END, END, III, False),
        (III, III, III, False),
        (II, END, III, True),
    ],
)
def test_people_are_asked_where_a_suggestion_rises_above_what_covers_or_falls_below_what_is_decided(
    suggestion: ResponseLevel, own: ResponseLevel, covering: ResponseLevel, asks: bool
) -> None:
    assert differs(suggestion, own, covering) is asks


def test_what_was_just_considered_is_not_asked_again_until_time_has_passed() -> None:
    last, hours = Considered(II, MORNING), timedelta(hours=12)
    assert not asks_anew(II, last, MORNING + hours - MINUTE, hours)
    assert asks_anew(II, last, MORNING + hours, hours)
    assert asks_anew(III, last, MORNING, hours)
    assert asks_anew(II, None, MORNING, hours)


LEVELS_OR_END = st.sampled_from([*LEVELS, END])
DECISIONS = st.lists(
    st.builds(
        decided,
        level=LEVELS_OR_END,
        minutes=st.integers(0, 500),
        area=st.sampled_from([TOWN, COUNTY]),
        hazard=st.sampled_from(Hazard),
    ),
    max_size=12,
)
MOMENTS = st.integers(-10, 600).map(lambda minutes: MORNING + minutes * MINUTE)


@given(rows=DECISIONS, at=MOMENTS)
def test_the_last_decision_of_a_hazard_and_area_is_what_is_in_force(rows: list[Decided], at: datetime) -> None:
    found = in_force(rows, at)
    for hazard in Hazard:
        for area in (TOWN, COUNTY):
            mine = [one for one in rows if (one.hazard, one.area) == (hazard, area) and one.at <= at]
            last = max(mine, key=lambda one: one.at, default=None)
            level = found[hazard, area].level if (hazard, area) in found else END
            latest = {one.level for one in mine if last and one.at == last.at} or {END}
            assert level in latest
    assert END not in {one.level for one in found.values()}


@given(rows=DECISIONS, at=MOMENTS)
def test_decisions_about_one_hazard_change_nothing_for_the_other(rows: list[Decided], at: datetime) -> None:
    flood = [one for one in rows if one.hazard is Hazard.FLOOD]
    both, alone = in_force(rows, at), in_force(flood, at)
    assert {where: one for where, one in both.items() if where[0] is Hazard.FLOOD} == alone


@given(levels=st.lists(LEVELS_OR_END))
def test_the_gravest_is_no_lighter_than_any(levels: list[ResponseLevel]) -> None:
    assert all(gravest(*levels).gravity >= level.gravity for level in levels)


SEVERITIES = st.sampled_from(Severity)


@given(severities=st.lists(SEVERITIES, min_size=1, max_size=6), more=SEVERITIES)
def test_a_further_warning_never_lowers_the_suggestion(severities: list[Severity], more: Severity) -> None:
    assert CITY.flood
    few = suggested(CITY.flood, [a_warning(each) for each in severities], DAY)[Hazard.FLOOD, TOWN]
    many = suggested(CITY.flood, [a_warning(each) for each in (*severities, more)], DAY)[Hazard.FLOOD, TOWN]
    assert many.level.gravity >= few.level.gravity
