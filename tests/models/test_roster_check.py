"""The independent judge: each rule is found where it is broken, and nowhere else."""

from dataclasses import replace
from datetime import date

import pytest

from models.city import City
from models.roster_check import RosterFault, check_pattern, check_roster, rules_against
from models.roster_problem import RosterRule, Standing
from models.roster_proposal import propose_plainly
from tests.flood_cities import a_flood_city
from tests.rosters import (
    PATTERN_8H,
    PATTERN_12H,
    duty_documents,
    duty_of,
    problem_of,
    standings_of,
    twenty_people,
)

FIRST, LAST = date(2021, 7, 5), date(2021, 7, 11)  # Monday to Sunday

POOLS = {"leader": ["leader-1", "leader-2"], "officer": ["officer-1", "officer-2", "officer-3", "both"]}
POOLS["leader"].append("both")


@pytest.fixture
def city() -> City:
    return a_flood_city(duty_documents(POOLS, leave=[("officer-3", "2021-07-08", "2021-07-09")]))


def week(city: City) -> dict[tuple[str, str], Standing]:
    """A sound week, by day and place."""
    problem = problem_of(city, FIRST, LAST)
    standings = standings_of(problem, propose_plainly(problem))
    return {(one.shift.code[:10], one.place): one for one in standings}


def faults_with(city: City, **posts: str | None) -> list[RosterFault]:
    """What is wrong with the week once some places are somebody else's. Example: officer_08="officer-3"."""
    found = week(city)
    for name, post in posts.items():
        place, _, day = name.partition("_")
        key = f"2021-07-{day}", place
        found[key] = replace(found[key], post=post)
    return check_roster(city, duty_of(city), list(found.values()))


def test_a_sound_week_has_no_fault(city: City) -> None:
    assert faults_with(city) == []


def test_who_is_on_leave_is_found_also_where_the_shift_only_ends_on_a_day_of_leave(city: City) -> None:
    for day in ("07", "08", "09"):  # Leave on the 8th and 9th; the shift of the 7th ends on the 8th at 08:00.
        rules = {fault.rule for fault in faults_with(city, **{f"officer_{day}": "officer-3"})}
        assert RosterRule.LEAVE in rules, day
    assert RosterRule.LEAVE not in {fault.rule for fault in faults_with(city, officer_06="officer-3")}


def test_one_person_in_two_places_of_a_shift_is_found(city: City) -> None:
    found = faults_with(city, leader_06="both", officer_06="both")
    mine = [fault for fault in found if fault.rule == RosterRule.ELSEWHERE]
    assert [(fault.shift, fault.post, fault.other) for fault in mine] == [
        ("2021-07-06T08:00", "both", "2021-07-06T08:00")
    ]


def test_too_little_rest_after_24_hours_is_found_with_the_other_shift(city: City) -> None:
    found = faults_with(city, officer_05="officer-1", officer_06="officer-1", officer_07="officer-2")
    assert RosterFault("rest", "2021-07-06T08:00", "officer", "officer-1", "2021-07-05T08:00") in found


def test_a_post_outside_the_pool_or_the_directory_is_found(city: City) -> None:
    assert "not_in_pool" in {fault.rule for fault in faults_with(city, leader_06="officer-1")}
    gone = a_flood_city(duty_documents(POOLS, ended={"officer-2": "2021-07-07"}))
    assert "ended" in {fault.rule for fault in faults_with(gone, officer_06="officer-2")}
    assert "ended" not in {fault.rule for fault in faults_with(gone, officer_05="officer-2")}


def test_two_nights_running_are_found_where_the_rest_would_do() -> None:
    city = a_flood_city(duty_documents(POOLS, pattern=PATTERN_12H))
    problem = problem_of(city, FIRST, FIRST.replace(day=6))
    standings = [Standing(shift, "officer", None) for shift in problem.shifts]
    nights = [replace(one, post="officer-1") if one.shift.night else one for one in standings]
    found = check_roster(city, duty_of(city), nights)
    assert RosterFault("two_nights", "2021-07-06T20:00", "officer", "officer-1", "2021-07-05T20:00") in found


def test_shorter_shifts_have_a_rest_of_their_own() -> None:
    city = a_flood_city(duty_documents(POOLS, pattern=PATTERN_8H))
    morning, evening = problem_of(city, FIRST, FIRST).shifts[1:]
    mine = [Standing(morning, "officer", "officer-1")]
    assert rules_against(city, duty_of(city), "officer-1", "officer", evening, mine) == [
        (RosterRule.REST, "2021-07-05T08:00")
    ]


def test_a_gap_is_needless_where_somebody_is_free_and_told_where_nobody_is(city: City) -> None:
    (needless,) = faults_with(city, officer_05=None)
    assert needless.rule == "needless_gap"
    assert needless.forbids
    alone = a_flood_city(duty_documents({"leader": ["leader-1"], "officer": ["officer-1", "officer-2"]}))
    found = check_roster(alone, duty_of(alone), list(week(alone).values()))
    assert {(fault.rule, fault.forbids) for fault in found} == {("gap", False)}


def test_published_shifts_around_it_count_and_are_not_judged_themselves(city: City) -> None:
    standings = list(week(city).values())
    before = [
        replace(one, shift=problem_of(city, date(2021, 7, 4), date(2021, 7, 4)).shifts[0]) for one in standings[:2]
    ]
    found = check_roster(city, duty_of(city), standings, before)
    assert {(fault.rule, fault.shift) for fault in found} == {("rest", "2021-07-05T08:00")}


def test_the_pattern_wants_every_shift_and_place_and_no_other(city: City) -> None:
    problem = problem_of(city, FIRST, LAST)
    standings = list(week(city).values())
    other = replace(standings[0].shift, code="2021-07-05T09:00")
    found = check_pattern(
        city, problem.shifts, duty_of(city), [*standings[1:], Standing(other, "leader", "leader-1"), standings[1]]
    )
    assert {(fault.rule, fault.shift) for fault in found} == {
        ("missing", "2021-07-05T08:00"),
        ("not_in_pattern", "2021-07-05T09:00"),
    }
    strange = Standing(standings[0].shift, "cook", "leader-1")
    assert ("unknown_place", "cook") in {
        (fault.rule, fault.place) for fault in check_pattern(city, problem.shifts, duty_of(city), [*standings, strange])
    }


def test_a_season_of_twenty_people_is_judged_sound() -> None:
    city = a_flood_city(twenty_people())
    problem = problem_of(city, date(2021, 5, 15), date(2021, 9, 30))
    assert check_roster(city, duty_of(city), standings_of(problem, propose_plainly(problem))) == []
