"""Who is told what: one table of events and recipients, reporters apart, and nothing of a reporter in any notice."""

import json
from typing import Any

import pytest

from models.case_notices import NoticeDraft
from models.chain import canonical
from models.lifecycle_table import STEPS
from models.vocabulary import State
from tests.builders import MONDAY, Story, a_story, acting
from tests.cities import a_small_city, changed

NINE = "2019-05-06 09:00"
FRIDAY = "2019-05-10T08:00+08:00"
DISPATCHER, LIAISON, HEAD = "dispatcher", "lihe-liaison", "lihe-head"


def told_after(story: Story, post: str, action: str, at: str = NINE, **facts: Any) -> list[tuple[str, str | None]]:
    """(kind, recipient) of what one action of a person gives to tell."""
    story.visit(at)  # Alarms of seats that are late by now are no part of it.
    before = len(story.notices)
    story.must(post, action, at, **facts)
    return [(notice.kind.value, notice.recipient) for notice in story.notices[before:]]


@pytest.mark.parametrize(
    ("state", "post", "action", "facts", "told"),
    [
        (State.REPORTED, "acceptor-a", "accept", {}, []),
        (State.REPORTED, "acceptor-a", "order_verify", {"inspector": "inspector-a"}, [("verify_task", "inspector-a")]),
        (State.FILED, DISPATCHER, "dispatch", {"unit": "lihe"}, [("task", LIAISON)]),
        (State.FILED, DISPATCHER, "return_to_acceptor", {"reason": "x"}, []),
        (State.DISPATCHED, LIAISON, "receive", {}, []),
        (State.HANDLING, LIAISON, "hand_back", {"reason": "x"}, [("handed_back", DISPATCHER)]),
        (
            State.HANDLING,
            DISPATCHER,
            "redispatch",
            {"unit": "water", "reason": "x"},
            [("task", "water-liaison"), ("taken_away", LIAISON)],
        ),
        (State.HANDLING, DISPATCHER, "redispatch", {"unit": "lihe", "reason": "x"}, [("task", LIAISON)]),
        (State.HANDLING, LIAISON, "ask", {"kind": "extension", "reason": "x"}, [("request_to_decide", DISPATCHER)]),
        (State.HANDLING, LIAISON, "report_handled", {}, []),
        (State.HANDLING, "leader", "supervise", {"reason": "x"}, [("supervision", LIAISON), ("supervision", HEAD)]),
        (State.HANDLING, "leader", "add_note", {"note": "x"}, []),
        (State.HANDLING, "leader", "force_close", {"reason": "x"}, [("taken_away", LIAISON)]),
        (State.CHECKING, "acceptor-a", "order_check", {"inspector": "inspector-a"}, [("check_task", "inspector-a")]),
        (State.CHECKING, "inspector-a", "check", {"result": "passed"}, []),
        (State.CHECKING, "inspector-a", "check", {"result": "failed", "reason": "x"}, [("rework", LIAISON)]),
        (State.SUSPENDED, "leader", "resume", {}, [("resumed", LIAISON)]),
        (State.CLOSING, "shift-leader", "close", {}, []),
        (State.CLOSED, "public", "reopen", {"reason": "x"}, [("reopened", DISPATCHER)]),
    ],
)
def test_each_step_tells_whom_it_concerns(
    state: State, post: str, action: str, facts: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    assert told_after(a_story(state), post, action, **facts) == told


def test_after_the_make_safe_check_the_unit_gets_its_second_task() -> None:
    story = a_story(State.CHECKING, urgent=True)
    assert told_after(story, "inspector-a", "check", result="passed") == [("task", LIAISON)]
    assert (story.notices[-1].facts["stage"], story.notices[-1].facts["limit"]) == ("repair", "5 work_day")


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        ("granted", [("request_decided", LIAISON), ("deadline_changed", LIAISON)]),
        ("refused", [("request_decided", LIAISON)]),
    ],
)
def test_who_asked_hears_the_decision_and_the_unit_its_new_deadline(verdict: str, told: list[tuple[str, str]]) -> None:
    story = Story().handling().asked("extension", "2019-05-06 08:30")
    assert told_after(story, DISPATCHER, "decide", kind="extension", verdict=verdict, reason="x") == told
    decided = next(notice for notice in story.notices if notice.kind == "request_decided")
    assert decided.facts["verdict"] == verdict


def test_each_approver_is_asked_when_it_is_their_turn() -> None:
    story = Story().handling()
    asked = told_after(story, LIAISON, "ask", kind="suspension", reason="雨季", wanted_until=FRIDAY)
    assert asked == [("request_to_decide", DISPATCHER)]
    facts = story.notices[-1].facts
    assert (facts["kind"], facts["reason"], facts["wanted_until"]) == (
        "suspension",
        "雨季",
        "2019-05-10T00:00:00+00:00",
    )
    second = told_after(story, DISPATCHER, "decide", "2019-05-06 09:10", kind="suspension", verdict="granted")
    assert second == [("request_to_decide", "shift-leader")]


@pytest.mark.parametrize("correction", [{"place": "梨河村南"}, {"class_code": "E0101", "condition_no": 1}])
def test_a_deadline_that_stays_is_no_news(correction: dict[str, Any]) -> None:
    story = Story().handling().asked("correction", "2019-05-06 08:30", by="acceptor-a", **correction)
    told = told_after(story, "shift-leader", "decide", kind="correction", verdict="granted")
    assert told == [("request_decided", "acceptor-a")]


def test_an_urgent_task_and_every_alarm_travel_as_urgent_and_want_an_answer() -> None:
    plain, urgent = Story().dispatched().notices[-1], Story(class_code="C0101").dispatched("water").notices[-1]
    assert (plain.priority, plain.requires_ack, urgent.priority, urgent.requires_ack) == (
        "routine",
        True,
        "urgent",
        True,
    )
    story = Story().handling()
    for hour in ("11:30", "13:00"):
        story.visit(f"2019-05-06 {hour}")
    seen = [(n.kind.value, n.recipient, n.priority.value, n.requires_ack) for n in story.notices[1:]]
    assert seen == [
        ("reminder", LIAISON, "routine", False),
        ("overdue", LIAISON, "urgent", True),
        ("overdue", HEAD, "urgent", True),
    ]
    assert (story.notices[1].facts["share"], story.notices[2].facts["share"]) == (80, 100)


def test_a_supervision_order_of_the_ladder_is_told_once_by_its_rung() -> None:
    story = Story().handling()
    story.visit("2019-05-06 13:00")
    before = len(story.notices)
    story.visit("2019-05-07 13:00")
    assert [(n.kind.value, n.recipient) for n in story.notices[before:]] == [
        ("supervision", HEAD),
        ("supervision", "leader"),
    ]


def test_a_rung_may_tell_a_seat_and_one_person_is_told_once() -> None:
    ladder = changed("ladder.yaml", "to: [liaison, head]", "to: [liaison, head, liaison, shift_leader]")
    story = Story(a_small_city(ladder)).handling()
    story.visit("2019-05-06 13:00")
    assert [n.recipient for n in story.notices if n.kind == "overdue"] == [LIAISON, HEAD, "shift-leader"]


def test_where_no_seat_is_planned_everybody_who_holds_the_role_is_told() -> None:
    city = a_small_city(changed("approvals.csv", "extension,1,dispatcher", "extension,1,evaluator"))
    told = told_after(Story(city).handling(), LIAISON, "ask", kind="extension", reason="x")
    assert told == [("request_to_decide", "evaluator")]


def test_a_post_that_has_ended_is_told_of_nothing() -> None:
    documents = changed("approvals.csv", "extension,1,dispatcher", "extension,1,evaluator")
    former = "evaluator-b,考核员乙,centre,evaluator,,,,2019-05-06\nevaluator,"
    documents = changed("posts.csv", "evaluator,", former, documents)
    documents = changed("contact_points.csv", "evaluator,1", "evaluator-b,1,demo,demo\nevaluator,1", documents)
    told = told_after(Story(a_small_city(documents)).handling(), LIAISON, "ask", kind="extension", reason="x")
    assert told == [("request_to_decide", "evaluator")]


def test_the_seat_of_the_hour_is_told() -> None:
    asked = Story(a_small_city(changed("approvals.csv", "extension,1,dispatcher", "extension,1,acceptor"))).handling()
    assert told_after(asked, LIAISON, "ask", "2019-05-06 11:00", kind="extension", reason="x") == [
        ("request_to_decide", "acceptor-a")
    ]
    night = Story(class_code="E0201", at="2019-05-06 20:30")
    night = night.move_to(asked.city).handling("lihe", "2019-05-06 20:30")
    assert told_after(night, LIAISON, "ask", "2019-05-06 21:00", kind="extension", reason="x") == [
        ("request_to_decide", "acceptor-b")
    ]


# Reporters

REPORTERS = ((5, "R1"), (5, "R2"), (6, "R3"))
"""One person who reported twice, and another."""


def answers(story: Story) -> list[tuple[str, int | None, str]]:
    """(kind, reporter, receipt) of what reporters were told."""
    return [
        (n.kind.value, n.reporter_id, n.facts["receipt_number"]) for n in story.notices if n.reporter_id is not None
    ]


@pytest.mark.parametrize(
    ("tell", "kind"),
    [
        (lambda story: story.must("acceptor-a", "accept", MONDAY), "report_accepted"),
        (lambda story: story.must("acceptor-a", "reject", MONDAY, reason="不属受理范围"), "report_rejected"),
        (
            lambda story: story.must(
                "acceptor-a", "merge", MONDAY, into="R7", resolved={"into_id": 7, "into_ended": False}
            ),
            "report_merged",
        ),
        (
            lambda story: story.asked("void", MONDAY, by="acceptor-a").granted("void", NINE, by="shift-leader"),
            "report_rejected",
        ),
        (lambda story: story.must("leader", "force_close", MONDAY, reason="统一处理"), "report_result"),
    ],
)
def test_every_reporter_hears_of_acceptance_rejection_joining_and_result_under_each_receipt(
    tell: Any, kind: str
) -> None:
    story = tell(Story(reporters=REPORTERS))
    assert answers(story) == [(kind, 5, "R1"), (kind, 5, "R2"), (kind, 6, "R3")]
    keys = [notice.dedupe_key for notice in story.notices]
    assert len(set(keys)) == len(keys)


def test_a_rejection_carries_its_reason() -> None:
    story = Story(reporters=REPORTERS).must("acceptor-a", "reject", MONDAY, reason="不属受理范围")
    assert story.notices[-1].facts["reason"] == "不属受理范围"


MAY_BE_TOLD = """number receipt_number class_code minor condition place description unit state stage reason due_at
provisional limit kind wanted_until decide_by verdict rung share clock reworks hand_backs former_due_at act_by result"""


def a_whole_life() -> Story:
    """A reported case with requests, rework, overdue rungs, a reopening and a forced end."""
    story = Story(reporters=REPORTERS, description="井盖缺失").handling()
    story.asked("suspension", "2019-05-06 09:00", wanted_until=FRIDAY).granted("suspension", "2019-05-06 09:10")
    story.granted("suspension", "2019-05-06 09:20", by="shift-leader")
    story.visit("2019-05-15 09:00")
    story.handled("2019-05-15 10:00").checked("2019-05-15 10:10", "failed").handled("2019-05-15 11:00")
    story.checked("2019-05-15 11:10").closed("2019-05-15 11:20").asked("appeal", "2019-05-15 12:00")
    story.must("public", "reopen", "2019-05-16 09:00", reason="问题仍在")
    return story.must("leader", "force_close", "2019-05-16 10:00", reason="统一处理")


def test_notices_hold_no_reporter_and_go_to_exactly_one_recipient() -> None:
    story = a_whole_life()
    for notice in story.notices:
        assert (notice.recipient is None) is not (notice.reporter_id is None)
        assert set(notice.facts) <= set(MAY_BE_TOLD.split())
        assert json.loads(canonical(notice.facts)) == notice.facts


def test_no_two_notices_of_a_whole_life_share_their_key() -> None:
    keys = [notice.dedupe_key for notice in a_whole_life().notices]
    assert len(keys) > 20
    assert len(set(keys)) == len(keys)


def test_a_unit_is_told_the_number_the_problem_the_place_and_the_deadline() -> None:
    task: NoticeDraft = Story(place="梨河村路口", description="垃圾一堆").dispatched().notices[-1]
    assert task.facts == {
        "number": "E0101201905060001",
        "receipt_number": task.facts["receipt_number"],
        "class_code": "E0101",
        "minor": "暴露垃圾",
        "condition": "一处垃圾，不足一立方米",
        "place": "梨河村路口",
        "description": "垃圾一堆",
        "unit": "梨河镇",
        "state": "dispatched",
        "stage": "whole",
        "due_at": "2019-05-06T04:00:00+00:00",
        "provisional": False,
        "limit": "4 work_hour",
    }


def test_of_several_rungs_in_one_visit_other_news_is_not_lost() -> None:
    story = Story().handling()
    before = len(story.notices)
    story.visit("2019-05-10 13:00", acting(DISPATCHER, "redispatch", "2019-05-10 12:30", unit="water", reason="改派"))
    kinds = [notice.kind.value for notice in story.notices[before:]]
    assert kinds == ["on_bulletin", "task", "taken_away"]


def test_every_action_of_the_table_is_told_or_known_to_be_silent() -> None:
    silent = {
        *(
            "report",
            "flag_similar",
            "unmerge",
            "verify",
            "file",
            "return_to_acceptor",
            "receive",
            "withdraw",
            "suspend",
        ),
        *("exempt", "report_handled", "quick_fix", "add_note", "add_picture"),
        "climb_silence",  # tells of a notice that exists, and is told by the messages themselves
    }
    told = {
        *("merge", "order_verify", "accept", "reject", "dispatch", "hand_back", "arbitrate", "redispatch", "correct"),
        *("ask", "decide", "extend", "promise", "void", "lapse", "resume", "order_check", "check", "repair_stage"),
        *("assign", "revoke_assign", "close", "supervise", "force_close", "reopen", "climb", "alarm_seat"),
        *("remind_request", "correct_calendar"),
    }
    assert {step.action.value for step in STEPS} == silent | told
