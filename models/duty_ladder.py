"""When the silence of somebody on duty climbs, and how far it has come: pure, from the city's duty.yaml."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.duty_rules import DutyRules, DutyRung

VACANT = "vacant"
"""The step after all rungs: the place is recorded vacant 空岗."""

UNACCEPTED = "unaccepted"
"""The step after all rungs of a handover: it is recorded as not accepted in its time."""


OUTAGE = timedelta(minutes=10)
"""A watch that comes later than this after a step was away: meanwhile nobody was reminded, and few could sign in."""


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One step of a ladder with the moment at which it is due."""

    number: int
    """From 0; a ladder of which `rung` steps were taken goes on with step number `rung`."""
    due_at: datetime
    to: str
    """As in duty.yaml, or VACANT, or UNACCEPTED."""


@dataclass(frozen=True, slots=True)
class Climbed:
    """What is due of a ladder at a moment, and when the next step is."""

    steps: tuple[LadderStep, ...]
    next_at: datetime | None


def sign_in_due(rules: DutyRules, starts_at: datetime, opened_at: datetime) -> datetime:
    """Until when somebody signs in: so long after the start, or after the opening where the engine was late itself.

    Example: start 08:00, 10 minutes, opened 08:00:20: 08:10. Opened 09:30 after an outage: 09:40, because until then
    nobody had been told.
    """
    on_time = opened_at - starts_at <= rules.sign_in_within
    return (starts_at if on_time else opened_at) + rules.sign_in_within


def sign_in_steps(rules: DutyRules, due_at: datetime) -> tuple[LadderStep, ...]:
    """The ladder of a place nobody signed in for: its rungs by their time, with the vacancy in its own place.

    Example: due 08:10, rungs after 0, 5 and 10 minutes, vacant 30 minutes after the start: 08:10, 08:15, 08:20, 08:30.
    A rung that stands after the vacancy is taken after it.
    """
    vacant = (due_at - rules.sign_in_within + rules.vacant_after, VACANT)
    return _in_order([*_moments(rules.sign_in_ladder, due_at), (max(vacant[0], due_at), VACANT)])


def handover_steps(rules: DutyRules, opened_at: datetime) -> tuple[LadderStep, ...]:
    """The ladder of a handover that was not accepted in its time; the last step records just that."""
    due_at = opened_at + rules.accept_handover_within
    moments = _moments(rules.handover_ladder, due_at)
    return _in_order([*moments, (max([due_at, *(at for at, _ in moments)]), UNACCEPTED)])


def climbed(steps: Sequence[LadderStep], taken: int, climbs_at: datetime, now: datetime) -> Climbed:
    """The steps that are due now after `taken` were taken, and when the next one is; None after the last.

    `climbs_at` is when the next step was to be taken. After an outage the ladder goes on from where it stood, with the
    distances it has, instead of running to its end at once: nobody is called absent because the engine was away.
    Example: steps at 08:10, 08:15 and 08:20, the first visit at 09:00: the first step now, the second at 09:05.
    """
    if taken >= len(steps):
        return Climbed((), None)
    late = now - climbs_at
    moved = max(climbs_at - steps[taken].due_at, timedelta(0)) + (late if late > OUTAGE else timedelta(0))
    due = tuple(step for step in steps[taken:] if step.due_at + moved <= now)
    left = steps[taken + len(due) :]
    return Climbed(due, left[0].due_at + moved if left else None)


def _moments(rungs: Sequence[DutyRung], due_at: datetime) -> list[tuple[datetime, str]]:
    return [(due_at + max(rung.after, timedelta(0)), rung.to) for rung in rungs]


def _in_order(moments: list[tuple[datetime, str]]) -> tuple[LadderStep, ...]:
    # Sorting keeps the file's order among rungs of one moment.
    in_order = sorted(moments, key=lambda one: one[0])
    return tuple(LadderStep(number, at, to) for number, (at, to) in enumerate(in_order))
