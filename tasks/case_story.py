"""The whole story of a case, for whoever asks: who did what when, which clocks ran, why the deadline is where it is.

The command line, the desk's page and the auditor's export show this same story. It holds no reporter's data.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from models.case import CaseEvent, Similarity
from models.case_state import CaseRequest, CaseState
from models.city import City
from models.clock import CaseClock
from models.notice import Attempt
from models.vocabulary import ClockKind, ClockState
from models.worktime import ExplainedLine
from tasks.acknowledge import Told
from tasks.bulk_rows import read_rows
from tasks.case_store import CASES, NOTICES, read_cases, table
from tasks.inbox import InboxRow, read_inbox

EVENTS, ATTEMPTS, SIMILAR = table(CaseEvent), table(Attempt), table(Similarity)


@dataclass(frozen=True, slots=True)
class EventTold:
    """One event as it is shown."""

    seq: int
    action: str
    at: datetime
    recorded_at: datetime
    actor: str
    origin: str
    from_state: str | None
    to_state: str
    facts: dict[str, Any]
    edition: str
    flow_run_id: str | None
    hash: str


@dataclass(frozen=True, slots=True)
class ClockTold:
    """One clock; those that have not finished and the handle clocks have their deadline explained line by line."""

    clock: CaseClock
    used: timedelta
    explanation: tuple[ExplainedLine, ...]

    @property
    def left(self) -> timedelta:
        """What is left of the limit; negative when it is overdue."""
        return self.clock.amount - self.used


@dataclass(frozen=True, slots=True)
class NoticeTold:
    """One notice and how it fared, channel by channel."""

    kind: str
    recipient: str | None
    state: str
    created_at: datetime
    attempts: tuple[tuple[str, datetime, bool | None, str], ...]
    """(channel, when, outcome known and good, outcome in words) in the order they were tried."""
    told: Told | None = None
    """What it says of who must acknowledge it."""


@dataclass(frozen=True, slots=True)
class ActionTold:
    """An action that waits for a visit, or was refused and why."""

    action: str
    by_post: str
    received_at: datetime
    state: str
    outcome: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class CaseStory:
    """Everything there is to tell of a case."""

    case: CaseState
    clocks: tuple[ClockTold, ...]
    events: tuple[EventTold, ...]
    requests: tuple[CaseRequest, ...]
    notices: tuple[NoticeTold, ...]
    actions: tuple[ActionTold, ...]
    similar: tuple[tuple[str, float | None, float], ...]
    """(case number or receipt, metres apart, hours apart) of candidates for the same problem; metres are None where
    one of the two has no position."""
    inbox: tuple[InboxRow, ...] = ()
    """All that was put for it, what is done among it."""

    @property
    def running(self) -> ClockTold | None:
        """The clock that runs now, if any."""
        return next((told for told in self.clocks if told.clock.state is ClockState.RUNNING), None)


def explain_case(connection: Connection, city: City, case_id: int, now: datetime) -> CaseStory | None:
    """The story of one case as it stands at a moment, or None where there is no such case."""
    loaded = read_cases(connection, [case_id]).get(case_id)
    if loaded is None:
        return None
    case, inbox = loaded.case, read_inbox(connection, case_id)
    return CaseStory(
        case=case,
        clocks=tuple(_clock_told(clock, city, now) for clock in case.clocks),
        events=_events(connection, case_id),
        requests=tuple(case.requests),
        notices=_notices(connection, case_id),
        actions=_actions(inbox),
        similar=_similar(connection, case_id),
        inbox=inbox,
    )


def explain_clock(clock: CaseClock, city: City) -> tuple[ExplainedLine, ...]:
    """Why a clock's deadline is where it is: what counted from its start to the deadline, pauses among it."""
    pauses: list[tuple[datetime, datetime | None]] = [
        (end, following[0])
        for (_, end), following in zip(clock.spans, clock.spans[1:], strict=False)
        if end is not None
    ]
    last_end = clock.spans[-1][1]
    if clock.state is ClockState.PAUSED and last_end is not None and last_end < clock.due_at:
        pauses.append((last_end, None))
    if clock.amount <= timedelta(0):
        return ()
    return tuple(city.calendar.explain(clock.started_at, clock.basis, clock.amount, pauses, provisional_allowed=True))


def _clock_told(clock: CaseClock, city: City, now: datetime) -> ClockTold:
    tell = clock.state is not ClockState.FINISHED or clock.kind is ClockKind.HANDLE
    explanation = explain_clock(clock, city) if tell else ()
    return ClockTold(clock, clock.used(now, city.calendar), explanation)


_EVENT_COLUMNS = (
    *("seq", "action", "at", "recorded_at", "actor", "origin", "from_state", "to_state"),
    *("facts", "edition", "flow_run_id", "hash"),
)
_NOTICE_COLUMNS = ("id", "created_at", *Told._fields)
_ATTEMPT_COLUMNS = ("notice_id", "channel", "started_at", "ok", "outcome")


def _events(connection: Connection, case_id: int) -> tuple[EventTold, ...]:
    rows = read_rows(connection, EVENTS, _EVENT_COLUMNS, "case_id", [case_id], "seq")
    return tuple(
        EventTold(seq, action, at, recorded_at, actor, origin, before, after, json.loads(facts), edition, run, digest)
        for seq, action, at, recorded_at, actor, origin, before, after, facts, edition, run, digest in rows
    )


def _notices(connection: Connection, case_id: int) -> tuple[NoticeTold, ...]:
    rows = read_rows(connection, NOTICES, _NOTICE_COLUMNS, "case_id", [case_id], "id")
    tries: dict[int, list[tuple[str, datetime, bool | None, str]]] = {}
    ids = [row[0] for row in rows]
    for notice_id, *attempt in read_rows(connection, ATTEMPTS, _ATTEMPT_COLUMNS, "notice_id", ids, "id"):
        tries.setdefault(notice_id, []).append((attempt[0], attempt[1], attempt[2], attempt[3]))
    found = []
    for notice_id, created_at, *of_whom in rows:
        told = Told(*of_whom)
        tried = tuple(tries.get(notice_id, ()))
        found.append(NoticeTold(told.kind, told.recipient, told.state, created_at, tried, told))
    return tuple(found)


def _actions(inbox: Sequence[InboxRow]) -> tuple[ActionTold, ...]:
    """Actions that still wait or were refused; those that were done are events."""
    return tuple(
        ActionTold(
            row.action, row.by_post, row.received_at, row.state, json.loads(row.outcome) if row.outcome else None
        )
        for row in inbox
        if row.state != "done"
    )


def _similar(connection: Connection, case_id: int) -> tuple[tuple[str, float | None, float], ...]:
    if not read_rows(connection, SIMILAR, ("id",), "case_id", [case_id], "id"):
        return ()
    rows = connection.execute(
        select(CASES.c.number, CASES.c.receipt_number, SIMILAR.c.metres, SIMILAR.c.hours)
        .join(CASES, CASES.c.id == SIMILAR.c.candidate_id)
        .where(SIMILAR.c.case_id == case_id)
        .order_by(SIMILAR.c.metres.nulls_last(), SIMILAR.c.id)
    )
    return tuple((row.number or row.receipt_number, row.metres, row.hours) for row in rows)


def list_cases(
    connection: Connection,
    *,
    states: Sequence[str] = (),
    unit: str | None = None,
    overdue_at: datetime | None = None,
    class_code: str | None = None,
    limit: int = 200,
) -> tuple[int, list[dict[str, Any]]]:
    """How many cases fit, and the first of them by time left, then the newest."""
    wanted = select(CASES)
    if states:
        wanted = wanted.where(CASES.c.state.in_(list(states)))
    if unit:
        wanted = wanted.where(CASES.c.unit == unit)
    if class_code:
        wanted = wanted.where(CASES.c.class_code == class_code)
    if overdue_at is not None:
        wanted = wanted.where(CASES.c.state.in_(["dispatched", "handling"]), CASES.c.handle_due_at < overdue_at)
    count = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    rows = connection.execute(wanted.order_by(CASES.c.due_at.is_(None), CASES.c.due_at, CASES.c.id.desc()).limit(limit))
    names = ("number", "receipt_number", "state", "unit", "class_code", "place", "opened_at", "filed_at", "due_at")
    more = ("handle_due_at", "handled_at", "ended_at", "reworks", "extensions")
    return count, [{name: getattr(row, name) for name in (*names, *more)} for row in rows]
