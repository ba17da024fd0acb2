"""Reports go through the real rules on virtual time: what happens, when, and by whom."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models.case_state import CaseEvent, CaseState
from models.city import City
from models.mapped_report import MappedReport
from models.replay import Replay
from models.replay_city import drawn_closing, replay_city
from models.vocabulary import ActionName, State
from tests.cities import SMALL_CITY, a_small_city, changed
from tests.replayed import a_report, at, replayed


def the_case(report: MappedReport, city: City | None = None) -> CaseState:
    return replayed(report, city=city).cases[0].case


def test_a_report_with_a_closing_time_goes_through_all_its_states() -> None:
    replay = replayed(a_report(closed_at="2019-05-06 11:00"))
    case, tally = replay.cases[0].case, replay.tally
    assert (case.state, case.unit, case.handled_at, case.ended_at) == (
        State.CLOSED, "lihe", at("2019-05-06 11:00"), at("2019-05-06 11:00"),
    )  # fmt: skip
    # reported, accepted, filed, dispatched, handling, checking, closing, closed; order_check changes no state
    assert (tally.transitions, tally.events, case.events) == (8, 9, 9)
    assert (tally.closed, tally.on_time, tally.overdue) == (1, 1, 0)
    assert case.number == "E0101201905060001"


@pytest.mark.parametrize(
    ("closed", "on_time", "notices"),
    [
        ("2019-05-06 12:00", True, 3),  # task, reminder at 80 %, check task; equal is on time, so no overdue notice
        ("2019-05-06 12:00:01", False, 5),  # and overdue, to liaison and head
        ("2019-05-07 12:00:01", False, 7),  # and supervision, to head and leader
    ],
)
def test_four_work_hours_from_monday_eight_run_out_at_twelve(closed: str, on_time: bool, notices: int) -> None:
    replay = replayed(a_report(closed_at=closed))
    assert replay.cases[0].on_time is on_time
    assert replay.tally.notices == notices


def test_moments_of_different_cases_are_taken_in_one_order() -> None:
    city = replay_city(a_small_city(), ["native"], own_deadlines=False)
    reports = [
        a_report("late", "2019-05-06 09:00", closed_at="2019-05-06 10:00"),
        a_report("early", "2019-05-06 08:00", closed_at="2019-05-08 09:00"),
    ]
    replay = Replay(city, reports, lambda _: "")
    moments = list(replay.run(at("2019-12-31 00:00")))
    assert moments == sorted(moments)
    # two openings, two closings, and the early one's reminder (80 %), overdue and supervision between
    assert len(moments) == 7
    assert [played.case.number for played in replay.cases] == ["E0101201905060002", "E0101201905060001"]


def test_a_case_without_closing_stays_open_and_climbs() -> None:
    case = the_case(a_report())
    assert case.state is State.HANDLING
    assert (case.supervisions, case.on_bulletin) == (1, True)


def test_nothing_happens_after_the_end() -> None:
    replay = replayed(a_report(closed_at="2019-05-06 11:00"), until="2019-05-06 10:59")
    assert replay.cases[0].case.state is State.HANDLING
    assert replay.tally.closed == 0


def test_the_sources_own_deadline_counts_where_it_is_asked_for() -> None:
    report = a_report(due_at="2019-05-06 09:00", closed_at="2019-05-06 10:00")
    assert replayed(report, own=True).cases[0].on_time is False
    assert replayed(report, own=False).cases[0].on_time is True


def test_a_deadline_before_the_opening_is_overdue_at_once() -> None:
    assert replayed(a_report(due_at="2019-05-05 08:00", closed_at="2019-05-06 08:00"), own=True).tally.overdue == 1


def test_of_two_limits_the_first_alone_counts() -> None:
    report = a_report(class_code="C0101", closed_at="2019-05-06 10:00:01")  # 2 urgent_hour, then 5 work_day
    replay = replayed(report)
    assert (replay.cases[0].on_time, replay.cases[0].case.stage) == (False, "whole")
    assert replay.tally.transitions == 8


@pytest.mark.parametrize(
    ("fields", "unit"),
    [
        ({"class_code": "C0101"}, "water"),  # the responsible one
        ({"class_code": "C0101", "area": None}, "water"),
        ({"class_code": "C0101", "area": None, "unit_hint": "lihe"}, "lihe"),  # without a place the source knows better
        ({"area": None, "unit_hint": "坪山区某单位"}, "centre"),  # nobody we know: the unit of the whole county
        ({"area": "410184"}, "centre"),
    ],
)
def test_the_unit_is_the_responsible_one_else_the_sources_else_the_countys(fields: dict[str, str], unit: str) -> None:
    assert the_case(a_report(**fields)).unit == unit


def test_a_report_without_class_waits_for_a_person() -> None:
    case = the_case(a_report(class_code=None, condition_no=None, closed_at="2019-05-06 11:00"))
    assert (case.state, case.number) == (State.ACCEPTED, None)
    assert case.name == "R20190506000001"


def test_similar_reports_are_flagged_and_only_the_same_thing_is_joined() -> None:
    here: dict[str, Any] = {"longitude": 113.7, "latitude": 34.4}
    replay = replayed(
        a_report("1", **here, source_chain="HOT-1", reporter_name="市民甲"),
        a_report("2", "2019-05-06 09:00", **here, source_chain="HOT-2"),
        a_report("3", "2019-05-06 10:00", **here, source_chain="HOT-1", reporter_phone="00000000001"),
        a_report("4", "2019-05-08 10:00", **here),  # more than a day later
    )
    assert (replay.tally.similar, replay.tally.merged) == (2, 1)
    first, _, joined, _ = (played.case for played in replay.cases)
    assert (joined.state, joined.merged_into) == (State.MERGED, first.id)
    assert [serial for serial, _ in first.reporters] == [1, 3]  # both hear of the result


def test_a_closed_case_is_no_candidate_any_more() -> None:
    here: dict[str, Any] = {"longitude": 113.7, "latitude": 34.4}
    replay = replayed(a_report("1", **here, closed_at="2019-05-06 08:30"), a_report("2", "2019-05-06 09:00", **here))
    assert replay.tally.similar == 0


@pytest.mark.parametrize("flag", ["on_time", "overdue"])
def test_a_drawn_closing_agrees_with_the_sources_flag(flag: str) -> None:
    reports = [a_report(str(number), played=flag) for number in range(40)]
    replay = replayed(*reports, until=None)
    assert replay.tally.closed == 40
    assert {played.on_time for played in replay.cases} == {flag == "on_time"}
    assert len({played.handled_at for played in replay.cases}) > 30


def test_the_same_report_draws_the_same_closing_inside_or_after_its_limit() -> None:
    start, due = at("2019-05-06 08:00"), at("2019-05-06 12:00")
    for number in range(200):
        on_time = drawn_closing(str(number), start, due, on_time=True)
        overdue = drawn_closing(str(number), start, due, on_time=False)
        assert start <= on_time <= due < overdue <= due + timedelta(hours=4)
        assert on_time == drawn_closing(str(number), start, due, on_time=True)


def test_a_replay_with_drawn_closings_ends_with_the_last_of_them() -> None:
    replay = replayed(a_report("1", played="on_time"), a_report("2"), until=None)
    assert replay.tally.closed == 1
    assert not replay.cases[1].case.on_bulletin  # that would be days later


def test_the_same_reports_give_the_same_chains() -> None:
    reports = [a_report(str(number), closed_at="2019-05-07 09:00") for number in range(3)]
    first, second = replayed(*reports), replayed(*reports)
    heads = [played.case.head_hash for played in first.cases]
    assert heads == [played.case.head_hash for played in second.cases]
    assert len(set(heads)) == 3


def test_played_steps_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[CaseEvent] = []
    monkeypatch.setattr("models.replay.chain_events", lambda _, seen: events.extend(seen))
    replayed(a_report(closed_at="2019-05-06 11:00"))
    assert [(event.action.value, event.actor, event.origin) for event in events] == [
        ("report", "source:native", "intake"),
        ("accept", "rule:replay", "rule"),
        ("file", "rule:replay", "rule"),
        ("dispatch", "rule:replay", "rule"),
        ("receive", "lihe-liaison", "played"),
        ("report_handled", "lihe-liaison", "played"),
        ("order_check", "rule:replay", "rule"),
        ("check", "inspector-a", "played"),
        ("close", "rule:replay", "rule"),
    ]


def test_a_step_the_city_switched_off_is_not_played() -> None:
    documents = changed("policy.yaml", "default_limit:", "disabled_actions: [receive]\ndefault_limit:", SMALL_CITY)
    case = the_case(a_report(closed_at="2019-05-06 11:00"), city=a_small_city(documents))
    assert case.state is State.DISPATCHED


def test_a_case_the_rules_cannot_work_out_is_named_and_stops_no_other() -> None:
    far = replace(a_report("far"), due_at=at("9999-12-30 00:00"))
    replay = replayed(far, a_report("near", closed_at="2019-05-06 11:00"), own=True)
    assert [source_id for source_id, _ in replay.tally.stuck] == ["far"]
    assert replay.tally.closed == 1


def test_the_seats_are_played_for_the_replayed_sources_only() -> None:
    policy = replay_city(a_small_city(), ["native"], own_deadlines=True).policy
    assert policy.rule_for(ActionName.ACCEPT, "native", None, complete=False) == "replay"
    assert policy.rule_for(ActionName.ACCEPT, "citizen", None, complete=False) is None
    assert policy.own_deadline_sources == {"native"}
