"""Limits and deadlines in the facts of an event: what a clock gets, and where a deadline that moves comes from.

None of them is taken from what a person said, only from the city and the case.
"""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

from models.case_state import CaseState
from models.city import City
from models.clock import CaseClock
from models.ladder import still_climbed
from models.lifecycle_clocks import PROMISED_LIMIT, SOURCE_LIMIT, moment, resumes_for
from models.lifecycle_rules import Asked
from models.lifecycle_table import ClockMove, Step
from models.vocabulary import SEAT_CLOCKS, ClockKind, ClockState, RequestKind
from models.worktime import WorkCalendar


def handle_limit(case: CaseState, city: City) -> dict[str, Any]:
    """The limit a fresh handle clock gets: the source's own deadline, the follow-up limit, or the condition's.

    An urgent condition with a follow-up limit starts in the make-safe stage. After a reopening the source's deadline
    has long passed, so the new round gets the condition's limit.
    """
    own_deadline = case.source in city.policy.own_deadline_sources and case.round == 1
    if case.source_due_at is not None and own_deadline:
        return {"limit": SOURCE_LIMIT, "source_due_at": case.source_due_at.astimezone(UTC).isoformat()}
    condition = city.catalogue.condition(case.class_code, case.condition_no)
    if condition is None:
        return {"limit": str(city.catalogue.default_limit), "stage": "whole"}
    if condition.follow_up_limit is None:
        return {"limit": str(condition.limit), "stage": "whole"}
    if case.stage == "repair":
        return {"limit": str(condition.follow_up_limit), "stage": "repair"}
    return {"limit": str(condition.limit), "stage": "make_safe"}


def clock_facts(asked: Asked, step: Step) -> dict[str, Any]:
    """The limit of the clock that a row starts, or that a unit's clock goes on."""
    for kind, move in step.clocks:
        anew = move is ClockMove.START or (move is ClockMove.FOR_INSPECTOR and asked.case.inspector is not None)
        if kind in SEAT_CLOCKS and anew and kind is not None:
            seat = {"limit": str(asked.city.policy.step_limit(kind))}
        elif kind is ClockKind.HANDLE and move in (ClockMove.START, ClockMove.FOR_UNIT):
            if move is ClockMove.FOR_UNIT and resumes_for(asked.case, asked.facts["unit"]):
                return {"resumed": True}
            return handle_limit(asked.case, asked.city)
        else:
            continue
        return seat
    return {}


def corrected(asked: Asked) -> dict[str, Any]:
    """A correction counts the new condition's limit from the same start, as many times over as the old was granted.

    Example: filed as 4 work_hour, dispatched Monday 6 May 2019 08:00, due 12:00; at 11:00 corrected to 2 work_day: due
    Tuesday 18:00, counted from Monday 08:00. With one extension granted before: due Thursday 18:00. With a promise for
    Wednesday 10:00 that sets the deadline: due Wednesday 10:00 as before, whatever the class.
    """
    case, facts = asked.case, asked.facts
    code = facts.get("class_code", case.class_code)
    number = facts.get("condition_no", None if "class_code" in facts else case.condition_no)
    condition = asked.city.catalogue.condition(code, number)
    added: dict[str, Any] = {"complete": condition is not None and bool(facts.get("area", case.area))}
    if "class_code" not in facts and "condition_no" not in facts:
        return added  # Another place alone leaves the limit as it is, also after a promise or a new catalogue.
    added |= {"class_code": code, "condition_no": number}
    clock = case.last_clock(ClockKind.HANDLE)
    if clock is None or clock.limit_text == SOURCE_LIMIT or condition is None:
        return added
    repair = case.stage == "repair" and condition.follow_up_limit is not None
    added["stage"] = "repair" if repair else "make_safe" if condition.follow_up_limit else "whole"
    if clock.limit_text == PROMISED_LIMIT:
        return added
    limit = condition.follow_up_limit if repair and condition.follow_up_limit else condition.limit
    times = max(1, round(clock.amount / clock.original))
    basis, amount = asked.city.calendar.allowance(limit)
    moved = _moved(asked, clock, amount * times, basis=basis, limit_text=str(limit), original=amount)
    counted = {"basis": basis.value, "original": _microseconds(amount)}
    return added | moved | counted | {"limit": str(limit), "former_limit": clock.limit_text}


def _moved(asked: Asked, clock: CaseClock, amount: timedelta, **changes: Any) -> dict[str, Any]:
    """What an event says that gives a handle clock another amount of time: how much, from where, what still holds.

    `changes` is what else becomes of the clock: by its new limit a case may climb another ladder.
    """
    moved = _measured(clock, asked.city.calendar, amount=amount, **changes)
    return {
        "amount": _microseconds(amount),
        "former_due_at": clock.due_at.isoformat(),
        **still_climbed(asked.case, moved, asked.at, asked.city),
    }


def _measured(clock: CaseClock, calendar: WorkCalendar, **changes: Any) -> CaseClock:
    """The clock as it would be; the case's own is left alone."""
    moved = replace(clock, spans=list(clock.spans), remembered=None, **changes)
    moved.measure(calendar)
    return moved


def extended(asked: Asked) -> dict[str, Any]:
    """An extension adds one more original limit to the old deadline, even if decided after it.

    Example: 4 work_hour, dispatched Monday 6 May 2019 08:00, due 12:00; asked at 11:30, granted on Tuesday 09:00: due
    Monday 18:00.
    """
    clock = asked.case.last_clock(ClockKind.HANDLE)
    if clock is None:
        return {}
    return _moved(asked, clock, clock.amount + max(clock.original, timedelta(0)))


def promised(asked: Asked) -> dict[str, Any]:
    """A promised day becomes the deadline only where the city says so.

    Example: 4 work_hour, dispatched Monday 6 May 2019 08:00; promised for Wednesday 10:00: due Wednesday 10:00 there,
    Monday 12:00 elsewhere. A day before which no working time is left gives none, and leaves the deadline as it is.
    """
    clock = asked.case.running_clock()
    if clock is None or not asked.city.policy.promise_sets_deadline:
        return {}
    until = moment(asked.action.resolved["until"])
    calendar = asked.city.calendar
    left = calendar.counted(asked.at, until, clock.basis)
    if not left:
        return {}
    moved = _moved(asked, clock, clock.used(asked.at, calendar) + left, limit_text=PROMISED_LIMIT)
    return moved | {"limit": PROMISED_LIMIT, "former_limit": clock.limit_text}


def repair_stage(asked: Asked) -> dict[str, Any]:
    """The repair stage starts with the follow-up limit; whether the make-safe stage was in time stays on record.

    Example: manhole cover, 2 urgent_hour to make safe, then 5 work_day to repair: made safe and checked on Monday 6 May
    2019 09:40, the repair clock runs from 09:40 to Monday 13 May 09:40.
    """
    condition = asked.city.catalogue.condition(asked.case.class_code, asked.case.condition_no)
    follow_up = condition.follow_up_limit if condition else None
    return {
        "limit": str(follow_up or asked.city.catalogue.default_limit),
        "stage": "repair",
        "make_safe_on_time": handled_on_time(asked.case),
    }


def present_calendar(asked: Asked) -> dict[str, Any]:
    """The calendar of this day, and the deadline by the one before."""
    clock = asked.case.last_clock(ClockKind.HANDLE)
    former = {"former_due_at": clock.due_at.isoformat()} if clock else {}
    return {"calendar_edition": asked.city.calendar_edition, **former}


def corrected_calendar(asked: Asked) -> dict[str, Any]:
    """Every deadline by the present calendar, and what a case that is late by the new one still stands on."""
    clock = asked.case.last_clock(ClockKind.HANDLE)
    facts = present_calendar(asked)
    if clock is None or clock.state is ClockState.FINISHED:
        return facts
    return facts | still_climbed(asked.case, _measured(clock, asked.city.calendar), asked.at, asked.city)


def decide_by(asked: Asked) -> str:
    """Until when the next decision should be taken: each approver has the whole time."""
    rule, calendar = asked.city.policy.requests[RequestKind(asked.facts["kind"])], asked.city.calendar
    decide_by = calendar.due(asked.at, *calendar.allowance(rule.decide_within), provisional_allowed=True).at
    return decide_by.astimezone(UTC).isoformat()


def handled_on_time(case: CaseState) -> bool | None:
    """Whether the unit's last report_handled was at or before its deadline (equal counts); None where none applies."""
    clock = case.last_clock(ClockKind.HANDLE)
    if clock is None or case.handled_at is None:
        return None
    return case.handled_at <= clock.due_at


def _microseconds(amount: timedelta) -> int:
    return amount // timedelta(microseconds=1)
