"""Waiting notices sorted: which may go now and on which lane, which wait for the morning, which came too late."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from models.city import City
from models.notice import PERSONAL, Attempt, Notice, NoticeState, Priority, WaitsFor
from models.stand_in import reader_of
from models.tables import table_of
from tasks.channels import Target
from tasks.database import claim
from tasks.lanes import Entry, Lanes
from tasks.undelivered import Failure, report_undelivered

NOTICES, ATTEMPTS = table_of(Notice), table_of(Attempt)

BY_PRIORITY = (Priority.EMERGENCY, Priority.URGENT, Priority.ROUTINE)
RANK = {priority.value: rank for rank, priority in enumerate(BY_PRIORITY)}

PAGE = 500
"""Notices looked at with one question."""

REPORTERS = "reporter"
"""Stands for the reporters' address in rows: the real one may hold a secret."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who delivers and what it knows of the city."""

    city: City
    reporter_channel: str
    at: datetime
    """The real time, for what is measured between attempts."""
    now: datetime
    """The moment the delivery works for, moved on with the real time: quiet hours, expiry and waiting count by it."""
    flow_run_id: str | None


@dataclass(slots=True)
class Sorted:
    """What became of a page of waiting notices."""

    looked_at: int = 0
    last_id: int = 0
    expired: list[int] = field(default_factory=list)
    later: dict[tuple[datetime, WaitsFor], list[int]] = field(default_factory=dict)
    """By the moment until which they wait, and why."""


def waiting_page(
    connection: Connection,
    visit: Visit,
    priority: Priority,
    after: int,
    case_ids: Sequence[int] | None,
    notice_ids: Sequence[int] | None = None,
) -> Sequence[Row[Any]]:
    """The next waiting notices of a priority whose time has come, the oldest first."""
    columns = (NOTICES.c[name] for name in ("id", "kind", "recipient", "priority", "created_at", "channel"))
    statement = (
        select(*columns)
        .where(
            NOTICES.c.state == NoticeState.WAITING.value,
            NOTICES.c.priority == priority.value,
            NOTICES.c.id > after,
            or_(NOTICES.c.not_before.is_(None), NOTICES.c.not_before <= visit.now),
        )
        .order_by(NOTICES.c.id)
        .limit(PAGE)
    )
    if case_ids is not None:
        statement = statement.where(NOTICES.c.case_id.in_(case_ids))
    if notice_ids is not None:
        statement = statement.where(NOTICES.c.id.in_(notice_ids))
    return connection.execute(statement).all()


def sort_page(rows: Sequence[Row[Any]], visit: Visit, lanes: Lanes) -> Sorted:
    """Queue what may go now; the rest is told apart by why it may not."""
    done = Sorted(len(rows), rows[-1].id if rows else 0)
    for row in rows:
        told = reader_of(visit.city, row.kind, row.recipient, visit.now) if row.recipient else None
        targets = targets_of(visit, told)
        until = _quiet_until(visit, row, told, targets)
        if expired(visit, row):
            done.expired.append(row.id)
        elif until is not None:
            done.later.setdefault((until, WaitsFor.QUIET_HOURS), []).append(row.id)
        elif row.priority == Priority.EMERGENCY:
            for target in targets or (NOBODY,):
                lanes.put(target.channel, Entry(0, row.id, target.order, address_key(target)))
        else:
            _queue(row, told, targets, visit, lanes, done)
    return done


def write_sorted(connection: Connection, visit: Visit, done: Sorted) -> int:
    """Note what waits for the morning or for its bundle and what came too late; returns how many came too late."""
    for (until, why), ids in done.later.items():
        postpone(connection, ids, until, why)
    return _expire(connection, visit, done.expired)


def postpone(connection: Connection, ids: Sequence[int], until: datetime, why: WaitsFor) -> None:
    """Let notices wait until a moment, and say why; those somebody else keeps are left alone."""
    free = claim(
        select(NOTICES.c.id).where(NOTICES.c.id.in_(ids), NOTICES.c.state == NoticeState.WAITING.value), connection
    )
    values = {"not_before": until, "waits_for": why.value}
    connection.execute(update(NOTICES).where(NOTICES.c.id.in_(free.scalar_subquery())).values(values))


def targets_of(visit: Visit, told: str | None) -> tuple[Target, ...]:
    """The contact points of a post, first choice first; for None that of all reporters."""
    if told is None:
        channel = "demo" if visit.reporter_channel == "demo" else REPORTERS
        return (Target(1, channel, visit.reporter_channel),)
    return tuple(Target(p.order, p.channel, p.address) for p in visit.city.contacts_of(told))


def address_key(target: Target) -> str:
    """What limits are counted by: the reference of an address, never the address."""
    return target.channel if target.channel in ("demo", REPORTERS) else target.address


NOBODY = Target(0, "none", "")
"""Where a notice goes that has no contact point: its failure is recorded like an attempt."""


def _queue(
    row: Row[Any], told: str | None, targets: Sequence[Target], visit: Visit, lanes: Lanes, done: Sorted
) -> None:
    routine = row.priority == Priority.ROUTINE
    target = next((t for t in targets if t.channel == row.channel), targets[0] if targets else NOBODY)
    address = address_key(target)
    full = lanes.full_until.get((address, routine))
    if full is not None and full > visit.at:
        return  # It stays where it is: writing so for each of thousands would cost more than it tells.
    gathers = lanes.told_until.get(told or "") if routine and row.channel is None else None
    if gathers is not None and gathers > visit.at and visit.city.messages.bundle_of(target.channel) > 1:
        done.later.setdefault((visit.now + (gathers - visit.at), WaitsFor.BUNDLE), []).append(row.id)
        return
    lanes.put(target.channel, Entry(RANK[row.priority], row.id, 0, address))


def _quiet_until(visit: Visit, row: Row[Any], told: str | None, targets: Sequence[Target]) -> datetime | None:
    quiet = visit.city.messages.quiet
    if quiet is None or row.priority not in quiet.priorities or row.kind in PERSONAL:
        return None
    post = visit.city.posts.get(told or "")
    if post is not None and post.role in quiet.on_duty:
        return None
    if targets and targets[0].channel in quiet.not_on:
        return None
    return quiet.end_for(visit.now.astimezone(visit.city.zone))


def expired(visit: Visit, row: Row[Any]) -> bool:
    """Whether a waiting notice has come too late to be of use."""
    after = visit.city.messages.expires_after(row.kind, Priority(row.priority))
    return after is not None and row.created_at + after <= visit.now


def _expire(connection: Connection, visit: Visit, ids: Sequence[int]) -> int:
    if not ids:
        return 0
    free = claim(
        select(NOTICES.c.id).where(NOTICES.c.id.in_(ids), NOTICES.c.state == NoticeState.WAITING.value), connection
    )
    rows = connection.execute(
        update(NOTICES)
        .where(NOTICES.c.id.in_(free.scalar_subquery()))
        .values(state=NoticeState.EXPIRED.value, settled_at=visit.at, waits_for=None)
        .returning(NOTICES)
    ).all()
    untold = [row for row in rows if row.requires_ack or row.priority != Priority.ROUTINE]
    report_undelivered(connection, visit.city, visit.now, [Failure.of(row, "expired") for row in untold])
    return len(rows)
