"""Worked examples with dates: what is asked for, who decides, and what a grant does to case and clock.

6 May 2019 is a Monday; the working hours are 08:00-12:00 and 14:00-18:00. Every case here allows 4 work hours and is
with 梨河镇 from Monday 08:00, so due at 12:00.
"""

from typing import Any

import pytest

from models.refusal import Refusal
from models.vocabulary import RequestState, State
from tests.builders import MONDAY, Story, a_story, acting, shown
from tests.cities import a_small_city, changed

FRIDAY = "2019-05-10T08:00+08:00"
PROMISES = a_small_city(changed("policy.yaml", "promise_sets_deadline: no", "promise_sets_deadline: yes"))
"""A city in which a promised day is the deadline."""


def a_suspended_case(granted_at: str = "2019-05-06 10:30", until: str = FRIDAY) -> Story:
    """Suspended by both approvers in their order."""
    story = Story().handling("lihe", MONDAY).asked("suspension", "2019-05-06 09:00", wanted_until=until)
    story.granted("suspension", "2019-05-06 10:00")
    return story.granted("suspension", granted_at, by="shift-leader")


def code_of(refusal: Refusal | None) -> str | None:
    """The code of a refusal, None where it was taken."""
    return refusal.code if refusal else None


# Extension 延期


def test_an_extension_decided_after_the_deadline_counts_from_the_old_deadline() -> None:
    story = Story().handling("lihe", MONDAY).asked("extension", "2019-05-06 11:30")
    story.visit("2019-05-06 13:00")
    assert story.due == "2019-05-06 12:00"  # Until it is decided the case stays on its old clock, and is overdue.
    assert ("overdue", "lihe-liaison") in story.told
    story.granted("extension", "2019-05-07 09:00")
    assert story.due == "2019-05-06 18:00"


def test_an_extension_granted_after_the_unit_has_handled_still_makes_it_on_time() -> None:
    story = Story().handling("lihe", MONDAY).asked("extension", "2019-05-06 11:30").handled("2019-05-06 13:00")
    story.granted("extension", "2019-05-06 14:00").checked("2019-05-06 14:10").closed("2019-05-06 14:20")
    assert story.last("close")["handled_on_time"] is True


@pytest.mark.parametrize(("asked", "code"), [("12:00:00", None), ("12:00:00.000001", "extension_after_overdue")])
def test_an_extension_is_asked_for_at_the_deadline_at_the_latest(asked: str, code: str | None) -> None:
    story = Story().handling("lihe", MONDAY)
    when = f"2019-05-06 {asked}"
    refusal = story.does("lihe-liaison", "ask", when, seen="2019-05-06 15:00", kind="extension", reason="等配件")
    assert code_of(refusal) == code


def test_two_extensions_add_one_limit_each_and_a_third_is_refused() -> None:
    story = Story().handling("lihe", MONDAY).asked("extension", "2019-05-06 09:00")
    story.must("dispatcher", "decide", "2019-05-06 09:10", kind="extension", verdict="refused", reason="理由不足")
    assert story.due == "2019-05-06 12:00"  # a refused one does not count
    story.asked("extension", "2019-05-06 09:20").granted("extension", "2019-05-06 09:30")
    assert story.due == "2019-05-06 18:00"
    story.asked("extension", "2019-05-06 15:00").granted("extension", "2019-05-06 15:30")
    assert story.due == "2019-05-07 12:00"
    third = story.does("lihe-liaison", "ask", "2019-05-07 09:00", kind="extension", reason="等配件")
    assert code_of(third) == "request_cap"
    assert story.case.extensions == 2


def test_an_extension_of_the_make_safe_limit_never_lengthens_the_repair() -> None:
    story = Story(class_code="C0101").handling("water", MONDAY)
    story.asked("extension", "2019-05-06 09:00", by="water-liaison").handled("2019-05-06 09:30", "water")
    story.checked("2019-05-06 09:40")
    assert story.case.requests[0].state is RequestState.LAPSED
    assert code_of(story.does("dispatcher", "decide", "2019-05-06 10:00", kind="extension", verdict="granted")) == (
        "no_open_request"
    )
    assert story.due == "2019-05-13 09:40"


# Suspension 挂账


def test_a_suspended_clock_waits_and_goes_on_exactly_at_the_end_date_however_late_the_visit() -> None:
    story = a_suspended_case()  # 2 h 30 min were used
    assert (story.state, story.case.running_clock()) == (State.SUSPENDED, None)
    story.visit("2019-05-13 09:00")
    assert (story.state, story.due) == (State.HANDLING, "2019-05-10 09:30")
    assert story.history("resume", "climb") == [
        ("resume", "2019-05-10 08:00"),
        ("climb", "2019-05-10 08:42"),  # 80 % of 4 h
        ("climb", "2019-05-10 09:30"),
    ]


def test_what_the_unit_does_after_the_end_date_is_taken_by_the_same_late_visit() -> None:
    story = a_suspended_case()
    story.visit("2019-05-13 09:00", acting("lihe-liaison", "report_handled", "2019-05-10 09:30"))
    story.checked("2019-05-13 10:00").closed("2019-05-13 10:10")
    assert story.last("close")["handled_on_time"] is True


def test_a_suspension_ended_early_goes_on_from_then_in_the_state_it_came_from() -> None:
    story = Story().dispatched("lihe", MONDAY).asked("suspension", "2019-05-06 09:00", wanted_until=FRIDAY)
    story.granted("suspension", "2019-05-06 09:30").granted("suspension", "2019-05-06 10:30", by="shift-leader")
    story.must("leader", "resume", "2019-05-08 08:00")
    assert (story.state, story.due) == (State.DISPATCHED, "2019-05-08 09:30")
    story.visit("2019-05-08 08:30")
    assert story.history("resume") == [("resume", "2019-05-08 08:00")]


def test_a_case_is_suspended_once_also_after_it_was_reopened() -> None:
    story = a_suspended_case().must("leader", "resume", "2019-05-06 11:00").handled("2019-05-06 11:10")
    story.checked("2019-05-06 11:20").closed("2019-05-06 11:30")
    story.must("public", "reopen", "2019-05-07 08:00", reason="问题仍在")
    story.must("dispatcher", "dispatch", "2019-05-07 08:00", unit="lihe")
    again = story.does("lihe-liaison", "ask", "2019-05-07 09:00", kind="suspension", reason="雨季", wanted_until=FRIDAY)
    assert code_of(again) == "request_cap"


@pytest.mark.parametrize("kind", ["suspension", "promise"])
@pytest.mark.parametrize(
    ("until", "code"),
    [
        ("2019-05-06T09:00:00+08:00", "wanted_in_past"),
        ("2020-05-05T09:00:00+08:00", None),  # 365 days
        ("2020-05-05T09:00:01+08:00", "suspension_too_long"),
        ("9999-12-31T00:00:00+00:00", "suspension_too_long"),
    ],
)
def test_the_day_wanted_lies_ahead_and_at_most_a_year_away(kind: str, until: str, code: str | None) -> None:
    story = Story().handling("lihe", MONDAY)
    refusal = story.does("lihe-liaison", "ask", "2019-05-06 09:00", kind=kind, reason="雨季", wanted_until=until)
    assert code_of(refusal) == code


def test_a_day_that_has_passed_can_only_be_refused() -> None:
    story = Story().handling("lihe", MONDAY)
    story.asked("suspension", "2019-05-06 09:00", wanted_until="2019-05-06T10:00+08:00")
    late = story.does("dispatcher", "decide", "2019-05-06 10:00", kind="suspension", verdict="granted")
    assert code_of(late) == "wanted_in_past"
    story.must("dispatcher", "decide", "2019-05-06 10:10", kind="suspension", verdict="refused", reason="日期已过")
    assert story.case.requests[0].state is RequestState.REFUSED


# Promise 承诺


@pytest.mark.parametrize(("moves", "due"), [("no", "2019-05-06 12:00"), ("yes", "2019-05-08 10:00")])
def test_a_promised_day_is_the_deadline_only_where_the_city_says_so(moves: str, due: str) -> None:
    city = a_small_city(changed("policy.yaml", "promise_sets_deadline: no", f"promise_sets_deadline: {moves}"))
    story = Story(city).handling("lihe", MONDAY)
    story.asked("promise", "2019-05-06 08:30", wanted_until="2019-05-08T10:00+08:00")
    story.granted("promise", "2019-05-06 09:00")
    assert (shown(story.case.promised_until), story.due) == ("2019-05-08 10:00", due)


def test_a_promise_that_sets_the_deadline_is_asked_for_before_the_old_one_has_passed() -> None:
    asked = {"kind": "promise", "reason": "等配件", "wanted_until": "2019-05-08T10:00+08:00"}
    late = Story(PROMISES).handling("lihe", MONDAY).does("lihe-liaison", "ask", "2019-05-06 12:00:01", **asked)
    assert late is not None
    assert (late.code, shown(late.facts["due_at"])) == ("promise_after_overdue", "2019-05-06 12:00")
    assert Story(PROMISES).handling("lihe", MONDAY).does("lihe-liaison", "ask", "2019-05-06 12:00", **asked) is None
    elsewhere = Story().handling("lihe", MONDAY)  # A promise moves nothing there, and may be given at any time.
    assert elsewhere.does("lihe-liaison", "ask", "2019-05-06 16:00", **asked) is None


def test_promised_in_time_and_granted_late_the_promised_day_is_the_deadline() -> None:
    story = Story(PROMISES).handling("lihe", MONDAY)
    story.asked("promise", "2019-05-06 11:00", wanted_until="2019-05-08T10:00+08:00")
    story.granted("promise", "2019-05-06 16:00")
    assert story.due == "2019-05-08 10:00"
    story.visit("2019-05-07 16:00")
    assert [at for _, at in story.history("climb")] == ["2019-05-06 11:12", "2019-05-06 12:00"]  # of the old deadline


def test_a_promise_of_an_evening_without_working_time_leaves_the_deadline_as_it_is() -> None:
    story = Story(PROMISES, class_code="E0110").handling("lihe", MONDAY)  # due Wednesday 18:00
    story.asked("promise", "2019-05-06 17:00", wanted_until="2019-05-06T22:00+08:00")
    story.granted("promise", "2019-05-06 18:30")
    assert story.due == "2019-05-08 18:00"


@pytest.mark.parametrize(("extended", "due"), [(False, "2019-05-08 10:00"), (True, "2019-05-08 16:00")])
def test_a_class_corrected_after_a_promise_leaves_the_promised_deadline(extended: bool, due: str) -> None:
    story = Story(PROMISES).handling("lihe", MONDAY)
    story.asked("promise", "2019-05-06 08:30", wanted_until="2019-05-08T10:00+08:00")
    story.granted("promise", "2019-05-06 09:00")
    if extended:  # one more original limit of 4 work hours
        story.asked("extension", "2019-05-06 09:10").granted("extension", "2019-05-06 09:20")
    assert story.due == due
    story.asked("correction", "2019-05-06 10:00", by="acceptor-a", class_code="E0110", condition_no=1)
    story.granted("correction", "2019-05-06 10:10", by="shift-leader")
    assert (story.case.class_code, story.due) == ("E0110", due)
    story.must("dispatcher", "redispatch", "2019-05-06 11:00", unit="water", reason="改派")
    assert story.due == "2019-05-09 11:00"  # What lihe promised binds nobody else: 3 work days of the new class.


def test_a_promised_case_corrected_to_an_urgent_class_keeps_its_day_and_gets_its_repair() -> None:
    story = Story(PROMISES).handling("lihe", MONDAY)
    story.asked("promise", "2019-05-06 08:30", wanted_until="2019-05-08T10:00+08:00")
    story.granted("promise", "2019-05-06 09:00")
    story.asked("correction", "2019-05-06 10:00", by="acceptor-a", class_code="C0101", condition_no=1)
    story.granted("correction", "2019-05-06 10:10", by="shift-leader")
    assert (story.case.stage, story.due) == ("make_safe", "2019-05-08 10:00")
    story.handled("2019-05-06 11:00").checked("2019-05-06 11:30")
    assert (story.case.stage, story.due) == ("repair", "2019-05-13 11:30")


# Void 作废


def test_a_voided_case_ends_and_its_unit_has_nothing_more_to_do() -> None:
    story = Story().handling("lihe", MONDAY).asked("void", "2019-05-06 09:00", by="dispatcher")
    story.granted("void", "2019-05-06 09:30", by="shift-leader")
    assert (story.state, shown(story.case.ended_at)) == (State.VOID, "2019-05-06 09:30")
    assert story.told[-1] == ("taken_away", "lihe-liaison")


# Appeal 申诉


def test_an_appeal_needs_its_two_decisions_in_order_and_leaves_the_record_as_it_was() -> None:
    story = a_story(State.CLOSED, late=True).asked("appeal", "2019-05-07 09:00")
    early = story.does("acceptor-a", "decide", "2019-05-07 10:00", kind="appeal", verdict="granted")
    assert early is not None
    assert (early.code, early.facts["next_role"]) == ("not_your_step", "dispatcher")
    story.granted("appeal", "2019-05-07 10:10")
    assert story.case.exempt is False
    assert story.told[-1] == ("request_to_decide", "acceptor-a")
    story.granted("appeal", "2019-05-07 10:20", by="acceptor-a")
    assert (story.state, story.case.exempt) == (State.CLOSED, True)
    assert story.last("close")["handled_on_time"] is False
    again = story.does("lihe-liaison", "ask", "2019-05-08 09:00", kind="appeal", reason="不服")
    assert code_of(again) == "request_cap"


def test_refused_at_its_second_step_an_appeal_exempts_nothing() -> None:
    story = a_story(State.CLOSED, late=True).asked("appeal", "2019-05-07 09:00").granted("appeal", "2019-05-07 10:00")
    story.must("acceptor-a", "decide", "2019-05-07 10:10", kind="appeal", verdict="refused", reason="证据不足")
    assert (story.case.exempt, story.case.requests[0].state) == (False, RequestState.REFUSED)


def test_only_a_late_closing_is_appealed_and_only_by_its_own_unit() -> None:
    in_time = a_story(State.CLOSED)
    assert code_of(in_time.does("lihe-liaison", "ask", "2019-05-07 09:00", kind="appeal", reason="不服")) == (
        "not_appealable"
    )
    late = a_story(State.CLOSED, late=True)
    assert code_of(late.does("water-liaison", "ask", "2019-05-07 09:00", kind="appeal", reason="不服")) == "wrong_unit"
    assert code_of(late.does("leader", "ask", "2019-05-07 09:00", kind="appeal", reason="不服")) == "not_yours"


def test_an_open_appeal_lapses_when_its_case_is_reopened() -> None:
    story = a_story(State.CLOSED, late=True).asked("appeal", "2019-05-07 09:00")
    story.must("public", "reopen", "2019-05-07 10:00", reason="问题仍在")
    assert story.case.requests[0].state is RequestState.LAPSED


# Who asks, decides and takes back


def test_nobody_decides_what_they_asked_for_themselves() -> None:
    city = a_small_city(changed("approvals.csv", "correction,1,shift_leader", "correction,1,acceptor"))
    story = Story(city).handling("lihe", MONDAY)
    story.asked("correction", "2019-05-06 09:00", by="acceptor-a", condition_no=2)
    own = story.does("acceptor-a", "decide", "2019-05-06 09:10", kind="correction", verdict="granted")
    assert code_of(own) == "own_request"
    story.granted("correction", "2019-05-06 09:20", by="acceptor-b")
    assert story.due == "2019-05-06 18:00"


def test_a_city_may_let_the_units_head_decide_first_but_only_of_that_unit() -> None:
    steps = "extension,1,unit_head\nextension,2,dispatcher"
    city = a_small_city(changed("approvals.csv", "extension,1,dispatcher", steps))
    story = Story(city).handling("lihe", MONDAY).asked("extension", "2019-05-06 09:00")
    stranger = story.does("water-head", "decide", "2019-05-06 09:10", kind="extension", verdict="granted")
    assert code_of(stranger) == "wrong_unit"
    story.granted("extension", "2019-05-06 09:20", by="lihe-head").granted("extension", "2019-05-06 09:30")
    assert story.due == "2019-05-06 18:00"


def test_a_case_has_one_open_request_of_a_kind_and_several_of_different_kinds() -> None:
    story = Story().handling("lihe", MONDAY).asked("extension", "2019-05-06 09:00")
    second = story.does("lihe-head", "ask", "2019-05-06 09:10", kind="extension", reason="同上")
    assert second is not None
    assert (second.code, shown(second.facts["asked_at"])) == ("one_open_request", "2019-05-06 09:00")
    story.asked("suspension", "2019-05-06 09:20", wanted_until=FRIDAY)
    assert {request.kind for request in story.case.requests} == {"extension", "suspension"}


def test_a_request_is_withdrawn_by_its_asker_or_a_colleague_and_may_be_asked_again() -> None:
    story = Story().handling("lihe", MONDAY).asked("extension", "2019-05-06 09:00")
    assert code_of(story.does("water-liaison", "withdraw", "2019-05-06 09:10", kind="extension")) == "not_yours"
    story.must("lihe-head", "withdraw", "2019-05-06 09:20", kind="extension")
    assert code_of(story.does("lihe-head", "withdraw", "2019-05-06 09:30", kind="extension")) == "no_open_request"
    story.asked("extension", "2019-05-06 09:40")
    assert [request.state for request in story.case.requests] == [RequestState.WITHDRAWN, RequestState.OPEN]


@pytest.mark.parametrize(
    ("post", "action", "facts", "lapses"),
    [
        ("lihe-liaison", "hand_back", {"reason": "越界"}, True),
        ("dispatcher", "redispatch", {"unit": "water", "reason": "管网"}, True),
        ("dispatcher", "redispatch", {"unit": "lihe", "reason": "确认"}, False),
        ("leader", "force_close", {"reason": "专项"}, True),
        ("lihe-liaison", "report_handled", {}, False),  # asked in time, it may still be granted
    ],
)
def test_a_request_lapses_when_it_has_lost_its_ground(
    post: str, action: str, facts: dict[str, Any], lapses: bool
) -> None:
    story = Story().handling("lihe", MONDAY).asked("extension", "2019-05-06 09:00")
    story.must(post, action, "2019-05-06 09:30", **facts)
    assert story.case.requests[0].state is (RequestState.LAPSED if lapses else RequestState.OPEN)
    assert (("request_decided", "lihe-liaison") in story.told) is lapses


def test_closing_lapses_what_is_still_open() -> None:
    story = Story().handling("lihe", MONDAY).asked("extension", "2019-05-06 09:00").handled("2019-05-06 09:30")
    story.checked("2019-05-06 09:40").closed("2019-05-06 09:50")
    assert story.history("close", "lapse") == [("close", "2019-05-06 09:50"), ("lapse", "2019-05-06 09:50")]


def test_a_refused_suspension_may_be_asked_for_again_unless_the_city_counts_what_was_asked() -> None:
    wish = {"kind": "suspension", "reason": "雨季", "wanted_until": FRIDAY}
    one = changed("policy.yaml", "most_granted: 1\n  promise", "most_granted: 1\n    most_asked: 1\n  promise")
    for city, code in ((a_small_city(), None), (a_small_city(one), "asked_cap")):
        story = Story(city).handling("lihe", MONDAY).must("lihe-liaison", "ask", "2019-05-06 08:10", **wish)
        story.must("lihe-liaison", "withdraw", "2019-05-06 08:20", kind="suspension")  # counts nowhere
        story.must("lihe-liaison", "ask", "2019-05-06 08:30", **wish)
        story.must("dispatcher", "decide", "2019-05-06 08:40", kind="suspension", verdict="refused", reason="不足")
        assert code_of(story.does("lihe-liaison", "ask", "2019-05-06 08:50", **wish)) == code


def test_a_kind_that_the_city_has_switched_off_cannot_be_asked_for() -> None:
    policy = changed("policy.yaml", "  promise:\n    enabled: yes", "  promise:\n    enabled: no")
    story = Story(a_small_city(policy)).handling("lihe", MONDAY)
    refusal = story.does("lihe-liaison", "ask", MONDAY, kind="promise", reason="x", wanted_until=FRIDAY)
    assert refusal is not None
    assert (refusal.code, refusal.facts["kind"]) == ("switched_off", "promise")
