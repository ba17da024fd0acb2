"""Information reports 信息报送: incidents, what was reported of them, and which report is owed by when."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field, SQLModel

from models.case import RowId


class IncidentState(StrEnum):
    """How an incident stands."""

    OPEN = "open"
    ENDED = "ended"
    """Its final report was given."""


class OwedState(StrEnum):
    """How a report that is owed stands."""

    OWED = "owed"
    GIVEN = "given"
    LATE = "late"
    """Its time has run out; `given_at` tells whether it was given afterwards."""
    MISSING = "missing"
    """Not given long after its time, and recorded so 漏报."""
    WITHDRAWN = "withdrawn"
    """Not owed any more: what it was to tell has ended."""


class Incident(SQLModel, table=True):
    """A danger 险情 or disaster 灾情 that is reported on."""

    __tablename__ = "flood_incident"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    number: str = Field(unique=True)
    """Example: XQ20210720-001."""
    hazard: str
    area: str
    unit: str
    """The unit that answers for the territory."""
    opened_at: datetime
    opened_by: str
    state: str = IncidentState.OPEN
    ended_at: datetime | None = None

    __table_args__ = (Index("ix_flood_incident_state", "state", "opened_at"),)


class IncidentReport(SQLModel, table=True):
    """One entry: what a unit says at a moment. Append-only; figures are cumulative."""

    __tablename__ = "incident_report"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    subject: str
    """An incident's number, response:HAZARD:AREA, or daily:MOMENT."""
    kind: str
    means: str
    unit: str
    by: str
    at: datetime
    recorded_at: datetime
    key: str = Field(unique=True)
    """Idempotency key of the form."""
    origin: str
    danger: str = ""
    """Kind of danger or disaster."""
    place: str = ""
    happened_at: datetime | None = None
    extent: str = Field(default="", sa_type=Text)
    dead: int = 0
    missing: int = 0
    injured: int = 0
    evacuated: int = 0
    affected: int = 0
    losses_cny: int = Field(default=0, sa_type=BigInteger)
    """Direct losses in yuan."""
    measures: str = Field(default="", sa_type=Text)
    technical_person: str | None = None
    administrative_person: str | None = None
    words: str = Field(default="", sa_type=Text)
    contradicts: str = Field(default="[]", sa_type=Text)
    """What an earlier entry said otherwise (canonical JSON): field, entry, was, now."""

    __table_args__ = (Index("ix_incident_report_subject", "subject", "id"), Index("ix_incident_report_at", "at"))


class ReportOwed(SQLModel, table=True):
    """One report a unit owes somebody by a time."""

    __tablename__ = "report_owed"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    key: str = Field(unique=True)
    """What keeps it single. Example: XQ20210720-001:initial:phone:lihe:flood-office."""
    subject: str
    kind: str
    means: str
    unit: str
    to: str
    owed_since: datetime
    due_at: datetime
    missing_at: datetime
    given_at: datetime | None = None
    entry_id: int | None = Field(default=None, foreign_key="incident_report.id", index=True, sa_type=RowId)
    """The entry that satisfied it; None for one that was composed and signed off."""
    given_by: str | None = None
    state: str = OwedState.OWED
    rung: int = 0
    climbs_at: datetime | None = None
    """When the next step of its deadline is due: reminder, late, a rung, missing."""

    __table_args__: tuple[Any, ...] = (
        Index("ix_report_owed_subject", "subject", "state"),
        Index("ix_report_owed_unit", "unit", "state", "due_at"),
        Index(
            "ix_report_owed_climbs_at",
            "climbs_at",
            sqlite_where=text("climbs_at IS NOT NULL"),
            postgresql_where=text("climbs_at IS NOT NULL"),
        ),
        Index("ix_report_owed_due_at", "due_at"),
        Index("ix_report_owed_kind", "kind", "due_at"),
    )
