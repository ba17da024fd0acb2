"""Several processes judge, call and decide the same storm at once: no warning twice, no call, no decision."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select

from models.flood_event import FloodEvent
from models.tables import table_of
from tasks.database import open_database, reading
from tests.chaos.job import Job, JobKind
from tests.chaos.processes import run, run_side_by_side
from tests.chaos.promises import PromiseBroken
from tests.chaos.storm import Storm, ready
from tests.chaos.storm_promises import check_storm_rows
from tests.scenarios.season import Season
from tests.stored_cases import a_loaded_city, at

EVENTS = table_of(FloodEvent)

ONCE = ("warning_raised", "warning_ended", "call_started", "call_ended", "opened", "decided", "lapsed")
"""Events that a stream holds once."""

LANES: tuple[tuple[JobKind, ...], ...] = (
    ("readings", "readings", "readings"),
    ("judging", "judging", "judging"),
    ("calls", "calls", "calls"),
    ("calls", "calls", "judging", "flood-watch"),
    ("flood-watch", "flood-watch", "flood-watch"),
    ("decision", "decision", "decision", "flood-watch"),
    ("shift", "shift", "duty-watch"),
)
"""What runs side by side, one lane after the other, whenever readings have come."""


ALONE: tuple[JobKind, ...] = ("judging", "calls", "flood-watch")


def storm_race(url: str, home: Path, storm: Storm, chunk: int) -> list[str]:
    """A storm in which everything is done by several processes at once.

    Raises: ChildFailed, PromiseBroken.
    """
    files = storm.write_files(home)
    engine = open_database(url, migrate=False)
    try:
        ready(Season(engine, a_loaded_city(engine, storm.documents())))
        environment = {"ZHIHUI_HOME": str(home), "ZHIHUI_DATABASE_URL": url}
        retries, number = 0, 0
        for file, hour in zip(files, storm.hours, strict=True):
            now = at(f"2021-07-20 {hour:02}:05")
            for lane in LANES:
                number += 1
                now += timedelta(minutes=6)  # silence climbs between two lanes
                retries += _run(lane, now, number, environment, chunk, file)
        # Once more alone: whatever a racer passed over, it finds.
        for kind in ALONE:
            run(Job(kind, now, f"alone-{kind}", environment, chunk))
        with reading(engine) as connection:
            lines = check_storm_rows(engine, connection)
        _once_a_stream(engine)
    finally:
        engine.dispose()
    return [*lines, f"{number} races, in which somebody had to try again {retries} times"]


def _run(
    lane: Sequence[JobKind], now: datetime, number: int, environment: dict[str, str], chunk: int, file: Path
) -> int:
    jobs = [
        Job(kind, now, f"race-{number}-{racer}", environment, chunk, file if kind == "readings" else None)
        for racer, kind in enumerate(lane)
    ]
    return sum(done.said["retries"] for done in run_side_by_side(jobs))


def _once_a_stream(engine: Engine) -> None:
    """What can happen once to a warning, a call, a consultation is told once of it."""
    many = select(EVENTS.c.stream, EVENTS.c.kind, func.count()).where(EVENTS.c.kind.in_(ONCE))
    many = many.group_by(EVENTS.c.stream, EVENTS.c.kind).having(func.count() > 1)
    same = select(EVENTS.c.stream, EVENTS.c.kind, EVENTS.c.at, EVENTS.c.facts, func.count())
    same = same.group_by(EVENTS.c.stream, EVENTS.c.kind, EVENTS.c.at, EVENTS.c.facts).having(func.count() > 1)
    with reading(engine) as connection:
        for statement in (many, same):
            if found := connection.execute(statement).first():
                raise PromiseBroken(f"happened twice: {tuple(found)}")
