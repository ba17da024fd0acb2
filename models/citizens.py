"""What citizens answer after closing, and how often they knock.

`Satisfaction` is a record: its rows are never changed, a later answer is a row of its own. Rows of `PublicTry` go after
a day.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field, SQLModel

from models.case import RowId

LOWEST, HIGHEST = 1, 5
"""Satisfaction runs from 1, very dissatisfied, to 5, very satisfied."""


class Satisfaction(SQLModel, table=True):
    """How satisfied a reporter is with how one round of their case ended. Append-only; the last answer counts."""

    __tablename__ = "satisfaction"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    key: str = Field(unique=True)
    """Idempotency key of the form: the same answer sent twice is one row."""
    report_id: int = Field(foreign_key="report.id", sa_type=RowId)
    case_id: int = Field(foreign_key="cases.id", index=True, sa_type=RowId)
    """The case that was handled: of a joined report the one it was joined with."""
    round: int
    score: int
    words: str = Field(default="", sa_type=Text)
    """What was said with it, phone and identity numbers masked."""
    at: datetime = Field(index=True)

    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 5", name="ck_satisfaction_score"),
        Index("ix_satisfaction_report", "report_id", "round"),
    )


class PublicTry(SQLModel, table=True):
    """Somebody sent a report, or tried a receipt with its code: counted for a day."""

    __tablename__ = "public_try"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    at: datetime = Field(index=True)
    what: str
    """report or find."""
    client: str
    """Keyed digest of the address it came from, never the address."""

    __table_args__ = (Index("ix_public_try_client", "client", "what", "at"),)
