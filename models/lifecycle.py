"""Deciding: given a case, what waits for it, the city and the moment, which events follow.

Nothing here reads a clock, a database or a server. One visit of a case goes through its time in order: what time
does (rungs, ends of suspensions) at its own moment, what people did at the moment they did it, then what the city's
rules may do at the moment of the visit. So a visit that comes late writes the same history as one in time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from models.case_notices import NoticeDraft, notices_for, worth_telling
from models.case_state import CaseEvent, CaseRequest, CaseState
from models.city import City
from models.ladder import Wake, ladder_of, next_wake
from models.lifecycle_events import CalendarOf, apply
from models.lifecycle_refusals import first_refusal
from models.lifecycle_rules import Action, Actor, Asked
from models.lifecycle_table import BY_KEY, EFFECT_OF, RESULT_FACT, ROWS_OF, Step, Target, step_for, steps_from
from models.refusal import Refusal
from models.rule_steps import next_rule_step
from models.step_facts import Serials, clean_facts, step_facts
from models.vocabulary import ENDED, ActionName, RequestKind, RequestState, Role, State

MOST_STEPS = 200
"""More steps of one case in one visit mean a loop in the city's policy."""


MOST_RULES = 1000


class RunawayCase(RuntimeError):
    """A case keeps moving without end in one visit: two rules of the policy undo each other."""


@dataclass(slots=True)
class CaseVisit:
    """What one visit did to one case."""

    case: CaseState
    now: datetime
    before: State
    events: list[CaseEvent] = field(default_factory=list)
    outcomes: list[tuple[Action, Refusal | None]] = field(default_factory=list)
    drafts: list[NoticeDraft] = field(default_factory=list)
    next_wake: Wake | None = None
    """When time acts on the case next, as it stands after the visit."""

    @property
    def notices(self) -> list[NoticeDraft]:
        """What is to be told."""
        return worth_telling(self.case, self.drafts)

    @property
    def moved(self) -> bool:
        """Whether anything happened."""
        return bool(self.events)


class Lifecycle:
    """The rules of one city at work: carries what every decision needs, so that decisions stay small."""

    def __init__(self, city: City, serials: Serials, calendar_of: CalendarOf | None = None) -> None:
        self.city = city
        self.serials = serials
        self.calendar_of = calendar_of or (lambda _edition: city.calendar)

    def open_case(self, case: CaseState, facts: dict[str, Any], at: datetime, now: datetime) -> CaseVisit:
        """Opens a case with its `report` event; the accept clock starts when the report was taken in."""
        visit = CaseVisit(case, now, case.state)
        actor = Actor(f"source:{case.source}", Role.SOURCE)
        opened_at = case.opened_at.astimezone(UTC).isoformat()
        facts = {**facts, "opened_at": opened_at, "calendar_edition": case.calendar_edition}
        action = Action(ActionName.REPORT, actor, {}, at, "intake", resolved=facts)
        asked = Asked(case, action, self.city, at, {})
        self._write(visit, asked, BY_KEY[ActionName.REPORT, None], opening=True)
        return visit

    def visit(self, case: CaseState, actions: Iterable[Action], now: datetime) -> CaseVisit:
        """Brings a case up to the present: time, people and rules, in the order of their moments.

        Raises: RunawayCase when rules keep undoing each other.
        """
        now = now.astimezone(UTC)
        visit = CaseVisit(case, now, case.state)
        waiting = sorted(actions, key=lambda action: action.at)
        if case.calendar_edition != self.city.calendar_edition and case.state not in ENDED:
            # Before whatever waits, at a moment that makes nobody's action later than it was.
            at, edition = min([now, *(action.at for action in waiting[:1])]), self.city.calendar_edition
            self.by_rule(visit, ActionName.CORRECT_CALENDAR, "calendar", at, calendar_edition=edition)
        for _ in range(MOST_STEPS + len(waiting)):
            if not (self._one_due_thing(visit, waiting) or self._rule_step(visit, now)):
                return visit
        raise RunawayCase(f"case {case.name}: {MOST_STEPS} steps in one visit, last {visit.events[-1].action}")

    def take(self, visit: CaseVisit, action: Action) -> Refusal | None:
        """Takes one action of a person, or says why not and what is allowed now."""
        facts = clean_facts(action.facts)
        if isinstance(facts, Refusal):
            refusal: Refusal | None = facts
        else:
            refusal = self._take(visit, action, facts, min(action.at, visit.now))
        visit.outcomes.append((action, refusal))
        return refusal

    def by_rule(self, visit: CaseVisit, name: ActionName, rule: str, at: datetime, /, **facts: Any) -> Refusal | None:
        """Takes a step by a rule; the event records which."""
        return self._take(visit, Action(name, _rule_actor(rule), facts, at, "rule", resolved=facts), facts, at)

    def _one_due_thing(self, visit: CaseVisit, waiting: list[Action]) -> bool:
        """The next thing of time or people up to now; at the same moment people come first (equal is on time)."""
        wake = visit.next_wake = next_wake(visit.case, self.city)
        if wake is not None and (wake.at > visit.now or (waiting and waiting[0].at <= wake.at)):
            wake = None
        if wake is not None:
            self._wake(visit, wake)
            return True
        if waiting:
            self.take(visit, waiting.pop(0))
            return True
        return False

    def _wake(self, visit: CaseVisit, wake: Wake) -> None:
        if wake.action is ActionName.CLIMB:
            self._climb(visit, wake)
        elif wake.action is ActionName.RESUME:
            self.by_rule(visit, ActionName.RESUME, "suspension_ended", wake.at)
        elif wake.action is ActionName.REMIND_REQUEST:
            self.by_rule(visit, ActionName.REMIND_REQUEST, "request_waits", wake.at, kind=wake.what)
        elif wake.action is ActionName.ALARM_SEAT:
            self.by_rule(visit, ActionName.ALARM_SEAT, "seat_late", wake.at, clock=wake.what)
        else:
            self._rule_step(visit, wake.at)

    def _climb(self, visit: CaseVisit, wake: Wake) -> None:
        clock = visit.case.running_clock()
        rung = next(r for r in ladder_of(visit.case, self.city, clock) if r.code == wake.what)
        rule = f"ladder.{rung.code}"
        due_at = clock.due_at.isoformat() if clock else ""
        extra = {"bulletin": True} if rung.bulletin else {}
        self.by_rule(visit, ActionName.CLIMB, rule, wake.at, rung=rung.code, due_at=due_at, **extra)
        if rung.supervises:
            self.by_rule(visit, ActionName.SUPERVISE, rule, wake.at, reason="overdue", kind="timeout")

    def _rule_step(self, visit: CaseVisit, at: datetime) -> bool:
        """The step a rule of the city takes at a moment, if any; whether it was taken."""
        step = next_rule_step(visit.case, self.city, at)
        return step is not None and self.by_rule(visit, step.action, step.rule, at, **step.facts) is None

    def _take(self, visit: CaseVisit, action: Action, facts: dict[str, Any], at: datetime) -> Refusal | None:
        case = visit.case
        if action.name is ActionName.CHECK and facts.get("result") == "passed" and case.stage == "make_safe":
            facts["result"] = "made_safe"
        asked = Asked(case, action, self.city, self._at(case, at), facts)
        judged = _judged(asked, step_for(action.name, facts))
        if isinstance(judged, Refusal):
            return judged
        self._write(visit, asked, judged)
        return None

    def _write(self, visit: CaseVisit, asked: Asked, step: Step, *, opening: bool = False) -> None:
        case, action = visit.case, asked.action
        event = CaseEvent(
            action=action.name,
            at=asked.at,
            recorded_at=visit.now,
            actor=action.actor.code,
            role=action.actor.role,
            origin=action.origin,
            from_state=None if opening else case.state,
            to_state=_target(step, case),
            facts=step_facts(asked, step, self.serials),
            edition=self.city.edition,
        )
        apply(case, event, self.calendar_of)
        _note_deadline(case, event, step)
        visit.events.append(event)
        visit.drafts += notices_for(case, event, self.city)
        self._effects(visit, event)

    def _effects(self, visit: CaseVisit, event: CaseEvent) -> None:
        """What follows at once: the effect of a grant, and requests that have lost their ground."""
        if event.action is ActionName.DECIDE and event.facts["verdict"] == "granted" and event.facts["final"]:
            self._grant(visit, RequestKind(event.facts["kind"]), event.facts["request"], event.at)
        elif visit.case.made_safe:
            self.by_rule(visit, ActionName.REPAIR_STAGE, "make_safe_passed", event.at)
        elif event.action is ActionName.CORRECT and _only_made_safe(visit.case):
            self.by_rule(visit, ActionName.REPAIR_STAGE, "corrected_when_closing", event.at)
        for request in visit.case.requests:
            if request.state is RequestState.OPEN and _lost_its_ground(visit.case, request, event):
                self.by_rule(visit, ActionName.LAPSE, "request_lapsed", event.at, kind=request.kind.value)

    def _grant(self, visit: CaseVisit, kind: RequestKind, seq: int, at: datetime) -> None:
        request = visit.case.requests[seq - 1]
        facts: dict[str, Any] = {"reason": request.reason, "request": seq, **request.facts}
        if request.wanted_until is not None:
            facts["until"] = request.wanted_until.isoformat()
        self.by_rule(visit, EFFECT_OF[kind], "granted", at, **facts)

    @staticmethod
    def _at(case: CaseState, at: datetime) -> datetime:
        """History does not run backwards: nothing takes effect before the case's last event."""
        at = at.astimezone(UTC)
        return max(at, case.last_event_at) if case.last_event_at else at


def _judged(asked: Asked, step: Step | None) -> Step | Refusal:
    """The row of the state table by which this may be done now, or why it may not."""
    action, state, role = asked.action.name, asked.case.state, asked.action.actor.role
    rows = (step,) if step else ROWS_OF[action]
    if not any(state in row.from_ for row in rows):
        return Refusal("not_now", {"action": action.value, "state": state.value, "allowed": allowed_now(state, role)})
    if not any(role in row.by for row in rows):
        return Refusal("not_yours", {"action": action.value, "role": role.value, "allowed": allowed_now(state, role)})
    if step is None:
        return _unreadable_result(asked)
    missing = [name for name in step.needs if asked.facts.get(name) in (None, "")]
    if missing:
        return Refusal("missing_fact", {"action": action.value, "needs": missing})
    return first_refusal(asked) or step


@lru_cache(maxsize=MOST_RULES)
def _rule_actor(rule: str) -> Actor:
    return Actor(f"rule:{rule}", Role.RULE)


def allowed_now(state: State, role: Role | None = None) -> list[str]:
    """Names of the actions that may be taken from a state (by a role), in the table's order."""
    names = [step.action.value for step in steps_from(state, role) if step.by != frozenset({Role.RULE})]
    return list(dict.fromkeys(names))


def _unreadable_result(asked: Asked) -> Refusal:
    """The fact that tells an action's rows apart is missing, or names none of them."""
    name = RESULT_FACT[asked.action.name]
    value = asked.facts.get(name)
    if not value:
        return Refusal("missing_fact", {"action": asked.action.name.value, "needs": [name]})
    return Refusal("unreadable_fact", {"name": name, "value": str(value)[:40]})


def _target(step: Step, case: CaseState) -> State:
    if step.to is Target.SAME:
        return case.state
    if step.to is Target.BEFORE_SUSPENSION:
        return case.suspended_from or State.DISPATCHED
    return State(step.to)


def _note_deadline(case: CaseState, event: CaseEvent, step: Step) -> None:
    """Writes the unit's deadline into the event, as it was promised then."""
    clock = case.running_clock()
    if clock is not None and clock.kind == "handle" and any(kind == "handle" for kind, _ in step.clocks):
        event.facts["due_at"] = clock.due_at.isoformat()
        if clock.provisional:
            event.facts["provisional"] = True


def _only_made_safe(case: CaseState) -> bool:
    """Whether the check that was passed is not the last one after all: the condition named now wants a repair too.

    Example: litter handled and checked on Monday 6 May 2019 09:40 is corrected to a missing manhole cover before it
    is closed, at 10:00: that check was the one of the make-safe stage, and the repair runs to Monday 13 May 10:00.
    """
    return case.state is State.CLOSING and case.stage == "make_safe"


def _lost_its_ground(case: CaseState, request: CaseRequest, event: CaseEvent) -> bool:
    """Whether what was asked for can no longer happen: the case is elsewhere, with another unit, on another clock."""
    effect = step_for(EFFECT_OF[request.kind], {})
    if effect is None or case.state not in effect.from_:
        return True
    if event.action is ActionName.REPAIR_STAGE:
        return request.kind in (RequestKind.EXTENSION, RequestKind.PROMISE)
    return case.unit != request.unit and request.kind not in (RequestKind.VOID, RequestKind.CORRECTION)
