"""calls.yaml: how people are woken and who hears of their silence. A city without this file calls nobody."""

from typing import Any

from models.call_rules import CLIMBS_TO, CallPlace, CallRules, CallRung, ChainLink, ChainRule, Wanted
from models.directory import cell
from models.directory.cell import Unreadable
from models.directory.fault import Fault
from models.directory.messages_yaml import length_of_time
from models.directory.sheet import Record
from models.directory.sheets import POST_ROLES
from models.directory.yaml_document import Block, read_yaml
from models.flood_warning import Severity

FILE = "calls.yaml"

_KEYS = ("chains", "answer_within", "ladder", "again_every", "signals", "started_by", "places")
_CHAIN_KEYS = ("code", "name", "english_name", "wanted")
_PLACE_KEYS = ("code", "name", "english_name", "area")
_WANTED = cell.one_of(Wanted, "way in which a chain is awake")
_SEVERITY = cell.one_of(Severity, "colour of a signal")
_ROLE = cell.one_of(POST_ROLES, "role of a post")
_TO = cell.one_of((*CLIMBS_TO, *POST_ROLES), "rung of a call")


def some_time(text: str) -> Any:
    """A length of time above nothing: without one a call would climb before anybody can answer."""
    length = length_of_time(text)
    if not length:
        raise Unreadable("0 is no time to answer.", "Write for example 5 minute.")
    return length


def read_calls(content: str, links: tuple[Record[ChainLink], ...], faults: list[Fault]) -> CallRules | None:
    """The rules of a city's calls, or None with the faults that keep them from being read."""
    before = len(faults)
    page = read_yaml(FILE, content, _KEYS, faults)
    if page is None or not page.needs("chains"):
        return None
    values: dict[str, Any] = {
        "answer_within": page.value("answer_within", some_time),
        "again_every": page.value("again_every", some_time),
        "rungs": _ladder(page) if page.has("ladder") else None,
        "signals": frozenset(page.values("signals", _SEVERITY)) if page.has("signals") else None,
        "started_by": page.values("started_by", _ROLE) if page.has("started_by") else None,
        "places": _places(page),
    }
    chains = _chains(page)
    if len(faults) > before:
        return None
    given = {name: value for name, value in values.items() if value is not None}
    return CallRules(chains, tuple(record.value for record in links), **given)


def _chains(page: Block) -> tuple[ChainRule, ...]:
    found: dict[str, ChainRule] = {}
    for block in page.blocks("chains", _CHAIN_KEYS):
        if not block.needs("code", "name", "english_name"):
            continue
        rule = ChainRule(
            block.value("code", cell.code) or "",
            block.value("name", cell.text) or "",
            block.value("english_name", cell.text) or "",
            block.value("wanted", _WANTED) or Wanted.EACH,
        )
        if rule.code in found:
            block.fault("code", rule.code, f"the chain {rule.code} stands here twice.", "Keep one of them.")
        found[rule.code] = rule
    return tuple(found.values())


def _ladder(page: Block) -> tuple[CallRung, ...]:
    rungs = []
    for block in page.blocks("ladder", ("after", "to")):
        after, to = block.value("after", length_of_time), block.value("to", _TO)
        if block.needs("after", "to") and after is not None and to is not None:
            rungs.append(CallRung(after, str(to)))
    if [rung.after for rung in rungs] != sorted(rung.after for rung in rungs):
        page.fault("ladder", "", "the rungs do not stand in order of time.", "Begin with the earliest.")
    return tuple(rungs)


def _places(page: Block) -> tuple[CallPlace, ...]:
    found: dict[str, CallPlace] = {}
    for block in page.blocks("places", _PLACE_KEYS):
        if not block.needs(*_PLACE_KEYS):
            continue
        code, area = block.value("code", cell.code), block.value("area", cell.area_code)
        if code is None or area is None:
            continue
        if code.isdigit() or code in found:
            problem = f"{code} is the code of an area." if code.isdigit() else f"the place {code} stands here twice."
            block.fault("code", code, problem, "Give each place a code of its own, such as reservoir-a.")
        name, english = block.value("name", cell.text) or "", block.value("english_name", cell.text) or ""
        found[code] = CallPlace(code, name, english, area)
    return tuple(found.values())
