"""Two sweeps and a visit race over the same cases, each in a process of its own: every case is moved once."""

from collections import Counter
from pathlib import Path

from sqlalchemy import Engine, select

from models.vocabulary import State
from tasks.case_store import CASES, EVENTS
from tasks.database import open_database
from tasks.inbox import INBOX
from tests.chaos.job import Job
from tests.chaos.processes import run_side_by_side
from tests.chaos.promises import PromiseBroken
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in, rows_of, states

RULE_STEPS = ("report", "accept", "file", "dispatch")


def race(url: str, home: Path, cases: int, chunk: int) -> list[str]:
    """Fresh reports raced over twice: first what rules do, then what a unit put into the inbox for each.

    Raises: ChildFailed, where a visit met another's change and nobody took it on; PromiseBroken.
    """
    engine = open_database(url, migrate=False)
    try:
        city = a_loaded_city(engine)
        names = reports_taken_in(engine, city, cases, at("2019-05-06 08:00"))
        moved = [_run_race(url, home, names, "2019-05-06 08:02", chunk)]
        _moved_once(engine, cases, RULE_STEPS, State.DISPATCHED)
        acts(engine, city, names, "receive", "lihe-liaison", at("2019-05-06 08:10"))
        moved.append(_run_race(url, home, names, "2019-05-06 08:12", chunk))
        _moved_once(engine, cases, (*RULE_STEPS, "receive"), State.HANDLING)
        _settled_once(engine, cases)
    finally:
        engine.dispose()
    return [f"{cases} cases moved once by two sweeps and a visit, which moved {one}" for one in moved]


def _run_race(url: str, home: Path, names: list[str], moment: str, chunk: int) -> str:
    environment = {"ZHIHUI_HOME": str(home), "ZHIHUI_DATABASE_URL": url}
    racers = (("sweep", "one sweep", ()), ("sweep", "other sweep", ()), ("visit", "visit", tuple(names)))
    jobs = [Job(kind, at(moment), who, environment, chunk, names=named) for kind, who, named in racers]  # type: ignore[arg-type]
    done = run_side_by_side(jobs)
    return ", ".join(f"{one.said['moved']}" for one in done)


def _moved_once(engine: Engine, cases: int, steps: tuple[str, ...], state: State) -> None:
    if states(engine) != {state: cases}:
        raise PromiseBroken(f"the cases stand in {states(engine)}, all of them should be {state}")
    numbers = {row.number for row in rows_of(engine, select(CASES.c.number))}
    if len(numbers) != cases:
        raise PromiseBroken(f"{cases} cases have {len(numbers)} different numbers")
    told: dict[int, list[str]] = {}
    for row in rows_of(engine, select(EVENTS.c.case_id, EVENTS.c.action).order_by(EVENTS.c.case_id, EVENTS.c.seq)):
        told.setdefault(row.case_id, []).append(row.action)
    for case_id, actions in told.items():
        if tuple(actions) != steps:
            raise PromiseBroken(f"case {case_id}: {actions}, should be {steps}")
    for row in rows_of(engine, select(CASES.c.id, CASES.c.events)):
        if row.events != len(steps):
            raise PromiseBroken(f"case {row.id} counts {row.events} events, there are {len(steps)}")


def _settled_once(engine: Engine, cases: int) -> None:
    settled = Counter(row.state for row in rows_of(engine, select(INBOX.c.state)))
    if settled != {"done": cases}:
        raise PromiseBroken(f"the inbox holds {dict(settled)}, should be {cases} done")
