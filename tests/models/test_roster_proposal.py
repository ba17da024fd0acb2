"""Both solvers: even where they can be, within all rules always, and the same again for the same seed."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.city import City
from models.roster_check import GAP, check_pattern, check_roster
from models.roster_cp_sat import SolverMissing, propose_by_cp_sat
from models.roster_problem import RosterProblem, pose
from models.roster_proposal import Roster, propose_plainly
from models.roster_quality import quality_of
from tests.flood_cities import a_flood_city
from tests.rosters import (
    PATTERN_8H,
    PATTERN_12H,
    PATTERN_24H,
    PATTERN_NIGHTS_AND_WEEKENDS,
    SEASON,
    duty_documents,
    duty_of,
    problem_of,
    standings_of,
    twenty_people,
)

Solve = Callable[[RosterProblem, int], Roster]

SOLVERS = pytest.mark.parametrize("solve", [propose_plainly, propose_by_cp_sat])


@pytest.fixture(autouse=True)
def _needs_ortools(request: pytest.FixtureRequest) -> None:
    if getattr(request.node, "callspec", None) and request.node.callspec.params.get("solve") is propose_by_cp_sat:
        pytest.importorskip("ortools")


def hard_faults(city: City, problem: RosterProblem, roster: Roster) -> list[str]:
    """Everything the independent judge forbids."""
    standings, duty = standings_of(problem, roster), duty_of(city)
    found = [*check_pattern(city, problem.shifts, duty, standings), *check_roster(city, duty, standings)]
    return [str(fault) for fault in found if fault.forbids]


@SOLVERS
def test_a_season_of_three_places_and_twenty_people_is_even_in_seconds(solve: Solve) -> None:
    leave = [("leader-1", "2021-06-01", "2021-06-20"), ("officer-2", "2021-07-01", "2021-07-15")]
    city = a_flood_city(twenty_people(leave=leave))
    problem = problem_of(city, *SEASON)
    begun = time.monotonic()
    roster = solve(problem, 7)
    assert time.monotonic() - begun < 10
    quality = quality_of(city, duty_of(city), problem, roster)
    assert (quality.filled, quality.wanted) == (417, 417)
    assert all(spread <= 1 for place in quality.spread.values() for spread in place.values()), quality.spread
    assert quality.is_even
    assert hard_faults(city, problem, roster) == []


@SOLVERS
def test_people_who_may_stand_in_several_places_are_even_in_each_and_together(solve: Solve) -> None:
    staff = [f"staff-{n}" for n in range(1, 17)]
    pools = {"leader": [f"leader-{n}" for n in range(1, 5)], "cadre": staff, "officer": staff}
    city = a_flood_city(duty_documents(pools))
    problem = problem_of(city, *SEASON)
    roster = solve(problem, 1)
    quality = quality_of(city, duty_of(city), problem, roster)
    assert all(spread <= 1 for place in quality.spread.values() for spread in place.values())
    together = Counter(post for row in roster for post in row[1:])
    assert max(together.values()) - min(together.values()) <= 1
    assert hard_faults(city, problem, roster) == []


@pytest.mark.parametrize("pattern", [PATTERN_12H, PATTERN_8H, PATTERN_NIGHTS_AND_WEEKENDS])
def test_every_pattern_of_the_domain_comes_out_even(pattern: str) -> None:
    city = a_flood_city(twenty_people(pattern=pattern))
    problem = problem_of(city, date(2021, 6, 1), date(2021, 7, 31))
    roster = propose_plainly(problem, 3)
    quality = quality_of(city, duty_of(city), problem, roster)
    assert quality.filled == quality.wanted
    assert quality.is_even, quality.spread
    assert hard_faults(city, problem, roster) == []


@SOLVERS
def test_the_same_seed_gives_the_same_roster(solve: Solve) -> None:
    problem = problem_of(a_flood_city(twenty_people()), date(2021, 6, 1), date(2021, 6, 21))
    assert solve(problem, 5) == solve(problem, 5)


def test_another_seed_gives_another_roster() -> None:
    problem = problem_of(a_flood_city(twenty_people()), date(2021, 6, 1), date(2021, 6, 21))
    assert propose_plainly(problem, 5) != propose_plainly(problem, 6)


@SOLVERS
def test_a_b_post_stands_in_only_where_its_a_post_may_not(solve: Solve) -> None:
    pools = {"leader": ["leader-1", "leader-2"], "officer": ["a-1", "b-1", "officer-2", "officer-3"]}
    leave = [("a-1", "2021-07-05", "2021-07-20")]
    city = a_flood_city(duty_documents(pools, pairs=[("officer", "a-1", "b-1")], leave=leave))
    problem = problem_of(city, date(2021, 7, 1), date(2021, 7, 30))
    roster = solve(problem, 0)
    stood = {shift.day: row[1] for shift, row in zip(problem.shifts, roster, strict=True)}
    by_b = [day for day, post in stood.items() if post == "b-1"]
    assert by_b
    assert all(date(2021, 7, 4) <= day <= date(2021, 7, 20) for day in by_b)
    quality = quality_of(city, duty_of(city), problem, roster)
    assert quality.spread["officer"]["shifts"] <= 1  # The pair takes one share.
    assert hard_faults(city, problem, roster) == []


@SOLVERS
def test_two_who_alternate_leave_no_day_open(solve: Solve) -> None:
    """The water bureau of the domain's account: in effect two men alternate 24 hours for the whole season."""
    city = a_flood_city(duty_documents({"leader": ["leader-1", "leader-2"], "officer": ["officer-1", "officer-2"]}))
    problem = problem_of(city, date(2021, 7, 1), date(2021, 7, 31))
    roster = solve(problem, 0)
    assert all(post for row in roster for post in row)
    assert hard_faults(city, problem, roster) == []


@SOLVERS
def test_published_shifts_before_and_after_keep_their_rest(solve: Solve) -> None:
    city = a_flood_city(twenty_people())
    before, after = (problem_of(city, day, day) for day in (date(2021, 6, 30), date(2021, 7, 6)))
    around = [*standings_of(before, propose_plainly(before)), *standings_of(after, propose_plainly(after))]
    problem = pose(city, duty_of(city), date(2021, 7, 1), date(2021, 7, 5), around)
    standings = standings_of(problem, solve(problem, 0))
    assert [fault for fault in check_roster(city, duty_of(city), standings, around) if fault.forbids] == []


def test_the_optional_solver_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ortools.sat.python", None)
    problem = problem_of(a_flood_city(twenty_people()), date(2021, 6, 1), date(2021, 6, 3))
    with pytest.raises(SolverMissing, match=r"zhihui\[roster\]"):
        propose_by_cp_sat(problem)


@st.composite
def cities(draw: st.DrawFn) -> City:
    """A duty room of any pools that overlap, pattern, leave and A/B pairs."""
    staff = [f"p{n}" for n in range(draw(st.integers(2, 7)))]
    pools = {
        place: sorted(draw(st.sets(st.sampled_from(staff), min_size=1, max_size=5)))
        for place in ("leader", "cadre", "officer")[: draw(st.integers(1, 3))]
    }
    rested = {post for found in pools.values() for post in found}
    day = st.integers(0, 13).map(lambda n: date(2021, 6, 7) + timedelta(days=n))
    leave = [
        (post, str(first), str(first + timedelta(days=draw(st.integers(0, 5)))))
        for post in sorted(rested)
        if draw(st.booleans())
        for first in [draw(day)]
    ]
    officers = pools.get("officer", [])
    pairs = [("officer", officers[0], officers[1])] if len(officers) > 2 and draw(st.booleans()) else []
    pattern = draw(st.sampled_from([PATTERN_24H, PATTERN_12H, PATTERN_8H, PATTERN_NIGHTS_AND_WEEKENDS]))
    return a_flood_city(duty_documents(pools, pattern=pattern, leave=leave, pairs=pairs))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cities(), st.integers(0, 1000))
def test_no_rule_is_ever_broken_and_a_place_is_empty_only_where_nobody_is_free(city: City, seed: int) -> None:
    problem = problem_of(city, date(2021, 6, 7), date(2021, 6, 20))
    roster = propose_plainly(problem, seed)
    assert hard_faults(city, problem, roster) == []
    faults = check_roster(city, duty_of(city), standings_of(problem, roster))
    quality = quality_of(city, duty_of(city), problem, roster)
    assert {(f.shift, f.place) for f in faults if f.rule == GAP} == {(gap.shift, gap.place) for gap in quality.gaps}
    assert all(gap.why for gap in quality.gaps)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cities())
def test_the_optional_solver_breaks_no_rule_and_never_leaves_more_open_than_the_plain_one(city: City) -> None:
    pytest.importorskip("ortools")
    problem = problem_of(city, date(2021, 6, 7), date(2021, 6, 13))
    plain, proved = propose_plainly(problem), propose_by_cp_sat(problem)
    assert hard_faults(city, problem, proved) == []
    assert sum(row.count(None) for row in proved) <= sum(row.count(None) for row in plain)
