"""What the wall of the command centre shows: the day's intake, what is open, late and due next, who is there."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, literal, select, union_all

from models.case import Case, CaseClosing, Report
from models.city import City
from models.desk_access import AccessRevocation, DeskSession
from models.notice import Attempt, Notice, NoticeState
from models.sweeps import Process
from models.tables import table_of
from models.vocabulary import Role
from tasks.city_figures import WITH_UNIT, OpenFigures, count_unreached, read_open
from tasks.season_figures import SeasonFigures, read_season
from tasks.sweeps import last_sweeps

CASES, CLOSINGS, REPORTS = table_of(Case), table_of(CaseClosing), table_of(Report)
NOTICES, ATTEMPTS = table_of(Notice), table_of(Attempt)
SESSIONS, REVOCATIONS = table_of(DeskSession), table_of(AccessRevocation)

WALL_ROLES = frozenset(
    {Role.ADMIN, Role.LEADER, Role.SHIFT_LEADER, Role.DISPATCHER, Role.ACCEPTOR, Role.EVALUATOR, Role.AUDITOR}
)
"""Who may hang up a wall: it shows every unit's cases, so nobody of a unit, and no inspector."""

DUTY_ROLES = (Role.LEADER, Role.SHIFT_LEADER, Role.ACCEPTOR, Role.DISPATCHER)
"""Whose seats are named, in this order; whoever else has a seat is named once signed in."""

DEADLINES, UNREACHED = 8, 3
"""How many of the next deadlines, and of the notices given up, are named."""

DAY = timedelta(days=1)

KEPT_FOR = timedelta(seconds=5)
"""Ten screens that refresh at the same moment ask the database once."""


@dataclass(frozen=True, slots=True)
class NextDeadline:
    """A case whose unit's deadline comes soon."""

    case: str
    class_code: str | None
    unit: str | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Unreached:
    """A notice that reached nobody."""

    recipient: str | None
    """A post, or None where a reporter was to be told."""
    kind: str
    at: datetime
    why: str
    """A code of the words' group `outcome`."""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who is there, as far as it is known."""

    seats: Mapping[Role, Sequence[str]]
    """The posts whose seat's hours run, by role, as the city's data says."""
    inspectors: int
    """Inspectors whose hours run."""
    signed_in: Sequence[str]
    """Posts with a shift at the desk that goes on."""


@dataclass(frozen=True, slots=True)
class WallFigures:
    """All of it, at one moment."""

    at: datetime
    intake_by_hour: Sequence[int]
    """Reports taken in since midnight, by hour of the city's day."""
    intake_by_source: Mapping[str, int]
    """The same by source, most first."""
    closed_today: int
    open: OpenFigures
    deadlines: Sequence[NextDeadline]
    unreached_count: int
    """Given up in the last 24 hours."""
    unreached: Sequence[Unreached]
    on_duty: OnDuty
    last_sweep: datetime | None
    season: SeasonFigures | None = None
    """None in a city without a flood season."""


class KeptFigures:
    """The figures of one city's wall, read anew at most every five seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: WallFigures | None = None

    def read(self, connection: Connection, city: City, now: datetime) -> WallFigures:
        """The figures by now, or those of a moment ago."""
        with self._lock:
            if self._kept is None or not timedelta(0) <= now - self._kept.at < KEPT_FOR:
                self._kept = read_wall(connection, city, now)
            return self._kept


def read_wall(connection: Connection, city: City, now: datetime) -> WallFigures:
    """All figures by a moment; each is counted or found by an index, never among all that is stored."""
    midnight = now.astimezone(city.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    by_hour, by_source = _intake(connection, midnight)
    closed = select(func.count()).where(CLOSINGS.c.closed_at >= midnight)
    return WallFigures(
        at=now,
        intake_by_hour=by_hour,
        intake_by_source=by_source,
        closed_today=connection.scalar(closed) or 0,
        open=read_open(connection, now),
        deadlines=_next_deadlines(connection, now),
        unreached_count=count_unreached(connection, now - DAY),
        unreached=_unreached(connection, now - DAY),
        on_duty=_on_duty(connection, city, now),
        last_sweep=last_sweeps(connection).get(Process.CASES),
        season=read_season(connection, city, now),
    )


def _intake(connection: Connection, midnight: datetime) -> tuple[list[int], dict[str, int]]:
    """Counts by hour and by source; each hour is a range of the index, so any zone and any change of clocks fits."""
    hours = [midnight + timedelta(hours=hour) for hour in range(25)]
    parts = [
        select(literal(hour).label("hour"), REPORTS.c.source, func.count().label("reports"))
        .where(REPORTS.c.taken_at >= hours[hour], REPORTS.c.taken_at < hours[hour + 1])
        .group_by(REPORTS.c.source)
        for hour in range(24)
    ]
    by_hour, by_source = [0] * 24, dict[str, int]()
    for row in connection.execute(union_all(*parts)):
        by_hour[row.hour] += row.reports
        by_source[row.source] = by_source.get(row.source, 0) + row.reports
    return by_hour, dict(sorted(by_source.items(), key=lambda one: (-one[1], one[0])))


def _next_deadlines(connection: Connection, now: datetime) -> list[NextDeadline]:
    """The soonest of each state by its index, then the soonest of both."""
    names = ("id", "number", "receipt_number", "class_code", "unit", "handle_due_at")
    found: list[Any] = []
    for state in WITH_UNIT:
        soon = (
            select(*(CASES.c[name] for name in names))
            .where(CASES.c.state == state, CASES.c.handle_due_at >= now)
            .order_by(CASES.c.handle_due_at)
            .limit(DEADLINES)
        )
        found += connection.execute(soon)
    found.sort(key=lambda row: (row.handle_due_at, row.id))
    return [
        NextDeadline(row.number or row.receipt_number, row.class_code, row.unit, row.handle_due_at)
        for row in found[:DEADLINES]
    ]


def _unreached(connection: Connection, since: datetime) -> list[Unreached]:
    """The last notices that were given up, each with how its last attempt ended."""
    given_up = NOTICES.c.state.in_([NoticeState.FAILED.value, NoticeState.EXPIRED.value])
    last = (
        select(ATTEMPTS.c.outcome)
        .where(ATTEMPTS.c.notice_id == NOTICES.c.id)
        .order_by(ATTEMPTS.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    columns = (NOTICES.c.recipient, NOTICES.c.told, NOTICES.c.kind, NOTICES.c.state, NOTICES.c.settled_at)
    newest = (
        select(*columns, last.label("outcome"))
        .where(given_up, NOTICES.c.settled_at >= since)
        .order_by(NOTICES.c.settled_at.desc(), NOTICES.c.id.desc())
        .limit(UNREACHED)
    )
    return [
        Unreached(row.told or row.recipient, row.kind, row.settled_at, _why(row.state, row.outcome))
        for row in connection.execute(newest)
    ]


def _why(state: str, outcome: str | None) -> str:
    if state == NoticeState.EXPIRED:
        return "expired"
    return "no_contact_point" if outcome is None else outcome.partition(" ")[0] or "unknown"


def _on_duty(connection: Connection, city: City, now: datetime) -> OnDuty:
    seats = {role: tuple(dict.fromkeys(city.seat_posts(role, now))) for role in DUTY_ROLES}
    walking = {post for duty in city.inspectors for post in city.inspectors_for(duty.area, now)}
    return OnDuty({role: posts for role, posts in seats.items() if posts}, len(walking), _signed_in(connection, now))


def _signed_in(connection: Connection, now: datetime) -> list[str]:
    """Posts whose shift goes on and was not revoked."""
    revoked = (
        select(REVOCATIONS.c.id)
        .where(REVOCATIONS.c.post == SESSIONS.c.post, REVOCATIONS.c.at >= SESSIONS.c.opened_at)
        .exists()
    )
    going_on = (SESSIONS.c.opened_at <= now) & (SESSIONS.c.ends_at > now) & SESSIONS.c.ended_at.is_(None)
    return list(connection.execute(select(SESSIONS.c.post).where(going_on, ~revoked).distinct()).scalars())
