"""The state of the duty room: set once, recorded, and whoever stood by is called in."""

from datetime import timedelta

from sqlalchemy import Engine, select

from models.duty_rules import DutyState
from tasks.audit import verify_all
from tasks.database import reading, transaction
from tasks.duty_state import STREAM, current_duty_state, set_duty_state
from tasks.flood_events import read_events
from tasks.subject_notices import NOTICES
from tests.duty_rows import by_rule, write_shifts
from tests.flood_cities import CADRES, LEADERS, a_flood_city
from tests.stored_cases import at, rows_of

MORNING = at("2021-07-20 10:00")
CITY = a_flood_city()


def sets(engine: Engine, state: DutyState, hours: int = 0) -> bool:
    now = MORNING + timedelta(hours=hours)
    with transaction(engine) as connection:
        return set_duty_state(connection, CITY, state, "四级响应启动", "leader", by_rule(now, CITY))


def called(engine: Engine) -> list[str]:
    rows = rows_of(engine, select(NOTICES).where(NOTICES.c.kind == "duty_call_up").order_by(NOTICES.c.id))
    assert all(
        (row.priority, row.requires_ack, row.subject) == ("urgent", True, f"duty:{row.recipient}") for row in rows
    )
    return [row.recipient for row in rows]


def test_it_is_routine_until_somebody_sets_another_and_then_what_was_set_last(engine: Engine) -> None:
    with reading(engine) as connection:
        assert current_duty_state(connection, CITY, MORNING) is DutyState.ROUTINE
    assert sets(engine, DutyState.WARNING)
    assert sets(engine, DutyState.RESPONSE, hours=2)
    with reading(engine) as connection:
        told = [current_duty_state(connection, CITY, MORNING + timedelta(hours=hours)) for hours in (-1, 0, 1, 2)]
        (first, second) = read_events(connection, STREAM)
    assert told == [DutyState.ROUTINE, DutyState.WARNING, DutyState.WARNING, DutyState.RESPONSE]
    assert (first.actor, first.facts["why"], second.facts["before"]) == ("leader", "四级响应启动", "warning")
    assert verify_all(engine).intact


def test_setting_what_holds_already_records_nothing_and_calls_nobody(engine: Engine) -> None:
    write_shifts(engine, at("2021-07-20 08:00"))
    assert sets(engine, DutyState.WARNING)
    assert not sets(engine, DutyState.WARNING, hours=1)
    assert called(engine) == [LEADERS[0], CADRES[0]]


def test_only_those_are_called_in_who_stood_by_until_now(engine: Engine) -> None:
    write_shifts(engine, at("2021-07-20 08:00"))
    sets(engine, DutyState.WARNING)
    sets(engine, DutyState.RESPONSE, hours=1)
    assert called(engine) == [LEADERS[0], CADRES[0]], "whoever came in for the warning is there already"
    sets(engine, DutyState.ROUTINE, hours=2)
    sets(engine, DutyState.RESPONSE, hours=3)
    assert called(engine) == [LEADERS[0], CADRES[0]] * 2


def test_between_two_shifts_and_without_a_roster_nobody_is_called(engine: Engine) -> None:
    write_shifts(engine, at("2021-07-21 08:00"))
    assert sets(engine, DutyState.WARNING)
    assert called(engine) == []
