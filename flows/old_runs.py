"""Records of flow runs that say nothing, on Prefect's server: found, and deleted.

Prefect's own vacuum knows one retention for all runs; ours goes by what a run did.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterCreatedBy,
    FlowRunFilterEndTime,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from sqlalchemy import Engine

from flows.telling import IDLE
from tasks.database import reading
from tasks.run_mentions import mentioned_runs

DROPPED = "Deployment concurrency limit reached."
"""Prefect's word for a run it cancelled before its start, because another one of its deployment still ran."""

RUNS_A_PAGE = 200
"""The server answers with no more rows than this."""

RUNS_A_DELETE = 50
"""The server deletes no more runs at once. One at a time costs it four times the work, and on SQLite each waits for the
file behind the clean-up of the one before."""


async def delete_silent_runs(client: PrefectClient, engine: Engine, before: datetime, most: int) -> int:
    """Deletes records of runs that ended before and said nothing, at most so many, the oldest first; returns how many.

    With a run go its states, its task runs and its log. What a row of the city names stays, also where the run itself
    found nothing to do: it was begun twice, and the first time wrote.
    """
    deleted = 0
    for wanted in (_idle(before), _dropped(before)):
        deleted += await _delete(client, engine, wanted, most - deleted)
    return deleted


def _idle(before: datetime) -> FlowRunFilter:
    """Visits that found nothing to do. One that failed is no idle one, whatever its tag."""
    return FlowRunFilter(
        tags=FlowRunFilterTags(all_=[IDLE]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.COMPLETED])),
        end_time=FlowRunFilterEndTime(before_=before),
    )


def _dropped(before: datetime) -> FlowRunFilter:
    """Scheduled runs that were cancelled: among them the sweeps that came while another still ran."""
    return FlowRunFilter(
        created_by=FlowRunFilterCreatedBy(type_=["SCHEDULE"]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLED])),
        end_time=FlowRunFilterEndTime(before_=before),
    )


def says_nothing(run: FlowRun) -> bool:
    """Whether nobody asks for the record of a run: it was idle, or the schedule's and dropped.

    A run that a person started and Prefect dropped is that person's: it stays, like one that a person cancelled.
    """
    if IDLE in run.tags and run.state_type is StateType.COMPLETED:
        return True
    return bool(run.auto_scheduled and run.run_count == 0 and run.state and run.state.message == DROPPED)


async def _delete(client: PrefectClient, engine: Engine, wanted: FlowRunFilter, most: int) -> int:
    deleted = kept = 0
    while deleted < most:
        page = await client.read_flow_runs(
            flow_run_filter=wanted,
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=min(RUNS_A_PAGE, most - deleted),
            offset=kept,
        )
        if not page:
            break
        silent = await asyncio.to_thread(_unmentioned, engine, [run.id for run in page if says_nothing(run)])
        for first in range(0, len(silent), RUNS_A_DELETE):
            await _delete_at_once(client, wanted, silent[first : first + RUNS_A_DELETE])
        deleted += len(silent)
        kept += len(page) - len(silent)
    return deleted


async def _delete_at_once(client: PrefectClient, wanted: FlowRunFilter, run_ids: list[UUID]) -> None:
    """Asked for by what was wanted too: a run begun anew since it was read is no longer deleted."""
    these = wanted.model_copy(update={"id": FlowRunFilterId(any_=run_ids)})
    question = {"flow_runs": these.model_dump(mode="json", exclude_none=True), "limit": len(run_ids)}
    # The client has no method for this route of its server, and its list of routes not the route.
    await client.request("POST", "/flow_runs/bulk_delete", json=question)  # type: ignore[arg-type]


def _unmentioned(engine: Engine, run_ids: Sequence[UUID]) -> list[UUID]:
    with reading(engine) as connection:
        mentioned = mentioned_runs(connection, [str(run_id) for run_id in run_ids])
    return [run_id for run_id in run_ids if str(run_id) not in mentioned]
