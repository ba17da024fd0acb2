"""evaluation.yaml: by what a city's months are scored, how long units may appeal, who is told."""

from collections.abc import Collection
from typing import Any

from models.directory import cell
from models.directory.fault import Fault
from models.directory.sheet import unknown_code
from models.directory.sheets import POST_ROLES
from models.directory.yaml_document import Block, read_yaml
from models.evaluation_rules import EvaluationRules, ExemptPeriod

FILE = "evaluation.yaml"

_ROLES = ("draft_to", "ranking_to", "overseen_by")
_TEXTS = ("issuer", "document_number")
_KEYS = ("scheme", "appeals_within", *_ROLES, "exempt_periods", *_TEXTS)
_ROLE = cell.one_of(POST_ROLES, "role of a post")


def read_evaluation(content: str, units: Collection[str], faults: list[Fault]) -> EvaluationRules:
    """The rules of a city's evaluation; what the file leaves out stays as this project proposes it."""
    page = read_yaml(FILE, content, _KEYS, faults)
    if page is None:
        return EvaluationRules()
    values: dict[str, Any] = {
        "scheme": page.value("scheme", cell.text) if page.has("scheme") else None,
        "appeals_within": page.value("appeals_within", cell.handling_limit) if page.has("appeals_within") else None,
        "exempt_periods": _exempt_periods(page, units, faults) if page.has("exempt_periods") else None,
    }
    values |= {key: page.values(key, _ROLE) if page.has(key) else None for key in _ROLES}
    values |= {key: page.value(key, cell.text) if page.has(key) else None for key in _TEXTS}
    return EvaluationRules(**{name: value for name, value in values.items() if value is not None})


def _exempt_periods(page: Block, units: Collection[str], faults: list[Fault]) -> tuple[ExemptPeriod, ...]:
    found = []
    for block in page.blocks("exempt_periods", ("unit", "from", "until", "reason")):
        if not block.needs("unit", "from", "until", "reason"):
            continue
        unit = block.value("unit", cell.code)
        first, until = block.value("from", cell.day), block.value("until", cell.day)
        if unit is None or first is None or until is None:
            continue
        if unit not in units:
            faults.append(unknown_code(FILE, block.line_of("unit"), "unit", unit, "units.csv", units))
        if until <= first:
            block.fault("until", str(until), "it is not after from.", "Write the first day that counts again.")
        found.append(ExemptPeriod(unit, first, until))
    return tuple(found)
