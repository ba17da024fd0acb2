"""The facts of an event: what the person said, cleaned, and what the city's rules add at that moment.

Limits, numbers and deadlines are never taken from a person's facts, only from the city and the case.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from models.case_state import CaseState
from models.city import City
from models.lifecycle_events import SOURCE_LIMIT, moment, resumes_for
from models.lifecycle_rules import Asked
from models.lifecycle_table import ClockMove, Step
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from models.vocabulary import SEAT_CLOCKS, ActionName, ClockKind, RequestKind, Role

Serials = Callable[[str], int]
"""Gives the next serial under a prefix; unique under concurrent filing (`tasks/numbers.py`)."""

TEXT_FACTS = frozenset(
    {"reason", "note", "opinion", "picture", "picture_before", "picture_after", "pictures", "unit", "inspector"}
    | {"result", "kind", "verdict", "class_code", "area", "place", "into"}
)
FREE_TEXTS = frozenset({"reason", "note", "opinion", "place"})
"""Where people write what they like: phone and identity numbers are masked, for an event can never be erased."""
LONGEST_TEXT = 4000
_SMALL_NUMBER = re.compile(r"[0-9]{1,6}")


def clean_facts(raw: Mapping[str, Any]) -> dict[str, Any] | Refusal:
    """What a person said, in the types the rules expect; unknown keys are left out, unreadable values refused.

    Texts are cut at 4,000 characters and lose NUL bytes, free ones also phone and identity numbers; `wanted_until`
    becomes an ISO 8601 moment in UTC; `condition_no` an integer.
    """
    facts: dict[str, Any] = {}
    for name, value in raw.items():
        if value is None or value == "":
            continue
        if name in FREE_TEXTS:
            facts[name] = without_personal_numbers(_text(value))
        elif name in TEXT_FACTS:
            facts[name] = _text(value)
        elif name == "condition_no":
            if not _SMALL_NUMBER.fullmatch(str(value)):
                return Refusal("unreadable_fact", {"name": name, "value": _text(value)[:40]})
            facts[name] = int(value)
        elif name == "wanted_until":
            until = _moment_or_none(value)
            if until is None:
                return Refusal("unreadable_fact", {"name": name, "value": _text(value)[:40]})
            facts[name] = until.isoformat()
    if "kind" in facts and facts["kind"] not in set(RequestKind):
        return Refusal("unreadable_fact", {"name": "kind", "value": facts["kind"][:40]})
    return facts


def _text(value: object) -> str:
    """A text the database and the chain can hold: no NUL, no half characters, not endless."""
    return str(value)[:LONGEST_TEXT].replace("\0", "").encode("utf-8", "replace").decode().strip()


def _moment_or_none(value: object) -> datetime | None:
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def step_facts(asked: Asked, step: Step, serials: Serials) -> dict[str, Any]:
    """All facts of the event that takes this step now."""
    facts = {**asked.facts, **asked.action.resolved, **_clock_facts(asked, step)}
    adder = _ADDERS.get(step.action)
    if adder:
        facts.update(adder(asked, serials))
    return facts


def handle_limit(case: CaseState, city: City) -> dict[str, Any]:
    """The limit a fresh handle clock gets: the source's own deadline, the follow-up limit, or the condition's.

    An urgent condition with a follow-up limit starts in the make-safe stage. After a reopening the source's deadline
    has long passed, so the new round gets the condition's limit.
    """
    own_deadline = case.source in city.policy.own_deadline_sources and case.round == 1
    if case.source_due_at is not None and own_deadline:
        return {"limit": SOURCE_LIMIT, "source_due_at": case.source_due_at.astimezone(UTC).isoformat()}
    condition = city.catalogue.condition(case.class_code, case.condition_no)
    if condition is None:
        return {"limit": str(city.catalogue.default_limit), "stage": "whole"}
    if condition.follow_up_limit is None:
        return {"limit": str(condition.limit), "stage": "whole"}
    if case.stage == "repair":
        return {"limit": str(condition.follow_up_limit), "stage": "repair"}
    return {"limit": str(condition.limit), "stage": "make_safe"}


def _clock_facts(asked: Asked, step: Step) -> dict[str, Any]:
    for kind, move in step.clocks:
        if kind in SEAT_CLOCKS and move is ClockMove.START and kind is not None:
            seat = {"limit": str(asked.city.policy.step_limit(kind))}
        elif kind is ClockKind.HANDLE and move in (ClockMove.START, ClockMove.FOR_UNIT):
            if move is ClockMove.FOR_UNIT and resumes_for(asked.case, asked.facts["unit"]):
                return {"resumed": True}
            return handle_limit(asked.case, asked.city)
        else:
            continue
        return seat
    return {}


def _file(asked: Asked, serials: Serials) -> dict[str, Any]:
    """The case number, given once; a case filed again after a return keeps it."""
    if asked.case.number is not None:
        return {"number": asked.case.number}
    code = asked.case.class_code or ""
    head, _, tail = asked.city.case_number_pattern.partition("{serial")
    day = asked.at.astimezone(asked.city.zone)
    prefix = head.format(kind=code[:1], major=code[1:3], minor=code[3:5], date=f"{day:%Y%m%d}", city=asked.city.code)
    return {"number": prefix + ("{serial" + tail).format(serial=serials(prefix))}


def _correct(asked: Asked, _: Serials) -> dict[str, Any]:
    """A correction counts the new condition's limit from the same start, as many times over as the old was granted.

    Example: filed as 4 work_hour, dispatched Monday 6 May 2019 08:00, due 12:00; at 11:00 corrected to 2 work_day: due
    Tuesday 18:00, counted from Monday 08:00. With one extension granted before: due Thursday 18:00.
    """
    case, facts = asked.case, asked.facts
    code = facts.get("class_code", case.class_code)
    number = facts.get("condition_no", None if "class_code" in facts else case.condition_no)
    condition = asked.city.catalogue.condition(code, number)
    added: dict[str, Any] = {"complete": condition is not None and bool(facts.get("area", case.area))}
    if "class_code" not in facts and "condition_no" not in facts:
        return added  # Another place alone leaves the limit as it is, also after a promise or a new catalogue.
    added |= {"class_code": code, "condition_no": number}
    clock = case.last_clock(ClockKind.HANDLE)
    if clock is None or clock.limit_text == SOURCE_LIMIT or condition is None:
        return added
    limit = condition.follow_up_limit if case.stage == "repair" and condition.follow_up_limit else condition.limit
    times = max(1, round(clock.amount / clock.original))
    basis, amount = asked.city.calendar.allowance(limit)
    stage = case.stage if case.stage == "repair" else ("make_safe" if condition.follow_up_limit else "whole")
    return added | {
        "limit": str(limit),
        "basis": basis.value,
        "amount": _microseconds(amount * times),
        "original": _microseconds(amount),
        "stage": stage if condition.follow_up_limit else "whole",
        "former_limit": clock.limit_text,
        "former_due_at": clock.due_at.isoformat(),
    }


def _extend(asked: Asked, _: Serials) -> dict[str, Any]:
    """An extension adds one more original limit to the old deadline, even if decided after it.

    Example: 4 work_hour, dispatched Monday 6 May 2019 08:00, due 12:00; asked at 11:30, granted on Tuesday 09:00: due
    Monday 18:00.
    """
    clock = asked.case.last_clock(ClockKind.HANDLE)
    if clock is None:
        return {}
    amount = clock.amount + max(clock.original, timedelta(0))
    return {"amount": _microseconds(amount), "former_due_at": clock.due_at.isoformat()}


def _promise(asked: Asked, _: Serials) -> dict[str, Any]:
    """A promised day becomes the deadline only where the city says so.

    Example: 4 work_hour, dispatched Monday 6 May 2019 08:00; promised for Wednesday 10:00: due Wednesday 10:00 there,
    Monday 12:00 elsewhere.
    """
    clock = asked.case.running_clock()
    if clock is None or not asked.city.policy.promise_sets_deadline:
        return {}
    until = moment(asked.action.resolved["until"])
    calendar = asked.city.calendar
    amount = clock.used(asked.at, calendar) + calendar.counted(asked.at, until, clock.basis)
    return {"amount": _microseconds(amount), "former_due_at": clock.due_at.isoformat()}


def _accept(asked: Asked, _: Serials) -> dict[str, Any]:
    """An acceptor's own judgement settles what a rule would not: similar reports, odd times, an unclear source."""
    case = asked.case
    if asked.action.actor.role is Role.RULE:
        return {}
    known = asked.city.catalogue.condition(case.class_code, case.condition_no) is not None
    return {"complete": known and bool(case.area)}


def _ask(asked: Asked, _: Serials) -> dict[str, Any]:
    rule = asked.city.policy.requests[RequestKind(asked.facts["kind"])]
    calendar = asked.city.calendar
    decide_by = calendar.due(asked.at, *calendar.allowance(rule.decide_within), provisional_allowed=True).at
    return {"steps": [role.value for role in rule.steps], "decide_by": decide_by.astimezone(UTC).isoformat()}


def _decide(asked: Asked, _: Serials) -> dict[str, Any]:
    request = asked.case.open_request(RequestKind(asked.facts["kind"]))
    if request is None:
        return {}
    return {"request": request.seq, "final": len(request.decisions) + 1 >= len(request.steps)}


def _check(asked: Asked, _: Serials) -> dict[str, Any]:
    return {"checking_time_counts": True} if asked.city.policy.checking_time_counts else {}


def _repair_stage(asked: Asked, _: Serials) -> dict[str, Any]:
    """The repair stage starts with the follow-up limit; whether the make-safe stage was in time stays on record.

    Example: manhole cover, 2 urgent_hour to make safe, then 5 work_day to repair: made safe and checked on Monday 6 May
    2019 09:40, the repair clock runs from 09:40 to Monday 13 May 09:40.
    """
    condition = asked.city.catalogue.condition(asked.case.class_code, asked.case.condition_no)
    follow_up = condition.follow_up_limit if condition else None
    return {
        "limit": str(follow_up or asked.city.catalogue.default_limit),
        "stage": "repair",
        "make_safe_on_time": handled_on_time(asked.case),
    }


def _close(asked: Asked, _: Serials) -> dict[str, Any]:
    """On time, written once: the last report_handled before the passed check at or before the handle deadline."""
    case = asked.case
    clock = case.last_clock(ClockKind.HANDLE)
    how = "forced" if asked.action.name is ActionName.FORCE_CLOSE else "quick_fix" if case.quick_fixed else "checked"
    return {
        "how": how,
        "handled_at": case.handled_at.isoformat() if case.handled_at else None,
        "handle_due_at": clock.due_at.isoformat() if clock else None,
        "handled_on_time": handled_on_time(case) if how == "checked" else None,
    }


def handled_on_time(case: CaseState) -> bool | None:
    """Whether the unit's last report_handled was at or before its deadline (equal counts); None where none applies."""
    clock = case.last_clock(ClockKind.HANDLE)
    if clock is None or case.handled_at is None:
        return None
    return case.handled_at <= clock.due_at


def _calendar_edition(asked: Asked, _: Serials) -> dict[str, Any]:
    clock = asked.case.last_clock(ClockKind.HANDLE)
    former = {"former_due_at": clock.due_at.isoformat()} if clock else {}
    return {"calendar_edition": asked.city.calendar_edition, **former}


def _reopen(asked: Asked, serials: Serials) -> dict[str, Any]:
    """The new round runs on the present calendar; a case that ended before filing is filed by its reopening."""
    return _calendar_edition(asked, serials) | _file(asked, serials)


def _former_unit(asked: Asked, _: Serials) -> dict[str, Any]:
    return {"former_unit": asked.case.unit}


def _microseconds(amount: timedelta) -> int:
    return amount // timedelta(microseconds=1)


_ADDERS: Mapping[ActionName, Callable[[Asked, Serials], dict[str, Any]]] = {
    ActionName.ACCEPT: _accept,
    ActionName.FILE: _file,
    ActionName.HAND_BACK: _former_unit,
    ActionName.REDISPATCH: _former_unit,
    ActionName.CORRECT: _correct,
    ActionName.EXTEND: _extend,
    ActionName.PROMISE: _promise,
    ActionName.ASK: _ask,
    ActionName.DECIDE: _decide,
    ActionName.CHECK: _check,
    ActionName.REPAIR_STAGE: _repair_stage,
    ActionName.CLOSE: _close,
    ActionName.FORCE_CLOSE: _close,
    ActionName.CORRECT_CALENDAR: _calendar_edition,
    ActionName.REOPEN: _reopen,
    ActionName.UNMERGE: _calendar_edition,
}
