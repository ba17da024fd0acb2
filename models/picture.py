"""Pictures of a case or a report: what was handed in, and what is kept of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from models.case import RowId


class PictureKind(StrEnum):
    """What a picture shows: the problem before it was handled, the place after, or something else."""

    BEFORE = "before"
    AFTER = "after"
    OTHER = "other"


def _band(name: str) -> Index:
    """An index over the after-pictures that have a likeness: only they are looked through for one that resembles."""
    after = text(f"kind = 'after' AND {name} IS NOT NULL")
    return Index(f"ix_picture_{name}", name, sqlite_where=after, postgresql_where=after)


class Picture(SQLModel, table=True):
    """One picture of a case or of a report. Append-only: triggers refuse every change.

    The copies lie in the picture store under their own digests; the row is written after them, so a row has its files.
    """

    __tablename__ = "picture"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    key: str = Field(unique=True)
    """Case or report, round, kind and original: the same picture handed in twice is one row."""
    case_id: int | None = Field(default=None, foreign_key="cases.id", index=True, sa_type=RowId)
    report_id: int | None = Field(default=None, foreign_key="report.id", index=True, sa_type=RowId)
    """The report it came with, where no case is named."""
    round: int = 1
    kind: str
    by: str
    """A post's code, `source:NAME` or `public`; never a name."""
    origin: str
    """Where it was handed in, in the words of an event: desk, intake, file ..."""
    at: datetime
    original_sha256: str
    original_bytes: int
    original_format: str
    """jpeg, png, webp or heic."""
    sha256: str = Field(index=True)
    """Digest of the kept copy, by which the store, events and pages name it."""
    bytes: int
    width: int
    height: int
    small_sha256: str = Field(index=True)
    band_0: int | None = None
    """Its likeness in four parts of 16 bits (`models/picture_likeness.py`); none where it is one plain colour."""
    band_1: int | None = None
    band_2: int | None = None
    band_3: int | None = None

    __table_args__ = (
        CheckConstraint("(case_id IS NULL) <> (report_id IS NULL)", name="ck_picture_of_one"),
        _band("band_0"),
        _band("band_1"),
        _band("band_2"),
        _band("band_3"),
    )


@dataclass(frozen=True, slots=True)
class OfCase:
    """Pictures of a case in one of its rounds."""

    case_id: int
    round: int = 1

    def key(self, kind: PictureKind, original_sha256: str) -> str:
        """What makes a picture of this case one row. Example: "case:7:1:after:9f86…"."""
        return f"case:{self.case_id}:{self.round}:{kind}:{original_sha256}"


@dataclass(frozen=True, slots=True)
class OfReport:
    """Pictures that came with a report, whatever case it opens or joins."""

    report_id: int
    round: int = 1

    def key(self, kind: PictureKind, original_sha256: str) -> str:
        """What makes a picture of this report one row. Example: "report:7:before:9f86…"."""
        return f"report:{self.report_id}:{kind}:{original_sha256}"
