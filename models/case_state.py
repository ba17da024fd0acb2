"""A case in the hand of the rules: what its events add up to, and the events themselves."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.clock import CaseClock
from models.told_facts import FactChanges
from models.vocabulary import ActionName, ClockKind, ClockState, RequestKind, RequestState, Role, State


@dataclass(slots=True)
class CaseRequest:
    """An approval that was asked for: its ordered steps, and how far it came."""

    seq: int
    round: int
    kind: RequestKind
    asked_by: str
    asked_at: datetime
    unit: str | None
    """The case's unit when it was asked: another unit's request lapses."""
    reason: str
    wanted_until: datetime | None
    facts: dict[str, Any]
    steps: tuple[Role, ...]
    due_at: datetime
    state: RequestState = RequestState.OPEN
    decisions: list[dict[str, Any]] = field(default_factory=list)
    reminders: int = 0
    """How often whoever decides now was reminded (`models/ladder.py`)."""
    settled_at: datetime | None = None

    @property
    def next_role(self) -> Role:
        """Who decides next."""
        return self.steps[min(len(self.decisions), len(self.steps) - 1)]


@dataclass(slots=True)
class CaseAssignment:
    """A unit answering for the case, lead or assisting, from when to when, and why."""

    seq: int
    round: int
    unit: str
    lead: bool
    parent_seq: int | None
    started_at: datetime
    why: str
    ended_at: datetime | None = None


@dataclass(slots=True)
class CaseEvent:
    """One thing that happened; the columns of `models.case.CaseEvent` before it is chained and stored."""

    action: ActionName
    at: datetime
    recorded_at: datetime
    actor: str
    role: Role
    origin: str
    from_state: State | None
    to_state: State
    facts: dict[str, Any]
    edition: str


@dataclass(slots=True)
class CaseState:
    """Where a case stands. Fields are those of the `cases` table; `apply` of `models/lifecycle_events.py` moves it."""

    id: int
    receipt_number: str
    source: str
    opened_at: datetime
    edition: str
    calendar_edition: str
    state: State = State.REPORTED
    number: str | None = None
    version: int = 0
    round: int = 1
    class_code: str | None = None
    condition_no: int | None = None
    area: str | None = None
    place: str = ""
    description: str = ""
    complete: bool = False
    source_due_at: datetime | None = None
    unit_hint: str | None = None
    unit: str | None = None
    inspector: str | None = None
    verified: str | None = None
    made_safe: bool = False
    stage: str = "whole"
    suspended_from: State | None = None
    suspended_until: datetime | None = None
    promised_until: datetime | None = None
    hand_backs: int = 0
    hand_back_barred: bool = False
    extensions: int = 0
    suspensions: int = 0
    reworks: int = 0
    reopenings: int = 0
    supervisions: int = 0
    rungs: dict[str, str] = field(default_factory=dict)
    """Rung code -> the deadline (ISO 8601) it was climbed for: a new deadline climbs anew."""
    seat_alarmed: bool = False
    on_bulletin: bool = False
    quick_fixed: bool = False
    exempt: bool = False
    merged_into: int | None = None
    filed_at: datetime | None = None
    dispatched_at: datetime | None = None
    handled_at: datetime | None = None
    ended_at: datetime | None = None
    last_event_at: datetime | None = None
    events: int = 0
    head_hash: str = ""
    clocks: list[CaseClock] = field(default_factory=list)
    assignments: list[CaseAssignment] = field(default_factory=list)
    requests: list[CaseRequest] = field(default_factory=list)
    reporters: tuple[tuple[int, str], ...] = ()
    """(reporter id, receipt number) of everybody who reported it: read beside the case, no part of its events."""
    facts: FactChanges | None = field(default=None, compare=False, repr=False)
    """What its events have written into the facts the evaluation counts, since it was read."""

    @property
    def name(self) -> str:
        """What people call it: the case number once filed, the receipt number before."""
        return self.number or self.receipt_number

    def running_clock(self) -> CaseClock | None:
        """The one clock that runs, if any."""
        for clock in reversed(self.clocks):
            if clock.state is ClockState.RUNNING:
                return clock
        return None

    def last_clock(self, kind: ClockKind) -> CaseClock | None:
        """The newest clock of a kind in the present round."""
        for clock in reversed(self.clocks):
            if clock.kind is kind and clock.round == self.round:
                return clock
        return None

    def open_request(self, kind: RequestKind) -> CaseRequest | None:
        """The open request of a kind, if any."""
        for request in reversed(self.requests):
            if request.kind is kind and request.state is RequestState.OPEN:
                return request
        return None

    def assigned_units(self) -> frozenset[str]:
        """The units to which the unit that answers for the case has assigned it, and has not taken it back."""
        return frozenset(a.unit for a in self.assignments if not a.lead and a.ended_at is None)
