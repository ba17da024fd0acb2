"""Notices that wait are delivered."""

from prefect import flow
from pydantic import Field

from flows import wording
from flows.moment import At
from flows.steps import send
from flows.telling import IDLE, name_run


class NoticeVisit(At):
    """投递等待中的消息。Waiting notices to deliver."""

    most: int = Field(
        default=500,
        ge=1,
        le=10_000,
        title="至多条数 At most",
        description="一次至多投递多少条；其余留待下一次。How many at most; the rest waits for the next run.",
    )


EVERYTHING_WAITING = NoticeVisit()


@flow(name="notices", flow_run_name=wording.NOTICES)
async def notices(visit: NoticeVisit = EVERYTHING_WAITING) -> None:
    """Every minute the notices that are due go out, one contact point at a time, the most urgent first.

    Each attempt is recorded with its outcome; a channel that fails hands over to the recipient's next one; where all
    failed, the notice says so. A second run sends nothing twice that an attempt already delivered.
    """
    delivery = await send(visit.moment(), visit.most)
    if delivery.sent or delivery.failed:
        await name_run(wording.notices_sent(delivery.sent, delivery.failed))
    else:
        await name_run(wording.NOTHING_TO_DO, IDLE)
