"""Rows of the auditor's exports: what a spreadsheet may open without harm and nobody's number stands in."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from desk.audit_view import actor_name, exact, masked, public_facts
from models.city import City
from tasks.words import Language, word

LONGEST_CELL = 2000

BOM = "\ufeff"
"""By it Excel knows UTF-8."""

PIECE = 32_768
"""Characters that leave together: one by one the lines would cost more than what they say."""

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")

CASE_COLUMNS = (
    "number", "receipt", "state", "unit", "unit_name", "source", "class_code", "class", "place", "description",
    "opened_at", "filed_at", "dispatched_at", "handled_at", "handle_due_at", "ended_at", "reworks", "extensions",
    "hand_backs", "events", "head_hash",
)  # fmt: skip

EVENT_COLUMNS = (
    "number", "receipt", "seq", "action", "action_name", "at", "recorded_at", "actor", "actor_name", "role", "origin",
    "from_state", "to_state", "facts", "edition", "flow_run_id", "previous_hash", "hash",
)  # fmt: skip


def case_cells(city: City, row: Any, language: Language) -> list[str]:
    """One case, in the order of CASE_COLUMNS."""
    unit, subclass = city.units.get(row.unit or ""), city.catalogue.subclasses.get(row.class_code or "")
    moments = (row.opened_at, row.filed_at, row.dispatched_at, row.handled_at, row.handle_due_at, row.ended_at)
    return [
        row.number or "", row.receipt_number, word("state", row.state, language), row.unit or "",
        unit.name if unit else "", row.source, row.class_code or "", subclass.minor if subclass else "",
        masked(row.place, LONGEST_CELL), masked(row.description, LONGEST_CELL), *(exact(at, city) for at in moments),
        str(row.reworks), str(row.extensions), str(row.hand_backs), str(row.events), row.head_hash,
    ]  # fmt: skip


def event_cells(city: City, row: Any, language: Language) -> list[str]:
    """One event, in the order of EVENT_COLUMNS."""
    facts = json.dumps(public_facts(json.loads(row.facts)), ensure_ascii=False, sort_keys=True)
    return [
        row.number or "", row.receipt_number, str(row.seq), row.action, word("action", row.action, language),
        exact(row.at, city), exact(row.recorded_at, city), row.actor, actor_name(city, row.actor, language),
        word("role", row.role, language), word("origin", row.origin, language), row.from_state or "", row.to_state,
        masked(facts, LONGEST_CELL), row.edition, row.flow_run_id or "", row.previous_hash, row.hash,
    ]  # fmt: skip


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The bytes of a CSV file, for Excel too, some lines at a time."""
    waiting = BOM + _line(header)
    for row in rows:
        waiting += _line([safe_cell(cell) for cell in row])
        if len(waiting) > PIECE:
            yield waiting.encode()
            waiting = ""
    if waiting:
        yield waiting.encode()


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula. Example: "=1+1" -> "'=1+1"."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
