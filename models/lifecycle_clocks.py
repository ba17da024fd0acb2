"""What an event does to the clocks of a case: started, paused, resumed, amended, finished."""

from datetime import datetime, timedelta
from functools import lru_cache

from models.case_state import CaseAssignment, CaseEvent, CaseState
from models.clock import CaseClock
from models.lifecycle_table import ClockMove
from models.notice import Priority
from models.vocabulary import SEAT_CLOCKS, ClockKind, ClockState
from models.worktime import Basis, LimitUnit, WorkCalendar, parse_limit

SOURCE_LIMIT = "source"
"""Limit text of a clock whose deadline the source brought along."""

PROMISED_LIMIT = "promise"
"""Limit text of a clock whose deadline is the day a unit has promised, where the city's policy says so."""

FIXED_LIMITS = frozenset({SOURCE_LIMIT, PROMISED_LIMIT})
"""Limit texts that are no limit of the catalogue: their deadline stands, whatever the class is corrected to."""


def moment(text: str) -> datetime:
    """A moment written into an event's facts."""
    return datetime.fromisoformat(text)


@lru_cache(maxsize=1024)
def priority_of(limit_text: str) -> Priority:
    """How urgent a case is while its unit works under this limit: urgent where it counts urgent hours, else routine.

    Example: "2 urgent_hour" is urgent; "4 work_hour", or a deadline that a source or a promise brought, is not.
    """
    if limit_text not in FIXED_LIMITS and parse_limit(limit_text).unit is LimitUnit.URGENT_HOUR:
        return Priority.URGENT
    return Priority.ROUTINE


def lead_assignment(case: CaseState) -> CaseAssignment | None:
    """The newest lead assignment of the present round, ended or not."""
    for assignment in reversed(case.assignments):
        if assignment.lead and assignment.round == case.round:
            return assignment
    return None


def resumes_for(case: CaseState, unit: str) -> bool:
    """Whether a dispatch to this unit lets the old handle clock go on, instead of starting a new full limit.

    Example: 4 work_hour, dispatched Monday 6 May 2019 08:00, handed back 10:00 (2 h used). Dispatched on Tuesday 09:00
    to the same unit it is due Tuesday 11:00; to another unit Tuesday 15:00.
    """
    clock = case.last_clock(ClockKind.HANDLE)
    last = lead_assignment(case)
    return clock is not None and clock.state is not ClockState.FINISHED and last is not None and last.unit == unit


def move_clock(
    case: CaseState, kind: ClockKind | None, move: ClockMove, event: CaseEvent, calendar: WorkCalendar
) -> None:
    """Does to a clock of the case what a row of the state table says."""
    if kind is None:
        for clock in case.clocks:
            if clock.state is not ClockState.FINISHED:
                clock.finish(event.at)
        return
    if move is ClockMove.FOR_UNIT:
        move = ClockMove.RESUME if resumes_for(case, event.facts["unit"]) else ClockMove.START
    elif move is ClockMove.FOR_INSPECTOR:
        if case.inspector is None:
            return
        move = ClockMove.START
    clock_now = case.last_clock(kind)
    if move is ClockMove.START:
        if clock_now and clock_now.state is not ClockState.FINISHED:
            clock_now.finish(event.at)
        _start(case, kind, event, calendar)
    elif clock_now is not None:
        _change(case, clock_now, move, event, calendar)


def measure_again(case: CaseState, event: CaseEvent, calendar: WorkCalendar) -> None:
    """Computes every deadline that still counts by a corrected calendar."""
    for clock in case.clocks:
        if clock.state is not ClockState.FINISHED:
            clock.measure(calendar)
            if clock.kind is ClockKind.HANDLE:
                _stand_on(case, clock, event)


def _change(case: CaseState, clock: CaseClock, move: ClockMove, event: CaseEvent, calendar: WorkCalendar) -> None:
    if move is ClockMove.AMEND:
        if "amount" in event.facts:
            _amend(case, clock, event, calendar)
    elif clock.state is ClockState.FINISHED:
        return
    elif move is ClockMove.RESUME:
        _resume(case, clock, event, calendar)
    elif move is ClockMove.PAUSE:
        clock.pause(event.at)
    elif move is ClockMove.FINISH:
        clock.finish(event.at)


def _start(case: CaseState, kind: ClockKind, event: CaseEvent, calendar: WorkCalendar) -> None:
    text = event.facts["limit"]
    if text == SOURCE_LIMIT:
        basis, amount = Basis.CONTINUOUS, moment(event.facts["source_due_at"]) - event.at
    else:
        basis, amount = calendar.allowance(parse_limit(text))
    clock = CaseClock(len(case.clocks) + 1, case.round, kind, text, basis, amount, amount)
    clock.run(event.at, calendar)
    case.clocks.append(clock)
    if kind in SEAT_CLOCKS:
        case.seat_alarmed = False
    else:
        case.rungs = {}
        case.on_bulletin = False


def _resume(case: CaseState, clock: CaseClock, event: CaseEvent, calendar: WorkCalendar) -> None:
    if clock.state is ClockState.RUNNING:
        return
    if event.facts.get("checking_time_counts"):
        clock.undo_pause(calendar)
    else:
        clock.run(event.at, calendar)
    if clock.kind in SEAT_CLOCKS:
        case.seat_alarmed = False


def _amend(case: CaseState, clock: CaseClock, event: CaseEvent, calendar: WorkCalendar) -> None:
    facts = event.facts
    clock.limit_text = facts.get("limit", clock.limit_text)
    clock.basis = Basis(facts.get("basis", clock.basis))
    if "original" in facts:
        clock.original = timedelta(microseconds=facts["original"])
    clock.allow(timedelta(microseconds=facts["amount"]), calendar)
    _stand_on(case, clock, event)


def _stand_on(case: CaseState, clock: CaseClock, event: CaseEvent) -> None:
    """The rungs on which a case still stands once its deadline has moved (`models/ladder.py` `still_climbed`)."""
    if "rungs" in event.facts:
        due = clock.due_at.isoformat()
        case.rungs = dict.fromkeys(event.facts["rungs"], due)
        case.on_bulletin = event.facts["bulletin"]
