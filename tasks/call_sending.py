"""The messages of calls go out at once, before everything else that waits."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, or_, select

from models.city import City
from models.notice import Notice, NoticeKind, NoticeState
from models.tables import table_of
from tasks.call_rows import subject_of
from tasks.database import reading
from tasks.notify import Delivery, deliver
from tasks.settings import Settings

NOTICES = table_of(Notice)

OF_CALLS = (NoticeKind.CALL, NoticeKind.CALL_SILENT, NoticeKind.CALL_BEGUN, NoticeKind.CALL_ENDED)

MOST_AT_ONCE = 2_000
"""Messages one sweep takes; the next one, or the delivery of every minute, takes the rest."""

MOST_SENDS = 100 * MOST_AT_ONCE
"""An emergency goes to every contact point, and each of them counts; nobody has a hundred."""


def waiting_calls(connection: Connection, now: datetime, limit: int = MOST_AT_ONCE) -> list[int]:
    """The messages of calls that wait and may go now, the oldest first."""
    free = or_(NOTICES.c.not_before.is_(None), NOTICES.c.not_before <= now)
    waiting = select(NOTICES.c.id).where(
        NOTICES.c.state == NoticeState.WAITING.value, NOTICES.c.kind.in_([kind.value for kind in OF_CALLS]), free
    )
    return list(connection.scalars(waiting.order_by(NOTICES.c.id).limit(limit)))


def first_of_calls(connection: Connection, numbers: Sequence[str], most: int = 4) -> list[int]:
    """The first messages of calls just started, for whoever can send a few at once without the engine's minute.

    Example: for notice_id in first_of_calls(connection, [started.number]): desk.send_soon(notice_id)
    """
    subjects = [subject_of(number) for number in numbers]
    waiting = select(NOTICES.c.id).where(
        NOTICES.c.subject.in_(subjects),
        NOTICES.c.kind == NoticeKind.CALL.value,
        NOTICES.c.state == NoticeState.WAITING.value,
    )
    return list(connection.scalars(waiting.order_by(NOTICES.c.id).limit(most)))


async def deliver_calls(
    engine: Engine, city: City, settings: Settings, now: datetime, flow_run_id: str | None = None
) -> Delivery:
    """Deliver what calls people and waits. Example: (await deliver_calls(engine, city, settings, now)).sent"""
    with reading(engine) as connection:
        ids = waiting_calls(connection, now)
    if not ids:
        return Delivery()
    return await deliver(engine, city, settings, now=now, limit=MOST_SENDS, notice_ids=ids, flow_run_id=flow_run_id)
