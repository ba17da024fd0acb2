"""The action inbox: whoever wants something done to a case puts it here; a visit takes it.

Desk, files, command line and forms all write the same rows, so refusals are the same everywhere, and nothing is lost
while the engine is away.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, insert, select

from models.case import WaitingAction
from models.chain import canonical
from models.city import City, Post
from models.lifecycle import allowed_now
from models.lifecycle_rules import Action, Actor
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from models.step_facts import FREE_TEXTS
from models.vocabulary import ENDED, ActionName, RequestKind, Role, State
from tasks.appeal_window import appeal_too_late
from tasks.bulk_rows import read_rows, update_rows
from tasks.case_store import CASES, table

INBOX = table(WaitingAction)


@dataclass(frozen=True, slots=True)
class Put:
    """An action that lies in the inbox: its key, and whether it lay there already."""

    key: str
    case_id: int
    already: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an action: waiting, done, or refused with its reason."""

    state: str
    refusal: Refusal | None
    flow_run_id: str | None


class InboxRow(NamedTuple):
    """An action as the inbox holds it; `facts` and `outcome` are JSON."""

    id: int
    key: str
    case_id: int
    action: str
    by_post: str
    facts: str
    origin: str
    received_at: datetime
    state: str
    """waiting, done or refused."""
    outcome: str | None


def find_case(connection: Connection, name: str) -> int | None:
    """The id of a case by its number or by its receipt number."""
    wanted = name.strip()
    for column in ("number", "receipt_number"):
        for (case_id,) in read_rows(connection, CASES, ("id",), column, [wanted], "id"):
            return int(case_id)
    return None


def read_inbox(connection: Connection, case_id: int) -> tuple[InboxRow, ...]:
    """Everything that was ever put for a case, in the order it came."""
    rows = read_rows(connection, INBOX, InboxRow._fields, "case_id", [case_id], "id")
    return tuple(map(InboxRow._make, rows))


def put_action(
    connection: Connection,
    city: City,
    *,
    case: str,
    action: str,
    by_post: str,
    facts: Mapping[str, Any],
    origin: str,
    now: datetime,
    key: str | None = None,
) -> Put | Refusal:
    """Puts one action into the inbox, or says at once why it makes no sense (unknown case, action or post).

    The same key twice is one row. What the rules say of it is known after the visit (`outcome_of`).
    """
    case_id = find_case(connection, case)
    if case_id is None:
        return Refusal("unknown_case", {"case": case})
    if action not in set(ActionName):
        return Refusal("unknown_action", {"action": action, "allowed": _allowed(connection, case_id, city, by_post)})
    post = city.posts.get(by_post)
    if post is None:
        return Refusal("unknown_post", {"post": by_post})
    if not post.exists_on(now.astimezone(city.zone).date()):
        return Refusal("post_ended", {"post": by_post})
    key = key or uuid4().hex
    row = connection.execute(select(INBOX.c.case_id).where(INBOX.c.key == key)).first()
    if row is not None:
        return Put(key, row.case_id, already=True)
    if action == ActionName.ASK and facts.get("kind") == RequestKind.APPEAL:
        too_late = appeal_too_late(connection, city, case_id, now)
        if too_late is not None:
            return too_late
    connection.execute(
        insert(INBOX).values(
            key=key,
            case_id=case_id,
            action=action,
            by_post=by_post,
            facts=canonical(_without_numbers(facts)),
            origin=origin,
            received_at=now,
            state="waiting",
        )
    )
    return Put(key, case_id, already=False)


def outcome_of(connection: Connection, key: str) -> Outcome | None:
    """What became of the action with this key, or None where no such action was put."""
    row = connection.execute(
        select(INBOX.c.state, INBOX.c.outcome, INBOX.c.flow_run_id).where(INBOX.c.key == key)
    ).first()
    if row is None:
        return None
    refusal = None
    if row.outcome:
        told = json.loads(row.outcome)
        refusal = Refusal(told["code"], told["facts"])
    return Outcome(row.state, refusal, row.flow_run_id)


def waiting_actions(
    connection: Connection, city: City, case_ids: Sequence[int], now: datetime
) -> dict[int, list[tuple[int, Action]]]:
    """The waiting actions of these cases in the order they were received: case id -> (row id, action)."""
    rows = map(
        InboxRow._make,
        read_rows(connection, INBOX, InboxRow._fields, "case_id", case_ids, "id", also="state = 'waiting'"),
    )
    found: dict[int, list[tuple[int, Action]]] = {}
    for row, action in actions_waiting(connection, city, rows, now):
        found.setdefault(row.case_id, []).append((row.id, action))
    return found


def actions_waiting(
    connection: Connection, city: City, rows: Iterable[InboxRow], now: datetime
) -> list[tuple[InboxRow, Action]]:
    """Of these rows those that wait at a moment, as actions, in the order they were received."""
    waiting = [row for row in rows if row.state == "waiting" and row.received_at <= now]
    waiting.sort(key=attrgetter("received_at", "id"))
    targets = _merge_targets(connection, waiting)
    return [(row, _action_of(row, city, targets)) for row in waiting]


def settle_actions(
    connection: Connection, settled: Sequence[tuple[int, Refusal | None]], now: datetime, flow_run_id: str | None
) -> None:
    """Marks actions done, or refused with the reason kept."""
    rows = [
        {
            "id": row_id,
            "state": "refused" if refusal else "done",
            "outcome": canonical({"code": refusal.code, "facts": dict(refusal.facts)}) if refusal else None,
            "settled_at": now,
            "flow_run_id": flow_run_id,
        }
        for row_id, refusal in settled
    ]
    update_rows(connection, INBOX, ("id",), rows)


def _action_of(row: InboxRow, city: City, targets: Mapping[str, tuple[int, str]]) -> Action:
    facts = json.loads(row.facts)
    post = city.posts.get(row.by_post)
    resolved: dict[str, Any] = {}
    target = targets.get(str(facts.get("into", "")).strip())
    if target is not None:
        resolved = {"into_id": target[0], "into_ended": target[1] in ENDED}
    return Action(
        ActionName(row.action), _actor(row.by_post, post), facts, row.received_at, row.origin, row.key, resolved
    )


def _actor(code: str, post: Post | None) -> Actor:
    """A post that has gone from the directory since it acted keeps its name and loses its rights.

    A reporter who objects is no post: whoever put their action had opened their report's own link.
    """
    if code == Role.PUBLIC:
        return Actor(code, Role.PUBLIC)
    return Actor(code, post.role, post.unit) if post else Actor(code, Role.AUDITOR)


def _merge_targets(connection: Connection, rows: Sequence[InboxRow]) -> dict[str, tuple[int, str]]:
    names = {str(json.loads(row.facts).get("into", "")).strip() for row in rows if row.action == ActionName.MERGE}
    if not names:
        return {}
    found = connection.execute(
        select(CASES.c.id, CASES.c.number, CASES.c.receipt_number, CASES.c.state).where(
            CASES.c.number.in_(names) | CASES.c.receipt_number.in_(names)
        )
    )
    return {name: (row.id, row.state) for row in found for name in (row.number, row.receipt_number) if name}


def _without_numbers(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a person said without phone and identity numbers: the inbox keeps its rows."""
    masked = FREE_TEXTS | {"description"}
    return {k: without_personal_numbers(v) if k in masked and isinstance(v, str) else v for k, v in facts.items()}


def _allowed(connection: Connection, case_id: int, city: City, by_post: str) -> list[str]:
    state = connection.execute(select(CASES.c.state).where(CASES.c.id == case_id)).scalar_one()
    post = city.posts.get(by_post)
    return allowed_now(State(state), post.role if post else None)
