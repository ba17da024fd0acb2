"""Attempts: one row for each try at one contact point, committed before anything is sent. Database work only.

So two deliverers never send the same notice, and after a crash the row tells that the outcome is unknown: the notice
is then sent once more on that channel, and says so.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from models.notice import Attempt, Notice, NoticeState
from models.tables import table_of
from tasks.channel_outcomes import TOO_FAST
from tasks.channels import Target
from tasks.database import claim
from tasks.waiting import Visit, address_key

NOTICES, ATTEMPTS = table_of(Notice), table_of(Attempt)

CRASHED_AFTER = timedelta(minutes=2)
"""An attempt that is open for longer was broken off: no send takes this long."""

MOST_TOO_FAST = 5
"""How often an address may ask to be left alone for a while before that counts as a failure."""


def free_notices(connection: Connection, ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Notices that wait or were sent, kept for this transaction; those somebody else keeps are left out."""
    return {row.id: row for row in connection.execute(claim(_live(ids), connection))}


def kept_notices(connection: Connection, ids: Sequence[int]) -> dict[int, Row[Any]]:
    """The same of notices in one's own hand: whoever just looks at one of them is waited for."""
    return {row.id: row for row in connection.execute(_live(ids).order_by(NOTICES.c.id).with_for_update())}


def _live(ids: Sequence[int]) -> Select[Any]:
    states = [NoticeState.WAITING.value, NoticeState.SENT.value]
    return select(NOTICES).where(NOTICES.c.id.in_(ids), NOTICES.c.state.in_(states))


def attempts_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """The attempts of notices, in order, each with the state its notice is in now.

    On Postgres a notice may have been locked right after another deliverer let it go: what that one wrote is seen only
    by a second statement, not by the one that locked it. Attempts of a series before the last resending do not count.
    """
    rows = connection.execute(
        select(ATTEMPTS, NOTICES.c.state.label("notice_state"))
        .join_from(ATTEMPTS, NOTICES, NOTICES.c.id == ATTEMPTS.c.notice_id)
        .where(ATTEMPTS.c.notice_id.in_(ids), ATTEMPTS.c.series == NOTICES.c.series)
        .order_by(ATTEMPTS.c.id)
    )
    found: dict[int, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.notice_id, []).append(row)
    return found


def in_hand(attempt: Row[Any], at: datetime) -> bool:
    """Whether somebody is sending at this moment."""
    return attempt.ended_at is None and bool(attempt.started_at > at - CRASHED_AFTER)


def targets_left(
    targets: Sequence[Target], attempts: Sequence[Row[Any]], first: str | None = None
) -> tuple[Target, ...]:
    """The contact points still to be tried, in order; those of the channel `first` before the others.

    One that failed is not tried again; one whose outcome is unknown is, but only once; one that was merely asked too
    fast is, a few times.
    """
    left = [
        target
        for target in targets
        if _may_be_tried([a for a in attempts if (a.contact_order, a.channel) == (target.order, target.channel)])
    ]
    return tuple(sorted(left, key=lambda target: first is not None and target.channel != first))


def open_attempt(
    connection: Connection,
    visit: Visit,
    notice: Row[Any],
    target: Target,
    told: str | None,
    bundle_id: str | None = None,
) -> int:
    """Write down that a notice is about to be sent to a post (or a reporter) at a contact point."""
    inserted = connection.execute(
        insert(ATTEMPTS).values(
            notice_id=notice.id,
            contact_order=target.order,
            channel=target.channel,
            started_at=visit.at,
            outcome="",
            flow_run_id=visit.flow_run_id,
            recipient=told,
            address=address_key(target),
            bundle_id=bundle_id,
            series=notice.series,
        )
    )
    key = inserted.inserted_primary_key
    if key is None:
        raise LookupError(f"notice {notice.id}: the database gave its attempt no id")
    return int(key[0])


def close_attempts(connection: Connection, ids: Sequence[int], at: datetime, ok: bool | None, outcome: str) -> None:
    """Write down how attempts ended."""
    if not ids:
        return
    connection.execute(update(ATTEMPTS).where(ATTEMPTS.c.id.in_(ids)).values(ended_at=at, ok=ok, outcome=outcome))


def settle_notice(connection: Connection, notice_id: int, state: NoticeState, at: datetime) -> bool:
    """End a notice, unless somebody acknowledged or cancelled it meanwhile; returns whether it was ended."""
    done = connection.execute(
        update(NOTICES)
        .where(NOTICES.c.id == notice_id, NOTICES.c.state == NoticeState.WAITING.value)
        .values(state=state.value, settled_at=at, not_before=None, waits_for=None)
    )
    return done.rowcount > 0


def go_on_with(connection: Connection, notice_id: int, target: Target) -> None:
    """Note the channel a notice is to be sent on next, so that it waits in the right lane."""
    connection.execute(update(NOTICES).where(NOTICES.c.id == notice_id).values(channel=target.channel))


def _may_be_tried(tries: Sequence[Row[Any]]) -> bool:
    too_fast = [a for a in tries if a.ok is False and a.outcome.startswith(TOO_FAST)]
    others = [a for a in tries if a not in too_fast]
    return len(too_fast) < MOST_TOO_FAST and len(others) < 2 and all(a.ok is None for a in others)
