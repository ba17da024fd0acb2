"""The audit finds whatever was altered past the triggers, and names it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, text, update

from models.append_only import APPEND_ONLY, ensure_append_only
from models.case import CaseEvent
from models.case_state import CaseState
from models.chain import Problem, event_hash
from models.event_rows import chain_events, event_of
from models.flood_event import Happened, Recording
from models.picture import OfCase, OfReport, PictureKind
from models.refusal import Refusal
from models.tables import all_tables, table_of
from tasks.audit import AuditReport, verify_all
from tasks.case_store import CASES, EVENTS
from tasks.database import is_postgres, reading, transaction
from tasks.flood_events import STREAMS, BrokenStream, record_events
from tasks.inbox import INBOX, Put, put_action
from tasks.intake import take_in
from tasks.lifecycle import move_cases
from tasks.personal_data import erase_reporter
from tasks.pictures import PICTURES, Handed, add_pictures
from tests.cities import SMALL_CITY
from tests.event_rows import MOMENT, write_case
from tests.pictures import a_stored_picture
from tests.source_files import HEADER, a_mapping, a_row, csv_bytes, write_file
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in, rows_of


@pytest.fixture
def three_cases(engine: Engine) -> Engine:
    with transaction(engine) as connection:
        for case_id, length in ((1, 3), (2, 5), (3, 1)):
            write_case(connection, case_id, length=length)
    return engine


@contextmanager
def past_the_triggers(engine: Engine) -> Iterator[Connection]:
    """Do what only someone with the rights of the database's owner can do, and put the triggers back."""
    with transaction(engine) as connection:
        for table in APPEND_ONLY:
            if is_postgres(connection):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
            else:
                for verb in ("update", "delete", "insert"):
                    connection.execute(text(f"DROP TRIGGER {table}_refuses_{verb}"))
        yield connection
        for table in APPEND_ONLY if is_postgres(connection) else ():
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER ALL"))
        ensure_append_only(connection)


def test_an_empty_database_is_intact(engine: Engine) -> None:
    report = verify_all(engine)
    assert (report.intact, report.cases, report.events) == (True, 0, 0)


def test_chains_as_they_were_written_are_intact_and_progress_is_told(three_cases: Engine) -> None:
    with transaction(three_cases) as connection:
        write_case(connection, 4, length=0)
        write_case(connection, 5, length=2, sealed=False)
    told: list[int] = []
    report = verify_all(three_cases, told.append)
    assert report.intact
    assert (report.cases, report.events, report.broken_case) == (5, 11, None)
    assert (report.sealed, report.unsealed) == (3, 2)
    assert report.unproven_deadlines == 4, "their calendar is of no edition in this database"
    assert told


def test_an_event_reads_back_as_the_text_that_was_hashed(three_cases: Engine) -> None:
    with reading(three_cases) as connection:
        for row in connection.execute(select(table_of(CaseEvent))).mappings():
            assert event_hash(row["previous_hash"], dict(row)) == row["hash"]


@pytest.mark.parametrize(
    ("tampering", "problem", "seq"),
    [
        ("UPDATE case_event SET facts = '{}' WHERE case_id = 2 AND seq = 4", Problem.CONTENT, 4),
        ("UPDATE case_event SET actor = 'lihe-liaison' WHERE case_id = 2 AND seq = 1", Problem.CONTENT, 1),
        ("UPDATE case_event SET previous_hash = '' WHERE case_id = 2 AND seq = 3", Problem.LINK, 3),
        ("DELETE FROM case_event WHERE case_id = 2 AND seq = 3", Problem.GAP, 4),
        ("DELETE FROM case_event WHERE case_id = 2 AND seq = 1", Problem.GAP, 2),
        ("DELETE FROM case_event WHERE case_id = 2 AND seq = 5", Problem.HEAD, 4),
        ("DELETE FROM case_event WHERE case_id = 2", Problem.HEAD, 0),
        ("UPDATE cases SET events = 4 WHERE id = 2", Problem.HEAD, 5),
        ("UPDATE cases SET head_hash = 'x' WHERE id = 2", Problem.HEAD, 5),
        ("UPDATE case_event SET case_id = 3, seq = 2 WHERE case_id = 2 AND seq = 5", Problem.HEAD, 4),
    ],
)
def test_an_altered_chain_is_found_and_named(three_cases: Engine, tampering: str, problem: Problem, seq: int) -> None:
    with past_the_triggers(three_cases) as connection:
        connection.execute(text(tampering))
    report = verify_all(three_cases)
    assert report.broken is not None
    assert not report.intact
    assert (report.broken.problem, report.broken.case_id, report.broken.seq) == (problem, 2, seq)
    assert report.broken_case == "R20190505000002"


# Rows beside the events


def live_through(engine: Engine) -> None:
    """The first of three cases is closed late and exempted, the second closed and reopened in one visit."""
    city = a_loaded_city(engine)
    first, second, _ = names = reports_taken_in(engine, city, 3, at("2019-05-06 08:00"), longitude=113, latitude=34.4)
    move_cases(engine, now=at("2019-05-06 08:02"))
    acts(engine, city, names, "receive", "lihe-liaison", at("2019-05-06 08:10"))
    acts(engine, city, [second], "force_close", "leader", at("2019-05-07 09:00"), reason="上级要求")
    acts(engine, city, [second], "reopen", "acceptor-a", at("2019-05-07 09:01"), reason="问题仍在")
    move_cases(engine, now=at("2019-05-07 09:02"))
    acts(engine, city, [first], "report_handled", "lihe-liaison", at("2019-05-10 09:00"))
    move_cases(engine, now=at("2019-05-10 09:02"))
    acts(engine, city, [first], "check", "inspector-a", at("2019-05-10 09:20"), result="passed")
    move_cases(engine, now=at("2019-05-10 09:22"))
    acts(engine, city, [first], "ask", "lihe-liaison", at("2019-05-10 10:00"), kind="appeal", reason="台风封路")
    acts(engine, city, [first], "decide", "dispatcher", at("2019-05-10 10:10"), kind="appeal", verdict="granted")
    acts(engine, city, [first], "decide", "acceptor-a", at("2019-05-10 10:20"), kind="appeal", verdict="granted")
    acts(engine, city, [second], "force_close", "leader", at("2019-05-10 10:30"), reason="再次结案")
    move_cases(engine, now=at("2019-05-10 10:30"))


REMOVED, ADDED = "removed", "added"

TAMPERINGS: list[tuple[str, int, dict[str, Any] | str, Problem, str]] = [
    ("report", 1, {"description": "路面整洁"}, Problem.SEAL, ""),
    ("report", 1, {"opened_at": at("2019-05-05 08:00")}, Problem.SEAL, ""),
    ("report", 2, {"longitude": 113.0001}, Problem.SEAL, ""),
    ("report", 3, {"class_code": "E0101"}, Problem.SEAL, ""),
    ("report", 3, {"receipt_number": "R1"}, Problem.MISSING, ""),
    ("report", 1, {"case_id": 2}, Problem.MISSING, ""),
    ("report", 1, REMOVED, Problem.MISSING, ""),
    ("case_closing", 1, {"handled_on_time": True}, Problem.FIGURE, "handled_on_time"),
    ("case_closing", 1, {"closed_on_time": True}, Problem.FIGURE, "closed_on_time"),
    ("case_closing", 1, {"unit": "water"}, Problem.FIGURE, "unit"),
    ("case_closing", 1, {"hand_backs": 3}, Problem.FIGURE, "hand_backs"),
    ("case_closing", 1, {"handle_due_at": at("2019-05-10 12:00")}, Problem.FIGURE, "handle_due_at"),
    ("case_closing", 1, {"round": 7}, Problem.MISSING, ""),
    ("case_closing", 1, REMOVED, Problem.MISSING, ""),
    ("case_closing", 3, ADDED, Problem.UNTOLD, ""),
    ("exemption", 1, {"granted_at": at("2019-05-10 12:00")}, Problem.FIGURE, "granted_at"),
    ("exemption", 1, {"reason": "台风"}, Problem.FIGURE, "reason"),
    ("exemption", 1, REMOVED, Problem.MISSING, ""),
    ("exemption", 2, ADDED, Problem.UNTOLD, ""),
    ("cases", 3, {"state": "closed"}, Problem.FIGURE, "state"),
    ("cases", 3, {"due_at": at("2019-06-01 08:00")}, Problem.FIGURE, "due_at"),
    ("cases", 1, {"handle_due_at": at("2019-06-01 08:00")}, Problem.FIGURE, "handle_due_at"),
    ("cases", 2, {"unit": "lihe"}, Problem.FIGURE, "unit"),
    ("cases", 2, {"description": "路面整洁"}, Problem.FIGURE, "description"),
]


def tampered(engine: Engine, table_name: str, case_id: int, how: dict[str, Any] | str) -> AuditReport:
    """What the audit says while one row of a case is altered, removed or made up; afterwards all is as before."""
    table = all_tables().tables[table_name]
    key = table.c.id if table_name == "cases" else table.c.case_id
    with past_the_triggers(engine) as connection:
        if how == ADDED:
            row = dict(connection.execute(select(table).limit(1)).mappings().one()) | {"case_id": case_id, "id": 99}
            connection.execute(insert(table), row | {"round": 5})
        else:
            row = dict(connection.execute(select(table).where(key == case_id).order_by("id").limit(1)).mappings().one())
            here = table.c.id == row["id"]
            connection.execute(delete(table).where(here) if how == REMOVED else update(table).where(here).values(how))
    report = verify_all(engine)
    with past_the_triggers(engine) as connection:
        if how == REMOVED:
            connection.execute(insert(table), row)
        elif how == ADDED:
            connection.execute(delete(table).where(table.c.id == 99))
        else:
            connection.execute(update(table).where(table.c.id == row["id"]).values(row))
    return report


def test_every_row_the_events_account_for_is_compared_with_them(engine: Engine) -> None:
    live_through(engine)
    report = verify_all(engine)
    assert (report.cases, report.sealed, report.closings, report.exemptions) == (3, 3, 3, 1)
    assert report.unproven_deadlines == 0
    for table, case_id, how, problem, column in TAMPERINGS:
        broken = tampered(engine, table, case_id, how).broken
        assert broken is not None, (table, how)
        found = (broken.problem, broken.case_id, broken.table, broken.column)
        assert found == (problem, case_id, table, column), how
    assert verify_all(engine).intact


def test_a_finding_says_which_row_and_column_what_was_expected_and_what_was_found(sqlite_engine: Engine) -> None:
    live_through(sqlite_engine)
    figure = tampered(sqlite_engine, "case_closing", 1, {"handled_on_time": True}).broken
    assert figure is not None
    assert (figure.row_id, figure.column, figure.expected, figure.found) == (2, "handled_on_time", "False", "True")
    words = tampered(sqlite_engine, "exemption", 1, {"reason": "台风"}).broken
    assert words is not None
    assert (words.expected[:13], words.found[:13]) == ("4 characters,", "2 characters,")
    assert "台风" not in str(words), "what people wrote is not repeated"


def forged(engine: Engine, case_id: int, action: str, **facts: Any) -> None:
    """Alter the facts of an event, and chain it and all that follow anew, head included, as a skilled forger would."""
    with past_the_triggers(engine) as connection:
        rows = connection.execute(select(EVENTS).where(EVENTS.c.case_id == case_id).order_by(EVENTS.c.seq)).mappings()
        events = [event_of(dict(row)) for row in rows]
        next(event for event in events if event.action == action).facts |= facts
        case = CaseState(case_id, "", "", events[0].at, "", "", events=len(events))
        for row in chain_events(case, events):
            kept = {name: row[name] for name in ("facts", "flow_run_id", "previous_hash", "hash")}
            connection.execute(
                update(EVENTS).where(EVENTS.c.case_id == case_id, EVENTS.c.seq == row["seq"]).values(kept)
            )
        connection.execute(update(CASES).where(CASES.c.id == case_id).values(head_hash=case.head_hash))


@pytest.mark.parametrize(
    ("action", "facts", "problem", "column"),
    [
        ("close", {"handled_on_time": True}, Problem.FIGURE, "handled_on_time"),
        ("close", {"handle_due_at": "2019-05-11T00:00:00+00:00"}, Problem.FIGURE, "handle_due_at"),
        ("dispatch", {"limit": "9 work_day"}, Problem.FIGURE, "handle_due_at"),
        ("dispatch", {"limit": "soon"}, Problem.STORY, ""),
        ("report", {"receipt_number": "R1"}, Problem.MISSING, ""),
        ("report", {"report_digest": "0" * 64}, Problem.SEAL, ""),
    ],
)
def test_an_event_forged_with_all_hashes_after_it_is_found_where_it_contradicts_the_others(
    sqlite_engine: Engine, action: str, facts: dict[str, Any], problem: Problem, column: str
) -> None:
    live_through(sqlite_engine)
    forged(sqlite_engine, 1, action, **facts)
    broken = verify_all(sqlite_engine).broken
    assert broken is not None
    assert (broken.problem, broken.case_id, broken.column) == (problem, 1, column)


# Pictures


def with_pictures(engine: Engine) -> None:
    """A case with three pictures its events name, one of its report, one refused, one that waits, one only typed."""
    city = a_loaded_city(engine)
    receipts = reports_taken_in(engine, city, 2, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    acts(engine, city, receipts, "receive", "lihe-liaison", at("2019-05-06 08:10"))
    after, before = Handed(PictureKind.AFTER, "lihe-liaison", "desk"), Handed(PictureKind.BEFORE, "public", "desk")

    def kept(names: str, handed: Handed = after, report: bool = False) -> list[str]:
        subject, stored = OfReport(1) if report else OfCase(1), [a_stored_picture(name) for name in names]
        with transaction(engine) as connection:
            digests = add_pictures(connection, stored, subject, handed, MOMENT)
        assert not isinstance(digests, Refusal)
        return list(digests)

    def acted(action: str, when: str, **facts: Any) -> None:
        wish: dict[str, Any] = {"by_post": "lihe-liaison", "facts": facts, "origin": "desk", "now": at(when)}
        with transaction(engine) as connection:
            assert isinstance(put_action(connection, city, case=receipts[0], action=action, **wish), Put)

    kept("r", before, report=True)
    acted("report_handled", "2019-05-06 09:00", pictures=kept("ab"))
    acted("add_picture", "2019-05-06 09:01", picture=kept("c", Handed(PictureKind.OTHER, "lihe-liaison", "desk"))[0])
    acts(engine, city, receipts[:1], "add_picture", "lihe-liaison", at("2019-05-06 09:02"), picture="ef" * 32)
    acted("report_handled", "2019-05-06 09:03", pictures=kept("d"))
    move_cases(engine, now=at("2019-05-06 09:05"))
    acted("report_handled", "2019-05-06 09:06", pictures=kept("e"))


EXCHANGES = [
    ("DELETE FROM picture WHERE id = 2", Problem.MISSING, None),
    ("UPDATE picture SET case_id = 2 WHERE id = 3", Problem.MISSING, None),
    ("UPDATE picture SET kind = 'before' WHERE id = 4", Problem.MISSING, None),
    ("UPDATE picture SET sha256 = original_sha256 WHERE id = 2", Problem.MISSING, None),
    ("UPDATE picture SET case_id = 1, report_id = NULL WHERE id = 1", Problem.UNTOLD, 1),
    ("UPDATE waiting_action SET facts = '{}' WHERE state = 'refused'", Problem.UNTOLD, 5),
    ("UPDATE waiting_action SET facts = '[' WHERE state = 'waiting'", Problem.UNTOLD, 6),
]


def test_a_picture_that_was_taken_exchanged_or_put_in_is_found(engine: Engine) -> None:
    with_pictures(engine)
    report = verify_all(engine)
    assert (report.broken, report.pictures, report.unnamed_pictures, report.files) == (None, 3, 3, None)
    assert any("ef" * 32 in row.facts for row in rows_of(engine, select(EVENTS.c.facts))), "typed, and no fault"
    tables = (PICTURES, INBOX)
    stored = [[dict(row._mapping) for row in rows_of(engine, select(table))] for table in tables]
    for tampering, problem, row_id in EXCHANGES:
        with past_the_triggers(engine) as connection:
            connection.execute(text(tampering))
        broken = verify_all(engine).broken
        assert broken is not None, tampering
        assert (broken.problem, broken.case_id, broken.table, broken.row_id) == (problem, 1, "picture", row_id)
        with past_the_triggers(engine) as connection:
            for table, rows in zip(tables, stored, strict=True):
                connection.execute(delete(table))
                connection.execute(insert(table), rows)
    assert verify_all(engine).intact


def test_an_erased_reporter_breaks_no_seal(engine: Engine, tmp_path: Path) -> None:
    city = a_loaded_city(engine)
    rows = [a_row(1, 姓名="市民甲", 电话="13800000000", 内容="请联系13800000000"), a_row(2)]
    path = write_file(tmp_path / "a.csv", csv_bytes(rows, (*HEADER, "姓名", "电话")))
    take_in(engine, city, bytes(32), path, a_mapping(), now=at("2019-05-06 08:00"))
    with transaction(engine) as connection:
        assert erase_reporter(connection, 1, at("2019-05-07 08:00"))
    report = verify_all(engine)
    assert (report.intact, report.sealed, report.unsealed) == (True, 2, 0)
    facts = "".join(row.facts for row in rows_of(engine, select(EVENTS.c.facts)))
    assert "13800000000" not in facts
    assert "市民甲" not in facts


def test_rows_of_a_case_that_was_removed_are_found(sqlite_engine: Engine) -> None:
    with transaction(sqlite_engine) as connection:
        write_case(connection, 1, length=2)
    with sqlite_engine.connect().execution_options(zhihui_migrating=True) as connection, connection.begin():
        connection.execute(text("DELETE FROM cases"))
    report = verify_all(sqlite_engine)
    assert report.broken is not None
    assert (report.broken.problem, report.broken.case_id, report.broken_case) == (Problem.ORPHAN, 1, None)


def test_deadlines_are_proved_by_the_calendar_a_case_ran_on_not_by_the_present_one(sqlite_engine: Engine) -> None:
    live_through(sqlite_engine)
    a_loaded_city(sqlite_engine, {**SMALL_CITY, "calendar.csv": "date,working,name\n2019-05-08,no,市庆\n"})
    before = verify_all(sqlite_engine)
    move_cases(sqlite_engine, now=at("2019-05-10 11:00"), case_numbers=["R20190506080000002"])
    assert rows_of(sqlite_engine, select(EVENTS.c.case_id).where(EVENTS.c.action == "correct_calendar")) == [(3,)]
    for report in (before, verify_all(sqlite_engine)):
        assert (report.intact, report.unproven_deadlines) == (True, 0)


def test_an_altered_city_edition_is_named_and_deadlines_on_it_are_left_out(engine: Engine) -> None:
    live_through(engine)
    with past_the_triggers(engine) as connection:
        connection.execute(text("UPDATE city_document SET content = content || ' ' WHERE name = 'calendar.csv'"))
    report = verify_all(engine)
    assert (report.intact, report.broken, len(report.damaged_editions)) == (False, None, 1)


def test_a_table_whose_trigger_is_gone_or_disarmed_is_named(engine: Engine) -> None:
    disarm = {
        "sqlite": [
            "DROP TRIGGER case_event_refuses_delete",
            "DROP TRIGGER city_edition_refuses_update",
            "CREATE TRIGGER city_edition_refuses_update BEFORE UPDATE ON city_edition BEGIN SELECT 1; END",
        ],
        "postgresql": [
            "DROP TRIGGER case_event_refuses_truncate ON case_event",
            "ALTER TABLE city_edition DISABLE TRIGGER city_edition_refuses_change",
        ],
    }
    with transaction(engine) as connection:
        for statement in disarm[engine.dialect.name]:
            connection.exec_driver_sql(statement)
    report = verify_all(engine)
    assert report.unguarded == ("case_event", "city_edition")
    assert report.broken is None
    assert not report.intact
    assert set(report.unguarded) < set(APPEND_ONLY)


def test_an_altered_event_of_the_flood_season_breaks_the_proof(engine: Engine) -> None:
    with transaction(engine) as connection:
        happened = [Happened("entry", MOMENT, "flood-officer-1", {"what": "水位上涨"})]
        record_events(connection, "log:2021-07-20", happened, Recording(MOMENT, "desk"))
    assert verify_all(engine).flood_events == 1
    with engine.begin() as connection:
        connection.execute(update(STREAMS).values(events=2))
    report = verify_all(engine)
    assert (report.intact, report.broken_stream) == (False, BrokenStream("log:2021-07-20", 1, "head"))
