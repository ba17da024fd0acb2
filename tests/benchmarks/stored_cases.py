"""What a sweep of 100 due cases costs among ten thousand, a hundred thousand and a million stored ones."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from models.case import Case, Clock
from models.tables import table_of
from tasks.database import open_database, transaction
from tasks.lifecycle import move_cases
from tests.stored_cases import a_loaded_city, at, reports_taken_in

DUE = 100
MUCH_LATER = "2029-01-01 00:00:00.000000"
STORED = (10_000, 100_000, 1_000_000)


def run() -> Iterator[str]:
    """Lines: seconds of a sweep that moves 100 due cases, with so many others stored."""
    first = None
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{Path(folder) / 'bench.db'}")
        city = a_loaded_city(engine)
        reports_taken_in(engine, city, 1, at("2019-05-01 08:00"))
        move_cases(engine, now=at("2019-05-01 08:02"))
        stored = 1
        for day, wanted in enumerate(STORED, start=6):
            with transaction(engine) as connection:
                _multiply(connection, wanted - stored)
            stored = wanted
            seconds = min(_sweep(engine, city, day, minute) for minute in range(3))
            first = first or seconds
            yield f"{DUE} due among {stored:9,} stored   {seconds * 1000:8.1f} ms   x {seconds / first:.2f}"
        engine.dispose()


def _sweep(engine: Engine, city: object, day: int, minute: int) -> float:
    reports_taken_in(engine, city, DUE, at(f"2019-05-{day:02} 08:0{minute}"))  # type: ignore[arg-type]
    begun = time.perf_counter()
    moved = len(move_cases(engine, now=at(f"2019-05-{day:02} 08:0{minute}")).moved)
    seconds = time.perf_counter() - begun
    if moved != DUE:
        raise AssertionError(f"{moved} cases were moved, {DUE} were due")
    return seconds


def _multiply(connection: Connection, more: int) -> None:
    """Stores so many copies of the one dispatched case, with its clocks, that nothing wakes for a long time."""
    cases = [column.name for column in table_of(Case).columns]
    own = {"id": "n", "receipt_number": "'S' || n", "number": "'S' || n", "next_wake_at": f"'{MUCH_LATER}'"}
    copied = ", ".join(own.get(name, f"cases.{name}") for name in cases)
    clocks = [column.name for column in table_of(Clock).columns]
    parts = ", ".join({"case_id": "cases.id", "id": "NULL"}.get(name, f"clock.{name}") for name in clocks)
    for statement in (
        f"UPDATE cases SET next_wake_at = '{MUCH_LATER}' WHERE id = 1",  # noqa: S608
        f"INSERT INTO cases ({', '.join(cases)}) WITH RECURSIVE numbers(n) AS "  # noqa: S608 - our own columns
        "(SELECT max(id) + 1 FROM cases UNION ALL SELECT n + 1 FROM numbers LIMIT :more) "
        f"SELECT {copied} FROM numbers, cases WHERE cases.id = 1",
        f"INSERT INTO clock ({', '.join(clocks)}) SELECT {parts} FROM cases, clock "  # noqa: S608
        "WHERE clock.case_id = 1 AND cases.id > (SELECT max(id) FROM cases) - :more",
    ):
        connection.execute(text(statement), {"more": more} if ":more" in statement else {})
