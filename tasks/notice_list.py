"""Notices as they stand, for people who ask: many in a list, or one with its text and every attempt."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, func, or_, select

from models.case import Case
from models.notice import Attempt, Notice, NoticeHistory
from models.tables import table_of

NOTICES, ATTEMPTS, CASES = table_of(Notice), table_of(Attempt), table_of(Case)
HISTORY = table_of(NoticeHistory)

T = TypeVar("T")


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
    not_before: datetime | None
    waits_for: str | None
    """Why a waiting notice is not sent yet."""


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
    recipient: str | None
    """The post it was addressed to, where another one stood in."""
    bundle_id: str | None
    series: int


@dataclass(frozen=True, slots=True)
class HistoryListed:
    """One thing that befell a notice."""

    at: datetime
    what: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoticeShown:
    """One notice with what was said and how it fared."""

    notice: NoticeListed
    text: str | None
    """Without its link; None before the first attempt."""
    attempts: tuple[AttemptListed, ...]
    requires_ack: bool
    acknowledge_by: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_how: str | None
    climbs_at: datetime | None
    origin_id: int | None
    """The notice whose silence this one tells of."""
    told_of: tuple[int, ...]
    """Notices that tell of this one's silence."""
    history: tuple[HistoryListed, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which notices a list shows; what is empty narrows nothing."""

    states: Sequence[str] = ()
    recipient: str | None = None
    case_id: int | None = None
    kinds: Sequence[str] = ()
    channel: str | None = None
    """Only those that were tried on this channel."""
    since: datetime | None = None


def list_notices(connection: Connection, wanted: Wanted, limit: int = 100) -> tuple[int, list[NoticeListed]]:
    """How many notices fit, and the newest of them."""
    ids = _ids(wanted)
    count = connection.scalar(select(func.count()).select_from(ids.subquery())) or 0
    newest = ids.order_by(NOTICES.c.id.desc()).limit(limit)
    rows = connection.execute(_with_case().where(NOTICES.c.id.in_(newest)).order_by(NOTICES.c.id.desc()))
    return count, [_listed(row) for row in rows]


def _ids(wanted: Wanted) -> Select[Any]:
    ids = select(NOTICES.c.id)
    if wanted.states:
        ids = ids.where(NOTICES.c.state.in_(list(wanted.states)))
    if wanted.recipient is not None:
        ids = ids.where(or_(NOTICES.c.recipient == wanted.recipient, NOTICES.c.told == wanted.recipient))
    if wanted.case_id is not None:
        ids = ids.where(NOTICES.c.case_id == wanted.case_id)
    if wanted.kinds:
        ids = ids.where(NOTICES.c.kind.in_(list(wanted.kinds)))
    if wanted.since is not None:
        ids = ids.where(NOTICES.c.created_at >= wanted.since)
    if wanted.channel is not None:
        tried = select(ATTEMPTS.c.notice_id).where(ATTEMPTS.c.channel == wanted.channel)
        ids = ids.where(NOTICES.c.id.in_(tried))
    return ids


def show_notice(connection: Connection, notice_id: int) -> NoticeShown | None:
    """One notice, or None where there is none with this id."""
    row = connection.execute(_with_case().where(NOTICES.c.id == notice_id)).first()
    if row is None:
        return None
    tries = connection.execute(select(ATTEMPTS).where(ATTEMPTS.c.notice_id == notice_id).order_by(ATTEMPTS.c.id))
    told_of = connection.scalars(select(NOTICES.c.id).where(NOTICES.c.origin_id == notice_id).order_by(NOTICES.c.id))
    happened = connection.execute(select(HISTORY).where(HISTORY.c.notice_id == notice_id).order_by(HISTORY.c.id))
    names = ("requires_ack", "acknowledge_by", "acknowledged_at", "acknowledged_by", "acknowledged_how")
    return NoticeShown(
        notice=_listed(row),
        text=row.text,
        attempts=tuple(_taken(AttemptListed, one) for one in tries),
        climbs_at=row.climbs_at,
        origin_id=row.origin_id,
        told_of=tuple(told_of),
        history=tuple(_taken(HistoryListed, one) for one in happened),
        **{name: getattr(row, name) for name in names},
    )


def _taken(record: type[T], row: Row[Any]) -> T:
    """The columns of a row under the names of a record."""
    return record(**{field.name: getattr(row, field.name) for field in fields(record)})  # type: ignore[arg-type] # a dataclass


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
        row.not_before,
        row.waits_for,
    )
