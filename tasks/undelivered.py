"""Nobody could be told: the command desk and the administrator hear of it, gathered for a minute, never in a circle."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from models.case import Case
from models.chain import canonical
from models.city import City
from models.notice import Attempt, Notice, NoticeKind, NoticeState, Priority, WaitsFor
from models.tables import table_of
from models.vocabulary import Role
from tasks.database import claim

NOTICES, ATTEMPTS, CASES = table_of(Notice), table_of(Attempt), table_of(Case)

GATHERED_FOR = timedelta(minutes=1)
"""Failures of so long come as one message: a channel that is down fails many notices at once."""

MOST_NAMED = 10
"""Notices a message names; `zhihui notice list --state failed` shows all."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A notice that reached nobody, and why: a code of the words' group `outcome`."""

    notice_id: int
    series: int
    kind: str
    case_id: int | None
    recipient: str | None
    why: str
    drill: bool = False
    """Whether the message belonged to a drill: it is never reported together with a real one."""

    @classmethod
    def of(cls, row: Row[Any], why: str) -> "Failure":
        """The failure of a notice's row."""
        drill = _is_of_a_drill(row.facts)
        return cls(row.id, row.series, row.kind, row.case_id, row.recipient, why.partition(" ")[0], drill)


def report_undelivered(connection: Connection, city: City, now: datetime, failures: Sequence[Failure]) -> int:
    """Tell whom the city names of notices nobody could be told, in the transaction that gave them up.

    One about such a report itself stays in the list and in the run's name alone: it would go the same way.
    Returns how many new notices were written.
    """
    told = [failure for failure in failures if failure.kind != NoticeKind.UNDELIVERED]
    real, drill = ([failure for failure in told if failure.drill is of_a_drill] for of_a_drill in (False, True))
    return sum(_report(connection, city, now, some) for some in (real, drill) if some)


def _report(connection: Connection, city: City, now: datetime, told: Sequence[Failure]) -> int:
    lines = _lines(connection, city, told)
    posts = {post for role in city.messages.undelivered_to for post in on_duty(city, role, now)}
    return sum(_tell(connection, post, told[0], lines, now) for post in sorted(posts))


def on_duty(city: City, role: Role, at: datetime) -> tuple[str, ...]:
    """Who sits in a role at an instant; where no seat is planned, everybody who holds it."""
    day = at.astimezone(city.zone).date()
    return city.seat_posts(role, at) or tuple(post.code for post in city.posts_of(role, on=day))


def _is_of_a_drill(facts: str) -> bool:
    """Whether a notice's facts say so; facts that cannot be read are those of a message nobody could put into words."""
    try:
        said = json.loads(facts)
    except ValueError:
        return False
    return isinstance(said, dict) and bool(said.get("drill"))


def _lines(connection: Connection, city: City, failures: Sequence[Failure]) -> list[dict[str, str | None]]:
    ids = {failure.case_id for failure in failures if failure.case_id is not None}
    rows = connection.execute(select(CASES.c.id, CASES.c.number, CASES.c.receipt_number).where(CASES.c.id.in_(ids)))
    names = {row.id: row.number or row.receipt_number for row in rows}
    return [
        {
            "kind": failure.kind,
            "number": names.get(failure.case_id),
            "post": _name(city, failure.recipient),
            "why": failure.why,
        }
        for failure in failures
    ]


def _name(city: City, recipient: str | None) -> str | None:
    post = city.posts.get(recipient or "")
    return post.name if post else recipient


def _tell(connection: Connection, post: str, first: Failure, lines: list[dict[str, str | None]], now: datetime) -> int:
    """Add to the report that still gathers for a post, or begin one; returns how many were begun."""
    tried = select(ATTEMPTS.c.id).where(ATTEMPTS.c.notice_id == NOTICES.c.id).exists()
    gathering = (
        select(NOTICES.c.id, NOTICES.c.facts)
        .where(
            NOTICES.c.recipient == post,
            NOTICES.c.state == NoticeState.WAITING.value,
            NOTICES.c.kind == NoticeKind.UNDELIVERED.value,
            NOTICES.c.waits_for == WaitsFor.GATHERING.value,
            ~tried,
        )
        .order_by(NOTICES.c.id)
    )
    # Where another deliverer adds to it at this moment, a second report is begun: nobody waits for a row here.
    rows = connection.execute(claim(gathering, connection)).all()
    row = next((row for row in rows if _is_of_a_drill(row.facts) is first.drill), None)
    if row is not None:
        facts = json.loads(row.facts)
        facts |= {"count": facts["count"] + len(lines), "lines": [*facts["lines"], *lines][:MOST_NAMED]}
        connection.execute(update(NOTICES).where(NOTICES.c.id == row.id).values(facts=canonical(facts)))
        return 0
    connection.execute(
        insert(NOTICES).values(
            kind=NoticeKind.UNDELIVERED.value,
            recipient=post,
            priority=Priority.URGENT.value,
            requires_ack=False,
            dedupe_key=f"undelivered:{first.notice_id}:{first.series}:{post}",
            facts=canonical(
                {"count": len(lines), "lines": lines[:MOST_NAMED]} | ({"drill": True} if first.drill else {})
            ),
            state=NoticeState.WAITING.value,
            created_at=now,
            not_before=now + GATHERED_FOR,
            waits_for=WaitsFor.GATHERING.value,
        )
    )
    return 1
