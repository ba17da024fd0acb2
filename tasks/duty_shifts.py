"""The shifts of the published roster as they stand: which one is on, who stands in its places, who may act in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from models.city import City
from models.duty import DutyAssignment, DutyShift, ShiftState
from models.flood_event import Recording
from models.tables import table_of

SHIFTS, ASSIGNMENTS = table_of(DutyShift), table_of(DutyAssignment)


@dataclass(frozen=True, slots=True)
class Acting:
    """Who does something in the duty room, in which city, and under what circumstances; it is done at `now`."""

    city: City
    post: str
    recording: Recording

    @property
    def now(self) -> datetime:
        """The moment at which it is done."""
        return self.recording.now


@dataclass(frozen=True, slots=True)
class Stand:
    """One place of a shift as it stands."""

    id: int
    place: str
    post: str | None
    """Whom the roster names; None is a gap."""
    sign_in_due_at: datetime | None
    signed_in_at: datetime | None
    signed_in_by: str | None
    rung: int
    vacant_at: datetime | None

    @property
    def stands(self) -> str | None:
        """Who stands in it: who signed in, else whom the roster names."""
        return self.signed_in_by or self.post


@dataclass(frozen=True, slots=True)
class Shift:
    """A published shift with its places, in the order of duty.yaml."""

    id: int
    code: str
    starts_at: datetime
    ends_at: datetime
    night: bool
    holiday: bool
    state: str
    opened_at: datetime | None
    stands: tuple[Stand, ...]

    @property
    def stream(self) -> str:
        """Where its events are."""
        return shift_stream(self.code)

    def place(self, code: str) -> Stand | None:
        """The place with this code."""
        return next((stand for stand in self.stands if stand.place == code), None)

    def of_post(self, post: str) -> Stand | None:
        """The place a post stands in; one that somebody else took in its stead is not its own any more."""
        return next((stand for stand in self.stands if stand.stands == post), None)

    def covers(self, moment: datetime) -> bool:
        """Whether the shift is on at a moment."""
        return self.starts_at <= moment < self.ends_at


def shift_stream(code: str) -> str:
    """The stream of a shift's events. Example: shift:2021-07-20T08:00."""
    return f"shift:{code}"


def shift_on(connection: Connection, city: City, now: datetime) -> Shift | None:
    """The published shift that is on by the roster; whether the engine has opened it yet does not matter."""
    on = SHIFTS.c.published & (SHIFTS.c.starts_at <= now) & (SHIFTS.c.ends_at > now)
    found = shifts_where(connection, city, on)
    return found[-1] if found else None


def shift_coded(connection: Connection, city: City, code: str) -> Shift | None:
    """The published shift with this code."""
    found = shifts_where(connection, city, SHIFTS.c.published & (SHIFTS.c.code == code))
    return found[0] if found else None


def shifts_by_id(connection: Connection, city: City, ids: Iterable[int]) -> dict[int, Shift]:
    """Shifts by their ids."""
    return {shift.id: shift for shift in shifts_where(connection, city, SHIFTS.c.id.in_(list(ids)))}


def shifts_between(connection: Connection, city: City, first: datetime, last: datetime) -> list[Shift]:
    """Published shifts that lie, at least in part, in [first, last), by their start."""
    within = SHIFTS.c.published & (SHIFTS.c.starts_at < last) & (SHIFTS.c.ends_at > first)
    return shifts_where(connection, city, within)


def shifts_where(connection: Connection, city: City, condition: ColumnElement[bool]) -> list[Shift]:
    """Shifts by a condition on their table, by their start, each with its places: two statements for any number."""
    rows = connection.execute(select(SHIFTS).where(condition).order_by(SHIFTS.c.starts_at, SHIFTS.c.id)).all()
    places: dict[int, list[Row[Any]]] = {row.id: [] for row in rows}
    for row in connection.execute(select(ASSIGNMENTS).where(ASSIGNMENTS.c.shift_id.in_(places))) if places else ():
        places[row.shift_id].append(row)
    return [_shift(row, places[row.id], _order(city)) for row in rows]


def may_open(shift: Shift) -> bool:
    """Whether a shift has not ended for the engine."""
    return shift.state != ShiftState.CLOSED


def _order(city: City) -> dict[str, int]:
    places = city.duty.places if city.duty else ()
    return {place.code: number for number, place in enumerate(places)}


def _shift(row: Row[Any], places: Sequence[Row[Any]], order: dict[str, int]) -> Shift:
    in_order = sorted(places, key=lambda one: (order.get(one.place, len(order)), one.id))
    stands = tuple(
        Stand(
            one.id,
            one.place,
            one.post,
            one.sign_in_due_at,
            one.signed_in_at,
            one.signed_in_by,
            one.rung,
            one.vacant_at,
        )
        for one in in_order
    )
    return Shift(row.id, row.code, row.starts_at, row.ends_at, row.night, row.holiday, row.state, row.opened_at, stands)
