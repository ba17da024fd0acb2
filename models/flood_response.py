"""Consultations about a response, and the decisions: which level is in force where is what the decisions say."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Text, false, text
from sqlmodel import Field, SQLModel

from models.case import RowId


class ConsultationState(StrEnum):
    """How a consultation stands."""

    OPEN = "open"
    DECIDED = "decided"
    LAPSED = "lapsed"
    """The suggestion came to what is in force anyway before anybody decided."""


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Consultation(SQLModel, table=True):
    """One consultation 会商: a question whether the level of an area should change; one open at a time."""

    __tablename__ = "flood_consultation"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    number: str = Field(unique=True)
    """Example: HS20210720-001."""
    hazard: str
    area: str
    suggested_level: int
    """4 to 1, or 0 for an end."""
    warnings: str = Field(default="[]", sa_type=Text)
    """Numbers of the warnings behind the suggestion (canonical JSON)."""
    human_decides: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    basis: str = Field(default="", sa_type=Text)
    """Why it was called, where a person called it."""
    opened_at: datetime
    opened_by: str
    """A post, or rule:suggestion."""
    decide_by: datetime
    state: str = ConsultationState.OPEN
    closed_at: datetime | None = None
    reminders: int = 0
    """Rungs of the ladder it has climbed."""
    climbs_at: datetime | None = None
    flow_run_id: str | None = None
    """The run that asks in the Prefect UI; None until one was started."""
    run_settled: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether that run has been told of the decision."""

    __table_args__ = (
        Index("uq_flood_consultation_open", "hazard", "area", unique=True, **_where("state = 'open'")),
        Index("ix_flood_consultation_state", "state", "opened_at"),
        Index("ix_flood_consultation_climbs_at", "climbs_at", **_where("climbs_at IS NOT NULL")),
        Index("ix_flood_consultation_area", "hazard", "area", "opened_at"),
    )


class ResponseDecision(SQLModel, table=True):
    """A signed decision. Append-only; the first valid one of a consultation is the one there is."""

    __tablename__ = "response_decision"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    consultation: str = Field(unique=True)
    """Number of its consultation."""
    hazard: str
    area: str
    level: int
    """4 to 1, or 0 for an end."""
    kept: bool
    """Whether it says that the level in force stays."""
    former_level: int
    suggested_level: int
    basis: str = Field(sa_type=Text)
    issuer: str
    """The unit that issues it."""
    signed_by: str
    by: str
    """Who wrote it down."""
    at: datetime
    key: str = Field(unique=True)
    """Idempotency key of the form."""
    origin: str
    """desk, form, command or replay."""
    flow_run_id: str | None = None

    __table_args__ = (Index("ix_response_decision_area", "hazard", "area", "at"),)
