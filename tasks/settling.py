"""How a message ended, written down: its notices were sent, go on at the next contact point, or reached nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, update

from models.notice import NoticeState, Priority, WaitsFor
from models.stand_in import reader_of
from tasks.attempts import (
    NOTICES,
    attempts_of,
    close_attempts,
    go_on_with,
    in_hand,
    kept_notices,
    settle_notice,
    targets_left,
)
from tasks.channel_outcomes import HANDED_OVER, NO_PHONE, TOO_FAST, Sent
from tasks.channels import Target
from tasks.lanes import Entry, Lanes
from tasks.outbox import Handover
from tasks.undelivered import Failure, report_undelivered
from tasks.waiting import RANK, Visit, address_key, postpone, targets_of

TOO_FAST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
"""How long an address is left alone that does not say for how long, and at most."""


@dataclass(slots=True)
class Settled:
    """What became of the notices of one message."""

    sent: int = 0
    failed: int = 0
    next_lanes: list[tuple[str, Entry]] = field(default_factory=list)
    """Notices that go on at their next contact point, with its lane."""


def settle(connection: Connection, visit: Visit, lanes: Lanes, done: Sequence[tuple[Handover, Sent]]) -> list[Settled]:
    """Record how messages ended; of one that failed, each notice goes on by itself."""
    taken = [handover for handover, sent in done if sent.ok]
    close_attempts(connection, [i.attempt_id for h in taken for i in h.items], visit.at, True, HANDED_OVER)
    rows = kept_notices(connection, [item.notice_id for handover, _ in done for item in handover.items])
    _mark_sent(connection, visit, taken, rows)
    return [
        Settled(sent=len(handover.items)) if sent.ok else _not_taken(connection, visit, lanes, handover, sent, rows)
        for handover, sent in done
    ]


def _mark_sent(connection: Connection, visit: Visit, taken: Sequence[Handover], rows: Mapping[int, Row[Any]]) -> None:
    """Moves notices on, unless they are done already; from now on their acknowledgement is waited for."""
    sent: dict[int, dict[str, Any]] = {}
    for handover in taken:
        for row in (rows[item.notice_id] for item in handover.items if item.notice_id in rows):
            if row.state == NoticeState.WAITING:
                told = None if row.recipient is None else handover.recipient
                sent[row.id] = {"_id": row.id, "_told": told} | _silence(visit, row)
    if not sent:
        return
    values = {
        "state": NoticeState.SENT.value,
        "settled_at": visit.at,
        "told": bindparam("_told"),
        "acknowledge_by": bindparam("_acknowledge_by"),
        "climbs_at": bindparam("_climbs_at"),
        "not_before": None,
        "waits_for": None,
        "channel": None,
    }
    statement = update(NOTICES).where(NOTICES.c.id == bindparam("_id")).values(values)
    connection.execute(statement, list(sent.values()))


def _silence(visit: Visit, row: Row[Any]) -> dict[str, datetime | None]:
    """When the acknowledgement is due, and when its silence first climbs."""
    rules, priority = visit.city.messages, Priority(row.priority)
    within = rules.acknowledge_within(row.kind, priority)
    if not row.requires_ack or within is None or row.recipient is None:
        return {"_acknowledge_by": None, "_climbs_at": None}
    post = visit.city.posts.get(row.recipient)
    rungs = rules.rungs(priority, post.unit if post else None)
    by = visit.now + within
    return {"_acknowledge_by": by, "_climbs_at": by + rungs[0].after if rungs else None}


def _not_taken(
    connection: Connection,
    visit: Visit,
    lanes: Lanes,
    handover: Handover,
    sent: Sent,
    rows: Mapping[int, Row[Any]],
) -> Settled:
    close_attempts(connection, [item.attempt_id for item in handover.items], visit.at, False, sent.outcome)
    wait = _wait(sent)
    if wait is not None:
        _leave_alone(connection, visit, lanes, handover.target, wait)
    mine = {item.notice_id: rows[item.notice_id] for item in handover.items if item.notice_id in rows}
    return _failed(connection, visit, handover, sent, wait, mine)


def _failed(
    connection: Connection,
    visit: Visit,
    handover: Handover,
    sent: Sent,
    wait: timedelta | None,
    rows: dict[int, Row[Any]],
) -> Settled:
    settled, failures = Settled(), []
    attempts = attempts_of(connection, list(rows))
    for row in rows.values():
        tries = attempts.get(row.id, [])
        if row.state != NoticeState.WAITING or _elsewhere(handover, tries, visit):
            continue
        told = reader_of(visit.city, row.kind, row.recipient, visit.now) if row.recipient else None
        left = targets_left(targets_of(visit, told), tries)
        if left:
            _go_on(connection, visit, handover, row, left, wait, settled)
        elif sent.outcome == NO_PHONE:
            # A reporter who left no phone number cannot be told; there is nothing to look into.
            settle_notice(connection, row.id, NoticeState.CANCELLED, visit.at)
        elif settle_notice(connection, row.id, NoticeState.FAILED, visit.at):
            settled.failed += 1
            failures.append(Failure.of(row, sent.outcome))
    report_undelivered(connection, visit.city, visit.now, failures)
    return settled


def _elsewhere(handover: Handover, tries: Sequence[Row[Any]], visit: Visit) -> bool:
    """Whether an emergency is still under way at another contact point, or has arrived there."""
    return handover.entry.emergency and any(in_hand(attempt, visit.at) or attempt.ok for attempt in tries)


def _go_on(
    connection: Connection,
    visit: Visit,
    handover: Handover,
    row: Row[Any],
    left: Sequence[Target],
    wait: timedelta | None,
    settled: Settled,
) -> None:
    """Go on at the next contact point. One that asked to wait is waited for; what is urgent tries the others first."""
    others = [target for target in left if target.order != handover.target.order]
    if wait is not None and (row.priority == Priority.ROUTINE or not others):
        postpone(connection, [row.id], visit.now + wait, WaitsFor.TOO_FAST)
        return
    if handover.entry.emergency:
        return  # Its other contact points stand in their own lanes.
    target = others[0] if wait is not None else left[0]
    go_on_with(connection, row.id, target)
    settled.next_lanes.append((target.channel, Entry(RANK[row.priority], row.id, 0, address_key(target))))


def _wait(sent: Sent) -> timedelta | None:
    """How long the channel asks to be left alone, within reason; None where it asks nothing of the kind."""
    if sent.retry_after_seconds is not None:
        return min(timedelta(seconds=max(sent.retry_after_seconds, 0.0)), LONGEST_WAIT)
    return TOO_FAST_WAIT if sent.outcome.startswith(TOO_FAST) else None


def _leave_alone(connection: Connection, visit: Visit, lanes: Lanes, target: Target, wait: timedelta) -> None:
    """Nothing more goes to an address before it takes messages again."""
    address = address_key(target)
    for routine in (True, False):
        lanes.full_until[address, routine] = visit.at + wait
    behind = [entry.notice_id for entry in lanes.withdraw(target.channel, address, routine=False)]
    if behind:
        postpone(connection, behind, visit.now + wait, WaitsFor.TOO_FAST)
