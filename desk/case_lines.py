"""What the page of a case shows, as plain texts ready for the template."""

from dataclasses import dataclass

from models.vocabulary import State


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How a case stands against its limit."""

    clock: str
    """Which step's limit it is."""
    overdue: bool
    left: str
    until: str
    limit: str
    allowed: str
    """All the time the clock allows, where that is no longer its original limit (an extension, a correction)."""
    basis: str
    """working_basis or continuous_basis."""
    provisional: bool
    why: tuple["WhyLine", ...]


@dataclass(frozen=True, slots=True)
class WhyLine:
    """One span on the way to a deadline."""

    start: str
    end: str
    counted: str
    """Empty where nothing counted."""
    name: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event: what, who, when, and what was said with it."""

    at: str
    what: str
    who: str
    state: str
    """The state it led to; empty where it changed none."""
    played: bool
    said: tuple[tuple[str, str], ...]
    """(page word, text)."""


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock."""

    kind: str
    state: str
    limit: str
    started: str
    until: str
    used: str
    why: tuple[WhyLine, ...] = ()
    """How its deadline came about; the page of a case tells that of the running clock alone."""


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request with its decisions."""

    kind: str
    state: str
    asked: str
    asked_by: str
    reason: str
    wanted_until: str
    decisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One notice and how it fared."""

    at: str
    kind: str
    to: str
    state: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ActionLine:
    """One action that waits or was refused."""

    at: str
    what: str
    outcome: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the page of a case shows."""

    name: str
    receipt: str
    class_name: str
    condition: str
    place: str
    description: str
    unit: str
    state: State
    reported_at: str
    ended_at: str
    judged: str
    """on_time or late, once the unit's handling is over; else empty."""
    suspended_until: str
    unit_deadline: str
    """The unit's own deadline while another clock runs or its own waits."""
    time_left: TimeLeft | None
    history: tuple[HistoryLine, ...]
    clocks: tuple[ClockLine, ...]
    requests: tuple[RequestLine, ...]
    notices: tuple[NoticeLine, ...]
    actions: tuple[ActionLine, ...]
