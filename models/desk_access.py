"""How people reach the desk without an account: links asked for, codes, sessions, what was revoked, who works on what.

Only `AccessRevocation` is a record: its rows are never changed. Rows of `OneTimeCode` and `DeskSession` are updated
when they are used or ended; rows of `PageAsked` and `CaseHold` go when they are of no use any more.
"""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from models.case import RowId


class PageAsked(SQLModel, table=True):
    """Somebody asked for the link to a person's own page: counted for an hour, whether there is such a post or not."""

    __tablename__ = "page_asked"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    at: datetime = Field(index=True)
    client: str
    """Keyed digest of the address it came from, never the address."""
    post: str = ""
    """The post that was meant; empty where none was."""

    __table_args__ = (Index("ix_page_asked_client", "client", "at"), Index("ix_page_asked_post", "post", "at"))


class OneTimeCode(SQLModel, table=True):
    """A code that was sent to a post's contact points; updated by every try."""

    __tablename__ = "one_time_code"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    post: str
    nonce: str
    """The code is the HMAC of this under a key outside the database; it is stored nowhere."""
    sent_at: datetime
    expires_at: datetime
    tries: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    used_at: datetime | None = None

    __table_args__ = (Index("ix_one_time_code_post", "post", "sent_at"),)


class DeskSession(SQLModel, table=True):
    """A shift at the desk; updated once, when it is ended before its time."""

    __tablename__ = "desk_session"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    secret_digest: str = Field(unique=True)
    """Of what the browser's cookie holds: who reads the database cannot make the cookie."""
    post: str = Field(index=True)
    opened_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    ended_why: str = ""
    """signed_out or replaced; a revocation ends sessions without touching them."""


class AccessRevocation(SQLModel, table=True):
    """Nothing that was signed, sent or opened for a post up to this moment counts any more. Append-only."""

    __tablename__ = "access_revocation"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    post: str
    at: datetime
    by: str
    reason: str = ""

    __table_args__ = (Index("ix_access_revocation_post", "post", "at"),)


class CaseHold(SQLModel, table=True):
    """Who works on a queued case at the moment: one holder a case; overwritten once it has run out."""

    __tablename__ = "case_hold"

    case_id: int = Field(primary_key=True, foreign_key="cases.id", sa_type=RowId)
    post: str
    state: str
    """The case's state when it was taken: once it has moved on, the hold is over."""
    taken_at: datetime
    until: datetime
