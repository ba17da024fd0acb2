"""The roster's clock: at a handover the outgoing shift is closed and the incoming one opened, each exactly once.

What was missed while the engine was away is made up for in order, moment by moment, each in its own transaction. A
shift that was over before the engine came back is opened and closed on record; nobody is called absent from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from models.city import City
from models.duty import ShiftState
from models.duty_ladder import handover_steps, sign_in_due, sign_in_steps
from models.duty_rules import DutyRules
from models.flood_event import Happened, Recording
from models.notice import NoticeKind, Priority
from tasks.database import reading, transaction
from tasks.duty_people import desk_posts
from tasks.duty_readings import LastReadings, no_readings
from tasks.duty_shifts import ASSIGNMENTS, SHIFTS, Shift, Stand, shifts_by_id
from tasks.duty_state import current_duty_state, place_name
from tasks.flood_events import record_events
from tasks.handover_record import counts_of, handover_record, record_digest, stored
from tasks.handovers import HANDOVERS, accept_notices, handovers_where
from tasks.subject_notices import SubjectNotice, write_subject_notices

RULE = "rule:duty_shift"

FOLLOWS_WITHIN = timedelta(days=7)
"""A shift that begins after hours without duty takes over from the one before them, not from last year's."""


@dataclass(frozen=True, slots=True)
class ShiftsMoved:
    """What happened at one handover of the roster."""

    at: datetime
    closed: tuple[str, ...]
    opened: tuple[str, ...]
    notices: int


@dataclass(frozen=True, slots=True)
class _Moment:
    """A handover of the roster, with the hands it is in."""

    city: City
    rules: DutyRules
    at: datetime
    recording: Recording
    last_readings: LastReadings

    @property
    def now(self) -> datetime:
        return self.recording.now


def hand_over_shifts(
    engine: Engine, city: City, recording: Recording, last_readings: LastReadings = no_readings
) -> list[ShiftsMoved]:
    """Close and open every shift whose time has come, the earliest first; a second call finds nothing left to do."""
    done: list[ShiftsMoved] = []
    while city.duty is not None:
        with reading(engine) as connection:
            at = next_handover(connection, recording.now)
        if at is None:
            break
        with transaction(engine) as connection:
            moved = _hand_over(connection, _Moment(city, city.duty, at, recording, last_readings))
        if moved.closed or moved.opened:
            done.append(moved)
    return done


def next_handover(connection: Connection, now: datetime) -> datetime | None:
    """The earliest moment at which the published roster has a handover that was not done; None where all are done."""
    planned = SHIFTS.c.published & (SHIFTS.c.state == ShiftState.PLANNED.value) & (SHIFTS.c.starts_at <= now)
    ended = SHIFTS.c.published & (SHIFTS.c.state == ShiftState.OPEN.value) & (SHIFTS.c.ends_at <= now)
    starts = connection.scalar(select(func.min(SHIFTS.c.starts_at)).where(planned))
    ends = connection.scalar(select(func.min(SHIFTS.c.ends_at)).where(ended))
    found = [moment for moment in (starts, ends) if moment is not None]
    return min(found) if found else None


def _hand_over(connection: Connection, moment: _Moment) -> ShiftsMoved:
    closed = _set_state(connection, SHIFTS.c.ends_at <= moment.at, ShiftState.OPEN, ShiftState.CLOSED, moment.at)
    opened = _set_state(connection, SHIFTS.c.starts_at == moment.at, ShiftState.PLANNED, ShiftState.OPEN, moment.at)
    shifts = shifts_by_id(connection, moment.city, [*closed, *opened])
    incoming = [shifts[one] for one in opened]
    drafts: list[SubjectNotice] = []
    for outgoing in (shifts[one] for one in closed):
        drafts += _close(connection, moment, outgoing, incoming[0] if incoming else None)
    for shift in incoming:
        if not closed:
            drafts += _take_over_later(connection, moment, shift)
        drafts += _open(connection, moment, shift)
    written = write_subject_notices(connection, drafts, moment.now)
    codes = [tuple(sorted(shifts[one].code for one in ids)) for ids in (closed, opened)]
    return ShiftsMoved(moment.at, codes[0], codes[1], written)


def _set_state(connection: Connection, when: Any, before: ShiftState, after: ShiftState, at: datetime) -> Sequence[int]:
    """Take the shifts that are due from one state to the next; a visit that comes second gets none of them."""
    column = "opened_at" if after is ShiftState.OPEN else "closed_at"
    moved = (
        update(SHIFTS)
        .where(SHIFTS.c.published, SHIFTS.c.state == before.value, when)
        .values({"state": after.value, column: at})
        .returning(SHIFTS.c.id)
    )
    return sorted(connection.scalars(moved).all())


def _close(connection: Connection, moment: _Moment, shift: Shift, following: Shift | None) -> list[SubjectNotice]:
    """Close the outgoing shift and open its handover, with the record filled in."""
    record = handover_record(connection, moment.city, shift, moment.now, moment.last_readings)
    text, over = stored(record), following is not None and following.ends_at <= moment.now
    steps = handover_steps(moment.rules, moment.now)
    row = {
        "shift_id": shift.id,
        "next_shift_id": following.id if following else None,
        "opened_at": moment.now,
        "record": text,
        "words": "",
        "rung": 0,
        # A handover that nobody can do in time any more climbs to nobody; it stays open to be seen.
        "climbs_at": None if over else steps[0].due_at,
    }
    connection.execute(insert(HANDOVERS).values(row))
    connection.execute(update(ASSIGNMENTS).where(ASSIGNMENTS.c.shift_id == shift.id).values(climbs_at=None))
    facts = {
        "next": following.code if following else None,
        "record_sha256": record_digest(text),
        "counts": counts_of(record),
    }
    absent = [stand.place for stand in shift.stands if stand.signed_in_at is None]
    happened = [
        Happened("shift_closed", moment.at, RULE, {"never_signed_in": absent}),
        Happened("handover_opened", moment.now, RULE, facts),
    ]
    record_events(connection, shift.stream, happened, moment.recording)
    due_at = moment.now + moment.rules.accept_handover_within
    return [] if over else [_to_confirm(shift, post, due_at) for post in desk_posts(moment.city, shift)]


def _take_over_later(connection: Connection, moment: _Moment, shift: Shift) -> list[SubjectNotice]:
    """Hours without duty lie before this shift: it takes over from the last one that nobody has taken over from."""
    waiting = HANDOVERS.c.next_shift_id.is_(None) & HANDOVERS.c.accepted_at.is_(None)
    last = (
        select(HANDOVERS.c.id)
        .join(SHIFTS, SHIFTS.c.id == HANDOVERS.c.shift_id)
        .where(waiting, SHIFTS.c.ends_at > moment.at - FOLLOWS_WITHIN)
        .order_by(SHIFTS.c.ends_at.desc())
        .limit(1)
    )
    found = connection.scalar(last)
    if found is None:
        return []
    first = handover_steps(moment.rules, shift.starts_at)[0].due_at
    values = {"next_shift_id": shift.id, "rung": 0, "climbs_at": first}
    connection.execute(update(HANDOVERS).where(HANDOVERS.c.id == found).values(values))
    (handover,) = handovers_where(connection, moment.city, HANDOVERS.c.id == found, 1)
    return accept_notices(moment.city, handover) if handover.confirmed_at else []


def _open(connection: Connection, moment: _Moment, shift: Shift) -> list[SubjectNotice]:
    """Open the incoming shift: everybody is told to sign in, and the ladder of each place begins."""
    over = shift.ends_at <= moment.now
    due_at = sign_in_due(moment.rules, shift.starts_at, moment.now)
    if not over:
        _start_ladders(connection, moment.rules, shift, due_at)
    facts = {
        "people": {stand.place: stand.post for stand in shift.stands},
        "sign_in_due_at": None if over else due_at,
        "late_seconds": int((moment.now - shift.starts_at).total_seconds()),
    }
    record_events(connection, shift.stream, [Happened("shift_opened", moment.at, RULE, facts)], moment.recording)
    if over:
        return []
    state = current_duty_state(connection, moment.city, moment.now)
    asked = [stand for stand in shift.stands if stand.post and stand.signed_in_at is None]
    return [sign_in_notice(moment.city, shift, stand, due_at, _in_room(moment.rules, stand, state)) for stand in asked]


def _start_ladders(connection: Connection, rules: DutyRules, shift: Shift, due_at: datetime) -> None:
    """Whoever is rostered has until then; for a gap nobody needs to wait, its ladder begins at once."""
    nobody_yet = (ASSIGNMENTS.c.shift_id == shift.id) & ASSIGNMENTS.c.signed_in_at.is_(None)
    for whose, due in (
        (ASSIGNMENTS.c.post.is_not(None), due_at),
        (ASSIGNMENTS.c.post.is_(None), due_at - rules.sign_in_within),
    ):
        first = sign_in_steps(rules, due)[0].due_at
        values = {"sign_in_due_at": due, "climbs_at": first, "rung": 0}
        connection.execute(update(ASSIGNMENTS).where(nobody_yet, whose).values(values))


def sign_in_notice(
    city: City, shift: Shift, stand: Stand, due_at: datetime, in_room: bool, again: bool = False, step: int = 0
) -> SubjectNotice:
    """The message that asks somebody to sign in, or asks again."""
    post = stand.post or ""
    facts = {
        "duty_place": place_name(city, stand.place),
        "shift_starts_at": shift.starts_at,
        "shift_ends_at": shift.ends_at,
        "act_by": due_at,
        "in_room": in_room,
        "climbs_to": "again" if again else None,
    }
    key = f"duty-sign-in:{shift.code}:{stand.place}:{step}:{post}"
    return SubjectNotice(NoticeKind.DUTY_SIGN_IN, post, f"duty:{post}", key, facts, Priority.URGENT)


def _in_room(rules: DutyRules, stand: Stand, state: Any) -> bool:
    place = rules.place(stand.place)
    return place is None or state in place.in_room


def _to_confirm(shift: Shift, post: str, due_at: datetime) -> SubjectNotice:
    facts = {
        "handover_side": "outgoing",
        "act_by": due_at,
        "shift_starts_at": shift.starts_at,
        "shift_ends_at": shift.ends_at,
    }
    key = f"duty-handover:{shift.code}:confirm:{post}"
    return SubjectNotice(NoticeKind.DUTY_HANDOVER, post, f"duty:{post}", key, facts, Priority.URGENT)
