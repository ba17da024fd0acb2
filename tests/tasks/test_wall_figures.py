"""What the wall shows is the day's, the soonest first, and nothing that is not known."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from models.city import City
from models.sweeps import Process
from models.vocabulary import Role
from tasks.database import reading, transaction
from tasks.desk_sessions import SESSIONS
from tasks.revocation import revoke_access
from tasks.sweeps import record_sweep
from tasks.wall_figures import CLOSINGS, REPORTS, KeptFigures, WallFigures, read_wall
from tests.notice_rows import NOW, write_attempt, write_case, write_notice
from tests.stored_cases import a_loaded_city, at


@pytest.fixture
def city(engine: Engine) -> City:
    return a_loaded_city(engine)


def wall(engine: Engine, city: City) -> WallFigures:
    with reading(engine) as connection:
        return read_wall(connection, city, NOW)


def test_the_intake_of_the_citys_day_is_counted_by_hour_and_source(engine: Engine, city: City) -> None:
    moments = [("2019-05-05 23:59", "video"), ("2019-05-06 00:00", "video"), ("2019-05-06 09:59", "citizen")]
    moments += [("2019-05-06 09:00", "citizen"), ("2019-05-07 00:00", "citizen")]
    with transaction(engine) as connection:
        for number, (moment, source) in enumerate(moments):
            row: dict[str, Any] = {"receipt_number": f"R{number}", "source_id": str(number), "source": source}
            row |= {"opened_at": at(moment), "taken_at": at(moment), "description": "", "place": "", "flags": ""}
            connection.execute(insert(REPORTS).values(row))
    found = wall(engine, city)
    assert {hour: count for hour, count in enumerate(found.intake_by_hour) if count} == {0: 1, 9: 2}
    assert list(found.intake_by_source.items()) == [("citizen", 2), ("video", 1)]


def test_closings_count_from_midnight(engine: Engine, city: City) -> None:
    case_id = write_case(engine)
    with transaction(engine) as connection:
        for round_, moment in enumerate(("2019-05-05 23:59", "2019-05-06 00:00", "2019-05-06 08:00"), start=1):
            connection.execute(insert(CLOSINGS).values(case_id=case_id, round=round_, closed_at=at(moment), how="x"))
    assert wall(engine, city).closed_today == 2


def test_the_next_eight_deadlines_of_units_come_soonest_first(engine: Engine, city: City) -> None:
    for minutes in (-5, 90, 30, 0, 10, 20, 40, 50, 60, 70, 80):
        fields = {"number": f"E{minutes}", "receipt_number": f"R{minutes}"}
        state = "handling" if minutes % 20 else "dispatched"
        write_case(engine, state=state, handle_due_at=NOW + timedelta(minutes=minutes), **fields)
    write_case(engine, number="E1", receipt_number="R1", state="checking", handle_due_at=NOW + timedelta(minutes=1))
    write_case(engine, number=None, receipt_number="R2", state="handling", handle_due_at=NOW + timedelta(minutes=2))
    found = wall(engine, city).deadlines
    assert [one.case for one in found] == ["E0", "R2", "E10", "E20", "E30", "E40", "E50", "E60"]
    assert (found[0].unit, found[0].class_code) == ("lihe", "E0101")


def test_messages_nobody_got_are_named_with_who_and_why(engine: Engine, city: City) -> None:
    for minutes, outcome in enumerate(("no_answer", "http_error 502", "", "refused_by_channel 310000")):
        notice = write_notice(engine, state="failed", settled_at=NOW - timedelta(minutes=minutes))
        write_attempt(engine, notice, outcome="channel_down")
        write_attempt(engine, notice, outcome=outcome, ended_at=NOW)
    write_notice(engine, state="expired", settled_at=NOW, recipient=None)
    write_notice(engine, state="failed", settled_at=NOW - timedelta(days=2))
    found = wall(engine, city)
    assert found.unreached_count == 5
    assert [(one.recipient, one.why) for one in found.unreached] == [
        (None, "expired"),
        ("lihe-liaison", "no_answer"),
        ("lihe-liaison", "http_error"),
    ]


def test_a_notice_without_an_attempt_had_no_contact_point(engine: Engine, city: City) -> None:
    write_notice(engine, state="failed", settled_at=NOW, told="water-head")
    assert [(one.recipient, one.why) for one in wall(engine, city).unreached] == [("water-head", "no_contact_point")]


def test_on_duty_are_planned_seats_and_whoever_is_signed_in(engine: Engine, city: City) -> None:
    shifts = [
        ("leader", -60, 60, None),
        ("acceptor-b", -60, -1, None),
        ("admin", -60, 60, -5),
        ("evaluator", 5, 60, None),
    ]
    shifts += [("auditor", -60, 60, None), ("dispatcher", -60, 60, None)]
    moment = {minutes: NOW + timedelta(minutes=minutes) for minutes in (-60, -5, -1, 5, 60)}
    with transaction(engine) as connection:
        for post, opened, ends, ended in shifts:
            row = {"secret_digest": post, "post": post, "opened_at": moment[opened], "ends_at": moment[ends]}
            connection.execute(insert(SESSIONS).values(**row, ended_at=moment.get(ended or 0), ended_why=""))
        revoke_access(connection, "auditor", "admin", NOW - timedelta(minutes=1))
        revoke_access(connection, "dispatcher", "admin", NOW - timedelta(hours=2))
    found = wall(engine, city).on_duty
    assert found.seats == {
        Role.SHIFT_LEADER: ("shift-leader",),
        Role.ACCEPTOR: ("acceptor-a",),
        Role.DISPATCHER: ("dispatcher",),
    }
    assert sorted(found.signed_in) == ["dispatcher", "leader"]
    assert found.inspectors == 2


def test_ten_screens_ask_the_database_once_in_five_seconds(sqlite_engine: Engine) -> None:
    city, kept = a_loaded_city(sqlite_engine), KeptFigures()
    record_sweep(sqlite_engine, Process.CASES, NOW)
    with reading(sqlite_engine) as connection:
        first = kept.read(connection, city, NOW)
        assert first.last_sweep == NOW
        assert all(kept.read(connection, city, NOW + timedelta(seconds=n / 2)) is first for n in range(10))
        assert kept.read(connection, city, NOW + timedelta(seconds=5)).at == NOW + timedelta(seconds=5)
        assert kept.read(connection, city, NOW).at == NOW
