"""When a report that is owed is told, late and missing; what satisfies it; what contradicts an earlier entry. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from models.flood_rules import ReportKind, ReportMeans, Rung

TOLD_AHEAD = timedelta(minutes=30)
"""A follow-up, daily or final report is called for so long before its time; an initial one at once."""

_RANK = {ReportKind.INITIAL: 0, ReportKind.FOLLOW_UP: 1, ReportKind.FINAL: 2}

FIGURES = ("dead", "missing", "injured", "evacuated", "affected", "losses_cny")
"""What an entry counts from the beginning of the incident on."""

NEVER_FALL = ("dead", "injured", "evacuated", "affected", "losses_cny")
"""Who was missing may be found; everything else that was counted stays counted."""

STAY = ("danger", "place", "happened_at")
"""What an incident is, where and when: an entry that says otherwise contradicts."""

CASUALTIES = ("dead", "missing", "injured")


class StepKind(StrEnum):
    """What comes of time for a report that is owed."""

    CALL = "call"
    """Whoever owes it is told."""
    LATE = "late"
    RUNG = "rung"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class OwedStep:
    """One step of a deadline, and when."""

    at: datetime
    kind: StepKind
    rung: int = 0


def called_at(kind: ReportKind, owed_since: datetime, due_at: datetime) -> datetime:
    """When whoever owes a report is told of it.

    Example: a follow-up due at 14:00 is called for at 13:30; an initial report as soon as it is owed.
    """
    return owed_since if kind is ReportKind.INITIAL else max(owed_since, due_at - TOLD_AHEAD)


def owed_steps(
    kind: ReportKind, owed_since: datetime, due_at: datetime, missing_at: datetime, ladder: Sequence[Rung]
) -> tuple[OwedStep, ...]:
    """All steps of a deadline, in order of time; rungs after the report counts as missing are left out."""
    rungs = [OwedStep(due_at + rung.after, StepKind.RUNG, number) for number, rung in enumerate(ladder)]
    steps = [
        OwedStep(called_at(kind, owed_since, due_at), StepKind.CALL),
        OwedStep(due_at, StepKind.LATE),
        *(step for step in rungs if step.at < missing_at),
        OwedStep(missing_at, StepKind.MISSING),
    ]
    return tuple(sorted(steps, key=lambda step: step.at))


def satisfies(given: ReportKind, by: ReportMeans, owed: ReportKind, means: ReportMeans) -> bool:
    """Whether an entry is what is owed: of its place in the series or a later one, in writing where that is asked.

    Example: a written follow-up satisfies an initial report by phone; an initial one by phone no follow-up.
    """
    if ReportKind.DAILY in (given, owed):
        return given is owed
    return _RANK[given] >= _RANK[owed] and (by is ReportMeans.WRITTEN or means is ReportMeans.PHONE)


def contradictions(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What an entry says otherwise than the one before it: figures that fall, another place, time or danger.

    Example: 3 dead after 5 -> [{"field": "dead", "was": 5, "now": 3}].
    """
    if before is None:
        return []
    fell = [name for name in NEVER_FALL if now[name] < before[name]]
    other = [name for name in STAY if before[name] and now[name] and before[name] != now[name]]
    return [{"field": name, "was": _said(before[name]), "now": _said(now[name])} for name in (*fell, *other)]


def more_casualties(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> bool:
    """Whether more people are dead, missing or injured than was known."""
    return any(now[name] > (before[name] if before else 0) for name in CASUALTIES)


def _said(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
