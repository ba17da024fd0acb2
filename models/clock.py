"""A clock of a case: how much time a limit allows, when it ran, when it waited, and when it runs out.

Example: 2 work_hour dispatched on Thursday 09:00, handed back at 10:00 (1 h used), dispatched to the same unit on
Friday 09:00: it resumes with 1 h left and runs out on Friday 10:00. To another unit it would start anew.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from models.vocabulary import ClockKind, ClockState
from models.worktime import Basis, WorkCalendar

Span = tuple[datetime, datetime | None]
"""[start, end) of a stretch in which a clock ran; the end is None while it runs."""


NEVER = datetime.max.replace(tzinfo=UTC)
"""The deadline of a clock that has not run yet."""


@dataclass(slots=True)
class CaseClock:
    """One limit of a case. Running is having a last span without an end."""

    seq: int
    round: int
    kind: ClockKind
    limit_text: str
    basis: Basis
    amount: timedelta
    """All the time allowed, extensions included."""
    original: timedelta
    """One limit: what an extension adds."""
    spans: list[Span] = field(default_factory=list)
    state: ClockState = ClockState.RUNNING
    due_at: datetime = NEVER
    provisional: bool = False
    remembered: tuple[object, str, tuple[Any, ...]] | None = field(default=None, compare=False, repr=False)
    """When time acts on this clock (`models/ladder.py`), forgotten as soon as the clock changes."""

    @property
    def started_at(self) -> datetime:
        """When it first ran."""
        return self.spans[0][0]

    def run(self, at: datetime, calendar: WorkCalendar) -> None:
        """Starts it, or lets it go on after a pause."""
        self.spans.append((at, None))
        self.state = ClockState.RUNNING
        self.measure(calendar)

    def pause(self, at: datetime) -> None:
        """Stops the counting; `due_at` keeps the deadline it was running towards."""
        self._stop(at, ClockState.PAUSED)

    def finish(self, at: datetime) -> None:
        """Ends it for good; a paused clock just ends."""
        self._stop(at, ClockState.FINISHED)

    def undo_pause(self, calendar: WorkCalendar) -> None:
        """Goes on as if it had never been paused, for cities where checking time counts."""
        start, _ = self.spans[-1]
        self.spans[-1] = (start, None)
        self.state = ClockState.RUNNING
        self.measure(calendar)

    def allow(self, amount: timedelta, calendar: WorkCalendar) -> None:
        """Changes the whole time allowed, counted from the same start."""
        self.amount = amount
        self.measure(calendar)

    def measure(self, calendar: WorkCalendar) -> None:
        """Computes the deadline anew from when it ran; also after a correction of the calendar."""
        self.due_at, self.provisional = self.moment_of(self.amount, calendar)
        self.remembered = None

    def moment_of(self, amount: timedelta, calendar: WorkCalendar) -> tuple[datetime, bool]:
        """When this much time has been used up: the moment, and whether it lies beyond the official calendar.

        The last span counts as open, so that a paused clock answers with the deadline it was running towards.
        """
        return self.moment_after(self.started_at, self.basis, amount, calendar)

    def moment_after(
        self, since: datetime, basis: Basis, amount: timedelta, calendar: WorkCalendar
    ) -> tuple[datetime, bool]:
        """When so much time has passed since a moment, counted only while this clock ran.

        Example: overdue Monday 12:00, suspended from 16:00 to Friday 14:00: one work day (8 h) after overdue is the
        next Monday 10:00: 2 h on Monday, 4 h on Friday, 2 h more.
        """
        start = since
        for begun, ended in self.spans[:-1]:
            start = max(begun, since)
            counted = calendar.counted(start, ended, basis) if ended is not None else timedelta(0)
            if amount <= counted:
                break
            amount -= counted
        else:
            start = max(self.spans[-1][0], since)
        return calendar.due_utc(start, basis, amount, provisional_allowed=True)

    def used(self, at: datetime, calendar: WorkCalendar) -> timedelta:
        """How much of the limit has counted until a moment."""
        spent = timedelta(0)
        for start, end in self.spans:
            spent += calendar.counted(start, min(end, at) if end is not None else at, self.basis)
        return spent

    def _stop(self, at: datetime, state: ClockState) -> None:
        start, end = self.spans[-1]
        if end is None:
            self.spans[-1] = (start, at)
        self.state = state
        self.remembered = None
