"""Whoever put an action wakes a visit: on the real server, at most once a second, and never too early to be seen."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterIdempotencyKey
from prefect.client.schemas.objects import FlowRun
from prefect.states import Pending, Running

from flows.case_lifecycle import case_lifecycle
from tasks.settings import Settings
from tasks.wake import DEPLOYMENT, Waker, Woken
from tests.prefect_server import free_port

DAYS = count()


@pytest.fixture
def noon() -> datetime:
    """A moment of no other test: the server keeps its runs for the session."""
    return datetime(2019, 5, 6, 12, tzinfo=UTC) + timedelta(days=next(DAYS))


@pytest.fixture
async def waker(prefect_server: Settings) -> Waker:
    async with get_client() as client:
        flow_id = await client.create_flow(case_lifecycle)
        await client.create_deployment(flow_id, DEPLOYMENT.partition("/")[2])
    return Waker(prefect_server)


@pytest.fixture(autouse=True)
def closed(waker: Waker) -> Iterator[None]:
    yield
    waker.close()


async def runs_around(noon: datetime) -> list[FlowRun]:
    """The visits of the seconds around a moment, in their order."""
    keys = [f"visit-{int(noon.timestamp()) + ahead}" for ahead in range(-2, 6)]
    async with get_client() as client:
        found = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(idempotency_key=FlowRunFilterIdempotencyKey(any_=keys))
        )
    return sorted(found, key=lambda run: run.idempotency_key or "")


async def begin(run_id: UUID, *states: str) -> None:
    async with get_client() as client:
        for state in states:
            await client.set_flow_run_state(run_id, {"pending": Pending, "running": Running}[state](), force=True)


async def test_the_first_to_wake_starts_a_visit_at_once(waker: Waker, noon: datetime) -> None:
    moment = noon + timedelta(milliseconds=300)
    assert waker.wake(moment) is Woken.STARTED
    (run,) = await runs_around(noon)
    assert run.expected_start_time == moment
    assert run.parameters == {}


@pytest.mark.parametrize("states", [(), ("pending",)])
async def test_who_comes_in_the_same_second_joins_a_visit_that_has_not_begun(
    waker: Waker, noon: datetime, states: tuple[str, ...]
) -> None:
    waker.wake(noon)
    (run,) = await runs_around(noon)
    await begin(run.id, *states)
    assert waker.wake(noon + timedelta(milliseconds=900)) is Woken.JOINED
    assert len(await runs_around(noon)) == 1


async def test_who_comes_after_the_visit_began_gets_the_next_seconds_visit(waker: Waker, noon: datetime) -> None:
    waker.wake(noon)
    (run,) = await runs_around(noon)
    await begin(run.id, "pending", "running")
    assert waker.wake(noon + timedelta(milliseconds=400)) is Woken.STARTED
    _, later = await runs_around(noon)
    assert later.expected_start_time == noon + timedelta(seconds=1)
    assert waker.wake(noon + timedelta(milliseconds=500)) is Woken.JOINED
    assert waker.wake(noon + timedelta(milliseconds=1200)) is Woken.JOINED
    assert len(await runs_around(noon)) == 2


async def test_two_hundred_taps_within_a_second_start_at_most_three_visits(waker: Waker, noon: datetime) -> None:
    moments = [noon + timedelta(milliseconds=700 + 5 * tap) for tap in range(200)]
    with ThreadPoolExecutor(8) as taps:
        first = list(taps.map(waker.wake, moments[:50]))
        (run, *_) = await runs_around(noon)
        await begin(run.id, "pending", "running")
        rest = list(taps.map(waker.wake, moments[50:]))
    woken = first + rest
    assert set(woken) == {Woken.STARTED, Woken.JOINED}
    assert woken.count(Woken.STARTED) == len(await runs_around(noon)) <= 3


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: httpx.Response(500),
        lambda request: httpx.Response(404, json={"detail": "Deployment not found"}),
        lambda request: httpx.Response(200, text="<html>a proxy's page</html>"),
        lambda request: httpx.Response(200, json={}),
    ],
)
def test_an_engine_that_answers_nonsense_is_away(
    noon: datetime, answer: Callable[[httpx.Request], httpx.Response]
) -> None:
    client = httpx.Client(base_url="http://engine/api", transport=httpx.MockTransport(answer))
    assert Waker(Settings(), client).wake(noon) is Woken.AWAY


def test_an_engine_nobody_can_reach_is_away(settings: Settings, noon: datetime) -> None:
    waker = Waker(settings.model_copy(update={"prefect_url": f"http://127.0.0.1:{free_port()}/api"}))
    assert waker.wake(noon) is Woken.AWAY


async def test_a_deployment_made_anew_is_found_by_the_next_wake(waker: Waker, noon: datetime) -> None:
    waker._deployment_id = "00000000-0000-0000-0000-000000000000"
    assert waker.wake(noon) is Woken.AWAY
    assert waker.wake(noon) is Woken.STARTED
