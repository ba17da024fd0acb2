"""What was done at the desk that is no case's event: changes of the directory, revocations, tests, exports.

A row is written once, in the transaction of what it tells; triggers refuse every change of it.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from models.case import RowId


class DeskRecordKind(StrEnum):
    """What a record tells."""

    DIRECTORY_CHANGED = "directory_changed"
    """One row of the city directory; it made an edition of its own."""
    ACCESS_REVOKED = "access_revoked"
    """All links, codes and sessions of a post."""
    CONTACT_TESTED = "contact_tested"
    EXPORT_BEGUN = "export_begun"
    EXPORT_ENDED = "export_ended"
    """With the number of rows that went out, also where the reader broke off."""


class DeskRecord(SQLModel, table=True):
    """One thing a post did at the desk: who, when, to what. Append-only."""

    __tablename__ = "desk_record"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    key: str = Field(unique=True)
    """Idempotency key of the form: what is sent twice is one row."""
    kind: str
    subject: str
    """The post it concerns; of an export what was exported."""
    by: str
    """The post whose session it was."""
    at: datetime
    facts: str = Field(default="{}", sa_type=Text)
    """Canonical JSON. Rows before and after, the reason, the filter: never a reporter, no personal number."""
    edition_id: int | None = Field(default=None, foreign_key="city_edition.id", index=True, sa_type=RowId)
    """The edition it put in force, where it changed the directory."""

    __table_args__ = (Index("ix_desk_record_subject", "subject", "id"),)
