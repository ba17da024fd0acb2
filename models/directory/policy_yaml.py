"""policy.yaml: what a rule may do, how requests run, the limits of steps and the city's own numbers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from models.directory import cell
from models.directory.cell import Unreadable
from models.directory.fault import Fault, quoted, suggestion
from models.directory.sheet import Codes
from models.directory.sheets import POST_ROLES
from models.directory.yaml_document import Block, read_yaml
from models.lifecycle_table import EFFECT_OF, NEVER_OFF, ROWS_OF
from models.limits import Limit
from models.policy import AutomationRule, RequestRule, SimilarRule
from models.vocabulary import SEAT_CLOCKS, ActionName, RequestKind, Role

FILE = "policy.yaml"
_JOINED_BY = ("component_code", "camera", "source_chain")
_AUTOMATION_KEYS = ("code", "title", "takes", "sources", "classes", "complete_only")
_REQUEST_KEYS = ("enabled", "asked_by", "most_granted", "most_asked", "decide_within")
_SIMILAR_KEYS = ("within_metres", "within_hours", "join_by", "waits_for_acceptor")
_BRAKE_KEYS = ("share", "at_least")
_SINGLE: Mapping[str, Callable[[str], Any]] = {
    "most_hand_backs": cell.whole_number(0, 99),
    "hand_back_by_approval": cell.yes,
    "most_reopenings": cell.whole_number(0, 99),
    "objection_days": cell.whole_number(0, 3650),
    "suspension_most_days": cell.whole_number(1, 3650),
    "promise_sets_deadline": cell.yes,
    "checking_time_counts": cell.yes,
    "seat_alarm_share": cell.number(most=100),
    "calendar_warning_days": cell.whole_number(0, 3650),
}
_KEYS = (
    "default_limit",
    "automation",
    "requests",
    "step_limits",
    "similar",
    "disabled_actions",
    "verified_sources",
    "public_sources",
    "own_deadline_sources",
    "brake",
    *_SINGLE,
)
_INSTEAD: Mapping[ActionName, str] = {
    ActionName.CLIMB: "; whoever is told too often stands in the rungs of ladder.yaml.",
    ActionName.REMIND_REQUEST: "; whoever is told too often stands in the requests of ladder.yaml.",
    ActionName.ALARM_SEAT: "; seat_alarm_share says when a seat is late.",
    ActionName.RESUME: ", or write enabled: no under requests.suspension.",
}
"""What a city may want that switches off a step of time, and where it says so."""
_ACTION = cell.one_of(ActionName, "action")
_POST_ROLE = cell.one_of(POST_ROLES, "role of a post")


@dataclass(frozen=True)
class PolicyPage:
    """What policy.yaml says; the ladder of the policy stands in a file of its own."""

    default_limit: Limit | None
    values: Mapping[str, Any]
    """Fields of `models.policy.Policy` that the city gives; the others keep their defaults."""
    enabled_at: Mapping[RequestKind, int]
    """Line of each enabled kind of request."""


def read_policy(
    content: str, codes: Codes, steps: Mapping[RequestKind, tuple[Role, ...]], faults: list[Fault]
) -> PolicyPage | None:
    """What policy.yaml says, with the approvers of each kind of request."""
    block = read_yaml(FILE, content, _KEYS, faults)
    if block is None:
        return None
    block.needs("default_limit", "requests")
    source = _reference(codes, "sources.csv", "source")
    requests, enabled_at = _requests(block, steps)
    values: dict[str, Any] = {
        key: value for key, read in _SINGLE.items() if (value := block.value(key, read)) is not None
    }
    values["automation"] = _automation(block, source, _class_pattern(codes))
    values["requests"] = requests
    values["step_limits"] = _step_limits(block)
    values["similar"] = _similar(block)
    values["disabled_actions"] = frozenset(block.values("disabled_actions", _may_be_off))
    if block.has("verified_sources"):
        values["verified_sources"] = frozenset(block.values("verified_sources", source))
    if block.has("public_sources"):
        values["public_sources"] = frozenset(block.values("public_sources", source))
    values["own_deadline_sources"] = frozenset(block.values("own_deadline_sources", source))
    values.update(_brake(block))
    if values.get("hand_back_by_approval") and RequestKind.HAND_BACK not in enabled_at:
        problem = "units may hand back by approval only, but the request hand_back is switched off."
        block.fault("hand_back_by_approval", "yes", problem, "Write no here, or enable requests.hand_back.")
    return PolicyPage(block.value("default_limit", cell.handling_limit), values, enabled_at)


def _automation(
    block: Block, source: Callable[[str], str], class_pattern: Callable[[str], str]
) -> tuple[AutomationRule, ...]:
    rules: dict[str, AutomationRule] = {}
    for item in block.blocks("automation", _AUTOMATION_KEYS):
        item.needs("code", "takes")
        code = item.value("code", cell.code) or ""
        if code in rules:
            item.fault("code", code, f"another rule is called {quoted(code)}.", "Give each rule its own code.")
        complete_only = item.value("complete_only", cell.yes)
        rules[code] = AutomationRule(
            code,
            frozenset(item.values("takes", _ACTION)),
            frozenset(item.values("sources", source)),
            item.values("classes", class_pattern),
            True if complete_only is None else complete_only,
            item.value("title", cell.text) or "",
        )
    return tuple(rules.values())


def _requests(
    block: Block, steps: Mapping[RequestKind, tuple[Role, ...]]
) -> tuple[dict[RequestKind, RequestRule], dict[RequestKind, int]]:
    """The rule of every kind; a kind that the city does not name is switched off."""
    page = block.block("requests", tuple(RequestKind))
    rules = {kind: RequestRule(kind, False, frozenset(), steps.get(kind, ())) for kind in RequestKind}
    enabled_at: dict[RequestKind, int] = {}
    for kind in RequestKind:
        item = page.block(kind, _REQUEST_KEYS) if page else None
        if item is None:
            continue
        rules[kind] = _request(kind, item, steps.get(kind, ()))
        if rules[kind].enabled:
            enabled_at[kind] = item.line
            item.needs("asked_by")
    return rules, enabled_at


def _request(kind: RequestKind, item: Block, steps: tuple[Role, ...]) -> RequestRule:
    item.needs("enabled")
    most_granted = item.value("most_granted", cell.whole_number(0, 99))
    most_asked = item.value("most_asked", cell.whole_number(1, 99))
    decide_within = item.value("decide_within", cell.step_limit)
    return RequestRule(
        kind,
        bool(item.value("enabled", cell.yes)),
        frozenset(item.values("asked_by", _POST_ROLE)),
        steps,
        most_granted,
        most_asked,
        **({"decide_within": decide_within} if decide_within else {}),
    )


def _may_be_off(name: str) -> ActionName:
    """An action a city may do without. Time and rules must always be able to do the others, or cases would hang."""
    action = _ACTION(name)
    kind = next((kind for kind, effect in EFFECT_OF.items() if effect is action), None)
    if action in NEVER_OFF:
        problem = f"{quoted(name)} is done by time or by a rule; without it cases would hang or lie unseen."
        raise Unreadable(problem, f"Take it out{_INSTEAD.get(action, '.')}")
    if kind is not None and all(step.by == {Role.RULE} for step in ROWS_OF[action]):
        problem = f"{quoted(name)} is what a granted request does; switched off here, it would be granted in vain."
        raise Unreadable(problem, f"Take it out and write enabled: no under requests.{kind}.")
    return action


def _step_limits(block: Block) -> dict[Any, Limit]:
    page = block.block("step_limits", tuple(sorted(SEAT_CLOCKS)))
    found = {kind: page.value(kind, cell.step_limit) for kind in sorted(SEAT_CLOCKS)} if page else {}
    return {kind: limit for kind, limit in found.items() if limit}


def _similar(block: Block) -> SimilarRule:
    page = block.block("similar", _SIMILAR_KEYS)
    if page is None:
        return SimilarRule()
    metres, hours = page.value("within_metres", cell.number()), page.value("within_hours", cell.number())
    join_by = frozenset(page.values("join_by", cell.one_of(_JOINED_BY, "sign that two reports are one")))
    given = {"within_metres": metres, "within_hours": hours}
    waits = page.value("waits_for_acceptor", cell.yes)
    return SimilarRule(
        **{key: float(value) for key, value in given.items() if value is not None},
        join_by=join_by,
        waits_for_acceptor=waits is None or waits,
    )


def _brake(block: Block) -> dict[str, Decimal | int]:
    page = block.block("brake", _BRAKE_KEYS)
    if page is None:
        return {}
    share, at_least = page.value("share", cell.number(most=1)), page.value("at_least", cell.whole_number(1))
    given = {"brake_share": share, "brake_at_least": at_least}
    return {key: value for key, value in given.items() if value is not None}


def _reference(codes: Codes, file: str, what: str) -> Callable[[str], str]:
    """A reader of codes that must stand in a file, where that file could be read."""
    known = codes.get(file)
    return cell.text if known is None else cell.one_of(sorted(known), f"{what} of {file}")


def _class_pattern(codes: Codes) -> Callable[[str], str]:
    def read(pattern: str) -> str:
        known = codes.get("catalogue.csv")
        if known is None or _fits_any(pattern, known):
            return pattern
        remedy = f"{suggestion(pattern, known)} Write a subclass code, a beginning with a star such as E01*, or *."
        raise Unreadable(f"{quoted(pattern)} fits no subclass of catalogue.csv.", remedy)

    return read


def _fits_any(pattern: str, known: Iterable[str]) -> bool:
    if pattern.endswith("*"):
        return any(code.startswith(pattern[:-1]) for code in known)
    return pattern in known
