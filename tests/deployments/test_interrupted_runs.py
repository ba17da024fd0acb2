"""Runs whose process a hard kill took are settled, so that the next sweep is not dropped for their sake."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, State, StateType
from prefect.states import Pending, Running
from prefect.types.entrypoint import EntrypointType

from deployments.interrupted_runs import settle_interrupted_runs
from deployments.prefect_settings import WORK_POOL
from flows.case_lifecycle import case_lifecycle
from tasks.settings import Settings


@pytest.fixture
async def client(prefect_server: Settings) -> AsyncIterator[PrefectClient]:
    async with get_client() as client:
        yield client
        await settle_interrupted_runs(client, WORK_POOL, ())


@pytest.fixture
async def sweeps(client: PrefectClient) -> UUID:
    """A deployment of which one run at a time may go, and a late one is dropped."""
    limit = ConcurrencyLimitConfig(limit=1, collision_strategy="CANCEL_NEW")
    deployment = await case_lifecycle.ato_deployment(
        f"sweeps-{uuid4().hex[:8]}",
        concurrency_limit=limit,
        work_pool_name=WORK_POOL,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return await deployment.aapply()


async def begin(client: PrefectClient, sweeps: UUID, *states: State[None]) -> UUID:
    """A run that a worker took and, where told, started."""
    run = await client.create_flow_run_from_deployment(sweeps)
    for state in states:
        await client.set_flow_run_state(run.id, state)
    return run.id


async def state_of(client: PrefectClient, run: UUID) -> State[None]:
    found = (await client.read_flow_run(run)).state
    assert found
    return found


async def test_a_run_that_had_begun_has_crashed_and_the_next_sweep_may_run(client: PrefectClient, sweeps: UUID) -> None:
    dead = await begin(client, sweeps, Pending(), Running())
    dropped = await begin(client, sweeps, Pending())
    assert (await state_of(client, dropped)).type is StateType.CANCELLED

    assert await settle_interrupted_runs(client, WORK_POOL, ()) == 1
    settled = await state_of(client, dead)
    assert settled.type is StateType.CRASHED
    assert "中途" in (settled.message or "")
    following = await begin(client, sweeps, Pending(), Running())
    assert (await state_of(client, following)).type is StateType.RUNNING


async def test_a_run_that_had_not_begun_begins_again(client: PrefectClient, sweeps: UUID) -> None:
    taken = await begin(client, sweeps, Pending())
    assert await settle_interrupted_runs(client, WORK_POOL, ()) == 1
    assert (await state_of(client, taken)).type is StateType.SCHEDULED
    following = await begin(client, sweeps, Pending())
    assert (await state_of(client, following)).type is StateType.PENDING


async def test_a_run_with_a_process_goes_on(client: PrefectClient, sweeps: UUID) -> None:
    alive = await begin(client, sweeps, Pending(), Running())
    assert await settle_interrupted_runs(client, WORK_POOL, {str(alive)}) == 0
    assert (await state_of(client, alive)).type is StateType.RUNNING


async def test_runs_of_other_pools_are_left_alone(client: PrefectClient, sweeps: UUID) -> None:
    run = await begin(client, sweeps, Pending(), Running())
    assert await settle_interrupted_runs(client, "another-pool", ()) == 0
    assert (await state_of(client, run)).type is StateType.RUNNING
