"""Records of idle runs are cleared away after their time, and no other record is."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prefect import flow, task
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import LogCreate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig, FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Completed, Failed, Pending, Running
from prefect.types.entrypoint import EntrypointType
from sqlalchemy import Engine

from deployments.prefect_settings import WORK_POOL
from flows import old_runs
from flows.case_lifecycle import case_lifecycle
from flows.housekeeping import HousekeepingVisit, housekeeping
from flows.surroundings import surroundings
from flows.telling import IDLE
from models.picture import OfCase, PictureKind
from tasks.database import transaction
from tasks.lifecycle import move_cases
from tasks.picture_store import PictureStore
from tasks.pictures import Handed, add_pictures
from tasks.settings import Settings
from tests.event_rows import write_case
from tests.pictures import a_read_picture, a_scene, encoded
from tests.stored_cases import a_loaded_city, at, reports_taken_in

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    # Prefect's own clients of a run are closed late.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

A_DAY_LATER = timedelta(hours=24, seconds=1)


@pytest.fixture
def engine(settings: Settings, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The city's database, as the flow finds it."""
    monkeypatch.setenv("ZHIHUI_DATABASE_URL", sqlite_url)
    surroundings.cache_clear()
    yield surroundings().engine
    surroundings().engine.dispose()
    surroundings.cache_clear()


@pytest.fixture
async def client(prefect_server: Settings) -> AsyncIterator[PrefectClient]:
    async with get_client() as client:
        yield client


@task
async def a_step() -> None:
    """A step of a run."""


@flow(name="a-visit")
async def a_visit(*tags: str) -> None:
    """A run that did something, or found nothing to do."""


async def a_run(client: PrefectClient, *states: State[None], tags: tuple[str, ...] = ()) -> UUID:
    """A run that went through these states."""
    run = await client.create_flow_run(a_visit, state=Pending(), tags=tags)
    for state in states:
        await client.set_flow_run_state(run.id, state)
    return run.id


async def cleared(now: datetime | None = None, **form: Any) -> FlowRun:
    """What a housekeeping run says, by default one that stands a day from now."""
    visit = HousekeepingVisit(now=now or datetime.now(UTC) + A_DAY_LATER, **form)
    state = await housekeeping(visit, return_state=True)
    async with get_client() as client:
        return await client.read_flow_run(UUID(str(state.state_details.flow_run_id)))


async def a_day_after(client: PrefectClient, run: UUID) -> datetime:
    """The moment at which this run may be cleared, and none that ends later."""
    ended = (await client.read_flow_run(run)).end_time
    assert ended
    return ended + timedelta(hours=24, milliseconds=1)


async def left_of(client: PrefectClient, *runs: UUID) -> set[UUID]:
    """Those of the runs whose records are still there."""
    mine = FlowRunFilter(id=FlowRunFilterId(any_=list(runs)))
    return {run.id for run in await client.read_flow_runs(flow_run_filter=mine)}


async def test_only_an_idle_run_that_completed_is_cleared(engine: Engine, client: PrefectClient) -> None:
    records: list[tuple[bool, tuple[str, ...], tuple[State[None], ...]]] = [
        (False, (IDLE,), (Running(), Completed())),
        (False, (IDLE, "案件", "cases"), (Running(), Completed())),
        (True, ("案件", "cases"), (Running(), Completed())),
        (True, ("refused",), (Running(), Completed())),
        (True, (IDLE,), (Running(), Failed())),
        (True, (), (Running(), Failed())),
        (True, (IDLE,), (Running(),)),
        (True, (IDLE,), (Running(), Cancelled(message="stopped by a person"))),
        (True, (IDLE,), (Cancelled(message="stopped by a person"),)),
        (True, (), (Cancelled(message=old_runs.DROPPED),)),
    ]
    runs = [await a_run(client, *states, tags=tags) for _, tags, states in records]
    await cleared()
    left = await left_of(client, *runs)
    assert [run in left for run in runs] == [kept for kept, _, _ in records]


async def test_the_run_says_how_many_it_cleared_and_the_second_has_nothing_to_do(
    engine: Engine, client: PrefectClient
) -> None:
    await cleared()
    runs = [await a_run(client, Running(), Completed(), tags=(IDLE,)) for _ in range(3)]
    # The housekeeping run before them is idle too.
    now = await a_day_after(client, runs[-1])
    first = await cleared(now)
    assert (first.name, first.tags) == ("清理空转记录 4 条", [IDLE])
    second = await cleared(now)
    assert (second.name, second.tags) == ("无事可做", [IDLE])


async def test_a_record_is_kept_for_its_time(engine: Engine, client: PrefectClient) -> None:
    run = await a_run(client, Running(), Completed(), tags=(IDLE,))
    ended = (await client.read_flow_run(run)).end_time
    assert ended
    await cleared(ended + timedelta(hours=23, minutes=59))
    assert await left_of(client, run)
    await cleared(ended + timedelta(minutes=59), hours_kept=1)
    assert await left_of(client, run)
    await cleared(ended + timedelta(hours=24))
    assert not await left_of(client, run)


async def test_many_are_cleared_in_pages_and_at_most_so_many_at_once_the_oldest_first(
    engine: Engine, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_runs, "RUNS_A_PAGE", 2)
    await cleared()
    # A record that stays heads the queue and must not be counted as progress, nor asked for again and again.
    stays = await a_run(client, Cancelled(message="stopped by a person"))
    runs = [await a_run(client, Running(), Completed(), tags=(IDLE,)) for _ in range(7)]
    now = await a_day_after(client, runs[-1])
    assert (await cleared(now, most=5)).name == "清理空转记录 5 条"
    # The first of the five was the housekeeping run at the beginning.
    assert await left_of(client, *runs) == set(runs[4:])
    assert (await cleared(now, most=5)).name == "清理空转记录 3 条"
    assert await left_of(client, stays, *runs) == {stays}


async def test_a_run_that_an_event_names_is_kept_whatever_its_tag(engine: Engine, client: PrefectClient) -> None:
    """It crashed after its writing, was begun anew, and then found nothing left to do."""
    wrote, idle = [await a_run(client, Running(), Completed(), tags=(IDLE,)) for _ in range(2)]
    reports_taken_in(engine, a_loaded_city(engine), 1, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"), flow_run_id=str(wrote))
    await cleared()
    assert await left_of(client, wrote, idle) == {wrote}


async def test_with_a_record_go_its_task_runs_and_its_log(engine: Engine, client: PrefectClient) -> None:
    run = await a_run(client, Running(), tags=(IDLE,))
    step = await client.create_task_run(a_step, run, dynamic_key="0", state=Completed())
    line = {"name": "visit", "level": 20, "message": "nothing", "timestamp": datetime.now(UTC), "flow_run_id": run}
    await client.create_logs([LogCreate(**line)])
    await client.set_flow_run_state(run, Completed())
    mine = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run]))
    async with asyncio.timeout(30):
        while not await client.read_logs(mine):
            await asyncio.sleep(0.05)
        await cleared()
        while await client.read_logs(mine):
            await asyncio.sleep(0.05)
    with pytest.raises(ObjectNotFound):
        await client.read_task_run(step.id)


async def test_a_dropped_sweep_of_the_schedule_is_cleared_and_one_a_person_started_is_kept(
    engine: Engine, client: PrefectClient, prefect_server: Settings, sweeps: UUID
) -> None:
    running = (await client.create_flow_run_from_deployment(sweeps)).id
    persons = (await client.create_flow_run_from_deployment(sweeps)).id
    states: list[tuple[UUID, State[None]]] = [(running, Pending()), (running, Running()), (persons, Pending())]
    for run, state in states:
        await client.set_flow_run_state(run, state)
    schedules = await a_scheduled_run(prefect_server, client, sweeps)
    await client.set_flow_run_state(schedules, Pending())
    dropped = [await client.read_flow_run(run) for run in (persons, schedules)]
    assert [run.state.message for run in dropped if run.state] == [old_runs.DROPPED] * 2

    await cleared()
    assert await left_of(client, running, persons, schedules) == {running, persons}
    # Its deployment goes with this test, and nobody could settle it after that.
    await client.set_flow_run_state(running, Completed())


async def test_old_files_that_no_row_names_are_removed_and_the_run_says_so(
    engine: Engine, client: PrefectClient, settings: Settings
) -> None:
    store = PictureStore(settings.pictures)
    named, _, new = store.keep([a_read_picture(encoded(a_scene(seed, 96, 72))) for seed in range(3)])
    with transaction(engine) as connection:
        write_case(connection, 1, length=1)
        handed, yesterday = Handed(PictureKind.AFTER, "lihe-duty", "desk"), datetime.now(UTC) - timedelta(days=1)
        add_pictures(connection, [named], OfCase(1), handed, yesterday)
    long_ago = (yesterday - timedelta(days=1)).timestamp()
    for file in store.files():
        if file.digest not in (new.sha256, new.small_sha256):
            os.utime(Path(settings.pictures) / file.digest[:2] / file.name, (long_ago, long_ago))
    first, second, third = [await cleared(most_files=1), await cleared(), await cleared()]
    assert [("清理图片文件 1 个" in run.name, run.tags) for run in (first, second)] == [(True, [])] * 2
    assert ("图片" in third.name, third.tags) == (False, [IDLE])
    assert {file.digest for file in store.files()} == {named.sha256, named.small_sha256, new.sha256, new.small_sha256}


async def test_a_store_that_cannot_be_used_is_said_and_runs_are_cleared(
    engine: Engine, client: PrefectClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cleared()
    run = await a_run(client, Running(), Completed(), tags=(IDLE,))
    monkeypatch.setenv("ZHIHUI_PICTURES", "nowhere://pictures")
    surroundings.cache_clear()
    said = await cleared(await a_day_after(client, run))
    assert not await left_of(client, run)
    assert said.name.endswith("· 图片存储不可用")
    assert said.tags == []


@pytest.fixture
async def sweeps(client: PrefectClient) -> AsyncIterator[UUID]:
    """A deployment with a schedule of which one run at a time may go, and a late one is dropped."""
    deployment = await case_lifecycle.ato_deployment(
        f"sweeps-{uuid4().hex[:8]}",
        interval=timedelta(hours=1),
        concurrency_limit=ConcurrencyLimitConfig(limit=1, collision_strategy="CANCEL_NEW"),
        work_pool_name=WORK_POOL,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    made = await deployment.aapply()
    yield made
    await client.delete_deployment(made)


async def a_scheduled_run(prefect_server: Settings, client: PrefectClient, deployment: UUID) -> UUID:
    """A run that the schedule made, not a person."""
    url = f"http://127.0.0.1:{prefect_server.prefect_port}/api/deployments/{deployment}/schedule"
    async with httpx.AsyncClient(trust_env=False) as http:
        (await http.post(url, json={})).raise_for_status()
    mine = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
    found = await client.read_flow_runs(deployment_filter=mine, limit=200)
    return next(run.id for run in found if run.auto_scheduled)
