"""A case as it will stand once what waits for it is carried out: so that a page is right before the next visit.

While the engine is away a unit receives a case and goes on to report it as handled; what it sees must not wait.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime

from models.case_state import CaseEvent, CaseState
from models.city import City
from models.lifecycle import CaseVisit, Lifecycle
from models.lifecycle_rules import Action
from models.refusal import Refusal


@dataclass(slots=True)
class Foreseen:
    """The case, what will have happened to it, and which of the waiting actions will be refused."""

    case: CaseState
    events: list[CaseEvent] = field(default_factory=list)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    """By the key of the action."""


def foresee(case: CaseState, waiting: Sequence[Action], city: City, now: datetime) -> Foreseen:
    """What these actions will do to the case; the case itself is left alone.

    Where the rules cannot be worked out (a calendar that ends) nothing more is foreseen: the visit says what it finds.
    """
    if not waiting:
        return Foreseen(case)
    foreseen = Foreseen(deepcopy(case))
    # Nobody sees these numbers: the real ones are given by the visit.
    life = Lifecycle(city, lambda _prefix: 0)
    visit = CaseVisit(foreseen.case, now, case.state)
    for action in sorted(waiting, key=lambda action: action.at):
        try:
            refusal = life.take(visit, action)
        except (ValueError, KeyError):
            break
        if refusal is not None:
            foreseen.refusals[action.key] = refusal
    foreseen.events = visit.events
    return foreseen


def judge(foreseen: Foreseen, action: Action, city: City, now: datetime) -> Refusal | None:
    """Why an action would be refused if it were put now, as far as that can be known."""
    return foresee(foreseen.case, [action], city, now).refusals.get(action.key)
