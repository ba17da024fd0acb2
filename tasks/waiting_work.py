"""What waits for a post, by time left: its cases, the requests it decides, and what an absent colleague owes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, literal, select, union_all

from models.case import Assignment, Case, Request
from models.city import City, Post
from models.tables import table_of
from models.vocabulary import UNIT_ROLES, ActionName, RequestKind, RequestState, Role, State
from models.waiting_work import OWED, absent_posts
from tasks.case_holds import Hold, holders

CASES, REQUESTS, ASSIGNMENTS = table_of(Case), table_of(Request), table_of(Assignment)

PAGE = 50
"""Rows of a queue shown at a time."""

FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for somebody."""

    case_id: int
    case: str
    """Number, or receipt number before filing."""
    step: ActionName
    request: RequestKind | None
    state: State
    class_code: str | None
    place: str
    unit: str | None
    due_at: datetime | None
    owner: str
    """The post it falls to; another than the reader's where that one is away."""
    hold: Hold | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A row of one of the lists, before its case is read."""

    case_id: int
    due_at: datetime | None
    step: ActionName
    request: RequestKind | None
    owner: str


def read_waiting(
    connection: Connection, city: City, post: str, now: datetime, page: int = 0, case_id: int | None = None
) -> tuple[list[Waiting], bool]:
    """A page of what waits for a post, the most pressing first, and whether there is more.

    With `case_id` only what waits of that case. What falls to a post twice, as to liaison and deputy, stands once.
    """
    owners = [city.posts[code] for code in (post, *absent_posts(city, post, now)) if code in city.posts]
    most = (page + 1) * PAGE + 1
    found = [*_cases(connection, city, owners, most, case_id), *_requests(connection, owners, case_id)]
    found.sort(key=lambda one: (one.due_at or FOREVER, one.case_id, owners[0].code != one.owner))
    once = list({(one.case_id, one.step, one.request): one for one in reversed(found)}.values())[::-1]
    shown = once[page * PAGE : (page + 1) * PAGE]
    return _told(connection, shown, now), len(once) > (page + 1) * PAGE


def _cases(connection: Connection, city: City, owners: Sequence[Post], most: int, case_id: int | None) -> list[_Found]:
    parts = [part for owner in owners for part in _lists(city, owner)]
    if not parts:
        return []
    lists = union_all(*parts).subquery()
    # Twice as many, because a case may be in two lists.
    wanted = select(lists).order_by(lists.c.due_at.is_(None), lists.c.due_at, lists.c.id).limit(2 * most)
    if case_id is not None:
        wanted = wanted.where(lists.c.id == case_id)
    rows = connection.execute(wanted)
    return [_Found(row.id, row.due_at, ActionName(row.step), None, row.owner) for row in rows]


def _lists(city: City, owner: Post) -> list[Select[Any]]:
    """The queries of what a post owes; each uses an index on state or unit, never all cases that are stored."""
    due = CASES.c.handle_due_at if owner.role in UNIT_ROLES else CASES.c.due_at
    found = []
    for state, step in OWED.get(owner.role, {}).items():
        named = [literal(step.value).label("step"), literal(owner.code).label("owner")]
        for condition in _conditions(city, owner, state):
            found.append(
                select(CASES.c.id, due.label("due_at"), *named).where(CASES.c.state == state.value, *condition)
            )
    return found


def _conditions(city: City, owner: Post, state: State) -> list[list[ColumnElement[bool]]]:
    """Of the cases in a state, those of one post: one list of conditions for each way they come to it."""
    if owner.role in UNIT_ROLES:
        assigned = select(ASSIGNMENTS.c.case_id).where(
            ASSIGNMENTS.c.unit == owner.unit, ~ASSIGNMENTS.c.lead, ASSIGNMENTS.c.ended_at.is_(None)
        )
        return [[CASES.c.unit == owner.unit], [CASES.c.unit != owner.unit, CASES.c.id.in_(assigned)]]
    if owner.role is Role.INSPECTOR:
        return [[CASES.c.inspector == owner.code]]
    if state is State.CHECKING:
        return [[CASES.c.inspector.is_(None)]]
    if state is State.FILED:
        cap = max(1, city.policy.most_hand_backs)
        to_leader = CASES.c.hand_backs >= cap
        return [[to_leader if owner.role is Role.LEADER else CASES.c.hand_backs < cap]]
    return [[]]


def _requests(connection: Connection, owners: Sequence[Post], case_id: int | None) -> list[_Found]:
    """The open requests whose next decision is one of these posts'."""
    columns = (REQUESTS.c[name] for name in ("case_id", "kind", "steps", "decisions", "due_at"))
    wanted = (
        select(*columns, CASES.c.unit)
        .join(CASES, CASES.c.id == REQUESTS.c.case_id)
        .where(REQUESTS.c.state == RequestState.OPEN.value)
    )
    if case_id is not None:
        wanted = wanted.where(REQUESTS.c.case_id == case_id)
    found = []
    for row in connection.execute(wanted):
        owner = next((owner for owner in owners if _decides(owner, row)), None)
        if owner is not None:
            kind = RequestKind(row.kind)
            found.append(_Found(row.case_id, row.due_at, ActionName.DECIDE, kind, owner.code))
    return found


def _decides(owner: Post, row: Row[Any]) -> bool:
    steps = row.steps.split(",")
    if owner.role.value not in steps:
        return False
    decided = len(json.loads(row.decisions)["decisions"])
    own_unit = owner.role not in UNIT_ROLES or owner.unit == row.unit
    return own_unit and bool(steps[min(decided, len(steps) - 1)] == owner.role.value)


def _told(connection: Connection, shown: Sequence[_Found], now: datetime) -> list[Waiting]:
    ids = [one.case_id for one in shown]
    names = ("id", "number", "receipt_number", "state", "class_code", "place", "unit")
    rows = connection.execute(select(*(CASES.c[name] for name in names)).where(CASES.c.id.in_(ids)))
    cases = {row.id: row for row in rows}
    held = holders(connection, ids, now)
    return [
        Waiting(
            one.case_id,
            case.number or case.receipt_number,
            one.step,
            one.request,
            State(case.state),
            case.class_code,
            case.place,
            case.unit,
            one.due_at,
            one.owner,
            held.get(one.case_id),
        )
        for one in shown
        if (case := cases.get(one.case_id)) is not None
    ]
