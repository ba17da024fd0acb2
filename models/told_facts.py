"""Which event writes what into the facts the evaluation counts (`models/case_fact.py`).

`apply` of `models/lifecycle_events.py` calls `note_facts` for every event. So a visit, a replay and the audit tell the
same facts. What is noted never depends on what was noted before: a visit writes its changes without reading the rows.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from models.clock import CaseClock
from models.vocabulary import ActionName, ClockKind, Role, State

if TYPE_CHECKING:
    from models.case_state import CaseEvent, CaseState

A = ActionName
Key = tuple[int, int]
"""Round and part."""

FIRST_COUNTS = frozenset({"accepted_at", "accepted_by", "filed_at", "filed_by", "extended_at"})
"""Columns that keep their first value: filed again after a return is filed once."""

ADDED_UP = frozenset({"reworks", "extensions"})

DEADLINES = frozenset({"due_at", "file_due_at", "verify_due_at", "dispatch_due_at", "check_due_at"})
"""Columns that depend on the calendar."""

_NOBODY = frozenset({Role.RULE, Role.SOURCE})
_TASKS = {ClockKind.VERIFY: "verify_due_at", ClockKind.CHECK: "check_due_at"}
_WAITS_FOR = {
    State.VERIFYING: ClockKind.VERIFY,
    State.ACCEPTED: ClockKind.FILE,
    State.FILED: ClockKind.DISPATCH,
    State.CHECKING: ClockKind.CHECK,
}
"""The task that a state waits for."""


@dataclass(slots=True)
class FactChanges:
    """What events have written into the facts of a case since it was read."""

    begun: set[Key] = field(default_factory=set)
    """Rows that begin."""
    rows: dict[Key, dict[str, Any]] = field(default_factory=dict)
    """Row -> column -> value; of columns in ADDED_UP how much more."""
    whole: dict[str, Any] = field(default_factory=dict)
    """Columns that every row of the case gets."""
    months: set[int] = field(default_factory=set)

    def put(self, key: Key, **columns: Any) -> None:
        """Writes into a row; asked for every event, so it does nothing else."""
        row = self.rows.get(key)
        if row is None:
            self.rows[key] = columns
        else:
            row.update(columns)

    def put_first(self, key: Key, **columns: Any) -> None:
        """Writes into columns of FIRST_COUNTS that hold nothing yet."""
        row = self.rows.setdefault(key, {})
        for name, value in columns.items():
            if row.get(name) is None:
                row[name] = value

    def add(self, key: Key, name: str) -> None:
        """Counts up a column of ADDED_UP."""
        row = self.rows.setdefault(key, {})
        row[name] = row.get(name, 0) + 1


MONTHS_IN = timezone(timedelta(hours=8))
"""Months are told in China's zone, which has one all year: so the month of a city is one month here, and not two."""


def month_of(at: datetime) -> int:
    """The month in China, counted from year 0. Example: 1 June 2019 01:00 in Shanghai is 24233, May was 24232."""
    at = at.astimezone(MONTHS_IN)
    return at.year * 12 + at.month - 1


def month_start(month: int) -> datetime:
    """When a month begins. Example: 24232 begins on 1 May 2019 00:00 in Shanghai."""
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=MONTHS_IN)


def _another_month(one: datetime, other: datetime) -> bool:
    """Whether two moments lie in different months; asked for every event, so zones are turned only at edges."""
    if one.month == other.month and one.year == other.year and 1 < one.day < 28 and 1 < other.day < 28:
        return False
    return month_of(one) != month_of(other)


def note_facts(case: "CaseState", event: "CaseEvent") -> None:
    """Notes what an event means for the facts; the case stands where the event left it, but for `last_event_at`."""
    before, at = case.last_event_at, event.at
    later = before is not at and before is not None and _another_month(before, at)
    note = _NOTES.get(event.action)
    if note is None and not later:
        return
    changes = case.facts
    if changes is None:
        changes = case.facts = FactChanges()
    if later:
        changes.months.add(month_of(at))
    if note is not None:
        note(changes, case, event)


def _here(case: "CaseState") -> Key:
    """The row of the unit that has the case, or will get it next."""
    units = 0
    for assignment in case.assignments:
        units += assignment.lead and assignment.round == case.round
    return (case.round, units if case.unit is not None else units + 1)


def _begin(changes: FactChanges, case: "CaseState", event: "CaseEvent", key: Key, **columns: Any) -> None:
    changes.begun.add(key)
    columns |= {"source": case.source, "class_code": case.class_code, "area": case.area, "unit": case.unit}
    changes.rows[key] = columns | {"begun_at": event.at}


def _post(event: "CaseEvent") -> str:
    return "" if event.role in _NOBODY else event.actor


def _task_row(case: "CaseState", clock: CaseClock) -> Key:
    """The row that holds a task to verify or check: the first of a round stands with its unit."""
    for first in case.clocks:
        if first.kind is clock.kind and first.round == clock.round:
            return _here(case) if first is clock else (clock.round, -clock.seq)
    raise ValueError(f"case {case.id} has no {clock.kind} clock {clock.seq}")


def _due(changes: FactChanges, event: "CaseEvent", clock: CaseClock | None) -> datetime | None:
    """When something is due; it is found in the month of its limit too."""
    if clock is None:
        return None
    at, due_at = event.at, clock.due_at
    if _another_month(at, due_at):
        changes.months.add(month_of(due_at))
    return due_at


def _unit_due(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> datetime | None:
    return _due(changes, event, case.last_clock(ClockKind.HANDLE)) if case.unit is not None else None


def _reported(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    _begin(changes, case, event, (1, 1), reported_at=event.at)


def _verify_ordered(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    _task_begins(changes, case, event, ClockKind.VERIFY, "verifier")


def _check_ordered(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    if "former_inspector" in event.facts:
        _task_begins(changes, case, event, ClockKind.CHECK, "checker")
    elif clock := case.last_clock(ClockKind.CHECK):
        changes.put(_task_row(case, clock), checker=case.inspector)


def _task_begins(changes: FactChanges, case: "CaseState", event: "CaseEvent", kind: ClockKind, holder: str) -> None:
    """A task gets a row; one that is taken from somebody before its time was up is no task of his any more."""
    tasks = [clock for clock in case.clocks if clock.kind is kind and clock.round == case.round]
    if len(tasks) > 1 and "former_inspector" in event.facts and event.at <= tasks[-2].due_at:
        changes.put(_task_row(case, tasks[-2]), **{_TASKS[kind]: None})
    key = _task_row(case, tasks[-1])
    if key[1] < 0:
        _begin(changes, case, event, key)
    changes.put(key, **{_TASKS[kind]: _due(changes, event, tasks[-1]), holder: case.inspector})


def _verified(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    if clock := case.last_clock(ClockKind.VERIFY):
        changes.put(_task_row(case, clock), verified_at=event.at, verifier=event.actor)


def _accepted(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    file_due_at = _due(changes, event, case.last_clock(ClockKind.FILE))
    key = (case.round, 1)
    changes.put_first(key, accepted_at=event.at, accepted_by=_post(event))
    changes.put(key, valid=True, file_due_at=file_due_at)


def _filed(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    changes.put_first((case.round, 1), filed_at=event.at, filed_by=_post(event))
    changes.put(_here(case), dispatch_due_at=_due(changes, event, case.last_clock(ClockKind.DISPATCH)))


def _returned(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    changes.put(_here(case), dispatch_due_at=None)


def _dispatched(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    here = _here(case)
    columns = {"unit": case.unit, "dispatched_at": event.at, "dispatched_by": _post(event)}
    changes.put(here, **columns, due_at=_unit_due(changes, case, event))
    if case.verified is not None and here[1] == 1:
        _give_verifications(changes, case)


def _give_verifications(changes: FactChanges, case: "CaseState") -> None:
    """What came before the first dispatch counts for the first unit: later tasks to verify too, in their own rows."""
    tasks = [clock for clock in case.clocks if clock.kind is ClockKind.VERIFY and clock.round == case.round]
    for clock in tasks[1:]:
        changes.put((clock.round, -clock.seq), unit=case.unit)


def _redispatched(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    _leaves(changes, case, event, "redispatched")
    _begin(changes, case, event, _here(case))
    _dispatched(changes, case, event)


def _handed_back(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    _leaves(changes, case, event, "handed_back")
    due_at = _due(changes, event, case.last_clock(ClockKind.DISPATCH))
    _begin(changes, case, event, _here(case), dispatch_due_at=due_at)


def _leaves(changes: FactChanges, case: "CaseState", event: "CaseEvent", ending: str) -> None:
    """The unit before has no deadline any more."""
    number, part = _here(case)
    end = {"ending": ending, "ended_at": event.at, "ended_by": _post(event)}
    changes.put((number, part - 1), **end, misdispatched=True, due_at=None)


def _deadline(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    if case.unit is not None:
        changes.put(_here(case), due_at=_unit_due(changes, case, event))


def _corrected(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    changes.whole |= {name: getattr(case, name) for name in ("class_code", "area") if name in event.facts}
    _deadline(changes, case, event)


def _extended(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    key = _here(case)
    changes.add(key, "extensions")
    changes.put_first(key, extended_at=event.at)
    changes.put(key, due_at=_unit_due(changes, case, event))


def _suspended(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    changes.put(_here(case), suspended=True, suspended_at=event.at)


def _resumed(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    changes.put(_here(case), suspended=False, due_at=_unit_due(changes, case, event))


def _handled(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    here, clock = _here(case), case.last_clock(ClockKind.CHECK)
    if clock is None:
        return
    task = _task_row(case, clock)
    if task == here:
        changes.put(here, handled_at=event.at, check_due_at=_due(changes, event, clock))
    else:
        changes.put(here, handled_at=event.at)
        _begin(changes, case, event, task, check_due_at=_due(changes, event, clock))


def _checked(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    clock = case.last_clock(ClockKind.CHECK)
    if clock is None:
        return
    key = _task_row(case, clock)
    changes.put(key, checked_at=event.at, checker=event.actor)
    if event.facts["result"] == "failed":
        changes.put(key, reworked_at=event.at)
        changes.add(_here(case), "reworks")
        changes.put(_here(case), handled_at=None, due_at=_unit_due(changes, case, event))


def _repair(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    changes.put(_here(case), handled_at=None, due_at=_unit_due(changes, case, event))


def _quick_fixed(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    changes.put(_here(case), valid=True, ended_by=_post(event))


def _closed(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    """What was fixed on the spot counts for the inspector who did it, not for who closed it."""
    how = event.facts["how"]
    by = {} if how == "quick_fix" else {"ended_by": _post(event)}
    _lift(changes, case, event)
    on_time = event.facts["handled_on_time"]
    changes.put(_here(case), ending=how, ended_at=event.at, **by, suspended=False, on_time=on_time)


def _ended(changes: FactChanges, case: "CaseState", event: "CaseEvent", ending: str) -> None:
    _lift(changes, case, event)
    changes.put(_here(case), ending=ending, ended_at=event.at, ended_by=_post(event), suspended=False)


def _lift(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    """The task a case waited for when it ended is nobody's any more, unless its time was up before."""
    kind = _WAITS_FOR.get(event.from_state) if event.from_state else None
    clock = case.last_clock(kind) if kind else None
    if clock is not None and event.at <= clock.due_at:
        _put_task_due(changes, case, clock, None)


def _put_task_due(changes: FactChanges, case: "CaseState", clock: CaseClock, due_at: datetime | None) -> None:
    if clock.kind in _TASKS:
        changes.put(_task_row(case, clock), **{_TASKS[clock.kind]: due_at})
    elif clock.kind is ClockKind.DISPATCH:
        changes.put(_here(case), dispatch_due_at=due_at)
    elif clock.kind is ClockKind.FILE and case.filed_at is None:
        changes.put((case.round, 1), file_due_at=due_at)


def _unmerged(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    changes.put(_here(case), ending=None, ended_at=None)


def _exempted(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    changes.put(_here(case), exempt_at=event.at)


def _reopened(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    due_at = _due(changes, event, case.last_clock(ClockKind.DISPATCH))
    _begin(changes, case, event, _here(case), filed_at=event.at, filed_by=_post(event), dispatch_due_at=due_at)


def _measured(changes: FactChanges, case: "CaseState", event: "CaseEvent") -> None:
    """By a corrected calendar other deadlines hold for what still waits."""
    _deadline(changes, case, event)
    clock = case.running_clock()
    if clock is not None:
        _put_task_due(changes, case, clock, _due(changes, event, clock))


_NOTES: dict[ActionName, Callable[[FactChanges, "CaseState", "CaseEvent"], None]] = {
    A.REPORT: _reported,
    A.MERGE: lambda changes, case, event: _ended(changes, case, event, "merged"),
    A.UNMERGE: _unmerged,
    A.ORDER_VERIFY: _verify_ordered,
    A.VERIFY: _verified,
    A.ACCEPT: _accepted,
    A.REJECT: lambda changes, case, event: _ended(changes, case, event, "rejected"),
    A.FILE: _filed,
    A.RETURN_TO_ACCEPTOR: _returned,
    A.DISPATCH: _dispatched,
    A.ARBITRATE: _dispatched,
    A.REDISPATCH: _redispatched,
    A.HAND_BACK: _handed_back,
    A.CORRECT: _corrected,
    A.EXTEND: _extended,
    A.PROMISE: _deadline,
    A.SUSPEND: _suspended,
    A.RESUME: _resumed,
    A.REPORT_HANDLED: _handled,
    A.ORDER_CHECK: _check_ordered,
    A.CHECK: _checked,
    A.REPAIR_STAGE: _repair,
    A.QUICK_FIX: _quick_fixed,
    A.CLOSE: _closed,
    A.FORCE_CLOSE: _closed,
    A.VOID: lambda changes, case, event: _ended(changes, case, event, "void"),
    A.EXEMPT: _exempted,
    A.REOPEN: _reopened,
    A.CORRECT_CALENDAR: _measured,
}
"""Actions without an entry change nothing that is counted."""


def told_rows(changes: FactChanges) -> dict[Key, dict[str, Any]]:
    """The whole rows of a case, told from its first event on: what a database holds once every visit has written."""
    return {key: {**_EMPTY, **columns, **changes.whole} for key, columns in sorted(changes.rows.items())}


_EMPTY: dict[str, Any] = {
    **dict.fromkeys(("source", "class_code", "area", "unit", "begun_at", "reported_at", "accepted_at", "accepted_by")),
    **dict.fromkeys(("file_due_at", "filed_at", "filed_by", "verify_due_at", "verified_at", "verifier")),
    **dict.fromkeys(("dispatch_due_at", "dispatched_at", "dispatched_by", "due_at", "handled_at", "check_due_at")),
    **dict.fromkeys(("checked_at", "checker", "reworked_at", "extended_at", "suspended_at", "exempt_at", "ending")),
    **dict.fromkeys(("ended_at", "ended_by", "on_time")),
    **dict.fromkeys(("valid", "misdispatched", "suspended"), False),
    **dict.fromkeys(("reworks", "extensions"), 0),
}
