"""When time itself acts on a case: rungs of the ladder, late seats, ends of suspensions and posts, undecided requests.

The ladder climbs on the unit's handle clock only. Suspended and exempt cases do not climb. Every moment here is a
function of the case and the city, so a visit that comes late finds the same moments as one that comes in time.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from operator import attrgetter
from typing import Any, TypeVar

from models.case_state import CaseRequest, CaseState
from models.city import City
from models.clock import CaseClock
from models.lifecycle_clocks import priority_of
from models.policy import Policy, Rung
from models.rule_steps import next_rule_step
from models.vocabulary import SEAT_CLOCKS, ActionName, ClockKind, RequestState, State
from models.worktime import WorkCalendar

Rules = TypeVar("Rules")


@dataclass(frozen=True, slots=True)
class Wake:
    """A moment at which time itself acts on a case."""

    at: datetime
    action: ActionName
    what: str = ""
    """Rung code, clock kind or request kind; of a task whose inspector has left, nothing."""


def next_wake(case: CaseState, city: City) -> Wake | None:
    """The earliest moment at which time acts on a case, or None."""
    return min(_wakes(case, city), key=_WHEN, default=None)


_WHEN = attrgetter("at")


def ladder_of(case: CaseState, city: City, clock: CaseClock | None = None) -> tuple[Rung, ...]:
    """The rungs a case climbs with its unit under the limit of its handle clock, or of one as it will be."""
    clock = clock or case.last_clock(ClockKind.HANDLE)
    return city.policy.ladder_for(priority_of(clock.limit_text), case.unit) if clock else city.policy.ladder


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


def request_moment(request: CaseRequest, city: City) -> datetime | None:
    """When an open request is next spoken of, or None once its whole ladder is climbed.

    Example: one work_day to decide, asked Monday 6 May 2019 11:30, three reminders and then the leader: the decider
    is reminded on Tuesday, Wednesday and Thursday at 11:30, the leader told on Friday 11:30. Whoever decides next has
    a time and a ladder of their own.
    """
    if city.policy.request_rung(request.reminders) is None:
        return None
    basis, amount = city.calendar.allowance(city.policy.requests[request.kind].decide_within)
    due = city.calendar.due(request.due_at, basis, amount * request.reminders, provisional_allowed=True)
    return due.at.astimezone(UTC)


def still_climbed(case: CaseState, moved: CaseClock, at: datetime, city: City) -> dict[str, Any]:
    """What a case still stands on once its deadline moves, as facts of the event that moves it.

    `moved` is its handle clock as it will be. In time again, the case stands on nothing: if it misses the new deadline
    too, that is another lateness, which climbs from the foot and gets a supervision order of its own. Late all the
    same, it is the same lateness: an order that was written stands and none is written again; of the other rungs it
    stands on those it has reached by the new deadline too, so that it leaves the bulletin until that moment. A clock
    that waits is judged by when it stopped, for a unit is not late by what comes after.

    Example: 4 work_hour, due Monday 6 May 2019 12:00, supervision order Tuesday 12:00, bulletin Friday 12:00. An
    extension asked in time and granted on Friday 15:00 makes it due Monday 18:00: late all the same, off the bulletin
    until Friday 18:00, still one order. Granted on Monday 15:00 it would be in time again.
    """
    former = case.last_clock(moved.kind)
    if former is None or former.due_at == moved.due_at or not case.rungs:
        return {}
    stopped = moved.spans[-1][1] or at
    if moved.due_at >= stopped:
        return {"rungs": [], "bulletin": False}
    ladder = ladder_of(case, city, moved)
    climbed_for, moments = former.due_at.isoformat(), rung_moments(moved, ladder, city.calendar)
    stands = [
        rung
        for rung in ladder
        if case.rungs.get(rung.code) == climbed_for and (rung.supervises or moments[rung.code] <= stopped)
    ]
    return {"rungs": [rung.code for rung in stands], "bulletin": any(rung.bulletin for rung in stands)}


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
        # One limit, however often it was extended: who was given more time is not given more patience too.
        one_limit = max(clock.original, timedelta(0))
        moment = max(moment, clock.moment_after(follows, clock.basis, one_limit, calendar)[0])
    return moment


def _wakes(case: CaseState, city: City) -> list[Wake]:
    wakes = [
        Wake(at, ActionName.REMIND_REQUEST, request.kind.value)
        for request in case.requests
        if request.state is RequestState.OPEN and (at := request_moment(request, city)) is not None
    ]
    if case.state is State.SUSPENDED and case.suspended_until is not None:
        wakes.append(Wake(case.suspended_until, ActionName.RESUME))
    clock = case.running_clock()
    if clock is None:
        return wakes
    if clock.kind is ClockKind.HANDLE:
        if not case.exempt and (rung := _rung_ahead(case, clock, city)):
            wakes.append(rung)
    elif clock.kind in SEAT_CLOCKS and not case.seat_alarmed:
        wakes += _remembered(clock, city.policy, city, _seat_alarm)[1]
    if case.inspector is not None:
        wakes += _left_behind(case, city)
    return wakes


def _left_behind(case: CaseState, city: City) -> list[Wake]:
    """The day on which an inspector's post ends and a rule gives the task to another; else a person must."""
    post = city.posts.get(case.inspector or "")
    if post is None or post.valid_until is None or case.last_event_at is None:
        return []
    ended = datetime.combine(post.valid_until, time.min, city.zone).astimezone(UTC)
    at = max(ended, case.last_event_at)
    step = next_rule_step(case, city, at)
    return [Wake(at, step.action)] if step else []


def _rung_ahead(case: CaseState, clock: CaseClock, city: City) -> Wake | None:
    due, rungs = _remembered(clock, ladder_of(case, city, clock), city, _rungs)
    return next((rung for rung in rungs if case.rungs.get(rung.what) != due), None)


def _rungs(clock: CaseClock, city: City, ladder: tuple[Rung, ...]) -> Iterable[Wake]:
    moments = rung_moments(clock, ladder, city.calendar)
    return sorted((Wake(at, ActionName.CLIMB, code) for code, at in moments.items()), key=_WHEN)


def _seat_alarm(clock: CaseClock, city: City, policy: Policy) -> Iterable[Wake]:
    moment = clock.moment_of(clock.amount * float(policy.seat_alarm_share), city.calendar)[0]
    # A clock that goes on after a verification may have been told of before it waited: once is enough.
    if moment > clock.spans[-1][0]:
        yield Wake(moment, ActionName.ALARM_SEAT, clock.kind.value)


def _remembered(
    clock: CaseClock, by: Rules, city: City, wakes: Callable[[CaseClock, City, Rules], Iterable[Wake]]
) -> tuple[str, tuple[Wake, ...]]:
    """The deadline as a text, and when time acts on a clock: asked at every step of a case, worked out once."""
    if clock.remembered is None or clock.remembered[0] is not by:
        clock.remembered = (by, clock.due_at.isoformat(), tuple(wakes(clock, city, by)))
    return clock.remembered[1:]
