"""Worked examples with dates: what happens to a case and its clocks, from the report to the check.

6 May 2019 is a Monday; the working hours are 08:00-12:00 and 14:00-18:00. E0101/1 allows 4 work hours, C0101/1 two
urgent hours to make safe and then 5 work days.
"""

import pytest

from models.city import City
from models.vocabulary import ClockKind, ClockState, State
from tests.builders import MONDAY, Story, a_story, acting, local
from tests.cities import a_small_city, changed

WITH_MARKET = "market,梨河镇市场所,department,lihe,township,lihe-liaison,lihe-head,leader,,,,\nwater,"


def a_city_that_says(key: str, old: str, new: str) -> City:
    """The small city with one line of its policy changed."""
    return a_small_city(changed("policy.yaml", f"{key}: {old}", f"{key}: {new}"))


# Hand-back


def test_handed_back_and_dispatched_to_the_same_unit_the_clock_goes_on_with_what_was_left() -> None:
    story = Story().handling("lihe", MONDAY)
    assert story.due == "2019-05-06 12:00"
    story.must("lihe-liaison", "hand_back", "2019-05-06 10:00", reason="不在辖区")
    assert (story.state, story.case.unit, story.case.hand_backs) == (State.FILED, None, 1)
    assert story.case.assignments[0].ended_at == local("2019-05-06 10:00")
    story.must("dispatcher", "dispatch", "2019-05-07 09:00", unit="lihe")  # Tuesday, 2 h left
    assert story.due == "2019-05-07 11:00"
    assert [clock.kind for clock in story.case.clocks].count(ClockKind.HANDLE) == 1


def test_handed_back_and_dispatched_to_another_unit_it_gets_a_full_new_limit() -> None:
    story = Story().handling("lihe", MONDAY)
    story.must("lihe-liaison", "hand_back", "2019-05-06 10:00", reason="不在辖区")
    story.must("dispatcher", "dispatch", "2019-05-07 09:00", unit="water")  # Tuesday 09-12 and 14-15
    assert story.due == "2019-05-07 15:00"
    old, new = [clock for clock in story.case.clocks if clock.kind is ClockKind.HANDLE]
    assert (old.state, new.state) == (ClockState.FINISHED, ClockState.RUNNING)


def test_at_the_cap_only_a_leader_names_the_unit_which_may_not_hand_back_again() -> None:
    story = Story().filed(MONDAY)
    for hour in (9, 10, 11):
        early = story.does("leader", "arbitrate", f"2019-05-06 {hour:02}:00", unit="water", reason="协调")
        assert early is not None
        assert early.code == "arbitration_too_early"
        story.must("dispatcher", "dispatch", f"2019-05-06 {hour:02}:00", unit="lihe")
        story.must("lihe-liaison", "hand_back", f"2019-05-06 {hour:02}:30", reason="越界")
    capped = story.does("dispatcher", "dispatch", "2019-05-06 14:00", unit="lihe")
    assert capped is not None
    assert (capped.code, capped.facts["hand_backs"]) == ("needs_arbitration", 3)
    story.must("leader", "arbitrate", "2019-05-06 15:00", unit="water", reason="由供水公司负责")
    assert story.due == "2019-05-07 09:00"  # 3 h on Monday, 1 h on Tuesday
    refusal = story.does("water-liaison", "hand_back", "2019-05-06 16:00", reason="越界")
    assert refusal is not None
    assert refusal.code == "hand_back_cap"


def test_where_hand_backs_are_not_allowed_a_fresh_case_is_dispatched_all_the_same() -> None:
    story = Story(a_city_that_says("most_hand_backs", "3", "0")).dispatched()
    refusal = story.does("lihe-liaison", "hand_back", "2019-05-06 09:00", reason="越界")
    assert refusal is not None
    assert refusal.code == "hand_back_cap"


def test_where_policy_says_so_a_hand_back_needs_approval() -> None:
    story = Story(a_city_that_says("hand_back_by_approval", "no", "yes")).handling()
    refusal = story.does("lihe-liaison", "hand_back", "2019-05-06 09:00", reason="越界")
    assert refusal is not None
    assert (refusal.code, refusal.facts["kind"]) == ("needs_approval", "hand_back")
    story.asked("hand_back", "2019-05-06 09:05").granted("hand_back", "2019-05-06 10:00")
    assert (story.state, story.case.hand_backs) == (State.FILED, 1)
    assert story.last("hand_back")["former_unit"] == "lihe"
    story.must("dispatcher", "dispatch", "2019-05-06 11:00", unit="lihe")  # 2 h were used until 10:00
    assert story.due == "2019-05-06 15:00"


def test_redispatched_to_another_unit_it_gets_a_full_limit_and_to_the_same_none() -> None:
    story = Story().handling("lihe", MONDAY)
    story.must("dispatcher", "redispatch", "2019-05-06 09:00", unit="lihe", reason="重新确认")
    assert (story.state, story.due) == (State.DISPATCHED, "2019-05-06 12:00")
    story.must("dispatcher", "redispatch", "2019-05-06 10:00", unit="water", reason="管网问题")
    assert (story.case.unit, story.due, story.case.hand_backs) == ("water", "2019-05-06 16:00", 0)
    assert [(a.unit, a.ended_at is None) for a in story.case.assignments] == [
        ("lihe", False),
        ("lihe", False),
        ("water", True),
    ]


# Inside a unit


def test_a_unit_assigns_only_to_units_below_it_and_takes_that_back() -> None:
    story = Story(a_small_city(changed("units.csv", "water,", WITH_MARKET))).dispatched()
    for unit in ("water", "lihe"):
        refusal = story.does("lihe-liaison", "assign", "2019-05-06 08:10", unit=unit)
        assert refusal is not None
        assert refusal.code == "unit_not_below"
    story.must("lihe-liaison", "assign", "2019-05-06 08:20", unit="market")
    lead, inner = story.case.assignments
    assert (story.state, story.case.unit) == (State.HANDLING, "lihe")
    assert (inner.unit, inner.lead, inner.parent_seq) == ("market", False, lead.seq)
    story.must("lihe-liaison", "revoke_assign", "2019-05-06 08:30", unit="market")
    assert (lead.ended_at, inner.ended_at) == (None, local("2019-05-06 08:30"))


def test_another_unit_does_not_touch_the_case() -> None:
    story = Story().dispatched("lihe")
    for action, facts in (("receive", {}), ("hand_back", {"reason": "x"}), ("add_note", {"note": "x"})):
        refusal = story.does("water-liaison", action, "2019-05-06 08:10", **facts)
        assert refusal is not None
        assert (refusal.code, refusal.facts["your_unit"]) == ("wrong_unit", "water")


# Checking


def test_rework_goes_on_where_the_clock_stood_and_checking_time_does_not_count() -> None:
    story = Story().handling("lihe", MONDAY).handled("2019-05-06 11:00")  # 1 h left
    story.checked("2019-05-07 10:00", "failed")
    assert (story.state, story.case.reworks, story.due) == (State.HANDLING, 1, "2019-05-07 11:00")
    story.handled("2019-05-07 11:00").checked("2019-05-08 09:00").closed("2019-05-08 09:10")
    assert story.last("close")["handled_on_time"] is True


def test_where_policy_says_so_checking_time_counts_in_a_rework() -> None:
    story = Story(a_city_that_says("checking_time_counts", "no", "yes"))
    story.handling("lihe", MONDAY).handled("2019-05-06 11:00").checked("2019-05-07 10:00", "failed")
    assert story.due == "2019-05-06 12:00"
    story.handled("2019-05-07 10:30").checked("2019-05-07 11:00").closed("2019-05-07 11:10")
    assert story.last("close")["handled_on_time"] is False


def test_an_urgent_case_is_made_safe_first_and_repaired_under_a_second_limit() -> None:
    story = Story(class_code="C0101").handling("water", MONDAY)
    assert (story.case.stage, story.due) == ("make_safe", "2019-05-06 10:00")
    story.handled("2019-05-06 09:30", "water").checked("2019-05-06 09:40")
    assert (story.state, story.case.stage, story.due) == (State.HANDLING, "repair", "2019-05-13 09:40")
    assert story.last("repair_stage")["make_safe_on_time"] is True
    story.handled("2019-05-13 09:40", "water").checked("2019-05-13 15:00").closed("2019-05-13 15:10")
    assert story.last("close")["handled_on_time"] is True


def test_the_repair_limit_starts_at_the_check_also_when_the_visit_comes_hours_later() -> None:
    story = Story(class_code="C0101").handling("water", MONDAY)
    story.visit(
        "2019-05-06 15:00",
        acting("water-liaison", "report_handled", "2019-05-06 10:10"),
        acting("inspector-a", "check", "2019-05-06 10:30", result="passed"),
        acting("water-liaison", "report_handled", "2019-05-06 14:30"),
    )
    assert story.due == "2019-05-13 10:30"
    assert story.last("repair_stage")["make_safe_on_time"] is False
    assert story.state is State.CHECKING


def test_nobody_gets_a_second_limit_by_saying_made_safe_of_an_ordinary_case() -> None:
    story = a_story(State.CHECKING)
    refusal = story.does("inspector-a", "check", "2019-05-06 08:40", result="made_safe")
    assert refusal is not None
    assert (refusal.code, refusal.facts["name"]) == ("unreadable_fact", "result")
    urgent = a_story(State.CHECKING, urgent=True).checked("2019-05-06 08:40").handled("2019-05-06 09:00")
    again = urgent.does("inspector-a", "check", "2019-05-06 09:10", result="made_safe")
    assert again is not None
    assert urgent.case.stage == "repair"


def test_only_the_inspector_who_was_sent_or_the_deputy_checks() -> None:
    story = a_story(State.CHECKING).must("acceptor-a", "order_check", "2019-05-06 08:40", inspector="inspector-b")
    refusal = story.does("inspector-a", "check", "2019-05-06 08:50", result="passed")
    assert refusal is not None
    assert (refusal.code, refusal.facts["holder"]) == ("not_yours", "inspector-b")
    story.must("acceptor-a", "order_check", "2019-05-06 08:55", inspector="inspector-a")
    story.must("inspector-b", "check", "2019-05-06 09:00", result="passed")  # the deputy of inspector-a
    assert story.state is State.CLOSING


@pytest.mark.parametrize(("handled", "on_time"), [("12:00:00", True), ("12:00:00.000001", False)])
def test_handled_at_the_deadline_is_on_time_and_a_microsecond_later_is_not(handled: str, on_time: bool) -> None:
    story = Story().handling("lihe", MONDAY)
    story.must("lihe-liaison", "report_handled", f"2019-05-06 {handled}", seen="2019-05-06 13:00")
    story.checked("2019-05-09 17:00").closed("2019-05-10 17:00")  # Inspector and seat are days late: not the unit.
    facts = story.last("close")
    assert facts["handled_on_time"] is on_time
    assert facts["how"] == "checked"


# Before filing


@pytest.mark.parametrize("result", ["true", "false", "not_found"])
def test_the_acceptors_clock_waits_while_an_inspector_verifies(result: str) -> None:
    story = Story(at=MONDAY).must("acceptor-a", "order_verify", "2019-05-06 08:10", inspector="inspector-a")
    verify = story.case.running_clock()
    assert verify is not None
    assert (verify.kind, verify.due_at) == (ClockKind.VERIFY, local("2019-05-06 08:40"))
    story.must("inspector-a", "verify", "2019-05-06 08:30", result=result)
    accept = story.case.running_clock()
    assert accept is not None
    assert (story.case.verified, accept.due_at) == (result, local("2019-05-06 08:35"))  # 10 of 15 minutes were used


def test_merged_into_another_case_it_rests_and_unmerged_it_starts_again() -> None:
    story = Story(at=MONDAY)
    for resolved, code in (
        ({}, "merge_target"),
        ({"into_id": 7, "into_ended": True}, "merge_target"),
        ({"into_id": story.case.id, "into_ended": False}, "same_case"),
    ):
        refusal = story.does("acceptor-a", "merge", "2019-05-06 08:05", into="R7", into_id=7, resolved=resolved)
        assert refusal is not None
        assert refusal.code == code
    story.must("acceptor-a", "merge", "2019-05-06 08:10", into="R7", resolved={"into_id": 7, "into_ended": False})
    assert (story.state, story.case.merged_into, story.case.running_clock()) == (State.MERGED, 7, None)
    story.must("acceptor-b", "unmerge", "2019-05-07 20:00", reason="不是同一处")
    accept = story.case.running_clock()
    assert accept is not None
    assert (story.state, story.case.merged_into) == (State.REPORTED, None)
    assert accept.due_at == local("2019-05-07 20:15")


def test_a_quick_fix_is_counted_apart_and_gets_a_number_when_it_is_reopened() -> None:
    story = Story(source="inspector")
    pictures = {"picture_before": "a.jpg", "picture_after": "b.jpg"}
    one_picture = Story().does("inspector-a", "quick_fix", MONDAY, picture_before="a.jpg")
    assert one_picture is not None
    assert (one_picture.code, one_picture.facts["needs"]) == ("missing_fact", ["picture_after"])
    story.must("inspector-a", "quick_fix", MONDAY, **pictures)
    assert story.state is State.CLOSING  # The rule that closes checked cases leaves it to a seat.
    story.closed("2019-05-06 08:30")
    facts = story.last("close")
    assert (facts["how"], facts["handled_on_time"], story.case.number) == ("quick_fix", None, None)
    story.must("public", "reopen", "2019-05-07 08:00", reason="垃圾还在")
    assert (story.state, story.case.number) == (State.FILED, "E0101201905070001")


def test_the_number_is_given_once_by_the_local_day_and_widens_rather_than_wraps() -> None:
    story = Story(at="2019-05-06 00:30").filed("2019-05-06 00:30")  # still 5 May in Greenwich
    assert story.case.number == "E0101201905060001"
    story.must("dispatcher", "return_to_acceptor", "2019-05-07 00:30", reason="类别有误")
    story.must("shift-leader", "file", "2019-05-07 08:00")
    assert story.case.number == "E0101201905060001"
    crowded = Story()
    crowded.serials["E010120190506"] = 9999
    assert crowded.filed(MONDAY).case.number == "E01012019050610000"


# Rules


def test_a_trusted_report_is_on_its_way_in_one_visit_and_each_step_names_its_rule() -> None:
    story = Story(source="inspector")
    story.visit("2019-05-06 08:02")
    assert [(e.action, e.actor) for e in story.events[1:]] == [
        (action, "rule:inspector_straight_through") for action in ("accept", "file", "dispatch")
    ]
    assert story.due == "2019-05-06 14:02"  # 3 h 58 min in the morning


def test_what_the_dispatcher_sent_back_is_not_filed_again_by_a_rule() -> None:
    story = Story(
        a_small_city(changed("policy.yaml", "[accept, file, dispatch,", "[accept, file,")), source="inspector"
    )
    story.visit("2019-05-06 08:02")
    story.must("dispatcher", "return_to_acceptor", "2019-05-06 08:10", reason="类别有误")
    story.visit("2019-05-06 08:20")
    assert story.state is State.ACCEPTED
    story.must("acceptor-a", "correct", "2019-05-06 08:30", condition_no=2)
    assert story.must("shift-leader", "file", "2019-05-06 08:40").state is State.FILED


def test_a_case_that_came_back_waits_for_a_dispatchers_eye() -> None:
    story = Story(source="inspector")
    story.visit("2019-05-06 08:02")
    story.must("lihe-liaison", "hand_back", "2019-05-06 08:30", reason="越界")
    story.visit("2019-05-06 09:30")
    assert story.state is State.FILED
