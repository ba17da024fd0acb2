"""Signing in to a shift 到岗签到: whoever is rostered, or in their stead the one whom the ladder called."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, update

from models.duty import ShiftState
from models.flood_event import Happened
from models.refusal import Refusal
from tasks.duty_shifts import ASSIGNMENTS, Acting, Shift, Stand, shift_coded
from tasks.flood_events import read_events, record_events

OPENS_BEFORE = timedelta(minutes=60)
"""So long before a shift people may sign in to it: they come before the handover to look at the record."""

BACKUP_CALLED = "backup_called"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """That somebody signed in."""

    shift: str
    place: str
    post: str
    at: datetime
    instead_of: str | None = None


def sign_in(connection: Connection, acting: Acting, shift_code: str, place: str) -> SignedIn | Refusal:
    """Sign in to one's place in a shift; the engine need not have opened it yet.

    Refused: duty_no_shift, duty_not_your_place, duty_too_early, duty_shift_over, duty_signed_in_already (with who and
    when).
    """
    found = _place(connection, acting, shift_code, place)
    if isinstance(found, Refusal):
        return found
    shift, stand = found
    if stand.post != acting.post:
        return Refusal("duty_not_your_place", {"post": stand.post, "duty_place": place})
    return _signed_in(connection, acting, shift, stand)


def sign_in_instead(connection: Connection, acting: Acting, shift_code: str, place: str) -> SignedIn | Refusal:
    """Take a place in the stead of who did not come; only whom the ladder called may.

    Refused: as above, and duty_not_called.
    """
    found = _place(connection, acting, shift_code, place)
    if isinstance(found, Refusal):
        return found
    shift, stand = found
    if acting.post not in called_backups(connection, shift).get(place, ()):
        return Refusal("duty_not_called", {"duty_place": place})
    if shift.of_post(acting.post) is not None:
        return Refusal("duty_has_a_place", {"duty_place": place})
    return _signed_in(connection, acting, shift, stand)


def called_backups(connection: Connection, shift: Shift) -> dict[str, tuple[str, ...]]:
    """Whom the ladder called to come in, by place."""
    called: dict[str, tuple[str, ...]] = {}
    for event in read_events(connection, shift.stream):
        if event.kind == BACKUP_CALLED:
            place = str(event.facts["place"])
            called[place] = (*called.get(place, ()), str(event.facts["post"]))
    return called


def _place(connection: Connection, acting: Acting, shift_code: str, place: str) -> tuple[Shift, Stand] | Refusal:
    shift = shift_coded(connection, acting.city, shift_code)
    stand = shift.place(place) if shift else None
    if shift is None or stand is None:
        return Refusal("duty_no_shift", {"shift": shift_code})
    if acting.now < shift.starts_at - OPENS_BEFORE:
        return Refusal("duty_too_early", {"opens_at": shift.starts_at - OPENS_BEFORE})
    if acting.now >= shift.ends_at or shift.state == ShiftState.CLOSED:
        return Refusal("duty_shift_over", {"ended_at": shift.ends_at})
    return shift, stand


def _signed_in(connection: Connection, acting: Acting, shift: Shift, stand: Stand) -> SignedIn | Refusal:
    """Take the place if nobody has; its ladder ends, a vacancy that was recorded stays on record."""
    rostered = ASSIGNMENTS.c.post.is_(None) if stand.post is None else ASSIGNMENTS.c.post == stand.post
    mine = (
        update(ASSIGNMENTS)
        # The roster may change, and somebody else may be first, between reading and writing.
        .where(ASSIGNMENTS.c.id == stand.id, ASSIGNMENTS.c.signed_in_at.is_(None), rostered)
        .values(signed_in_at=acting.now, signed_in_by=acting.post, climbs_at=None)
        .returning(ASSIGNMENTS.c.id)
    )
    if connection.execute(mine).first() is None:
        return _already(connection, acting, shift, stand)
    instead_of = stand.post if stand.post != acting.post else None
    facts: dict[str, Any] = {
        "place": stand.place,
        "post": acting.post,
        "instead_of": instead_of,
        "late_seconds": _late_seconds(stand, acting.now),
        "was_vacant": stand.vacant_at is not None,
    }
    kind = "signed_in" if stand.post == acting.post else "signed_in_instead"
    record_events(connection, shift.stream, [Happened(kind, acting.now, acting.post, facts)], acting.recording)
    return SignedIn(shift.code, stand.place, acting.post, acting.now, instead_of)


def _already(connection: Connection, acting: Acting, shift: Shift, stand: Stand) -> Refusal:
    """Who was first; or that the roster changed between reading and writing."""
    again = shift_coded(connection, acting.city, shift.code)
    now = again.place(stand.place) if again else None
    if now is None or now.signed_in_at is None:
        return Refusal("duty_not_your_place", {"post": now.post if now else None, "duty_place": stand.place})
    return Refusal("duty_signed_in_already", {"post": now.signed_in_by, "at": now.signed_in_at})


def _late_seconds(stand: Stand, now: datetime) -> int:
    late = (now - stand.sign_in_due_at).total_seconds() if stand.sign_in_due_at else 0.0
    return max(0, int(late))
