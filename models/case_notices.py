"""Who is told what when something happens to a case: notices as data, before they are rows and messages.

One notice has one recipient. No reporter's name or phone is among the facts; a reporter is an id here.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from models.case_state import CaseEvent, CaseRequest, CaseState
from models.city import City
from models.ladder import ladder_of
from models.lifecycle_clocks import FIXED_LIMITS, priority_of
from models.notice import NoticeKind, Priority
from models.vocabulary import UNIT_ROLES, ActionName, ClockKind, RequestKind, RequestState, Role

A = ActionName
N = NoticeKind


class NoticeDraft(NamedTuple):
    """One message to one recipient, not yet written. `recipient` is a post; None where a reporter is told."""

    kind: NoticeKind
    recipient: str | None
    dedupe_key: str
    facts: dict[str, Any]
    event_seq: int
    priority: Priority = Priority.ROUTINE
    requires_ack: bool = False
    reporter_id: int | None = None
    ladder: str = ""
    """The ladder it is a rung of; of several rungs climbed in one visit only the highest is told."""


class Told(NamedTuple):
    """What one event gives to say, and to whom."""

    kind: NoticeKind
    to: Iterable[str | None]
    priority: Priority = Priority.ROUTINE
    requires_ack: bool = False
    facts: Mapping[str, Any] = MappingProxyType({})
    ladder: str = ""


def notices_for(case: CaseState, event: CaseEvent, city: City) -> list[NoticeDraft]:
    """All notices of one event, given the case as the event left it."""
    teller = _TELLERS.get(event.action)
    news: dict[tuple[NoticeKind, str], Told] = {}
    for told in teller(case, event, city) if teller else ():
        for post in filter(None, told.to):
            # Who is concerned in two ways, as the liaison of a unit and of one below it, is told once.
            news.setdefault((told.kind, post), told)
    drafts = [_draft(case, event, told, city, recipient=post) for (_, post), told in news.items()]
    to_reporters = _TO_REPORTERS.get(event.action)
    if to_reporters:
        told = Told(to_reporters, ())
        drafts += [
            _draft(case, event, told, city, reporter_id=reporter_id, receipt=receipt)
            for reporter_id, receipt in case.reporters
        ]
    return drafts


def worth_telling(case: CaseState, drafts: list[NoticeDraft]) -> list[NoticeDraft]:
    """What a visit has to tell: of several rungs of a ladder only the highest, of a request decided since none.

    A late reminder helps nobody.
    """
    highest = {draft.ladder: draft.event_seq for draft in drafts}
    waiting = {_ladder_of(request) for request in case.requests if request.state is RequestState.OPEN}
    told = waiting | {"", _UNITS_LADDER}
    return [
        draft
        for draft in drafts
        if draft.ladder in told and (not draft.ladder or draft.event_seq == highest[draft.ladder])
    ]


_UNITS_LADDER = "handle"


def _ladder_of(request: CaseRequest) -> str:
    """Each decision of a request has a ladder of its own."""
    return f"request.{request.seq}.{len(request.decisions)}"


def _draft(
    case: CaseState,
    event: CaseEvent,
    told: Told,
    city: City,
    *,
    recipient: str | None = None,
    reporter_id: int | None = None,
    receipt: str | None = None,
) -> NoticeDraft:
    # One person may have reported twice, under two receipts: each gets its answer.
    whom = recipient or f"reporter-{reporter_id}-{receipt}"
    facts = {**_facts(case, event, city), **told.facts}
    if receipt:
        facts["receipt_number"] = receipt
    return NoticeDraft(
        told.kind, recipient, f"{told.kind}:{case.id}:{case.events}:{whom}", facts, case.events, told.priority,
        told.requires_ack, reporter_id, told.ladder,
    )  # fmt: skip


def _facts(case: CaseState, event: CaseEvent, city: City) -> dict[str, Any]:
    subclass = city.catalogue.subclasses.get(case.class_code or "")
    condition = city.catalogue.condition(case.class_code, case.condition_no)
    unit = city.units.get(case.unit or "")
    clock = case.last_clock(ClockKind.HANDLE)
    facts: dict[str, Any] = {
        "number": case.number,
        "receipt_number": case.receipt_number,
        "class_code": case.class_code,
        "minor": subclass.minor if subclass else None,
        "condition": condition.wording if condition else None,
        "place": case.place,
        "description": case.description,
        "unit": unit.name if unit else None,
        "state": case.state.value,
        "stage": case.stage,
        "reason": event.facts.get("reason"),
        "result": event.facts.get("how"),
    }
    if clock is not None:
        facts["due_at"] = clock.due_at.isoformat()
        facts["provisional"] = clock.provisional
        if clock.limit_text not in FIXED_LIMITS:
            facts["limit"] = clock.limit_text
    step = case.running_clock()
    if step is not None and step.kind is not ClockKind.HANDLE:
        facts["act_by"] = step.due_at.isoformat()
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _unit_posts(city: City, unit: str | None, *which: str) -> list[str | None]:
    found = city.units.get(unit or "")
    return [getattr(found, name) for name in which] if found else []


def _seats(city: City, role: Role, at: datetime) -> list[str]:
    """Who sits in a role now; where no seat is planned, everybody who holds the role."""
    day = at.astimezone(city.zone).date()
    return list(city.seat_posts(role, at)) or [post.code for post in city.posts_of(role, on=day)]


def _task(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    clock = case.last_clock(ClockKind.HANDLE)
    priority = priority_of(clock.limit_text) if clock else Priority.ROUTINE
    told = [Told(N.TASK, _unit_posts(city, case.unit, "liaison"), priority, requires_ack=True)]
    former = event.facts.get("former_unit")
    if former and former != case.unit:
        told.append(Told(N.TAKEN_AWAY, _unit_posts(city, former, "liaison")))
    return told + (_released(case, event, city) if former else [])


def _released(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    """Who worked on it besides the unit and need not any more: units it was assigned to, the inspector who was sent."""
    ended = [a.unit for a in case.assignments if not a.lead and a.ended_at == event.at]
    inspector = event.facts.get("former_inspector")
    to = [post for unit in ended for post in _unit_posts(city, unit, "liaison")]
    return [Told(N.TAKEN_AWAY, [*to, *([inspector] if inspector in city.posts else [])])]


def _assigned(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    """The sub-unit that is given the work inside its unit."""
    unit = city.units.get(event.facts["unit"])
    facts = {"unit": unit.name} if unit else {}
    return [Told(N.TASK, _unit_posts(city, event.facts["unit"], "liaison"), requires_ack=True, facts=facts)]


def _handed_back(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    unit = city.units.get(event.facts.get("former_unit") or "")
    facts = {"unit": unit.name, "hand_backs": case.hand_backs} if unit else {}
    told = [Told(N.HANDED_BACK, _seats(city, Role.DISPATCHER, event.recorded_at), facts=facts)]
    by = city.posts.get(event.actor)
    if unit and by and by.unit != unit.code:  # A unit below it handed back what it was assigned.
        told.append(Told(N.TAKEN_AWAY, [unit.liaison]))
    return told + _released(case, event, city)


def _verify_task(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    told = Told(N.VERIFY_TASK, [event.facts["inspector"]], Priority.URGENT, requires_ack=True)
    return [told, *_released(case, event, city)]


def _check_task(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    told = Told(N.CHECK_TASK, [event.facts["inspector"]], Priority.URGENT, requires_ack=True)
    return [told, *_released(case, event, city)]


def _check(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    if event.facts["result"] != "failed":
        return []
    facts = {"reworks": case.reworks}
    return [Told(N.REWORK, _unit_posts(city, case.unit, "liaison"), Priority.URGENT, True, facts)]


def _resumed(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    return [Told(N.RESUMED, _unit_posts(city, case.unit, "liaison"))]


def _deadline_changed(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    clock = case.last_clock(ClockKind.HANDLE)
    former = event.facts.get("former_due_at")
    if clock is None or former is None or former == clock.due_at.isoformat():
        return []
    return [Told(N.DEADLINE_CHANGED, _unit_posts(city, case.unit, "liaison"), facts={"former_due_at": former})]


def _to_decide(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    request = case.open_request(RequestKind(event.facts["kind"]))
    if request is None:
        return []
    deciders = _deciders(case, request, city, event.recorded_at)
    return [Told(N.REQUEST_TO_DECIDE, deciders, requires_ack=True, facts=_wish(request))]


def _reminded(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    """Whoever should have decided is reminded, whoever stands above them is told that the request waits."""
    request = case.open_request(RequestKind(event.facts["kind"]))
    rung = next((r for r in city.policy.request_ladder if r.code == event.facts["rung"]), None)
    if request is None or rung is None:
        return []
    deciders = _deciders(case, request, city, event.recorded_at)
    roles = [Role(whom) for whom in rung.to if whom != "decider"]
    others = [post for role in roles for post in _seats(city, role, event.recorded_at) if post not in deciders]
    asked = deciders if {"decider", request.next_role.value} & set(rung.to) else []
    priority, facts, ladder = Priority(rung.priority), _wish(request), _ladder_of(request)
    return [
        Told(N.REQUEST_TO_DECIDE, asked, priority, True, facts, ladder),
        Told(N.REQUEST_WAITS, others, priority, True, facts, ladder),
    ]


def _wish(request: CaseRequest) -> dict[str, Any]:
    """What is asked for, why, and until when it should be decided."""
    until = {"wanted_until": request.wanted_until.isoformat()} if request.wanted_until else {}
    return {
        "kind": request.kind.value, "reason": request.reason, "decide_by": request.due_at.isoformat(), **until,
    }  # fmt: skip


def _deciders(case: CaseState, request: CaseRequest, city: City, at: datetime) -> list[str]:
    """Who may take the next decision: the seats of that role, of a unit's roles the posts of the case's own unit."""
    if request.next_role not in UNIT_ROLES:
        return _seats(city, request.next_role, at)
    day = at.astimezone(city.zone).date()
    return [post.code for post in city.posts_of(request.next_role, case.unit or "", on=day)]


def _decided(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    if event.facts["verdict"] == "granted" and not event.facts["final"]:
        return _to_decide(case, event, city)
    request = case.requests[event.facts["request"] - 1]
    facts = {"kind": request.kind.value, "verdict": event.facts["verdict"]}
    return [Told(N.REQUEST_DECIDED, [request.asked_by], facts=facts)]


def _lapsed(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    kind = event.facts["kind"]
    request = next(r for r in reversed(case.requests) if r.kind == kind)
    return [Told(N.REQUEST_DECIDED, [request.asked_by], facts={"kind": kind, "verdict": "lapsed"})]


def _climbed(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    rung = next((r for r in ladder_of(case, city) if r.code == event.facts["rung"]), None)
    if rung is None:
        return []
    to: list[str | None] = []
    for whom in rung.to:
        if whom in ("liaison", "head", "supervising_leader"):
            to += _unit_posts(city, case.unit, whom)
        else:
            to += _seats(city, Role(whom), event.recorded_at)
    facts: dict[str, Any] = {"rung": rung.code}
    if rung.share is not None:
        facts["share"] = int(rung.share * 100)
    wants_ack = rung.priority != Priority.ROUTINE
    return [Told(N(rung.notice), to, Priority(rung.priority), wants_ack, facts, _UNITS_LADDER)]


def _supervised(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    """A leader's own order; the ladder's order is told by its rung."""
    if event.role is Role.RULE:
        return []
    return [Told(N.SUPERVISION, _unit_posts(city, case.unit, "liaison", "head"), Priority.URGENT, True)]


def _seat_late(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    seats = _seats(city, Role.SHIFT_LEADER, event.recorded_at)
    share = int(city.policy.seat_alarm_share * 100)
    return [Told(N.SEAT_LATE, seats, facts={"clock": event.facts["clock"], "share": share})]


def _taken_away(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    return [Told(N.TAKEN_AWAY, _unit_posts(city, case.unit, "liaison")), *_released(case, event, city)]


def _reopened(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    return [Told(N.REOPENED, _seats(city, Role.DISPATCHER, event.recorded_at), Priority.URGENT, True)]


_TELLERS: dict[ActionName, Callable[[CaseState, CaseEvent, City], list[Told]]] = {
    A.DISPATCH: _task,
    A.ARBITRATE: _task,
    A.REDISPATCH: _task,
    A.REPAIR_STAGE: _task,
    A.ASSIGN: _assigned,
    A.REVOKE_ASSIGN: _released,
    A.HAND_BACK: _handed_back,
    A.ORDER_VERIFY: _verify_task,
    A.ORDER_CHECK: _check_task,
    A.CHECK: _check,
    A.RESUME: _resumed,
    A.EXTEND: _deadline_changed,
    A.CORRECT: _deadline_changed,
    A.PROMISE: _deadline_changed,
    A.CORRECT_CALENDAR: _deadline_changed,
    A.ASK: _to_decide,
    A.REMIND_REQUEST: _reminded,
    A.DECIDE: _decided,
    A.LAPSE: _lapsed,
    A.CLIMB: _climbed,
    A.SUPERVISE: _supervised,
    A.ALARM_SEAT: _seat_late,
    A.VOID: _taken_away,
    A.FORCE_CLOSE: _taken_away,
    A.REOPEN: _reopened,
}

_TO_REPORTERS: dict[ActionName, NoticeKind] = {
    A.ACCEPT: N.REPORT_ACCEPTED,
    A.REJECT: N.REPORT_REJECTED,
    A.VOID: N.REPORT_REJECTED,
    A.MERGE: N.REPORT_MERGED,
    A.CLOSE: N.REPORT_RESULT,
    A.FORCE_CLOSE: N.REPORT_RESULT,
}
"""Reporters hear of acceptance, rejection with its reason, joining and result."""
