"""Which step a rule of the city takes next for a case, if any; what no rule covers waits in a seat's queue."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from models.case_state import CaseState
from models.city import City
from models.vocabulary import ActionName, RequestState, State

A = ActionName


class RuleStep(NamedTuple):
    """A step a rule takes, with the rule's code."""

    action: ActionName
    rule: str
    facts: Mapping[str, Any] = MappingProxyType({})


def next_rule_step(case: CaseState, city: City, now: datetime) -> RuleStep | None:
    """The next automatic step from where the case stands."""
    finder = _FINDERS.get(case.state)
    return finder(case, city, now) if finder else None


def _rule(case: CaseState, city: City, action: ActionName) -> str | None:
    return city.policy.rule_for(action, case.source, case.class_code, case.complete)


def _from_reported(case: CaseState, city: City, now: datetime) -> RuleStep | None:
    """A report that needs verification is sent to an inspector; a verified or trusted one is accepted."""
    if case.verified in ("false", "not_found"):
        rule = _rule(case, city, A.REJECT)
        return RuleStep(A.REJECT, rule, {"reason": f"verified_{case.verified}"}) if rule else None
    if case.verified is None and case.source not in city.policy.verified_sources:
        rule = _rule(case, city, A.ORDER_VERIFY)
        return _with_inspector(A.ORDER_VERIFY, rule, case, city, now)
    rule = _rule(case, city, A.ACCEPT)
    return RuleStep(A.ACCEPT, rule) if rule else None


def _from_accepted(case: CaseState, city: City, now: datetime) -> RuleStep | None:
    """A rule files a fresh case; one that came back from the dispatcher (it has its number) needs a person's eye."""
    rule = _rule(case, city, A.FILE) if case.number is None else None
    return RuleStep(A.FILE, rule) if rule and case.class_code in city.catalogue.subclasses else None


def _from_filed(case: CaseState, city: City, now: datetime) -> RuleStep | None:
    """A rule dispatches a fresh case; one that came back, or was reopened, needs a dispatcher's eye."""
    rule = _rule(case, city, A.DISPATCH)
    if not rule or case.hand_backs or case.round > 1:
        return None
    responsible = city.responsibility.unit_for(case.class_code, case.area)
    # Without a place the source knows better than a table of places.
    unit = (responsible or case.unit_hint) if case.area else (case.unit_hint or responsible)
    return RuleStep(A.DISPATCH, rule, {"unit": unit}) if unit in city.units else None


def _from_verifying(case: CaseState, city: City, now: datetime) -> RuleStep | None:
    """A verification is ordered anew where its inspector's post has ended; how long one may take a person judges."""
    if not _has_left(case.inspector, city, now):
        return None
    return _with_inspector(A.ORDER_VERIFY, _rule(case, city, A.ORDER_VERIFY), case, city, now)


def _from_checking(case: CaseState, city: City, now: datetime) -> RuleStep | None:
    """A check is ordered of the inspector on duty, and anew where that inspector's post has ended."""
    if case.inspector is not None and not _has_left(case.inspector, city, now):
        return None
    return _with_inspector(A.ORDER_CHECK, _rule(case, city, A.ORDER_CHECK), case, city, now)


def _from_closing(case: CaseState, city: City, now: datetime) -> RuleStep | None:
    """A passed check is closed by rule where policy says so; a quick fix is always reviewed by a seat.

    No rule closes over what somebody has asked for and nobody decided: an extension asked in time (the unit would be
    late by the approver), a correction to a condition that wants a repair too, a void. Such a request lies unseen
    nowhere, it has its own ladder; the shift leader may close all the same.
    """
    rule = _rule(case, city, A.CLOSE)
    if case.quick_fixed or any(request.state is RequestState.OPEN for request in case.requests):
        return None
    return RuleStep(A.CLOSE, rule) if rule else None


def _has_left(inspector: str | None, city: City, now: datetime) -> bool:
    """Whether a post has vanished from the directory, or does not exist any more on this day."""
    post = city.posts.get(inspector or "")
    return post is None or not post.exists_on(now.astimezone(city.zone).date())


def _with_inspector(
    action: ActionName, rule: str | None, case: CaseState, city: City, now: datetime
) -> RuleStep | None:
    """The inspector on duty for the place; of a pool, one chosen by the case, so that work spreads evenly."""
    on_duty = city.inspectors_for(case.area, now) if rule else ()
    if not rule or not on_duty:
        return None
    return RuleStep(action, rule, {"inspector": on_duty[case.id % len(on_duty)]})


_FINDERS = {
    State.REPORTED: _from_reported,
    State.VERIFYING: _from_verifying,
    State.ACCEPTED: _from_accepted,
    State.FILED: _from_filed,
    State.CHECKING: _from_checking,
    State.CLOSING: _from_closing,
}
