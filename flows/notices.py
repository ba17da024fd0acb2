"""Silence climbs, then notices that wait are delivered."""

import asyncio
from datetime import datetime

from prefect import flow
from pydantic import Field

from flows import wording
from flows.moment import At
from flows.steps import send, step
from flows.surroundings import surroundings
from flows.sweeping import came_round
from flows.telling import IDLE, name_run, run_id
from models.sweeps import Process
from tasks.silence import let_silence_climb

UNDELIVERED = "undelivered"
"""Tag of a run in which somebody could be told on no channel."""


class NoticeVisit(At):
    """投递等待中的消息。Waiting notices to deliver."""

    most: int = Field(
        default=5_000,
        ge=1,
        le=100_000,
        title="至多条数 At most",
        description="一次至多投递多少条；其余留待下一次。How many at most; the rest waits for the next run.",
    )


EVERYTHING_WAITING = NoticeVisit()


@step(wording.CLIMB_SILENCE)
async def climb_silence(now: datetime) -> int:
    """Tell the next rung of messages nobody acknowledged in time."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()
    return await asyncio.to_thread(lambda: let_silence_climb(here.engine, here.city(), now, flow_run_id))


@flow(name="notices", flow_run_name=wording.NOTICES)
async def notices(visit: NoticeVisit = EVERYTHING_WAITING) -> None:
    """Every minute the notices that are due go out, one contact point at a time, the most urgent first.

    Each attempt is recorded with its outcome; a channel that fails hands over to the recipient's next one; where all
    failed, the command desk and the administrator are told. What nobody acknowledged in time goes to the next rung.
    Routine ones wait out the quiet hours and come as one message. A second run sends nothing twice that an attempt
    already delivered.
    """
    now = visit.moment()
    climbed = await climb_silence(now)
    delivery = await send(now, visit.most)
    await came_round(Process.NOTICES, visit)
    said = wording.notices_sent(delivery.sent, delivery.failed, delivery.expired, delivery.held, climbed)
    if said == wording.NOTHING_TO_DO:
        await name_run(said, IDLE)
    else:
        await name_run(said, *([UNDELIVERED] if delivery.failed or delivery.expired else []))
