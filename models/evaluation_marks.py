"""By what the evaluation tells facts apart: the two statistics, the cuts, and the marks from which counts are made.

A mark says one thing that is true of a row of the facts (`models/case_fact.py`), in a period and by a moment. The
database puts the marks (`tasks/counted_marks.py`); `models/evaluation_counts.py` says which of them make which count.
"""

from enum import IntFlag, StrEnum, auto


class Statistic(StrEnum):
    """Which of the two sets of statistics. Source: Yuncheng against Zhengzhou (B)."""

    SCORING = "scoring"
    WORKLOAD = "workload"


class Cut(StrEnum):
    """By what the counts are told apart; any of them, or several together."""

    UNIT = "unit"
    """The unit the case was assigned to then."""
    GROUP = "group"
    """That unit's group of the evaluation."""
    AREA = "area"
    """Town or street: nine digits of the area."""
    GRID = "grid"
    """The cell grid of fifteen digits; nothing where the place is known less exactly."""
    CLASS = "class"
    """The subclass as it stands now."""
    SOURCE = "source"
    POST = "post"
    """Who did it: acceptor, shift leader, dispatcher or inspector, each for what is his; nobody where a rule did."""


class Due(IntFlag):
    """What is true of a unit's part of a case whose deadline, extensions included, falls in the period and is past."""

    DUE = auto()
    """It does."""
    EXEMPT = auto()
    """An appeal was granted, or the unit was exempt on that day."""
    SUSPENDED = auto()
    """It stands suspended: its deadline will be another."""
    FORCED = auto()
    ENDED_OTHERWISE = auto()
    """Void or merged."""
    HANDLED = auto()
    """Reported as handled, and no failed check has undone that."""
    LATE = auto()
    """Handled after the deadline; equal is on time."""
    CLOSED = auto()
    """Closed after a passed check."""
    REWORKED = auto()
    EXTENDED = auto()


class Done(IntFlag):
    """What happened in the period, and which tasks of seats and inspectors were due in it."""

    REPORTED = auto()
    VALID = auto()
    """Accepted or fixed on the spot, whenever."""
    ACCEPTED = auto()
    FILED = auto()
    PUBLIC = auto()
    """Its source is one of the public's."""
    FILE_DUE = auto()
    FILED_IN_TIME = auto()
    DISPATCH_DUE = auto()
    DISPATCH_DONE = auto()
    """Dispatched, whenever."""
    DISPATCH_IN_TIME = auto()
    DISPATCHED = auto()
    MISDISPATCHED = auto()
    """The unit handed it back, or it was dispatched to another."""
    VERIFY_DUE = auto()
    VERIFIED_IN_TIME = auto()
    CHECK_DUE = auto()
    CHECKED_IN_TIME = auto()
    HANDLED = auto()
    HANDLED_LATE = auto()
    CLOSED = auto()
    CLOSED_LATE = auto()
    REWORKED = auto()
    EXTENDED = auto()
    SUSPENDED = auto()
    EXEMPTED = auto()
    HANDED_BACK = auto()
    VOIDED = auto()
    MERGED = auto()
    QUICK_FIXED = auto()
    FORCE_CLOSED = auto()


DUE_BITS = 32
"""A row carries both kinds of marks in one number: those of `Due` stand so many bits higher."""


class By(StrEnum):
    """Whose post a count counts for: a column of the facts."""

    ACCEPTOR = "accepted_by"
    SHIFT_LEADER = "filed_by"
    DISPATCHER = "dispatched_by"
    VERIFIER = "verifier"
    CHECKER = "checker"
    ENDER = "ended_by"


Mark = Due | Done
