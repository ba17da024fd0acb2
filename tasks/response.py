"""The response: the first valid decision of a consultation is a row, and everything follows from it.

A change, its event, its notices and the deadlines it starts are one transaction, the caller's.
"""

from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from models.city import City
from models.flood_event import Happened, Recording
from models.flood_response import ConsultationState
from models.flood_rules import ResponseLevel
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from models.response_rules import DecisionWish, level_at, refuse_decision
from tasks.acknowledge import How, acknowledge_subject
from tasks.consultations import close_consultation, keep_duty_state, stream_of
from tasks.flood_events import record_events
from tasks.flood_people import deciders_at
from tasks.report_deadlines import begin_response_reports, end_response_reports
from tasks.response_notices import subject_of, tell_of_decision
from tasks.response_rows import (
    DECISIONS,
    ConsultationTold,
    DecisionTold,
    decision_by_key,
    decision_of,
    find_consultation,
    in_force_at,
)


def decide(
    connection: Connection, city: City, wish: DecisionWish, key: str, recording: Recording
) -> DecisionTold | Refusal:
    """Write a decision, if it is valid and the first of its consultation; all that follows goes with it.

    The same key is the same decision. Who comes second is told who was first and when. A refusal is an event too.
    """
    now = recording.now
    again = decision_by_key(connection, key)
    if again is not None:
        return again
    told = find_consultation(connection, wish.consultation, to_decide=True)
    if told is None:
        return Refusal("unknown_consultation", {"number": wish.consultation})
    refusal = _refuse_late(connection, told)
    if refusal is not None:
        return refusal
    current = in_force_at(connection, now)
    own = level_at(current, wish.hazard, wish.area)
    refusal = refuse_decision(city, wish, told.where, own, deciders_at(connection, city, now), now)
    if refusal is not None:
        _note_refusal(connection, wish, key, refusal, recording)
        return refusal
    decision = _decision(wish, told, own, key, recording)
    if not _write(connection, decision, recording):
        return _refuse_late(connection, told) or Refusal("unknown_consultation", {"number": wish.consultation})
    _follow(connection, city, decision, recording)
    return decision


def _refuse_late(connection: Connection, told: ConsultationTold) -> Refusal | None:
    first = decision_of(connection, told.number)
    if first is not None:
        facts = {"number": told.number, "by": first.by, "signed_by": first.signed_by, "level": first.level.name}
        return Refusal("decided_already", {**facts, "at": first.at.isoformat(), "kept": first.kept})
    if told.state is ConsultationState.LAPSED and told.closed_at is not None:
        return Refusal("consultation_lapsed", {"number": told.number, "at": told.closed_at.isoformat()})
    return None


def _note_refusal(connection: Connection, wish: DecisionWish, key: str, refusal: Refusal, recording: Recording) -> None:
    facts = {"key": key, "code": refusal.code, "facts": dict(refusal.facts), "signed_by": wish.signed_by}
    happened = Happened("decision_refused", recording.now, wish.by, facts)
    record_events(connection, stream_of(wish.consultation), [happened], recording)


def _decision(
    wish: DecisionWish, told: ConsultationTold, own: ResponseLevel, key: str, recording: Recording
) -> DecisionTold:
    return DecisionTold(
        told.number,
        wish.hazard,
        wish.area,
        own if wish.level is None else wish.level,
        wish.level is None,
        own,
        told.suggested,
        without_personal_numbers(wish.basis.strip()),
        wish.issuer,
        wish.signed_by,
        wish.by,
        recording.now,
        key,
        recording.origin,
    )


def _write(connection: Connection, decision: DecisionTold, recording: Recording) -> bool:
    """The row; False where another one of the consultation is there, which the database's unique key says."""
    row = {
        "consultation": decision.consultation,
        "hazard": decision.hazard.value,
        "area": decision.area,
        "level": int(decision.level),
        "kept": decision.kept,
        "former_level": int(decision.former),
        "suggested_level": int(decision.suggested),
        "basis": decision.basis,
        "issuer": decision.issuer,
        "signed_by": decision.signed_by,
        "by": decision.by,
        "at": decision.at,
        "key": decision.key,
        "origin": decision.origin,
        "flow_run_id": recording.flow_run_id,
    }
    try:
        with connection.begin_nested():
            connection.execute(insert(DECISIONS).values(row))
    except IntegrityError:
        return False
    return True


def _follow(connection: Connection, city: City, decision: DecisionTold, recording: Recording) -> None:
    """What a decision brings about: the consultation's end, the room's state, what units are told, deadlines."""
    now = recording.now
    close_consultation(connection, decision.consultation, ConsultationState.DECIDED, now)
    facts = {
        **{"hazard": decision.hazard, "area": decision.area, "level": decision.level.name, "kept": decision.kept},
        **{"former": decision.former.name, "suggested": decision.suggested.name, "basis": decision.basis},
        **{"issuer": decision.issuer, "signed_by": decision.signed_by, "key": decision.key},
    }
    happened = Happened("decided", now, decision.by, facts)
    record_events(connection, stream_of(decision.consultation), [happened], recording)
    acknowledge_subject(connection, subject_of(decision.consultation), decision.by, How.ACTION, now)
    current = in_force_at(connection, now)
    keep_duty_state(connection, city, current, decision.consultation, decision.by, recording)
    tell_of_decision(connection, city, decision, now)
    if decision.kept:
        return
    if decision.level:
        begin_response_reports(connection, city, decision.hazard, decision.area, decision.level, recording)
    else:
        end_response_reports(connection, city, decision.hazard, decision.area, recording)
