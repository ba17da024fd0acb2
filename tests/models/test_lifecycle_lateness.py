"""Worked examples with dates: a deadline that moves once the unit is late. What was climbed, and what counts again.

6 May 2019 is a Monday; the working hours are 08:00-12:00 and 14:00-18:00. E0101/1 allows 4 work hours: dispatched on
Monday 08:00 it is due 12:00, gets its supervision order on Tuesday 12:00 and is on the bulletin from Friday 12:00.
"""

from copy import deepcopy

import pytest

from models.lifecycle_events import replay
from tests.builders import MONDAY, Story, shown
from tests.cities import SMALL_CITY, a_small_city, changed


def asked_in_time() -> Story:
    """An extension asked for on Monday 11:30, and not decided."""
    return Story().handling("lihe", MONDAY).asked("extension", "2019-05-06 11:30")


def climbed(story: Story) -> list[tuple[str, str]]:
    """(rung, local time) of every rung climbed so far."""
    return [(e.facts["rung"], shown(e.at)) for e in story.events if e.action == "climb"]


def whole_ladder(story: Story) -> Story:
    """The same late case on Friday 13:00: on the bulletin, with one supervision order."""
    story.visit("2019-05-10 13:00")
    assert (story.case.on_bulletin, story.case.supervisions, len(climbed(story))) == (True, 1, 4)
    return story


def test_an_extension_granted_late_takes_the_case_off_the_bulletin_until_it_is_due_there() -> None:
    story = whole_ladder(asked_in_time()).granted("extension", "2019-05-10 15:00")
    assert story.due == "2019-05-06 18:00"  # late all the same, by a later deadline
    assert (story.case.on_bulletin, story.case.supervisions) == (False, 1)
    story.visit("2019-05-10 17:00")
    assert len(climbed(story)) == 4
    story.visit("2019-05-20 09:00")
    assert climbed(story)[4:] == [("bulletin", "2019-05-10 18:00")]
    assert (story.case.on_bulletin, story.case.supervisions) == (True, 1)  # the same lateness: one order


def test_granted_when_even_the_later_deadline_has_led_to_the_bulletin_it_stays_there() -> None:
    story = asked_in_time()
    story.visit("2019-05-13 09:00")
    story.granted("extension", "2019-05-13 09:30")
    assert (story.due, story.case.on_bulletin) == ("2019-05-06 18:00", True)
    story.visit("2019-05-20 09:00")
    assert (len(climbed(story)), story.case.supervisions) == (4, 1)


def test_overdue_by_the_new_deadline_too_nobody_is_told_a_second_time() -> None:
    story = asked_in_time()
    story.visit("2019-05-07 09:00")
    told = len(story.told)
    story.granted("extension", "2019-05-07 09:30")  # due Monday 18:00: overdue all the same
    story.visit("2019-05-07 10:00")
    assert climbed(story) == [("reminder", "2019-05-06 11:12"), ("overdue", "2019-05-06 12:00")]
    assert [kind for kind, _ in story.told[told:]] == ["request_decided", "deadline_changed"]
    story.visit("2019-05-10 19:00")
    assert climbed(story)[2:] == [("supervision", "2019-05-07 18:00"), ("bulletin", "2019-05-10 18:00")]
    assert story.case.supervisions == 1


def test_in_time_again_it_climbs_from_the_foot_towards_its_new_deadline() -> None:
    soon = a_small_city(changed("ladder.yaml", "after: 1 work_day", "after: 1 work_hour"))
    story = Story(soon).handling("lihe", MONDAY).asked("extension", "2019-05-06 11:30")
    story.visit("2019-05-06 16:30")
    assert [rung for rung, _ in climbed(story)] == ["reminder", "overdue"]
    story.granted("extension", "2019-05-06 17:00")
    assert (story.due, story.case.rungs) == ("2019-05-06 18:00", {"reminder": "2019-05-06T10:00:00+00:00"})
    story.visit("2019-05-08 09:00")
    assert climbed(story)[2:] == [
        ("reminder", "2019-05-06 17:00"),  # 80 % of the 8 h are over since 16:24
        ("overdue", "2019-05-06 18:00"),
        ("supervision", "2019-05-07 12:00"),  # one limit of 4 h later, not the 8 h that were granted
    ]
    assert story.case.supervisions == 1


def test_a_correction_to_a_longer_limit_takes_the_case_off_the_bulletin_and_a_second_lateness_counts() -> None:
    story = whole_ladder(Story().handling("lihe", MONDAY))
    story.asked("correction", "2019-05-10 13:10", by="acceptor-a", class_code="E0110", condition_no=1)
    story.granted("correction", "2019-05-10 13:20", by="shift-leader")
    assert (story.due, story.case.on_bulletin, story.case.supervisions) == ("2019-05-08 18:00", False, 1)
    longer = changed("catalogue.csv", "油烟直排,已停止直排,3 work_day", "油烟直排,已停止直排,10 work_day")
    story = Story(a_small_city(longer)).handling("lihe", MONDAY)
    whole_ladder(story).asked("correction", "2019-05-10 13:10", by="acceptor-a", class_code="E0110", condition_no=1)
    story.granted("correction", "2019-05-10 13:20", by="shift-leader")
    assert (story.due, story.case.on_bulletin, story.case.rungs) == ("2019-05-17 18:00", False, {})
    story.visit("2019-06-10 09:00")  # ten more work days after the second deadline: Friday 31 May
    assert ("supervision", "2019-05-31 18:00") in climbed(story)
    assert story.case.supervisions == 2


def test_a_holiday_found_out_later_takes_a_case_off_the_bulletin() -> None:
    story = whole_ladder(Story().handling("lihe", MONDAY))
    rows = "".join(f"2019-05-{day:02},no,临时放假\n" for day in range(6, 10))
    story.move_to(a_small_city({**SMALL_CITY, "calendar.csv": f"date,working,name\n{rows}"}))
    story.visit("2019-05-10 13:30")  # the first work day of that week
    assert (story.due, story.case.on_bulletin, story.case.supervisions) == ("2019-05-10 12:00", False, 1)
    assert story.last("correct_calendar")["rungs"] == ["reminder", "overdue", "supervision"]


def test_handled_before_the_later_deadline_the_case_is_late_no_more() -> None:
    story = asked_in_time().handled("2019-05-06 17:00")
    assert "overdue" in story.case.rungs
    story.granted("extension", "2019-05-09 09:00")  # being checked for days: not the unit's
    assert (story.due, story.case.rungs) == ("2019-05-06 18:00", {})
    story.checked("2019-05-09 10:00", "failed")  # one hour was left
    story.visit("2019-05-09 10:30")
    assert (story.due, climbed(story)[-1]) == ("2019-05-09 11:00", ("reminder", "2019-05-09 10:00"))


def test_another_unit_does_not_stand_on_the_bulletin_for_the_one_before() -> None:
    story = whole_ladder(Story().handling("lihe", MONDAY))
    story.must("dispatcher", "redispatch", "2019-05-10 14:00", unit="water", reason="管网")
    assert (story.case.on_bulletin, story.case.rungs) == (False, {})
    story.visit("2019-05-10 17:00")
    assert not story.case.on_bulletin


@pytest.mark.parametrize("granted", ["2019-05-06 17:00", "2019-05-07 15:00", "2019-05-10 15:00", "2019-05-20 15:00"])
def test_replayed_the_case_stands_on_the_same_rungs(granted: str) -> None:
    story = asked_in_time()
    story.visit(granted)
    story.granted("extension", granted)
    story.visit("2019-05-30 09:00")
    assert replay(deepcopy(story.before_any_event), story.events, lambda _: story.city.calendar) == story.case
    assert (story.case.supervisions, story.case.on_bulletin) == (1, True)
