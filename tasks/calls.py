"""Calls start and end, each once, everybody of the first step called in one transaction; by hand from here.

For warnings they do in `warning_calls`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from models.call import Call, EndedWhy, TargetState
from models.call_readers import may_start
from models.call_rules import CallRules, ChainLink
from models.city import City
from models.flood_event import Happened, Recording
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from tasks.call_places import is_place
from tasks.call_rows import CALLS, NOBODY_NAMED, TARGETS, find_call, hold_call, read_targets, stream_of
from tasks.call_telling import Telling, call_people, tell_duty_room, tell_the_end
from tasks.duty_leaders import duty_leaders
from tasks.flood_events import record_events
from tasks.numbers import NumberSeries, numbered
from tasks.wording import clean

NUMBER, DRILL_NUMBER = "JY{date}-{serial:03d}", "YLJ{date}-{serial:03d}"
"""How calls are numbered, and those of a drill 演练."""

STARTED, TOLD, CLIMBED, ANSWERED, ENDED = "call_started", "told", "climbed", "answered", "call_ended"
"""Events in the stream call:<number>."""

RULE = "rule:calls"


@dataclass(frozen=True, slots=True)
class Calling:
    """A call before it has a number."""

    subject: str
    """Area, station or place it is about."""
    reason: str = ""
    drill: bool = False
    area: str | None = None
    """Where a station lies that calls.yaml does not know."""
    warning: str | None = None
    severity: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A call that runs: its number, how many places it has, and whether it was there before."""

    number: str
    drill: bool
    called: int
    already: bool = False


def start_call(
    connection: Connection, city: City, calling: Calling, *, by: str, key: str, recording: Recording
) -> Started | Refusal:
    """Start a call by hand, in the caller's transaction; the same key again gives the call that it started.

    Refused: somebody who may not, a place the city does not know, a call without a reason, and one for a place for
    which one runs already, which would wake the same people twice. A drill and the real thing never stand in each
    other's way.
    """
    refused = may_start(city, by, recording.now)
    if refused is not None:
        return refused
    there = _started_before(connection, key)
    if there is not None:
        return there
    if not is_place(city, calling.subject):
        return Refusal("unknown_place", {"place": calling.subject})
    if not clean(calling.reason):
        return Refusal("call_without_reason", {})
    runs = connection.scalar(
        select(CALLS.c.number).where(
            CALLS.c.subject == calling.subject, CALLS.c.drill == calling.drill, CALLS.c.ended_at.is_(None)
        )
    )
    if runs is not None:
        return Refusal("call_runs", {"number": runs})
    return run_call(connection, city, calling, by, key, recording)


def end_call(connection: Connection, city: City, number: str, by: str, recording: Recording) -> bool | Refusal:
    """End a call by hand; False where it has ended before."""
    refused = may_start(city, by, recording.now)
    if refused is not None:
        return refused
    call = find_call(connection, number)
    if call is None:
        return Refusal("unknown_call", {"number": number})
    return finish(connection, city, call, EndedWhy.BY_HAND, by, recording)


def finish(connection: Connection, city: City, call: Row[Any], why: EndedWhy, by: str, recording: Recording) -> bool:
    """End a call, once: nobody is called any more, and whoever was called hears of it, unless all have answered."""
    call = hold_call(connection, call.id)
    if call.ended_at is not None:
        return False
    values = {"ended_at": recording.now, "ended_by": by, "ended_why": why.value}
    connection.execute(update(CALLS).where(CALLS.c.id == call.id).values(values))
    connection.execute(
        update(TARGETS).where(TARGETS.c.call_id == call.id, TARGETS.c.climbs_at.is_not(None)).values(climbs_at=None)
    )
    targets = read_targets(connection, call.id)
    if why in (EndedWhy.WARNING_ENDED, EndedWhy.BY_HAND) and city.calls is not None:
        tell_the_end(Telling(connection, city, city.calls, call, recording.now), targets, why.value)
    silent = sorted({row.post for row in targets if row.told_at is not None and row.answered_at is None})
    happened = Happened(ENDED, recording.now, by, {"why": why.value, "silent": silent})
    record_events(connection, stream_of(call.number), [happened], recording)
    return True


def _started_before(connection: Connection, key: str) -> Started | None:
    NumberSeries(connection).lock()  # Whoever else starts the same waits here, and then sees this one.
    call = connection.execute(select(CALLS).where(CALLS.c.key == key)).first()
    if call is None:
        return None
    return Started(call.number, call.drill, len(read_targets(connection, call.id)), already=True)


def run_call(connection: Connection, city: City, calling: Calling, by: str, key: str, recording: Recording) -> Started:
    """Begin a call that nothing speaks against: its row, its places, and the messages of the first step."""
    rules = city.calls or CallRules(())
    now, links = recording.now, rules.called_for(calling.subject, calling.area)
    series = NumberSeries(connection)
    pattern = DRILL_NUMBER if calling.drill else NUMBER
    number = numbered(series, pattern, {"date": now.astimezone(city.zone).strftime("%Y%m%d")})
    series.save()
    connection.execute(insert(CALLS).values(_call_row(calling, number, key, by, now)))
    call = find_call(connection, number)
    if call is None:
        raise LookupError(f"call {number}: the database did not keep it")
    connection.execute(insert(TARGETS), _target_rows(connection, city, calling, links, call.id, now))
    targets = read_targets(connection, call.id)
    telling = Telling(connection, city, rules, call, now)
    told = call_people(telling, [row.id for row in targets if row.step == 1], targets)
    tell_duty_room(telling, len(told))
    happened = [
        Happened(STARTED, now, by, _said(calling, targets)),
        Happened(TOLD, now, RULE, {"posts": sorted(told)}),
    ]
    record_events(connection, stream_of(number), happened, recording)
    return Started(number, calling.drill, len(targets))


def _call_row(calling: Calling, number: str, key: str, by: str, now: datetime) -> dict[str, Any]:
    row = Call(
        number=number,
        key=key,
        drill=calling.drill,
        warning=calling.warning,
        subject=calling.subject,
        severity=calling.severity,
        reason=without_personal_numbers(clean(calling.reason)),
        started_by=by,
        started_at=now,
    )
    return row.model_dump(exclude={"id"})


def _target_rows(
    connection: Connection, city: City, calling: Calling, links: Sequence[ChainLink], call_id: int, now: datetime
) -> list[dict[str, Any]]:
    """One row a place. Where the city names nobody for it, the duty leader is called: no call ends with nobody."""
    named = [(link.subject, link.chain, link.step, link.duty.value, link.post) for link in links]
    if not named:
        leaders = duty_leaders(connection, city, now)
        named = [(calling.subject, NOBODY_NAMED, 1, "duty_leader", post) for post in leaders]
    blank = {"call_id": call_id, "state": TargetState.WAITING.value, "words": "", "rung": 0}
    return [
        {**blank, "subject": subject, "chain": chain, "step": step, "duty": duty, "post": post}
        for subject, chain, step, duty, post in named
    ]


def _said(calling: Calling, targets: Sequence[Row[Any]]) -> dict[str, Any]:
    facts: dict[str, Any] = {"subject": calling.subject, "reason": without_personal_numbers(clean(calling.reason))}
    facts |= {"warning": calling.warning, "severity": calling.severity}
    places = [f"{row.subject} {row.chain} {row.step} {row.post}" for row in targets]
    return {**facts, "drill": calling.drill, "places": places}
