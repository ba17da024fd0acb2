"""Writing the facts the evaluation counts, in the transaction of the events that made them; telling them anew."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from models.case_fact import CaseFact, CaseFactMonth
from models.case_state import CaseState
from models.tables import table_of
from models.told_facts import ADDED_UP, FIRST_COUNTS, FactChanges
from tasks.bulk_rows import insert_rows, update_rows
from tasks.database import is_postgres

FACTS, MONTHS = table_of(CaseFact), table_of(CaseFactMonth)

_KEY = ("case_id", "round", "part")

Rows = dict[tuple[str, ...], list[dict[str, Any]]]
"""Rows by their columns: one statement each."""


def write_facts(connection: Connection, cases: Sequence[CaseState]) -> None:
    """Writes what the events of a visit changed, whatever the rows held before; most cases of a visit change alike."""
    begun: Rows = {}
    changed: Rows = {}
    whole: Rows = {}
    months: list[dict[str, int]] = []
    for case in cases:
        changes = case.facts
        if changes is None:
            continue
        _sort(case.id, changes, begun, changed)
        if changes.whole:
            row = {"case_id": case.id, **changes.whole}
            whole.setdefault(tuple(row), []).append(row)
        months += [{"month": month, "case_id": case.id} for month in changes.months]
        case.facts = None
    for rows in begun.values():
        insert_rows(connection, FACTS, rows)
    for rows in changed.values():
        update_rows(connection, FACTS, _KEY, rows, keep=FIRST_COUNTS, add=ADDED_UP)
    for rows in whole.values():
        update_rows(connection, FACTS, ("case_id",), rows)
    if months:
        connection.execute(_unless_there(connection, MONTHS), months)


def _sort(case_id: int, changes: FactChanges, begun: Rows, changed: Rows) -> None:
    for key, columns in changes.rows.items():
        row = {"case_id": case_id, "round": key[0], "part": key[1], **columns}
        rows = begun if key in changes.begun else changed
        rows.setdefault(tuple(row), []).append(row)


def _unless_there(connection: Connection, table: Table) -> Any:
    insert = postgresql.insert if is_postgres(connection) else sqlite.insert
    return insert(table).on_conflict_do_nothing()
