"""What people write into an action: malformed it is refused, forged it is ignored, and a refusal changes nothing."""

import json
from copy import deepcopy
from typing import Any

import pytest

from models.chain import canonical
from models.lifecycle import CaseVisit
from models.refusal import Refusal
from models.step_facts import LONGEST_TEXT, clean_facts
from models.vocabulary import State
from tests.builders import CELL, MONDAY, Story, a_story, acting, local
from tests.cities import a_small_city, changed

FORGED: dict[str, Any] = {
    "limit": "9999 natural_day",
    "amount": 10**15,
    "original": 10**15,
    "basis": "continuous",
    "stage": "repair",
    "due_at": "2030-01-01T00:00:00+00:00",
    "source_due_at": "2030-01-01T00:00:00+00:00",
    "resumed": True,
    "number": "E9999",
    "into_id": 1,
    "into_ended": False,
    "until": "2030-01-01T00:00:00+00:00",
    "steps": ["unit_liaison"],
    "decide_by": "2030-01-01T00:00:00+00:00",
    "final": True,
    "request": 7,
    "former_unit": "water",
    "former_due_at": "2030-01-01T00:00:00+00:00",
    "checking_time_counts": True,
    "handled_at": "2019-05-06T00:00:00+00:00",
    "handle_due_at": "2030-01-01T00:00:00+00:00",
    "handled_on_time": True,
    "make_safe_on_time": True,
    "how": "checked",
    "complete": True,
    "calendar_edition": "forged",
    "opened_at": "2030-01-01T00:00:00+00:00",
    "rung": "reminder",
    "bulletin": True,
    "rungs": ["reminder", "overdue", "supervision"],
    "former_inspector": "inspector-b",
    "reminder": 9,
    "candidates": [1],
    "clock": "accept",
    "provisional": True,
}


def a_long_life(more: dict[str, Any]) -> Story:
    """Nearly everything that can happen to a case, each person adding some facts of their own."""
    story = Story(class_code="C0101")
    script = [
        ("acceptor-a", "order_verify", "06 08:01", {"inspector": "inspector-a"}),
        ("inspector-a", "verify", "06 08:05", {"result": "true"}),
        ("acceptor-a", "accept", "06 08:06", {}),
        ("shift-leader", "file", "06 08:07", {}),
        ("dispatcher", "return_to_acceptor", "06 08:08", {"reason": "核对类别"}),
        ("shift-leader", "file", "06 08:09", {}),
        ("dispatcher", "dispatch", "06 08:10", {"unit": "water"}),
        ("water-liaison", "hand_back", "06 08:20", {"reason": "越界"}),
        ("dispatcher", "dispatch", "06 08:30", {"unit": "water"}),
        ("water-liaison", "receive", "06 08:31", {}),
        ("water-liaison", "ask", "06 08:32", {"kind": "extension", "reason": "等配件"}),
        ("dispatcher", "decide", "06 08:40", {"kind": "extension", "verdict": "granted"}),
        ("dispatcher", "redispatch", "06 08:50", {"unit": "lihe", "reason": "改派"}),
        ("lihe-liaison", "receive", "06 08:51", {}),
        ("lihe-liaison", "report_handled", "06 09:00", {}),
        ("inspector-a", "check", "06 09:10", {"result": "failed", "reason": "未围护"}),
        ("lihe-liaison", "report_handled", "06 13:00", {}),
        ("inspector-a", "check", "06 13:10", {"result": "passed"}),
        ("lihe-liaison", "report_handled", "06 15:00", {}),
        ("inspector-a", "check", "06 15:10", {"result": "passed"}),
        ("shift-leader", "close", "06 15:20", {}),
        ("public", "reopen", "07 08:00", {"reason": "又坏了"}),
        ("leader", "supervise", "07 08:10", {"reason": "尽快"}),
        ("leader", "force_close", "07 09:00", {"reason": "统一处理"}),
    ]
    for post, action, when, facts in script:
        story.must(post, action, f"2019-05-{when}", **{**more, **facts})
    return story


def test_nobody_sets_limits_deadlines_numbers_or_outcomes_through_their_facts() -> None:
    honest, forger = a_long_life({}), a_long_life(FORGED)
    assert [event.facts for event in forger.events] == [event.facts for event in honest.events]
    forged, case = forger.case, honest.case
    forged.id, forged.receipt_number = case.id, case.receipt_number
    assert forged == case


def test_a_merge_leads_only_where_the_caller_found_the_target_never_where_the_person_says() -> None:
    story = Story()
    refusal = story.does("acceptor-a", "merge", MONDAY, into="R7", into_id=7, into_ended=False)
    assert refusal is not None
    assert refusal.code == "merge_target"


@pytest.mark.parametrize(
    ("state", "post", "action", "facts", "code", "named"),
    [
        (State.REPORTED, "acceptor-a", "reject", {}, "missing_fact", ["reason"]),
        (State.REPORTED, "acceptor-a", "reject", {"reason": "  \0 "}, "missing_fact", ["reason"]),
        (State.FILED, "dispatcher", "dispatch", {"unit": ""}, "missing_fact", ["unit"]),
        (State.FILED, "dispatcher", "dispatch", {"unit": "nowhere"}, "unknown_unit", "nowhere"),
        (State.FILED, "dispatcher", "dispatch", {"unit": ["lihe"]}, "unknown_unit", "['lihe']"),
        (State.REPORTED, "acceptor-a", "order_verify", {"inspector": "leader"}, "no_inspector", "leader"),
        (State.CHECKING, "inspector-a", "check", {}, "missing_fact", ["result"]),
        (State.CHECKING, "inspector-a", "check", {"result": "perfect"}, "unreadable_fact", "result"),
        (State.CHECKING, "inspector-a", "check", {"result": None}, "missing_fact", ["result"]),
        (State.HANDLING, "lihe-liaison", "ask", {"reason": "x"}, "missing_fact", ["kind"]),
        (State.HANDLING, "lihe-liaison", "ask", {"kind": "holiday", "reason": "x"}, "unreadable_fact", "kind"),
        (State.HANDLING, "lihe-liaison", "ask", {"kind": "extension"}, "missing_fact", ["reason"]),
        (State.HANDLING, "dispatcher", "decide", {"kind": "extension"}, "missing_fact", ["verdict"]),
        (State.HANDLING, "dispatcher", "decide", {"kind": "extension", "verdict": "yes"}, "unreadable_fact", "verdict"),
        (State.HANDLING, "dispatcher", "decide", {"verdict": "granted"}, "missing_fact", ["kind"]),
        (State.HANDLING, "leader", "withdraw", {}, "missing_fact", ["kind"]),
    ],
)
def test_a_refusal_names_the_fact_that_is_missing_or_cannot_be_read(
    state: State, post: str, action: str, facts: dict[str, Any], code: str, named: object
) -> None:
    refusal = a_story(state).does(post, action, "2019-05-06 09:00", **facts)
    assert refusal is not None
    assert refusal.code == code
    assert named in (refusal.facts.get(name) for name in ("needs", "name", "unit", "inspector"))


@pytest.mark.parametrize("until", ["soon", "2019-06-01", "2019-06-01T08:00", 7, [], "0001-01-01T00:00+14:00", True])
def test_a_moment_without_a_zone_or_sense_is_refused(until: object) -> None:
    story = Story().handling()
    refusal = story.does("lihe-liaison", "ask", MONDAY, kind="suspension", reason="x", wanted_until=until)
    assert refusal is not None
    assert (refusal.code, refusal.facts["name"]) == ("unreadable_fact", "wanted_until")


@pytest.mark.parametrize("number", ["²", "-1", "1.0", "٣x", 1.5, "1" * 5000, [1], "\ud800", {}])
def test_a_condition_number_is_a_small_whole_number(number: object) -> None:
    refusal = Story().does("acceptor-a", "correct", MONDAY, class_code="E0101", condition_no=number)
    assert refusal is not None
    assert (refusal.code, refusal.facts["name"]) == ("unreadable_fact", "condition_no")
    assert canonical(dict(refusal.facts))  # The inbox keeps the refusal, whatever was written.


@pytest.mark.parametrize(
    "text", ["a\0b", "\ud800", "长" * 100_000, "<script>alert(1)</script>", "=cmd|' /C calc'!A0", 7]
)
def test_any_text_is_kept_as_text_the_chain_and_the_database_can_hold(text: object) -> None:
    facts = clean_facts({"note": text, "reason": text})
    assert isinstance(facts, dict)
    assert "\0" not in facts["note"]
    assert len(facts["note"]) <= LONGEST_TEXT
    assert json.loads(canonical(facts)) == facts


@pytest.mark.parametrize("name", ["note", "reason", "place"])
def test_a_phone_number_in_a_free_text_never_reaches_an_event(name: str) -> None:
    facts = clean_facts({name: "请联系13800000000，网格410184101001001", "area": CELL})
    assert facts == {name: "请联系●●●，网格410184101001001", "area": CELL}


def test_what_nobody_asked_for_is_left_out() -> None:
    assert clean_facts({"note": "到场", "phone": "13800000000", "": 1, "note ": "x"}) == {"note": "到场"}


@pytest.mark.parametrize("state", State)
def test_a_refusal_changes_nothing(state: State) -> None:
    story = a_story(state)
    before, serials = deepcopy(story.case), dict(story.serials)
    visit = CaseVisit(story.case, local("2019-05-06 09:00"), state)
    for post, action in (("auditor", "close"), ("water-liaison", "report_handled"), ("leader", "check")):
        assert story.life.take(visit, acting(post, action, "2019-05-06 09:00")) is not None
    assert (story.case, story.serials) == (before, serials)
    assert (visit.events, visit.notices) == ([], [])


def test_a_post_that_has_ended_gets_no_task_from_anybody() -> None:
    posts = changed("posts.csv", "410184101,inspector-b,,", "410184101,inspector-b,,2019-05-01")
    story = Story(a_small_city(posts), source="inspector")
    refusal = story.does("acceptor-a", "order_verify", MONDAY, inspector="inspector-a")
    assert refusal is not None
    assert refusal.code == "no_inspector"
    story.must("lihe-liaison", "receive", "2019-05-06 08:10").handled("2019-05-06 09:00")
    assert story.case.inspector == "inspector-b"


def test_pictures_are_named_by_their_digests_and_by_nothing_else() -> None:
    digests = ["ab" * 32, "01" * 32]
    assert clean_facts({"pictures": digests}) == {"pictures": digests}
    refused = clean_facts({"pictures": ["../../etc/passwd"]})
    assert isinstance(refused, Refusal)
    assert refused.code == "unreadable_fact"
