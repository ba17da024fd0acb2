"""flood.yaml: how flood and drought are answered. A city without this file suggests no level and asks for no report."""

from datetime import timedelta
from typing import Any

from models.directory import cell, flood_cell
from models.directory.cell import Unreadable
from models.directory.fault import Fault, quoted
from models.directory.flood_reports_yaml import read_reports
from models.directory.flood_words import ladder, people
from models.directory.messages_yaml import length_of_time
from models.directory.sheet import Record
from models.directory.yaml_document import Block, read_yaml
from models.duty_rules import DutyState
from models.flood_rules import (
    ConsultationRules,
    FloodRules,
    People,
    ResponseDuty,
    ResponseLevel,
    SuggestionRow,
    SuggestionTable,
)
from models.flood_warning import Hazard, Severity, WarningSource

FILE = "flood.yaml"

_KEYS = (
    *("area_digits", "suggestions", "consultation", "issuers", "signing", "recorded_by", "duty_state", "reports"),
)  # fmt: skip
_TABLE_KEYS = ("hazard", "valid_from", "basis", "rows")
_ROW_KEYS = ("severity", "source", "threshold", "level", "human_decides")
_HAZARD = cell.one_of(Hazard, "hazard")
_STATE = cell.one_of(DutyState, "duty state")


def read_flood(content: str, duties: tuple[Record[ResponseDuty], ...], faults: list[Fault]) -> FloodRules | None:
    """The rules of the response, or None with the faults that keep them from being read."""
    before = len(faults)
    page = read_yaml(FILE, content, _KEYS, faults)
    if page is None or not page.needs("suggestions", "consultation", "issuers", "signing"):
        return None
    rules = FloodRules(
        tables=_tables(page),
        area_digits=page.value("area_digits", _area_digits) or FloodRules.area_digits,
        consultation=_consultation(page),
        issuers=page.values("issuers", cell.code),
        signers=_signing(page),
        recorders=people(page, "recorded_by"),
        duty_states=_duty_states(page),
        duties=tuple(record.value for record in duties),
        reports=read_reports(page),
    )
    return rules if len(faults) == before else None


def _area_digits(text: str) -> int:
    if text not in ("6", "9", "12", "15"):
        raise Unreadable(f"{quoted(text)} is no length of an area's code.", "Write 6 (county), 9 (town), 12 or 15.")
    return int(text)


def _tables(page: Block) -> tuple[SuggestionTable, ...]:
    tables: list[SuggestionTable] = []
    for block in page.blocks("suggestions", _TABLE_KEYS):
        if not block.needs("hazard", "valid_from", "rows"):
            continue
        hazard, valid_from = block.value("hazard", _HAZARD), block.value("valid_from", cell.day)
        rows = tuple(row for each in block.blocks("rows", _ROW_KEYS) if (row := _row(each)))
        if hazard is None or valid_from is None:
            continue
        if any(table.hazard == hazard and table.valid_from == valid_from for table in tables):
            problem = f"there are two tables for {hazard} from {valid_from} on."
            block.fault("valid_from", str(valid_from), problem, "Keep one of them, or change its first day.")
        tables.append(SuggestionTable(Hazard(hazard), valid_from, rows, block.value("basis", cell.text) or ""))
    return tuple(tables)


def _row(block: Block) -> SuggestionRow | None:
    if not block.needs("level"):
        return None
    level = block.value("level", flood_cell.level_of_response)
    given: dict[str, Any] = {
        "severity": block.value("severity", cell.one_of(Severity, "colour of a warning")),
        "source": block.value("source", cell.one_of(WarningSource, "source of a warning")),
        "threshold": block.value("threshold", cell.code),
    }
    if not any(given.values()):
        block.fault("level", "", "the row fits every warning.", "Name a severity, a source or a threshold.")
        return None
    if level is None:
        return None
    severity = Severity(given["severity"]) if given["severity"] else None
    source = WarningSource(given["source"]) if given["source"] else None
    return SuggestionRow(level, severity, source, given["threshold"], bool(block.value("human_decides", cell.yes)))


def _consultation(page: Block) -> ConsultationRules:
    block = page.block("consultation", ("decide_within", "called", "ladder", "ask_again_after"))
    usual = ConsultationRules()
    if block is None:
        return usual
    return ConsultationRules(
        decide_within=_above_nothing(block, "decide_within") or usual.decide_within,
        called=people(block, "called"),
        ladder=ladder(block),
        ask_again_after=_above_nothing(block, "ask_again_after") or usual.ask_again_after,
    )


def _above_nothing(block: Block, key: str) -> timedelta | None:
    length = block.value(key, length_of_time)
    if length is not None and not length:
        block.fault(key, "", "0 is no time to wait.", "Write for example 20 minute.")
    return length


def _signing(page: Block) -> dict[ResponseLevel, People]:
    found: dict[ResponseLevel, People] = {}
    for block in page.blocks("signing", ("level", "by")):
        level = block.value("level", flood_cell.level_or_end)
        if not block.needs("level", "by") or level is None:
            continue
        if level in found:
            block.fault("level", level.name, "this level stands here twice.", "Keep one of them.")
        found[level] = people(block, "by")
    missing = [level.name for level in ResponseLevel if level not in found]
    if missing:
        problem = f"nobody may sign {', '.join(missing)}."
        page.fault("signing", "", problem, "Add {level: …, by: [POST, role:ROLE]} for I, II, III, IV and ENDED.")
    return found


def _duty_states(page: Block) -> dict[ResponseLevel, DutyState]:
    block = page.block("duty_state", tuple(level.name for level in ResponseLevel if level))
    found: dict[ResponseLevel, DutyState] = {}
    for level in ResponseLevel:
        state = block.value(level.name, _STATE) if block and level else None
        if state is not None:
            found[level] = DutyState(state)
    return found
