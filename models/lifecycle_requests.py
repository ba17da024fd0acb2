"""Rules of requests: who asks for what and when, who decides, who takes back."""

from datetime import timedelta

from models.city import Post
from models.lifecycle_clocks import moment
from models.lifecycle_rules import Asked, correction_makes_sense, hand_back_capped
from models.refusal import Refusal
from models.vocabulary import UNIT_ROLES, ActionName, ClockKind, RequestKind, RequestState

A = ActionName


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
    """Extensions are capped in a round, suspensions and appeals over the whole case.

    `most_granted` counts what was granted; of appeals also what was refused: one a case, Yuncheng practice (B). Where a
    city names `most_asked` too, it counts what was decided either way, so that a refusal is not asked for until it is
    granted. What was withdrawn or has lapsed counts nowhere.
    """
    kind = RequestKind(asked.facts["kind"])
    rule = asked.city.policy.requests[kind]
    whole_case = kind in (RequestKind.SUSPENSION, RequestKind.APPEAL)
    settled = [r.state for r in asked.case.requests if r.kind is kind and (whole_case or r.round == asked.case.round)]
    granted = settled.count(RequestState.GRANTED)
    decided = granted + settled.count(RequestState.REFUSED)
    counted = decided if kind is RequestKind.APPEAL else granted
    if rule.most_granted is not None and counted >= rule.most_granted:
        return Refusal("request_cap", {"kind": kind, "granted": counted})
    if rule.most_asked is not None and decided >= rule.most_asked:
        return Refusal("asked_cap", {"kind": kind, "decided": decided})
    return None


def asked_before_overdue(asked: Asked) -> Refusal | None:
    """A unit may ask for a later deadline only while it still has time. Source: Yuncheng practice (B), for extensions.

    A promise moves the deadline only where the city says so; elsewhere it may be asked for at any time.
    """
    kind = asked.facts["kind"]
    moves = kind == RequestKind.EXTENSION or (kind == RequestKind.PROMISE and asked.city.policy.promise_sets_deadline)
    clock = asked.case.last_clock(ClockKind.HANDLE)
    if not moves or clock is None or asked.at <= clock.due_at:
        return None
    facts = {"due_at": clock.due_at, "asked_at": asked.at}
    if kind == RequestKind.EXTENSION:
        return Refusal("extension_after_overdue", facts)
    return Refusal("promise_after_overdue", facts)


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
    """Only who asked takes a request back, or somebody who stands in for them."""
    kind = RequestKind(asked.facts["kind"])
    request = asked.case.open_request(kind)
    if request is None:
        return Refusal("no_open_request", {"kind": kind})
    asker = asked.city.posts.get(request.asked_by)
    if asked.action.actor.code == request.asked_by or (asker is not None and _stands_in(asked, asker)):
        return None
    return Refusal("not_yours", {"holder": request.asked_by, "action": A.WITHDRAW})


def _stands_in(asked: Asked, asker: Post) -> bool:
    """A colleague: of the same unit or the one above it that answers for the case, at the centre in the same role."""
    actor, lead = asked.action.actor, asked.case.unit
    above = lead is not None and actor.unit == lead and asked.city.contains(lead, asker.unit)
    same_work = asker.role is actor.role or {asker.role, actor.role} <= UNIT_ROLES
    return same_work and (above or asker.unit == actor.unit)
