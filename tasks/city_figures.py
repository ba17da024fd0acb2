"""How the city stands at a moment, counted by indexes: what is open and overdue, what waits to be sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from models.case import Case, RefusedRow
from models.notice import Notice, NoticeState, Priority
from models.tables import table_of
from models.vocabulary import ANY_OPEN, State

CASES, NOTICES, REFUSED = table_of(Case), table_of(Notice), table_of(RefusedRow)

WITH_UNIT = (State.DISPATCHED.value, State.HANDLING.value)
"""States in which the unit's own clock runs."""


@dataclass(frozen=True, slots=True)
class OpenFigures:
    """The cases that are not ended."""

    by_state: Mapping[State, int]
    """Every open state, also those without a case, in the order of the flow."""
    overdue_by_unit: Mapping[str, int]
    """Cases with a unit whose deadline has passed, by the unit's code; the worst first, without units that have none.

    A case without a unit counts under the empty code.
    """

    @property
    def total(self) -> int:
        """Open cases in all."""
        return sum(self.by_state.values())

    @property
    def overdue(self) -> int:
        """Cases past their unit's deadline in all."""
        return sum(self.overdue_by_unit.values())


@dataclass(frozen=True, slots=True)
class Outbox:
    """The notices that wait to be sent."""

    waiting: Mapping[Priority, int]
    """Every priority, also those without a notice; also what waits for its hour."""
    held: int
    """Stopped by the brake until the administrator decides."""
    oldest_waiting: datetime | None
    """When the oldest one was written."""
    oldest_due: datetime | None
    """Since when the one that may go out longest has not gone: what waits for the end of quiet hours is not due."""


def read_open(connection: Connection, now: datetime) -> OpenFigures:
    """What is open and overdue; its cost follows what is open, never what is stored."""
    states = [state.value for state in ANY_OPEN]
    rows = connection.execute(
        select(CASES.c.state, func.count().label("cases")).where(CASES.c.state.in_(states)).group_by(CASES.c.state)
    )
    by_state: dict[str, int] = {row.state: row.cases for row in rows}
    late = (
        select(CASES.c.unit, func.count().label("cases"))
        .where(CASES.c.state.in_(WITH_UNIT), CASES.c.handle_due_at < now)
        .group_by(CASES.c.unit)
    )
    overdue: dict[str, int] = {row.unit or "": row.cases for row in connection.execute(late)}
    return OpenFigures(
        {state: by_state.get(state, 0) for state in State if state in ANY_OPEN},
        dict(sorted(overdue.items(), key=lambda one: (-one[1], one[0]))),
    )


def read_outbox(connection: Connection, now: datetime) -> Outbox:
    """What waits to be sent, and for how long; its cost follows what waits."""
    waiting = NOTICES.c.state == NoticeState.WAITING.value
    counts = select(NOTICES.c.priority, func.count().label("notices")).where(waiting).group_by(NOTICES.c.priority)
    by_priority: dict[str, int] = {row.priority: row.notices for row in connection.execute(counts)}
    due_since = func.coalesce(NOTICES.c.not_before, NOTICES.c.created_at)
    ages = connection.execute(
        select(func.min(NOTICES.c.created_at), func.min(due_since).filter(due_since <= now)).where(waiting)
    ).one()
    held = select(func.count()).where(NOTICES.c.state == NoticeState.HELD.value)
    return Outbox(
        {priority: by_priority.get(priority, 0) for priority in Priority},
        connection.scalar(held) or 0,
        ages[0],
        ages[1],
    )


def count_unreached(connection: Connection, since: datetime) -> int:
    """Notices that were given up since a moment: failed on every channel, or of no use any more when they could go."""
    given_up = NOTICES.c.state.in_([NoticeState.FAILED.value, NoticeState.EXPIRED.value])
    return connection.scalar(select(func.count()).where(given_up, NOTICES.c.settled_at >= since)) or 0


def count_refused_rows(connection: Connection) -> int:
    """Rows that could not be taken in and that nobody has mended or dropped."""
    return connection.scalar(select(func.count()).where(REFUSED.c.state == "open")) or 0
