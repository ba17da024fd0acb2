"""Notices: rows before they are messages. A message that was sent is not a message that was read."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Text, false, text
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
    REQUEST_WAITS = "request_waits"
    """A request was not decided in its time; told to whoever stands above who should have."""
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
    UNDELIVERED = "undelivered"
    """Somebody could not be told; goes to the command desk and the administrator."""
    SILENCE = "silence"
    """Somebody was told and has not acknowledged it."""
    MY_WORK = "my_work"
    """The link to a post's own page, asked for on the desk."""
    SIGN_IN_CODE = "sign_in_code"
    """The one-time code that opens a shift at the desk."""
    # Roster.
    ROSTER_PUBLISHED = "roster_published"
    """A roster with shifts of yours is in force."""
    ROSTER_DAY_BEFORE = "roster_day_before"
    """You are on duty tomorrow."""
    ROSTER_WEEK = "roster_week"
    """Your shifts of the week ahead."""
    ROSTER_CHANGED = "roster_changed"
    """A shift to come is yours now, or no longer."""
    ROSTER_ASKED = "roster_asked"
    """Somebody wants to change a shift: you accept, or decide."""
    ROSTER_DECIDED = "roster_decided"
    """What became of a wish to change a shift."""
    # Duty.
    DUTY_SIGN_IN = "duty_sign_in"
    """A shift begins: sign in."""
    DUTY_SILENT = "duty_silent"
    """Somebody has not signed in; told to who may come instead, and to who answers for the shift."""
    DUTY_VACANT = "duty_vacant"
    DUTY_HANDOVER = "duty_handover"
    """A handover waits for the reader: to be confirmed, or to be accepted."""
    DUTY_HANDOVER_LATE = "duty_handover_late"
    DUTY_CALL_UP = "duty_call_up"
    """The state of the duty room has risen: who stood by comes in."""
    SPOT_CHECK = "spot_check"
    SPOT_CHECK_MISSED = "spot_check_missed"
    CONTACTS_UNTESTED = "contacts_untested"
    # Water.
    FLOOD_WARNING = "flood_warning"
    """A warning was raised: a threshold crossed, or a signal of the weather office."""
    FLOOD_WARNING_ENDED = "flood_warning_ended"
    STATION_SILENT = "station_silent"
    """Stations that should have sent a reading by now."""
    # Call and confirm.
    CALL = "call"
    """Wake up and answer: danger where you are responsible 叫应."""
    CALL_SILENT = "call_silent"
    """Somebody does not answer a call; told to the next above, who answers for it."""
    CALL_BEGUN = "call_begun"
    """A call has begun; goes to the duty room with the board."""
    CALL_ENDED = "call_ended"
    """The danger is over, or the drill: told to everybody who was called."""
    # Response and reports.
    CONSULTATION_OPENED = "consultation_opened"
    """A consultation asks for a level; again where the suggestion rises."""
    CONSULTATION_UNDECIDED = "consultation_undecided"
    CONSULTATION_DECIDED = "consultation_decided"
    CONSULTATION_LAPSED = "consultation_lapsed"
    RESPONSE_STARTED = "response_started"
    """A member unit hears what it must do at the level."""
    RESPONSE_CHANGED = "response_changed"
    RESPONSE_ENDED = "response_ended"
    INFO_REPORT_OWED = "info_report_owed"
    INFO_REPORT_LATE = "info_report_late"
    INFO_REPORT_MISSING = "info_report_missing"
    INCIDENT_REPORTED = "incident_reported"
    INCIDENT_CASUALTIES = "incident_casualties"
    # Monthly evaluation.
    EVALUATION_DRAFT = "evaluation_draft"
    """Your unit's draft: check it, appeal in time."""
    EVALUATION_STANDS = "evaluation_stands"
    """A month's draft stands; goes to whoever oversees the evaluation."""
    EVALUATION_WAITS = "evaluation_waits"
    """Appeals are open after their window: the publication waits."""
    EVALUATION_PUBLISHED = "evaluation_published"
    ANALYSIS_READY = "analysis_ready"
    """The analysis of last week is there, with the few sentences that say it all."""


PERSONAL = frozenset({NoticeKind.MY_WORK, NoticeKind.SIGN_IN_CODE})
"""Keys to the desk: they go to the post's own contact points, never to a deputy, at any hour."""


class Priority(StrEnum):
    """How a notice travels."""

    ROUTINE = "routine"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class WaitsFor(StrEnum):
    """Why a waiting notice is not sent yet."""

    QUIET_HOURS = "quiet_hours"
    BUNDLE = "bundle"
    """Its reader was told of something routine a moment ago; what comes after it gathers."""
    RATE_LIMIT = "rate_limit"
    TOO_FAST = "too_fast"
    """The channel itself asked to wait."""
    CHANNEL_DOWN = "channel_down"
    GATHERING = "gathering"
    """Notices that nobody could be told are gathered for a moment before their report goes out."""


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
    EXPIRED = "expired"
    """It waited until it was of no use any more."""


def _where(condition: str) -> dict[str, Any]:
    """A partial index on both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


_ZERO = {"server_default": text("0")}


class Notice(SQLModel, table=True):
    """One message to one recipient, written in the same transaction as what it tells."""

    __tablename__ = "notice"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    kind: str
    case_id: int | None = Field(default=None, foreign_key="cases.id", index=True, sa_type=RowId)
    event_seq: int | None = None
    subject: str | None = Field(default=None, index=True)
    """What it speaks of where that is no case, as purpose and subject of its link. Example: flood:YJ20210720-001."""
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

    not_before: datetime | None = None
    """Not sent before this moment, for the reason in `waits_for`; None: at once."""
    waits_for: str | None = None
    channel: str | None = None
    """The channel to be tried next, where the first one failed."""
    told: str | None = None
    """The post it was handed over to: the recipient, or who stands in."""
    series: int = Field(default=0, sa_column_kwargs=_ZERO)
    """How often somebody had it sent anew; attempts of an earlier series no longer count."""
    released: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether the administrator let it go after the brake held it."""
    origin_id: int | None = Field(default=None, sa_type=RowId)
    """The notice whose silence this one tells of."""
    acknowledge_by: datetime | None = None
    climbs_at: datetime | None = None
    """When its silence climbs to the next rung; None where nobody waits for an acknowledgement any more."""
    rung: int = Field(default=0, sa_column_kwargs=_ZERO)
    """Rungs of the silence ladder it has climbed."""
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_how: str | None = None
    """page, command or action."""

    __table_args__ = (
        Index("ix_notice_state", "state", "priority", "id"),
        Index("ix_notice_waiting_recipient", "recipient", "id", **_where("state = 'waiting'")),
        Index("ix_notice_climbs_at", "climbs_at", **_where("climbs_at IS NOT NULL")),
    )


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
    recipient: str | None = None
    """The post it was addressed to: the notice's own recipient or who stands in; None where a reporter is told."""
    address: str | None = None
    """The reference of the address (`env:NAME`), never the address itself; limits are counted by it."""
    bundle_id: str | None = None
    """The same for all notices that went out as one message; every routine message to a post has one."""
    series: int = Field(default=0, sa_column_kwargs=_ZERO)

    __table_args__ = (
        Index("ix_attempt_address", "address", "started_at"),
        Index("ix_attempt_recipient", "recipient", "started_at"),
    )


class NoticeHistory(SQLModel, table=True):
    """What befell a notice besides being sent: acknowledged, sent anew, held, released, dropped, climbed."""

    __tablename__ = "notice_history"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    notice_id: int = Field(foreign_key="notice.id", index=True, sa_type=RowId)
    at: datetime
    what: str
    by: str
    """A post, or rule:NAME."""
    reason: str = Field(default="", sa_type=Text)


class ContactTest(SQLModel, table=True):
    """A test message to a contact point, and what became of it; the newest one with the same address counts."""

    __tablename__ = "contact_test"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    post: str
    contact_order: int
    channel: str
    address_digest: str
    """Of the address's reference: a contact point with another address is unverified again."""
    tested_at: datetime
    ok: bool
    outcome: str
    by: str

    __table_args__ = (Index("ix_contact_test_post", "post", "contact_order"),)
