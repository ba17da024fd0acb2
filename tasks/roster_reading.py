"""Rosters as they are stored: one, the published shifts of a time, and what earlier ones gave each person."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from models.city import City
from models.duty import DutyAssignment, DutyRoster, DutyShift, RosterState, ShiftState
from models.duty_rules import DutyRules
from models.duty_shifts import PlannedShift
from models.roster_balance import EarlierRoster, carried_over
from models.roster_draft import added
from models.roster_problem import NOTHING, Standing, Tally
from models.tables import table_of

ROSTERS, SHIFTS, ASSIGNMENTS = table_of(DutyRoster), table_of(DutyShift), table_of(DutyAssignment)

REMEMBERED = timedelta(days=400)
"""Rosters that began longer ago than this are no longer made up for: last year's season still is."""


@dataclass(frozen=True, slots=True)
class StoredRoster:
    """A roster without its shifts."""

    id: int
    code: str
    first_day: date
    last_day: date
    state: RosterState
    made_by: str
    made_at: datetime
    published_by: str | None
    published_at: datetime | None
    solver: str
    quality: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a stored shift, and who stands in it."""

    assignment_id: int
    roster: str
    standing: Standing
    state: ShiftState

    @property
    def reference(self) -> str:
        """What pages call it. Example: 2021-07-20T08:00/officer."""
        return f"{self.shift.code}/{self.place}"

    @property
    def shift(self) -> PlannedShift:
        """Its shift."""
        return self.standing.shift

    @property
    def post(self) -> str | None:
        """Who stands in it."""
        return self.standing.post

    @property
    def place(self) -> str:
        """The place's code."""
        return self.standing.place


def find_roster(connection: Connection, code: str) -> StoredRoster | None:
    """The roster with this code."""
    found = connection.execute(select(ROSTERS).where(ROSTERS.c.code == code)).first()
    return _roster(found) if found else None


def list_rosters(connection: Connection, most: int = 50) -> list[StoredRoster]:
    """Rosters, the newest days first."""
    rows = connection.execute(select(ROSTERS).order_by(ROSTERS.c.first_day.desc(), ROSTERS.c.id.desc()).limit(most))
    return [_roster(row) for row in rows]


def places_of(connection: Connection, city: City, roster: StoredRoster) -> list[Place]:
    """Every place of a roster's shifts in order of time, places in the order of duty.yaml."""
    return _read(connection, city, SHIFTS.c.roster_id == roster.id)


def published_places(connection: Connection, city: City, start: datetime, end: datetime) -> list[Place]:
    """Every place of the published shifts that begin in [start, end), in order of time."""
    return _read(connection, city, SHIFTS.c.published, SHIFTS.c.starts_at >= start, SHIFTS.c.starts_at < end)


def published_starting(connection: Connection, city: City, starts: Collection[datetime]) -> list[Place]:
    """Every place of the published shifts that begin at these moments."""
    return _read(connection, city, SHIFTS.c.published, SHIFTS.c.starts_at.in_(starts))


def published_of(connection: Connection, city: City, post: str, start: datetime, end: datetime) -> list[Place]:
    """The published shifts of one post that begin in [start, end), in order of time."""
    mine = SHIFTS.c.published, SHIFTS.c.starts_at >= start, SHIFTS.c.starts_at < end, ASSIGNMENTS.c.post == post
    return _read(connection, city, *mine)


def place_called(connection: Connection, city: City, reference: str) -> Place | None:
    """A place of the published roster as pages call it. Example: 2021-07-20T08:00/officer."""
    shift, _, place = reference.partition("/")
    found = _read(connection, city, SHIFTS.c.published, SHIFTS.c.code == shift, ASSIGNMENTS.c.place == place)
    return next(iter(found), None)


def places_named(connection: Connection, city: City, assignment_ids: Sequence[int]) -> list[Place]:
    """The places with these ids, of published shifts."""
    return _read(connection, city, SHIFTS.c.published, ASSIGNMENTS.c.id.in_(assignment_ids))


def balances(connection: Connection, city: City, duty: DutyRules, before: date) -> dict[tuple[str, str], Tally]:
    """What the published rosters that began before a day left each account of today's pools with."""
    earlier = select(ROSTERS).where(
        ROSTERS.c.state == RosterState.PUBLISHED.value,
        ROSTERS.c.first_day < before,
        ROSTERS.c.first_day >= before - REMEMBERED,
    )
    rosters = [_roster(row) for row in connection.execute(earlier.order_by(ROSTERS.c.first_day))]
    found = [EarlierRoster(_counts(connection, city, roster)) for roster in rosters]
    return carried_over(duty.places, found, duty.carried_at_most)


def _counts(connection: Connection, city: City, roster: StoredRoster) -> dict[tuple[str, str], Tally]:
    """Counts of a roster with all its changes; who was in the pool and never stood has none."""
    counts: dict[tuple[str, str], Tally] = {
        (load["place"], post): NOTHING
        for load in roster.quality.get("loads", ())
        for post in (load["post"], load["backup"])
        if post
    }
    for place in places_of(connection, city, roster):
        if place.post is not None:
            key = place.place, place.post
            counts[key] = added(counts.get(key, NOTHING), place.shift.tally)
    return counts


def _read(connection: Connection, city: City, *conditions: Any) -> list[Place]:
    query = (
        select(SHIFTS, ASSIGNMENTS.c.id.label("assignment_id"), ASSIGNMENTS.c.place, ASSIGNMENTS.c.post)
        .add_columns(ROSTERS.c.code.label("roster"))
        .join(ASSIGNMENTS, ASSIGNMENTS.c.shift_id == SHIFTS.c.id)
        .join(ROSTERS, ROSTERS.c.id == SHIFTS.c.roster_id)
        .where(*conditions)
        .order_by(SHIFTS.c.starts_at, ASSIGNMENTS.c.id)
    )
    order = {place.code: number for number, place in enumerate(city.duty.places)} if city.duty else {}
    found = list(_places(connection.execute(query), city))
    return sorted(found, key=lambda one: (one.shift.starts_at, order.get(one.place, len(order))))


def _places(rows: Any, city: City) -> Iterator[Place]:
    for row in rows:
        shift = PlannedShift(
            row.code,
            row.starts_at.astimezone(city.zone),
            row.ends_at.astimezone(city.zone),
            row.night,
            row.weekend,
            row.holiday and not row.weekend,
        )
        yield Place(row.assignment_id, row.roster, Standing(shift, row.place, row.post), ShiftState(row.state))


def _roster(row: Row[Any]) -> StoredRoster:
    return StoredRoster(
        row.id,
        row.code,
        row.first_day,
        row.last_day,
        RosterState(row.state),
        row.made_by,
        row.made_at,
        row.published_by,
        row.published_at,
        row.solver,
        json.loads(row.quality),
    )
