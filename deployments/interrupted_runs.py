"""Settle the flow runs whose process is gone: after a hard kill the server would call them running for ever.

A deployment with a limit of one would drop every later sweep until the dead run's lease ends, five minutes later.
Only for one machine: a run of the pool that has no process here has none at all.
"""

from collections.abc import Collection

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed, Scheduled

UNSETTLED = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]

MOST_AT_ONCE = 200
"""The server answers with no more rows than this."""


async def settle_interrupted_runs(client: PrefectClient, pool: str, alive: Collection[str]) -> int:
    """Settles the pool's runs without a process; returns how many.

    A run that had begun has crashed: what it did stands, the next visit does the rest. One that had not begun begins
    again, so that nobody's form is lost.
    """
    settled = 0
    while runs := [run for run in await _unsettled(client, pool) if str(run.id) not in alive]:
        for run in runs:
            await _settle(client, run)
        settled += len(runs)
        if len(runs) < MOST_AT_ONCE:
            break
    return settled


async def _settle(client: PrefectClient, run: FlowRun) -> None:
    if run.state_type is StateType.PENDING:
        await client.set_flow_run_state(run.id, Scheduled(name="Rescheduled"), force=True)
    else:
        stopped = "The machine or the worker was stopped in the middle of this run. 运行中途机器或工作进程被强行终止。"
        await client.set_flow_run_state(run.id, Crashed(message=stopped), force=True)


async def _unsettled(client: PrefectClient, pool: str) -> list[FlowRun]:
    return await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNSETTLED))),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
        limit=MOST_AT_ONCE,
    )
