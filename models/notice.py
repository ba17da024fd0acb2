"""Notices: rows before they are messages. A message that was sent is not a message that was read."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from models.case import RowId


class NoticeKind(StrEnum):
    """What a notice tells; one template per kind and language in `tasks/templates/`."""

    TASK = "task"
    """A case was dispatched to your unit."""
    VERIFY_TASK = "verify_task"
    CHECK_TASK = "check_task"
    REWORK = "rework"
    TAKEN_AWAY = "taken_away"
    """The case was redispatched, suspended, merged or voided: nothing more to do for now."""
    RESUMED = "resumed"
    DEADLINE_CHANGED = "deadline_changed"
    HANDED_BACK = "handed_back"
    REQUEST_TO_DECIDE = "request_to_decide"
    REQUEST_DECIDED = "request_decided"
    REMINDER = "reminder"
    OVERDUE = "overdue"
    SUPERVISION = "supervision"
    ON_BULLETIN = "on_bulletin"
    SEAT_LATE = "seat_late"
    REOPENED = "reopened"
    REPORT_ACCEPTED = "report_accepted"
    REPORT_REJECTED = "report_rejected"
    REPORT_MERGED = "report_merged"
    REPORT_RESULT = "report_result"
    CALENDAR_ENDS = "calendar_ends"
    OVERDUE_HELD = "overdue_held"


class Priority(StrEnum):
    """How a notice travels."""

    ROUTINE = "routine"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class NoticeState(StrEnum):
    """How far a notice has come."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    """All contact points failed; shown to the command desk, never silent."""
    HELD = "held"
    """The brake: the administrator is asked first."""
    ACKNOWLEDGED = "acknowledged"
    CANCELLED = "cancelled"


class Notice(SQLModel, table=True):
    """One message to one recipient, written in the same transaction as what it tells."""

    __tablename__ = "notice"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    kind: str
    case_id: int | None = Field(default=None, foreign_key="cases.id", index=True, sa_type=RowId)
    event_seq: int | None = None
    recipient: str | None = None
    """A post's code, or None where the recipient is a reporter."""
    reporter_id: int | None = Field(default=None, foreign_key="reporter.id", index=True, sa_type=RowId)
    priority: str = Priority.ROUTINE
    requires_ack: bool = False
    dedupe_key: str = Field(unique=True)
    facts: str = Field(default="{}", sa_type=Text)
    """Canonical JSON for the template; never a reporter's name or phone."""
    state: str = NoticeState.WAITING
    created_at: datetime
    settled_at: datetime | None = None
    text: str | None = Field(default=None, sa_type=Text)
    """What was said, without the signed link, kept from the first attempt on."""

    __table_args__ = (Index("ix_notice_state", "state", "priority", "id"),)


class Attempt(SQLModel, table=True):
    """One try to hand a notice over to one contact point."""

    __tablename__ = "attempt"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    notice_id: int = Field(foreign_key="notice.id", index=True, sa_type=RowId)
    contact_order: int
    channel: str
    started_at: datetime
    ended_at: datetime | None = None
    ok: bool | None = None
    """None: begun, outcome unknown (a crash between sending and recording)."""
    outcome: str = Field(default="", sa_type=Text)
    flow_run_id: str | None = None
