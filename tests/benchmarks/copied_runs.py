"""Rows of real flow runs in Prefect's SQLite file, written again as runs of another hour: same tables, same sizes.

For measuring only: nothing of the program writes into Prefect's database.
"""

import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"2\d{3}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?")
"""A duration is stored as a moment of 1970: it stays."""

OF_A_RUN = {
    "flow_run": "id = :run",
    "flow_run_state": "flow_run_id = :run",
    "task_run": "flow_run_id = :run",
    "task_run_state": "task_run_id IN (SELECT id FROM task_run WHERE flow_run_id = :run)",
    "log": "flow_run_id = :run",
    "events": "resource_id LIKE '%' || :run OR related LIKE '%' || :run || '%'",
    "event_resources": (
        "event_id IN (SELECT id FROM events WHERE resource_id LIKE '%' || :run OR related LIKE '%' || :run || '%')"
    ),
}
"""Every table that one run adds rows to, and which rows are its own."""

_IDLE = """
    SELECT flow_run.id, deployment.name, flow_run.end_time
    FROM flow_run JOIN deployment ON deployment_id = deployment.id
    WHERE state_type = 'COMPLETED' AND flow_run.tags LIKE '%"idle"%' AND auto_scheduled ORDER BY flow_run.end_time
"""

Value = str | int | float | bytes | None


@dataclass(frozen=True)
class Recorded:
    """All that one finished run left in Prefect's database."""

    deployment: str
    ended_at: datetime
    rows: tuple[tuple[str, tuple[Value, ...]], ...]

    def written_again(self, ended_at: datetime) -> Iterator[tuple[str, tuple[Value, ...]]]:
        """The same rows, of a run with ids of its own that ended at another moment."""
        ago = self.ended_at - ended_at
        new = {str(values[0]): _another_id(str(values[0]), ago) for table, values in self.rows}
        for table, values in self.rows:
            yield table, tuple(_moved(value, new, ago) if isinstance(value, str) else value for value in values)


def recorded_idle_runs(database: sqlite3.Connection) -> list[Recorded]:
    """The idle runs of the schedules that a worker really did, with all their rows; the id stands first in each."""
    found = []
    for run, deployment, ended_at in database.execute(_IDLE).fetchall():
        rows: list[tuple[str, tuple[Value, ...]]] = []
        for table, condition in OF_A_RUN.items():
            columns = ", ".join(columns_of(database, table))
            rows += [
                (table, row)
                for row in database.execute(f"SELECT {columns} FROM {table} WHERE {condition}", {"run": run})  # noqa: S608
            ]
        found.append(Recorded(deployment, datetime.fromisoformat(ended_at).replace(tzinfo=UTC), tuple(rows)))
    return found


def columns_of(database: sqlite3.Connection, table: str) -> list[str]:
    """The stored columns of a table, its id first."""
    names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    return sorted(names, key=lambda name: name != "id")


def writer(database: sqlite3.Connection) -> Callable[[Recorded, datetime], None]:
    """What writes one recorded run again, in a transaction of its own as the server's rows come in."""
    statements = {}
    for table in OF_A_RUN:
        names = columns_of(database, table)
        places = ", ".join("?" * len(names))
        statements[table] = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"  # noqa: S608

    def write(recorded: Recorded, ended_at: datetime) -> None:
        with database:
            for table, values in recorded.written_again(ended_at):
                database.execute(statements[table], values)

    return write


def _another_id(old: str, ago: timedelta) -> str:
    """A fresh id of the same kind. One of version 7 begins with its moment, by which it finds its place in an index."""
    known = UUID(old)
    if known.version != 7:
        return str(UUID(bytes=secrets.token_bytes(16), version=4))
    milliseconds = (known.int >> 80) - int(ago / timedelta(milliseconds=1))
    drawn = (secrets.randbits(12) << 64) | secrets.randbits(62)
    return str(UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | drawn))


def _moved(text: str, new: dict[str, str], ago: timedelta) -> str:
    """The text with the run's ids exchanged and its moments moved."""
    text = _UUID.sub(lambda found: new.get(found[0], found[0]), text)
    return _MOMENT.sub(lambda found: _earlier(found[0], ago), text)


def _earlier(moment: str, ago: timedelta) -> str:
    shifted = (datetime.fromisoformat(moment) - ago).isoformat(sep=moment[10], timespec="microseconds")
    return shifted if "." in moment else shifted[:19]
