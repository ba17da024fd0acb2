"""Consultations open, change, climb and end by themselves, each once, and never for a drill."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, event

from models.city import City
from models.duty_rules import DutyState
from models.flood_event import Recording
from models.flood_response import ConsultationState
from models.flood_rules import ResponseLevel
from models.flood_warning import Hazard
from models.notice import Notice, NoticeState
from models.refusal import Refusal
from models.tables import table_of
from tasks.consultations import Consulted, call_consultation, remind_undecided
from tasks.database import reading, transaction
from tasks.flood_events import read_events
from tasks.response_rows import CONSULTATIONS, ConsultationTold, DecisionTold
from tests.flood_rows import (
    COUNTY,
    MORNING,
    TOWN,
    a_warning,
    a_wish,
    decides,
    ends,
    happened,
    looks,
    rows_in,
    told,
)
from tests.response_cities import a_response_city

MINUTE = timedelta(minutes=1)
HS = "HS20210720-001"
NOTICES = table_of(Notice)


@pytest.fixture
def city() -> City:
    return a_response_city()


def reminds(engine: Engine, city: City, minutes: int) -> int:
    now = MORNING + minutes * MINUTE
    with transaction(engine) as connection:
        return remind_undecided(connection, city, now, Recording(now, "flow"))


def calls(engine: Engine, city: City, by: str, area: str = COUNTY, now: datetime = MORNING) -> object:
    with transaction(engine) as connection:
        recording = Recording(now, "desk")
        return call_consultation(connection, city, Hazard.FLOOD, area, "水库异常", by, recording)


def duty_states(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return [found.facts["state"] for found in read_events(connection, "duty-state")]


def test_a_warning_calls_one_consultation_and_a_second_look_none(engine: Engine, city: City) -> None:
    a_warning(engine, "YJ20210720-001", "orange")
    assert looks(engine, city) == Consulted(opened=(HS,))
    assert looks(engine, city) == Consulted()
    assert told(engine, "consultation_opened") == ["centre-head"]
    (row,) = rows_in(engine, CONSULTATIONS)
    assert (row.suggested_level, row.decide_by) == (3, MORNING + 20 * MINUTE)


def test_warnings_of_a_drill_suggest_nothing(engine: Engine, city: City) -> None:
    a_warning(engine, "YL20210720-001", "red", drill=True)
    assert looks(engine, city) == Consulted()


def test_a_graver_suggestion_is_added_and_told_anew_a_lighter_one_only_noted(engine: Engine, city: City) -> None:
    a_warning(engine, "YJ20210720-001", "orange")
    looks(engine, city)
    a_warning(engine, "YJ20210720-002", "red")
    assert looks(engine, city, MORNING + MINUTE) == Consulted(changed=(HS,))
    assert told(engine, "consultation_opened") == ["centre-head", "centre-head"]
    ends(engine, "YJ20210720-002", MORNING + 2 * MINUTE)
    assert looks(engine, city, MORNING + 2 * MINUTE) == Consulted(changed=(HS,))
    assert len(told(engine, "consultation_opened")) == 2
    assert happened(engine, f"consultation:{HS}") == ["opened", "suggestion_rose", "suggestion_changed"]
    a_warning(engine, "YJ20210720-003", "red", MORNING + 3 * MINUTE)
    assert looks(engine, city, MORNING + 3 * MINUTE) == Consulted(changed=(HS,))
    assert len(told(engine, "consultation_opened")) == 3, "it rose again: that is told again"
    assert len(rows_in(engine, CONSULTATIONS)) == 1


def test_where_nothing_is_left_to_decide_it_lapses_and_nobody_is_asked_any_more(engine: Engine, city: City) -> None:
    a_warning(engine, "YJ20210720-001", "orange")
    looks(engine, city)
    ends(engine, "YJ20210720-001", MORNING + MINUTE)
    assert looks(engine, city, MORNING + MINUTE) == Consulted(lapsed=(HS,))
    assert looks(engine, city, MORNING + MINUTE) == Consulted()
    late = decides(engine, city, a_wish())
    assert isinstance(late, Refusal)
    assert late.code == "consultation_lapsed"
    asked = [row for row in rows_in(engine, NOTICES) if row.kind == "consultation_opened"]
    assert {row.state for row in asked} == {NoticeState.ACKNOWLEDGED}
    assert told(engine, "consultation_lapsed") == sorted(row.recipient for row in asked), "they hear that it is over"
    assert duty_states(engine) == [DutyState.WARNING, DutyState.ROUTINE]


def test_a_room_on_warning_is_called_off_when_warnings_end_after_the_decision(engine: Engine, city: City) -> None:
    a_warning(engine, "YJ20210720-001", "orange")
    looks(engine, city)
    kept = decides(engine, city, a_wish(level=None), now=MORNING + MINUTE)
    assert isinstance(kept, DecisionTold)
    looks(engine, city, MORNING + 2 * MINUTE)
    assert duty_states(engine) == [DutyState.WARNING]
    ends(engine, "YJ20210720-001", MORNING + 3 * MINUTE)
    for minutes in (3, 3, 4):
        looks(engine, city, MORNING + minutes * MINUTE)
    assert duty_states(engine) == [DutyState.WARNING, DutyState.ROUTINE]


def test_a_decision_taken_while_the_sweep_looks_is_not_overwritten(postgres_engine: Engine, city: City) -> None:
    """The warning is over, so the sweep would let the consultation lapse; a person is faster by a moment."""
    engine = postgres_engine
    a_warning(engine, "YJ20210720-001", "orange")
    looks(engine, city)
    ends(engine, "YJ20210720-001", MORNING + MINUTE)
    done: list[object] = []

    def first_write(_: object, __: object, statement: str, *___: object) -> None:
        if "flood_consultation" in statement and ("UPDATE" in statement) and not done:
            done.append(None)
            done.append(decides(engine, city, a_wish(), now=MORNING + 2 * MINUTE))

    event.listen(engine, "before_cursor_execute", first_write)
    assert looks(engine, city, MORNING + 2 * MINUTE) == Consulted()
    assert isinstance(done[1], DecisionTold)
    (row,) = rows_in(engine, CONSULTATIONS)
    assert row.state == ConsultationState.DECIDED
    assert happened(engine, f"consultation:{HS}") == ["opened", "decided"]


def test_undecided_after_twenty_minutes_it_is_told_upwards_rung_by_rung_each_once(engine: Engine, city: City) -> None:
    a_warning(engine, "YJ20210720-001", "orange")
    looks(engine, city)
    assert [reminds(engine, city, minutes) for minutes in (19, 20, 20, 39)] == [0, 1, 0, 0]
    assert told(engine, "consultation_undecided") == ["centre-head", "leader"]
    assert [reminds(engine, city, minutes) for minutes in (40, 41, 400)] == [1, 0, 0]
    assert told(engine, "consultation_undecided") == ["centre-head", "leader", "shift-leader", "leader"]
    assert happened(engine, f"consultation:{HS}") == ["opened", "undecided", "undecided"]


def test_a_visit_that_was_away_makes_up_by_the_highest_rung_alone(engine: Engine, city: City) -> None:
    a_warning(engine, "YJ20210720-001", "orange")
    looks(engine, city)
    assert reminds(engine, city, 90) == 1
    assert told(engine, "consultation_undecided") == ["shift-leader", "leader"]
    assert reminds(engine, city, 91) == 0


def test_a_decided_consultation_is_not_hurried(engine: Engine, city: City) -> None:
    a_warning(engine, "YJ20210720-001", "orange")
    looks(engine, city)
    decides(engine, city, a_wish(), now=MORNING + MINUTE)
    assert reminds(engine, city, 60) == 0


def test_a_person_calls_one_that_does_not_lapse_and_the_same_again_is_that_one(engine: Engine, city: City) -> None:
    first, again = calls(engine, city, "centre-head"), calls(engine, city, "leader")
    assert isinstance(first, ConsultationTold)
    assert isinstance(again, ConsultationTold)
    assert (first.number, first.basis, again.number) == (HS, "水库异常", HS)
    assert looks(engine, city, MORNING + MINUTE) == Consulted()


@pytest.mark.parametrize(
    ("by", "area", "code"), [("lihe-head", COUNTY, "may_not_call"), ("leader", "9", "no_such_area")]
)
def test_not_everybody_calls_one_anywhere(engine: Engine, city: City, by: str, area: str, code: str) -> None:
    refusal = calls(engine, city, by, area)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


def test_a_town_inside_a_county_at_that_level_is_not_asked_again(engine: Engine, city: City) -> None:
    calls(engine, city, "leader")
    decides(engine, city, a_wish(area=COUNTY, level=ResponseLevel.III))
    a_warning(engine, "YJ20210720-001", "orange")
    assert looks(engine, city, MORNING + MINUTE).opened == ()
    a_warning(engine, "YJ20210720-002", "red")
    assert looks(engine, city, MORNING + 2 * MINUTE).opened == ("HS20210720-002",)
    assert rows_in(engine, CONSULTATIONS)[1].area == TOWN
