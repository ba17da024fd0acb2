"""Keys of programs that report through Open311 or send readings of water: what is kept of them is no key."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from models.case import RowId


class KeyPurpose(StrEnum):
    """What a program may do with its key, and nothing else."""

    OPEN311 = "open311"
    WATER = "water"
    """Send readings of water."""


_IN_FORCE = text("revoked_at IS NULL")


class Open311Key(SQLModel, table=True):
    """The key of one program (a city's app, a partner); updated once, when it is revoked."""

    __tablename__ = "open311_key"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    name: str
    """What the program is called; of those in force only one is called so."""
    digest: str = Field(unique=True)
    """SHA-256 of the key: who reads the database cannot report with it."""
    issued_at: datetime
    issued_by: str
    revoked_at: datetime | None = None
    revoked_by: str = ""
    purpose: str = Field(default=KeyPurpose.OPEN311, sa_column_kwargs={"server_default": text("'open311'")})

    __table_args__ = (
        Index("uq_open311_key_name", "name", unique=True, sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE),
    )
