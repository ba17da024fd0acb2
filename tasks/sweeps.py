"""Writes down, and reads, when a process last looked at everything that was due."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

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


SEASON_MONTHS = range(5, 10)
"""Months in which the processes of the season look every minute; outside of them every hour (`prefect.yaml`)."""

SEASON_PROCESSES = (Process.DUTY, Process.HYDROLOGY, Process.CALLS, Process.RESPONSE)

BETWEEN_HOURLY = timedelta(hours=1)


def may_be_old(now: datetime, zone: ZoneInfo, within: timedelta) -> timedelta:
    """How old the last sweep of a process of the season may be: `within`, and an hour more where it looks hourly.

    On the first day of the months in which it looks every minute the last sweep may still be one of the hourly ones:
    an hour is allowed for until such a minute has had the time to come round.

    Example: 10 minutes in July, 1 hour 10 minutes in January.
    """
    looked = (now - within).astimezone(zone)
    return (
        within
        if looked.month in SEASON_MONTHS and now.astimezone(zone).month in SEASON_MONTHS
        else within + BETWEEN_HOURLY
    )
