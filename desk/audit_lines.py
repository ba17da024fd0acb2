"""What the auditor's pages show, as plain texts: nothing in them names a person or tells a number of one."""

from dataclasses import dataclass

from desk.case_lines import ClockLine, RequestLine, TimeLeft
from models.vocabulary import State


@dataclass(frozen=True, slots=True)
class FoundLine:
    """One case of a list."""

    path: str
    name: str
    class_name: str
    unit: str
    state: str
    state_name: str
    place: str
    opened: str
    events: str
    """Of a run's list: how many of its events the run wrote."""


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event with all that proves it."""

    seq: int
    what: str
    who: str
    who_code: str
    origin: str
    state: str
    said: tuple[tuple[str, str], ...]
    at: str
    recorded: str
    edition: str
    run: str
    previous_hash: str
    hash: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One try to hand a message over."""

    at: str
    channel: str
    outcome: str
    look: str
    """refused where it failed."""


@dataclass(frozen=True, slots=True)
class NoticeDetail:
    """One notice with every attempt."""

    kind: str
    to: str
    state: str
    at: str
    attempts: tuple[AttemptLine, ...]


@dataclass(frozen=True, slots=True)
class PictureDetail:
    """One picture by its digest."""

    kind: str
    at: str
    who: str
    size: str
    digest: str


@dataclass(frozen=True, slots=True)
class ActionDetail:
    """An action that waits, or was refused and why."""

    at: str
    what: str
    who: str
    outcome: str
    """Why it was refused; empty while it waits."""


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """What the live check of a case found."""

    intact: bool
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditCase:
    """Everything the auditor's page of a case shows."""

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
    suspended_until: str
    unit_deadline: str
    time_left: TimeLeft | None
    verdict: VerdictLine
    events: tuple[EventLine, ...]
    clocks: tuple[ClockLine, ...]
    requests: tuple[RequestLine, ...]
    notices: tuple[NoticeDetail, ...]
    pictures: tuple[PictureDetail, ...]
    actions: tuple[ActionDetail, ...]
    joined: tuple[str, ...]
    """Receipt numbers of all its reports."""
