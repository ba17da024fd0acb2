"""The part `reports` of flood.yaml: who owes which information report by when."""

from datetime import timedelta
from typing import Any

from models.directory import cell, flood_cell
from models.directory.fault import quoted
from models.directory.flood_words import ladder, people
from models.directory.messages_yaml import length_of_time
from models.directory.yaml_document import Block
from models.flood_rules import (
    MEMBERS,
    TERRITORY,
    DailyReport,
    ReportKind,
    ReportMeans,
    ReportRule,
    ReportRules,
    ResponseLevel,
)

_KEYS = (
    *("incidents", "follow_up", "response", "daily", "missing_after", "ladder", "incident_told", "casualties_told"),
)  # fmt: skip
_RULE_KEYS = ("kind", "means", "within", "by", "to")
_FOLLOW_UP_KEYS = ("by", "to", "every")
_RESPONSE_KEYS = ("by", "to", "final_within")
_KIND = cell.one_of((ReportKind.INITIAL, ReportKind.FINAL), "kind of report with a limit of its own")
_MEANS = cell.one_of(ReportMeans, "means of a report")
NO_RESPONSE = "none"


def unit_or(*standing_for: str) -> Any:
    """A reader of a unit's code, or of a word that stands for one. `territory` is no code anywhere else."""

    def read(text: str) -> str:
        return text if text in standing_for else cell.code(text)

    return read


def read_reports(page: Block) -> ReportRules:
    """The rules of reports; without them nobody owes any."""
    block = page.block("reports", _KEYS)
    if block is None:
        return ReportRules()
    follow_up = block.block("follow_up", _FOLLOW_UP_KEYS)
    response = block.block("response", _RESPONSE_KEYS)
    given: dict[str, Any] = {
        "incidents": tuple(rule for each in block.blocks("incidents", _RULE_KEYS) if (rule := _rule(each))),
        "daily": tuple(daily for each in block.blocks("daily", ("at", "by", "to")) if (daily := _daily(each))),
        "missing_after": block.value("missing_after", length_of_time),
        "ladder": ladder(block),
        "incident_told": people(block, "incident_told"),
        "casualties_told": people(block, "casualties_told"),
    }
    if follow_up is not None and follow_up.needs("by", "to", "every"):
        given |= {
            "follow_up_by": follow_up.values("by", unit_or(TERRITORY)),
            "follow_up_to": follow_up.value("to", cell.text),
            "follow_up_every": _every(follow_up),
        }
    if response is not None and response.needs("by", "to"):
        given |= {
            "response_by": response.values("by", cell.code),
            "response_to": response.value("to", cell.text),
            "final_within": response.value("final_within", length_of_time),
        }
    return ReportRules(**{name: value for name, value in given.items() if value is not None})


def _rule(block: Block) -> ReportRule | None:
    if not block.needs(*_RULE_KEYS):
        return None
    kind, means = block.value("kind", _KIND), block.value("means", _MEANS)
    within, by = block.value("within", length_of_time), block.value("by", unit_or(TERRITORY))
    to = block.value("to", cell.text)
    if kind is None or means is None or within is None or by is None or to is None:
        return None
    return ReportRule(ReportKind(kind), ReportMeans(means), within, by, to)


def _every(block: Block) -> dict[ResponseLevel, timedelta]:
    keys = (NO_RESPONSE, *(level.name for level in ResponseLevel if level))
    item = block.block("every", keys)
    found: dict[ResponseLevel, timedelta] = {}
    for key in keys:
        length = item.value(key, length_of_time) if item else None
        if length is not None and length < timedelta(minutes=5) and item is not None:
            problem = f"{quoted(key)}: nobody can report so often."
            item.fault(key, "", problem, "Write 5 minute or more.")
        elif length is not None:
            level = ResponseLevel.ENDED if key == NO_RESPONSE else flood_cell.level_of_response(key)
            found[level] = length
    return found


def _daily(block: Block) -> DailyReport | None:
    at, by = block.value("at", cell.start_minute), block.values("by", unit_or(MEMBERS))
    to = block.value("to", cell.text)
    return DailyReport(at, by, to) if block.needs("at", "by", "to") and at is not None and to is not None else None
