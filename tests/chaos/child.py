"""What a killed process does: one step of the product's own work, in a process of its own, from the word go."""

import os
import time
from dataclasses import asdict
from multiprocessing.connection import Connection as Pipe
from typing import Any

import apprise
from sqlalchemy import Engine

from tasks import intake
from tasks.city_edition import current_city
from tasks.database import open_database, reading
from tasks.lifecycle import move_cases
from tasks.notify import deliver_and_wait
from tasks.settings import read_settings
from tasks.source_mappings import mapping_in_force
from tests.chaos.job import Job
from tests.chaos.storm_work import STORM_WORK

MOST_NOTICES = 100_000

# Loads its hundred plugins before any child is started: else each first send would spend its time on them.
apprise.Apprise.instantiate("json://127.0.0.1/")


def work(job: Job, pipe: Pipe) -> None:
    """Open the database, say so, wait for the word, work, and tell what was done.

    The city is read before the word: whoever reads it again finds it kept, and a kill does not hit the reading.
    """
    os.environ.update(job.environment)
    engine = open_database(os.environ["ZHIHUI_DATABASE_URL"], migrate=False)
    with reading(engine) as connection:
        current_city(connection)
    pipe.send("ready")
    pipe.recv()
    began = time.process_time()
    said = _WORK[job.kind](engine, job)
    pipe.send((said, time.process_time() - began))
    engine.dispose()


def _take_in(engine: Engine, job: Job) -> dict[str, Any]:
    # A story's files are small; so they too are taken in by several transactions.
    intake.CHUNK_ROWS = job.chunk
    if job.file is None:
        raise ValueError("an intake needs a file")
    with reading(engine) as connection:
        city = current_city(connection)
        mapping = mapping_in_force(connection, city, "native")
    key = read_settings().secret_key("personal")
    return asdict(intake.take_in(engine, city, key, job.file, mapping, now=job.now, flow_run_id=job.run_id))


def _sweep(engine: Engine, job: Job) -> dict[str, Any]:
    names = list(job.names) or None
    visit = move_cases(engine, now=job.now, case_numbers=names, flow_run_id=job.run_id, chunk=job.chunk)
    return {"moved": len(visit.moved), "stuck": visit.stuck}


def _deliver(engine: Engine, job: Job) -> dict[str, Any]:
    """The clock stands still, so that what a killed delivery left is taken up at the next moment of the story."""
    with reading(engine) as connection:
        city = current_city(connection)
    options = {"flow_run_id": job.run_id, "clock": lambda: job.now}
    done = deliver_and_wait(engine, city, read_settings(), now=job.now, limit=MOST_NOTICES, **options)  # type: ignore[arg-type]
    return asdict(done)


_WORK = {"intake": _take_in, "sweep": _sweep, "visit": _sweep, "delivery": _deliver, **STORM_WORK}
