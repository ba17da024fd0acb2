"""What comes sooner than the next poll: a run to start and a run to cancel, heard on the server's stream of events.

The poll is the truth; an event only makes it come at once. So nothing is lost while the server is away.
"""

import asyncio
from collections.abc import Callable
from logging import Logger
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.events import Event
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventAnyResourceFilter, EventFilter, EventNameFilter
from websockets.exceptions import WebSocketException

CANCELLING = "prefect.flow-run.Cancelling"

READY = [f"prefect.flow-run.{name}" for name in ("Scheduled", "Rescheduled", "Resuming", "AwaitingRetry", "Late")]
"""The names of the states in which a run waits for a worker."""

FLOW_RUN = "prefect.flow-run."

CONNECT_AGAIN_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)


async def watch_pool(
    pool_id: UUID, logger: Logger, *, on_ready: Callable[[], object], on_cancelling: Callable[[UUID], object]
) -> None:
    """Tell of each event of the pool for as long as this runs; a lost connection is made again."""
    wanted = EventFilter(
        event=EventNameFilter(name=[CANCELLING, *READY]),
        any_resource=EventAnyResourceFilter(id=[f"prefect.work-pool.{pool_id}"]),
    )
    failures = 0
    while True:
        try:
            async with get_events_subscriber(filter=wanted, reconnection_attempts=0) as events:
                failures = 0
                on_ready()
                async for event in events:
                    _tell(event, on_ready, on_cancelling)
        except (WebSocketException, OSError, TimeoutError) as error:
            logger.debug("The stream of events is away, polling goes on: %s", error)
        await asyncio.sleep(CONNECT_AGAIN_SECONDS[min(failures, len(CONNECT_AGAIN_SECONDS) - 1)])
        failures += 1


async def runs_to_cancel(client: PrefectClient, among: list[UUID]) -> list[UUID]:
    """Of these runs, the ones somebody asked to cancel."""
    found = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            id=FlowRunFilterId(any_=among),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLING])),
        )
    )
    return [run.id for run in found]


def _tell(event: Event, on_ready: Callable[[], object], on_cancelling: Callable[[UUID], object]) -> None:
    if event.event == CANCELLING:
        on_cancelling(UUID(event.resource.id.removeprefix(FLOW_RUN)))
    else:
        on_ready()
