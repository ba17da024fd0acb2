"""What a rule takes by itself, and what waits for a person because no rule covers it."""

from copy import deepcopy
from dataclasses import replace

import pytest

from models.lifecycle_events import replay
from models.policy import matches_class
from models.vocabulary import State
from tests.builders import CELL, MONDAY, Story, a_story
from tests.cities import a_small_city, changed

STRAIGHT_THROUGH = "takes: [accept, file, dispatch, order_check, close]"


def after_a_visit(story: Story, at: str = "2019-05-06 08:02") -> Story:
    story.visit(at)
    return story


def test_a_whole_case_needs_only_the_unit_and_the_inspector() -> None:
    story = after_a_visit(Story(source="inspector"))
    story.must("lihe-liaison", "receive", "2019-05-06 08:10").handled("2019-05-06 09:00")
    assert story.case.inspector == "inspector-a"
    story.checked("2019-05-06 09:30")
    assert story.state is State.CLOSED
    assert story.last("close")["handled_on_time"] is True


@pytest.mark.parametrize("missing", ["class_code", "condition_no", "area"])
def test_an_incomplete_report_waits_for_the_acceptor(missing: str) -> None:
    story = Story(source="inspector", **{missing: None})  # type: ignore[arg-type]
    assert after_a_visit(story).state is State.REPORTED


def test_a_report_flagged_as_similar_waits_for_the_acceptor_whose_judgement_lets_rules_go_on() -> None:
    story = Story(source="inspector")
    story.by_rule("flag_similar", MONDAY, candidates=[{"case": 7, "metres": 12.0, "hours": 3.0}], waits=True)
    assert after_a_visit(story).state is State.REPORTED
    assert story.must("acceptor-a", "accept", "2019-05-06 08:10").case.state is State.DISPATCHED


def test_reports_of_other_sources_wait_where_the_rule_names_its_own() -> None:
    assert after_a_visit(Story(source="citizen")).state is State.REPORTED


@pytest.mark.parametrize(("result", "state"), [("true", State.ACCEPTED), ("false", State.REJECTED)])
def test_a_report_that_needs_verification_is_sent_to_the_inspector_of_the_place_first(
    result: str, state: State
) -> None:
    steps = changed("policy.yaml", STRAIGHT_THROUGH, "takes: [order_verify, accept, reject]")
    story = Story(a_small_city(changed("policy.yaml", "sources: [inspector]", "sources: [citizen]", steps)))
    after_a_visit(story)
    assert (story.state, story.case.inspector) == (State.VERIFYING, "inspector-a")
    story.must("inspector-a", "verify", "2019-05-06 08:20", result=result)
    assert story.state is state
    assert state is not State.REJECTED or story.last("reject")["reason"] == "verified_false"


def test_where_nobody_is_on_duty_the_check_waits_for_the_acceptor() -> None:
    # `city check` asks for inspectors around the clock; their posts may have ended since.
    nobody = replace(a_small_city(), inspectors=())
    story = after_a_visit(Story(nobody, source="inspector", class_code="E0110"))
    story.must("lihe-liaison", "receive", "2019-05-06 08:10").handled("2019-05-06 20:10")
    assert (story.state, story.case.inspector) == (State.CHECKING, None)
    story.must("acceptor-b", "order_check", "2019-05-06 20:20", inspector="inspector-b")
    assert story.case.inspector == "inspector-b"


def test_the_cases_of_a_place_are_spread_over_its_pool() -> None:
    pool = changed("inspectors.csv", f"{CELL},inspector-a", f"{CELL},inspector-b,08:00,20:00\n{CELL},inspector-a")
    sent = set()
    for _ in range(2):
        story = after_a_visit(Story(a_small_city(pool), source="inspector"))
        story.must("lihe-liaison", "receive", "2019-05-06 08:10").handled("2019-05-06 09:00")
        sent.add(story.case.inspector)
    assert sent == {"inspector-a", "inspector-b"}


@pytest.mark.parametrize(
    ("class_code", "area", "unit"),
    [
        ("E0101", CELL, "lihe"),  # the territory of the cell's town
        ("E0101", "410184", "centre"),
        ("C0101", CELL, "water"),  # manhole covers of the waterworks, wherever they are
    ],
)
def test_a_rule_dispatches_to_whom_class_and_place_name(class_code: str, area: str, unit: str) -> None:
    assert after_a_visit(Story(source="inspector", class_code=class_code, area=area)).case.unit == unit


def test_a_unit_that_does_not_exist_that_day_gets_nothing_and_the_dispatcher_decides() -> None:
    story = after_a_visit(Story(source="inspector", class_code="C0101", at="2018-12-28 08:00"), "2018-12-28 08:02")
    assert story.state is State.FILED
    refusal = story.does("dispatcher", "dispatch", "2018-12-28 08:05", unit="water")
    assert refusal is not None
    assert (refusal.code, refusal.facts["unit"]) == ("unknown_unit", "water")


def test_what_the_policy_switches_off_neither_a_rule_nor_a_person_does() -> None:
    documents = changed(
        "policy.yaml", "most_hand_backs: 3", "most_hand_backs: 3\ndisabled_actions: [dispatch, supervise]"
    )
    story = after_a_visit(Story(a_small_city(documents), source="inspector"))
    assert story.state is State.FILED
    refusal = story.does("leader", "supervise", "2019-05-06 08:05", reason="尽快")
    assert refusal is not None
    assert (refusal.code, refusal.facts["action"]) == ("switched_off", "supervise")


def test_a_case_without_a_class_is_not_filed() -> None:
    story = Story(class_code=None, condition_no=None).must("acceptor-a", "accept", MONDAY)
    refusal = story.does("shift-leader", "file", MONDAY)
    assert refusal is not None
    assert refusal.code == "unknown_class"
    story.must("acceptor-a", "correct", MONDAY, class_code="E0101", condition_no=1)
    assert story.must("shift-leader", "file", MONDAY).case.number == "E0101201905060001"


def test_where_nobody_chose_a_condition_the_default_limit_counts() -> None:
    story = Story(class_code="E0110", condition_no=None).dispatched()
    assert story.last("dispatch")["limit"] == "4 work_hour"


def test_several_steps_taken_by_rule_never_undo_a_persons_step() -> None:
    story = after_a_visit(Story(source="inspector"))
    story.must("dispatcher", "redispatch", "2019-05-06 09:00", unit="water", reason="管网问题")
    assert after_a_visit(story, "2019-05-06 10:00").case.unit == "water"


@pytest.mark.parametrize(
    ("pattern", "code", "fits"),
    [
        ("E0110", "E0110", True),
        ("E01*", "E0110", True),
        ("E01*", "E0210", False),
        ("*", None, True),
        ("E*", None, False),
    ],
)
def test_a_class_fits_its_code_or_the_beginning_before_a_star(pattern: str, code: str | None, fits: bool) -> None:
    assert matches_class(pattern, code) is fits


def test_events_that_do_not_follow_each_other_are_not_replayed() -> None:
    story = a_story(State.HANDLING)
    without_filing = [event for event in story.events if event.action != "file"]
    with pytest.raises(ValueError, match=r"dispatch starts from filed, the case stands at accepted"):
        replay(deepcopy(story.before_any_event), without_filing, lambda _: story.city.calendar)
    withdrawn = (
        a_story(State.HANDLING).asked("extension", MONDAY).must("lihe-head", "withdraw", MONDAY, kind="extension")
    )
    unasked = [event for event in withdrawn.events if event.action != "ask"]
    with pytest.raises(ValueError, match="nobody asked for"):
        replay(deepcopy(withdrawn.before_any_event), unasked, lambda _: story.city.calendar)
