"""The facts of an event: what the person said, cleaned, and what the city's rules add at that moment.

Limits, numbers and deadlines are never taken from a person's facts, only from the city and the case.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from models.lifecycle_deadlines import (
    clock_facts,
    corrected,
    corrected_calendar,
    decide_by,
    extended,
    handled_on_time,
    present_calendar,
    promised,
    repair_stage,
)
from models.lifecycle_rules import Asked
from models.lifecycle_table import Step
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from models.vocabulary import ActionName, ClockKind, RequestKind, Role

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
_DIGEST = re.compile(r"[0-9a-f]{64}")


def clean_facts(raw: Mapping[str, Any]) -> dict[str, Any] | Refusal:
    """What a person said, in the types the rules expect; unknown keys are left out, unreadable values refused.

    Texts are cut at 4,000 characters and lose NUL bytes, free ones also phone and identity numbers; `wanted_until`
    becomes an ISO 8601 moment in UTC; `condition_no` an integer; a list of `pictures` holds digests
    (`tasks/pictures.py`), so that the event seals what was shown.
    """
    facts: dict[str, Any] = {}
    for name, value in raw.items():
        if value is None or value == "":
            continue
        known = _understood(name, value)
        if isinstance(known, Refusal):
            return known
        if known is not None:
            facts[name] = known
    return facts


def _understood(name: str, value: Any) -> Any:
    """What a value means under its name: a Refusal where it means nothing, None for a name nobody knows."""
    if name == "condition_no":
        return int(value) if _SMALL_NUMBER.fullmatch(str(value)) else _unreadable(name, value)
    if name == "wanted_until":
        until = _moment_or_none(value)
        return until.isoformat() if until else _unreadable(name, value)
    if name == "kind":
        return _text(value) if _text(value) in set(RequestKind) else _unreadable(name, value)
    if name == "pictures" and isinstance(value, list):
        known = all(_DIGEST.fullmatch(str(digest)) for digest in value)
        return list(map(str, value)) if known else _unreadable(name, value)
    if name in FREE_TEXTS:
        return without_personal_numbers(_text(value))
    return _text(value) if name in TEXT_FACTS else None


def _unreadable(name: str, value: object) -> Refusal:
    return Refusal("unreadable_fact", {"name": name, "value": _text(value)[:40]})


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
    facts = {**asked.facts, **asked.action.resolved, **clock_facts(asked, step)}
    adder = _ADDERS.get(step.action)
    if adder:
        facts.update(adder(asked))
    if step.action in _NUMBERED:
        facts.update(_number(asked, serials))
    return facts


def _number(asked: Asked, serials: Serials) -> dict[str, Any]:
    """The case number, given once; a case filed again after a return, or reopened, keeps it."""
    if asked.case.number is not None:
        return {"number": asked.case.number}
    code = asked.case.class_code or ""
    head, _, tail = asked.city.case_number_pattern.partition("{serial")
    day = asked.at.astimezone(asked.city.zone)
    prefix = head.format(kind=code[:1], major=code[1:3], minor=code[3:5], date=f"{day:%Y%m%d}", city=asked.city.code)
    return {"number": prefix + ("{serial" + tail).format(serial=serials(prefix))}


def _accept(asked: Asked) -> dict[str, Any]:
    """An acceptor's own judgement settles what a rule would not: similar reports, odd times, an unclear source."""
    case = asked.case
    if asked.action.actor.role is Role.RULE:
        return {}
    known = asked.city.catalogue.condition(case.class_code, case.condition_no) is not None
    return {"complete": known and bool(case.area)}


def _ask(asked: Asked) -> dict[str, Any]:
    rule = asked.city.policy.requests[RequestKind(asked.facts["kind"])]
    return {"steps": [role.value for role in rule.steps], "decide_by": decide_by(asked)}


def _decide(asked: Asked) -> dict[str, Any]:
    request = asked.case.open_request(RequestKind(asked.facts["kind"]))
    if request is None:
        return {}
    final = len(request.decisions) + 1 >= len(request.steps)
    goes_on = not final and asked.facts["verdict"] == "granted"
    return {"request": request.seq, "final": final} | ({"decide_by": decide_by(asked)} if goes_on else {})


def _remind_request(asked: Asked) -> dict[str, Any]:
    """Which rung of the request's own ladder this is."""
    request = asked.case.open_request(RequestKind(asked.facts["kind"]))
    rung = asked.city.policy.request_rung(request.reminders) if request else None
    return {"rung": rung.code if rung else None, "reminder": request.reminders + 1 if request else None}


def _check(asked: Asked) -> dict[str, Any]:
    return {"checking_time_counts": True} if asked.city.policy.checking_time_counts else {}


def _close(asked: Asked) -> dict[str, Any]:
    """On time, written once: the last report_handled before the passed check at or before the handle deadline."""
    case = asked.case
    clock = case.last_clock(ClockKind.HANDLE)
    how = "forced" if asked.action.name is ActionName.FORCE_CLOSE else "quick_fix" if case.quick_fixed else "checked"
    return {
        "how": how,
        "handled_at": case.handled_at.isoformat() if case.handled_at else None,
        "handle_due_at": clock.due_at.isoformat() if clock else None,
        "handled_on_time": handled_on_time(case) if how == "checked" else None,
        **_former_inspector(asked),
    }


def _former_unit(asked: Asked) -> dict[str, Any]:
    return {"former_unit": asked.case.unit}


def _former_inspector(asked: Asked) -> dict[str, Any]:
    """Who has the task until now and need not go any more."""
    return {"former_inspector": asked.case.inspector} if asked.case.inspector else {}


_NUMBERED = frozenset({ActionName.FILE, ActionName.REOPEN})
"""A case that ended before filing is filed by its reopening."""

_ADDERS: Mapping[ActionName, Callable[[Asked], dict[str, Any]]] = {
    ActionName.ACCEPT: _accept,
    ActionName.ORDER_VERIFY: _former_inspector,
    ActionName.ORDER_CHECK: _former_inspector,
    ActionName.VOID: _former_inspector,
    ActionName.HAND_BACK: _former_unit,
    ActionName.REDISPATCH: _former_unit,
    ActionName.CORRECT: corrected,
    ActionName.EXTEND: extended,
    ActionName.PROMISE: promised,
    ActionName.ASK: _ask,
    ActionName.DECIDE: _decide,
    ActionName.CHECK: _check,
    ActionName.REPAIR_STAGE: repair_stage,
    ActionName.CLOSE: _close,
    ActionName.FORCE_CLOSE: _close,
    ActionName.REMIND_REQUEST: _remind_request,
    ActionName.CORRECT_CALENDAR: corrected_calendar,
    ActionName.REOPEN: present_calendar,
    ActionName.UNMERGE: present_calendar,
}
