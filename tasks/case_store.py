"""Cases from the database into the hand of the rules and back: read in bulk, written as one change.

Reading and writing are set-based: cost follows the cases of a visit, never what is stored.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy import Table as SqlTable

from models.case import Assignment, Case, CaseClosing, Clock, Exemption, Report, Request
from models.case import CaseEvent as EventRow
from models.case_notices import NoticeDraft
from models.case_state import CaseAssignment, CaseEvent, CaseRequest, CaseState
from models.chain import canonical
from models.city import City
from models.clock import CaseClock, Span
from models.event_rows import chain_events, event_of
from models.ladder import Wake
from models.lifecycle_events import moment, replay
from models.notice import Notice
from models.told_case import CLOSING_ACTIONS, closing_row, deadlines, exemption_row, fresh_case
from models.vocabulary import ActionName, ClockKind, ClockState, RequestKind, RequestState, Role, State
from models.worktime import Basis
from tasks.bulk_rows import MOST_MOMENTS, insert_rows, read_rows, update_rows
from tasks.case_facts import write_facts


def table(model: Any) -> SqlTable:
    """The Core table behind a model: bulk work goes past the object layer."""
    found: SqlTable = model.__table__
    return found


CASES, EVENTS, CLOCKS = table(Case), table(EventRow), table(Clock)
ASSIGNMENTS, REQUESTS, REPORTS = table(Assignment), table(Request), table(Report)
NOTICES = table(Notice)


class CaseMovedMeanwhileError(RuntimeError):
    """Another visit changed one of these cases after they were read; nothing of this chunk was written: try again."""


@dataclass(slots=True)
class LoadedCase:
    """A case as read, with what tells which of its parts have changed since."""

    case: CaseState
    version: int
    columns: tuple[Any, ...] = ()
    """What its own row said; empty where nobody has read that, so that all of it is written."""
    clocks: list[tuple[Any, ...]] = field(default_factory=list)
    assignments: list[tuple[Any, ...]] = field(default_factory=list)
    requests: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass(slots=True)
class Change:
    """What a visit did to one case, ready to be written."""

    loaded: LoadedCase
    events: Sequence[CaseEvent]
    notices: Sequence[NoticeDraft]
    next_wake: Wake | None


_PARTS = ("clocks", "assignments", "requests", "reporters", "facts")
"""The last fields of a case in hand: rows of their own."""
_STATE_COLUMNS = tuple(name for name in CaseState.__dataclass_fields__ if name not in _PARTS)
_CLOCK_COLUMNS = (
    *("case_id", "seq", "round", "kind", "limit_text", "basis", "amount_microseconds", "original_microseconds"),
    *("spans", "state", "due_at", "provisional"),
)
_CLOCK_MOVES = (
    *("state", "limit_text", "basis", "amount_microseconds", "original_microseconds", "spans", "due_at"),
    "provisional",
)
_ASSIGNMENT_COLUMNS = ("case_id", *CaseAssignment.__dataclass_fields__)
_ASSIGNMENT_MOVES = ("ended_at",)
_REQUEST_COLUMNS = (
    *("case_id", "seq", "round", "kind", "asked_by", "asked_at", "unit", "reason", "wanted_until", "facts", "steps"),
    *("due_at", "state", "decisions", "reminded", "settled_at"),
)
_REPORTER_COLUMNS = ("case_id", "reporter_id", "receipt_number")
_REQUEST_MOVES = ("state", "decisions", "due_at", "reminded", "settled_at")
_IN_ORDER = "case_id, seq"
_RUNGS = _STATE_COLUMNS.index("rungs")
MOST_LENGTHS = 1000

# Plain dictionaries: a million clocks a day ask for them, and asking an enumeration takes four times as long.
_CLOCK_KINDS = {kind.value: kind for kind in ClockKind}
_CLOCK_STATES = {state.value: state for state in ClockState}
_BASES = {basis.value: basis for basis in Basis}

_STATES = {state.value: state for state in State}

_OTHER_THAN_STATE = frozenset({"id", "receipt_number", "source", "opened_at", "version"})
_MOVING_COLUMNS = tuple(name for name in _STATE_COLUMNS if name not in _OTHER_THAN_STATE)
_moving_values = attrgetter(*_MOVING_COLUMNS)
_clock_values = attrgetter("state", "due_at", "provisional", "basis", "amount", "original", "limit_text")


def read_cases(connection: Connection, ids: Sequence[int]) -> dict[int, LoadedCase]:
    """The cases with these ids, complete with clocks, assignments, requests and who reported them."""
    loaded = {}
    for row in read_rows(connection, CASES, _STATE_COLUMNS, "id", ids, "id"):
        case = _case_of(row)
        loaded[case.id] = LoadedCase(case, case.version, _moving_values(case))
    for row in read_rows(connection, CLOCKS, _CLOCK_COLUMNS, "case_id", ids, _IN_ORDER):
        loaded[row[0]].case.clocks.append(_clock_of(row))
    for case_id, *values in read_rows(connection, ASSIGNMENTS, _ASSIGNMENT_COLUMNS, "case_id", ids, _IN_ORDER):
        loaded[case_id].case.assignments.append(CaseAssignment(*values))
    for case_id, *values in read_rows(connection, REQUESTS, _REQUEST_COLUMNS, "case_id", ids, _IN_ORDER):
        loaded[case_id].case.requests.append(_request_of(*values))
    for case_id, people in _reporters(connection, ids).items():
        if case_id in loaded:
            loaded[case_id].case.reporters = tuple(people)
    for one in loaded.values():
        one.clocks = [_clock_key(clock) for clock in one.case.clocks]
        one.assignments = [_assignment_key(a) for a in one.case.assignments]
        one.requests = [_request_key(r) for r in one.case.requests]
    return loaded


def write_changes(
    connection: Connection, changes: Sequence[Change], city: City, *, now: datetime, flow_run_id: str | None
) -> int:
    """Writes what a chunk of visits did: events chained, cases, their parts, notices; returns the notices written.

    Raises: CaseMovedMeanwhileError when a case was changed by someone else; the caller's transaction must roll back.
    """
    _write_events(connection, changes, flow_run_id)
    _write_case_rows(connection, changes)
    _write_parts(connection, changes)
    _write_outcomes(connection, changes, city)
    write_facts(connection, [change.loaded.case for change in changes])
    rows = [_notice_row(change, draft, now) for change in changes for draft in change.notices]
    insert_rows(connection, NOTICES, rows)
    return len(rows)


def _write_events(connection: Connection, changes: Sequence[Change], flow_run_id: str | None) -> None:
    rows = [row for change in changes for row in chain_events(change.loaded.case, change.events, flow_run_id)]
    insert_rows(connection, EVENTS, rows)


def _write_case_rows(connection: Connection, changes: Sequence[Change]) -> None:
    names = _changed_columns(changes)
    rows = [_case_parameters(change, names) for change in changes]
    written = update_rows(connection, CASES, ("id", "version"), rows, count_up="version")
    if written != len(rows):
        raise CaseMovedMeanwhileError(
            f"{len(rows) - written} of {len(rows)} cases were moved by another visit meanwhile; "
            "this chunk is undone and tried again"
        )


def _changed_columns(changes: Sequence[Change]) -> list[str]:
    """The columns in which any of these cases differs from what was read.

    A visit changes few of them, and each one more is bound for every row, and its indexes are written again.
    """
    changed: set[str] = set()
    for change in changes:
        read, now = change.loaded.columns, _moving_values(change.loaded.case)
        if not read:
            return list(_MOVING_COLUMNS)
        if now != read:
            pairs = zip(_MOVING_COLUMNS, read, now, strict=True)
            changed.update(name for name, before, after in pairs if before is not after and before != after)
    return [name for name in _MOVING_COLUMNS if name in changed]


def _case_parameters(change: Change, names: Iterable[str]) -> dict[str, Any]:
    case, wake = change.loaded.case, change.next_wake
    row = {name: getattr(case, name) for name in names}
    if "rungs" in row:
        row["rungs"] = json.dumps(case.rungs)
    row |= deadlines(case)
    row["next_wake_at"] = wake.at if wake else None
    row["id"], row["version"] = case.id, change.loaded.version
    return row


def _write_parts(connection: Connection, changes: Sequence[Change]) -> None:
    _write_part(connection, CLOCKS, changes, "clocks", (_clock_key, _clock_row, _CLOCK_MOVES))
    _write_part(connection, ASSIGNMENTS, changes, "assignments", (_assignment_key, _assignment_row, _ASSIGNMENT_MOVES))
    _write_part(connection, REQUESTS, changes, "requests", (_request_key, _request_row, _REQUEST_MOVES))


def _write_part(
    connection: Connection, part: SqlTable, changes: Sequence[Change], name: str, how: tuple[Any, Any, Sequence[str]]
) -> None:
    """`how`: what tells whether one has changed, its row, and the columns in which it may."""
    key, to_row, moves = how
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for change in changes:
        before = getattr(change.loaded, name)
        for position, item in enumerate(getattr(change.loaded.case, name)):
            if position >= len(before):
                new.append(to_row(change.loaded.case, item))
            elif key(item) != before[position]:
                changed.append(to_row(change.loaded.case, item))
    insert_rows(connection, part, new)
    update_rows(connection, part, ("case_id", "seq"), changed, names=moves)


def _write_outcomes(connection: Connection, changes: Sequence[Change], city: City) -> None:
    """How rounds were closed and which were exempted: rows the evaluation counts, written once."""
    closings, exemptions = [], []
    for change in changes:
        case = change.loaded.case
        for seq, event in enumerate(change.events, case.events - len(change.events) + 1):
            if event.action in CLOSING_ACTIONS:
                closings.append(closing_row(_at_event(connection, change, seq, city), event))
            elif event.action is ActionName.EXEMPT:
                exemptions.append(exemption_row(_at_event(connection, change, seq, city), event))
    insert_rows(connection, table(CaseClosing), closings)
    insert_rows(connection, table(Exemption), exemptions)


def _at_event(connection: Connection, change: Change, seq: int, city: City) -> CaseState:
    """The case as it stood at one of the visit's events: told again where the same visit went on to reopen it."""
    case = change.loaded.case
    later = change.events[seq - case.events :] if seq < case.events else ()
    if not any(event.action is ActionName.REOPEN for event in later):
        return case
    report = connection.execute(select(REPORTS).where(REPORTS.c.receipt_number == case.receipt_number)).mappings().one()
    rows = connection.execute(select(EVENTS).where(EVENTS.c.case_id == case.id, EVENTS.c.seq <= seq).order_by("seq"))
    events = [event_of(dict(row)) for row in rows.mappings()]
    # The figures of a round do not depend on a calendar.
    return replay(
        fresh_case(dict(report), case.id, case.edition, city.calendar_edition), events, lambda _: city.calendar
    )


def _notice_row(change: Change, draft: NoticeDraft, now: datetime) -> dict[str, Any]:
    return {
        "kind": draft.kind.value,
        "case_id": change.loaded.case.id,
        "event_seq": draft.event_seq,
        "recipient": draft.recipient,
        "reporter_id": draft.reporter_id,
        "priority": draft.priority.value,
        "requires_ack": draft.requires_ack,
        "dedupe_key": draft.dedupe_key,
        "facts": canonical(draft.facts),
        "state": "waiting",
        "created_at": now,
    }


def _reporters(connection: Connection, ids: Sequence[int]) -> Mapping[int, list[tuple[int, str]]]:
    """Who reported each case, also through cases merged into it: everybody gets an answer."""
    found: dict[int, list[tuple[int, str]]] = {}
    for case_id, reporter_id, receipt in read_rows(connection, REPORTS, _REPORTER_COLUMNS, "case_id", ids, "id"):
        if reporter_id is not None:
            found.setdefault(case_id, []).append((reporter_id, receipt))
    if read_rows(connection, CASES, ("id",), "merged_into", ids, "id"):
        for case_id, reporter_id, receipt in _reporters_of_joined(connection, ids):
            found.setdefault(case_id, []).append((reporter_id, receipt))
    return found


def _reporters_of_joined(connection: Connection, ids: Sequence[int]) -> Iterable[Row[Any]]:
    # A case that joined one that joined another is answered by the last of them.
    joins = (
        select(CASES.c.id, CASES.c.merged_into.label("target")).where(CASES.c.merged_into.in_(ids)).cte(recursive=True)
    )
    joins = joins.union(select(CASES.c.id, joins.c.target).join(joins, CASES.c.merged_into == joins.c.id))
    return connection.execute(
        select(joins.c.target, REPORTS.c.reporter_id, REPORTS.c.receipt_number)
        .join(REPORTS, REPORTS.c.case_id == joins.c.id)
        .where(REPORTS.c.reporter_id.is_not(None))
    )


def _case_of(row: tuple[Any, ...]) -> CaseState:
    # By position: the columns are the first fields of a case, in their order.
    case = CaseState(*row)
    case.state = _STATES[case.state]
    case.suspended_from = _STATES[case.suspended_from] if case.suspended_from else None
    case.rungs = {} if row[_RUNGS] == "{}" else json.loads(row[_RUNGS])
    return case


def _clock_of(row: tuple[Any, ...]) -> CaseClock:
    _, seq, round_, kind, limit, basis, amount, original, spans, state, due_at, provisional = row
    return CaseClock(
        seq,
        round_,
        _CLOCK_KINDS[kind],
        limit,
        _BASES[basis],
        _length(amount),
        _length(original),
        [(moment(start), moment(end) if end else None) for start, end in json.loads(spans)],
        _CLOCK_STATES[state],
        due_at,
        provisional,
    )


@lru_cache(maxsize=MOST_LENGTHS)
def _length(microseconds: int) -> timedelta:
    """A length of time as a clock has it: a city has few limits, and most clocks one of them."""
    return timedelta(microseconds=microseconds)


def _clock_key(clock: CaseClock) -> tuple[Any, ...]:
    return (_clock_values(clock), len(clock.spans), clock.spans[-1])


def _clock_row(case: CaseState, clock: CaseClock) -> dict[str, Any]:
    return {
        "case_id": case.id,
        "seq": clock.seq,
        "round": clock.round,
        "kind": clock.kind.value,
        "state": clock.state.value,
        "limit_text": clock.limit_text,
        "basis": clock.basis.value,
        "amount_microseconds": clock.amount // timedelta(microseconds=1),
        "original_microseconds": clock.original // timedelta(microseconds=1),
        "spans": _spans_text(clock.spans),
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "provisional": clock.provisional,
    }


def _spans_text(spans: Iterable[Span]) -> str:
    """The JSON text of the spans. Written out, as moments hold nothing to escape: an encoder takes twice as long."""
    return f"[{', '.join([f'[{_moment_text(start)}, {_moment_text(end)}]' for start, end in spans])}]"


@lru_cache(maxsize=MOST_MOMENTS)
def _moment_text(at: datetime | None) -> str:
    """A moment as spans hold it; the cases of a visit share many."""
    return f'"{at.astimezone(UTC).isoformat()}"' if at else "null"


def _assignment_key(assignment: CaseAssignment) -> tuple[Any, ...]:
    return (assignment.ended_at,)


def _assignment_row(case: CaseState, assignment: CaseAssignment) -> dict[str, Any]:
    return {
        "case_id": case.id,
        "seq": assignment.seq,
        "round": assignment.round,
        "unit": assignment.unit,
        "lead": assignment.lead,
        "parent_seq": assignment.parent_seq,
        "started_at": assignment.started_at,
        "ended_at": assignment.ended_at,
        "why": assignment.why,
    }


def _request_of(
    seq: int, round_: int, kind: str, asked_by: str, asked_at: datetime, unit: str | None, reason: str, *rest: Any
) -> CaseRequest:
    wanted_until, facts, steps, due_at, state, decisions, reminded, settled_at = rest
    course = json.loads(decisions)
    return CaseRequest(
        seq,
        round_,
        RequestKind(kind),
        asked_by,
        asked_at,
        unit,
        reason,
        wanted_until,
        json.loads(facts),
        tuple(Role(role) for role in steps.split(",")),
        due_at,
        RequestState(state),
        course["decisions"],
        course.get("reminders", int(reminded)),
        settled_at,
    )


def _request_key(request: CaseRequest) -> tuple[Any, ...]:
    return (request.state, len(request.decisions), request.reminders)


def _request_row(case: CaseState, request: CaseRequest) -> dict[str, Any]:
    return {
        "case_id": case.id,
        "seq": request.seq,
        "round": request.round,
        "kind": request.kind.value,
        "state": request.state.value,
        "asked_by": request.asked_by,
        "asked_at": request.asked_at,
        "unit": request.unit,
        "reason": request.reason,
        "wanted_until": request.wanted_until,
        "facts": canonical(request.facts),
        "steps": ",".join(request.steps),
        "decisions": canonical({"decisions": request.decisions, "reminders": request.reminders}),
        "due_at": request.due_at,
        "reminded": request.reminders > 0,
        "settled_at": request.settled_at,
    }
