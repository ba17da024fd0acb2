"""How Prefect's SQLite file grows in three idle days, with our housekeeping and Prefect's own vacuum of events.

Real first: `zhihui up` does idle runs of every schedule. Then three days are simulated in that same file, hour by hour:
the rows of the real runs are written again as the runs of that hour, Prefect's own vacuum functions delete what is
over a day old at that hour, and the real housekeeping flow runs against a real server, told the hour. Too long for
`make bench`.

Example: python -m tests.benchmarks.idle_growth
"""

import asyncio
import contextlib
import itertools
import logging
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from prefect.server.database import provide_database_interface
from prefect.server.services.db_vacuum import (
    vacuum_events_with_retention_overrides,
    vacuum_old_events,
    vacuum_orphaned_artifacts,
    vacuum_orphaned_logs,
)
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, PREFECT_SERVER_EVENTS_RETENTION_PERIOD
from prefect.settings import temporary_settings as prefect_settings

from deployments.children import tied
from deployments.prefect_settings import prefect_environment, server_secret
from flows.housekeeping import HousekeepingVisit, housekeeping
from tasks.settings import Settings, read_settings
from tests.benchmarks.copied_runs import Recorded, recorded_idle_runs, writer
from tests.benchmarks.idle_city import IdleCity, idle_city
from tests.prefect_server import client_settings, free_port

DAYS = 3
RUNS_AN_HOUR = {"notices": 60, "case-lifecycle": 30, "intake": 12}
RECORDED_FASTER_BY = 3
"""While real runs are recorded, each schedule goes so much faster: the rows are the same, the wait is not."""

RECORDED_EACH = 3
RECORDED_WITHIN_SECONDS = 600
EVENTS_KEPT = timedelta(days=1)
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Sizes:
    """The file after a simulated hour, and the log beside it in which SQLite writes first."""

    file: int
    log: int
    free: int
    """Bytes of the file that hold nothing and are used again."""


def run() -> Iterator[str]:
    """Lines: what a run takes, then the file after each day and what the day added."""
    for name in ("prefect.engine", "prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with idle_city(home) as city:
            record_runs(city)
        # Ours, so that the flow finds this city.
        os.environ |= {"ZHIHUI_HOME": str(home), "ZHIHUI_PREFECT_PORT": str(free_port())}
        with contextlib.closing(sqlite3.connect(home / "prefect.db")) as database:
            recorded = recorded_idle_runs(database)
            yield f"{len(recorded)} real idle runs recorded, {rows_a_run(recorded):.0f} rows each"
            with server_of(read_settings()):
                yield from _days(asyncio.run(simulate(home, database, recorded)))
            yield from _tables(database)


def record_runs(city: IdleCity) -> None:
    """Let the schedules go faster until each has done some runs, then stop them all."""
    found = {deployment["name"]: deployment for deployment in city.ask("deployments/filter")}
    for name, runs in RUNS_AN_HOUR.items():
        (schedule,) = found[name]["schedules"]
        faster = {"interval": 3600 / runs / RECORDED_FASTER_BY}
        city.ask(f"deployments/{found[name]['id']}/schedules/{schedule['id']}", "PATCH", schedule=faster)
    since, give_up_at = datetime.now(UTC), time.monotonic() + RECORDED_WITHIN_SECONDS
    while min(city.ended_runs(since)[f"{name} Completed"] for name in RUNS_AN_HOUR) < RECORDED_EACH:
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"{RECORDED_WITHIN_SECONDS} s and still only {city.ended_runs(since)}")
        time.sleep(1)
    for deployment in found.values():
        city.ask(f"deployments/{deployment['id']}/pause_deployment")
    if not city.wait_until_quiet(60):
        raise RuntimeError("runs go on a minute after every deployment was paused")
    # The server writes events in bundles, some seconds late.
    time.sleep(15)


def rows_a_run(recorded: list[Recorded]) -> float:
    """Rows in all tables that one run leaves, on average."""
    return sum(len(one.rows) for one in recorded) / len(recorded)


@contextlib.contextmanager
def server_of(settings: Settings) -> Iterator[None]:
    """A server on the same file that does nothing by itself: what is kept how long is told by simulated time."""
    environment = prefect_environment(settings, os.environ) | server_secret(settings)
    environment["PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED"] = "false"
    with (settings.home / "bench.log").open("wb") as log:
        command = tied(sys.executable, "-m", "deployments.prefect_server")
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=settings.home)
    try:
        _wait_until_it_answers(environment["PREFECT_API_URL"])
        with client_settings(settings):
            yield
    finally:
        process.terminate()
        process.wait(30)


async def simulate(home: Path, database: sqlite3.Connection, recorded: list[Recorded]) -> list[Sizes]:
    """The sizes after each hour of days that end now."""
    write, sizes = writer(database), []
    samples = {name: itertools.cycle([one for one in recorded if one.deployment == name]) for name in RUNS_AN_HOUR}
    began = datetime.now(UTC) - timedelta(days=DAYS)
    for hour in range(DAYS * 24):
        for name, runs in RUNS_AN_HOUR.items():
            for nth in range(runs):
                write(next(samples[name]), began + timedelta(hours=hour, seconds=3600 * nth / runs))
        now = began + timedelta(hours=hour + 1)
        await _vacuum(home, now, daily=hour % 24 == 23)
        await housekeeping(HousekeepingVisit(now=now))
        sizes.append(sizes_of(home, database))
        print(f"hour {hour + 1}: {sizes[-1].file / MEGABYTE:.1f} MB", file=sys.stderr, flush=True)
    return sizes


def sizes_of(home: Path, database: sqlite3.Connection) -> Sizes:
    """The sizes of Prefect's file now."""
    (free,), (page,) = (database.execute(f"PRAGMA {what}").fetchone() for what in ("freelist_count", "page_size"))
    log = home / "prefect.db-wal"
    return Sizes((home / "prefect.db").stat().st_size, log.stat().st_size if log.exists() else 0, free * page)


async def _vacuum(home: Path, now: datetime, *, daily: bool) -> None:
    """Prefect's own functions, told by how long ago it was what is a day old now."""
    kept = datetime.now(UTC) - now + EVENTS_KEPT
    told = {
        PREFECT_API_DATABASE_CONNECTION_URL: f"sqlite+aiosqlite:///{home / 'prefect.db'}",
        PREFECT_SERVER_EVENTS_RETENTION_PERIOD: kept,
    }
    with prefect_settings(told):
        database = provide_database_interface()
        await vacuum_events_with_retention_overrides(db=database)
        await vacuum_old_events(db=database)
        if daily:
            await vacuum_orphaned_logs(db=database)
            await vacuum_orphaned_artifacts(db=database)


def _days(sizes: list[Sizes]) -> Iterator[str]:
    before = 0
    yield f"{'':8} {'file MB':>9} {'added MB':>9} {'free in it':>10} {'largest log':>11}"
    for day in range(DAYS):
        hours = sizes[24 * day : 24 * day + 24]
        last, log = hours[-1], max(hour.log for hour in hours)
        shown = (last.file, last.file - before, last.free, log)
        yield f"day {day + 1:<4} " + " ".join(f"{value / MEGABYTE:9.1f}" for value in shown)
        before = last.file


def _tables(database: sqlite3.Connection) -> Iterator[str]:
    """The tables and indexes that take most of the file."""
    largest = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 12"
    try:
        for name, size in database.execute(largest):
            yield f"  {name:45} {size / MEGABYTE:8.1f} MB"
    except sqlite3.OperationalError:
        yield "  (this SQLite cannot tell the size of its tables)"


def _wait_until_it_answers(api: str) -> None:
    for _ in range(600):
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{api}/health", trust_env=False).is_success:
                return
        time.sleep(0.2)
    raise RuntimeError(f"{api} did not answer")


if __name__ == "__main__":
    for line in run():
        print(line, flush=True)
