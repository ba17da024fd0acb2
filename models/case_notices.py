"""Who is told what when something happens to a case: notices as data, before they are rows and messages.

One notice has one recipient. No reporter's name or phone is among the facts; a reporter is an id here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.case_state import CaseEvent, CaseState
from models.city import City
from models.lifecycle_events import SOURCE_LIMIT
from models.notice import NoticeKind, Priority
from models.vocabulary import ActionName, ClockKind, RequestKind, Role
from models.worktime import LimitUnit, parse_limit

A = ActionName
N = NoticeKind


@dataclass(frozen=True, slots=True)
class NoticeDraft:
    """One message to one recipient, not yet written. `recipient` is a post; None where a reporter is told."""

    kind: NoticeKind
    recipient: str | None
    dedupe_key: str
    facts: dict[str, Any]
    event_seq: int
    priority: Priority = Priority.ROUTINE
    requires_ack: bool = False
    reporter_id: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What one event gives to say, and to whom."""

    kind: NoticeKind
    to: Iterable[str | None]
    priority: Priority = Priority.ROUTINE
    requires_ack: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


def notices_for(case: CaseState, event: CaseEvent, city: City) -> list[NoticeDraft]:
    """All notices of one event, given the case as the event left it."""
    teller = _TELLERS.get(event.action)
    drafts = [
        _draft(case, event, told, city, recipient=post)
        for told in (teller(case, event, city) if teller else ())
        for post in dict.fromkeys(told.to)
        if post
    ]
    to_reporters = _TO_REPORTERS.get(event.action)
    if to_reporters:
        told = Told(to_reporters, ())
        drafts += [
            _draft(case, event, told, city, reporter_id=reporter_id, receipt=receipt)
            for reporter_id, receipt in case.reporters
        ]
    return drafts


def last_rung_only(drafts: list[NoticeDraft]) -> list[NoticeDraft]:
    """Of several rungs climbed in one late visit only the highest is told: a late reminder helps nobody."""
    climbs = [draft.event_seq for draft in drafts if "rung" in draft.facts]
    return [draft for draft in drafts if "rung" not in draft.facts or draft.event_seq == climbs[-1]]


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
    facts = _facts(case, event, city) | told.facts
    if receipt:
        facts["receipt_number"] = receipt
    return NoticeDraft(
        told.kind, recipient, f"{told.kind}:{case.id}:{case.events}:{whom}", facts, case.events, told.priority,
        told.requires_ack, reporter_id,
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
        if clock.limit_text != SOURCE_LIMIT:
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
    return list(city.seat_posts(role, at)) or [post.code for post in city.posts_of(role)]


def _task(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    clock = case.last_clock(ClockKind.HANDLE)
    hurry = clock is not None and (
        clock.limit_text != SOURCE_LIMIT and parse_limit(clock.limit_text).unit is LimitUnit.URGENT_HOUR
    )
    priority = Priority.URGENT if hurry else Priority.ROUTINE
    told = [Told(N.TASK, _unit_posts(city, case.unit, "liaison"), priority, requires_ack=True)]
    former = event.facts.get("former_unit")
    if former and former != case.unit:
        told.append(Told(N.TAKEN_AWAY, _unit_posts(city, former, "liaison")))
    return told


def _assigned(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    """The sub-unit that is given the work inside its unit."""
    unit = city.units.get(event.facts["unit"])
    facts = {"unit": unit.name} if unit else {}
    return [Told(N.TASK, _unit_posts(city, event.facts["unit"], "liaison"), requires_ack=True, facts=facts)]


def _handed_back(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    unit = city.units.get(event.facts.get("former_unit") or "")
    facts = {"unit": unit.name, "hand_backs": case.hand_backs} if unit else {}
    return [Told(N.HANDED_BACK, _seats(city, Role.DISPATCHER, event.recorded_at), facts=facts)]


def _verify_task(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    return [Told(N.VERIFY_TASK, [event.facts["inspector"]], Priority.URGENT, requires_ack=True)]


def _check_task(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    return [Told(N.CHECK_TASK, [event.facts["inspector"]], Priority.URGENT, requires_ack=True)]


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
    facts = {
        "kind": request.kind.value,
        "reason": request.reason,
        "wanted_until": request.wanted_until.isoformat() if request.wanted_until else None,
        "decide_by": request.due_at.isoformat(),
    }
    priority = Priority.URGENT if event.action is A.REMIND_REQUEST else Priority.ROUTINE
    facts = {name: value for name, value in facts.items() if value is not None}
    return [Told(N.REQUEST_TO_DECIDE, _seats(city, request.next_role, event.recorded_at), priority, True, facts)]


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
    rung = next((r for r in city.policy.ladder if r.code == event.facts["rung"]), None)
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
    return [Told(N(rung.notice), to, Priority(rung.priority), rung.priority != Priority.ROUTINE, facts)]


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
    return [Told(N.TAKEN_AWAY, _unit_posts(city, case.unit, "liaison"))]


def _reopened(case: CaseState, event: CaseEvent, city: City) -> list[Told]:
    return [Told(N.REOPENED, _seats(city, Role.DISPATCHER, event.recorded_at), Priority.URGENT, True)]


_TELLERS: dict[ActionName, Callable[[CaseState, CaseEvent, City], list[Told]]] = {
    A.DISPATCH: _task,
    A.ARBITRATE: _task,
    A.REDISPATCH: _task,
    A.REPAIR_STAGE: _task,
    A.ASSIGN: _assigned,
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
    A.REMIND_REQUEST: _to_decide,
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
