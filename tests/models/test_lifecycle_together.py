"""Worked examples with dates: several things at once. Two requests, a request and an end, a correction in a pause.

6 May 2019 is a Monday; the working hours are 08:00-12:00 and 14:00-18:00. E0101/1 allows 4 work hours, E0110 3 work
days, C0101/1 two urgent hours to make safe and then 5 work days.
"""

from typing import Any

import pytest

from models.vocabulary import ClockState, RequestState, State
from tests.builders import MONDAY, Story, acting
from tests.cities import SMALL_CITY, a_small_city

FRIDAY = "2019-05-10T08:00+08:00"


def suspended(class_code: str = "E0101") -> Story:
    """Suspended from Monday 10:00 to Friday 08:00, with an extension asked for before."""
    story = Story(class_code=class_code).handling("lihe", MONDAY).asked("extension", "2019-05-06 09:00")
    story.asked("suspension", "2019-05-06 09:10", wanted_until=FRIDAY).granted("suspension", "2019-05-06 09:30")
    return story.granted("suspension", "2019-05-06 10:00", by="shift-leader")


def states(story: Story) -> dict[str, RequestState]:
    """How each kind of request stands."""
    return {request.kind.value: request.state for request in story.case.requests}


def test_an_extension_granted_while_the_case_is_suspended_is_there_when_it_goes_on() -> None:
    story = suspended().granted("extension", "2019-05-07 09:00")
    assert (story.state, story.case.running_clock()) == (State.SUSPENDED, None)
    story.visit("2019-05-10 08:00")
    assert (story.state, story.due) == (State.HANDLING, "2019-05-10 16:00")  # 6 of 8 hours are left
    assert states(story) == {"extension": RequestState.GRANTED, "suspension": RequestState.GRANTED}


def test_a_suspension_lets_a_promise_lapse_but_not_an_extension() -> None:
    story = Story().handling("lihe", MONDAY).asked("extension", "2019-05-06 09:00")
    story.asked("promise", "2019-05-06 09:00", wanted_until=FRIDAY)
    story.asked("suspension", "2019-05-06 09:10", wanted_until=FRIDAY).granted("suspension", "2019-05-06 09:30")
    story.granted("suspension", "2019-05-06 10:00", by="shift-leader")
    assert states(story) == {
        "extension": RequestState.OPEN,
        "promise": RequestState.LAPSED,
        "suspension": RequestState.GRANTED,
    }


@pytest.mark.parametrize(
    ("class_code", "wanted", "due"),
    [
        ("E0101", {"class_code": "E0110", "condition_no": 1}, "2019-05-14 16:00"),  # 22 of 24 hours left on Friday
        ("E0101", {"class_code": "E0201", "condition_no": 1}, "2019-05-11 06:00"),  # 22 of 24 natural hours left
        ("E0110", {"class_code": "C0101", "condition_no": 1}, "2019-05-06 10:00"),  # all two urgent hours were used
    ],
)
def test_a_class_corrected_in_a_pause_counts_what_was_used_before_it(
    class_code: str, wanted: dict[str, Any], due: str
) -> None:
    story = suspended(class_code)
    story.asked("correction", "2019-05-07 09:00", by="acceptor-a", **wanted)
    story.granted("correction", "2019-05-07 10:00", by="shift-leader")
    assert story.state is State.SUSPENDED
    story.visit("2019-05-10 08:00")
    assert (story.state, story.due) == (State.HANDLING, due)


def test_a_suspended_case_that_a_correction_makes_late_climbs_when_it_goes_on_and_not_before() -> None:
    story = suspended("E0110")
    story.asked("correction", "2019-05-07 09:00", by="acceptor-a", class_code="E0101", condition_no=1)
    story.granted("correction", "2019-05-07 10:00", by="shift-leader")
    story.visit("2019-05-09 18:00")
    assert story.history("climb") == []
    story.visit("2019-05-10 12:00")
    assert story.history("climb") == [("climb", "2019-05-10 09:12"), ("climb", "2019-05-10 10:00")]


def test_a_holiday_found_out_during_a_suspension_moves_what_was_used_before_it() -> None:
    story = suspended()  # two hours were used on Monday, which turns out to have been a holiday
    story.move_to(a_small_city({**SMALL_CITY, "calendar.csv": "date,working,name\n2019-05-06,no,临时放假\n"}))
    story.visit("2019-05-10 08:00")
    assert (story.state, story.due) == (State.HANDLING, "2019-05-10 12:00")


def test_a_case_that_joins_another_takes_its_open_requests_with_it_to_the_grave() -> None:
    story = Story(at=MONDAY).asked("void", "2019-05-06 08:05", by="acceptor-a")
    story.asked("correction", "2019-05-06 08:06", by="acceptor-a", condition_no=2)
    joined: dict[str, Any] = {"into": "R7", "resolved": {"into_id": 999_999, "into_ended": False}}
    story.must("acceptor-a", "merge", "2019-05-06 08:10", **joined)
    assert set(states(story).values()) == {RequestState.LAPSED}
    story.must("acceptor-a", "unmerge", "2019-05-07 08:00", reason="两处")
    story.asked("void", "2019-05-07 08:05", by="acceptor-a").granted("void", "2019-05-07 08:10", by="shift-leader")
    assert story.state is State.VOID


def test_force_closed_during_a_verification_nothing_runs_and_a_new_round_starts_clean() -> None:
    story = Story(at=MONDAY).must("acceptor-a", "order_verify", "2019-05-06 08:10", inspector="inspector-a")
    story.must("leader", "force_close", "2019-05-06 08:20", reason="统一处理")
    assert {clock.state for clock in story.case.clocks} == {ClockState.FINISHED}
    late = story.does("inspector-a", "verify", "2019-05-06 08:30", result="true")
    assert late is not None
    assert late.code == "not_now"
    story.must("public", "reopen", "2019-05-06 09:00", reason="问题仍在")
    assert (story.state, story.case.inspector, story.case.number) == (State.FILED, None, "E0101201905060001")


@pytest.mark.parametrize(
    ("kind", "facts"),
    [("extension", {}), ("correction", {"class_code": "C0101", "condition_no": 1}), ("void", {})],
)
def test_no_rule_closes_over_what_was_asked_and_is_not_decided_but_the_shift_leader_may(
    kind: str, facts: dict[str, Any]
) -> None:
    story = Story(source="inspector")
    story.visit("2019-05-06 08:02")
    story.must("lihe-liaison", "receive", "2019-05-06 08:10")
    by = {"void": "dispatcher"}.get(kind, "lihe-liaison")
    story.asked(kind, "2019-05-06 08:20", by=by, **facts).handled("2019-05-06 09:00").checked("2019-05-06 09:20")
    assert story.state is State.CLOSING
    story.visit("2019-05-06 12:00")
    assert story.state is State.CLOSING
    story.closed("2019-05-06 12:10")
    assert states(story) == {kind: RequestState.LAPSED}


def test_decided_the_rule_closes_in_the_same_visit() -> None:
    story = Story(source="inspector")
    story.visit("2019-05-06 08:02")
    story.must("lihe-liaison", "receive", "2019-05-06 08:10").asked("extension", "2019-05-06 08:20")
    story.handled("2019-05-06 09:00").checked("2019-05-06 09:20")
    story.must("dispatcher", "decide", "2019-05-06 09:30", kind="extension", verdict="refused", reason="不足")
    assert story.state is State.CLOSED


def test_one_late_visit_takes_a_whole_quarrel_in_its_order() -> None:
    story = Story().handling("lihe", MONDAY)
    story.visit(
        "2019-05-08 09:00",
        acting("lihe-liaison", "ask", "2019-05-06 11:00", kind="extension", reason="等配件"),
        acting(
            "acceptor-a",
            "ask",
            "2019-05-06 11:10",
            kind="correction",
            reason="类别",
            class_code="E0110",
            condition_no=1,
        ),
        acting("shift-leader", "decide", "2019-05-06 15:00", kind="correction", verdict="granted"),
        acting("dispatcher", "decide", "2019-05-06 15:10", kind="extension", verdict="granted"),
        acting("dispatcher", "redispatch", "2019-05-06 16:00", unit="water", reason="改派"),
        acting("lihe-liaison", "report_handled", "2019-05-06 16:30"),
    )
    assert [refusal.code for refusal in story.refusals] == ["not_now"]  # lihe had it no more: dispatched, not received
    assert story.due == "2019-05-09 16:00"  # 3 work days of the new class, from the redispatch on
    assert story.history("climb") == [("climb", "2019-05-06 11:12"), ("climb", "2019-05-06 12:00")]
