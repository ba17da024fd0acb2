"""Warnings: a threshold that was crossed, or a signal the weather office issued, with the evidence for it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Text, false, text
from sqlmodel import Field, SQLModel

from models.case import RowId


class Hazard(StrEnum):
    """What threatens."""

    FLOOD = "flood"
    DROUGHT = "drought"


class WarningSource(StrEnum):
    """Where a warning comes from."""

    THRESHOLD = "threshold"
    SIGNAL = "signal"
    """A weather office's signal 预警信号 of a colour, entered at the desk or taken in."""


class Severity(StrEnum):
    """How grave a warning is, by the colours officials know."""

    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


class FloodWarning(SQLModel, table=True):
    """One warning from its rise to its end; a place has at most one of a kind at a time."""

    __tablename__ = "flood_warning"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    number: str = Field(unique=True)
    """Example: YJ20210720-001; of a drill YL20210720-001."""
    drill: bool = False
    hazard: str
    source: str
    severity: str
    subject: str
    """What keeps it single while it lasts. Example: threshold:huayuankou:warning_stage, signal:410184."""
    station: str | None = None
    threshold: str | None = None
    """Code of the threshold that was crossed."""
    area: str
    """Code of the area it speaks of."""
    calls: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether the people responsible there are called until a human answers 叫应."""
    raised_at: datetime
    """The moment of the reading, or of the signal."""
    recorded_at: datetime
    evidence: str = Field(default="{}", sa_type=Text)
    """Readings and rule by which it was raised (canonical JSON)."""
    ended_at: datetime | None = None
    """The moment of the reading, or of the signal, that ended it."""
    end_recorded_at: datetime | None = None
    end_evidence: str = Field(default="", sa_type=Text)

    __table_args__: tuple[Any, ...] = (
        Index(
            "uq_flood_warning_open",
            "subject",
            "drill",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_flood_warning_raised_at", "raised_at"),
        Index("ix_flood_warning_recorded_at", "recorded_at"),
        Index("ix_flood_warning_end_recorded_at", "end_recorded_at"),
        Index("ix_flood_warning_station", "station", "raised_at"),
    )
