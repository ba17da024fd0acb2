"""Worked examples with dates: corrections, reopening, a source's own deadline, a corrected calendar.

6 May 2019 is a Monday; the working hours are 08:00-12:00 and 14:00-18:00. E0101/1 allows 4 work hours, E0110 3 work
days, C0101/1 two urgent hours to make safe and then 5 work days.
"""

from dataclasses import replace
from typing import Any

import pytest

from models.city import City
from models.vocabulary import State
from tests.builders import CELL, MONDAY, Story, a_story, acting, local
from tests.cities import SMALL_CITY, a_small_city, changed

# Correction


def a_city_with_two_day_waste() -> City:
    """E0101/2 allows two work days here."""
    return a_small_city(
        changed("catalogue.csv", "一处垃圾，一立方米以上,垃圾已清除,1 work_day", "大堆垃圾,垃圾已清除,2 work_day")
    )


def test_a_corrected_class_counts_its_own_limit_from_the_same_start() -> None:
    story = Story(a_city_with_two_day_waste()).handling("lihe", MONDAY)
    refusal = story.does("acceptor-a", "correct", "2019-05-06 10:30", class_code="E0101", condition_no=2)
    assert refusal is not None
    assert refusal.code == "needs_approval"
    story.asked("correction", "2019-05-06 10:30", by="acceptor-a", class_code="E0101", condition_no=2)
    story.granted("correction", "2019-05-06 11:00", by="shift-leader")
    assert (story.case.condition_no, story.due) == (2, "2019-05-07 18:00")  # Tuesday, from Monday 08:00
    facts = story.last("correct")
    assert (facts["former_limit"], facts["former_due_at"]) == ("4 work_hour", "2019-05-06T04:00:00+00:00")
    assert story.case.number == "E0101201905060001"


def test_an_extension_granted_before_a_correction_is_granted_again_in_the_new_limit() -> None:
    story = Story(a_city_with_two_day_waste()).handling("lihe", MONDAY)
    story.asked("extension", "2019-05-06 09:00").granted("extension", "2019-05-06 09:30")
    assert story.due == "2019-05-06 18:00"
    story.asked("correction", "2019-05-06 10:00", by="acceptor-a", condition_no=2)
    story.granted("correction", "2019-05-06 10:10", by="shift-leader")
    assert story.due == "2019-05-09 18:00"  # Thursday: twice two work days
    story.asked("extension", "2019-05-09 09:00").granted("extension", "2019-05-09 09:30")
    assert story.due == "2019-05-13 18:00"  # and one more, over the weekend


def test_before_the_dispatch_the_acceptor_corrects_and_the_limit_starts_at_the_dispatch() -> None:
    story = Story().filed(MONDAY)
    story.must("acceptor-a", "correct", "2019-05-06 09:00", class_code="E0201", condition_no=1)
    story.must("dispatcher", "dispatch", "2019-05-06 10:00", unit="lihe")
    assert story.due == "2019-05-07 10:00"  # one natural day


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, "missing_fact"),
        ({"class_code": "E9999", "condition_no": 1}, "unknown_class"),
        ({"class_code": "E0201", "condition_no": 2}, "unknown_class"),
        ({"class_code": "E0201"}, "unknown_class"),
        ({"area": "999999"}, "unknown_area"),
    ],
)
def test_a_correction_that_names_nothing_known_is_refused(facts: dict[str, Any], code: str) -> None:
    refusal = Story().does("acceptor-a", "correct", MONDAY, **facts)
    assert refusal is not None
    assert refusal.code == code


def test_a_corrected_place_leaves_unit_limit_and_promise_as_they_are() -> None:
    story = Story(
        a_small_city(changed("policy.yaml", "promise_sets_deadline: no", "promise_sets_deadline: yes")), area="410184"
    ).handling("lihe", MONDAY)
    story.asked("promise", "2019-05-06 08:30", wanted_until="2019-05-08T10:00+08:00")
    story.granted("promise", "2019-05-06 09:00")
    story.asked("correction", "2019-05-06 09:10", by="acceptor-a", area=CELL, place="梨河村南")
    story.granted("correction", "2019-05-06 09:20", by="shift-leader")
    assert (story.case.area, story.case.place, story.case.unit) == (CELL, "梨河村南", "lihe")
    assert story.due == "2019-05-08 10:00"


def test_corrected_to_an_urgent_class_it_stands_in_the_make_safe_stage() -> None:
    story = Story().handling("lihe", MONDAY)
    story.asked("correction", "2019-05-06 08:30", by="acceptor-a", class_code="C0101", condition_no=1)
    story.granted("correction", "2019-05-06 09:00", by="shift-leader")
    assert (story.case.stage, story.due) == ("make_safe", "2019-05-06 10:00")
    story.handled("2019-05-06 09:50").checked("2019-05-06 10:30")
    assert (story.case.stage, story.state) == ("repair", State.HANDLING)


def test_corrected_to_an_urgent_class_before_it_is_closed_the_repair_is_not_skipped() -> None:
    story = Story().handling("lihe", MONDAY).handled("2019-05-06 09:30").checked("2019-05-06 09:40")
    story.asked("correction", "2019-05-06 09:50", by="acceptor-a", class_code="C0101", condition_no=1)
    story.granted("correction", "2019-05-06 10:00", by="shift-leader")
    assert (story.state, story.case.stage, story.due) == (State.HANDLING, "repair", "2019-05-13 10:00")
    assert story.last("repair_stage")["make_safe_on_time"] is True  # handled 09:30, two urgent hours until 10:00
    assert story.told[-1] == ("task", "lihe-liaison")
    refusal = story.does("shift-leader", "close", "2019-05-06 10:10")
    assert refusal is not None
    assert refusal.code == "not_now"
    story.handled("2019-05-13 09:00").checked("2019-05-13 09:30").closed("2019-05-13 09:40")
    assert (story.last("close")["how"], story.last("close")["handled_on_time"]) == ("checked", True)


@pytest.mark.parametrize(
    ("class_code", "wanted"),
    [
        ("E0101", {"condition_no": 2}),
        ("E0101", {"place": "梨河村南"}),
        ("C0101", {"class_code": "E0110", "condition_no": 1}),
    ],
)
def test_any_other_correction_leaves_a_checked_case_to_be_closed(class_code: str, wanted: dict[str, Any]) -> None:
    story = (
        Story(class_code=class_code).handling("lihe", MONDAY).handled("2019-05-06 08:30").checked("2019-05-06 08:40")
    )
    if class_code == "C0101":
        story.handled("2019-05-06 08:50").checked("2019-05-06 09:00")
    story.asked("correction", "2019-05-06 09:10", by="acceptor-a", **wanted)
    story.granted("correction", "2019-05-06 09:20", by="shift-leader")
    assert story.state is State.CLOSING


def test_a_repaired_case_corrected_to_another_urgent_condition_is_not_repaired_twice() -> None:
    story = Story(class_code="C0101").handling("lihe", MONDAY).handled("2019-05-06 08:30").checked("2019-05-06 08:40")
    story.handled("2019-05-06 08:50").checked("2019-05-06 09:00")
    story.asked("correction", "2019-05-06 09:10", by="acceptor-a", class_code="C0101", condition_no=1)
    story.granted("correction", "2019-05-06 09:20", by="shift-leader")
    assert (story.state, story.case.stage) == (State.CLOSING, "repair")


# After closing


def test_a_reopened_case_begins_a_new_round_and_the_closed_one_stays_as_counted() -> None:
    story = Story().dispatched("lihe", MONDAY).must("lihe-liaison", "hand_back", "2019-05-06 08:30", reason="越界")
    story.must("dispatcher", "dispatch", "2019-05-06 08:30", unit="lihe").must("lihe-liaison", "receive", MONDAY)
    story.asked("extension", "2019-05-06 09:00").granted("extension", "2019-05-06 09:30")
    story.handled("2019-05-06 10:00").checked("2019-05-06 10:20", "failed").handled("2019-05-06 10:30")
    story.checked("2019-05-06 10:40").closed("2019-05-06 10:50")
    closing = dict(story.last("close"))
    story.must("acceptor-a", "reopen", "2019-05-07 09:00", reason="群众不满意")
    case = story.case
    assert (story.state, case.round, case.reopenings, case.number) == (State.FILED, 2, 1, "E0101201905060001")
    assert (case.hand_backs, case.reworks, case.extensions, case.unit, case.handled_at) == (0, 0, 0, None, None)
    story.must("dispatcher", "dispatch", "2019-05-07 09:10", unit="lihe")
    assert story.due == "2019-05-07 15:10"  # a full new limit, also for the unit that had it
    assert dict(story.last("close")) == closing
    assert closing["handled_on_time"] is True


def test_a_case_is_reopened_at_most_twice() -> None:
    story = a_story(State.CLOSED)
    for day in ("07", "08"):
        story.must("public", "reopen", f"2019-05-{day} 09:00", reason="问题仍在")
        story.must("dispatcher", "dispatch", f"2019-05-{day} 09:10", unit="lihe")
        story.must("lihe-liaison", "receive", f"2019-05-{day} 09:20").handled(f"2019-05-{day} 09:30")
        story.checked(f"2019-05-{day} 09:40").closed(f"2019-05-{day} 09:50")
    refusal = story.does("public", "reopen", "2019-05-09 09:00", reason="问题仍在")
    assert refusal is not None
    assert (refusal.code, refusal.facts["reopenings"]) == ("reopen_cap", 2)


@pytest.mark.parametrize(
    ("moment", "code"), [("2019-05-21 08:40", None), ("2019-05-21 08:40:00.000001", "objection_over")]
)
def test_a_case_is_reopened_inside_the_objection_period_only(moment: str, code: str | None) -> None:
    refusal = a_story(State.CLOSED).does("public", "reopen", moment, reason="问题仍在")  # closed 6 May 08:40
    assert (refusal.code if refusal else None) == code


def test_force_closed_it_ends_at_once_and_is_counted_apart() -> None:
    story = Story().handling("lihe", MONDAY).asked("extension", "2019-05-06 09:00")
    story.must("leader", "force_close", "2019-05-07 09:00", reason="专项整治统一处理")
    facts = story.last("force_close")
    assert (story.state, facts["how"], facts["handled_on_time"]) == (State.CLOSED, "forced", None)
    assert story.history("lapse") == [("lapse", "2019-05-07 09:00")]
    assert story.does("acceptor-a", "reopen", "2019-05-08 09:00", reason="仍未解决") is None


def test_force_closed_while_being_checked_it_is_still_counted_apart() -> None:
    story = a_story(State.CHECKING).must("leader", "force_close", "2019-05-06 09:00", reason="统一处理")
    facts = story.last("force_close")
    assert (facts["how"], facts["handled_on_time"]) == ("forced", None)
    assert facts["handled_at"] == "2019-05-06T00:30:00+00:00"


# A source's own deadline


def test_a_source_that_brings_its_deadline_keeps_it_for_its_first_round_only() -> None:
    city = a_small_city()
    city = replace(city, policy=replace(city.policy, own_deadline_sources=frozenset({"citizen"})))
    story = Story(city, source_due_at=local("2019-05-06 11:00")).handling("lihe", MONDAY)
    assert story.due == "2019-05-06 11:00"
    story.must("dispatcher", "redispatch", "2019-05-06 09:00", unit="water", reason="管网问题")
    assert story.due == "2019-05-06 11:00"
    story.must("water-liaison", "receive", "2019-05-06 10:00").handled("2019-05-06 11:30", "water")
    story.checked("2019-05-06 11:40").closed("2019-05-06 11:50")
    assert story.last("close")["handled_on_time"] is False
    story.must("public", "reopen", "2019-05-07 08:00", reason="问题仍在")
    story.must("dispatcher", "dispatch", "2019-05-07 08:00", unit="water")
    assert story.due == "2019-05-07 12:00"


# The calendar


def test_a_case_that_is_unmerged_runs_on_the_calendar_of_that_day() -> None:
    story = a_story(State.MERGED).move_to(with_holiday("2019-05-07"))
    story.must("acceptor-a", "unmerge", "2019-05-06 09:00", reason="不是同一处")
    assert story.case.calendar_edition == story.city.calendar_edition
    story.dispatched("lihe", "2019-05-06 15:00")
    assert story.due == "2019-05-08 09:00"  # 3 h on Monday, Tuesday is free
    assert story.history("correct_calendar") == []


def with_holiday(day: str) -> City:
    """Another edition of the city in which a day is no work day."""
    return a_small_city({**SMALL_CITY, "calendar.csv": f"date,working,name\n{day},no,临时放假\n"})


def test_a_corrected_calendar_moves_the_deadline_and_makes_nobody_late_who_acted_before_the_visit() -> None:
    story = Story(class_code="E0110").handling("lihe", MONDAY)  # 3 work days: Wednesday 18:00
    story.move_to(with_holiday("2019-05-07"))
    story.visit("2019-05-10 09:00", acting("lihe-liaison", "report_handled", "2019-05-09 18:00"))
    assert story.due == "2019-05-09 18:00"
    assert story.history("correct_calendar", "report_handled") == [
        ("correct_calendar", "2019-05-09 18:00"),
        ("report_handled", "2019-05-09 18:00"),
    ]
    story.checked("2019-05-10 10:00").closed("2019-05-10 10:10")
    assert story.last("close")["handled_on_time"] is True


def test_beyond_the_official_calendar_a_deadline_is_provisional_until_the_table_is_loaded() -> None:
    story = Story(class_code="E0110", at="2026-12-30 08:00").dispatched("lihe", "2026-12-30 08:00")  # Wednesday
    assert (story.due, story.last("dispatch")["provisional"]) == ("2027-01-01 18:00", True)
    documents = changed(
        "city.yaml", "catalogue_edition: small-1", "catalogue_edition: small-1\ncalendar_official_until: 2027-12-31"
    )
    documents["calendar.csv"] = "date,working,name\n2027-01-01,no,元旦\n"
    story.move_to(a_small_city(documents)).visit("2026-12-31 09:00")
    assert story.due == "2027-01-04 18:00"
    assert "provisional" not in story.last("correct_calendar")
    assert story.told[-1] == ("deadline_changed", "lihe-liaison")
