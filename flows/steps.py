"""What makes a plain function a step of a flow, and the two steps that several flows share.

Steps of one flow stand beside it, so that a run imports only what it uses: in pool `process` each is a new process.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from httpx import TransportError
from prefect import Task
from prefect import task as prefect_task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from sqlalchemy.exc import InterfaceError, OperationalError

from flows import wording
from flows.surroundings import surroundings
from flows.telling import run_id
from tasks.case_store import CaseMovedMeanwhileError
from tasks.database_errors import DatabaseUnreachable
from tasks.flood_events import StreamMovedMeanwhile
from tasks.lifecycle import Visit, move_cases
from tasks.notify import Delivery, deliver

P = ParamSpec("P")
R = TypeVar("R")

PASSING = (
    OperationalError,
    InterfaceError,
    DatabaseUnreachable,
    TransportError,
    CaseMovedMeanwhileError,
    StreamMovedMeanwhile,
)
"""Failures of network or database that may be gone a moment later. Everything else fails the run at once."""

PAUSES_SECONDS = [1.0, 5.0, 20.0]


def may_pass(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether a step that failed is worth another try."""
    return isinstance(state.data, PASSING)


def step(words: str) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Task[P, Coroutine[Any, Any, R]]]:
    """The line that makes a function a step: named as officials read it, tried again, never answered from a cache."""
    return prefect_task(
        name=words,
        task_run_name=words,
        retries=len(PAUSES_SECONDS),
        retry_delay_seconds=PAUSES_SECONDS,
        retry_condition_fn=may_pass,
        cache_policy=NO_CACHE,
        persist_result=False,
    )


@step(wording.MOVE)
async def move(now: datetime, numbers: Sequence[str] | None) -> Visit:
    """Move every case that is due, or the named ones."""
    here = await asyncio.to_thread(surroundings)
    return await asyncio.to_thread(move_cases, here.engine, now=now, case_numbers=numbers, flow_run_id=run_id())


@step(wording.SEND)
async def send(now: datetime, most: int, case_ids: Sequence[int] | None = None) -> Delivery:
    """Deliver the notices that are due, of these cases or of all, the most urgent first."""
    here = await asyncio.to_thread(surroundings)
    city = await asyncio.to_thread(here.city)
    return await deliver(here.engine, city, here.settings, now=now, limit=most, case_ids=case_ids, flow_run_id=run_id())
