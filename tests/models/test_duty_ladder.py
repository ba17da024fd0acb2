"""When silence on duty climbs: the moments of duty.yaml, the vacancy in its place, what a late visit makes up."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.duty_ladder import UNACCEPTED, VACANT, climbed, handover_steps, sign_in_due, sign_in_steps
from models.duty_rules import DutyRules, DutyRung
from tests.flood_cities import a_flood_city
from tests.stored_cases import at

START = at("2021-07-20 08:00")


def rules() -> DutyRules:
    found = a_flood_city().duty
    assert found
    return found


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def test_the_ladder_of_the_file_with_the_vacancy_thirty_minutes_after_the_start() -> None:
    steps = sign_in_steps(rules(), START + minutes(10))
    assert [(f"{step.due_at:%H:%M}", step.to) for step in steps] == [
        ("08:10", "again"),
        ("08:15", "backup"),
        ("08:20", "leader"),
        ("08:30", VACANT),
    ]


def test_a_rung_after_the_vacancy_is_taken_after_it() -> None:
    late = DutyRules(rules().season, (), (), sign_in_ladder=(DutyRung(minutes(60), "leader"),))
    assert [step.to for step in sign_in_steps(late, START + minutes(10))] == [VACANT, "leader"]


def test_a_handover_climbs_and_at_last_is_recorded_as_not_accepted() -> None:
    steps = handover_steps(rules(), START)
    assert [(f"{step.due_at:%H:%M}", step.to) for step in steps] == [
        ("08:30", "again"),
        ("08:45", "leader"),
        ("08:45", UNACCEPTED),
    ]


@pytest.mark.parametrize(
    ("opened", "due"),
    [(0, 10), (1, 10), (10, 10), (11, 21), (90, 100)],
)
def test_who_was_told_late_has_the_same_time_from_then_on(opened: int, due: int) -> None:
    assert sign_in_due(rules(), START, START + minutes(opened)) == START + minutes(due)


def test_a_visit_some_minutes_late_takes_every_step_that_is_due() -> None:
    found = climbed(sign_in_steps(rules(), START + minutes(10)), 1, START + minutes(15), START + minutes(21))
    assert ([step.to for step in found.steps], found.next_at) == (["backup", "leader"], START + minutes(30))


def test_after_an_outage_the_ladder_goes_on_step_by_step_with_its_own_distances() -> None:
    steps, planned, now = sign_in_steps(rules(), START + minutes(10)), START + minutes(10), START + minutes(70)
    seen: list[tuple[str, str]] = []
    while len(seen) < len(steps):
        found = climbed(steps, len(seen), planned, now)
        seen += [(f"{now:%H:%M}", step.to) for step in found.steps]
        planned = now = found.next_at or now
    assert seen == [("09:10", "again"), ("09:15", "backup"), ("09:20", "leader"), ("09:30", VACANT)]


@given(st.lists(st.integers(0, 60), unique=True, max_size=8).map(sorted))
def test_however_visits_fall_each_step_is_taken_once_and_in_order(visits: list[int]) -> None:
    steps, seen = sign_in_steps(rules(), START + minutes(10)), list[str]()
    climbs_at: datetime | None = steps[0].due_at
    for minute in [*visits, *range(61, 90)]:
        now: datetime = START + minutes(minute)
        while climbs_at is not None and climbs_at <= now:
            found = climbed(steps, len(seen), climbs_at, now)
            assert found.steps, "a visit that is due takes a step"
            assert found.next_at is None or found.next_at > now, "and a second one at the same moment none"
            seen += [step.to for step in found.steps]
            climbs_at = found.next_at
    assert seen == [step.to for step in steps]
