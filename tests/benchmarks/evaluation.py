"""What counting a month costs: a million cases of that month alone, and a month among many more stored cases.

The databases are built by SQL once and kept in the folder of temporary files; the lines say where. Cases of the month
carry all their events, those outside of it only that they were filed and closed. Each figure is taken in a process of
its own, so that the peak of memory is that of the counting. Sizes: ZHIHUI_BENCH_CASES, such as
"1000000/1000000 300000/10000000" for cases in the month / stored.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from models.case import Case, CaseEvent
from models.tables import table_of
from tasks.case_facts import FACTS
from tasks.database import open_database
from tasks.lifecycle import move_cases
from tasks.migrate import newest_revision
from tests.benchmarks.counting import FREEZE, PANDAS
from tests.evaluation_cities import an_evaluated_city
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in

SIZES = "1000000/1000000 300000/3000000"
UNITS, CLASSES, TOWNS = 60, 190, 16
CUTS = ("", "unit", "unit,class", "post")
FIRST_COPY = 1_000
MONTH_SECONDS = 31 * 86_400

_IN_MONTH = "n < :month"
_SECONDS = (
    f"CASE WHEN {_IN_MONTH} THEN n * {MONTH_SECONDS}.0 / :month ELSE -(n % 40) * 1296000.0 - 86400 - n % 86400 END"
)
"""Cases outside the month lie in the twenty months before it."""

_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers LIMIT :stored) "


def run() -> Iterator[str]:
    """Lines: seconds and peak of memory for each cut, then plain pandas over the same rows, and the ratio."""
    for size in os.environ.get("ZHIHUI_BENCH_CASES", SIZES).split():
        month, stored = map(int, size.split("/"))
        file = Path(tempfile.gettempdir()) / f"zhihui-bench-{newest_revision()}-{UNITS}u-{month}-of-{stored}.db"
        began = time.perf_counter()
        if not file.exists():
            _build(file, month, stored)
        yield f"{month:,} cases in the month, {stored:,} stored: {file}, {file.stat().st_size / 1e9:.1f} GB"
        yield f"  built in {time.perf_counter() - began:.0f} s (0: was there)"
        plain, memory, due = _measured(file, PANDAS)
        yield f"  pandas, all rows, by unit      {plain:8.2f} s {memory:8,.0f} MB   {due:,} due"
        for cuts in CUTS:
            seconds, memory, found = _measured(file, cuts)
            if found != due:
                raise AssertionError(f"{found} are due by {cuts}, pandas finds {due}")
            name = cuts or "whole city"
            figures = f"{seconds:8.2f} s {memory:8,.0f} MB   {found:,} due   pandas x {plain / seconds:.1f}"
            yield f"  all counts by {name:<16} {figures}"
        seconds, memory, found = _measured(file, FREEZE)
        if found != due:
            raise AssertionError(f"{found} are due in the frozen month, pandas finds {due}")
        figures = f"{seconds:8.2f} s {memory:8,.0f} MB   {found:,} due   pandas x {plain / seconds:.1f}"
        yield f"  counted, scored, frozen, told  {figures}"


def _measured(file: Path, way: str) -> tuple[float, float, int]:
    """Seconds, peak of memory in MB and cases due, of a process that does nothing else."""
    command = [sys.executable, "-m", "tests.benchmarks.counting", str(file), way]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return told["seconds"], told["megabytes"], told["due"]


def _build(file: Path, month: int, stored: int) -> None:
    """A real case, closed by people and rules, and copies of all its rows, spread over the month and before it."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    engine = open_database(f"sqlite:///{unfinished}")
    city = a_loaded_city(engine, _documents())
    names = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    for minute, (action, post, facts) in enumerate(
        (
            ("receive", "lihe-liaison", {}),
            ("report_handled", "lihe-liaison", {}),
            ("check", "inspector-a", {"result": "passed"}),
        )
    ):
        acts(engine, city, names, action, post, at(f"2019-05-06 09:1{minute}"), **facts)
        move_cases(engine, now=at(f"2019-05-06 09:1{minute}"))
    engine.dispose()
    raw = sqlite3.connect(unfinished, isolation_level=None)
    for statement in _UNGUARDED:
        raw.execute(statement)
    _copy(raw, {"month": month, "stored": stored})
    _other_months(raw)
    raw.close()
    engine = open_database(f"sqlite:///{unfinished}")  # which puts the trigger back
    engine.dispose()
    unfinished.rename(file)


def _documents() -> dict[str, str]:
    """The small city with sixty units more, so that each is scored, ranked and told of its draft."""
    documents, units = an_evaluated_city(), [f"unit-{number}" for number in range(UNITS)]
    rows = {
        "units.csv": "{0},单位{0},township,centre,乡镇街道,{0}-liaison,{0}-head,leader,,,,\n",
        "posts.csv": "{0}-liaison,{0}值班员,{0},unit_liaison,,{0}-head,,\n{0}-head,{0}负责人,{0},unit_head,,,,\n",
        "contact_points.csv": "{0}-liaison,1,demo,demo\n{0}-head,1,demo,demo\n",
    }
    return documents | {file: documents[file] + "".join(map(row.format, units)) for file, row in rows.items()}


_UNGUARDED = (
    *("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -500000"),
    "DROP TRIGGER case_event_refuses_insert",
)
"""Nothing is at stake in a database that is made up: it is written ten times as fast this way."""


def _copy(connection: sqlite3.Connection, values: dict[str, int]) -> None:
    names = f"'S' || (n + {FIRST_COPY})"
    own_case = {
        "id": f"n + {FIRST_COPY}",
        "receipt_number": names,
        "number": names,
        "unit": _unit(),
        "next_wake_at": "NULL",
    }
    cases = [column.name for column in table_of(Case).columns]
    selected = ", ".join(own_case.get(name, f"cases.{name}") for name in cases)
    own_event = {"id": "NULL", "case_id": f"n + {FIRST_COPY}"}
    events = [column.name for column in table_of(CaseEvent).columns]
    told = ", ".join(own_event.get(name, f"case_event.{name}") for name in events)
    facts = [column.name for column in FACTS.columns]
    own_fact = {
        "case_id": f"n + {FIRST_COPY}",
        "unit": _unit(),
        "class_code": f"'E' || (n % {CLASSES})",
        "area": f"'4101841' || (10 + n % {TOWNS}) || '00' || (1000 + n % 900)",
        "on_time": "n % 10 > 0",
        "reworks": "n % 50 = 0",
        "extensions": "n % 70 = 0",
        "checker": "'inspector-' || (n % 50)",
        "accepted_by": "'acceptor-' || (n % 12)",
    }
    moved = {c.name: _moved(c.name) for c in FACTS.columns if c.name.endswith("_at")}
    fact = ", ".join((own_fact | moved).get(name, f"case_fact.{name}") for name in facts)
    for table, columns, values_of, which in (
        ("cases", cases, selected, "cases.id = 1"),
        ("case_event", events, told, f"case_event.case_id = 1 AND ({_IN_MONTH} OR action IN ('file', 'close'))"),
        ("case_fact", facts, fact, "case_fact.case_id = 1"),
    ):
        into = f"INSERT INTO {table} ({', '.join(columns)})"
        statement = f"{into} {_NUMBERS} SELECT {values_of} FROM numbers, {table} WHERE {which}"  # noqa: S608 - our own
        connection.execute(statement, values)


def _other_months(connection: sqlite3.Connection) -> None:
    """The months besides that of its beginning in which a copy was due or ended, as visits write them."""

    def month(name: str) -> str:
        text = f"datetime({name}, '+8 hours')"
        return f"strftime('%Y', {text}) * 12 + strftime('%m', {text}) - 1"

    for name in ("due_at", "check_due_at", "ended_at"):
        connection.execute(
            f"INSERT OR IGNORE INTO case_fact_month SELECT {month(name)}, case_id FROM case_fact "  # noqa: S608
            f"WHERE {name} IS NOT NULL AND {month(name)} <> {month('begun_at')}"
        )


def _unit() -> str:
    return f"'unit-' || (n % {UNITS})"


def _moved(name: str) -> str:
    """A moment of the real case, moved to where the copy lies: the real one was taken in on 6 May at midnight UTC."""
    moved = f"strftime('%Y-%m-%d %H:%M:%f', case_fact.{name}, '-5 days', ({_SECONDS}) || ' seconds') || '000'"
    return f"CASE WHEN case_fact.{name} IS NOT NULL THEN {moved} END"
