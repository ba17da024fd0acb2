"""Whom a call tells what: one message a person, however many chains they stand in, written with what it changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, update

from models.call import TargetState
from models.call_climbing import Climbing
from models.call_rules import CLIMBED_STEP, CallRules
from models.city import City
from models.notice import Notice, NoticeKind, NoticeState, Priority
from models.stand_in import told_for
from models.tables import table_of
from tasks.call_places import place_name
from tasks.call_rows import TARGETS, ChainKey, change_targets, local_time, subject_of
from tasks.duty_leaders import duty_leaders, on_duty_now
from tasks.subject_notices import SubjectNotice, write_subject_notices

NOTICES = table_of(Notice)

CALLING = (NoticeKind.CALL, NoticeKind.CALL_SILENT)
"""Messages that ask for an answer; with the call's end those that still wait are of no use."""

MOST_NAMED = 8
"""Places or silent people a message names; the page behind its link names them all."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One call, at the moment it tells people."""

    connection: Connection
    city: City
    rules: CallRules
    call: Row[Any]
    now: datetime

    @property
    def answer_by(self) -> datetime:
        """Until when whoever is told now has time."""
        return self.now + self.rules.answer_within


def call_people(telling: Telling, ids: Iterable[int], targets: Sequence[Row[Any]]) -> set[str]:
    """Call these places, and give back who was told.

    A message names every place its reader has in this call, also where it is not their turn yet: so one answer is
    enough. Whoever is called again keeps the time they had.
    """
    chosen = set(ids)
    readers = {row.id: told_for(telling.city, row.post, telling.now) for row in targets if row.step < CLIMBED_STEP}
    told = {readers[row.id] for row in targets if row.id in chosen and row.id in readers}
    changes: list[dict[str, Any]] = []
    named: dict[str, list[Row[Any]]] = {}
    for row in targets:
        reader = readers.get(row.id)
        if reader is None or reader not in told:
            continue
        if row.state != TargetState.ANSWERED:
            named.setdefault(reader, []).append(row)
            changes.append(_called(telling, row, reader) if row.id in chosen else _foretold(row, reader))
    change_targets(telling.connection, changes)
    drafts = [_draft(telling, NoticeKind.CALL, reader, _what(telling, reader, rows)) for reader, rows in named.items()]
    write_subject_notices(telling.connection, drafts, telling.now)
    return told


def tell_of_silence(telling: Telling, climbings: Mapping[ChainKey, Climbing], targets: Sequence[Row[Any]]) -> set[str]:
    """Tell those to whom silence climbed who is silent, each in one message; gives back who was told."""
    there = {(row.subject, row.chain, row.post): row for row in targets if row.step == CLIMBED_STEP}
    by_id = {row.id: row for row in targets}
    silent: dict[str, list[Row[Any]]] = {}
    new, again = [], []
    for (subject, chain), climbing in climbings.items():
        for post, why in climbing.climbed_to.items():
            reader = told_for(telling.city, post, telling.now)
            silent.setdefault(reader, []).extend(by_id[one] for one in climbing.about)
            row = there.get((subject, chain, post))
            if row is None:
                new.append(_climbed_to(telling, subject, chain, why, post, reader))
            else:
                values = {"told": reader, "told_at": telling.now, "due_at": telling.answer_by}
                again.append({"id": row.id, "state": TargetState.TOLD.value, **values})
    if new:
        telling.connection.execute(insert(TARGETS), new)
    change_targets(telling.connection, again)
    drafts = [_draft(telling, NoticeKind.CALL_SILENT, reader, _who(telling, rows)) for reader, rows in silent.items()]
    write_subject_notices(telling.connection, drafts, telling.now)
    return set(silent)


def tell_duty_room(telling: Telling, called: int) -> None:
    """Tell everybody on duty that a call has begun, with its board; without a roster, everybody who may lead."""
    facts = {"call_count": called, "call_places": [_line(telling.city, telling.call.subject)]}
    on_duty = [one.post for one in on_duty_now(telling.connection, telling.now) if not one.vacant]
    posts = dict.fromkeys(on_duty or duty_leaders(telling.connection, telling.city, telling.now))
    kind, urgent = NoticeKind.CALL_BEGUN, Priority.URGENT
    drafts = [_draft(telling, kind, post, facts, urgent) for post in posts if post in telling.city.posts]
    write_subject_notices(telling.connection, drafts, telling.now)


def tell_the_end(telling: Telling, targets: Sequence[Row[Any]], why: str) -> None:
    """Tell everybody who was called that it is over, and let nobody be called by what still waits."""
    connection, subject = telling.connection, subject_of(telling.call.number)
    waits = (NOTICES.c.subject == subject, NOTICES.c.state == NoticeState.WAITING.value)
    kinds = [kind.value for kind in CALLING]
    cancelled = {"state": NoticeState.CANCELLED.value, "settled_at": telling.now}
    connection.execute(update(NOTICES).where(*waits, NOTICES.c.kind.in_(kinds)).values(cancelled))
    told = sorted({row.told for row in targets if row.told_at is not None and row.told})
    facts = {"call_places": [_line(telling.city, telling.call.subject)], "ended_why": why}
    kind, urgent = NoticeKind.CALL_ENDED, Priority.URGENT
    write_subject_notices(connection, [_draft(telling, kind, post, facts, urgent) for post in told], telling.now)


def _called(telling: Telling, row: Row[Any], reader: str) -> dict[str, Any]:
    """A place that is called: the first time its time begins to run, and with it its ladder."""
    first = row.state == TargetState.WAITING
    rungs, due_at = telling.rules.rungs, telling.answer_by
    return {
        "id": row.id,
        "told": reader,
        "told_at": telling.now,
        "state": TargetState.TOLD.value if first else row.state,
        "due_at": due_at if first else row.due_at,
        "climbs_at": (due_at + rungs[0].after if rungs else due_at) if first else row.climbs_at,
    }


def _foretold(row: Row[Any], reader: str) -> dict[str, Any]:
    """A place its reader hears of although it is not its turn: their answer counts for it as well."""
    kept = {name: getattr(row, name) for name in ("told_at", "state", "due_at", "climbs_at")}
    return {"id": row.id, "told": row.told or reader, **kept}


def _climbed_to(telling: Telling, subject: str, chain: str, why: str, post: str, reader: str) -> dict[str, Any]:
    return {
        "call_id": telling.call.id,
        "subject": subject,
        "chain": chain,
        "step": CLIMBED_STEP,
        "duty": why,
        "post": post,
        "told": reader,
        "state": TargetState.TOLD.value,
        "told_at": telling.now,
        "due_at": telling.answer_by,
        "words": "",
        "rung": 0,
    }


def _draft(
    telling: Telling, kind: NoticeKind, reader: str, facts: Mapping[str, Any], priority: Priority = Priority.EMERGENCY
) -> SubjectNotice:
    call, city = telling.call, telling.city
    known = {
        "number": call.number,
        "drill": call.drill,
        "warning": call.warning,
        "severity": call.severity,
        "reason": call.reason or None,
        "answer_by": local_time(city, telling.answer_by),
        **facts,
    }
    # The message's own ladder of silence is not asked for: the call has one, and two would wake people twice.
    key = f"{kind}:{call.number}:{reader}:{telling.now.isoformat()}"
    return SubjectNotice(kind, reader, subject_of(call.number), key, known, priority)


def _what(telling: Telling, reader: str, rows: Sequence[Row[Any]]) -> dict[str, Any]:
    city = telling.city
    lines = [_line(city, r.subject, r.duty, r.post if r.post != reader else None) for r in rows]
    unique = [line for n, line in enumerate(lines) if line not in lines[:n]]
    return {"call_places": unique[:MOST_NAMED], "call_count": len(unique)}


def _who(telling: Telling, rows: Sequence[Row[Any]]) -> dict[str, Any]:
    city = telling.city
    lines = [
        {**_line(city, row.subject, row.duty), "post": _post_name(city, row.told or row.post)}
        for row in dict.fromkeys(rows)
    ]
    return {"silent": lines[:MOST_NAMED], "silent_count": len(lines)}


def _line(city: City, subject: str, duty: str | None = None, instead_of: str | None = None) -> dict[str, Any]:
    return {
        "place": place_name(city, subject, "zh"),
        "english": place_name(city, subject, "en"),
        "duty": duty,
        "instead_of": _post_name(city, instead_of) if instead_of else None,
    }


def _post_name(city: City, code: str) -> str:
    post = city.posts.get(code)
    return post.name if post else code
