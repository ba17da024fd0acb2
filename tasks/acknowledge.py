"""Acknowledgements: a person says "received", by the page, a command, or by acting on the case. Then silence ends.

Opening a page acknowledges nothing: phones and mail filters open links that nobody reads.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from models.city import City, Post
from models.notice import Notice, NoticeKind, NoticeState
from models.tables import table_of
from models.vocabulary import UNIT_ROLES
from tasks.bulk_rows import read_rows
from tasks.notice_history import note

NOTICES = table_of(Notice)

_OPEN = (NoticeState.WAITING.value, NoticeState.SENT.value, NoticeState.FAILED.value)
"""States in which an acknowledgement still settles something."""


class How(StrEnum):
    """How somebody acknowledged."""

    PAGE = "page"
    COMMAND = "command"
    PLAYED = "played"
    """By a played person of the demo."""
    ACTION = "action"
    CLIMB = "climb"
    """By answering for it: who heard of the silence said that they see to it."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What an acknowledgement found: notices it settled, and the last one that had been settled before."""

    now: tuple[int, ...] = ()
    by: str | None = None
    """Who had acknowledged before, where nothing was left to acknowledge."""
    at: datetime | None = None


class Told(NamedTuple):
    """What a notice says of who must acknowledge it and who has."""

    kind: str
    requires_ack: bool
    recipient: str | None
    told: str | None
    state: str
    acknowledged_by: str | None
    acknowledged_at: datetime | None


def acknowledge_notice(
    connection: Connection, notice_id: int, by: str, how: How, now: datetime, reason: str = ""
) -> Acknowledged | None:
    """Acknowledge one notice, and what its silence climbed to; None where there is no such notice.

    One that was acknowledged before stays as it was, and is told with who and when.
    """
    row = connection.execute(select(NOTICES).where(NOTICES.c.id == notice_id)).first()
    return None if row is None else _settle(connection, [row], by, how, now, reason)


def acknowledge_case(connection: Connection, case_id: int, by: str, how: How, now: datetime) -> Acknowledged:
    """Acknowledge what a post was told of a case and has not acknowledged."""
    rows = connection.execute(
        select(NOTICES).where(NOTICES.c.case_id == case_id, _to([by]), _asks()).order_by(NOTICES.c.id)
    ).all()
    return _settle(connection, rows, by, how, now)


def acknowledge_subject(
    connection: Connection, subject: str, by: str, how: How, now: datetime, posts: Sequence[str] | None = None
) -> Acknowledged:
    """Acknowledge what was told of something that is no case, to these posts or, by acting on it, for everybody."""
    asked = select(NOTICES).where(NOTICES.c.subject == subject, _asks()).order_by(NOTICES.c.id)
    rows = connection.execute(asked if posts is None else asked.where(_to(posts))).all()
    return _settle(connection, rows, by, how, now)


def left_of_subject(connection: Connection, subject: str, post: str) -> tuple[int, Acknowledged]:
    """How many messages about a subject that is no case a post has not acknowledged, and its last acknowledgement."""
    asked = select(NOTICES).where(NOTICES.c.subject == subject, _asks(), _to([post])).order_by(NOTICES.c.id)
    rows = connection.execute(asked).all()
    return sum(row.state in _OPEN for row in rows), _before(rows)


def left_to_acknowledge(connection: Connection, case_id: int, post: str) -> tuple[int, Acknowledged]:
    """How many messages about a case a post has not acknowledged, and who acknowledged the last of the others."""
    return left_of(
        [Told(*row) for row in read_rows(connection, NOTICES, Told._fields, "case_id", [case_id], "id")], post
    )


def left_of(notices: Iterable[Told], post: str) -> tuple[int, Acknowledged]:
    """The same, of notices that have been read."""
    rows = [row for row in notices if _asks_of(row) and post in (row.recipient, row.told)]
    return sum(row.state in _OPEN for row in rows), _before(rows)


def acknowledge_acted(
    connection: Connection, city: City, acted: Mapping[int, Sequence[tuple[str, datetime]]]
) -> list[int]:
    """Acknowledge what was told to those who have just acted on a case, in the transaction of their action.

    `acted` holds (post, when) by case. What a unit was told is acknowledged by whoever acts for that unit, what a seat
    was told by whoever sits there: nobody needs to say "received" for the other. Only what had reached them counts.
    """
    if not acted:
        return []
    rows = connection.execute(
        select(NOTICES).where(
            NOTICES.c.case_id.in_(acted),
            NOTICES.c.state == NoticeState.SENT.value,
            NOTICES.c.recipient.is_not(None),
            _asks(),
        )
    ).all()
    done: list[int] = []
    for row in rows:
        actor = next((one for one in acted[row.case_id] if _answers_for(city, one, row)), None)
        if actor is not None:
            done += _settle(connection, [row], actor[0], How.ACTION, actor[1]).now
    return done


def _answers_for(city: City, actor: tuple[str, datetime], row: Row[Any]) -> bool:
    post, at = actor
    if row.settled_at is not None and row.settled_at > at:
        return False  # It reached its reader after the action: a new matter.
    if post in (row.recipient, row.told):
        return True
    one, other = city.posts.get(post), city.posts.get(row.recipient)
    return one is not None and other is not None and _same_desk(one, other)


def _same_desk(one: Post, other: Post) -> bool:
    both_for_the_unit = one.role in UNIT_ROLES and other.role in UNIT_ROLES
    return one.unit == other.unit and (both_for_the_unit or one.role is other.role)


def _to(posts: Sequence[str]) -> ColumnElement[bool]:
    return or_(NOTICES.c.recipient.in_(posts), NOTICES.c.told.in_(posts))


def _asks() -> ColumnElement[bool]:
    """Notices that ask for an acknowledgement, or tell of the silence about one that does."""
    return or_(NOTICES.c.requires_ack, NOTICES.c.kind == NoticeKind.SILENCE.value)


def _asks_of(row: Told) -> bool:
    """The same of a notice in hand."""
    return row.requires_ack or row.kind == NoticeKind.SILENCE.value


def _settle(
    connection: Connection, rows: Sequence[Row[Any]], by: str, how: How, now: datetime, reason: str = ""
) -> Acknowledged:
    done = _mark(connection, [row.id for row in rows], by, how, now)
    # Whoever answers a message about somebody's silence answers for what that one was told.
    origins = {row.origin_id for row in rows if row.id in done and row.origin_id is not None}
    answered = _mark(connection, origins, by, How.CLIMB, now)
    # What told of a silence that is over needs no answer any more.
    told_of = select(NOTICES.c.id).where(NOTICES.c.origin_id.in_([*done, *answered]))
    answered += _mark(connection, connection.scalars(told_of).all(), by, How.CLIMB, now)
    note(connection, [*done, *answered], "acknowledged", by, now, reason)
    if done or not rows:
        return Acknowledged((*done, *answered))
    return _before(rows)


def _before(rows: Sequence[Any]) -> Acknowledged:
    """The last acknowledgement among these."""
    settled = [row for row in rows if row.acknowledged_at is not None]
    last = max(settled, key=lambda row: row.acknowledged_at, default=None)
    return Acknowledged((), last.acknowledged_by, last.acknowledged_at) if last is not None else Acknowledged()


def _mark(connection: Connection, ids: Iterable[int], by: str, how: How, now: datetime) -> list[int]:
    """Acknowledges those that nobody has acknowledged; one that waits is not sent any more."""
    values = {
        "state": NoticeState.ACKNOWLEDGED.value,
        "acknowledged_at": now,
        "acknowledged_by": by,
        "acknowledged_how": how.value,
        "climbs_at": None,
    }
    marked = connection.scalars(
        update(NOTICES)
        .where(NOTICES.c.id.in_(list(ids)), NOTICES.c.state.in_(_OPEN), NOTICES.c.acknowledged_at.is_(None))
        .values(values)
        .returning(NOTICES.c.id)
    )
    return sorted(marked)
