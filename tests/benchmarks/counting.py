"""Counts one month of one database in a process of its own, and says what that took: the bench starts it.

Example: python -m tests.benchmarks.counting FILE.db unit,class
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from models.evaluation_marks import Cut
from models.refusal import Refusal
from tasks.city_edition import current_city
from tasks.counted_marks import month_period
from tasks.database import open_database, reading, transaction
from tasks.evaluation_counts import count
from tasks.evaluation_course import draft_months

MONTH, NOW = "2019-05", datetime(2019, 7, 1, tzinfo=UTC)
PANDAS, FREEZE = "pandas", "freeze"


def frozen(file: str) -> tuple[float, int]:
    """Everything the first of the month does: count, score, rank, keep the cases behind, write the drafts' notices.

    It is taken back afterwards, so that the next measurement finds the same database.
    """
    engine = open_database(f"sqlite:///{file}", migrate=False)
    with transaction(engine) as connection:
        city = current_city(connection)
        began = time.perf_counter()
        found = draft_months(connection, city, NOW, month=MONTH)
        seconds = time.perf_counter() - began
        if isinstance(found, Refusal):
            raise TypeError(found)
        connection.rollback()
        return seconds, found[0].result.scoring["due_to_close"]


def by_sql(file: str, cuts: list[Cut]) -> tuple[float, int]:
    """Seconds of one count, and how many were due to be closed."""
    engine = open_database(f"sqlite:///{file}", migrate=False)
    with reading(engine) as connection:
        city = current_city(connection)
        began = time.perf_counter()
        found = count(connection, city, month_period(MONTH, city), cuts, now=NOW)
        return time.perf_counter() - began, found.total.scoring["due_to_close"]  # type: ignore[index]


def by_pandas(file: str) -> tuple[float, int]:
    """The plain way: load everything, group, add up a few of the counts."""
    import pandas as pd  # its memory must not count for the other way too
    from sqlalchemy import text

    engine = open_database(f"sqlite:///{file}", migrate=False)
    names = "unit, due_at, ended_at, handled_at, filed_at, dispatched_at, on_time, ending, reworks, extensions"
    with reading(engine) as connection:
        began = time.perf_counter()
        frame = pd.read_sql_query(text(f"SELECT {names} FROM case_fact"), connection)  # noqa: S608 - our own columns
        due = frame[(frame["due_at"] >= "2019-04-30 16:00") & (frame["due_at"] < "2019-05-31 16:00")]
        grouped = due.groupby("unit").agg(
            due=("due_at", "size"),
            closed=("ended_at", "count"),
            on_time=("on_time", "sum"),
            reworked=("reworks", lambda column: (column > 0).sum()),
            extended=("extensions", lambda column: (column > 0).sum()),
        )
        return time.perf_counter() - began, int(grouped["due"].sum())


if __name__ == "__main__":
    database, way = sys.argv[1:]
    if way == PANDAS:
        seconds, due_to_close = by_pandas(database)
    elif way == FREEZE:
        seconds, due_to_close = frozen(database)
    else:
        seconds, due_to_close = by_sql(database, [Cut(name) for name in way.split(",") if name])
    # Not getrusage: it also tells the peak of whoever started this process.
    (held,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    peak = int(held.split()[1]) / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak, "due": due_to_close}))
