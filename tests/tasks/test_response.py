"""The decision is a row: the first valid one wins, in any order and from anywhere, and everything follows from it."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.exc import IntegrityError

from models.city import City
from models.flood_response import ResponseDecision
from models.flood_rules import ResponseLevel
from models.flood_warning import Hazard
from models.notice import Notice, NoticeState
from models.refusal import Refusal
from models.tables import table_of
from tasks.database import transaction
from tasks.response_rows import DECISIONS, DecisionTold
from tests.flood_rows import (
    COUNTY,
    MORNING,
    TOWN,
    a_warning,
    a_wish,
    decides,
    ends,
    happened,
    levels,
    looks,
    rows_in,
    told,
)
from tests.response_cities import a_response_city, with_flood

NOTICES = table_of(Notice)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def city() -> City:
    return a_response_city()


@pytest.fixture
def asked(engine: Engine, city: City) -> Engine:
    """An orange warning of the town has called a consultation."""
    a_warning(engine, "YJ20210720-001", "orange")
    assert looks(engine, city).opened == ("HS20210720-001",)
    return engine


def test_a_decision_is_a_row_with_its_event_and_is_in_force_from_then_on(asked: Engine, city: City) -> None:
    decision = decides(asked, city, a_wish())
    assert isinstance(decision, DecisionTold)
    assert levels(asked, MORNING) == {("flood", TOWN): "III"}
    assert levels(asked, MORNING - MINUTE) == {}
    assert happened(asked, "consultation:HS20210720-001") == ["opened", "decided"]
    (row,) = rows_in(asked, DECISIONS)
    assert (row.level, row.former_level, row.suggested_level, row.kept) == (3, 0, 3, False)


def test_the_same_key_is_the_same_decision(asked: Engine, city: City) -> None:
    first, again = (decides(asked, city, a_wish(), "key-1", MORNING + n * MINUTE) for n in (0, 5))
    assert first == again
    assert len(rows_in(asked, DECISIONS)) == 1


@pytest.mark.parametrize("origins", [("desk", "form"), ("form", "desk")])
def test_who_comes_second_is_told_who_was_first_and_when(asked: Engine, city: City, origins: tuple[str, str]) -> None:
    decides(asked, city, a_wish(), "key-1", MORNING + MINUTE, origins[0])
    late = decides(asked, city, a_wish(level=ResponseLevel.I), "key-2", MORNING + 2 * MINUTE, origins[1])
    assert isinstance(late, Refusal)
    assert late.code == "decided_already"
    assert late.facts["by"] == "leader"
    assert late.facts["level"] == "III"
    assert late.facts["at"].startswith("2021-07-20T00:01")
    assert [row.origin for row in rows_in(asked, DECISIONS)] == [origins[0]]


def test_of_many_who_decide_at_once_exactly_one_wins(asked: Engine, city: City) -> None:
    together, answers = threading.Barrier(6), []

    def work(number: int) -> None:
        level = (ResponseLevel.III, ResponseLevel.II)[number % 2]
        together.wait()
        answers.append(decides(asked, city, a_wish(level=level), f"key-{number}", origin=("desk", "form")[number % 2]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (row,) = rows_in(asked, DECISIONS)
    won = [answer for answer in answers if isinstance(answer, DecisionTold)]
    assert [(one.key, one.level) for one in won] == [(row.key, row.level)]
    assert {answer.code for answer in answers if isinstance(answer, Refusal)} == {"decided_already"}
    assert happened(asked, "consultation:HS20210720-001") == ["opened", "decided"]


def test_the_database_itself_takes_one_decision_of_a_consultation(asked: Engine, city: City) -> None:
    decides(asked, city, a_wish())
    values = {**rows_in(asked, DECISIONS)[0]._mapping, "id": 99, "key": "another"}
    with pytest.raises(IntegrityError), transaction(asked) as connection:
        connection.execute(insert(table_of(ResponseDecision)).values(values))


def test_the_duty_room_member_units_and_those_called_hear_of_it(asked: Engine, city: City) -> None:
    decides(asked, city, a_wish(by="centre-liaison"))
    assert told(asked, "response_started") == ["lihe-liaison", "lihe-head", "water-liaison", "water-head"]
    assert told(asked, "consultation_decided") == ["centre-head", "leader"]
    assert happened(asked, "duty-state") == ["duty_state_set", "duty_state_set"]
    started = [row for row in rows_in(asked, NOTICES) if row.kind == "response_started"]
    assert {(row.priority, row.requires_ack) for row in started} == {("urgent", True)}
    assert "包村干部到村" in started[0].facts
    opened = [row.state for row in rows_in(asked, NOTICES) if row.kind == "consultation_opened"]
    assert set(opened) == {NoticeState.ACKNOWLEDGED}, "nobody is asked any more"


def test_a_level_rises_falls_and_ends_with_the_warnings(asked: Engine, city: City) -> None:
    decides(asked, city, a_wish())
    a_warning(asked, "YJ20210720-002", "red")
    assert looks(asked, city, MORNING + 5 * MINUTE).opened == ("HS20210720-002",)
    decides(asked, city, a_wish(consultation="HS20210720-002", level=ResponseLevel.II), "key-2", MORNING + 6 * MINUTE)
    assert told(asked, "response_changed")[:2] == ["lihe-liaison", "lihe-head"]
    ends(asked, "YJ20210720-002", MORNING + 60 * MINUTE)
    assert looks(asked, city, MORNING + 60 * MINUTE).opened == ("HS20210720-003",)
    third = a_wish(consultation="HS20210720-003")
    decides(asked, city, third, "key-3", MORNING + 61 * MINUTE)
    ends(asked, "YJ20210720-001", MORNING + 90 * MINUTE)
    assert looks(asked, city, MORNING + 90 * MINUTE).opened == ("HS20210720-004",)
    fourth = a_wish(consultation="HS20210720-004", level=ResponseLevel.ENDED, signed_by="centre-head", by="centre-head")
    decides(asked, city, fourth, "key-4", MORNING + 91 * MINUTE)
    moments = [levels(asked, MORNING + n * MINUTE) for n in (5, 7, 62, 92)]
    assert [list(moment.values()) for moment in moments] == [["III"], ["II"], ["III"], []]
    assert told(asked, "response_ended") == ["lihe-liaison", "lihe-head", "water-liaison", "water-head"]
    states = [event for event in happened(asked, "duty-state")]
    assert len(states) == 3, "warning, response, routine"


def test_people_may_keep_what_is_in_force_and_are_not_asked_again_at_once(asked: Engine, city: City) -> None:
    decides(asked, city, a_wish())
    a_warning(asked, "YJ20210720-002", "red")
    looks(asked, city, MORNING + 5 * MINUTE)
    kept = decides(asked, city, a_wish(consultation="HS20210720-002", level=None), "key-2", MORNING + 9 * MINUTE)
    assert isinstance(kept, DecisionTold)
    assert (kept.kept, kept.level) == (True, ResponseLevel.III)
    assert looks(asked, city, MORNING + 10 * MINUTE).opened == ()
    assert told(asked, "response_changed") == []
    assert looks(asked, city, MORNING + timedelta(hours=13)).opened == ("HS20210720-003",), "asked anew after 12 hours"


def test_flood_and_drought_are_in_force_side_by_side(asked: Engine, city: City) -> None:
    a_warning(asked, "YJ20210720-009", "yellow", hazard="drought")
    assert looks(asked, city).opened == ("HS20210720-002",)
    decides(asked, city, a_wish())
    drought = a_wish(consultation="HS20210720-002", hazard=Hazard.DROUGHT)
    assert isinstance(decides(asked, city, drought, "key-2"), DecisionTold)
    assert levels(asked, MORNING) == {("flood", TOWN): "III", ("drought", TOWN): "III"}
    ends(asked, "YJ20210720-001", MORNING + MINUTE)
    (number,) = looks(asked, city, MORNING + MINUTE).opened
    over = a_wish(consultation=number, level=ResponseLevel.ENDED)
    decides(asked, city, over, "key-3", MORNING + 2 * MINUTE)
    assert levels(asked, MORNING + 2 * MINUTE) == {("drought", TOWN): "III"}
    assert happened(asked, "duty-state")[-1] == "duty_state_set"
    assert len(happened(asked, "duty-state")) == 2, "the drought keeps the room in response"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"consultation": "HS20210720-009"}, "unknown_consultation"),
        ({"hazard": Hazard.DROUGHT}, "other_hazard"),
        ({"area": "999999"}, "no_such_area"),
        ({"area": COUNTY}, "area_outside"),
        ({"basis": "  "}, "no_basis"),
        ({"issuer": "nobody"}, "unknown_unit"),
        ({"issuer": "lihe"}, "no_issuer"),
        ({"signed_by": "somebody"}, "unknown_post"),
        ({"signed_by": "centre-head"}, "may_not_sign"),
        ({"by": "lihe-liaison"}, "may_not_record"),
        ({"level": ResponseLevel.ENDED}, "level_in_force"),
    ],
)
def test_a_decision_that_is_not_valid_changes_nothing_but_is_kept_as_an_event(
    asked: Engine, city: City, changes: dict[str, object], code: str
) -> None:
    refusal = decides(asked, city, a_wish(**changes))
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert rows_in(asked, DECISIONS) == []
    if code != "unknown_consultation":
        assert happened(asked, "consultation:HS20210720-001") == ["opened", "decision_refused"]
    assert isinstance(decides(asked, city, a_wish(), "key-2"), DecisionTold), "a valid one still wins"


def test_a_decision_may_be_narrower_than_the_question(asked: Engine, city: City) -> None:
    village = a_wish(area="410184101001")
    assert isinstance(decides(asked, city, village), DecisionTold)
    assert levels(asked, MORNING) == {("flood", "410184101001"): "III"}


def test_a_city_without_a_response_suggests_nothing(engine: Engine) -> None:
    from tests.flood_cities import a_flood_city

    a_warning(engine, "YJ20210720-001", "red")
    assert looks(engine, a_flood_city()).opened == ()


def test_who_signs_is_asked_of_the_city_in_force(asked: Engine) -> None:
    stricter = with_flood("{level: III, by: [leader]}", '{level: III, by: ["role:unit_head"]}')
    assert isinstance(decides(asked, stricter, a_wish()), Refusal)
    signed = a_wish(signed_by="lihe-head", by="lihe-head")
    assert isinstance(decides(asked, stricter, signed, "key-2"), DecisionTold)
