"""Consultations 会商: open warnings call them, people call them, and nobody may forget them.

A change, its event and its notices are one transaction, the caller's.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from models.chain import canonical
from models.city import City
from models.duty_rules import DutyState
from models.flood_event import Happened, Recording
from models.flood_response import ConsultationState
from models.flood_rules import gravest
from models.flood_warning import Hazard
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from models.response_rules import (
    NOTHING,
    InForce,
    Suggestion,
    Where,
    asks_anew,
    covering_level,
    differs,
    level_at,
    suggested,
)
from tasks.acknowledge import How, acknowledge_subject
from tasks.database import claim
from tasks.duty_state import current_duty_state, set_duty_state
from tasks.flood_events import record_events
from tasks.flood_numbers import CONSULTATION, next_number
from tasks.flood_people import deciders_at
from tasks.numbers import NumberSeries
from tasks.response_notices import subject_of, tell_of_consultation, tell_of_lapse, tell_undecided
from tasks.response_rows import (
    CONSULTATIONS,
    ConsultationTold,
    consultation_told,
    find_consultation,
    in_force_at,
    last_considered,
    open_consultation_rows,
    open_warnings,
)

BY_RULE = "rule:suggestion"
"""Who opened a consultation that nobody called."""


@dataclass(frozen=True, slots=True)
class Consulted:
    """What a look at the warnings came to, by numbers of consultations."""

    opened: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    lapsed: tuple[str, ...] = ()


def stream_of(number: str) -> str:
    """The stream of events of a consultation."""
    return f"consultation:{number}"


def open_consultations(connection: Connection, city: City, now: datetime, recording: Recording) -> Consulted:
    """Open, change or end consultations so that they ask what the open warnings suggest; a second call does nothing.

    One is open at a time for a hazard and area. A suggestion that rises while it is open is added and told anew. A
    suggestion that comes to what is in force anyway ends it, unless a person called it.
    """
    flood = city.flood
    if flood is None:
        return Consulted()
    by_area = suggested(flood, open_warnings(connection), now.astimezone(city.zone).date())
    current = in_force_at(connection, now)
    open_ones = open_consultation_rows(connection)
    wheres = {*by_area, *current}
    last = last_considered(connection, wheres)
    again_after = flood.consultation.ask_again_after
    opened = []
    for where in sorted(wheres - open_ones.keys()):
        suggestion = by_area.get(where, NOTHING)
        if _asks(city, current, where, suggestion) and asks_anew(suggestion.level, last.get(where), now, again_after):
            opened.append(_open_if_none(connection, city, where, suggestion, current, recording))
    changed, lapsed = [], []
    for where, told in open_ones.items():
        suggestion = by_area.get(where, NOTHING)
        over = told.opened_by == BY_RULE and not _asks(city, current, where, suggestion)
        same = (suggestion.level, suggestion.warnings) == (told.suggested, told.warnings)
        if (same and not over) or not _held_open(connection, told):
            continue
        if over:
            _lapse(connection, city, told, current, recording)
            lapsed.append(told.number)
        else:
            _change(connection, city, told, suggestion, current, recording)
            changed.append(told.number)
    if not current and not by_area:
        _calm_down(connection, city, recording)
    return Consulted(tuple(filter(None, opened)), tuple(changed), tuple(lapsed))


def call_consultation(
    connection: Connection, city: City, hazard: Hazard, area: str, basis: str, by: str, recording: Recording
) -> ConsultationTold | Refusal:
    """A person calls a consultation, with or without warnings; one that is open already is that one."""
    if city.flood is None:
        return Refusal("no_response_here", {})
    if area not in city.areas:
        return Refusal("no_such_area", {"area": area})
    if not deciders_at(connection, city, recording.now).may_see_the_form(by):
        return Refusal("may_not_call", {"post": by})
    NumberSeries(connection).lock()
    there = open_consultation_rows(connection).get((hazard, area))
    if there is not None:
        return there
    day = recording.now.astimezone(city.zone).date()
    suggestion = suggested(city.flood, open_warnings(connection), day).get((hazard, area), NOTHING)
    current = in_force_at(connection, recording.now)
    return _open(
        connection, city, (hazard, area), suggestion, current, recording, by=by, basis=without_personal_numbers(basis)
    )


def _asks(city: City, current: dict[Where, InForce], where: Where, suggestion: Suggestion) -> bool:
    return differs(suggestion.level, level_at(current, *where), covering_level(current, city, *where))


def _held_open(connection: Connection, told: ConsultationTold) -> bool:
    """Whether a consultation is open still, kept for this transaction: somebody may have decided since it was read."""
    now = find_consultation(connection, told.number, to_decide=True)
    return now is not None and now.state is ConsultationState.OPEN


def _calm_down(connection: Connection, city: City, recording: Recording) -> None:
    """A room on warning, whose consultation was decided while the warnings lasted, is called off when they are over."""
    state = current_duty_state(connection, city, recording.now)
    if state is DutyState.WARNING and not open_warnings(connection):
        set_duty_state(connection, city, DutyState.ROUTINE, "warnings_over", BY_RULE, recording)


def _open_if_none(
    connection: Connection,
    city: City,
    where: Where,
    suggestion: Suggestion,
    current: dict[Where, InForce],
    recording: Recording,
) -> str | None:
    """Two who look at the same time wait for each other here, and the second finds it open."""
    NumberSeries(connection).lock()
    if where in open_consultation_rows(connection):
        return None
    return _open(connection, city, where, suggestion, current, recording).number


def _open(
    connection: Connection,
    city: City,
    where: Where,
    suggestion: Suggestion,
    current: dict[Where, InForce],
    recording: Recording,
    by: str = BY_RULE,
    basis: str = "",
) -> ConsultationTold:
    now, (hazard, area) = recording.now, where
    flood = city.flood
    decide_by = now + flood.consultation.decide_within if flood else now
    number = next_number(connection, city, CONSULTATION, now)
    ladder = flood.consultation.ladder if flood else ()
    row = {
        "number": number,
        "hazard": hazard.value,
        "area": area,
        "suggested_level": int(suggestion.level),
        "warnings": canonical(list(suggestion.warnings)),
        "human_decides": suggestion.human_decides,
        "basis": basis,
        "opened_at": now,
        "opened_by": by,
        "decide_by": decide_by,
        "state": ConsultationState.OPEN.value,
        "reminders": 0,
        "climbs_at": decide_by + ladder[0].after if ladder else None,
    }
    connection.execute(insert(CONSULTATIONS).values(row))
    own = level_at(current, hazard, area)
    facts: dict[str, Any] = {"hazard": hazard, "area": area, "suggested": suggestion.level.name, "in_force": own.name}
    facts |= {"basis": basis, "warnings": list(suggestion.warnings), "decide_by": decide_by.isoformat()}
    record_events(connection, stream_of(number), [Happened("opened", now, by, facts)], recording)
    told = find_consultation(connection, number)
    if told is None:
        raise LookupError(number)
    tell_of_consultation(connection, city, told, own, now)
    if suggestion.level and not own:
        keep_duty_state(connection, city, current, number, by, recording)
    return told


def _change(
    connection: Connection,
    city: City,
    told: ConsultationTold,
    suggestion: Suggestion,
    current: dict[Where, InForce],
    recording: Recording,
) -> None:
    """What the warnings suggest now stands beside what they suggested; a graver suggestion is told anew."""
    values = {
        "suggested_level": int(suggestion.level),
        "warnings": canonical(list(suggestion.warnings)),
        "human_decides": suggestion.human_decides,
    }
    connection.execute(update(CONSULTATIONS).where(CONSULTATIONS.c.number == told.number).values(values))
    rose = suggestion.level.gravity > told.suggested.gravity
    facts = {"suggested": suggestion.level.name, "before": told.suggested.name, "warnings": list(suggestion.warnings)}
    kind = "suggestion_rose" if rose else "suggestion_changed"
    record_events(connection, stream_of(told.number), [Happened(kind, recording.now, BY_RULE, facts)], recording)
    if rose:
        anew = replace(
            told, suggested=suggestion.level, warnings=suggestion.warnings, human_decides=suggestion.human_decides
        )
        tell_of_consultation(connection, city, anew, level_at(current, *told.where), recording.now)


def _lapse(
    connection: Connection,
    city: City,
    told: ConsultationTold,
    current: dict[Where, InForce],
    recording: Recording,
) -> None:
    """Nothing is left to decide; the events keep that it was asked, and for how long nobody answered."""
    now = recording.now
    close_consultation(connection, told.number, ConsultationState.LAPSED, now)
    facts = {"suggested": told.suggested.name, "open_seconds": int((now - told.opened_at).total_seconds())}
    record_events(connection, stream_of(told.number), [Happened("lapsed", now, BY_RULE, facts)], recording)
    acknowledge_subject(connection, subject_of(told.number), BY_RULE, How.ACTION, now)
    tell_of_lapse(connection, city, told, level_at(current, *told.where), now)
    keep_duty_state(connection, city, current, told.number, BY_RULE, recording)


def remind_undecided(connection: Connection, city: City, now: datetime, recording: Recording) -> int:
    """Let consultations nobody decided climb their ladder; what a late visit missed, the highest rung makes up for."""
    if city.flood is None:
        return 0
    due = select(CONSULTATIONS).where(CONSULTATIONS.c.climbs_at <= now).order_by(CONSULTATIONS.c.climbs_at)
    rows = connection.execute(claim(due, connection)).all()
    current = in_force_at(connection, now) if rows else {}
    ladder = city.flood.consultation.ladder
    for row in rows:
        told = consultation_told(row)
        reached = [n for n in range(told.reminders, len(ladder)) if told.decide_by + ladder[n].after <= now]
        following = reached[-1] + 1 if reached else len(ladder)
        climbs_at = told.decide_by + ladder[following].after if following < len(ladder) else None
        moved = update(CONSULTATIONS).where(CONSULTATIONS.c.number == told.number)
        connection.execute(moved.values(reminders=following, climbs_at=climbs_at))
        for rung in reached[-1:]:
            tell_undecided(connection, city, told, level_at(current, *told.where), rung, ladder[rung].to, now)
            facts = {"rung": rung, "open_seconds": int((now - told.opened_at).total_seconds())}
            happened = Happened("undecided", now, BY_RULE, facts)
            record_events(connection, stream_of(told.number), [happened], recording)
    return len(rows)


def close_consultation(connection: Connection, number: str, state: ConsultationState, now: datetime) -> None:
    """Nothing more is asked; the ladder ends."""
    values = {"state": state.value, "closed_at": now, "climbs_at": None}
    connection.execute(update(CONSULTATIONS).where(CONSULTATIONS.c.number == number).values(values))


def keep_duty_state(
    connection: Connection, city: City, current: dict[Where, InForce], why: str, actor: str, recording: Recording
) -> None:
    """The state of the duty room: that of the gravest level in force, else warning while warnings last."""
    if city.flood is None:
        return
    level = gravest(*(one.level for one in current.values()))
    calm = DutyState.WARNING if open_warnings(connection) else DutyState.ROUTINE
    state = city.flood.duty_state_at(level) if level else calm
    set_duty_state(connection, city, state, why, actor, recording)
