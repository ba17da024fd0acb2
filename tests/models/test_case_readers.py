"""Who may read a case, by what happened to it."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from models.case_readers import may_read_case
from models.case_state import CaseState
from models.vocabulary import UNIT_ROLES, Role, State
from tests.cities import a_small_city
from tests.stored_cases import at

NOW = at("2019-05-06 10:00")


@dataclass
class Happened:
    actor: str = "rule:x"
    facts: dict[str, Any] = field(default_factory=dict)


DISPATCHED = Happened(facts={"unit": "lihe"})
LIHE = {"lihe-liaison", "lihe-head", "lihe-crew"}
VERIFY = Happened(facts={"inspector": "inspector-a"})


CITY = a_small_city()


def a_case(state: State) -> CaseState:
    return CaseState(1, "R1", "hotline_12345", NOW, CITY.edition, CITY.calendar_edition, state, area="410184101001001")


def readers(*events: Happened, state: State = State.HANDLING) -> set[str]:
    """The units' people and inspectors who may read a case of these events."""
    limited = [p.code for p in CITY.posts.values() if p.role in UNIT_ROLES or p.role is Role.INSPECTOR]
    return {code for code in limited if may_read_case(CITY, code, a_case(state), events, NOW)}


@pytest.mark.parametrize(
    ("events", "read"),
    [
        ([], set()),
        ([Happened(facts={"unit": None, "inspector": None})], set()),
        ([DISPATCHED], LIHE),
        ([DISPATCHED, Happened(facts={"unit": "water"})], LIHE | {"water-liaison", "water-head"}),
        # inspector-b is inspector-a's deputy, and may do what the other one may.
        ([VERIFY], {"inspector-a", "inspector-b"}),
        ([Happened(actor="inspector-b")], {"inspector-b"}),
        ([Happened(facts={"unit": "centre"})], {"centre-liaison", "centre-head"}),
    ],
)  # fmt: skip
def test_units_and_inspectors_read_what_they_were_given_and_nothing_else(
    events: list[Happened], read: set[str]
) -> None:
    assert readers(*events) == read


def test_an_inspector_reads_what_was_just_reported_where_they_are_on_duty() -> None:
    assert readers(state=State.REPORTED) == {"inspector-a", "inspector-b"}
    assert readers(state=State.ACCEPTED) == set()


def test_the_command_centre_reads_every_case_and_a_post_nobody_knows_reads_none() -> None:
    everything = {"acceptor-a", "shift-leader", "dispatcher", "leader", "evaluator", "admin", "auditor"}
    assert all(may_read_case(CITY, code, a_case(State.HANDLING), [], NOW) for code in everything)
    assert not may_read_case(CITY, "nobody", a_case(State.HANDLING), [DISPATCHED], NOW)
