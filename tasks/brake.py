"""The brake: a visit that would call far more units overdue than usual asks the administrator first.

A wrong calendar or a long outage does that. Warnings and everything else are never held.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, distinct, func, insert, select, update

from models.case import Case
from models.chain import canonical
from models.city import City
from models.notice import Notice, NoticeKind, NoticeState, Priority
from models.tables import table_of
from models.vocabulary import ENDED, Role
from tasks.notice_history import note
from tasks.undelivered import on_duty

NOTICES, CASES = table_of(Notice), table_of(Case)

HELD_BY = "rule:brake"


def apply_brake(connection: Connection, city: City, now: datetime) -> int:
    """Hold the overdue notices of each visit that wrote too many, and ask the administrator; returns how many.

    All notices of one visit were written at one moment, so that they are counted together however it was cut into
    transactions. What was released once is not held again.
    Example: 37 of 120 open cases overdue at one moment, with a share of 0.2 and at least 20: 37 cases are held.
    """
    held = 0
    for written_at, cases in _crowds(connection, city.policy.brake_at_least):
        open_cases = connection.scalar(select(func.count()).where(CASES.c.state.not_in(sorted(ENDED)))) or 0
        if cases >= city.policy.brake_share * open_cases:
            ids = _hold(connection, written_at)
            note(connection, ids, "held", HELD_BY, now)
            _ask(connection, city, written_at, len(ids), Decimal(cases) / max(open_cases, 1), now)
            held += len(ids)
    return held


def release_held(connection: Connection, ids: Sequence[int], by: str, reason: str, now: datetime) -> list[int]:
    """Let held notices go; those that are not held are left alone. Returns the released ones."""
    return _end_holding(connection, ids, NoticeState.WAITING, "released", by, reason, now)


def drop_held(connection: Connection, ids: Sequence[int], by: str, reason: str, now: datetime) -> list[int]:
    """Take held notices back for good; those that are not held are left alone. Returns the dropped ones."""
    return _end_holding(connection, ids, NoticeState.CANCELLED, "dropped", by, reason, now)


def held_notices(connection: Connection) -> list[int]:
    """All notices the brake holds."""
    held = select(NOTICES.c.id).where(NOTICES.c.state == NoticeState.HELD.value).order_by(NOTICES.c.id)
    return list(connection.scalars(held))


def _crowds(connection: Connection, at_least: int) -> list[tuple[datetime, int]]:
    """Moments at which at least so many cases were called overdue, with their number."""
    cases = func.count(distinct(NOTICES.c.case_id))
    rows = connection.execute(
        select(NOTICES.c.created_at, cases)
        .where(
            NOTICES.c.state == NoticeState.WAITING.value,
            NOTICES.c.kind == NoticeKind.OVERDUE.value,
            NOTICES.c.released.is_(False),
        )
        .group_by(NOTICES.c.created_at)
        .having(cases >= at_least)
    )
    return [(row[0], row[1]) for row in rows]


def _hold(connection: Connection, written_at: datetime) -> list[int]:
    return list(
        connection.scalars(
            update(NOTICES)
            .where(
                NOTICES.c.state == NoticeState.WAITING.value,
                NOTICES.c.kind == NoticeKind.OVERDUE.value,
                NOTICES.c.created_at == written_at,
                NOTICES.c.released.is_(False),
            )
            .values(state=NoticeState.HELD.value)
            .returning(NOTICES.c.id)
        )
    )


def _ask(connection: Connection, city: City, written_at: datetime, count: int, share: Decimal, now: datetime) -> None:
    rows = [
        {
            "kind": NoticeKind.OVERDUE_HELD.value,
            "recipient": post,
            "priority": Priority.URGENT.value,
            "requires_ack": True,
            "dedupe_key": f"overdue_held:{written_at.isoformat()}:{now.isoformat()}:{post}",
            "facts": canonical({"count": count, "share": int(share * 100)}),
            "state": NoticeState.WAITING.value,
            "created_at": now,
        }
        for post in on_duty(city, Role.ADMIN, now)
    ]
    if rows:
        connection.execute(insert(NOTICES), rows)


def _end_holding(
    connection: Connection, ids: Sequence[int], state: NoticeState, what: str, by: str, reason: str, now: datetime
) -> list[int]:
    ended = connection.scalars(
        update(NOTICES)
        .where(NOTICES.c.id.in_(ids), NOTICES.c.state == NoticeState.HELD.value)
        .values(state=state.value, released=state is NoticeState.WAITING)
        .returning(NOTICES.c.id)
    )
    done = sorted(ended)
    note(connection, done, what, by, now, reason)
    return done
