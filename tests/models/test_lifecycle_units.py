"""Worked examples with dates: which unit may act on a case, inside a unit and after a leader's arbitration.

6 May 2019 is a Monday; the working hours are 08:00-12:00 and 14:00-18:00. Every case here allows 4 work hours. 梨河镇
has a market office below it, and that a yard below itself.
"""

from typing import Any

import pytest

from models.city import City
from models.refusal import Refusal
from models.vocabulary import ClockKind, RequestState, State
from tests.builders import MONDAY, Story
from tests.cities import a_small_city, changed

NINE = "2019-05-06 09:00"


def a_city_with_offices() -> City:
    """The small city with 梨河镇市场所 and its yard, each with a liaison."""
    units = (
        "market,梨河镇市场所,department,lihe,township,market-liaison,lihe-head,leader,,,,\n"
        "yard,市场所堆场,department,market,township,yard-liaison,lihe-head,leader,,,,\nwater,"
    )
    posts = "market-liaison,市场所值班员甲,market,unit_liaison,,,,\nyard-liaison,堆场值班员甲,yard,unit_liaison,,,,\n"
    points = "market-liaison,1,demo,demo\nyard-liaison,1,demo,demo\n"
    documents = changed("units.csv", "water,", units)
    documents = changed("posts.csv", "water-liaison,", posts + "water-liaison,", documents)
    return a_small_city(changed("contact_points.csv", "water-liaison,", points + "water-liaison,", documents))


def dispatched() -> Story:
    return Story(a_city_with_offices()).dispatched("lihe", MONDAY)


def assigned() -> Story:
    """梨河镇 has it and has assigned it to its market office."""
    return dispatched().must("lihe-liaison", "assign", "2019-05-06 08:10", unit="market")


def code_of(refusal: Refusal | None) -> str | None:
    """The code of a refusal, None where it was taken."""
    return refusal.code if refusal else None


ACTIONS: list[tuple[str, dict[str, Any]]] = [
    ("receive", {}),
    ("hand_back", {"reason": "越界"}),
    ("report_handled", {}),
    ("ask", {"kind": "extension", "reason": "等配件"}),
]


# Inside a unit


@pytest.mark.parametrize(("action", "facts"), ACTIONS)
def test_a_unit_below_acts_only_once_the_case_is_assigned_to_it(action: str, facts: dict[str, Any]) -> None:
    story = dispatched()
    if action == "report_handled":
        story.must("lihe-liaison", "receive", MONDAY)
    refusal = story.does("market-liaison", action, NINE, **facts)
    assert refusal is not None
    assert (refusal.code, refusal.facts["unit"], refusal.facts["your_unit"]) == ("not_assigned", "lihe", "market")
    assert story.does("lihe-liaison", action, "2019-05-06 09:10", **facts) is None


@pytest.mark.parametrize(("action", "facts"), ACTIONS[1:])
@pytest.mark.parametrize("post", ["market-liaison", "lihe-liaison"])
def test_while_it_is_assigned_both_the_unit_and_the_one_below_act(
    post: str, action: str, facts: dict[str, Any]
) -> None:
    assert assigned().does(post, action, NINE, **facts) is None


@pytest.mark.parametrize("post", ["yard-liaison", "water-liaison"])
def test_whom_it_was_not_assigned_to_does_not_act(post: str) -> None:
    story = assigned()
    code = "not_assigned" if post == "yard-liaison" else "wrong_unit"
    assert code_of(story.does(post, "report_handled", NINE)) == code


def test_what_is_taken_back_or_redispatched_is_no_longer_the_business_of_a_unit_below() -> None:
    revoked = assigned().must("lihe-liaison", "revoke_assign", NINE, unit="market")
    assert code_of(revoked.does("market-liaison", "report_handled", "2019-05-06 09:10")) == "not_assigned"
    assert revoked.told[-1] == ("taken_away", "market-liaison")
    again = assigned().must("dispatcher", "redispatch", NINE, unit="lihe", reason="确认")
    assert code_of(again.does("market-liaison", "receive", "2019-05-06 09:10")) == "not_assigned"
    assert again.told[-1] == ("taken_away", "market-liaison")
    elsewhere = assigned().must("dispatcher", "redispatch", NINE, unit="water", reason="管网")
    assert code_of(elsewhere.does("market-liaison", "receive", "2019-05-06 09:10")) == "wrong_unit"
    assert elsewhere.told[-2:] == [("taken_away", "lihe-liaison"), ("taken_away", "market-liaison")]


def test_who_is_the_liaison_of_a_unit_and_of_the_one_below_it_is_told_once() -> None:
    office = "market,梨河镇市场所,department,lihe,township,lihe-liaison,lihe-head,leader,,,,\nwater,"
    story = Story(a_small_city(changed("units.csv", "water,", office))).dispatched("lihe", MONDAY)
    story.must("lihe-liaison", "assign", "2019-05-06 08:10", unit="market")
    story.must("dispatcher", "redispatch", NINE, unit="water", reason="管网")
    assert story.told[-2:] == [("task", "water-liaison"), ("taken_away", "lihe-liaison")]


@pytest.mark.parametrize(("action", "facts"), [("assign", {"unit": "yard"}), ("revoke_assign", {"unit": "market"})])
def test_only_the_unit_that_answers_for_the_case_assigns_it(action: str, facts: dict[str, Any]) -> None:
    assert code_of(assigned().does("market-liaison", action, NINE, **facts)) == "wrong_unit"


def test_work_is_assigned_once_and_only_what_was_assigned_is_taken_back() -> None:
    story = assigned()
    assert code_of(story.does("lihe-liaison", "assign", NINE, unit="market")) == "assigned_already"
    assert code_of(story.does("lihe-liaison", "revoke_assign", NINE, unit="yard")) == "no_assignment"
    story.must("lihe-liaison", "revoke_assign", NINE, unit="market").must("lihe-liaison", "assign", NINE, unit="market")
    assert story.case.assigned_units() == {"market"}


def test_the_unit_hears_when_the_one_below_it_hands_its_case_back() -> None:
    story = assigned().must("market-liaison", "hand_back", NINE, reason="越界")
    assert (story.state, story.last("hand_back")["former_unit"]) == (State.FILED, "lihe")
    assert story.told[-3:] == [
        ("handed_back", "dispatcher"),
        ("taken_away", "lihe-liaison"),
        ("taken_away", "market-liaison"),
    ]


def test_anybody_of_the_unit_writes_notes_into_its_case() -> None:
    assert dispatched().does("yard-liaison", "add_note", NINE, note="已到现场") is None


def test_a_closed_case_is_appealed_against_by_the_unit_that_answered_for_it_alone() -> None:
    story = assigned().must("market-liaison", "report_handled", "2019-05-06 14:30").checked("2019-05-06 15:00")
    story.closed("2019-05-06 15:10")
    asked = {"kind": "appeal", "reason": "不服"}
    assert code_of(story.does("market-liaison", "ask", "2019-05-07 09:00", **asked)) == "not_assigned"
    assert story.does("lihe-liaison", "ask", "2019-05-07 09:00", **asked) is None


def test_the_unit_takes_back_what_the_one_below_it_has_asked_for_but_not_the_other_way_round() -> None:
    story = assigned().asked("extension", NINE, by="market-liaison")
    story.must("lihe-head", "withdraw", "2019-05-06 09:10", kind="extension")
    story.asked("extension", "2019-05-06 09:20", by="lihe-liaison")
    assert code_of(story.does("market-liaison", "withdraw", "2019-05-06 09:30", kind="extension")) == "not_yours"
    assert [request.state for request in story.case.requests] == [RequestState.WITHDRAWN, RequestState.OPEN]


def test_where_a_units_head_decides_only_that_units_head_is_asked_and_may() -> None:
    documents = changed("approvals.csv", "extension,1,dispatcher", "extension,1,unit_head\nextension,2,dispatcher")
    story = Story(a_small_city(documents)).handling().asked("extension", NINE)
    assert story.told[-1] == ("request_to_decide", "lihe-head")
    assert [post for kind, post in story.told if kind == "request_to_decide"] == ["lihe-head"]
    story.granted("extension", "2019-05-06 09:10", by="lihe-head")
    assert story.told[-1] == ("request_to_decide", "dispatcher")


# After an arbitration


def arbitrated(unit: str = "water") -> Story:
    """Handed back to the cap; the leader named a unit on Monday 15:00."""
    story = Story().filed(MONDAY)
    for hour in (9, 10, 11):
        story.must("dispatcher", "dispatch", f"2019-05-06 {hour:02}:00", unit="lihe")
        story.must("lihe-liaison", "hand_back", f"2019-05-06 {hour:02}:30", reason="越界")
    return story.must("leader", "arbitrate", "2019-05-06 15:00", unit=unit, reason="由其负责")


def test_after_an_arbitration_the_dispatcher_overrules_nobody() -> None:
    story = arbitrated()
    for state in (State.DISPATCHED, State.HANDLING):
        assert story.state is state
        refusal = story.does("dispatcher", "redispatch", "2019-05-06 16:00", unit="lihe", reason="改派")
        assert refusal is not None
        assert (refusal.code, refusal.facts["unit"]) == ("arbitrated", "water")
        if state is State.DISPATCHED:
            story.must("water-liaison", "receive", "2019-05-06 16:00")


def test_the_leader_redispatches_what_was_arbitrated_so_that_no_dissolved_unit_keeps_a_case() -> None:
    story = arbitrated()
    assert story.due == "2019-05-07 09:00"
    story.must("leader", "redispatch", "2019-05-06 16:00", unit="lihe", reason="供水公司已撤销")
    assert (story.state, story.case.unit, story.due) == (State.DISPATCHED, "lihe", "2019-05-07 10:00")
    assert story.told[-2:] == [("task", "lihe-liaison"), ("taken_away", "water-liaison")]
    handed_back = story.does("lihe-liaison", "hand_back", "2019-05-06 17:00", reason="越界")
    assert code_of(handed_back) == "hand_back_cap"
    again = story.does("dispatcher", "redispatch", "2019-05-06 17:00", unit="water", reason="改派")
    assert code_of(again) == "arbitrated"


def test_the_leader_gives_the_same_unit_no_second_limit() -> None:
    story = arbitrated().must("leader", "redispatch", "2019-05-06 16:00", unit="water", reason="确认")
    assert story.due == "2019-05-07 09:00"
    assert [clock.kind for clock in story.case.clocks].count(ClockKind.HANDLE) == 2


def test_before_an_arbitration_only_the_dispatcher_redispatches() -> None:
    refusal = Story().handling().does("leader", "redispatch", NINE, unit="water", reason="改派")
    assert code_of(refusal) == "arbitration_too_early"


def test_a_new_round_is_the_dispatchers_again() -> None:
    story = arbitrated("lihe").must("lihe-liaison", "receive", "2019-05-06 15:10").handled("2019-05-06 15:20")
    story.checked("2019-05-06 15:30").closed("2019-05-06 15:40")
    story.must("public", "reopen", "2019-05-07 08:00", reason="问题仍在")
    story.must("dispatcher", "dispatch", "2019-05-07 08:10", unit="lihe")
    story.must("dispatcher", "redispatch", "2019-05-07 08:20", unit="water", reason="管网")
    assert story.case.unit == "water"
