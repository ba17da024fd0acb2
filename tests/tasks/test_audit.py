"""The audit finds whatever was altered past the triggers, and names it."""

import pytest
from sqlalchemy import Engine, select, text

from models.append_only import APPEND_ONLY, ensure_append_only
from models.case import CaseEvent
from models.chain import Problem, event_hash
from models.tables import table_of
from tasks.audit import verify_all
from tasks.database import is_postgres, reading, transaction
from tests.event_rows import write_case


@pytest.fixture
def three_cases(engine: Engine) -> Engine:
    with transaction(engine) as connection:
        for case_id, length in ((1, 3), (2, 5), (3, 1)):
            write_case(connection, case_id, length=length)
    return engine


def past_the_triggers(engine: Engine, *statements: str) -> None:
    """Do what only someone with the rights of the database's owner can do, and put the triggers back."""
    with transaction(engine) as connection:
        if is_postgres(connection):
            connection.execute(text("ALTER TABLE case_event DISABLE TRIGGER ALL"))
        else:
            for verb in ("update", "delete", "insert"):
                connection.execute(text(f"DROP TRIGGER case_event_refuses_{verb}"))
        for statement in statements:
            connection.execute(text(statement))
        if is_postgres(connection):
            connection.execute(text("ALTER TABLE case_event ENABLE TRIGGER ALL"))
        ensure_append_only(connection)


def test_an_empty_database_is_intact(engine: Engine) -> None:
    report = verify_all(engine)
    assert (report.intact, report.cases, report.events) == (True, 0, 0)


def test_chains_as_they_were_written_are_intact_and_progress_is_told(three_cases: Engine) -> None:
    with transaction(three_cases) as connection:
        write_case(connection, 4, length=0)
    told: list[int] = []
    report = verify_all(three_cases, told.append)
    assert report.intact
    assert (report.cases, report.events, report.broken_case) == (4, 9, None)
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
def test_what_was_altered_is_found_and_named(three_cases: Engine, tampering: str, problem: Problem, seq: int) -> None:
    past_the_triggers(three_cases, tampering)
    report = verify_all(three_cases)
    assert report.broken is not None
    assert not report.intact
    assert (report.broken.problem, report.broken.case_id, report.broken.seq) == (problem, 2, seq)
    assert report.broken_case == "R20190505000002"


def test_events_of_a_case_that_was_removed_are_found(sqlite_engine: Engine) -> None:
    with transaction(sqlite_engine) as connection:
        write_case(connection, 1, length=2)
    with sqlite_engine.connect().execution_options(zhihui_migrating=True) as connection, connection.begin():
        connection.execute(text("DELETE FROM cases"))
    report = verify_all(sqlite_engine)
    assert report.broken is not None
    assert (report.broken.problem, report.broken.case_id, report.broken_case) == (Problem.ORPHAN, 1, None)


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
