"""The quality report says in numbers and names what is so, whoever made the roster."""

from datetime import date

from models.city import City
from models.duty_shifts import Measure
from models.roster_balance import EarlierRoster, carried_over
from models.roster_problem import RosterProblem, pose
from models.roster_proposal import propose_plainly
from models.roster_quality import Quality, quality_of
from tests.flood_cities import a_flood_city
from tests.rosters import FOUR_WEEKS, duty_documents, duty_of, problem_of, twenty_people


def report(city: City, problem: RosterProblem) -> Quality:
    return quality_of(city, duty_of(city), problem, propose_plainly(problem))


def test_an_even_roster_says_so() -> None:
    city = a_flood_city(twenty_people())
    quality = report(city, problem_of(city, *FOUR_WEEKS))
    assert (quality.shifts, quality.wanted, quality.filled) == (28, 84, 84)
    assert quality.is_even
    assert (quality.gaps, quality.overloads, quality.leave, quality.provisional_from) == ((), (), (), None)
    leaders = [load for load in quality.loads if load.place == "leader"]
    assert [load.counts[0] for load in leaders] == [7, 7, 7, 7]
    assert sum(load.counts[2] for load in leaders) == 8  # Saturdays and Sundays of July 2021 up to the 28th.


def test_leave_that_keeps_counts_uneven_is_named_with_its_holder() -> None:
    city = a_flood_city(twenty_people(leave=[("leader-2", "2021-07-01", "2021-07-26")]))
    quality = report(city, problem_of(city, *FOUR_WEEKS))
    shifts = next(one for one in quality.uneven if (one.place, one.measure) == ("leader", Measure.SHIFTS))
    assert (shifts.post, shifts.rule, shifts.least) == ("leader-2", "leave", 1)
    (met,) = quality.leave
    assert (met.post, met.shifts, met.still_rostered) == ("leader-2", 26, 0)


def test_a_gap_names_the_rule_that_keeps_each_person_away() -> None:
    leave = [("officer-1", "2021-07-03", "2021-07-04")]
    city = a_flood_city(duty_documents({"leader": ["l-1", "l-2"], "officer": ["officer-1", "officer-2"]}, leave=leave))
    quality = report(city, problem_of(city, date(2021, 7, 1), date(2021, 7, 6)))
    assert all(set(gap.why.values()) <= {"leave", "rest"} for gap in quality.gaps)
    assert {gap.place for gap in quality.gaps} == {"officer"}
    assert {"officer-1": "leave", "officer-2": "rest"} in [dict(gap.why) for gap in quality.gaps]


def test_more_hours_than_usual_within_seven_days_are_named() -> None:
    city = a_flood_city(duty_documents({"leader": ["l-1", "l-2", "l-3", "l-4"], "officer": ["o-1", "o-2"]}))
    quality = report(city, problem_of(city, date(2021, 7, 1), date(2021, 7, 10)))
    assert [(one.post, one.hours) for one in quality.overloads] == [("o-1", 96), ("o-2", 96)]


def test_what_was_carried_over_is_shown_and_counts() -> None:
    city = a_flood_city(twenty_people())
    carried = {("leader", "leader-1"): (4, 4, 0, 0)}
    problem = pose(city, duty_of(city), *FOUR_WEEKS, carried=carried)
    quality = report(city, problem)
    leaders = {load.post: (load.counts[0], load.balance[0]) for load in quality.loads if load.place == "leader"}
    assert leaders == {"leader-1": (4, 8), "leader-2": (8, 8), "leader-3": (8, 8), "leader-4": (8, 8)}


def test_more_carried_over_than_so_few_days_make_up_for_is_named() -> None:
    city = a_flood_city(twenty_people())
    carried = {("leader", "leader-1"): (5, 5, 0, 0)}
    problem = pose(city, duty_of(city), date(2021, 7, 1), date(2021, 7, 4), carried=carried)
    quality = report(city, problem)
    shifts = next(one for one in quality.uneven if (one.place, one.measure) == ("leader", Measure.SHIFTS))
    assert (shifts.post, shifts.rule) == ("leader-1", "carried")


def test_days_whose_holidays_are_not_published_are_said() -> None:
    city = a_flood_city(twenty_people())
    year = city.calendar.last_official_date.year + 1
    quality = report(city, problem_of(city, date(year, 7, 1), date(year, 7, 7)))
    assert quality.provisional_from == date(year, 7, 1)


def test_balances_are_told_from_the_pools_mean_bounded_and_a_newcomer_starts_at_nothing() -> None:
    city = a_flood_city(twenty_people())
    leader = duty_of(city).places[0]
    season = EarlierRoster(
        {("leader", f"leader-{n}"): (count, count, 0, 0) for n, count in ((1, 35), (2, 35), (3, 34))}
    )
    found = carried_over([leader], [season], 5)
    assert [found["leader", f"leader-{n}"][0] for n in (1, 2, 3, 4)] == [0, 0, -1, 0]
    ill = EarlierRoster({("leader", "leader-1"): (60, 60, 0, 0), ("leader", "leader-2"): (0, 0, 0, 0)})
    found = carried_over([leader], [ill], 5)
    assert [found["leader", f"leader-{n}"][0] for n in (1, 2, 3)] == [5, -5, 0]
    twice = carried_over([leader], [season, season], 5)
    assert [twice["leader", f"leader-{n}"][0] for n in (1, 2, 3, 4)] == [0, 0, -2, 0]
