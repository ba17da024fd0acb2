"""How a story ended, in words that are the same on every database: receipt numbers for ids, facts without them.

Ids and case numbers are given in the order of work. They are put into the terms of receipts, and compared as sets.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, select

from models.case import CaseClosing, RefusedRow, Report
from models.report_seal import DIGEST_FACT
from models.tables import table_of
from tasks.case_store import CASES, EVENTS, NOTICES
from tasks.database import reading
from tasks.inbox import INBOX

Outcome = Mapping[str, Mapping[Any, Any]]
"""Cases, events, notices, actions …: each by what names it."""

CLOSINGS, REFUSED, REPORTS = table_of(CaseClosing), table_of(RefusedRow), table_of(Report)

ID_FACTS = frozenset({"case", "into_id"})
"""Facts that hold the id of a case."""

_CASE = ("state", "class_code", "unit", "inspector", "due_at", "handle_due_at", "next_wake_at", "events", "version")
_EVENT = ("action", "at", "actor", "role", "origin", "from_state", "to_state")
_NOTICE = ("kind", "recipient", "priority", "requires_ack", "created_at", "state")
_ACTION = ("action", "by_post", "received_at", "state")
_CLOSING = ("unit", "closed_at", "handled_at", "handled_on_time", "closed_on_time", "how", "reworks", "hand_backs")


def read_outcome(engine: Engine) -> Outcome:
    """All that must not depend on who was killed when."""
    with reading(engine) as connection:
        return _Reader(connection).read()


def first_difference(expected: Outcome, found: Outcome) -> str | None:
    """The first thing that is otherwise than expected, in words; None where all is as it must be."""
    for what in expected:
        before, after = expected[what], found[what]
        for name in [*before, *(name for name in after if name not in before)]:
            if before.get(name) != after.get(name):
                return f"{what} {name}: expected {before.get(name, 'nothing')}, found {after.get(name, 'nothing')}"
    return None


class _Reader:
    """Knows under which receipt number every case goes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        rows = connection.execute(select(CASES.c.id, CASES.c.receipt_number, CASES.c.number)).all()
        self._receipt_of = {row.id: row.receipt_number for row in rows}
        self._receipt_of_number = {row.number: row.receipt_number for row in rows if row.number}
        reporters = connection.execute(select(REPORTS.c.reporter_id, REPORTS.c.receipt_number)).all()
        self._receipt_of_reporter = {row.reporter_id: row.receipt_number for row in reporters}

    def read(self) -> Outcome:
        return {
            "cases": {row.receipt_number: _values(row, _CASE) for row in self._all(CASES)},
            "numbers": dict.fromkeys(sorted(self._receipt_of_number), True),
            "reports": {(row.source, row.source_id): row.receipt_number for row in self._all(REPORTS)},
            "refused rows": {(row.source, row.row_number, row.facts): row.code for row in self._all(REFUSED)},
            "events": {
                (self._receipt_of[row.case_id], row.seq): (*_values(row, _EVENT), self._facts(row.facts))
                for row in self._all(EVENTS)
            },
            "closings": {(self._receipt_of[r.case_id], r.round): _values(r, _CLOSING) for r in self._all(CLOSINGS)},
            "actions": {
                (self._receipt_of[row.case_id], row.key): (
                    *_values(row, _ACTION), self._facts(row.facts), self._facts(row.outcome or "{}")
                )
                for row in self._all(INBOX)
            },
            "notices": {
                self._notice_name(row): (*_values(row, _NOTICE), self._facts(row.facts)) for row in self._all(NOTICES)
            },
        }  # fmt: skip

    def _all(self, table: Any) -> Any:
        return self._connection.execute(select(table).order_by(table.c.id))

    def _notice_name(self, row: Any) -> tuple[Any, ...]:
        reporter = self._receipt_of_reporter.get(row.reporter_id)
        if row.case_id is None:
            return ("", row.dedupe_key)
        # The key is KIND:CASE:EVENT:WHOM; the reporter's receipt at its end tells two reports of one case apart.
        kind, _, event, whom = row.dedupe_key.split(":")
        return (self._receipt_of[row.case_id], kind, int(event), reporter and whom.rpartition("-")[2], row.recipient)

    def _facts(self, text: str) -> str:
        return json.dumps(self._named(json.loads(text)), ensure_ascii=False, sort_keys=True)

    def _named(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            # The digest of a report is over its ids; the audit proves it.
            return {key: self._named(each, key) for key, each in value.items() if key != DIGEST_FACT}
        if isinstance(value, list):
            return [self._named(each, name) for each in value]
        if name in ID_FACTS and isinstance(value, int):
            return self._receipt_of.get(value, value)
        return self._receipt_of_number.get(value, value) if isinstance(value, str) else value


def _values(row: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(_plain(getattr(row, name)) for name in names)


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
