"""What an address and a reader take in a while, counted from the attempts: it holds over restarts and side by side."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, String, cast, func, select, text

from models.message_rules import ChannelRule
from models.notice import Attempt
from models.tables import table_of
from tasks.database import is_postgres

ATTEMPTS = table_of(Attempt)

LIMIT_COUNTS_FOR = timedelta(seconds=60)


# Any number will do that no other program on the same Postgres uses: "outbx" in ASCII.
_COUNTING = 0x6F75746278


def count_alone(connection: Connection) -> None:
    """Until the transaction ends, nobody else counts what may be sent: two who count at once would both send.

    On SQLite a write transaction is alone anyway. One lock for all, as several could be taken in two orders.
    """
    if is_postgres(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _COUNTING})


def address_free_at(
    connection: Connection, rule: ChannelRule, address: str, routine: bool, at: datetime
) -> datetime | None:
    """When an address takes the next message, or None where it takes one now.

    In any 60 seconds no more begin than its channel takes; of these a reserve is kept from routine messages. A bundle
    is one message.
    """
    if rule.per_minute is None:
        return None
    allowed = max(rule.per_minute - (rule.urgent_reserve if routine else 0), 1)
    message = func.coalesce(ATTEMPTS.c.bundle_id, cast(ATTEMPTS.c.id, String))
    begun = (
        select(func.min(ATTEMPTS.c.started_at).label("begun"))
        .where(ATTEMPTS.c.address == address, ATTEMPTS.c.started_at > at - LIMIT_COUNTS_FOR)
        .group_by(message)
        .order_by(func.min(ATTEMPTS.c.started_at).desc())
        .offset(allowed - 1)
        .limit(1)
    )
    oldest_that_counts = connection.scalar(begun)
    return oldest_that_counts + LIMIT_COUNTS_FOR if oldest_that_counts is not None else None


def reader_free_at(connection: Connection, post: str, window: timedelta, at: datetime) -> datetime | None:
    """When a post may get its next routine message, or None where it may now."""
    last: datetime | None = connection.scalar(
        select(func.max(ATTEMPTS.c.started_at)).where(
            ATTEMPTS.c.recipient == post, ATTEMPTS.c.bundle_id.is_not(None), ATTEMPTS.c.started_at > at - window
        )
    )
    return last + window if last is not None else None
