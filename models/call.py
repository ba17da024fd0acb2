"""Call and confirm 叫应: one call with everybody it wakes, from its start until a human has answered for each chain.

What happened is the chain of events `call:<number>` (`models/flood_event.py`); these rows are where things stand now.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.case import RowId


class TargetState(StrEnum):
    """How far somebody in a call has come."""

    WAITING = "waiting"
    """Called only where those before in the chain stay silent."""
    TOLD = "told"
    """Called; the time to answer runs. Delivered or opened is no answer."""
    ANSWERED = "answered"
    PASSED_ON = "passed_on"
    """Silent; the next of the chain is called beside them."""
    UNREACHED = "unreached"
    """Silent, and nobody of the chain is left to call: shown red, called again and again."""


class How(StrEnum):
    """How somebody answered. Only a human's answer counts."""

    PAGE = "page"
    """By the button behind the link."""
    VOICE = "voice"
    """On the phone or at the door; whoever reached them recorded it."""
    COMMAND = "command"
    PLAYED = "played"
    """By a played person of the demo."""


class EndedWhy(StrEnum):
    """Why a call is over."""

    ANSWERED = "answered"
    WARNING_ENDED = "warning_ended"
    REPLACED = "replaced"
    """A graver warning took the place of its own, and called anew."""
    BY_HAND = "by_hand"


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Call(SQLModel, table=True):
    """One call. A drill has numbers of its own and is never mixed with the real thing."""

    __tablename__ = "flood_call"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    number: str = Field(unique=True)
    """Example: JY20210720-001; of a drill YLJ20210720-001."""
    key: str = Field(unique=True)
    """What makes it start once. Example: warning:YJ20210720-001."""
    drill: bool = False
    warning: str | None = Field(default=None, index=True)
    """Number of the warning it calls for, the gravest of its place; None where somebody started it by hand.

    All that it covers are rows of `CallWarning`.
    """
    subject: str
    """Area or station it is about."""
    severity: str | None = None
    reason: str = Field(default="", sa_type=Text)
    """In the words of whoever started it."""
    started_by: str
    """A post, or rule:NAME."""
    started_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_why: str | None = None
    lifted_at: datetime | None = None
    """Of a call everybody answered: when they were told that the danger is over, or when another call took over."""

    __table_args__: tuple[Any, ...] = (
        Index("ix_flood_call_open", "id", **_where("ended_at IS NULL")),
        Index("ix_flood_call_started_at", "started_at"),
        Index("ix_flood_call_answered", "id", **_where("lifted_at IS NULL AND ended_why = 'answered'")),
    )


class CallWarning(SQLModel, table=True):
    """One warning a call covers."""

    __tablename__ = "flood_call_warning"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    call_id: int = Field(foreign_key="flood_call.id", sa_type=RowId)
    warning: str = Field(index=True)
    """Number of the warning."""

    __table_args__: tuple[Any, ...] = (UniqueConstraint("call_id", "warning"),)


class CallTarget(SQLModel, table=True):
    """One place in one chain of a call: who is called there, and what became of it."""

    __tablename__ = "flood_call_target"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    call_id: int = Field(foreign_key="flood_call.id", sa_type=RowId)
    subject: str
    """Station or area the chain belongs to."""
    chain: str
    step: int
    duty: str
    post: str
    told: str | None = None
    """Who was called: the post, or who stands in for it."""
    state: str = TargetState.WAITING
    told_at: datetime | None = None
    due_at: datetime | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    how: str | None = None
    recorded_by: str | None = None
    """Who recorded an answer by voice."""
    words: str = Field(default="", sa_type=Text)
    rung: int = 0
    """Rungs of the ladder its silence has climbed."""
    climbs_at: datetime | None = None

    __table_args__: tuple[Any, ...] = (
        UniqueConstraint("call_id", "subject", "chain", "step", "post"),
        Index("ix_flood_call_target_told", "call_id", "told"),
        Index("ix_flood_call_target_climbs_at", "climbs_at", **_where("climbs_at IS NOT NULL")),
    )
