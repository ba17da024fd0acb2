"""What stands in a queue is a step of the state table, and every state that needs a person stands in one."""

import pytest

from models.lifecycle_table import steps_from
from models.vocabulary import ANY_OPEN, ActionName, Role, State
from models.waiting_work import OWED, absent_posts
from tests.cities import a_small_city, changed
from tests.stored_cases import at

MONDAY = at("2019-05-06 10:00")

ROWS = sorted((role, state, step) for role, states in OWED.items() for state, step in states.items())


@pytest.mark.parametrize(("role", "state", "step"), ROWS, ids=[f"{r}-{s}" for r, s, _ in ROWS])
def test_what_waits_for_a_role_is_a_step_it_may_take(role: Role, state: State, step: ActionName) -> None:
    assert step in {row.action for row in steps_from(state, role)}


def test_only_what_ends_by_itself_waits_for_nobody() -> None:
    waited_for = {state for states in OWED.values() for state in states}
    assert ANY_OPEN - waited_for == {State.SUSPENDED}


@pytest.mark.parametrize(
    ("leave", "owes_for"),
    [
        ("", ()),
        ("lihe-liaison,2019-05-06,2019-05-06\n", ("lihe-liaison",)),
        ("lihe-liaison,2019-05-07,2019-05-08\n", ()),
        ("lihe-liaison,2019-05-06,2019-05-06\nlihe-head,2019-05-06,2019-05-06\n", ()),
    ],
)
def test_a_deputy_owes_for_who_is_away_that_day(leave: str, owes_for: tuple[str, ...]) -> None:
    city = a_small_city(changed("leave.csv", "post,from,to\n", f"post,from,to\n{leave}"))
    assert absent_posts(city, "lihe-head", MONDAY) == owes_for
