"""The roster's clock: shifts close and open at their handovers, once, in order, also after an outage."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, select

from models.flood_warning import FloodWarning
from models.tables import table_of
from tasks.audit import verify_all
from tasks.database import reading, transaction
from tasks.duty_log import LogWords, write_log_entry
from tasks.duty_shift import ShiftsMoved, hand_over_shifts
from tasks.duty_shifts import SHIFTS
from tasks.duty_sign_in import SignedIn, sign_in
from tasks.flood_events import read_events
from tasks.handover_record import record_digest
from tasks.handovers import HANDOVERS, last_handovers
from tasks.subject_notices import NOTICES
from tests.duty_rows import FIRST, SECOND, acting, by_rule, stand, write_shifts
from tests.flood_cities import DUTY_YAML, FLOOD_CITY, OFFICERS, a_flood_city
from tests.notice_rows import write_case
from tests.stored_cases import a_loaded_city, at, rows_of

CITY = a_flood_city()
START = at("2021-07-20 08:00")
DAY = timedelta(days=1)


def visits(engine: Engine, now: datetime) -> list[ShiftsMoved]:
    return hand_over_shifts(engine, CITY, by_rule(now, CITY))


def states(engine: Engine) -> list[str]:
    return [row.state for row in rows_of(engine, select(SHIFTS.c.state).order_by(SHIFTS.c.starts_at))]


def notices(engine: Engine, kind: str) -> list[str]:
    return [row.recipient for row in rows_of(engine, select(NOTICES).where(NOTICES.c.kind == kind))]


def test_nothing_happens_where_the_roster_has_no_handover(engine: Engine) -> None:
    write_shifts(engine, START)
    assert visits(engine, START - timedelta(minutes=30)) == []
    assert states(engine) == ["planned", "planned"]


def test_a_shift_opens_at_its_start_and_asks_everybody_to_sign_in_and_a_second_visit_changes_nothing(
    engine: Engine,
) -> None:
    write_shifts(engine, START)
    assert [one.opened for one in visits(engine, START)] == [("2021-07-20T08:00",)]
    assert visits(engine, START) == []
    assert states(engine) == ["open", "planned"]
    assert sorted(notices(engine, "duty_sign_in")) == sorted(FIRST.values())
    row = stand(engine, "2021-07-20T08:00", "officer")
    assert row.sign_in_due_at == row.climbs_at == START + timedelta(minutes=10)
    assert rows_of(engine, select(HANDOVERS)) == [], "nobody was on duty before the first shift"


def test_who_stands_by_is_told_that_standing_by_is_enough(engine: Engine) -> None:
    write_shifts(engine, START)
    visits(engine, START)
    rows = rows_of(engine, select(NOTICES).where(NOTICES.c.kind == "duty_sign_in"))
    in_room = {row.recipient: json.loads(row.facts)["in_room"] for row in rows}
    assert in_room == {FIRST["leader"]: False, FIRST["cadre"]: False, FIRST["officer"]: True}


def test_a_shift_that_is_not_published_is_not_opened(engine: Engine) -> None:
    write_shifts(engine, START, published=False)
    assert visits(engine, START + DAY) == []


def test_at_the_handover_the_outgoing_shift_closes_the_incoming_opens_and_the_officer_confirms(engine: Engine) -> None:
    first, second = write_shifts(engine, START)
    visits(engine, START)
    (moved,) = visits(engine, START + DAY)
    assert (moved.closed, moved.opened) == ((first,), (second,))
    assert states(engine) == ["closed", "open"]
    assert notices(engine, "duty_handover") == [OFFICERS[0]]
    with reading(engine) as connection:
        (handover,) = last_handovers(connection, CITY)
    assert handover.incoming
    assert (handover.outgoing.code, handover.incoming.code, handover.done) == (first, second, False)


def test_an_outage_is_made_up_for_in_order_and_calls_nobody_absent_from_a_shift_that_is_over(engine: Engine) -> None:
    codes = write_shifts(engine, START, (FIRST, SECOND, FIRST))
    moved = visits(engine, START + 2 * DAY + timedelta(minutes=90))
    assert [(one.closed, one.opened) for one in moved] == [
        ((), (codes[0],)),
        ((codes[0],), (codes[1],)),
        ((codes[1],), (codes[2],)),
    ]
    assert states(engine) == ["closed", "closed", "open"]
    assert [stand(engine, code, "officer").climbs_at for code in codes[:2]] == [None, None]
    late = stand(engine, codes[2], "officer")
    assert late.sign_in_due_at == START + 2 * DAY + timedelta(minutes=100), "nobody had been told before"
    with reading(engine) as connection:
        opened = read_events(connection, f"shift:{codes[0]}")[0]
        over, last = last_handovers(connection, CITY)[::-1]
    assert (opened.at, opened.facts["late_seconds"]) == (START, (2 * 24 * 60 + 90) * 60)
    assert over.climbs_at is None
    assert last.climbs_at is not None
    assert verify_all(engine).intact


def test_whoever_signed_in_before_the_engine_opened_the_shift_is_not_asked(engine: Engine) -> None:
    (first, _) = write_shifts(engine, START)
    early = acting(CITY, OFFICERS[0], START - timedelta(minutes=5))
    with transaction(engine) as connection:
        assert isinstance(sign_in(connection, early, first, "officer"), SignedIn)
    visits(engine, START)
    assert OFFICERS[0] not in notices(engine, "duty_sign_in")
    assert stand(engine, first, "officer").climbs_at is None


def test_the_system_fills_the_record_and_its_event_proves_it(engine: Engine) -> None:
    (first, _) = write_shifts(engine, START)
    visits(engine, START)
    with transaction(engine) as connection:
        assert isinstance(sign_in(connection, acting(CITY, OFFICERS[0], START), first, "officer"), SignedIn)
        noon = acting(CITY, OFFICERS[0], START + timedelta(hours=4))
        write_log_entry(connection, noon, LogWords("水位上涨", handled="电话报告带班领导"), "k1")
        connection.execute(insert(table_of(FloodWarning)).values(_warning("YJ20210720-001")))
        drill = _warning("YL20210720-001") | {"drill": True}
        connection.execute(insert(table_of(FloodWarning)).values(drill))
    readings = [{"station": "hfz", "name": "黄甫寨", "quantity": "level", "value": "93.21", "at": START}]
    hand_over_shifts(engine, CITY, by_rule(START + DAY, CITY), lambda _connection, _city: readings)
    (row,) = rows_of(engine, select(HANDOVERS))
    record = json.loads(row.record)
    assert {name: part["count"] for name, part in record.items()} == {
        "log": 1, "warnings": 1, "notices": 0, "cases": 0, "readings": 1,
    }  # fmt: skip
    assert record["log"]["rows"][0]["handled"] == "电话报告带班领导"
    assert record["warnings"]["rows"][0]["number"] == "YJ20210720-001"
    with reading(engine) as connection:
        event = next(one for one in read_events(connection, f"shift:{first}") if one.kind == "handover_opened")
    assert event.facts["record_sha256"] == record_digest(row.record)


def _warning(number: str) -> dict[str, object]:
    return {
        "number": number, "drill": False, "hazard": "flood", "source": "signal", "severity": "blue",
        "subject": f"signal:{number}", "area": "410184", "raised_at": START, "recorded_at": START, "evidence": "{}",
        "end_evidence": "",
    }  # fmt: skip


def test_after_hours_without_duty_the_next_shift_takes_over(engine: Engine) -> None:
    """Night duty alone: 17:30 to 08:30."""
    night = timedelta(hours=15)
    (first,) = write_shifts(engine, at("2021-07-20 17:30"), (FIRST,), length=night)
    (second,) = write_shifts(engine, at("2021-07-21 17:30"), (SECOND,), length=night)
    for moment in ("2021-07-20 17:30", "2021-07-21 08:30"):
        visits(engine, at(moment))
    with reading(engine) as connection:
        assert last_handovers(connection, CITY)[0].incoming is None
    visits(engine, at("2021-07-21 17:30"))
    with reading(engine) as connection:
        (handover,) = last_handovers(connection, CITY)
    assert handover.incoming
    assert (handover.outgoing.code, handover.incoming.code) == (first, second)
    assert handover.due_at(CITY) == at("2021-07-21 18:00")
    assert handover.climbs_at == at("2021-07-21 18:00")


@pytest.mark.parametrize("half_past", ["2021-07-20 08:30"])
def test_a_handover_at_half_past_is_as_good(engine: Engine, half_past: str) -> None:
    write_shifts(engine, at(half_past), length=timedelta(hours=12))
    assert [one.at for one in visits(engine, at("2021-07-20 20:30"))] == [at(half_past), at("2021-07-20 20:30")]


def test_open_cases_of_the_citys_flood_classes_are_handed_over(sqlite_engine: Engine) -> None:
    city = a_loaded_city(sqlite_engine, {**FLOOD_CITY, "duty.yaml": DUTY_YAML + "flood_classes: [E0110]\n"})
    for number, fields in enumerate(({}, {"class_code": "E0101"}, {"state": "closed"}), 1):
        row = {"number": f"E{number}", "receipt_number": f"R{number}", "class_code": "E0110", "state": "handling"}
        write_case(sqlite_engine, **(row | fields))
    write_shifts(sqlite_engine, START)
    for moment in (START, START + DAY):
        hand_over_shifts(sqlite_engine, city, by_rule(moment, city))
    (row,) = rows_of(sqlite_engine, select(HANDOVERS.c.record))
    cases = json.loads(row.record)["cases"]
    assert (cases["count"], cases["rows"][0]["number"]) == (1, "E1")
