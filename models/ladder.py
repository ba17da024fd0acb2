"""When time itself acts on a case: rungs of the ladder, late seats, suspensions that end, requests left lying.

The ladder climbs on the unit's handle clock only. Suspended and exempt cases do not climb. Every moment here is a
function of the case and the city, so a visit that comes late finds the same moments as one that comes in time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.case_state import CaseState
from models.city import City
from models.clock import CaseClock
from models.policy import Rung
from models.vocabulary import SEAT_CLOCKS, ActionName, ClockKind, RequestState, State
from models.worktime import WorkCalendar


@dataclass(frozen=True, slots=True)
class Wake:
    """A moment at which time itself acts on a case."""

    at: datetime
    action: ActionName
    what: str = ""
    """Rung code, clock kind or request kind."""


def next_wake(case: CaseState, city: City) -> Wake | None:
    """The earliest moment at which time acts on a case, or None."""
    wakes = _wakes(case, city)
    return min(wakes, key=lambda wake: wake.at) if wakes else None


def rung_moments(clock: CaseClock, ladder: tuple[Rung, ...], calendar: WorkCalendar) -> dict[str, datetime]:
    """The moment of every rung for a handle clock.

    Example: 4 work_hour dispatched Monday 08:00: reminder at 80 % 11:12, overdue at 12:00, supervision one work day
    after that (longer than one limit) on Tuesday 12:00, bulletin three work days later on Friday 12:00.
    Time in which the clock waits (suspended, handed back, being checked) moves every rung that lies ahead.
    """
    moments: dict[str, datetime] = {}
    waiting = list(ladder)
    while waiting:
        # The file may name a rung before the one it follows; one that follows nothing known counts from the deadline.
        codes = {rung.code for rung in waiting}
        ready = [rung for rung in waiting if rung.follows not in codes] or waiting
        for rung in ready:
            moments[rung.code] = _rung_moment(rung, clock, moments.get(rung.follows or "", clock.due_at), calendar)
        waiting = [rung for rung in waiting if rung.code not in moments]
    return {rung.code: moments[rung.code] for rung in ladder}


def _rung_moment(rung: Rung, clock: CaseClock, follows: datetime, calendar: WorkCalendar) -> datetime:
    # A source's own deadline may lie before the dispatch: nothing climbs before the unit had the case.
    allowed = max(clock.amount, timedelta(0))
    if rung.share is not None:
        amount = allowed if rung.share == 1 else allowed * float(rung.share)
        return clock.moment_of(amount, calendar)[0]
    if rung.after is None:
        return follows
    moment = clock.moment_after(follows, *calendar.allowance(rung.after), calendar)[0]
    if rung.or_one_limit:
        moment = max(moment, clock.moment_after(follows, clock.basis, allowed, calendar)[0])
    return moment


def _wakes(case: CaseState, city: City) -> list[Wake]:
    wakes = [
        Wake(request.due_at, ActionName.REMIND_REQUEST, request.kind.value)
        for request in case.requests
        if request.state is RequestState.OPEN and not request.reminded
    ]
    if case.state is State.SUSPENDED and case.suspended_until is not None:
        wakes.append(Wake(case.suspended_until, ActionName.RESUME))
    clock = case.running_clock()
    if clock is None:
        return wakes
    if clock.kind is ClockKind.HANDLE:
        if not case.exempt:
            wakes += _rungs_ahead(case, clock, city)
    elif clock.kind in SEAT_CLOCKS and not case.seat_alarmed:
        amount = clock.amount * float(city.policy.seat_alarm_share)
        moment = clock.moment_of(amount, city.calendar)[0]
        # A clock that goes on after a verification may have been told of before it waited: once is enough.
        if moment > clock.spans[-1][0]:
            wakes.append(Wake(moment, ActionName.ALARM_SEAT, clock.kind.value))
    return wakes


def _rungs_ahead(case: CaseState, clock: CaseClock, city: City) -> list[Wake]:
    due = clock.due_at.isoformat()
    ahead = [rung.code for rung in city.policy.ladder if case.rungs.get(rung.code) != due]
    if not ahead:
        return []
    # Asked at every step of a case: worked out once until the clock changes.
    if clock.remembered is None or clock.remembered[0] is not city.policy.ladder:
        clock.remembered = (city.policy.ladder, rung_moments(clock, city.policy.ladder, city.calendar))
    moments = clock.remembered[1]
    return [Wake(moments[code], ActionName.CLIMB, code) for code in ahead if code in moments]
