"""Worked examples with dates: requests that nobody decides are spoken of again and again, to the end of their ladder.

6 May 2019 is a Monday; the working hours are 08:00-12:00 and 14:00-18:00. A decision may take one work day here; the
ladder is the default: the decider three times, then the leader beside the decider.
"""

from copy import deepcopy

import pytest

from models.ladder import next_wake
from models.lifecycle_events import replay
from models.vocabulary import RequestState, State
from tests.builders import MONDAY, Story, a_story, acting, shown
from tests.cities import a_small_city, changed

FAR = "2019-12-01T08:00+08:00"
LADDER = changed(
    "ladder.yaml",
    "rungs:\n",
    "requests:\n"
    "  - {code: first, to: [decider]}\n"
    "  - {code: shift, to: [shift_leader], times: 2, priority: emergency}\n"
    "rungs:\n",
)


def a_request(asked_at: str = "2019-05-06 11:30") -> Story:
    """A suspension asked for; the dispatcher decides first, then the shift leader."""
    return Story().handling("lihe", MONDAY).asked("suspension", asked_at, wanted_until=FAR)


def reminded(story: Story) -> list[tuple[str, str]]:
    """(rung, local time) of every reminder so far."""
    return [(e.facts["rung"], shown(e.at)) for e in story.events if e.action == "remind_request"]


def told_of_it(story: Story) -> list[tuple[str, str | None]]:
    """(kind, recipient) of everything said about undecided requests."""
    return [(n.kind.value, n.recipient) for n in story.notices if n.kind in ("request_to_decide", "request_waits")]


WHOLE_LADDER = [
    ("remind", "2019-05-07 11:30"),  # Tuesday, one work day after it was asked for
    ("remind", "2019-05-08 11:30"),
    ("remind", "2019-05-09 11:30"),
    ("leader", "2019-05-10 11:30"),
]


def test_a_request_nobody_decides_is_spoken_of_each_further_time_and_at_last_to_the_leader() -> None:
    story = a_request()
    for day in ("07", "08", "09", "10", "13", "14"):
        story.visit(f"2019-05-{day} 12:00")
    assert reminded(story) == WHOLE_LADDER
    assert told_of_it(story) == [
        *[("request_to_decide", "dispatcher")] * 5,  # when it was asked for, three reminders, and beside the leader
        ("request_waits", "leader"),
    ]
    last = next(notice for notice in story.notices if notice.kind == "request_waits")
    assert (last.priority, last.requires_ack, last.facts["kind"]) == ("urgent", True, "suspension")
    assert story.case.requests[0].state is RequestState.OPEN  # Nobody but an approver ever decides.
    assert all(wake.action != "remind_request" for wake in [next_wake(story.case, story.city)] if wake)


def test_one_visit_days_later_writes_the_same_reminders_and_tells_only_the_highest() -> None:
    story = a_request()
    story.visit("2019-05-20 09:00")
    assert reminded(story) == WHOLE_LADDER
    assert told_of_it(story)[1:] == [("request_to_decide", "dispatcher"), ("request_waits", "leader")]
    assert [notice.kind.value for notice in story.notices][-2:] == ["request_waits", "on_bulletin"]


def test_each_approver_has_the_whole_time_and_a_ladder_of_their_own() -> None:
    story = a_request()
    story.visit("2019-05-08 12:00")
    assert len(reminded(story)) == 2
    story.granted("suspension", "2019-05-08 15:00")
    request = story.case.requests[0]
    assert (shown(request.due_at), request.reminders) == ("2019-05-09 15:00", 0)
    assert story.notices[-1].facts["decide_by"] == "2019-05-09T07:00:00+00:00"
    story.visit("2019-05-10 15:00")
    assert reminded(story)[2:] == [("remind", "2019-05-09 15:00"), ("remind", "2019-05-10 15:00")]
    assert told_of_it(story)[-1] == ("request_to_decide", "shift-leader")


def test_who_decided_before_the_late_visit_came_is_not_reminded() -> None:
    story = a_request()
    before = len(told_of_it(story))
    decided = acting("dispatcher", "decide", "2019-05-08 09:00", kind="suspension", verdict="refused", reason="不足")
    story.visit("2019-05-08 12:00", decided)
    assert reminded(story) == WHOLE_LADDER[:1]
    assert told_of_it(story)[before:] == []


@pytest.mark.parametrize("settle", ["withdraw", "decide"])
def test_what_is_settled_is_spoken_of_no_more(settle: str) -> None:
    story = a_request()
    if settle == "withdraw":
        story.must("lihe-liaison", "withdraw", "2019-05-07 12:00", kind="suspension")
    else:
        story.must("dispatcher", "decide", "2019-05-07 12:00", kind="suspension", verdict="refused", reason="不足")
    story.visit("2019-05-20 09:00")
    assert reminded(story) == WHOLE_LADDER[:1]


def test_an_appeal_on_a_closed_case_climbs_its_ladder_too() -> None:
    story = a_story(State.CLOSED, late=True).asked("appeal", "2019-05-07 09:00")
    wake = next_wake(story.case, story.city)
    assert wake is not None
    assert (wake.action, shown(wake.at)) == ("remind_request", "2019-05-08 09:00")
    for day in ("08", "09", "10", "13", "14", "15"):
        story.visit(f"2019-05-{day} 09:00")
    assert reminded(story) == [
        ("remind", "2019-05-08 09:00"),
        ("remind", "2019-05-09 09:00"),
        ("remind", "2019-05-10 09:00"),
        ("leader", "2019-05-13 09:00"),
    ]
    assert next_wake(story.case, story.city) is None
    assert story.state is State.CLOSED


def test_an_appeal_that_lapses_with_a_reopening_is_spoken_of_no_more() -> None:
    story = a_story(State.CLOSED, late=True).asked("appeal", "2019-05-07 09:00")
    story.visit("2019-05-09 12:00")
    story.must("public", "reopen", "2019-05-10 08:00", reason="问题仍在")
    assert story.case.requests[0].state is RequestState.LAPSED
    story.visit("2019-05-20 09:00")
    assert len(reminded(story)) == 2


def test_two_requests_of_a_case_climb_each_its_own_ladder() -> None:
    story = a_request().asked("void", "2019-05-06 17:30", by="acceptor-a")
    story.visit("2019-05-20 09:00")
    kinds = [event.facts["kind"] for event in story.events if event.action == "remind_request"]
    assert kinds == ["suspension", "void"] * 4
    highest = [(n.kind.value, n.recipient, n.facts["kind"]) for n in story.notices if n.kind == "request_waits"]
    assert highest == [("request_waits", "leader", "suspension"), ("request_waits", "leader", "void")]


def test_the_ladder_of_requests_is_the_citys_data() -> None:
    story = Story(a_small_city(LADDER)).handling("lihe", MONDAY)
    story.asked("suspension", "2019-05-06 11:30", wanted_until=FAR)
    for day in ("07", "08", "09", "10", "13"):
        story.visit(f"2019-05-{day} 12:00")
    assert [rung for rung, _ in reminded(story)] == ["first", "shift", "shift"]
    assert told_of_it(story) == [
        ("request_to_decide", "dispatcher"),
        ("request_to_decide", "dispatcher"),
        ("request_waits", "shift-leader"),
        ("request_waits", "shift-leader"),
    ]
    assert {n.priority.value for n in story.notices if n.kind == "request_waits"} == {"emergency"}


def test_who_decides_is_asked_to_decide_also_where_the_rung_names_their_role() -> None:
    story = Story(a_small_city(LADDER)).handling("lihe", MONDAY).asked("void", "2019-05-06 11:30", by="acceptor-a")
    story.visit("2019-05-20 09:00")
    assert told_of_it(story) == [("request_to_decide", "shift-leader")] * 2  # asked, and reminded by the highest rung


def test_a_request_that_outlives_the_official_calendar_is_spoken_of_all_the_same() -> None:
    story = Story(at="2026-12-29 08:00").handling("lihe", "2026-12-29 08:00")
    story.asked("suspension", "2026-12-30 11:30", wanted_until="2027-05-01T08:00+08:00")
    story.visit("2027-01-20 09:00")
    assert [shown(e.at) for e in story.events if e.action == "remind_request"] == [
        "2026-12-31 11:30",
        "2027-01-01 11:30",  # weekends only, as long as nobody knows the holidays of 2027
        "2027-01-04 11:30",
        "2027-01-05 11:30",
    ]


def test_a_visit_years_late_is_no_runaway_case() -> None:
    story = a_request()
    for kind, by in (("void", "acceptor-a"), ("correction", "acceptor-a"), ("extension", "lihe-liaison")):
        facts = {"condition_no": 2} if kind == "correction" else {}
        story.asked(kind, "2019-05-06 11:40", by=by, **facts)
    story.visit("2023-05-08 09:00")
    assert len(reminded(story)) == 16


def test_replayed_the_reminders_stand_where_they_stood() -> None:
    story = a_request()
    story.visit("2019-05-09 12:00")
    story.granted("suspension", "2019-05-09 15:00")
    story.visit("2019-05-10 16:00")
    again = replay(deepcopy(story.before_any_event), story.events, lambda _: story.city.calendar)
    assert again == story.case
    assert again.requests[0].reminders == 1
