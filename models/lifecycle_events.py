"""What an event does to a case: replaying a case's events gives the case, its clocks and its deadline again.

`apply` reads nothing but the case, the event and the calendar the case runs on. So the stored row is a cache of the
chain, and a test holds the two equal.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from models.case_state import CaseAssignment, CaseEvent, CaseRequest, CaseState
from models.lifecycle_clocks import lead_assignment, measure_again, moment, move_clock
from models.lifecycle_table import BY_KEY, RESULT_FACT, Step
from models.told_facts import note_facts
from models.vocabulary import ActionName, RequestKind, RequestState, Role
from models.worktime import WorkCalendar

__all__ = ["CalendarOf", "apply", "moment", "replay", "step_of"]

CalendarOf = Callable[[str], WorkCalendar]
"""Finds the calendar of a calendar edition."""


def apply(case: CaseState, event: CaseEvent, calendar_of: CalendarOf) -> None:
    """Moves the case by one event, in place.

    Raises: KeyError for an event no row of the state table knows; ValueError for one that does not follow the last.
    """
    step = step_of(event)
    if event.from_state is not None and event.from_state is not case.state:
        raise ValueError(
            f"case {case.id}: {event.action} starts from {event.from_state}, the case stands at {case.state}"
        )
    case.calendar_edition = event.facts.get("calendar_edition", case.calendar_edition)
    if event.action is ActionName.REOPEN:
        _begin_round(case)
    calendar = calendar_of(case.calendar_edition)
    for kind, move in step.clocks:
        move_clock(case, kind, move, event, calendar)
    effect = _EFFECTS.get(event.action)
    if effect:
        effect(case, event, calendar)
    case.state = event.to_state
    note_facts(case, event)
    case.last_event_at = event.at
    case.events += 1


def replay(case: CaseState, events: Iterable[CaseEvent], calendar_of: CalendarOf) -> CaseState:
    """Applies a case's events from the first on to a case as it was before any of them."""
    for event in events:
        apply(case, event, calendar_of)
    return case


def step_of(event: CaseEvent) -> Step:
    """The row of the state table an event was taken by."""
    fact = RESULT_FACT.get(event.action)
    return BY_KEY[(event.action, event.facts[fact] if fact else None)]


def _reopened(case: CaseState, event: CaseEvent, calendar: WorkCalendar) -> None:
    if case.number is None:
        _file(case, event, calendar)


def _begin_round(case: CaseState) -> None:
    case.round += 1
    case.reopenings += 1
    case.hand_backs = case.extensions = case.suspensions = case.reworks = case.supervisions = 0
    case.hand_back_barred = case.made_safe = case.on_bulletin = case.quick_fixed = case.exempt = False
    case.stage = "whole"
    case.rungs = {}
    case.unit = case.inspector = case.handled_at = case.ended_at = case.promised_until = case.dispatched_at = None


def _report(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.opened_at = moment(event.facts["opened_at"])


def _flag_similar(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.complete = case.complete and not event.facts.get("waits")


def _accept(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.complete = event.facts.get("complete", case.complete)


def _verify_ordered(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.inspector = event.facts["inspector"]


def _verified(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.verified = event.facts["result"]
    case.inspector = None


def _merge(case: CaseState, event: CaseEvent, calendar: WorkCalendar) -> None:
    case.merged_into = event.facts["into_id"]
    _end(case, event, calendar)


def _unmerge(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.merged_into = case.ended_at = None


def _file(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.number = event.facts["number"]
    case.filed_at = event.at
    case.edition = event.edition


def _dispatch(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    _end_assignments(case, event.at)
    unit = event.facts["unit"]
    case.assignments.append(
        CaseAssignment(len(case.assignments) + 1, case.round, unit, True, None, event.at, event.action)
    )
    case.unit = unit
    case.dispatched_at = event.at
    case.stage = event.facts.get("stage", case.stage)
    if event.action is ActionName.ARBITRATE:
        case.hand_back_barred = True


def _assign(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    lead = lead_assignment(case)
    case.assignments.append(
        CaseAssignment(
            len(case.assignments) + 1,
            case.round,
            event.facts["unit"],
            False,
            lead.seq if lead else None,
            event.at,
            event.action,
        )
    )


def _revoke_assign(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    for assignment in case.assignments:
        if not assignment.lead and assignment.ended_at is None and assignment.unit == event.facts["unit"]:
            assignment.ended_at = event.at


def _hand_back(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    _end_assignments(case, event.at)
    case.unit = None
    case.hand_backs += 1


def _correct(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    for name in ("class_code", "condition_no", "area", "place", "complete"):
        if name in event.facts:
            setattr(case, name, event.facts[name])
    case.stage = event.facts.get("stage", case.stage)


def _ask(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    facts = event.facts
    case.requests.append(
        CaseRequest(
            seq=len(case.requests) + 1,
            round=case.round,
            kind=RequestKind(facts["kind"]),
            asked_by=event.actor,
            asked_at=event.at,
            unit=case.unit,
            reason=facts["reason"],
            wanted_until=moment(facts["wanted_until"]) if facts.get("wanted_until") else None,
            facts={k: facts[k] for k in ("class_code", "condition_no", "area", "place") if k in facts},
            steps=tuple(Role(role) for role in facts["steps"]),
            due_at=moment(facts["decide_by"]),
        )
    )


def _decide(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    request = _open(case, event)
    request.decisions.append(
        {
            "by": event.actor,
            "at": event.at.isoformat(),
            "verdict": event.facts["verdict"],
            "reason": event.facts.get("reason"),
        }
    )
    if event.facts["verdict"] == "refused":
        _settle(request, RequestState.REFUSED, event.at)
    elif event.facts["final"]:
        _settle(request, RequestState.GRANTED, event.at)
    elif "decide_by" in event.facts:
        request.due_at = moment(event.facts["decide_by"])
        request.reminders = 0


def _withdraw(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    _settle(_open(case, event), RequestState.WITHDRAWN, event.at)


def _lapse(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    _settle(_open(case, event), RequestState.LAPSED, event.at)


def _extend(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.extensions += 1


def _suspend(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    """The clock waits until the end date.

    Example: 4 work_hour, dispatched Monday 6 May 2019 08:00, suspended 10:30 (2 h 30 min used) until Friday 08:00: it
    goes on at Friday 08:00, whenever the visit comes, and is due Friday 09:30. Ended early on Wednesday 08:00 it is due
    Wednesday 09:30.
    """
    case.suspended_from = case.state
    case.suspended_until = moment(event.facts["until"])
    case.suspensions += 1


def _resume(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.suspended_from = case.suspended_until = None


def _promise(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.promised_until = moment(event.facts["until"])


def _handled(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.handled_at = event.at
    case.inspector = None


def _check(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    """A failed check is rework: the handle clock goes on where it stood.

    Example: 4 work_hour, dispatched Monday 6 May 2019 08:00, handled 11:00 (1 h left), check failed Tuesday 10:00: due
    Tuesday 11:00. Where the city lets checking time count, due Monday 12:00 as before.
    """
    result = event.facts["result"]
    case.inspector = None
    if result == "failed":
        case.reworks += 1
    case.made_safe = result == "made_safe"


def _repair_stage(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.stage = "repair"
    case.made_safe = False


def _end(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    _end_assignments(case, event.at)
    case.ended_at = event.at
    case.inspector = case.suspended_from = case.suspended_until = None


def _quick_fix(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.quick_fixed = True
    case.handled_at = event.at


def _supervise(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.supervisions += 1


def _climb(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.rungs = {**case.rungs, event.facts["rung"]: event.facts["due_at"]}
    case.on_bulletin = case.on_bulletin or bool(event.facts.get("bulletin"))


def _alarm_seat(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.seat_alarmed = True


def _remind_request(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    _open(case, event).reminders += 1


def _correct_calendar(case: CaseState, event: CaseEvent, calendar: WorkCalendar) -> None:
    measure_again(case, event, calendar)


def _exempt(case: CaseState, event: CaseEvent, _: WorkCalendar) -> None:
    case.exempt = True


def _end_assignments(case: CaseState, at: datetime) -> None:
    for assignment in case.assignments:
        if assignment.ended_at is None:
            assignment.ended_at = at


def _open(case: CaseState, event: CaseEvent) -> CaseRequest:
    request = case.open_request(RequestKind(event.facts["kind"]))
    if request is None:
        raise ValueError(f"case {case.id}: {event.action} of a {event.facts['kind']} nobody asked for")
    return request


def _settle(request: CaseRequest, state: RequestState, at: datetime) -> None:
    request.state = state
    request.settled_at = at


_EFFECTS: dict[ActionName, Callable[[CaseState, CaseEvent, WorkCalendar], None]] = {
    ActionName.REPORT: _report,
    ActionName.FLAG_SIMILAR: _flag_similar,
    ActionName.ACCEPT: _accept,
    ActionName.MERGE: _merge,
    ActionName.UNMERGE: _unmerge,
    ActionName.ORDER_VERIFY: _verify_ordered,
    ActionName.VERIFY: _verified,
    ActionName.REJECT: _end,
    ActionName.FILE: _file,
    ActionName.DISPATCH: _dispatch,
    ActionName.ARBITRATE: _dispatch,
    ActionName.REDISPATCH: _dispatch,
    ActionName.ASSIGN: _assign,
    ActionName.REVOKE_ASSIGN: _revoke_assign,
    ActionName.HAND_BACK: _hand_back,
    ActionName.CORRECT: _correct,
    ActionName.ASK: _ask,
    ActionName.DECIDE: _decide,
    ActionName.WITHDRAW: _withdraw,
    ActionName.LAPSE: _lapse,
    ActionName.EXTEND: _extend,
    ActionName.SUSPEND: _suspend,
    ActionName.PROMISE: _promise,
    ActionName.VOID: _end,
    ActionName.EXEMPT: _exempt,
    ActionName.RESUME: _resume,
    ActionName.REPORT_HANDLED: _handled,
    ActionName.ORDER_CHECK: _verify_ordered,
    ActionName.CHECK: _check,
    ActionName.REPAIR_STAGE: _repair_stage,
    ActionName.CLOSE: _end,
    ActionName.QUICK_FIX: _quick_fix,
    ActionName.SUPERVISE: _supervise,
    ActionName.FORCE_CLOSE: _end,
    ActionName.REOPEN: _reopened,
    ActionName.CLIMB: _climb,
    ActionName.ALARM_SEAT: _alarm_seat,
    ActionName.REMIND_REQUEST: _remind_request,
    ActionName.CORRECT_CALENDAR: _correct_calendar,
}
"""Actions without an entry (add_note, receive …) change nothing but the state and the clocks."""
