"""Records of idle runs are cleared away, and files of pictures that no row names; schedules follow the season."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from prefect import flow
from prefect.client.orchestration import get_client
from pydantic import Field

from flows import wording
from flows.moment import At
from flows.old_runs import delete_silent_runs
from flows.season_schedules import follow_the_season
from flows.steps import step
from flows.surroundings import surroundings
from flows.telling import IDLE, name_run
from tasks.city_edition import NoCityLoaded
from tasks.picture_proof import remove_files_without_row
from tasks.picture_store import PictureStore, StoreUnusable

LOG = logging.getLogger("zhihui.housekeeping")

FILES_KEPT = timedelta(days=1)
"""A picture that is being handed in has its files and not yet its row: a day is far more than that takes."""


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
    most_files: int = Field(
        default=200,
        ge=0,
        le=100_000,
        title="至多图片文件数 At most so many picture files",
        description="一次至多删除多少个无记录、且存放超过一天的图片文件；0 为不删除。"
        "How many picture files that no row names, older than a day, are removed at most; 0 removes none.",
    )


EVERY_IDLE_RUN = HousekeepingVisit()


@step(wording.CLEAR)
async def clear(before: datetime, most: int) -> int:
    """Delete the records of runs that ended before and said nothing; how many there were."""
    here = await asyncio.to_thread(surroundings)
    async with get_client() as client:
        return await delete_silent_runs(client, here.engine, before, most)


@step(wording.CLEAR_FILES)
async def clear_files(before: datetime, most: int) -> int | None:
    """Remove picture files written before that no row names; how many, None where the store cannot be used."""
    here = await asyncio.to_thread(surroundings)

    def work() -> int | None:
        try:
            return remove_files_without_row(here.engine, PictureStore(here.settings.pictures), before, most)
        except StoreUnusable:
            LOG.exception("picture files could not be cleared", extra={"action": "picture_store_unusable"})
            return None

    return await asyncio.to_thread(work)


@step(wording.FOLLOW_SEASON)
async def follow(now: datetime) -> int:
    """Schedules of the season last as long as the city's season does; how many deployments were changed."""
    here = await asyncio.to_thread(surroundings)

    def months() -> frozenset[int]:
        try:
            city = here.city()
        except NoCityLoaded:
            return frozenset()
        return city.duty.season.months(now.astimezone(city.zone).year) if city.duty else frozenset()

    wanted = await asyncio.to_thread(months)
    async with get_client() as client:
        return len(await follow_the_season(client, wanted))


@flow(name="housekeeping", flow_run_name=wording.HOUSEKEEPING)
async def housekeeping(visit: HousekeepingVisit = EVERY_IDLE_RUN) -> None:
    """Every hour the records of runs that said nothing are cleared away, 24 hours after their end.

    So are files of pictures that no row names, a day after they were written: what a crash between file and row left.
    A store that cannot be used is said, and keeps no record from being cleared.
    Taken are visits that found nothing to do and scheduled sweeps dropped because another still ran. Every other run is
    kept for ever, and so is a run that any event, attempt or action names, whatever its tag. A record of this process
    touches no case either and is cleared in its turn, unless it removed files or could not. Where the city's season is
    longer than the months in which its processes look every minute, their schedules are widened. A second run finds
    nothing left to do.
    """
    now = visit.moment()
    cleared = await clear(now - timedelta(hours=visit.hours_kept), visit.most)
    # Files are dated by a real clock: no moment to come makes them older.
    files = await clear_files(min(now, datetime.now(UTC)) - FILES_KEPT, visit.most_files)
    widened = await follow(now)
    await name_run(wording.runs_cleared(cleared, files, widened), *((IDLE,) if files == 0 and not widened else ()))
