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


def test_a_late_visit_takes_every_step_it_missed() -> None:
    found = climbed(sign_in_steps(rules(), START + minutes(10)), 1, START + minutes(21))
    assert [step.to for step in found.steps] == ["backup", "leader"]
    assert found.next_at == START + minutes(30)


@given(st.lists(st.integers(0, 60), unique=True, max_size=8).map(sorted))
def test_however_visits_fall_each_step_is_taken_once_and_in_order(visits: list[int]) -> None:
    steps, taken, seen = sign_in_steps(rules(), START + minutes(10)), 0, []
    for minute in [*visits, 61]:
        now: datetime = START + minutes(minute)
        found = climbed(steps, taken, now)
        assert climbed(steps, taken + len(found.steps), now).steps == ()
        seen += [step.to for step in found.steps]
        taken += len(found.steps)
    assert seen == [step.to for step in steps]
