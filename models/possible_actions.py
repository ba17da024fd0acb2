"""What somebody may do with a case now, before a word is typed: what a page offers, and nothing else.

Nothing is judged here a second time. Each row of the state table is tried with every value that could be picked, and
what `first_refusal` lets pass is possible. So what is offered and what is accepted cannot drift apart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from models.case_state import CaseState
from models.city import City
from models.lifecycle_refusals import first_refusal
from models.lifecycle_rules import Action, Actor, Asked
from models.lifecycle_table import Step, steps_from
from models.vocabulary import ActionName, RequestKind, RequestState, Role

A = ActionName

CORRECTABLE = ("class_code", "condition_no", "area", "place")
"""Facts of a correction; at least one must be given."""

_TYPED = "…"
"""Stands for whatever a person will type."""


@dataclass(frozen=True, slots=True)
class PossibleAction:
    """One row of the state table that may be taken now; `given` tells it apart from other rows of its action."""

    action: ActionName
    given: Mapping[str, str] = field(default_factory=dict)
    """Facts that are settled with the choice of this row: the kind of request, the result, the verdict."""
    needs: tuple[str, ...] = ()
    """Facts that must be added."""
    needs_one_of: tuple[str, ...] = ()
    """Facts of which at least one must be added."""
    choices: tuple[str, ...] = ()
    """Codes that are accepted where `needs` names a unit or an inspector."""
    latest: datetime | None = None
    """The last moment that may be wanted, where one is needed; it must lie ahead."""

    @property
    def kind(self) -> RequestKind | None:
        """The request it asks for, decides or withdraws."""
        return RequestKind(self.given["kind"]) if "kind" in self.given else None


def possible_actions(case: CaseState, city: City, actor: Actor, now: datetime) -> tuple[PossibleAction, ...]:
    """What this actor may do with the case as it stands, in the table's order.

    Left to be judged afterwards is only what is typed: whether a text is there, a moment in reach, a case to join open.
    """
    at = now.astimezone(UTC)
    at = max(at, case.last_event_at) if case.last_event_at else at  # As a visit would take it.
    found = []
    for step in steps_from(case.state, actor.role):
        # Whatever case is typed as the one to join, it is another one and open.
        resolved = {"into_id": case.id + 1, "into_ended": False} if step.action is A.MERGE else {}
        action = Action(step.action, actor, {}, at, "desk", resolved=resolved)
        for given in _given(step, case):
            possible = _possible(Asked(case, action, city, at, given), step)
            if possible is not None:
                found.append(possible)
    return tuple(found)


def _given(step: Step, case: CaseState) -> Iterator[dict[str, str]]:
    """The facts with which a person chooses a row: one for each open request where it is about one of them."""
    if step.action is A.CHECK and step.result == "passed" and case.stage == "make_safe":
        return  # The lifecycle reads it as made safe, which is a row of its own.
    if step.action is A.ASK:
        yield {"kind": str(step.result)}
    elif step.action in (A.DECIDE, A.WITHDRAW):
        verdict = {"verdict": step.result} if step.result else {}
        yield from ({"kind": r.kind.value, **verdict} for r in case.requests if r.state is RequestState.OPEN)
    else:
        yield {"result": step.result} if step.result else {}


def _possible(asked: Asked, step: Step) -> PossibleAction | None:
    """The row, if some value that could be picked or typed passes all rules."""
    needs = tuple(name for name in step.needs if name not in asked.facts)
    corrects = step.action is A.CORRECT or (step.action is A.ASK and step.result == RequestKind.CORRECTION)
    most = timedelta(days=asked.city.policy.suspension_most_days)
    typed = {name: _TYPED for name in needs} | ({"place": _TYPED} if corrects else {})
    if "wanted_until" in typed:
        typed["wanted_until"] = (asked.at + min(most, timedelta(minutes=1))).isoformat()
    picked = next((name for name in needs if name in _PICKED), None)
    choices = tuple(code for code in _codes(picked, asked.city) if _passes(asked, typed | {str(picked): code}))
    if not choices if picked else not _passes(asked, typed):
        return None
    return PossibleAction(
        step.action,
        dict(asked.facts),
        needs,
        CORRECTABLE if corrects else (),
        choices,
        asked.at + most if "wanted_until" in needs else None,
    )


def _passes(asked: Asked, facts: Mapping[str, Any]) -> bool:
    return first_refusal(asked._replace(facts={**asked.facts, **facts})) is None


_PICKED = frozenset({"unit", "inspector"})
"""Facts that are picked from the city's directory."""


def _codes(picked: str | None, city: City) -> tuple[str, ...]:
    if picked == "unit":
        return tuple(city.units)
    if picked == "inspector":
        return tuple(post.code for post in city.posts_of(Role.INSPECTOR))
    return ()
