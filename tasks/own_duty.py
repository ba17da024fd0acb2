"""What a person's own duty page tells: what is asked of them now, their shift and who else is on it, handovers, log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models.city import City
from models.duty import ShiftState
from models.duty_rules import DutyState
from models.notice import NoticeState
from tasks.acknowledge import How, acknowledge_notice
from tasks.duty_log import LogEntry, read_log
from tasks.duty_shifts import ASSIGNMENTS, SHIFTS, Shift, Stand, shift_on, shifts_between, shifts_where
from tasks.duty_sign_in import OPENS_BEFORE, called_backups
from tasks.duty_state import current_duty_state
from tasks.handovers import Handover, last_handovers, open_handovers
from tasks.spot_check_answers import Check, checks_of
from tasks.subject_notices import NOTICES

_OPEN = (NoticeState.WAITING.value, NoticeState.SENT.value, NoticeState.FAILED.value)


@dataclass(frozen=True, slots=True)
class ToSignIn:
    """A place somebody may sign in to now."""

    shift: Shift
    stand: Stand
    instead: bool


@dataclass(frozen=True, slots=True)
class OwnDuty:
    """Everything the page tells."""

    state: DutyState
    shift: Shift | None
    """The shift that is on."""
    next_shift: Shift | None
    """The reader's own next one."""
    to_sign_in: tuple[ToSignIn, ...]
    checks: tuple[Check, ...]
    to_confirm: tuple[Handover, ...]
    to_accept: tuple[Handover, ...]
    to_receive: tuple[Any, ...]
    """Messages that ask to be acknowledged."""
    not_handed_over: tuple[Handover, ...]
    last: tuple[Handover, ...]
    log: tuple[LogEntry, ...]

    @property
    def asked(self) -> int:
        """How many things are asked of the reader."""
        return sum(map(len, (self.to_sign_in, self.checks, self.to_confirm, self.to_accept, self.to_receive)))


def read_own_duty(connection: Connection, city: City, post: str, now: datetime) -> OwnDuty:
    """The duty of a post as it stands."""
    shift = shift_on(connection, city, now)
    near = shifts_between(connection, city, now, now + OPENS_BEFORE)
    last = last_handovers(connection, city)
    mine = [one for one in open_handovers(connection, city, [one.id for one in _touched(near, last)]) if not one.done]
    today = now.astimezone(city.zone).date()
    return OwnDuty(
        current_duty_state(connection, city, now),
        shift,
        _next_shift(connection, city, post, now),
        tuple(_to_sign_in(connection, near, post)),
        tuple(checks_of(connection, post, now)),
        tuple(one for one in mine if one.outgoing.of_post(post) and one.confirmed_at is None),
        tuple(one for one in mine if _may_accept(city, one, post, now)),
        tuple(_to_receive(connection, post)),
        tuple(one for one in mine if now > one.due_at(city)),
        tuple(last),
        tuple(read_log(connection, today)) if reads_log(city, post) else (),
    )


def reads_log(city: City, post: str) -> bool:
    """Whether somebody may read the duty log: everybody who may stand duty."""
    return any(post in place.pool for place in city.duty.places) if city.duty else False


def writes_log(duty: OwnDuty, post: str) -> bool:
    """Whether somebody may write in it now: who stands in the present shift and has signed in."""
    stand = duty.shift.of_post(post) if duty.shift else None
    return stand is not None and stand.signed_in_at is not None


def receive_all(connection: Connection, post: str, now: datetime) -> int:
    """Acknowledge every message about their duty a post has not acknowledged; how many that were."""
    rows = _to_receive(connection, post)
    for row in rows:
        acknowledge_notice(connection, row.id, post, How.PAGE, now)
    return len(rows)


def _touched(near: Sequence[Shift], last: Sequence[Handover]) -> list[Shift]:
    return [*near, *(one.outgoing for one in last)]


def _next_shift(connection: Connection, city: City, post: str, now: datetime) -> Shift | None:
    mine = (
        select(SHIFTS.c.id)
        .join(ASSIGNMENTS, ASSIGNMENTS.c.shift_id == SHIFTS.c.id)
        .where(ASSIGNMENTS.c.post == post, SHIFTS.c.published, SHIFTS.c.starts_at > now)
        .order_by(SHIFTS.c.starts_at)
        .limit(1)
    )
    found = connection.scalar(mine)
    return shifts_where(connection, city, SHIFTS.c.id == found)[0] if found is not None else None


def _to_sign_in(connection: Connection, near: Sequence[Shift], post: str) -> list[ToSignIn]:
    """Places of the present shift and of one that begins soon which the reader may take now."""
    found = []
    for shift in near:
        empty = [stand for stand in shift.stands if stand.signed_in_at is None]
        if shift.state == ShiftState.CLOSED or not empty:
            continue
        found += [ToSignIn(shift, stand, instead=False) for stand in empty if stand.post == post]
        if not any(stand.stands == post for stand in shift.stands):
            called = called_backups(connection, shift)
            found += [ToSignIn(shift, stand, instead=True) for stand in empty if post in called.get(stand.place, ())]
    return found


def _may_accept(city: City, handover: Handover, post: str, now: datetime) -> bool:
    stand = handover.incoming.of_post(post) if handover.incoming else None
    ready = handover.confirmed_at is not None or now >= handover.due_at(city)
    return stand is not None and stand.signed_in_at is not None and handover.accepted_at is None and ready


def _to_receive(connection: Connection, post: str) -> Sequence[Any]:
    asks = (NOTICES.c.subject == f"duty:{post}") & NOTICES.c.requires_ack & NOTICES.c.acknowledged_at.is_(None)
    to_me = (NOTICES.c.recipient == post) & NOTICES.c.state.in_(_OPEN)
    return connection.execute(select(NOTICES).where(asks, to_me).order_by(NOTICES.c.id)).all()
