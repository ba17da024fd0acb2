"""Silence climbs: a notice that nobody acknowledges is told to the next rung, until a person says "received".

Each climb is a new notice and a line in the history of the one that is silent; where that speaks of a case, it is an
event of the case as well.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from models.case import Case
from models.chain import canonical
from models.city import City
from models.message_rules import AGAIN, DEPUTY, HEAD, SUPERVISING_LEADER, SilenceRung
from models.notice import Attempt, Notice, NoticeKind, NoticeState, Priority
from models.tables import table_of
from models.vocabulary import ENDED, Role
from tasks.database import claim, transaction
from tasks.links import Purpose
from tasks.notice_history import note
from tasks.silence_events import write_silence_events
from tasks.undelivered import on_duty

NOTICES, CASES, ATTEMPTS = table_of(Notice), table_of(Case), table_of(Attempt)

SILENT = "rule:silence"
MOST_AT_ONCE = 500

SAME_FACTS = (
    *("drill", "number", "receipt_number", "class_code", "minor", "condition", "place", "description", "unit"),
    "due_at",
)
"""What the notice about a silence says of the case itself."""


@dataclass(frozen=True, slots=True)
class Climb:
    """One silent notice, the rung it has come to, and who hears of it there."""

    notice: Row[Any]
    number: int
    rung: SilenceRung
    to: tuple[str, ...]


def silent_notices(connection: Connection, now: datetime, limit: int = MOST_AT_ONCE) -> Sequence[Row[Any]]:
    """Notices whose silence has come to its next rung, the longest first; kept for this transaction."""
    due = select(NOTICES).where(NOTICES.c.climbs_at <= now).order_by(NOTICES.c.climbs_at).limit(limit)
    return connection.execute(claim(due, connection)).all()


def let_silence_climb(engine: Engine, city: City, now: datetime, flow_run_id: str | None = None) -> int:
    """Let every silence that is due climb, a few hundred in each transaction; returns how many did.

    What a late visit missed is made up for by the highest rung alone, as with the ladder of a case. A case that has
    ended silences its notices. A second call at the same moment changes nothing.
    """
    climbed = 0
    while True:
        with transaction(engine) as connection:
            due = silent_notices(connection, now)
            climbed += _climb(connection, city, due, now, flow_run_id)
        if len(due) < MOST_AT_ONCE:
            return climbed


def _climb(connection: Connection, city: City, due: Sequence[Row[Any]], now: datetime, flow_run_id: str | None) -> int:
    climbs = []
    for row in due:
        if _is_over(connection, row):
            _set_rung(connection, row.id, row.rung, None)
            continue
        rungs = _rungs(city, row)
        reached = [number for number in range(row.rung, len(rungs)) if row.acknowledge_by + rungs[number].after <= now]
        number = reached[-1] if reached else row.rung
        to = _to(city, row, rungs[number].to, now) if number < len(rungs) else ()
        if to:
            climbs.append(Climb(row, number, rungs[number], to))
        following = row.acknowledge_by + rungs[number + 1].after if number + 1 < len(rungs) else None
        _set_rung(connection, row.id, number + 1, following)
    for one in climbs:
        _tell(connection, city, one, now)
        note(connection, [one.notice.id], "climbed", SILENT, now, one.rung.to)
    write_silence_events(
        connection, city, [(one.notice, one.rung.to) for one in climbs if one.notice.case_id], now, flow_run_id
    )
    return len(climbs)


def _is_over(connection: Connection, row: Row[Any]) -> bool:
    if row.state != NoticeState.SENT:
        return True
    state = connection.scalar(select(CASES.c.state).where(CASES.c.id == row.case_id)) if row.case_id else None
    return state in ENDED


def _rungs(city: City, row: Row[Any]) -> tuple[SilenceRung, ...]:
    post = city.posts.get(row.recipient)
    return city.messages.rungs(Priority(row.priority), post.unit if post else None)


def _to(city: City, row: Row[Any], to: str, now: datetime) -> tuple[str, ...]:
    """Who hears of a silence: never the silent post itself, except when it is told again."""
    post = city.posts.get(row.recipient)
    unit = city.units.get(post.unit) if post else None
    if to == AGAIN:
        return (row.recipient,)
    if to == DEPUTY:
        found: tuple[str | None, ...] = (post.deputy if post else None,)
    elif to in (HEAD, SUPERVISING_LEADER):
        found = (getattr(unit, to, None),)
    else:
        found = on_duty(city, Role(to), now)
    return tuple(one for one in found if one and one != row.recipient and one in city.posts)


def _set_rung(connection: Connection, notice_id: int, rung: int, climbs_at: datetime | None) -> None:
    connection.execute(update(NOTICES).where(NOTICES.c.id == notice_id).values(rung=rung, climbs_at=climbs_at))


def _tell(connection: Connection, city: City, one: Climb, now: datetime) -> None:
    row = one.notice
    said, told = json.loads(row.facts), city.posts.get(row.recipient)
    facts = {name: said[name] for name in SAME_FACTS if name in said} | {
        "about": row.kind,
        "post": told.name if told else row.recipient,
        "climbs_to": one.rung.to,
        "told_at": row.settled_at.isoformat(),
    }
    rows = [
        {
            "kind": NoticeKind.SILENCE.value,
            "case_id": row.case_id,
            "subject": _page(row),
            "recipient": post,
            "priority": max(Priority.URGENT, Priority(row.priority), key=list(Priority).index).value,
            "requires_ack": False,
            "dedupe_key": f"silence:{row.id}:{row.series}:{one.number}:{post}",
            "facts": canonical(facts),
            "state": NoticeState.WAITING.value,
            "created_at": now,
            "origin_id": row.id,
            "channel": _other_channel(connection, city, row) if one.rung.to == AGAIN else None,
        }
        for post in one.to
    ]
    if rows:
        connection.execute(insert(NOTICES), rows)


def _page(row: Row[Any]) -> str | None:
    """The page the notice leads to, where it is one for everybody who is told; a post's own page is nobody else's."""
    return row.subject if row.subject and row.subject.startswith(f"{Purpose.FLOOD}:") else None


def _other_channel(connection: Connection, city: City, row: Row[Any]) -> str | None:
    """Another channel of the same reader than the one on which the message came; None where there is but one."""
    came = connection.scalar(
        select(ATTEMPTS.c.channel).where(ATTEMPTS.c.notice_id == row.id, ATTEMPTS.c.ok).order_by(ATTEMPTS.c.id.desc())
    )
    others = [point.channel for point in city.contacts_of(row.told or row.recipient) if point.channel != came]
    return others[0] if others else None
