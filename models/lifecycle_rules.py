"""What the state table cannot say: small named rules, each with one reason, asked in order before a step is taken.

A rule sees the case, the action, the city and the moment; it returns a `Refusal` or None and touches nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from models.case_state import CaseState
from models.city import City
from models.lifecycle_events import moment
from models.lifecycle_table import EFFECT_OF, NEVER_OFF
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


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything a rule may look at."""

    case: CaseState
    action: Action
    city: City
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)


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


def own_unit_only(asked: Asked) -> Refusal | None:
    """A unit acts on its own cases only; a sub-unit on those of the unit above it."""
    actor = asked.action.actor
    if actor.role not in UNIT_ROLES:
        return None
    if asked.case.unit is not None and asked.city.contains(asked.case.unit, actor.unit):
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


def asked_by_the_right_role(asked: Asked) -> Refusal | None:
    """Who may ask for what is the city's data."""
    rule = asked.city.policy.requests[RequestKind(asked.facts["kind"])]
    if asked.action.actor.role in rule.asked_by:
        return None
    return Refusal("not_yours", {"action": A.ASK, "kind": rule.kind, "asked_by": sorted(rule.asked_by)})


def one_open_request(asked: Asked) -> Refusal | None:
    """A case has at most one open request of a kind."""
    kind = RequestKind(asked.facts["kind"])
    found = asked.case.open_request(kind)
    return Refusal("one_open_request", {"kind": kind, "asked_at": found.asked_at}) if found else None


def request_cap(asked: Asked) -> Refusal | None:
    """Extensions are capped in a round, suspensions and appeals over the whole case; refused ones do not count.

    An appeal counts once it was decided, either way: one a case. Source: Yuncheng practice (B).
    """
    kind = RequestKind(asked.facts["kind"])
    most = asked.city.policy.requests[kind].most_granted
    if most is None:
        return None
    whole_case = kind in (RequestKind.SUSPENSION, RequestKind.APPEAL)
    counting = ("granted", "refused") if kind is RequestKind.APPEAL else ("granted",)
    granted = sum(
        r.kind is kind and r.state in counting and (whole_case or r.round == asked.case.round)
        for r in asked.case.requests
    )
    return Refusal("request_cap", {"kind": kind, "granted": granted}) if granted >= most else None


def extension_only_before_overdue(asked: Asked) -> Refusal | None:
    """A unit may ask for more time only while it still has some. Source: Yuncheng practice (B)."""
    if asked.facts["kind"] != RequestKind.EXTENSION:
        return None
    clock = asked.case.last_clock(ClockKind.HANDLE)
    if clock is None or asked.at <= clock.due_at:
        return None
    return Refusal("extension_after_overdue", {"due_at": clock.due_at, "asked_at": asked.at})


def wanted_until_in_reach(asked: Asked) -> Refusal | None:
    """A suspension or promise names a moment ahead, at most as far away as the city's longest suspension (a year)."""
    kind = RequestKind(asked.facts["kind"])
    if kind not in (RequestKind.SUSPENSION, RequestKind.PROMISE):
        return None
    until = moment(asked.facts["wanted_until"])
    if until <= asked.at:
        return Refusal("wanted_in_past", {"wanted_until": until})
    most = asked.city.policy.suspension_most_days
    if until > asked.at + timedelta(days=most):
        return Refusal("suspension_too_long", {"kind": kind, "wanted_until": until, "most_days": most})
    return None


def request_fits_its_effect(asked: Asked) -> Refusal | None:
    """What is asked for must be possible: hand-back below its cap, a class that exists, a late closing to appeal."""
    kind = asked.facts["kind"]
    if kind == RequestKind.HAND_BACK:
        return hand_back_capped(asked)
    if kind == RequestKind.CORRECTION:
        return correction_makes_sense(asked)
    if kind == RequestKind.APPEAL:
        return _appealable(asked)
    return None


def _appealable(asked: Asked) -> Refusal | None:
    """Only a case closed late may be appealed against, once. Source: Yuncheng practice (B)."""
    case = asked.case
    clock = case.last_clock(ClockKind.HANDLE)
    late = clock is not None and case.handled_at is not None and case.handled_at > clock.due_at
    if not late or case.exempt:
        return Refusal("not_appealable", {"handled_at": case.handled_at, "due_at": clock.due_at if clock else None})
    return None


def decided_by_its_step(asked: Asked) -> Refusal | None:
    """Approvals go in order: only the role of the present step decides, and nobody decides what they asked for."""
    kind = RequestKind(asked.facts["kind"])
    request = asked.case.open_request(kind)
    if request is None:
        return Refusal("no_open_request", {"kind": kind})
    actor = asked.action.actor
    if actor.role is not request.next_role:
        return Refusal("not_your_step", {"kind": kind, "next_role": request.next_role})
    if actor.code == request.asked_by:
        return Refusal("own_request", {"kind": kind})
    return None


def grant_still_possible(asked: Asked) -> Refusal | None:
    """A suspension wanted until a day that has passed can no longer be granted."""
    if asked.facts["verdict"] != "granted":
        return None
    request = asked.case.open_request(RequestKind(asked.facts["kind"]))
    if request and request.wanted_until is not None and request.wanted_until <= asked.at:
        return Refusal("wanted_in_past", {"wanted_until": request.wanted_until})
    return None


def withdrawn_by_its_asker(asked: Asked) -> Refusal | None:
    """Only who asked takes a request back, or a colleague: of the same unit, or in the same role at the centre."""
    kind = RequestKind(asked.facts["kind"])
    request = asked.case.open_request(kind)
    if request is None:
        return Refusal("no_open_request", {"kind": kind})
    asker = asked.city.posts.get(request.asked_by)
    actor = asked.action.actor
    same_side = asker is not None and asker.unit == actor.unit
    same_work = asker is not None and (asker.role is actor.role or {asker.role, actor.role} <= UNIT_ROLES)
    if actor.code == request.asked_by or (same_side and same_work):
        return None
    return Refusal("not_yours", {"holder": request.asked_by, "action": A.WITHDRAW})


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


RULES: Mapping[ActionName, tuple[Rule, ...]] = {
    A.ASSIGN: (own_unit_only, known_unit, sub_unit_of_the_case),
    A.REVOKE_ASSIGN: (own_unit_only,),
    A.RECEIVE: (own_unit_only,),
    A.REPORT_HANDLED: (own_unit_only,),
    A.HAND_BACK: (own_unit_only, hand_back_capped),
    A.DISPATCH: (known_unit, arbitration_at_the_cap),
    A.ARBITRATE: (known_unit, arbitration_at_the_cap),
    A.REDISPATCH: (known_unit,),
    A.ORDER_VERIFY: (known_inspector,),
    A.ORDER_CHECK: (known_inspector,),
    A.VERIFY: (only_the_inspector_asked,),
    A.CHECK: (only_the_inspector_asked, made_safe_in_its_stage),
    A.FILE: (class_known_before_filing,),
    A.CORRECT: (correction_makes_sense,),
    A.MERGE: (merges_into_another,),
    A.REOPEN: (reopened_in_time,),
    # The asker's right before the request's sense: a stranger learns nothing of the case's dates.
    A.ASK: (
        asked_by_the_right_role,
        own_unit_only,
        one_open_request,
        request_cap,
        extension_only_before_overdue,
        wanted_until_in_reach,
        request_fits_its_effect,
    ),
    A.DECIDE: (decided_by_its_step, own_unit_only, grant_still_possible),
    A.WITHDRAW: (withdrawn_by_its_asker,),
    A.ADD_NOTE: (own_unit_only,),
    A.ADD_PICTURE: (own_unit_only,),
}
"""Asked in this order after the state table; `switched_off` comes before all of them."""


def first_refusal(asked: Asked) -> Refusal | None:
    """The first rule that says no."""
    if asked.action.actor.role is Role.RULE and asked.action.name in EFFECT_OF.values():
        return None  # A grant was judged when it was asked for and decided; its effect is not judged again.
    for rule in (switched_off, *RULES.get(asked.action.name, ())):
        refusal = rule(asked)
        if refusal:
            return refusal
    return None
