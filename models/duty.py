"""The duty room's rows: rosters, shifts, who stands in which place, changes, handovers, spot checks.

What happened is the chain of events (`models/flood_event.py`); these rows are where things stand now.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from models.case import RowId


class RosterState(StrEnum):
    """How far a roster has come."""

    PROPOSED = "proposed"
    PUBLISHED = "published"
    DROPPED = "dropped"


class ShiftState(StrEnum):
    """Where a shift stands."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"


class ChangeKind(StrEnum):
    """How a published roster may change."""

    SWAP = "swap"
    """Two people change shifts 换班."""
    SUBSTITUTION = "substitution"
    """One person stands in for another 替班."""
    AMENDMENT = "amendment"
    """The leader changes the roster 调班."""


class ChangeState(StrEnum):
    """How a wish to change the roster stands."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    """By the other one; the leader decides next."""
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    """Its shift began before anybody decided."""


class CheckState(StrEnum):
    """How a spot check stands."""

    PLANNED = "planned"
    ASKED = "asked"
    ANSWERED = "answered"
    LATE = "late"
    """Answered after its time."""
    MISSED = "missed"
    LOST = "lost"
    """It ran out while the system was down: held against nobody."""


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class DutyRoster(SQLModel, table=True):
    """A roster of a span of days. Published, it changes only by changes of its shifts."""

    __tablename__ = "duty_roster"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    code: str = Field(unique=True)
    """What people call it. Example: ZB2021-1."""
    first_day: date
    last_day: date
    """Both days are rostered."""
    state: str = RosterState.PROPOSED
    made_by: str
    made_at: datetime
    published_by: str | None = None
    published_at: datetime | None = None
    solver: str
    """plain or cp_sat."""
    quality: str = Field(default="{}", sa_type=Text)
    """The quality report as it was made (canonical JSON)."""


class DutyShift(SQLModel, table=True):
    """One shift of a roster: [starts_at, ends_at)."""

    __tablename__ = "duty_shift"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    roster_id: int = Field(foreign_key="duty_roster.id", index=True, sa_type=RowId)
    code: str
    """Its start in the city's zone. Example: 2021-07-20T08:00."""
    starts_at: datetime
    ends_at: datetime
    night: bool
    holiday: bool
    """It begins on a weekend day or holiday that nobody works."""
    weekend: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Of these, a plain weekend day and no official holiday."""
    published: bool = False
    state: str = ShiftState.PLANNED
    opened_at: datetime | None = None
    closed_at: datetime | None = None

    __table_args__ = (
        UniqueConstraint("roster_id", "code"),
        Index("uq_duty_shift_published", "code", unique=True, **_where("published")),
        Index("ix_duty_shift_starts_at", "published", "starts_at"),
        Index("ix_duty_shift_ends_at", "published", "state", "ends_at"),
    )


class DutyAssignment(SQLModel, table=True):
    """Who stands in a place of a shift, and whether they came."""

    __tablename__ = "duty_assignment"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    shift_id: int = Field(foreign_key="duty_shift.id", index=True, sa_type=RowId)
    place: str
    """Code of the place in the shift (duty.yaml)."""
    post: str | None
    """The directory's post; None is a gap nobody could fill."""
    sign_in_due_at: datetime | None = None
    signed_in_at: datetime | None = None
    signed_in_by: str | None = None
    """The post itself, or who came in its stead."""
    rung: int = 0
    """Rungs of the sign-in ladder it has climbed."""
    climbs_at: datetime | None = None
    vacant_at: datetime | None = None
    """When the place was recorded vacant 空岗."""

    __table_args__ = (
        UniqueConstraint("shift_id", "place"),
        Index("ix_duty_assignment_post", "post", "shift_id"),
        Index("ix_duty_assignment_climbs_at", "climbs_at", **_where("climbs_at IS NOT NULL")),
    )


class DutyChange(SQLModel, table=True):
    """A wish to change a published roster, and what became of it."""

    __tablename__ = "duty_change"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    code: str = Field(unique=True)
    key: str = Field(unique=True)
    """Idempotency key of the form."""
    kind: str
    state: str = ChangeState.ASKED
    assignment_id: int = Field(foreign_key="duty_assignment.id", index=True, sa_type=RowId)
    other_assignment_id: int | None = Field(default=None, foreign_key="duty_assignment.id", sa_type=RowId)
    """Of a swap: the other one's shift."""
    from_post: str
    """Empty where an amendment fills a gap."""
    to_post: str
    because_of_leave: str | None = None
    """First and last day of the leave it makes possible. Example: 2021-07-20/2021-07-25."""
    reason: str = Field(default="", sa_type=Text)
    asked_by: str
    asked_at: datetime
    accepted_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    words: str = Field(default="", sa_type=Text)

    __table_args__ = (
        Index("ix_duty_change_state", "state", "id"),
        Index("ix_duty_change_to_post", "to_post", "state"),
    )


class DutyHandover(SQLModel, table=True):
    """A handover 交接班: the outgoing officer confirms the record, the incoming one accepts it."""

    __tablename__ = "duty_handover"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    shift_id: int = Field(foreign_key="duty_shift.id", unique=True, sa_type=RowId)
    """The outgoing shift."""
    next_shift_id: int | None = Field(default=None, foreign_key="duty_shift.id", index=True, sa_type=RowId)
    """The incoming one; None at the end of the season."""
    opened_at: datetime
    record: str = Field(default="{}", sa_type=Text)
    """What the system filled in (canonical JSON)."""
    words: str = Field(default="", sa_type=Text)
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None
    accepted_by: str | None = None
    accepted_at: datetime | None = None
    rung: int = 0
    climbs_at: datetime | None = None

    __table_args__ = (Index("ix_duty_handover_climbs_at", "climbs_at", **_where("climbs_at IS NOT NULL")),)


class SpotCheck(SQLModel, table=True):
    """One spot check 查岗 of somebody on duty. Its time is worked out from the day's sealed seed."""

    __tablename__ = "spot_check"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    day: date
    number: int
    """Within the day, from 1."""
    code: str = Field(unique=True)
    state: str = CheckState.ASKED
    assignment_id: int = Field(foreign_key="duty_assignment.id", index=True, sa_type=RowId)
    post: str = Field(index=True)
    """Who stood in the place when it was asked."""
    station: str | None = None
    """Whose present reading is asked for."""
    asked_at: datetime
    due_at: datetime
    answered_at: datetime | None = None
    answered_by: str | None = None
    answer: str = Field(default="", sa_type=Text)
    reading_fits: bool | None = None
    """Whether the reading agrees with the stored one; None where there is none to compare."""

    __table_args__ = (
        UniqueConstraint("day", "number"),
        Index("ix_spot_check_due_at", "state", "due_at"),
    )
