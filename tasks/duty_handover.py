"""A handover 交接班 at the desk: the outgoing officer confirms the record with words, the incoming one accepts it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, update

from models.flood_event import Happened
from models.refusal import Refusal
from tasks.duty_shifts import Acting
from tasks.flood_events import record_events
from tasks.handovers import HANDOVERS, Handover, accept_notices, handover_of
from tasks.subject_notices import write_subject_notices

LONGEST_WORDS = 2_000


def confirm_handover(connection: Connection, acting: Acting, shift_code: str, words: str) -> Handover | Refusal:
    """The outgoing side confirms the record of a shift and says what is left over.

    Refused: duty_no_handover, duty_not_of_outgoing, duty_handover_confirmed and duty_handover_accepted (with who and
    when).
    """
    handover = handover_of(connection, acting.city, shift_code)
    if handover is None:
        return Refusal("duty_no_handover", {"shift": shift_code})
    if handover.outgoing.of_post(acting.post) is None:
        return Refusal("duty_not_of_outgoing", {"shift": shift_code})
    if handover.accepted_at is not None:
        return Refusal("duty_handover_accepted", {"post": handover.accepted_by, "at": handover.accepted_at})
    said = words.replace("\0", "").strip()[:LONGEST_WORDS]
    mine = {"confirmed_by": acting.post, "confirmed_at": acting.now, "words": said}
    if handover.incoming is None:
        mine["climbs_at"] = None
    if not _signed(connection, handover, HANDOVERS.c.confirmed_at.is_(None), mine):
        return _overtaken(connection, acting, shift_code, "duty_handover_confirmed")
    happened = Happened("handover_confirmed", acting.now, acting.post, {"words": said})
    record_events(connection, handover.outgoing.stream, [happened], acting.recording)
    write_subject_notices(connection, accept_notices(acting.city, handover), acting.now)
    return handover_of(connection, acting.city, shift_code) or handover


def accept_handover(connection: Connection, acting: Acting, shift_code: str) -> Handover | Refusal:
    """The incoming side accepts the record of the shift before theirs, once it is confirmed; then its ladder ends.

    A record the outgoing side has not confirmed in time may be accepted as it is, and the event says so. Refused:
    duty_no_handover, duty_not_of_incoming, duty_sign_in_first, duty_handover_accepted, duty_handover_unconfirmed,
    duty_handover_needs_two.
    """
    handover = handover_of(connection, acting.city, shift_code)
    if handover is None:
        return Refusal("duty_no_handover", {"shift": shift_code})
    refusal = _not_to_accept(handover, acting)
    if refusal is not None:
        return refusal
    mine = {"accepted_by": acting.post, "accepted_at": acting.now, "climbs_at": None}
    if not _signed(connection, handover, HANDOVERS.c.accepted_at.is_(None), mine):
        return _overtaken(connection, acting, shift_code, "duty_handover_accepted")
    facts = {
        "confirmed_by": handover.confirmed_by,
        "unconfirmed": handover.confirmed_at is None,
        "late": acting.now > handover.due_at(acting.city),
    }
    happened = Happened("handover_accepted", acting.now, acting.post, facts)
    record_events(connection, handover.outgoing.stream, [happened], acting.recording)
    return handover_of(connection, acting.city, shift_code) or handover


def _not_to_accept(handover: Handover, acting: Acting) -> Refusal | None:
    stand = handover.incoming.of_post(acting.post) if handover.incoming else None
    if stand is None or handover.incoming is None:
        return Refusal("duty_not_of_incoming", {"shift": handover.outgoing.code})
    if handover.accepted_at is not None:
        return Refusal("duty_handover_accepted", {"post": handover.accepted_by, "at": handover.accepted_at})
    if stand.signed_in_at is None:
        return Refusal("duty_sign_in_first")
    due_at = handover.due_at(acting.city)
    if handover.confirmed_at is None and acting.now < due_at:
        return Refusal("duty_handover_unconfirmed", {"until": due_at})
    others = {one.stands for one in handover.incoming.stands} - {acting.post, None}
    if handover.confirmed_by == acting.post and others:
        return Refusal("duty_handover_needs_two")
    return None


def _signed(connection: Connection, handover: Handover, still: ColumnElement[bool], mine: Mapping[str, Any]) -> bool:
    """Whether this signature was the first of its side."""
    signed = update(HANDOVERS).where(HANDOVERS.c.id == handover.id, still, HANDOVERS.c.accepted_at.is_(None))
    return connection.execute(signed.values(mine).returning(HANDOVERS.c.id)).first() is not None


def _overtaken(connection: Connection, acting: Acting, shift_code: str, code: str) -> Refusal:
    """Somebody else of the same side was first: who, and when."""
    now = handover_of(connection, acting.city, shift_code)
    if now is None:
        return Refusal("duty_no_handover", {"shift": shift_code})
    if now.accepted_at is not None:
        return Refusal("duty_handover_accepted", {"post": now.accepted_by, "at": now.accepted_at})
    return Refusal(code, {"post": now.confirmed_by, "at": now.confirmed_at})
