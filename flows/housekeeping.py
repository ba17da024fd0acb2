"""Records of runs that say nothing are cleared away."""

import asyncio
from datetime import datetime, timedelta

from prefect import flow
from prefect.client.orchestration import get_client
from pydantic import Field

from flows import wording
from flows.moment import At
from flows.old_runs import delete_silent_runs
from flows.steps import step
from flows.surroundings import surroundings
from flows.telling import IDLE, name_run


class HousekeepingVisit(At):
    """清理空转记录。Records of idle runs to clear away."""

    hours_kept: int = Field(
        default=24,
        ge=1,
        le=8760,
        title="保留小时数 Hours kept",
        description="空转记录结束后保留多少小时。How many hours the record of an idle run is kept after its end.",
    )
    most: int = Field(
        default=5000,
        ge=1,
        le=100_000,
        title="至多条数 At most",
        description="一次至多清理多少条；其余留待下一次。How many at most; the rest waits for the next run.",
    )


EVERY_IDLE_RUN = HousekeepingVisit()


@step(wording.CLEAR)
async def clear(before: datetime, most: int) -> int:
    """Delete the records of runs that ended before and said nothing; how many there were."""
    here = await asyncio.to_thread(surroundings)
    async with get_client() as client:
        return await delete_silent_runs(client, here.engine, before, most)


@flow(name="housekeeping", flow_run_name=wording.HOUSEKEEPING)
async def housekeeping(visit: HousekeepingVisit = EVERY_IDLE_RUN) -> None:
    """Every hour the records of runs that said nothing are cleared away, 24 hours after their end.

    Taken are visits that found nothing to do and scheduled sweeps dropped because another still ran. Every other run is
    kept for ever, and so is a run that any event, attempt or action names, whatever its tag. A record of this process
    touches no case either and is cleared in its turn. A second run finds nothing left to clear.
    """
    cleared = await clear(visit.moment() - timedelta(hours=visit.hours_kept), visit.most)
    await name_run(wording.runs_cleared(cleared), IDLE)
