"""What the evaluation counts of a case, one row a part of it: a cache of its events, proved by them.

Written in the transaction of the events (`models/told_facts.py` says which event writes what), so that a month is
counted by reading its own rows and no event.
"""

from datetime import datetime

from sqlalchemy import Index, Integer, false, text
from sqlmodel import Field, SQLModel

from models.case import RowId

NO, NONE = false(), text("0")


class CaseFact(SQLModel, table=True):
    """A part of a round: from its report, reopening or hand-back to its end under one unit; or one later task.

    A round has one row for each unit it was dispatched to; what comes before the first dispatch stands in the first.
    The second and any further task to verify or to check of a round has a row of its own with a negative `part`, so
    that the first answer is not overwritten.
    """

    __tablename__ = "case_fact"

    case_id: int = Field(foreign_key="cases.id", primary_key=True, sa_type=RowId)
    round: int = Field(primary_key=True, sa_type=Integer)
    part: int = Field(primary_key=True, sa_type=Integer)
    """1 for the first unit of the round, 2 for the next; minus the clock's number for a later task."""
    source: str
    class_code: str | None = None
    """As it stands now: a correction moves the case to its right class, in every row."""
    area: str | None = None
    unit: str | None = None
    begun_at: datetime
    reported_at: datetime | None = None
    """When it was taken in; in the first row of a case only."""
    valid: bool = Field(default=False, sa_column_kwargs={"server_default": NO})
    """Accepted, or fixed on the spot."""
    accepted_at: datetime | None = None
    accepted_by: str | None = None
    """A post; empty where a rule did it. So are all that end in `_by`."""
    file_due_at: datetime | None = None
    filed_at: datetime | None = None
    """When it was first filed; of a later round when it was reopened."""
    filed_by: str | None = None
    verify_due_at: datetime | None = None
    verified_at: datetime | None = None
    verifier: str | None = None
    dispatch_due_at: datetime | None = None
    dispatched_at: datetime | None = None
    dispatched_by: str | None = None
    misdispatched: bool = Field(default=False, sa_column_kwargs={"server_default": NO})
    """The unit handed it back, or it was dispatched to another."""
    due_at: datetime | None = None
    """The unit's deadline with all extensions; none while no unit has the case."""
    handled_at: datetime | None = None
    """The last report_handled that no failed check has undone."""
    check_due_at: datetime | None = None
    checked_at: datetime | None = None
    checker: str | None = None
    reworked_at: datetime | None = None
    """When this task to check ended in rework."""
    reworks: int = Field(default=0, sa_column_kwargs={"server_default": NONE})
    extensions: int = Field(default=0, sa_column_kwargs={"server_default": NONE})
    extended_at: datetime | None = None
    """When the first extension was granted."""
    suspended: bool = Field(default=False, sa_column_kwargs={"server_default": NO})
    """Whether it stands suspended."""
    suspended_at: datetime | None = None
    exempt_at: datetime | None = None
    ending: str | None = None
    """checked, quick_fix, forced, void, rejected, merged, handed_back or redispatched."""
    ended_at: datetime | None = None
    ended_by: str | None = None
    on_time: bool | None = None
    """What the closing says; kept, never worked out again."""

    __table_args__ = (
        # The month in which it began; others stand in `case_fact_month`.
        Index("ix_case_fact_begun_at", "begun_at"),
        # One tree to search instead of two.
        {"sqlite_with_rowid": False},
    )


class CaseFactMonth(SQLModel, table=True):
    """A month besides those in which its rows began: something happened to the case in it, or was due.

    Most cases end in the month in which they began, and have none.
    """

    __tablename__ = "case_fact_month"

    month: int = Field(primary_key=True, sa_type=Integer)
    """Twelve times the year plus the month less one, in China's zone: May 2019 is 24232."""
    case_id: int = Field(foreign_key="cases.id", primary_key=True, sa_type=RowId)
