"""Which ladder a late case climbs: its unit's own for its priority, else that of its priority, else everybody's.

6 May 2019 is a Monday; the working hours are 08:00-12:00 and 14:00-18:00. C0101/1 allows two urgent hours to make safe
and then 5 work days, C0101/2 and E0101/1 4 work hours.
"""

from models.city import City
from models.ladder import next_wake
from tests.builders import MONDAY, Story, acting, shown
from tests.cities import SMALL_CITY, a_small_city

OWN = """\
priorities:
  urgent:
    - {code: overdue, notice: overdue, to: [head, shift_leader], priority: emergency, share: 1}
    - {code: order, notice: supervision, to: [head], priority: urgent, after: 1 urgent_hour, follows: overdue,
       supervises: yes}
units:
  water:
    urgent:
      - {code: half, notice: reminder, to: [liaison], share: 0.5}
    routine:
      - {code: overdue, notice: overdue, to: [supervising_leader], priority: urgent, share: 1}
"""
URGENT = [("overdue", "2019-05-06 10:00"), ("order", "2019-05-06 11:00")]
USUAL = [("reminder", "2019-05-06 11:12"), ("overdue", "2019-05-06 12:00"), ("supervision", "2019-05-07 12:00")]
OF_WATER = [("half", "2019-05-06 09:00")]
EVENING, NEXT_DAY = "2019-05-06 18:00", "2019-05-07 18:00"


def a_city(own: str = OWN) -> City:
    return a_small_city({**SMALL_CITY, "ladder.yaml": SMALL_CITY["ladder.yaml"] + own})


def climbed(story: Story) -> list[tuple[str, str]]:
    """(rung, local time) of every rung climbed so far."""
    return [(e.facts["rung"], shown(e.at)) for e in story.events if e.action == "climb"]


def test_an_urgent_case_climbs_the_ladder_of_its_priority_and_others_the_usual() -> None:
    for class_code, expected in (("C0101", URGENT), ("E0101", USUAL)):
        story = Story(a_city(), class_code=class_code).handling("lihe", MONDAY)
        story.visit(NEXT_DAY)
        assert climbed(story) == expected


def test_a_units_own_ladder_goes_before_that_of_the_priority() -> None:
    for condition, expected in ((1, OF_WATER), (2, [("overdue", "2019-05-06 12:00")])):
        story = Story(a_city(), class_code="C0101", condition_no=condition).handling("water", MONDAY)
        story.visit(NEXT_DAY)
        assert climbed(story) == expected


def test_a_unit_that_names_one_priority_climbs_as_all_others_with_the_other() -> None:
    own = "units: {lihe: {urgent: [{code: half, notice: reminder, to: [liaison], share: 0.5}]}}\n"
    story = Story(a_city(own)).handling("lihe", MONDAY)
    story.visit(NEXT_DAY)
    assert climbed(story) == USUAL


def test_each_rung_tells_whom_its_own_ladder_names_as_urgently_as_it_says() -> None:
    story = Story(a_city(), class_code="C0101").handling("lihe", MONDAY)
    before = len(story.notices)
    story.visit("2019-05-06 10:00")
    told = [(n.recipient, n.priority, n.requires_ack) for n in story.notices[before:]]
    assert told == [("lihe-head", "emergency", True), ("shift-leader", "emergency", True)]
    story.visit("2019-05-06 11:00")
    assert story.told[-1] == ("supervision", "lihe-head")
    assert story.case.supervisions == 1


def test_once_made_safe_the_repair_climbs_as_a_routine_case() -> None:
    story = Story(a_city(), class_code="C0101").handling("lihe", MONDAY)
    story.handled("2019-05-06 08:30").checked("2019-05-06 08:40")
    story.visit("2019-05-10 17:00")
    assert [rung for rung, _ in climbed(story)] == ["reminder"]


def test_a_case_that_goes_to_another_unit_climbs_the_ladder_of_that_one() -> None:
    story = Story(a_city(), class_code="C0101").handling("water", MONDAY)
    story.visit("2019-05-06 09:30")
    story.must("dispatcher", "redispatch", "2019-05-06 09:40", unit="lihe", reason="属地处置")
    story.visit(EVENING)
    assert climbed(story) == [*OF_WATER, ("overdue", "2019-05-06 11:40"), ("order", "2019-05-06 12:40")]


def test_a_case_corrected_into_an_urgent_class_climbs_on_as_an_urgent_one() -> None:
    story = Story(a_city()).handling("lihe", MONDAY)
    story.asked("correction", "2019-05-06 09:30", by="acceptor-a", class_code="C0101", condition_no=1)
    story.granted("correction", "2019-05-06 10:30", by="shift-leader")
    wake = next_wake(story.case, story.city)
    assert wake is not None
    assert (wake.what, shown(wake.at)) == ("order", "2019-05-06 11:00")
    story.visit(EVENING)
    assert [rung for rung, _ in climbed(story)] == ["overdue", "order"]


def test_a_late_case_corrected_into_an_urgent_class_stands_on_the_rungs_of_that_ladder_alone() -> None:
    story = Story(a_city()).handling("lihe", MONDAY)
    story.asked("correction", "2019-05-06 13:00", by="acceptor-a", class_code="C0101", condition_no=1)
    story.visit("2019-05-10 14:00")
    assert story.case.on_bulletin
    story.granted("correction", "2019-05-10 15:00", by="shift-leader")
    assert (sorted(story.case.rungs), story.case.on_bulletin) == (["order", "overdue"], False)


def test_an_extension_of_an_urgent_case_is_judged_by_the_rungs_of_its_own_ladder() -> None:
    story = Story(a_city(), class_code="C0101").handling("lihe", MONDAY).asked("extension", "2019-05-06 09:30")
    story.visit("2019-05-06 11:30")
    story.granted("extension", "2019-05-06 12:30")  # Due 12:00 now: late all the same, its order stands.
    story.visit(EVENING)
    assert climbed(story) == URGENT
    assert story.case.supervisions == 1


def test_another_edition_of_the_ladder_holds_from_the_next_visit_on() -> None:
    story = Story(class_code="C0101").handling("lihe", MONDAY)
    story.move_to(a_city()).visit(EVENING, acting("leader", "add_note", EVENING, note="请核实"))
    assert climbed(story) == URGENT
