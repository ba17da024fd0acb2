"""Silence climbs: the same post again, its deputy, its head, the command desk; each climb is told and is an event."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from models.case import Case, CaseEvent
from models.city import City
from models.notice import NoticeHistory
from models.tables import table_of
from tasks.acknowledge import How, acknowledge_case
from tasks.audit import verify_all
from tasks.database import transaction
from tasks.lifecycle import move_cases
from tasks.silence import let_silence_climb
from tests.notice_rows import NOW, notice, notices_of_kind, two_channel_city, write_attempt, write_notice
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in, rows_of

CASES, EVENTS = table_of(Case), table_of(CaseEvent)
RUNGS = """\
silence:
  urgent:
    - {after: 0 minute, to: again}
    - {after: 10 minute, to: deputy}
    - {after: 30 minute, to: head}
    - {after: 60 minute, to: supervising_leader}
    - {after: 90 minute, to: shift_leader}
units:
  water: {urgent: [{after: 5 minute, to: head}]}
"""


@pytest.fixture
def city() -> City:
    return two_channel_city(RUNGS)


def silent(engine: Engine, **fields: object) -> int:
    """An urgent task that was sent at NOW, to be acknowledged at once."""
    row = {"state": "sent", "priority": "urgent", "requires_ack": True, "settled_at": NOW, "acknowledge_by": NOW}
    return write_notice(engine, **(row | {"climbs_at": NOW} | fields))


def told(engine: Engine) -> list[tuple[str, str]]:
    return [(n["recipient"], json.loads(n["facts"])["climbs_to"]) for n in notices_of_kind(engine, "silence")]


def test_it_climbs_rung_by_rung_and_each_hears_once(engine: Engine, city: City) -> None:
    notice_id = silent(engine)
    for minutes in (0, 5, 10, 20, 30, 60, 90, 500):
        let_silence_climb(engine, city, NOW + timedelta(minutes=minutes))
        assert let_silence_climb(engine, city, NOW + timedelta(minutes=minutes)) == 0
    assert told(engine) == [
        ("lihe-liaison", "again"),
        ("lihe-head", "deputy"),
        ("lihe-head", "head"),
        ("leader", "supervising_leader"),
        ("shift-leader", "shift_leader"),
    ]
    first = notices_of_kind(engine, "silence")[0]
    assert (first["origin_id"], first["priority"]) == (notice_id, "urgent")
    assert notice(engine, notice_id)["climbs_at"] is None


def test_a_late_visit_makes_up_by_the_highest_rung_alone(sqlite_engine: Engine, city: City) -> None:
    silent(sqlite_engine)
    assert let_silence_climb(sqlite_engine, city, NOW + timedelta(minutes=35)) == 1
    assert told(sqlite_engine) == [("lihe-head", "head")]


def test_a_unit_may_have_rungs_of_its_own(sqlite_engine: Engine, city: City) -> None:
    silent(sqlite_engine, recipient="water-liaison", climbs_at=NOW + timedelta(minutes=5))
    let_silence_climb(sqlite_engine, city, NOW + timedelta(minutes=5))
    assert told(sqlite_engine) == [("water-head", "head")]


def test_who_is_told_again_is_told_on_another_channel(sqlite_engine: Engine, city: City) -> None:
    notice_id = silent(sqlite_engine)
    write_attempt(sqlite_engine, notice_id, ended_at=NOW, ok=True, outcome="handed_over")
    let_silence_climb(sqlite_engine, city, NOW)
    assert notices_of_kind(sqlite_engine, "silence")[0]["channel"] == "email"


def test_an_acknowledgement_by_a_person_stops_it(sqlite_engine: Engine, city: City) -> None:
    case_id = a_case(sqlite_engine)
    notice_id = silent(sqlite_engine, case_id=case_id)
    let_silence_climb(sqlite_engine, city, NOW)
    with transaction(sqlite_engine) as connection:
        acknowledge_case(connection, case_id, "lihe-liaison", How.PAGE, NOW + timedelta(minutes=1))
    assert let_silence_climb(sqlite_engine, city, NOW + timedelta(hours=9)) == 0
    assert notice(sqlite_engine, notice_id)["state"] == "acknowledged"


def test_each_climb_of_a_case_is_an_event_in_its_chain(engine: Engine, city: City) -> None:
    case_id = a_case(engine)
    notice_id = silent(engine, case_id=case_id, climbs_at=at("2019-05-06 10:00"))
    let_silence_climb(engine, city, at("2019-05-06 10:30"), "run-7")
    event = rows_of(engine, select(EVENTS).where(EVENTS.c.case_id == case_id).order_by(EVENTS.c.seq.desc()))[0]
    assert (event.action, event.actor, event.role, event.flow_run_id) == (
        "climb_silence",
        "rule:silence",
        "rule",
        "run-7",
    )
    assert json.loads(event.facts) == {"kind": "task", "notice": notice_id, "post": "lihe-liaison", "rung": "head"}
    assert verify_all(engine).broken is None


def test_a_case_that_has_ended_is_silent_for_good(sqlite_engine: Engine, city: City) -> None:
    case_id = a_case(sqlite_engine)
    notice_id = silent(sqlite_engine, case_id=case_id)
    loaded = a_loaded_city(sqlite_engine)
    (name,) = [r.receipt_number for r in rows_of(sqlite_engine, select(CASES))]
    acts(sqlite_engine, loaded, [name], "force_close", "leader", at("2019-05-06 09:00"), reason="无需办理")
    move_cases(sqlite_engine, now=at("2019-05-06 09:01"))
    assert let_silence_climb(sqlite_engine, city, NOW + timedelta(minutes=1)) == 0
    assert notice(sqlite_engine, notice_id)["climbs_at"] is None


def test_what_speaks_of_no_case_climbs_in_its_own_history(sqlite_engine: Engine, city: City) -> None:
    notice_id = silent(sqlite_engine, kind="overdue_held", recipient="admin")
    let_silence_climb(sqlite_engine, city, NOW + timedelta(minutes=90))
    (line,) = rows_of(sqlite_engine, select(table_of(NoticeHistory)))
    assert (line.notice_id, line.what, line.by, line.reason) == (notice_id, "climbed", "rule:silence", "shift_leader")


def a_case(engine: Engine) -> int:
    """A case that was dispatched to 梨河镇 on Monday morning."""
    loaded = a_loaded_city(engine)
    reports_taken_in(engine, loaded, 1, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    return int(rows_of(engine, select(CASES))[0].id)
