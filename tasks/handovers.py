"""Handovers 交接班 as they stand between two shifts, and the messages that one waits for somebody."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select

from models.city import City
from models.duty import DutyHandover
from models.notice import NoticeKind, Priority
from models.tables import table_of
from tasks.duty_people import desk_posts
from tasks.duty_shifts import Shift, shift_coded, shifts_by_id
from tasks.subject_notices import SubjectNotice

HANDOVERS = table_of(DutyHandover)


@dataclass(frozen=True, slots=True)
class Handover:
    """A handover as it stands, with the two shifts it lies between."""

    id: int
    outgoing: Shift
    incoming: Shift | None
    opened_at: datetime
    record: Mapping[str, Any]
    words: str
    confirmed_by: str | None
    confirmed_at: datetime | None
    accepted_by: str | None
    accepted_at: datetime | None
    rung: int
    climbs_at: datetime | None

    @property
    def done(self) -> bool:
        """Whether both sides have signed; at the end of the season there is but one."""
        return self.accepted_at is not None or (self.incoming is None and self.confirmed_at is not None)

    @property
    def counts_from(self) -> datetime:
        """From when its time runs: where hours without duty lie between the shifts, from the start of the next one."""
        return max(self.opened_at, self.incoming.starts_at) if self.incoming else self.opened_at

    def due_at(self, city: City) -> datetime:
        """Until when it should be accepted."""
        return self.counts_from + city.duty.accept_handover_within if city.duty else self.counts_from


def handover_of(connection: Connection, city: City, shift_code: str) -> Handover | None:
    """The handover at the end of a shift."""
    shift = shift_coded(connection, city, shift_code)
    if shift is None:
        return None
    found = handovers_where(connection, city, HANDOVERS.c.shift_id == shift.id, 1)
    return found[0] if found else None


def open_handovers(connection: Connection, city: City, posts_shifts: list[int]) -> list[Handover]:
    """Handovers that touch these shifts and that not both sides have signed."""
    touches = or_(HANDOVERS.c.shift_id.in_(posts_shifts), HANDOVERS.c.next_shift_id.in_(posts_shifts))
    found = handovers_where(connection, city, touches & HANDOVERS.c.accepted_at.is_(None), 20)
    return [one for one in found if not one.done]


def last_handovers(connection: Connection, city: City, most: int = 5) -> list[Handover]:
    """The newest handovers, open ones and finished ones."""
    return handovers_where(connection, city, HANDOVERS.c.id > 0, most)


def handovers_where(connection: Connection, city: City, condition: ColumnElement[bool], most: int) -> list[Handover]:
    """Handovers by a condition, the newest first."""
    rows = connection.execute(
        select(HANDOVERS).where(condition).order_by(HANDOVERS.c.opened_at.desc(), HANDOVERS.c.id.desc()).limit(most)
    ).all()
    ids = {one for row in rows for one in (row.shift_id, row.next_shift_id) if one is not None}
    shifts = shifts_by_id(connection, city, ids) if ids else {}
    return [_handover(row, shifts) for row in rows]


def _handover(row: Row[Any], shifts: Mapping[int, Shift]) -> Handover:
    return Handover(
        row.id,
        shifts[row.shift_id],
        shifts.get(row.next_shift_id),
        row.opened_at,
        json.loads(row.record),
        row.words,
        row.confirmed_by,
        row.confirmed_at,
        row.accepted_by,
        row.accepted_at,
        row.rung,
        row.climbs_at,
    )


def accept_notices(city: City, handover: Handover) -> list[SubjectNotice]:
    """Those who keep the desk of the incoming shift are told that the record waits for them."""
    if handover.incoming is None:
        return []
    return [handover_notice(city, handover, "incoming", post) for post in desk_posts(city, handover.incoming)]


def handover_notice(city: City, handover: Handover, side: str, post: str, step: int = 0) -> SubjectNotice:
    """The message that a handover waits for a side; from its first reminder on it says so."""
    facts = {
        "handover_side": side,
        "act_by": handover.due_at(city),
        "shift_starts_at": handover.outgoing.starts_at,
        "shift_ends_at": handover.outgoing.ends_at,
        "climbs_to": "again" if step else None,
    }
    key = f"duty-handover:{handover.outgoing.code}:{side}:{step}:{post}"
    return SubjectNotice(NoticeKind.DUTY_HANDOVER, post, f"duty:{post}", key, facts, Priority.URGENT)
