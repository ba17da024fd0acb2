"""Calls for warnings: one for a place, which covers all warnings that last there, until the last of them has ended.

    start_calls_for_warnings      a place gets a call, or its running one covers one warning more
    end_calls_of_ended_warnings   a call whose last warning has ended is over, and whoever was called hears of it

A warning graver than the running call calls anew and takes its place: people who answered for orange are woken for red.
After everybody has answered a further warning calls again: they answered for what was known then.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, insert, select, update

from models.call import EndedWhy
from models.city import City
from models.flood_event import Happened, Recording
from models.flood_warning import FloodWarning, Severity
from models.tables import table_of
from tasks.call_rows import CALLS, COVERED, hold_call, read_targets, stream_of, warnings_of
from tasks.call_telling import Telling, tell_the_end
from tasks.calls import RULE, Calling, Started, finish, run_call
from tasks.flood_events import record_events
from tasks.numbers import NumberSeries

WARNINGS = table_of(FloodWarning)

GOES_ON, COVERS, LIFTED = "goes_on", "covers", "call_lifted"
"""Events in the stream call:<number>."""

ORDER = {colour.value: place for place, colour in enumerate(Severity)}


def start_calls_for_warnings(
    connection: Connection, city: City, now: datetime, recording: Recording
) -> tuple[Started, ...]:
    """Call for each place where a warning lasts that calls people and has had no call, in the caller's transaction.

    Whoever raises warnings asks this at once, in the transaction that raised them; the sweep asks again every minute.
    A warning is called for once, whoever asks. Example: start_calls_for_warnings(connection, city, now, recording).
    """
    if city.calls is None or connection.execute(_uncalled(now).limit(1)).first() is None:
        return ()
    NumberSeries(connection).lock()  # Whoever else starts the same waits here, and then sees this one.
    places: dict[tuple[str, bool], list[Row[Any]]] = {}
    for row in connection.execute(_uncalled(now).order_by(WARNINGS.c.id)):
        if not _had_before(connection, row):
            places.setdefault((row.station or row.area, row.drill), []).append(row)
    started = [_call_for(connection, city, rows, recording) for rows in places.values()]
    return tuple(one for one in started if one is not None)


def end_calls_of_ended_warnings(connection: Connection, city: City, recording: Recording) -> tuple[str, ...]:
    """End the calls whose warnings have all ended, and give back their numbers.

    Where another warning took the place of one a call goes on for that one, or ends without a word: a graver one calls
    anew. Whoever has answered a call hears then as well that the danger is over 解除.
    """
    go_on_with_calls(connection, city, recording)
    ended = []
    for row in connection.execute(_over()).all():
        if row.ended_at is None:
            done = finish(connection, city, row, EndedWhy.WARNING_ENDED, RULE, recording)
        else:
            done = _lift(connection, city, row, recording)
        ended += [row.number] if done else []
    return tuple(ended)


def go_on_with_calls(connection: Connection, city: City, recording: Recording) -> None:
    """Let calls one of whose warnings was replaced by another colour go on for that one; a graver one has its own."""
    replaced = connection.execute(_with_followers()).all()
    if replaced:
        # Numbers before calls, as whoever enters a signal does: in another order the two would wait for each other.
        NumberSeries(connection).lock()
    over = set[int]()
    for row in replaced:
        if row.id in over:
            continue
        if not _graver(row.following_severity, row.severity):
            _cover(connection, row, [row.following], GOES_ON, recording)
            continue
        over.add(row.id)
        if row.ended_at is None:
            finish(connection, city, row, EndedWhy.REPLACED, RULE, recording)


def _uncalled(now: datetime) -> Select[Any]:
    had = exists().where(COVERED.c.warning == WARNINGS.c.number)
    return select(WARNINGS).where(WARNINGS.c.ended_at.is_(None), WARNINGS.c.recorded_at <= now, WARNINGS.c.calls, ~had)


def _call_for(connection: Connection, city: City, rows: Sequence[Row[Any]], recording: Recording) -> Started | None:
    """A call for the warnings of one place that had none, or None where the one that runs covers them."""
    first = min(rows, key=lambda row: (-ORDER.get(row.severity, -1), row.id))
    place = first.station or first.area
    running = connection.execute(
        select(CALLS).where(
            CALLS.c.subject == place,
            CALLS.c.drill == first.drill,
            CALLS.c.warning.is_not(None),
            CALLS.c.ended_at.is_(None),
        )
    ).first()
    if running is not None and not _graver(first.severity, running.severity):
        _cover(connection, running, [row.number for row in rows], COVERS, recording)
        return None
    if running is not None:
        finish(connection, city, running, EndedWhy.REPLACED, RULE, recording)
    calling = Calling(place, "", first.drill, first.area, first.number, first.severity)
    started = run_call(connection, city, calling, RULE, f"warning:{first.number}", recording)
    _take_over(connection, started, place, first, recording)
    return started


def _take_over(connection: Connection, started: Started, place: str, first: Row[Any], recording: Recording) -> None:
    """Let a new call cover every warning that lasts at its place; of former ones nobody hears an end any more."""
    call = connection.execute(select(CALLS).where(CALLS.c.number == started.number)).one()
    here = WARNINGS.c.station == place if first.station else WARNINGS.c.station.is_(None) & (WARNINGS.c.area == place)
    lasting = select(WARNINGS.c.number).where(
        here, WARNINGS.c.drill == first.drill, WARNINGS.c.calls, WARNINGS.c.ended_at.is_(None)
    )
    others = [number for number in connection.scalars(lasting.order_by(WARNINGS.c.id)) if number != first.number]
    connection.execute(insert(COVERED).values(call_id=call.id, warning=first.number))
    _cover(connection, call, others, COVERS, recording)
    former = (CALLS.c.subject == place, CALLS.c.drill == first.drill, CALLS.c.warning.is_not(None))
    connection.execute(
        update(CALLS)
        .where(*former, CALLS.c.id != call.id, CALLS.c.ended_at.is_not(None), CALLS.c.lifted_at.is_(None))
        .values(lifted_at=recording.now)
    )


def _cover(connection: Connection, call: Row[Any], numbers: Sequence[str], kind: str, recording: Recording) -> None:
    """Let a call cover warnings it did not cover yet; the newest that took another's place is the one it names."""
    there = set(warnings_of(connection, call.id))
    new = [number for number in numbers if number not in there]
    if not new:
        return
    connection.execute(insert(COVERED), [{"call_id": call.id, "warning": number} for number in new])
    if kind == GOES_ON:
        connection.execute(update(CALLS).where(CALLS.c.id == call.id).values(warning=new[-1]))
    happened = [Happened(kind, recording.now, RULE, {"warning": number}) for number in new]
    record_events(connection, stream_of(call.number), happened, recording)


def _waits() -> ColumnElement[bool]:
    """Calls for warnings that run, or that everybody has answered and whose end nobody was told."""
    return and_(
        CALLS.c.lifted_at.is_(None),
        CALLS.c.warning.is_not(None),
        CALLS.c.ended_at.is_(None) | (CALLS.c.ended_why == EndedWhy.ANSWERED.value),
    )


def _over() -> Select[Any]:
    """Those of which no warning lasts any more."""
    lasts = (
        exists()
        .where(COVERED.c.call_id == CALLS.c.id, WARNINGS.c.number == COVERED.c.warning)
        .where(WARNINGS.c.ended_at.is_(None))
    )
    return select(CALLS).where(_waits(), ~lasts).order_by(CALLS.c.id)


def _with_followers() -> Select[Any]:
    """Each call with a warning that lasts in place of one of its own that ended, and that it does not cover yet."""
    following, mine = WARNINGS.alias("following"), COVERED.alias("mine")
    same = and_(
        following.c.subject == WARNINGS.c.subject,
        following.c.drill == WARNINGS.c.drill,
        following.c.ended_at.is_(None),
    )
    covered = exists().where(mine.c.call_id == CALLS.c.id, mine.c.warning == following.c.number)
    found = select(CALLS, following.c.number.label("following"), following.c.severity.label("following_severity"))
    found = found.join_from(CALLS, COVERED, COVERED.c.call_id == CALLS.c.id)
    found = found.join(WARNINGS, WARNINGS.c.number == COVERED.c.warning).join(following, same)
    return found.where(_waits(), WARNINGS.c.ended_at.is_not(None), ~covered).order_by(CALLS.c.id, following.c.id)


def _lift(connection: Connection, city: City, call: Row[Any], recording: Recording) -> bool:
    """Tell whoever answered a call that the danger is over, once; whether that was now."""
    call = hold_call(connection, call.id)
    if call.lifted_at is not None:
        return False
    connection.execute(update(CALLS).where(CALLS.c.id == call.id).values(lifted_at=recording.now))
    if city.calls is not None:
        why = EndedWhy.WARNING_ENDED.value
        telling = Telling(connection, city, city.calls, call, recording.now)
        tell_the_end(telling, read_targets(connection, call.id), why)
    happened = Happened(LIFTED, recording.now, RULE, {"why": EndedWhy.WARNING_ENDED.value})
    record_events(connection, stream_of(call.number), [happened], recording)
    return True


def _graver(severity: str | None, than: str | None) -> bool:
    return severity in ORDER and (than not in ORDER or ORDER[severity] > ORDER[than])


def _had_before(connection: Connection, warning: Row[Any]) -> bool:
    """Whether people were called for the warning this one replaced, and it is no graver: nobody is woken for less."""
    former = json.loads(warning.evidence).get("former")
    if former is None:
        return False
    calls = connection.execute(
        select(CALLS.c.severity)
        .join_from(CALLS, COVERED, COVERED.c.call_id == CALLS.c.id)
        .where(COVERED.c.warning == former, CALLS.c.drill == warning.drill)
    ).all()
    return any(not _graver(warning.severity, call.severity) for call in calls)
