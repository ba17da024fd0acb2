"""Transitions a second: the rules alone, the rules with a SQLite database, and writing the same events raw."""

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, select

from models.case_state import CaseState
from models.lifecycle import Lifecycle
from models.lifecycle_rules import Action, Actor
from models.vocabulary import ActionName
from tasks.case_store import EVENTS
from tasks.database import open_database, reading
from tasks.lifecycle import move_cases
from tests.benchmarks.deadlines import best_rate
from tests.cities import a_small_city
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in

CASES = 2000
STORY: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("receive", "lihe-liaison", {}),
    ("report_handled", "lihe-liaison", {}),
    ("check", "inspector-a", {"result": "passed"}),
)


def run() -> Iterator[str]:
    """Lines: rules alone, rules with database, raw inserts of the same events, the ratios."""
    alone = best_rate(_rules_alone, rounds=3)
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{Path(folder) / 'bench.db'}")
        stored = _with_database(engine)
        raw = _raw_inserts(engine, Path(folder) / "raw.db")
        engine.dispose()
    yield f"rules alone                      {alone:10,.0f} transitions a second"
    yield f"decide and commit on SQLite      {stored:10,.0f} transitions a second, with their notices"
    yield f"plain sqlite3 executemany        {raw:10,.0f} of the same event rows a second"
    yield f"commit / raw                     {stored / raw:10.3f}"


def _rules_alone() -> int:
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


def _with_database(engine: Engine) -> float:
    """Transitions a second of the visits alone: taking in and the inbox are not counted."""
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, CASES, at("2019-05-06 08:00"))
    seconds = _timed_visit(engine, "2019-05-06 08:02")
    for minute, (name, post, facts) in enumerate(STORY):
        acts(engine, city, names, name, post, at(f"2019-05-06 09:1{minute}"), **facts)
        seconds += _timed_visit(engine, f"2019-05-06 09:1{minute}")
    with reading(engine) as connection:
        events = len(connection.execute(select(EVENTS.c.id)).all())
    return (events - CASES) / seconds


def _timed_visit(engine: Engine, now: str) -> float:
    begun = time.perf_counter()
    move_cases(engine, now=at(now))
    return time.perf_counter() - begun


def _raw_inserts(engine: Engine, file: Path) -> float:
    with reading(engine) as connection:
        rows = [tuple(str(value) for value in row) for row in connection.execute(select(EVENTS))]
    names = [column.name for column in EVENTS.columns]
    raw = sqlite3.connect(file)
    raw.execute(f"CREATE TABLE case_event ({', '.join(names)})")
    begun = time.perf_counter()
    with raw:
        raw.executemany(f"INSERT INTO case_event VALUES ({', '.join('?' * len(names))})", rows)  # noqa: S608
    rate = len(rows) / (time.perf_counter() - begun)
    raw.close()
    return rate
