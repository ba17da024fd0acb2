"""What the state table cannot say: small named rules, each with one reason, asked in order before a step is taken.

A rule sees the case, the action, the city and the moment; it returns a `Refusal` or None and touches nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from models.case_state import CaseState
from models.city import City
from models.lifecycle_table import NEVER_OFF
from models.refusal import Refusal
from models.vocabulary import UNIT_ROLES, ActionName, ClockKind, RequestKind, Role

A = ActionName


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a post with its role and unit, a rule, or a source."""

    code: str
    role: Role
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody wants done to a case."""

    name: ActionName
    actor: Actor
    facts: Mapping[str, Any]
    at: datetime
    """When the person acted, not when a visit found it: an outage of the engine makes nobody late."""
    origin: str
    key: str = ""
    resolved: Mapping[str, Any] = field(default_factory=dict)
    """What the caller looked up beside the case (the target of a merge); never taken from the person's own facts."""


class Asked(NamedTuple):
    """Everything a rule may look at. A tuple: one is made for every step of every case."""

    case: CaseState
    action: Action
    city: City
    at: datetime
    facts: Mapping[str, Any]


Rule = Callable[[Asked], Refusal | None]


def switched_off(asked: Asked) -> Refusal | None:
    """A city's policy may switch off rows for which it has no rule of its own."""
    name = asked.action.name
    needed = name in NEVER_OFF and asked.action.actor.role is Role.RULE
    if name in asked.city.policy.disabled_actions and not needed:
        return Refusal("switched_off", {"action": name})
    if name is A.ASK:
        rule = asked.city.policy.requests.get(RequestKind(asked.facts["kind"]))
        if rule is None or not rule.enabled:
            return Refusal("switched_off", {"action": name, "kind": asked.facts["kind"]})
    return None


def inside_its_unit(asked: Asked) -> Refusal | None:
    """Only the unit that answers for a case, and units below it, write into it."""
    actor = asked.action.actor
    if actor.role not in UNIT_ROLES:
        return None
    if asked.case.unit is not None and asked.city.contains(asked.case.unit, actor.unit):
        return None
    return Refusal("wrong_unit", {"unit": asked.case.unit, "your_unit": actor.unit})


def holds_the_case(asked: Asked) -> Refusal | None:
    """A unit acts on a case it answers for, a unit below it only while the case is assigned to it 交办.

    Example: 梨河镇 has the case. Its market office may report it as handled once 梨河镇 has assigned it to the office,
    and no longer once that is revoked; 梨河镇 itself always may.
    """
    outside = inside_its_unit(asked)
    unit = asked.action.actor.unit
    if outside or asked.action.actor.role not in UNIT_ROLES or unit == asked.case.unit:
        return outside
    if unit in asked.case.assigned_units():
        return None
    return Refusal("not_assigned", {"unit": asked.case.unit, "your_unit": unit})


def answers_for_the_case(asked: Asked) -> Refusal | None:
    """What is decided inside a unit, the unit that answers for the case decides, never one below it."""
    actor = asked.action.actor
    if actor.role not in UNIT_ROLES or (actor.unit is not None and actor.unit == asked.case.unit):
        return None
    return Refusal("wrong_unit", {"unit": asked.case.unit, "your_unit": actor.unit})


def only_the_inspector_asked(asked: Asked) -> Refusal | None:
    """A verify or check task belongs to the inspector it was given to, or to that post's deputy."""
    holder = asked.case.inspector
    actor = asked.action.actor.code
    if holder is None or holder == actor:
        return None
    post = asked.city.posts.get(holder)
    if post is not None and post.deputy == actor:
        return None
    return Refusal("not_yours", {"holder": holder, "action": asked.action.name})


def known_unit(asked: Asked) -> Refusal | None:
    """Work goes only to a unit that exists that day."""
    unit = asked.city.units.get(asked.facts["unit"])
    day = asked.at.astimezone(asked.city.zone).date()
    if unit is None or not unit.exists_on(day):
        return Refusal("unknown_unit", {"unit": asked.facts["unit"]})
    return None


def sub_unit_of_the_case(asked: Asked) -> Refusal | None:
    """Inner assignment 交办 stays inside the unit that answers for the case."""
    unit = asked.facts["unit"]
    lead = asked.case.unit or ""
    if unit != lead and asked.city.contains(lead, unit):
        return None
    return Refusal("unit_not_below", {"unit": unit, "lead": lead})


def assigned_once(asked: Asked) -> Refusal | None:
    """A unit has the work once: assigned twice, it could not be told when it is taken back."""
    unit = asked.facts["unit"]
    return Refusal("assigned_already", {"unit": unit}) if unit in asked.case.assigned_units() else None


def assigned_before(asked: Asked) -> Refusal | None:
    """Only what was assigned is taken back."""
    unit = asked.facts["unit"]
    return None if unit in asked.case.assigned_units() else Refusal("no_assignment", {"unit": unit})


def made_safe_in_its_stage(asked: Asked) -> Refusal | None:
    """Only an urgent case in its make-safe stage can be made safe; elsewhere it would be a second, free limit."""
    if asked.facts["result"] != "made_safe" or asked.case.stage == "make_safe":
        return None
    return Refusal("unreadable_fact", {"name": "result", "value": "made_safe"})


def known_inspector(asked: Asked) -> Refusal | None:
    """A task goes only to a post that is an inspector's and exists that day."""
    post = asked.city.posts.get(asked.facts["inspector"])
    day = asked.at.astimezone(asked.city.zone).date()
    if post is None or post.role is not Role.INSPECTOR or not post.exists_on(day):
        return Refusal("no_inspector", {"inspector": asked.facts["inspector"]})
    return None


def another_inspector(asked: Asked) -> Refusal | None:
    """A task that nobody answers goes to another inspector; the same one would only get more time.

    Example: verification ordered of inspector-a on Monday 6 May 2019 08:10, due 08:40; at 09:00 the acceptor sends
    inspector-b, who has until 09:30, and inspector-a need not go any more.
    """
    inspector = asked.facts["inspector"]
    return Refusal("sent_already", {"inspector": inspector}) if inspector == asked.case.inspector else None


def hand_back_capped(asked: Asked) -> Refusal | None:
    """Hand-backs are counted; after the cap a leader arbitrates, and after that there is no further one.

    Example: cap 3: the third hand-back still goes to the dispatcher, who can then only ask the leader; the unit the
    leader names on Monday 6 May 2019 15:00 gets its 4 work_hour in full (due Tuesday 09:00) and may not hand back.
    """
    case = asked.case
    if case.hand_back_barred or case.hand_backs >= asked.city.policy.most_hand_backs:
        return Refusal("hand_back_cap", {"hand_backs": case.hand_backs})
    if asked.action.name is A.HAND_BACK and asked.city.policy.hand_back_by_approval:
        return Refusal("needs_approval", {"action": A.HAND_BACK, "kind": RequestKind.HAND_BACK})
    return None


def arbitration_at_the_cap(asked: Asked) -> Refusal | None:
    """Below the cap of hand-backs the dispatcher dispatches; at the cap only a leader decides who is responsible."""
    # Where none is allowed nothing ever came back, and there is nothing to arbitrate.
    at_cap = asked.case.hand_backs >= max(1, asked.city.policy.most_hand_backs)
    if asked.action.name is A.ARBITRATE and not at_cap:
        return Refusal("arbitration_too_early", {"hand_backs": asked.case.hand_backs})
    if asked.action.name is A.DISPATCH and at_cap:
        return Refusal("needs_arbitration", {"hand_backs": asked.case.hand_backs})
    return None


def redispatched_by_its_right_role(asked: Asked) -> Refusal | None:
    """A dispatcher redispatches; once a leader has arbitrated only a leader does, so that nobody overrules that.

    Example: 梨河镇, named by the leader, is dissolved: the leader redispatches to its successor, which gets a full new
    limit and may not hand back either.
    """
    case, by_leader = asked.case, asked.action.actor.role is Role.LEADER
    if case.hand_back_barred and not by_leader:
        return Refusal("arbitrated", {"unit": case.unit})
    if by_leader and not case.hand_back_barred:
        return Refusal("arbitration_too_early", {"hand_backs": case.hand_backs})
    return None


def class_known_before_filing(asked: Asked) -> Refusal | None:
    """The case number carries the class, so a case is filed only under a subclass of the catalogue."""
    if asked.case.class_code in asked.city.catalogue.subclasses:
        return None
    return Refusal("unknown_class", {"class_code": asked.case.class_code})


def correction_makes_sense(asked: Asked) -> Refusal | None:
    """A correction names a subclass and condition that exist; once dispatched it needs approval."""
    facts, case = asked.facts, asked.case
    if not any(facts.get(name) for name in ("class_code", "condition_no", "area", "place")):
        return Refusal("missing_fact", {"needs": ["class_code", "condition_no", "area", "place"]})
    code = facts.get("class_code", case.class_code)
    number = facts.get("condition_no", None if "class_code" in facts else case.condition_no)
    if ("class_code" in facts or "condition_no" in facts) and asked.city.catalogue.condition(code, number) is None:
        return Refusal("unknown_class", {"class_code": code, "condition_no": number})
    if facts.get("area") and facts["area"] not in asked.city.areas:
        return Refusal("unknown_area", {"area": facts["area"]})
    dispatched = case.last_clock(ClockKind.HANDLE) is not None
    if asked.action.name is A.CORRECT and dispatched:
        return Refusal("needs_approval", {"action": A.CORRECT, "kind": RequestKind.CORRECTION})
    return None


def merges_into_another(asked: Asked) -> Refusal | None:
    """A case joins another open one, never itself, never one that has ended."""
    found = asked.action.resolved
    into = found.get("into_id")
    if into is None or found.get("into_ended"):
        return Refusal("merge_target", {"into": asked.facts["into"]})
    return Refusal("same_case", {"into": asked.facts["into"]}) if into == asked.case.id else None


def reopened_in_time(asked: Asked) -> Refusal | None:
    """A closed case may be reopened inside the objection period, at most so many times.

    Example: closed Monday 6 May 2019 08:40, 15 days: reopened until Tuesday 21 May 08:40. Reopened on Tuesday 7 May and
    dispatched 09:10 with 4 work_hour it is due 15:10, also by the unit that had it: a new round.
    """
    case, policy = asked.case, asked.city.policy
    if case.reopenings >= policy.most_reopenings:
        return Refusal("reopen_cap", {"reopenings": case.reopenings})
    last_day = (case.ended_at or asked.at) + timedelta(days=policy.objection_days)
    return Refusal("objection_over", {"last_day": last_day}) if asked.at > last_day else None
