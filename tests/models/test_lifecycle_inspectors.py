"""Worked examples with dates: tasks of inspectors who never answer, or whose post ends while they have one.

6 May 2019 is a Monday. Verification and check allow 30 minutes each; inspector-b is the deputy of inspector-a and on
duty around the clock in the whole county, inspector-a by day in the one grid.
"""

import pytest

from models.city import City
from models.ladder import next_wake
from models.vocabulary import ClockKind, ClockState, State
from tests.builders import MONDAY, Story, a_story, shown
from tests.cities import a_small_city, changed

A, B = "inspector-a", "inspector-b"
BY_RULE = changed(
    "policy.yaml",
    "automation:\n",
    "automation:\n  - {code: send, takes: [order_verify, order_check], sources: [citizen], complete_only: no}\n",
)
UNTIL_TUESDAY = changed("posts.csv", f"410184101,{B},,\n", f"410184101,{B},,2019-05-07\n", BY_RULE)
"""The post of inspector-a does not exist any more from Tuesday on; a rule sends inspectors."""


def due(story: Story) -> str:
    """The deadline of the clock that runs."""
    clock = story.case.running_clock()
    return shown(clock.due_at if clock else None)


def without_inspector_a() -> City:
    """Another edition of the city, from whose directory the post of inspector-a has vanished."""
    documents = dict(BY_RULE)
    for file in ("posts.csv", "inspectors.csv", "contact_points.csv"):
        kept = [line for line in documents[file].splitlines() if not line.startswith(A) and f",{A}," not in line]
        documents[file] = "\n".join(kept) + "\n"
    return a_small_city(documents)


def test_a_verification_that_is_never_answered_goes_to_another_inspector_with_a_new_clock() -> None:
    story = Story(at=MONDAY).must("acceptor-a", "order_verify", "2019-05-06 08:10", inspector=A)
    story.must("acceptor-b", "order_verify", "2019-05-06 09:20", inspector=B)
    assert (story.state, story.case.inspector, due(story)) == (State.VERIFYING, B, "2019-05-06 09:50")
    assert story.told[-2:] == [("verify_task", B), ("taken_away", A)]
    assert story.last("order_verify")["former_inspector"] == A
    late = story.does(A, "verify", "2019-05-06 09:25", result="true")
    assert late is not None
    assert (late.code, late.facts["holder"]) == ("not_yours", B)
    story.must(B, "verify", "2019-05-06 09:30", result="true")
    assert due(story) == "2019-05-06 09:35"  # 10 of the acceptor's 15 minutes were used


def test_each_inspector_who_is_sent_is_told_of_when_late() -> None:
    story = Story(at=MONDAY).must("acceptor-a", "order_verify", MONDAY, inspector=A)
    story.must("acceptor-a", "order_verify", "2019-05-06 10:00", inspector=B)
    story.visit("2019-05-06 12:00")
    assert story.history("alarm_seat") == [("alarm_seat", "2019-05-06 09:00"), ("alarm_seat", "2019-05-06 11:00")]


def test_a_check_that_is_never_done_goes_to_another_inspector_with_a_new_clock() -> None:
    story = a_story(State.CHECKING)  # reported as handled at 08:30
    assert due(story) == "2019-05-06 09:00"
    story.must("acceptor-a", "order_check", "2019-05-06 08:40", inspector=A)
    assert due(story) == "2019-05-06 09:00"  # the first inspector goes within the limit that runs
    story.must("acceptor-a", "order_check", "2019-05-06 10:00", inspector=B)
    assert (story.state, story.case.inspector, due(story)) == (State.CHECKING, B, "2019-05-06 10:30")
    assert story.told[-2:] == [("check_task", B), ("taken_away", A)]
    checks = [clock.state for clock in story.case.clocks if clock.kind is ClockKind.CHECK]
    assert checks == [ClockState.FINISHED, ClockState.RUNNING]
    story.must(B, "check", "2019-05-06 10:10", result="passed")
    assert story.state is State.CLOSING


@pytest.mark.parametrize(("state", "action"), [(State.VERIFYING, "order_verify"), (State.CHECKING, "order_check")])
def test_the_inspector_who_has_the_task_gets_no_second_limit(state: State, action: str) -> None:
    story = a_story(state)
    if state is State.CHECKING:
        story.must("acceptor-a", action, "2019-05-06 08:40", inspector=A)
    refusal = story.does("acceptor-b", action, "2019-05-06 08:50", inspector=A)
    assert refusal is not None
    assert (refusal.code, refusal.facts["inspector"]) == ("sent_already", A)


def test_a_rule_lets_an_inspector_who_takes_long_be() -> None:
    story = Story(a_small_city(BY_RULE))
    for hour in ("08:02", "12:00", "18:00"):
        story.visit(f"2019-05-06 {hour}")
    assert [facts["inspector"] for facts in orders(story)] == [A]


def orders(story: Story) -> list[dict[str, str]]:
    """The facts of every order to an inspector."""
    return [event.facts for event in story.events if event.action in ("order_verify", "order_check")]


@pytest.mark.parametrize(
    "visits", [("2019-05-07 00:00",), ("2019-05-07 03:00", "2019-05-08 09:00"), ("2019-05-09 09:00",)]
)
def test_where_a_post_ends_with_a_task_a_rule_sends_another_at_that_moment(visits: tuple[str, ...]) -> None:
    story = Story(a_small_city(UNTIL_TUESDAY), at="2019-05-06 19:50")
    story.visit("2019-05-06 19:52")
    assert story.case.inspector == A
    for visit in visits:
        story.visit(visit)
    assert story.history("order_verify") == [("order_verify", "2019-05-06 19:52"), ("order_verify", "2019-05-07 00:00")]
    assert (story.case.inspector, due(story)) == (B, "2019-05-07 00:30")


def test_the_end_of_a_post_that_only_a_person_can_mend_wakes_nobody_for_ever() -> None:
    only_people = changed("posts.csv", f"410184101,{B},,\n", f"410184101,{B},,2019-05-07\n")
    story = Story(a_small_city(only_people), at="2019-05-06 19:50")
    story.must("acceptor-b", "order_verify", "2019-05-06 20:10", inspector=A)
    story.visit("2019-05-08 09:00")
    assert (story.case.inspector, next_wake(story.case, story.city)) == (A, None)
    story.must("acceptor-a", "order_verify", "2019-05-08 09:10", inspector=B)
    story.must(B, "verify", "2019-05-08 09:20", result="true")
    assert story.state is State.REPORTED


def test_where_a_post_has_vanished_from_the_directory_the_next_visit_sends_another() -> None:
    story = Story(a_small_city(BY_RULE))
    story.visit("2019-05-06 08:02")
    story.move_to(without_inspector_a()).visit("2019-05-06 08:20")
    assert (story.case.inspector, due(story)) == (B, "2019-05-06 08:50")
    assert story.told[-1] == ("verify_task", B)  # Nobody holds the post of inspector-a any more to be told.


def test_a_check_whose_inspector_has_vanished_is_ordered_anew_too() -> None:
    story = Story(a_small_city(BY_RULE)).must("acceptor-a", "accept", MONDAY)
    story.must("shift-leader", "file", MONDAY).must("dispatcher", "dispatch", MONDAY, unit="lihe")
    story.must("lihe-liaison", "receive", MONDAY).handled("2019-05-06 09:00")
    assert story.case.inspector == A
    story.move_to(without_inspector_a()).visit("2019-05-06 09:20")
    assert (story.case.inspector, due(story)) == (B, "2019-05-06 09:50")


@pytest.mark.parametrize("state", [State.VERIFYING, State.CHECKING])
def test_an_inspector_on_the_way_hears_when_the_case_ends_without_them(state: State) -> None:
    story = a_story(state)
    if state is State.CHECKING:
        story.must("acceptor-a", "order_check", "2019-05-06 08:40", inspector=A)
    story.must("leader", "force_close", "2019-05-06 08:50", reason="统一处理")
    assert story.state is State.CLOSED
    assert ("taken_away", A) in story.told
    voided = a_story(state)
    if state is State.CHECKING:
        voided.must("acceptor-a", "order_check", "2019-05-06 08:40", inspector=A)
    voided.asked("void", "2019-05-06 08:50", by="acceptor-a").granted("void", "2019-05-06 08:55", by="shift-leader")
    assert ("taken_away", A) in voided.told
