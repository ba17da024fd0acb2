"""The outbox: waiting notices are claimed, tried at one contact point after the other, and settled. Database work only.

An attempt's row is committed before anything is sent. So two deliverers never send the same notice, and after a crash
the row tells that the outcome is unknown: the notice is then sent once more on that channel, and says so.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, insert, select, update

from models.case import Case
from models.city import City
from models.notice import Attempt, Notice, NoticeKind, NoticeState, Priority
from models.tables import table_of
from tasks.channels import NO_PHONE, Sent, Target
from tasks.database import claim
from tasks.links import Link, Purpose
from tasks.rendering import render_both
from tasks.template_environment import RenderingError

NOTICES, ATTEMPTS, CASES = table_of(Notice), table_of(Attempt), table_of(Case)

CRASHED_AFTER = timedelta(minutes=2)
"""An attempt that is open for longer was broken off: no send takes this long."""

BY_PRIORITY = (Priority.EMERGENCY, Priority.URGENT, Priority.ROUTINE)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notice in the hand of one deliverer, with the attempt that was opened for it."""

    notice_id: int
    attempt_id: int
    text: str
    target: Target
    next_targets: tuple[Target, ...]
    recipient: str
    """The post, or a reporter's receipt number."""
    reporter_id: int | None
    link: Link | None
    repeat: bool


@dataclass(slots=True)
class Batch:
    """What one claim found: notices to send now, and how many had to be given up."""

    claims: list[Claimed] = field(default_factory=list)
    failed: int = 0

    @property
    def taken(self) -> int:
        """How many waiting notices were looked at."""
        return len(self.claims) + self.failed


@dataclass(frozen=True, slots=True)
class Visit:
    """Who delivers and what it knows of the city; `at` is the moment of this step."""

    city: City
    reporter_channel: str
    at: datetime
    flow_run_id: str | None


def claim_notices(connection: Connection, visit: Visit, limit: int, case_ids: Sequence[int] | None) -> Batch:
    """Claim up to so many waiting notices, the most urgent first, and open an attempt for each."""
    batch = Batch()
    for notice in _waiting(connection, visit.at, limit, case_ids):
        attempts = _attempts(connection, notice.id)
        # On Postgres the row may have been locked right after another deliverer let it go: what that one wrote is
        # seen only by this second statement, not by the one that found the row.
        if any(_in_hand(attempt, visit.at) for attempt in attempts):
            continue
        claimed = _take(connection, visit, notice, attempts)
        if claimed is None:
            batch.failed += 1
        else:
            batch.claims.append(claimed)
    return batch


def settle_attempt(connection: Connection, visit: Visit, claimed: Claimed, sent: Sent) -> Claimed | None:
    """Record how an attempt ended; where it failed and another contact point is left, open the next attempt."""
    _close(connection, claimed.attempt_id, visit.at, sent.ok, sent.outcome)
    if sent.ok:
        _settle(connection, claimed.notice_id, NoticeState.SENT, visit.at)
        return None
    if claimed.next_targets:
        target, *others = claimed.next_targets
        attempt_id = _open(connection, visit, claimed.notice_id, target)
        return replace(claimed, attempt_id=attempt_id, target=target, next_targets=tuple(others))
    # A reporter who left no phone number cannot be told; there is nothing to look into.
    state = NoticeState.CANCELLED if sent.outcome == NO_PHONE else NoticeState.FAILED
    _settle(connection, claimed.notice_id, state, visit.at)
    return None


def targets_left(targets: Sequence[Target], attempts: Sequence[Row[Any]]) -> tuple[Target, ...]:
    """The contact points still to be tried, in order.

    One that failed is not tried again; one whose outcome is unknown is, but only once.
    """
    left = []
    for target in targets:
        tried = [a.ok for a in attempts if (a.contact_order, a.channel) == (target.order, target.channel)]
        if False not in tried and len(tried) < 2:
            left.append(target)
    return tuple(left)


def _waiting(connection: Connection, at: datetime, limit: int, case_ids: Sequence[int] | None) -> list[Row[Any]]:
    found: list[Row[Any]] = []
    for priority in BY_PRIORITY:
        if len(found) < limit:
            statement = _waiting_of(priority, at - CRASHED_AFTER, case_ids).limit(limit - len(found))
            found += connection.execute(claim(statement, connection)).all()
    return found


def _waiting_of(priority: Priority, crashed_before: datetime, case_ids: Sequence[int] | None) -> Select[Any]:
    in_hand = exists().where(
        ATTEMPTS.c.notice_id == NOTICES.c.id, ATTEMPTS.c.ended_at.is_(None), ATTEMPTS.c.started_at > crashed_before
    )
    statement = select(NOTICES).where(
        NOTICES.c.state == NoticeState.WAITING.value, NOTICES.c.priority == priority.value, ~in_hand
    )
    if case_ids is not None:
        statement = statement.where(NOTICES.c.case_id.in_(case_ids))
    return statement.order_by(NOTICES.c.id)


def _attempts(connection: Connection, notice_id: int) -> Sequence[Row[Any]]:
    return connection.execute(select(ATTEMPTS).where(ATTEMPTS.c.notice_id == notice_id).order_by(ATTEMPTS.c.id)).all()


def _in_hand(attempt: Row[Any], at: datetime) -> bool:
    return attempt.ended_at is None and bool(attempt.started_at > at - CRASHED_AFTER)


def _take(connection: Connection, visit: Visit, notice: Row[Any], attempts: Sequence[Row[Any]]) -> Claimed | None:
    for attempt in attempts:
        if attempt.ended_at is None:
            _close(connection, attempt.id, visit.at, None, "unknown")
    text = notice.text or _write_text(connection, visit, notice)
    if text is None:
        _give_up(connection, visit, notice, "unreadable_facts")
        return None
    targets = targets_left(_targets(visit, notice), attempts)
    if not targets:
        _give_up(connection, visit, notice, None if attempts else "no_contact_point")
        return None
    number, receipt = _names_of_case(connection, notice)
    return Claimed(
        notice_id=notice.id,
        attempt_id=_open(connection, visit, notice.id, targets[0]),
        text=text,
        target=targets[0],
        next_targets=targets[1:],
        recipient=notice.recipient or receipt or "",
        reporter_id=notice.reporter_id,
        link=_link(notice, number, receipt),
        repeat=any(attempt.ok is None for attempt in attempts),
    )


def _targets(visit: Visit, notice: Row[Any]) -> tuple[Target, ...]:
    if notice.recipient is None:
        channel = "demo" if visit.reporter_channel == "demo" else "reporter"
        return (Target(1, channel, visit.reporter_channel),)
    return tuple(Target(p.order, p.channel, p.address) for p in visit.city.contacts_of(notice.recipient))


def _write_text(connection: Connection, visit: Visit, notice: Row[Any]) -> str | None:
    """Puts the notice into words once; later attempts say the same."""
    try:
        facts = json.loads(notice.facts) | {"said_at": notice.created_at}
        text = render_both(NoticeKind(notice.kind), facts, visit.city.zone).text
    except (RenderingError, ValueError, TypeError):
        return None
    connection.execute(update(NOTICES).where(NOTICES.c.id == notice.id).values(text=text))
    return text


def _names_of_case(connection: Connection, notice: Row[Any]) -> tuple[str | None, str | None]:
    """Case number and receipt number; a reporter's own receipt where the notice names one."""
    row = connection.execute(select(CASES.c.number, CASES.c.receipt_number).where(CASES.c.id == notice.case_id)).first()
    own: str | None = json.loads(notice.facts).get("receipt_number") if notice.recipient is None else None
    return (row.number, own or row.receipt_number) if row else (None, own)


def _link(notice: Row[Any], number: str | None, receipt: str | None) -> Link | None:
    if notice.case_id is None or not (number or receipt):
        return None
    if notice.recipient is None:
        return Link(receipt or "", Purpose.REPORT, receipt or "")
    return Link(notice.recipient, Purpose.CASE, number or receipt or "")


def _give_up(connection: Connection, visit: Visit, notice: Row[Any], outcome: str | None) -> None:
    """Fails a notice nobody can be told, with a row that says why; never silent."""
    if outcome is not None:
        attempt_id = _open(connection, visit, notice.id, Target(0, "none", ""))
        _close(connection, attempt_id, visit.at, False, outcome)
    _settle(connection, notice.id, NoticeState.FAILED, visit.at)


def _open(connection: Connection, visit: Visit, notice_id: int, target: Target) -> int:
    inserted = connection.execute(
        insert(ATTEMPTS).values(
            notice_id=notice_id,
            contact_order=target.order,
            channel=target.channel,
            started_at=visit.at,
            outcome="",
            flow_run_id=visit.flow_run_id,
        )
    )
    key = inserted.inserted_primary_key
    if key is None:
        raise LookupError(f"notice {notice_id}: the database gave its attempt no id")
    return int(key[0])


def _close(connection: Connection, attempt_id: int, at: datetime, ok: bool | None, outcome: str) -> None:
    connection.execute(update(ATTEMPTS).where(ATTEMPTS.c.id == attempt_id).values(ended_at=at, ok=ok, outcome=outcome))


def _settle(connection: Connection, notice_id: int, state: NoticeState, at: datetime) -> None:
    """Moves a notice on, unless somebody acknowledged or cancelled it meanwhile."""
    connection.execute(
        update(NOTICES)
        .where(NOTICES.c.id == notice_id, NOTICES.c.state == NoticeState.WAITING.value)
        .values(state=state.value, settled_at=at)
    )
