"""When time itself acts on a case: rungs, seats that take too long, and visits that come late.

6 May 2019 is a Monday; the working hours are 08:00-12:00 and 14:00-18:00.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from models.ladder import next_wake, rung_moments
from models.lifecycle_table import NEVER_OFF
from models.policy import Rung
from models.vocabulary import ClockKind, State
from tests.builders import MONDAY, Story, a_story, acting, local, shown
from tests.cities import a_small_city

REMINDER, OVERDUE, SUPERVISION, BULLETIN = "reminder", "overdue", "supervision", "bulletin"


def climbed(story: Story) -> list[tuple[str, str]]:
    """(rung, local time) of every rung climbed so far."""
    return [(e.facts["rung"], shown(e.at)) for e in story.events if e.action == "climb"]


@pytest.mark.parametrize(
    ("class_code", "expected"),
    [
        # 4 work hours: supervision one work day after the deadline, which is longer than one limit.
        (
            "E0101",
            [
                (REMINDER, "2019-05-06 11:12"),
                (OVERDUE, "2019-05-06 12:00"),
                (SUPERVISION, "2019-05-07 12:00"),
                (BULLETIN, "2019-05-10 12:00"),
            ],
        ),
        # 3 work days: supervision one limit after the deadline, which is longer than one work day.
        (
            "E0110",
            [
                (REMINDER, "2019-05-08 11:12"),
                (OVERDUE, "2019-05-08 18:00"),
                (SUPERVISION, "2019-05-13 18:00"),
                (BULLETIN, "2019-05-16 18:00"),
            ],
        ),
    ],
)
def test_a_late_case_climbs_every_rung_at_its_moment(class_code: str, expected: list[tuple[str, str]]) -> None:
    story = Story(class_code=class_code).handling("lihe", MONDAY)
    for day in range(6, 18):
        story.visit(f"2019-05-{day:02} 20:00")
    assert climbed(story) == expected
    assert story.case.on_bulletin
    assert story.case.supervisions == 1
    assert ("supervise", expected[2][1]) in story.history("supervise")


def test_one_visit_days_later_writes_the_same_climbs_and_tells_only_the_highest() -> None:
    story = Story().handling("lihe", MONDAY)
    before = len(story.notices)
    story.visit("2019-05-10 13:00")
    assert [rung for rung, _ in climbed(story)] == [REMINDER, OVERDUE, SUPERVISION, BULLETIN]
    assert climbed(story)[0] == (REMINDER, "2019-05-06 11:12")
    assert [(n.kind, n.recipient) for n in story.notices[before:]] == [("on_bulletin", "lihe-head")]


def test_handled_at_the_deadline_nothing_is_overdue_though_the_visit_comes_later() -> None:
    story = Story().handling("lihe", MONDAY)
    story.visit("2019-05-06 15:00", acting("lihe-liaison", "report_handled", "2019-05-06 12:00"))
    assert [rung for rung, _ in climbed(story)] == [REMINDER]


def test_a_suspended_case_does_not_climb_and_its_further_rungs_move_by_the_suspension() -> None:
    story = Story().handling("lihe", MONDAY)
    story.asked("suspension", "2019-05-06 15:00", wanted_until="2019-05-10T14:00+08:00")
    story.granted("suspension", "2019-05-06 15:30").granted("suspension", "2019-05-06 16:00", by="shift-leader")
    story.visit("2019-05-20 09:00")
    # One work day after Monday 12:00: 2 h until the suspension, 4 h on Friday, 2 h on the next Monday.
    assert climbed(story)[1:3] == [(OVERDUE, "2019-05-06 12:00"), (SUPERVISION, "2019-05-13 10:00")]


def test_days_in_checking_bring_an_overdue_unit_no_nearer_to_the_bulletin() -> None:
    story = Story().handling("lihe", MONDAY).handled("2019-05-06 15:00").checked("2019-05-10 15:00", "failed")
    assert climbed(story) == [(REMINDER, "2019-05-06 11:12"), (OVERDUE, "2019-05-06 12:00")]


def test_an_exempt_case_has_no_rung_ahead() -> None:
    story = Story().handling("lihe", MONDAY)
    assert next_wake(story.case, story.city) is not None
    story.case.exempt = True
    assert next_wake(story.case, story.city) is None


def test_a_new_deadline_climbs_anew() -> None:
    story = Story().handling("lihe", MONDAY).asked("extension", "2019-05-06 11:30")
    story.granted("extension", "2019-05-06 13:00")
    story.visit("2019-05-06 19:00")
    assert climbed(story) == [
        (REMINDER, "2019-05-06 11:12"),
        (OVERDUE, "2019-05-06 12:00"),
        (REMINDER, "2019-05-06 16:24"),  # 80 % of 8 h
        (OVERDUE, "2019-05-06 18:00"),
    ]


def test_the_order_of_the_rungs_in_the_file_does_not_matter() -> None:
    story = Story().handling("lihe", MONDAY)
    clock = story.case.last_clock(ClockKind.HANDLE)
    assert clock is not None
    ladder, calendar = story.city.policy.ladder, story.city.calendar
    assert rung_moments(clock, ladder[::-1], calendar) == rung_moments(clock, ladder, calendar)


def test_a_case_dispatched_after_its_sources_deadline_is_told_as_overdue_at_once() -> None:
    city = a_small_city()
    city = replace(city, policy=replace(city.policy, own_deadline_sources=frozenset({"citizen"})))
    story = Story(city, source_due_at=local("2019-05-05 22:00")).dispatched("lihe", MONDAY)
    story.visit("2019-05-06 08:30")
    assert climbed(story) == [(REMINDER, "2019-05-06 08:00"), (OVERDUE, "2019-05-06 08:00")]
    assert [kind for kind, _ in story.told].count("overdue") == 2
    assert "reminder" not in [kind for kind, _ in story.told]


def test_a_seat_that_takes_twice_its_time_is_told_to_the_shift_leader_once_and_delays_no_unit() -> None:
    story = Story(at=MONDAY)
    story.visit("2019-05-06 12:00")
    assert story.history("alarm_seat") == [("alarm_seat", "2019-05-06 08:30")]  # 15 minutes were allowed
    assert story.told == [("seat_late", "shift-leader")]
    story.dispatched("lihe", "2019-05-06 14:00")
    assert story.due == "2019-05-06 18:00"


def test_a_clock_that_goes_on_after_a_verification_is_not_told_of_a_second_time() -> None:
    story = Story(at=MONDAY)
    story.must("acceptor-a", "order_verify", "2019-05-06 08:40", inspector="inspector-a")
    story.must("inspector-a", "verify", "2019-05-06 08:50", result="true")
    story.visit("2019-05-06 12:00")
    assert story.history("alarm_seat") == [("alarm_seat", "2019-05-06 08:30")]


@pytest.mark.parametrize("state", [State.VERIFYING, State.FILED, State.CHECKING, State.CLOSING])
def test_every_seat_and_inspector_is_alarmed_of_once(state: State) -> None:
    story = a_story(state)
    story.visit("2019-05-08 08:00")
    story.visit("2019-05-09 08:00")
    assert len(story.history("alarm_seat")) == 1


def test_what_time_does_cannot_be_switched_off_so_that_no_case_hangs() -> None:
    # `city check` refuses such a policy; where one was made otherwise, cases go on all the same.
    city = a_small_city()
    story = Story(replace(city, policy=replace(city.policy, disabled_actions=NEVER_OFF))).handling("lihe", MONDAY)
    story.asked("suspension", "2019-05-06 09:00", wanted_until="2019-05-07T08:00+08:00")
    story.granted("suspension", "2019-05-06 09:30").granted("suspension", "2019-05-06 10:00", by="shift-leader")
    story.visit("2019-05-07 12:00")
    assert (story.state, len(climbed(story))) == (State.HANDLING, 2)


def test_a_rung_follows_the_deadline_where_it_names_no_other() -> None:
    story = Story().handling("lihe", MONDAY)
    clock = story.case.last_clock(ClockKind.HANDLE)
    assert clock is not None
    lone = Rung("late", "overdue", ("head",), after=story.city.policy.ladder[2].after)
    moments = rung_moments(clock, (lone,), story.city.calendar)
    assert moments["late"] - clock.due_at == timedelta(days=1)


def test_hundreds_of_notes_in_one_visit_are_no_runaway_case() -> None:
    story = Story().handling("lihe", MONDAY)
    notes = [acting("leader", "add_note", "2019-05-06 09:00", note=f"第{n}条") for n in range(300)]
    visit = story.visit("2019-05-06 09:05", *notes)
    assert [refusal for _, refusal in visit.outcomes] == [None] * 300
