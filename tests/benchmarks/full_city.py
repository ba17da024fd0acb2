"""A small city's database with 200,000 stored cases and what came with them, of which some thousands are open."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, text

from models.case import Case, Clock, Report
from models.city import City
from models.tables import table_of
from tasks.database import transaction
from tasks.lifecycle import move_cases
from tests.stored_cases import a_loaded_city, reports_taken_in

STORED = 200_000
OPEN_ONE_IN = 40
"""Of the stored cases; the others are closed."""

MUCH_LATER = "2099-01-01 00:00:00.000000"

_MINUTES = "strftime('%Y-%m-%d %H:%M:%f', :now, ({}) || ' minutes') || '000'"

_COPIES = (
    # Copies of one dispatched case, most of them closed, the others due around now, one in twenty of them the town's.
    "INSERT INTO cases ({cases}) WITH RECURSIVE numbers(n) AS "
    "(SELECT 1000000 UNION ALL SELECT n + 1 FROM numbers LIMIT :stored) SELECT {case} FROM numbers, cases "
    "WHERE cases.id = 1",
    "UPDATE cases SET state = 'closed', ended_at = :now WHERE id >= 1000000 AND id % :one_in <> 0",
    "UPDATE cases SET unit = 'water' WHERE id >= 1000000 AND id % 20 <> 1 AND id % 800 <> 0",
    f"UPDATE cases SET handle_due_at = {_MINUTES.format('id % 3001 - 500')} WHERE id >= 1000000",  # noqa: S608
    "INSERT INTO clock ({clocks}) SELECT {clock} FROM cases, clock WHERE clock.case_id = 1 AND cases.id >= 1000000",
    "INSERT INTO report ({reports}) SELECT {report} FROM cases, report WHERE report.id = 1 AND cases.id >= 1000000",
    "INSERT INTO notice (kind, case_id, recipient, priority, requires_ack, dedupe_key, facts, state, created_at, "  # noqa: S608
    "settled_at, series, released, rung) SELECT 'task', id, 'lihe-liaison', 'routine', 0, 'copy' || id, '{{}}', "
    f"CASE WHEN id % 200 = 0 THEN 'failed' ELSE 'sent' END, {_MINUTES.format('(id - 1200000) / 2')}, "
    f"{_MINUTES.format('(id - 1200000) / 2')}, 0, 0, 0 FROM cases WHERE id >= 1000000",
    "INSERT INTO attempt (notice_id, contact_order, channel, started_at, ended_at, ok, outcome, recipient, series) "
    "SELECT id, 1, 'json', created_at, settled_at, state = 'sent', "
    "CASE state WHEN 'sent' THEN 'handed_over' ELSE 'http_error 502' END, recipient, 0 "
    "FROM notice WHERE settled_at IS NOT NULL",
)


def fill(engine: Engine, now: datetime, at_unit: int, in_queue: int) -> tuple[City, list[str]]:
    """Stores it all; returns the city and the numbers of the real cases that wait at the town's liaison.

    Besides the copies there are so many real cases at the town, and so many real reports in the acceptors' queue.
    """
    city = a_loaded_city(engine)
    hour_ago = now - timedelta(hours=1)
    reports_taken_in(engine, city, at_unit, hour_ago)
    move_cases(engine, now=hour_ago)
    reports_taken_in(engine, city, in_queue, hour_ago + timedelta(minutes=1), source="hotline_12345")
    move_cases(engine, now=now)
    with transaction(engine) as connection:
        numbers = connection.execute(text("SELECT number FROM cases WHERE state = 'dispatched' ORDER BY id")).scalars()
        real = list(numbers)
        _copy(connection, now)
    return city, real


def _copy(connection: Connection, now: datetime) -> None:
    own_case = {
        "id": "n",
        "receipt_number": "'S' || n",
        "number": "'S' || n",
        "next_wake_at": f"'{MUCH_LATER}'",
        "handled_at": "NULL",
    }
    own_report = {"id": "cases.id", "receipt_number": "cases.receipt_number", "source_id": "cases.id"}
    own_report |= {"case_id": "cases.id", "taken_at": _MINUTES.format("(cases.id - 1200000) / 2")}
    names = {
        **_columns("case", "cases", table_of(Case).columns.keys(), own_case),
        **_columns("clock", "clocks", table_of(Clock).columns.keys(), {"id": "NULL", "case_id": "cases.id"}),
        **_columns("report", "reports", table_of(Report).columns.keys(), own_report),
    }
    values = {"now": f"{now:%Y-%m-%d %H:%M:%S}", "stored": STORED, "one_in": OPEN_ONE_IN}
    for statement in _COPIES:
        said = statement.format(**names)
        connection.execute(text(said), {key: value for key, value in values.items() if f":{key}" in said})


def _columns(one: str, all_: str, columns: list[str], own: dict[str, str]) -> dict[str, str]:
    """The columns of a table, and what each copy holds in them."""
    table = "cases" if one == "case" else one
    return {all_: ", ".join(columns), one: ", ".join(own.get(name, f"{table}.{name}") for name in columns)}
