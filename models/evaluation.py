"""Months of the evaluation as they were frozen: versions, the facts behind their counts, and their publication.

A version is written once and never changed; a granted appeal, a correction or a late entry makes the next one, which
says why. Each version names the digest of the one before it, so that one that was taken away is missed.
"""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import BigInteger, Index, Integer, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.case import RowId

FIRST = "first"
"""Why the first version of a month was made; a later one says what changed."""

NO_DIGEST = ""
"""What the first version of all names as the digest before it."""


class EvaluationVersion(SQLModel, table=True):
    """One version of a month. Append-only."""

    __tablename__ = "evaluation_version"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    month: str
    """Such as 2026-08."""
    version: int
    scheme: str
    made_at: datetime
    counted_at: datetime
    """What happened afterwards is not in it."""
    why: str
    window_until: datetime
    """Appeals against cases of the month are taken until then."""
    result: str = Field(sa_type=Text)
    """The canonical text of `models/evaluation_result.py`."""
    digest: str
    """Of the version before it, and of everything above."""
    previous_digest: str
    flow_run_id: str | None = None

    __table_args__ = (UniqueConstraint("month", "version"),)


class EvaluationCase(SQLModel, table=True):
    """A part of a case as it stood behind the counts of a version. Append-only.

    `marks` are those of `models/evaluation_marks.py`: which counts it made. What is corrected afterwards moves the
    facts, not these.
    """

    __tablename__ = "evaluation_case"

    version_id: int = Field(foreign_key="evaluation_version.id", primary_key=True, sa_type=RowId)
    unit: str = Field(primary_key=True)
    """Empty where no unit had it."""
    case_id: int = Field(foreign_key="cases.id", primary_key=True, sa_type=RowId)
    round: int = Field(primary_key=True, sa_type=Integer)
    part: int = Field(primary_key=True, sa_type=Integer)
    marks: int = Field(sa_type=BigInteger)

    __table_args__ = ({"sqlite_with_rowid": False},)


class EvaluationPublication(SQLModel, table=True):
    """That a version was published to everyone. Append-only."""

    __tablename__ = "evaluation_publication"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    version_id: int = Field(foreign_key="evaluation_version.id", unique=True, sa_type=RowId)
    month: str
    published_at: datetime
    by: str
    """A post, or rule:publish."""

    __table_args__ = (Index("ix_evaluation_publication_month", "month"),)


def version_digest(previous: str, month: str, version: int, made_at: datetime, why: str, result: str) -> str:
    """What proves a version: sha256 over the digest before it and everything it says."""
    said = "\n".join((previous, month, str(version), made_at.isoformat(), why, result))
    return sha256(said.encode()).hexdigest()
