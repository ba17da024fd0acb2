"""The records of a case: reports, cases, events, clocks, assignments, requests, closings.

`CaseEvent` is the append-only truth; every other column of a case is what its events add up to
(`models/case_state.py`). A reporter's name and phone live only in `Reporter`, encrypted; everything else holds the
reporter's id, so that erasing a person never breaks the chain of events.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

RowId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite gives its own row ids to INTEGER keys only."""


def _named_by(column: str, *within: str) -> Index:
    """An index over the few cases that name something: it finds those that name the same."""
    named = text(f"{column} IS NOT NULL")
    return Index(f"ix_cases_{column}", column, *within, sqlite_where=named, postgresql_where=named)


class Reporter(SQLModel, table=True):
    """A citizen who reported something. The only place that holds a name or a phone number, sealed."""

    __tablename__ = "reporter"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    name_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    erased_at: datetime | None = None


class IntakeBatch(SQLModel, table=True):
    """One file or call that brought reports, with what became of its rows."""

    __tablename__ = "intake_batch"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    source: str
    name: str
    started_at: datetime
    ended_at: datetime | None = None
    rows: int = 0
    taken: int = 0
    duplicates: int = 0
    refused: int = 0
    flow_run_id: str | None = None


class RefusedRow(SQLModel, table=True):
    """A row that could not be taken in, kept whole (sealed: it may hold a phone number) with its reason."""

    __tablename__ = "refused_row"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    batch_id: int = Field(foreign_key="intake_batch.id", index=True, sa_type=RowId)
    source: str
    row_number: int
    """1-based line or row of the file as a spreadsheet shows it (the header is row 1)."""
    code: str
    facts: str = Field(default="{}", sa_type=Text)
    """What was wrong where (canonical JSON: column, problem), never a personal value."""
    content_sealed: bytes = Field(sa_type=LargeBinary)
    fingerprint: str = Field(index=True)
    """Keyed digest of source and content: the same bad row again is not kept twice."""
    state: str = "open"
    """open, taken (mended and taken in) or dropped."""
    refused_at: datetime
    settled_at: datetime | None = None

    __table_args__ = (UniqueConstraint("source", "fingerprint"),)


class Report(SQLModel, table=True):
    """One report as it was taken in. It opens a case or joins one."""

    __tablename__ = "report"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    receipt_number: str = Field(unique=True)
    source: str
    source_id: str
    batch_id: int | None = Field(default=None, foreign_key="intake_batch.id", sa_type=RowId)
    opened_at: datetime
    """When the problem was reported at its source."""
    taken_at: datetime
    class_code: str | None = None
    condition_no: int | None = None
    description: str = Field(default="", sa_type=Text)
    place: str = ""
    area: str | None = None
    longitude: float | None = None
    latitude: float | None = None
    component_code: str | None = None
    camera: str | None = None
    source_chain: str | None = None
    """The number under which several sources pass on the same report."""
    unit_hint: str | None = None
    """The unit the source itself named, as a unit code of the directory where known."""
    source_due_at: datetime | None = None
    source_closed_at: datetime | None = None
    flags: str = Field(default="", sa_type=Text)
    """Comma-separated codes of what a person should look at (`odd_source_deadline`, `ambiguous_time`)."""
    reporter_id: int | None = Field(default=None, foreign_key="reporter.id", index=True, sa_type=RowId)
    case_id: int | None = Field(default=None, foreign_key="cases.id", index=True, sa_type=RowId)

    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        # The day's intake by hour and source.
        Index("ix_report_taken_at", "taken_at", "source"),
    )


class Case(SQLModel, table=True):
    """Where a case stands now: what its events add up to, kept for the indexes."""

    __tablename__ = "cases"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    number: str | None = Field(default=None, unique=True)
    """Given at filing by the city's pattern; never changes."""
    receipt_number: str = Field(unique=True)
    """Receipt of the report that opened it: what it is called before filing."""
    version: int = 0
    """Counts visits that changed it: two visits never move the same case twice."""
    state: str
    round: int = 1
    source: str
    class_code: str | None = None
    condition_no: int | None = None
    area: str | None = None
    place: str = ""
    description: str = Field(default="", sa_type=Text)
    longitude: float | None = None
    latitude: float | None = None
    component_code: str | None = None
    camera: str | None = None
    source_chain: str | None = None
    complete: bool = False
    """Class, condition and area known, and no flag that a person should look at."""
    source_due_at: datetime | None = None
    unit_hint: str | None = None
    edition: str
    """City edition whose catalogue the case was filed under."""
    calendar_edition: str
    unit: str | None = None
    inspector: str | None = None
    """Post that holds the open verify or check task."""
    verified: str | None = None
    """Outcome of the verification: true, false, not_found."""
    made_safe: bool = False
    """The check of the make-safe stage was passed; the repair stage follows."""
    stage: str = "whole"
    """whole, make_safe or repair: urgent conditions have two limits."""
    suspended_from: str | None = None
    suspended_until: datetime | None = None
    promised_until: datetime | None = None
    hand_backs: int = 0
    hand_back_barred: bool = False
    extensions: int = 0
    suspensions: int = 0
    reworks: int = 0
    reopenings: int = 0
    supervisions: int = 0
    rungs: str = Field(default="{}", sa_type=Text)
    """JSON of the rungs climbed, each with the deadline it was climbed for."""
    seat_alarmed: bool = False
    on_bulletin: bool = False
    quick_fixed: bool = False
    exempt: bool = False
    merged_into: int | None = Field(default=None, foreign_key="cases.id", sa_type=RowId)
    opened_at: datetime
    filed_at: datetime | None = None
    dispatched_at: datetime | None = None
    handled_at: datetime | None = None
    """The last report_handled of the present round."""
    ended_at: datetime | None = None
    due_at: datetime | None = None
    """Deadline of the running clock."""
    handle_due_at: datetime | None = None
    """Deadline of the unit, also while its clock is paused."""
    provisional: bool = False
    """The official calendar ends before the deadline: weekends only beyond it."""
    last_event_at: datetime
    next_wake_at: datetime | None = None
    events: int = 0
    head_hash: str = ""

    __table_args__ = (
        Index("ix_cases_next_wake_at", "next_wake_at"),
        # What stands open, is overdue and is due next is counted and found without reading a case.
        Index("ix_cases_state", "state", "handle_due_at", "unit"),
        # A unit's few open cases among all it ever had.
        Index("ix_cases_unit", "unit", "state"),
        Index("ix_cases_place", "class_code", "latitude", "longitude"),
        # What was reported between two days; state and class are judged in the index itself.
        Index("ix_cases_opened_at", "opened_at", "state", "class_code"),
        _named_by("component_code", "class_code", "opened_at"),
        _named_by("camera", "class_code", "opened_at"),
        _named_by("source_chain", "class_code", "opened_at"),
        # Hardly any case is joined with another one: over all of them SQLite would think that every one is.
        _named_by("merged_into"),
    )


class CaseEvent(SQLModel, table=True):
    """One thing that happened to a case. Append-only: triggers refuse every change; each row is chained to the last."""

    __tablename__ = "case_event"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    case_id: int = Field(foreign_key="cases.id", sa_type=RowId)
    seq: int
    action: str
    at: datetime
    """When it took effect: when the person acted, or the moment a rule's time came."""
    recorded_at: datetime
    actor: str
    """A post's code, `source:NAME` or `rule:CODE`."""
    role: str
    origin: str
    """rule, intake, desk, act, file, form or played."""
    from_state: str | None = None
    to_state: str
    facts: str = Field(default="{}", sa_type=Text)
    """Canonical JSON, exactly the text that was hashed."""
    edition: str
    flow_run_id: str | None = Field(default=None, index=True)
    previous_hash: str
    hash: str

    __table_args__ = (
        UniqueConstraint("case_id", "seq"),
        # What was recorded between two days: exports and seals of a period.
        Index("ix_case_event_recorded_at", "recorded_at"),
    )


class Assignment(SQLModel, table=True):
    """Which unit answered for a case from when to when, and why."""

    __tablename__ = "assignment"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    case_id: int = Field(foreign_key="cases.id", index=True, sa_type=RowId)
    seq: int
    round: int
    unit: str = Field(index=True)
    lead: bool = True
    parent_seq: int | None = None
    """The assignment this one was made under, for a sub-unit."""
    started_at: datetime
    ended_at: datetime | None = None
    why: str = ""

    __table_args__ = (UniqueConstraint("case_id", "seq"),)


class Clock(SQLModel, table=True):
    """One limit of a case: how much time it allows, when it ran and when it waited."""

    __tablename__ = "clock"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    case_id: int = Field(foreign_key="cases.id", index=True, sa_type=RowId)
    seq: int
    round: int
    kind: str
    state: str
    limit_text: str
    """The limit as written ("2 urgent_hour"), or `source` where the source brought its own deadline."""
    basis: str
    amount_microseconds: int = Field(sa_type=BigInteger)
    """All the time allowed, extensions included."""
    original_microseconds: int = Field(sa_type=BigInteger)
    """One limit: what an extension adds."""
    spans: str = Field(sa_type=Text)
    """JSON list of [start, end] in ISO 8601 (end null while running): when it ran."""
    started_at: datetime
    due_at: datetime
    provisional: bool = False

    __table_args__ = (UniqueConstraint("case_id", "seq"),)


class Request(SQLModel, table=True):
    """An approval somebody asked for, with its ordered steps and decisions."""

    __tablename__ = "request"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    case_id: int = Field(foreign_key="cases.id", index=True, sa_type=RowId)
    seq: int
    round: int
    kind: str
    state: str
    asked_by: str
    asked_at: datetime
    unit: str | None = None
    """The case's unit when it was asked."""
    reason: str = Field(default="", sa_type=Text)
    wanted_until: datetime | None = None
    facts: str = Field(default="{}", sa_type=Text)
    """What is wanted beyond the reason (canonical JSON), for example the corrected class."""
    steps: str
    """Comma-separated roles in the order they decide."""
    decisions: str = Field(default='{"decisions":[]}', sa_type=Text)
    due_at: datetime
    reminded: bool = False
    settled_at: datetime | None = None

    __table_args__ = (
        UniqueConstraint("case_id", "seq"),
        Index("ix_request_state", "state"),
        Index("ix_request_kind", "kind", "asked_at"),
    )


class CaseClosing(SQLModel, table=True):
    """How one round of a case was closed, written once: what the evaluation counts. Append-only."""

    __tablename__ = "case_closing"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    case_id: int = Field(foreign_key="cases.id", sa_type=RowId)
    round: int
    unit: str | None = Field(default=None, index=True)
    closed_at: datetime = Field(index=True)
    handled_at: datetime | None = None
    handle_due_at: datetime | None = None
    handled_on_time: bool | None = None
    closed_on_time: bool | None = None
    """Equals handled_on_time for the unit: seats' and inspectors' minutes never make a unit late."""
    how: str = "checked"
    """checked, quick_fix or forced."""
    hand_backs: int = 0
    extensions: int = 0
    suspensions: int = 0
    reworks: int = 0

    __table_args__ = (UniqueConstraint("case_id", "round"),)


class Exemption(SQLModel, table=True):
    """A granted appeal: the statistics leave this round out of the overdue ones, the record stays. Append-only."""

    __tablename__ = "exemption"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    case_id: int = Field(foreign_key="cases.id", index=True, sa_type=RowId)
    round: int
    granted_at: datetime
    reason: str = Field(default="", sa_type=Text)

    __table_args__ = (UniqueConstraint("case_id", "round"),)


class Similarity(SQLModel, table=True):
    """A candidate shown to the acceptor: this case may be the same problem as that one."""

    __tablename__ = "similarity"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    case_id: int = Field(foreign_key="cases.id", index=True, sa_type=RowId)
    candidate_id: int = Field(foreign_key="cases.id", sa_type=RowId)
    metres: float | None = None
    """None where one of the two has no position: both name the same thing then."""
    hours: float

    __table_args__ = (UniqueConstraint("case_id", "candidate_id"),)


class NumberSeries(SQLModel, table=True):
    """The last serial given under a prefix, so that numbers are unique and without gaps under concurrent filing."""

    __tablename__ = "number_series"

    prefix: str = Field(primary_key=True)
    last: int = 0


class WaitingAction(SQLModel, table=True):
    """The action inbox: what a person, file or form wants done to a case, until a visit takes it."""

    __tablename__ = "waiting_action"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    key: str = Field(unique=True)
    """Idempotency key: the same tap twice is one row."""
    case_id: int = Field(foreign_key="cases.id", index=True, sa_type=RowId)
    action: str
    by_post: str
    facts: str = Field(default="{}", sa_type=Text)
    origin: str
    received_at: datetime
    state: str = "waiting"
    """waiting, done or refused."""
    outcome: str | None = Field(default=None, sa_type=Text)
    """Refusal code and facts as canonical JSON, where it was refused."""
    settled_at: datetime | None = None
    flow_run_id: str | None = None

    __table_args__ = (Index("ix_waiting_action_state", "state", "received_at"),)
