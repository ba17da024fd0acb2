"""Notices as they stand, for people who ask: many in a list, or one with its text and every attempt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from models.case import Case
from models.notice import Attempt, Notice
from models.tables import table_of

NOTICES, ATTEMPTS, CASES = table_of(Notice), table_of(Attempt), table_of(Case)


@dataclass(frozen=True, slots=True)
class NoticeListed:
    """One notice in a list."""

    id: int
    kind: str
    case: str | None
    """Case number, or receipt number before filing."""
    recipient: str | None
    """A post; None where a reporter is told."""
    priority: str
    state: str
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptListed:
    """One try to hand a notice over."""

    contact_order: int
    channel: str
    started_at: datetime
    ended_at: datetime | None
    ok: bool | None
    outcome: str
    flow_run_id: str | None


@dataclass(frozen=True, slots=True)
class NoticeShown:
    """One notice with what was said and how it fared."""

    notice: NoticeListed
    text: str | None
    """Without its link; None before the first attempt."""
    attempts: tuple[AttemptListed, ...]


def list_notices(
    connection: Connection,
    *,
    states: Sequence[str] = (),
    recipient: str | None = None,
    case_id: int | None = None,
    limit: int = 100,
) -> tuple[int, list[NoticeListed]]:
    """How many notices fit, and the newest of them."""
    wanted = select(NOTICES.c.id)
    if states:
        wanted = wanted.where(NOTICES.c.state.in_(list(states)))
    if recipient is not None:
        wanted = wanted.where(NOTICES.c.recipient == recipient)
    if case_id is not None:
        wanted = wanted.where(NOTICES.c.case_id == case_id)
    count = connection.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    newest = wanted.order_by(NOTICES.c.id.desc()).limit(limit)
    rows = connection.execute(_with_case().where(NOTICES.c.id.in_(newest)).order_by(NOTICES.c.id.desc()))
    return count, [_listed(row) for row in rows]


def show_notice(connection: Connection, notice_id: int) -> NoticeShown | None:
    """One notice, or None where there is none with this id."""
    row = connection.execute(_with_case().where(NOTICES.c.id == notice_id)).first()
    if row is None:
        return None
    tries = connection.execute(select(ATTEMPTS).where(ATTEMPTS.c.notice_id == notice_id).order_by(ATTEMPTS.c.id))
    names = AttemptListed.__dataclass_fields__
    return NoticeShown(_listed(row), row.text, tuple(AttemptListed(**{n: getattr(a, n) for n in names}) for a in tries))


def _with_case() -> Any:
    return select(NOTICES, func.coalesce(CASES.c.number, CASES.c.receipt_number).label("case_name")).outerjoin(
        CASES, CASES.c.id == NOTICES.c.case_id
    )


def _listed(row: Row[Any]) -> NoticeListed:
    return NoticeListed(
        row.id,
        row.kind,
        row.case_name,
        row.recipient,
        row.priority,
        row.state,
        row.created_at,
        row.settled_at,
    )
