"""Months of the evaluation as they were frozen: versions, the facts behind their counts, entries, and publication.

A version is written once and never changed; a granted appeal, a correction or a late entry makes the next one, which
says why. Each version names the digest of the one before it, so that one that was taken away is missed.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.case import RowId
from models.chain import canonical

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


class EvaluationBehind(SQLModel, table=True):
    """The parts of cases behind one unit's counts in a version, as they stood. Append-only.

    What is corrected afterwards moves the facts, not these. The result of the version names their digest.
    """

    __tablename__ = "evaluation_behind"

    version_id: int = Field(foreign_key="evaluation_version.id", primary_key=True, sa_type=RowId)
    unit: str = Field(primary_key=True)
    """Empty where no unit had them."""
    number: int = Field(sa_type=Integer)
    """Of parts."""
    packed: bytes = Field(sa_type=LargeBinary)
    """As `models/frozen_parts.py` packs them."""


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


class EvaluationEntry(SQLModel, table=True):
    """What a person entered for a unit and a month: points, a number of occurrences, a figure. Append-only.

    An entry is never changed: one that was wrong is taken back by a later one, which says why. Each names the digest
    of the one before it, whatever its month.
    """

    __tablename__ = "evaluation_entry"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    key: str = Field(unique=True)
    """Idempotency key of the form or line."""
    month: str
    unit: str
    item: str
    """Code of a manual item of the scheme that scores the month."""
    value: str
    """A decimal text. Of one that takes back: the value it takes."""
    evidence: str = Field(default="", sa_type=Text)
    """What shows it, in words: number of a document, of a case, of a record."""
    file: str | None = None
    """Digest of the document or picture that was handed in with it."""
    words: str = Field(default="", sa_type=Text)
    by: str
    """The post that entered it."""
    at: datetime
    takes_back: int | None = Field(default=None, foreign_key="evaluation_entry.id", unique=True, sa_type=RowId)
    digest: str
    """Of the entry before it, and of everything above."""
    previous_digest: str = Field(unique=True)
    """Of two that follow the same one, the second is refused: the chain cannot fork."""

    __table_args__ = (Index("ix_evaluation_entry_month", "month", "unit", "item"),)


class EvaluationDocument(SQLModel, table=True):
    """A document that was made of a published version, by the digest of its bytes. Append-only.

    The bytes lie in the folder of bulletins, under their digest. What people were sent is what is kept: a file that was
    lost is made again only where that gives the same bytes, and nothing else is ever given in its place.
    """

    __tablename__ = "evaluation_document"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    version_id: int = Field(foreign_key="evaluation_version.id", sa_type=RowId)
    kind: str
    """docx, xlsx, html or pdf."""
    sha256: str
    size: int
    """In bytes."""
    made_at: datetime

    __table_args__ = (UniqueConstraint("version_id", "kind"),)


def version_digest(previous: str, month: str, version: int, made_at: datetime, why: str, result: str) -> str:
    """What proves a version: sha256 over the digest before it and everything it says, its moment in UTC."""
    said = "\n".join((previous, month, str(version), made_at.astimezone(UTC).isoformat(), why, result))
    return sha256(said.encode()).hexdigest()


def entry_digest(previous: str, said: Mapping[str, Any]) -> str:
    """What proves an entry: sha256 over the digest before it and its canonical facts."""
    return sha256(f"{previous}\n{canonical(said)}".encode()).hexdigest()
