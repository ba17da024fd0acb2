"""Wishes to change a published roster, as rows: found, written, settled, listed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from models.city import City
from models.duty import ChangeKind, ChangeState, DutyChange
from models.duty_shifts import A_DAY
from models.refusal import Refusal
from models.roster_change import OPEN, Wanted
from models.roster_problem import NEIGHBOURHOOD, Standing
from models.tables import table_of
from tasks.numbers import NumberSeries
from tasks.roster_reading import Place, places_named, published_places
from tasks.rosters import held_roster

CHANGES = table_of(DutyChange)


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A wish with the shifts it is about, as they stand now."""

    code: str
    key: str
    kind: ChangeKind
    state: ChangeState
    given: Place
    taken: Place | None
    from_post: str | None
    to_post: str
    reason: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    words: str
    because_of_leave: str | None

    @property
    def wanted(self) -> Wanted:
        """What it wants, from who stood there when it was asked."""
        given = Standing(self.given.shift, self.given.place, self.from_post)
        taken = Standing(self.taken.shift, self.taken.place, self.to_post) if self.taken else None
        return Wanted(self.kind, given, self.to_post, taken)

    @property
    def rosters(self) -> tuple[str, ...]:
        """The rosters whose shifts it is about."""
        return tuple(dict.fromkeys(place.roster for place in (self.given, self.taken) if place))

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to answer."""
        return self.state in OPEN

    def not_open(self) -> Refusal | None:
        """Why nothing is left to do about it."""
        if self.is_open:
            return None
        facts = {"change": self.code, "state": self.state.value, "by": self.decided_by, "at": self.decided_at}
        return Refusal("change_not_open", facts)


def find_change(connection: Connection, city: City, code: str) -> StoredChange | None:
    """The wish with this code."""
    return next(iter(_read(connection, city, CHANGES.c.code == code)), None)


def change_of_key(connection: Connection, city: City, key: str) -> StoredChange | None:
    """The wish this form put already."""
    return next(iter(_read(connection, city, CHANGES.c.key == key)), None)


def open_change_of(connection: Connection, city: City, assignment_ids: Sequence[int]) -> StoredChange | None:
    """An open wish about one of these places."""
    about = or_(CHANGES.c.assignment_id.in_(assignment_ids), CHANGES.c.other_assignment_id.in_(assignment_ids))
    return next(iter(_read(connection, city, about, CHANGES.c.state.in_(OPEN))), None)


def open_changes(connection: Connection, city: City) -> list[StoredChange]:
    """Every wish that still waits for somebody."""
    return _read(connection, city, CHANGES.c.state.in_(OPEN))


def changes_with(connection: Connection, city: City, post: str, most: int = 20) -> list[StoredChange]:
    """The newest wishes a post asked, or is asked by."""
    mine = or_(CHANGES.c.asked_by == post, CHANGES.c.to_post == post, CHANGES.c.from_post == post)
    return _read(connection, city, mine, most=most)


def write_change(
    connection: Connection,
    wanted: tuple[ChangeKind, Place, str, Place | None],
    how: dict[str, Any],
) -> str:
    """Write a wish and give back its code; `how` holds the other columns."""
    kind, given, to_post, taken = wanted
    series = NumberSeries(connection)
    year = given.shift.day.year
    code = f"TB{year}-{series.next(f'TB{year}-')}"
    series.save()
    row = {
        "code": code,
        "kind": kind.value,
        "assignment_id": given.assignment_id,
        "other_assignment_id": taken.assignment_id if taken else None,
        "from_post": given.post or "",
        "to_post": to_post,
        "words": "",
    }
    connection.execute(insert(CHANGES).values(**(row | how)))
    return code


def settle_change(connection: Connection, code: str, state: ChangeState, **values: Any) -> None:
    """Move a wish on."""
    connection.execute(update(CHANGES).where(CHANGES.c.code == code).values(state=state.value, **values))


def hold_rosters(connection: Connection, codes: Iterable[str]) -> None:
    """Nobody else changes these rosters until this transaction ends; always in one order, so that nobody blocks."""
    for code in sorted(set(codes)):
        held_roster(connection, code)


def around(connection: Connection, city: City, places: Iterable[Place]) -> list[Place]:
    """Every published place near enough to these shifts to matter for a rule."""
    moments = [place.shift.starts_at for place in places]
    found = published_places(connection, city, min(moments) - NEIGHBOURHOOD, max(moments) + NEIGHBOURHOOD + A_DAY)
    return found


def _read(
    connection: Connection, city: City, *conditions: ColumnElement[bool], most: int | None = None
) -> list[StoredChange]:
    rows = list(connection.execute(select(CHANGES).where(*conditions).order_by(CHANGES.c.id.desc()).limit(most)))
    ids = {row.assignment_id for row in rows} | {row.other_assignment_id for row in rows if row.other_assignment_id}
    places = {place.assignment_id: place for place in places_named(connection, city, sorted(ids))} if ids else {}
    return [_change(row, places) for row in rows]


def _change(row: Row[Any], places: dict[int, Place]) -> StoredChange:
    return StoredChange(
        code=row.code,
        key=row.key,
        kind=ChangeKind(row.kind),
        state=ChangeState(row.state),
        given=places[row.assignment_id],
        taken=places[row.other_assignment_id] if row.other_assignment_id else None,
        from_post=row.from_post or None,
        to_post=row.to_post,
        reason=row.reason,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        words=row.words,
        because_of_leave=row.because_of_leave,
    )
