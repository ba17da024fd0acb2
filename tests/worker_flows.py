"""Flows that behave, and flows that misbehave, for whoever tests a worker.

Each run notes what it saw as one line of JSON in the folder that the worker was told of.
"""

import asyncio
import json
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.client.schemas.objects import State
from prefect.flow_runs import asuspend_flow_run
from prefect.runtime import flow_run
from prefect.states import Failed

NOTES = "WORKER_TEST_NOTES"
"""The variable that names the folder of notes."""

LONG_SECONDS = 120.0
_kept: list[bytes] = []


def note(run_id: str, **seen: Any) -> None:
    """Write down what a run saw."""
    line = json.dumps({"at": time.time(), "pid": os.getpid(), "parent": os.getppid(), **seen})
    with (Path(os.environ[NOTES]) / run_id).open("a") as notes:
        notes.write(line + "\n")


def hook(flow: Any, flow_run: Any, state: State[Any]) -> None:
    """Notes that it was called, and in which state."""
    note(str(flow_run.id), hook=state.name)


@flow
async def succeeds(words: str = "") -> None:
    """Does as it should, and tells what it finds around it."""
    get_run_logger().info("said: %s", words)
    seen = {"run_count": flow_run.run_count, "tags": sorted(flow_run.tags), "folder": str(Path.cwd())}
    note(flow_run.id, marked=os.environ.get("WORKER_TEST_MARK"), level=logging.getLogger("prefect").level, **seen)


@flow
def succeeds_without_async() -> None:
    """Does as it should, on the main thread."""
    note(flow_run.id)


@flow
async def fails() -> State[None]:
    """Says itself that it failed."""
    return Failed(message="the source is empty")


@flow
async def raises() -> None:
    """Meets an error."""
    raise ValueError("row 7 is no row")


@flow(timeout_seconds=1)
async def hangs() -> None:
    """Waits for what never comes, longer than it may."""
    await asyncio.sleep(LONG_SECONDS)


@flow(timeout_seconds=1)
def hangs_without_async() -> None:
    """Blocks its thread, longer than it may."""
    time.sleep(LONG_SECONDS)


@flow(retries=2)
async def succeeds_at_the_third_try() -> None:
    """Fails twice."""
    note(flow_run.id, run_count=flow_run.run_count)
    if flow_run.run_count < 3:
        raise ConnectionError("not yet")


@flow(on_crashed=[hook])
async def exits() -> None:
    """Ends its interpreter."""
    note(flow_run.id)
    sys.exit(3)


@flow(on_crashed=[hook])
async def exits_hard() -> None:
    """Ends its process past every handler."""
    note(flow_run.id)
    os._exit(7)


@flow(on_crashed=[hook])
async def is_killed() -> None:
    """Is killed, as by the system when memory runs out."""
    note(flow_run.id)
    os.kill(os.getpid(), signal.SIGKILL)


@flow(on_cancellation=[hook])
async def takes_long(seconds: float = LONG_SECONDS) -> None:
    """Takes its time."""
    note(flow_run.id)
    await asyncio.sleep(seconds)
    note(flow_run.id, finished=True)


@flow(on_cancellation=[hook])
def takes_long_without_async() -> None:
    """Blocks its thread for long."""
    note(flow_run.id)
    time.sleep(LONG_SECONDS)


@flow(on_cancellation=[hook])
def will_not_stop() -> None:
    """Hears no signal."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note(flow_run.id)
    time.sleep(LONG_SECONDS)


@flow
async def waits_for_a_decision() -> None:
    """Suspends itself, and goes on when it is resumed."""
    note(flow_run.id)
    await asuspend_flow_run(key="decision")
    note(flow_run.id, resumed=True)


@task
async def keep(megabytes: int) -> None:
    """Hold memory until the process ends."""
    _kept.append(b"x" * (megabytes * 1_000_000))


@flow
async def eats_memory(megabytes: int, seconds: float = 0.0) -> None:
    """Holds memory that it never gives back."""
    await keep(megabytes)
    note(flow_run.id)
    await asyncio.sleep(seconds)
