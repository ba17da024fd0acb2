"""Writes down, and reads, when a process last looked at everything that was due."""

from datetime import datetime

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from models.sweeps import Process, Sweep
from models.tables import table_of
from tasks.database import is_postgres, transaction

SWEEPS = table_of(Sweep)


def record_sweep(engine: Engine, process: Process, at: datetime) -> None:
    """A process has looked at everything that was due; an earlier moment than the recorded one changes nothing.

    Example: record_sweep(engine, Process.CASES, now)
    """
    insert = postgres_insert if is_postgres(engine) else sqlite_insert
    row = insert(SWEEPS).values(process=process.value, at=at)
    with transaction(engine) as connection:
        connection.execute(
            row.on_conflict_do_update(
                index_elements=[SWEEPS.c.process], set_={"at": row.excluded.at}, where=SWEEPS.c.at < row.excluded.at
            )
        )


def last_sweeps(connection: Connection) -> dict[Process, datetime]:
    """The last sweep of each process that ever had one."""
    known = {process.value for process in Process}
    rows = connection.execute(select(SWEEPS.c.process, SWEEPS.c.at))
    return {Process(row.process): row.at for row in rows if row.process in known}
