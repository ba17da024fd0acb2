"""Silence climbs in calls: the next of the chain and the duty leader are called, until a human answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, and_, literal, or_, select

from models.call import EndedWhy, TargetState
from models.call_climbing import Climbing, climb
from models.call_rules import DUTY_LEADER, CallRules
from models.city import City
from models.flood_event import Happened, Recording
from models.notice import Notice, NoticeKind, NoticeState
from models.tables import table_of
from models.vocabulary import Role
from tasks.call_rows import (
    CALLS,
    TARGETS,
    ChainKey,
    awake_chains,
    by_chain,
    change_targets,
    hold_call,
    places_of,
    read_targets,
    stream_of,
    wanted_of,
)
from tasks.call_telling import Telling, call_people, tell_of_silence
from tasks.calls import CLIMBED, RULE, TOLD, finish
from tasks.database import claim
from tasks.duty_leaders import duty_leaders
from tasks.flood_events import record_events
from tasks.undelivered import on_duty

NOTICES = table_of(Notice)


@dataclass(frozen=True, slots=True)
class Climbs:
    """What became of the calls that were due."""

    calls: tuple[str, ...] = ()
    """Numbers of calls in which silence climbed."""
    silent: int = 0
    """Places whose silence climbed."""


def climb_calls(connection: Connection, city: City, now: datetime, recording: Recording) -> Climbs:
    """Let every silence that is due climb, in the caller's transaction; again at the same moment changes nothing.

    Whom no channel could reach is not waited for: their silence climbs at once.
    """
    if city.calls is None:
        return Climbs()
    undelivered = _undelivered(connection, now)
    due = select(TARGETS.c.call_id).where(TARGETS.c.climbs_at <= now)
    wanted = or_(CALLS.c.id.in_(due), CALLS.c.id.in_(list(undelivered)))
    open_ones = select(CALLS.c.id).where(CALLS.c.ended_at.is_(None), wanted).order_by(CALLS.c.id)
    numbers, silent = [], 0
    for call_id in connection.scalars(claim(open_ones, connection)).all():
        call = hold_call(connection, call_id)
        climbed = _climb_call(connection, city, city.calls, call, undelivered.get(call_id, frozenset()), recording)
        numbers += [call.number] if climbed else []
        silent += climbed
    return Climbs(tuple(numbers), silent)


def _undelivered(connection: Connection, now: datetime) -> dict[int, frozenset[int]]:
    """Called places whose message failed on every channel, by call, while their time still runs."""
    same = and_(
        NOTICES.c.subject == literal("flood:") + CALLS.c.number,
        NOTICES.c.recipient == TARGETS.c.told,
        NOTICES.c.created_at >= TARGETS.c.told_at,
    )
    rows = connection.execute(
        select(TARGETS.c.call_id, TARGETS.c.id)
        .join_from(TARGETS, CALLS, CALLS.c.id == TARGETS.c.call_id)
        .join(NOTICES, same)
        .where(
            CALLS.c.ended_at.is_(None),
            TARGETS.c.state == TargetState.TOLD.value,
            TARGETS.c.climbs_at > now,
            NOTICES.c.kind == NoticeKind.CALL.value,
            NOTICES.c.state == NoticeState.FAILED.value,
        )
    )
    found: dict[int, set[int]] = {}
    for row in rows:
        found.setdefault(row.call_id, set()).add(row.id)
    return {call_id: frozenset(ids) for call_id, ids in found.items()}


def _climb_call(
    connection: Connection,
    city: City,
    rules: CallRules,
    call: Row[Any],
    undelivered: frozenset[int],
    recording: Recording,
) -> int:
    if undelivered:
        change_targets(
            connection, [{"id": i, "due_at": recording.now, "climbs_at": recording.now} for i in undelivered]
        )
    targets, now = read_targets(connection, call.id), recording.now
    asked = _asks(connection, city, now)
    climbings = {
        key: climb(places_of(rows), wanted_of(city, key[1]), rules, now, asked)
        for key, rows in by_chain(targets).items()
    }
    telling = Telling(connection, city, rules, call, now)
    told = _tell(telling, climbings, targets)
    changes = [
        {"id": one.id, "state": one.state.value, "rung": one.rung, "climbs_at": one.climbs_at}
        for climbing in climbings.values()
        for one in climbing.silent
    ]
    change_targets(connection, changes)
    about = [f"{key[0]} {key[1]}" for key, climbing in climbings.items() if climbing.about]
    happened = [Happened(CLIMBED, now, RULE, {"chains": about})] if about else []
    happened += [Happened(TOLD, now, RULE, {"posts": sorted(told)})] if told else []
    record_events(connection, stream_of(call.number), happened, recording)
    if not awake_chains(city, targets)[1]:
        finish(connection, city, call, EndedWhy.ANSWERED, RULE, recording)
    return sum(len(climbing.about) for climbing in climbings.values())


def _tell(telling: Telling, climbings: Mapping[ChainKey, Climbing], targets: Sequence[Row[Any]]) -> set[str]:
    ids = {one for climbing in climbings.values() for one in climbing.tell}
    told = call_people(telling, ids, targets) if ids else set()
    return told | tell_of_silence(telling, climbings, targets)


def _asks(connection: Connection, city: City, now: datetime) -> Callable[[str], Sequence[str]]:
    @cache
    def posts_of(to: str) -> Sequence[str]:
        return duty_leaders(connection, city, now) if to == DUTY_LEADER else on_duty(city, Role(to), now)

    return posts_of
