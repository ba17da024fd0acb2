"""Telling the facts of all cases anew from their events: for cases stored by older programs, and after a repair."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, delete, insert, select

from models.case import CaseClosing
from models.case_state import CaseState
from models.event_rows import event_of
from models.lifecycle_events import apply
from models.told_case import fresh_case
from models.told_facts import month_of, told_rows
from models.worktime import WorkCalendar, WorkHours, WorktimeError
from tasks.case_facts import FACTS, MONTHS
from tasks.case_store import CASES, EVENTS, REPORTS, table
from tasks.known_calendars import KnownCalendars

CLOSINGS = table(CaseClosing)

LOG = logging.getLogger("zhihui.facts")

_CASES_AT_ONCE = 500

_ANY_CALENDAR = WorkCalendar(ZoneInfo("Asia/Shanghai"), WorkHours())
"""Tells everything but deadlines, where a case ran on a calendar that can no longer be had."""

_UNTELLABLE = (KeyError, ValueError, TypeError, AttributeError, OverflowError, WorktimeError)
"""What events raise that no rule of this program can have written."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Retold:
    """What was told anew."""

    cases: int
    rows: int
    untold: tuple[int, ...]
    """Ids of cases whose events cannot be replayed; `zhihui audit verify` says what is wrong with them."""


def retell_facts(connection: Connection, on_progress: Callable[[int], None] | None = None) -> Retold:
    """Replaces the facts of every case by what its events say, in the caller's transaction.

    Costs one pass over the events in constant memory. Doing it twice changes nothing.
    `on_progress` is told the number of cases so far.
    """
    calendars, cases, rows, last = KnownCalendars(connection), 0, 0, 0
    untold: list[int] = []
    some = select(CASES).order_by(CASES.c.id).limit(_CASES_AT_ONCE)
    while found := connection.execute(some.where(CASES.c.id > last)).mappings().all():
        last, cases = found[-1]["id"], cases + len(found)
        rows += _retell_some(connection, calendars, [dict(row) for row in found], untold)
        if on_progress:
            on_progress(cases)
    if untold:
        LOG.warning("the facts of %s cases cannot be told", len(untold), extra={"action": "facts_untold"})
    return Retold(cases, rows, tuple(untold))


def _retell_some(connection: Connection, calendars: KnownCalendars, cases: Sequence[Row], untold: list[int]) -> int:
    first, last = cases[0]["id"], cases[-1]["id"]
    beside = [_by_case(connection, table, first, last) for table in (REPORTS, EVENTS, CLOSINGS)]
    for facts in (FACTS, MONTHS):
        connection.execute(delete(facts).where(facts.c.case_id.between(first, last)))
    rows: list[dict[str, Any]] = []
    months: list[dict[str, int]] = []
    for case in cases:
        reports, events, closings = (found.get(case["id"], []) for found in beside)
        try:
            told, deadlines_known = _told(case, reports, events, calendars)
        except _UNTELLABLE:
            untold.append(case["id"])
            continue
        if told.facts is None:
            continue
        of_case = told_rows(told.facts)
        if not deadlines_known:
            _keep_deadlines(of_case, told, case, closings)
        rows += [{"case_id": told.id, "round": key[0], "part": key[1], **row} for key, row in of_case.items()]
        months += [{"month": month, "case_id": told.id} for month in told.facts.months]
    if rows:
        connection.execute(insert(FACTS), rows)
    if months:
        connection.execute(insert(MONTHS), months)
    return len(rows)


def _told(
    stored: Row, reports: Sequence[Row], events: Sequence[Row], calendars: KnownCalendars
) -> tuple[CaseState, bool]:
    """A case told from its events, and whether every calendar it ran on could be had."""
    known = True

    def calendar(edition: str) -> WorkCalendar:
        nonlocal known
        found = calendars.of(edition)
        known = known and found is not None
        return found or _ANY_CALENDAR

    report = {row["receipt_number"]: row for row in reports}[stored["receipt_number"]]
    if not events:
        return fresh_case(report, stored["id"], stored["edition"], stored["calendar_edition"]), known
    opening = event_of(events[0])
    case = fresh_case(report, stored["id"], opening.edition, opening.facts["calendar_edition"])
    for row in events:
        apply(case, event_of(row), calendar)
    return case, known


def _keep_deadlines(
    rows: Mapping[tuple[int, int], dict[str, Any]], told: CaseState, stored: Row, closings: Sequence[Row]
) -> None:
    """The units' deadlines as they were stored when the calendar could still be had."""
    due_at = {row["round"]: row["handle_due_at"] for row in closings}
    due_at.setdefault(told.round, stored["handle_due_at"])
    for (number, _), row in rows.items():
        if row["due_at"] is not None:
            row["due_at"] = due_at.get(number) or row["due_at"]
            if told.facts is not None and month_of(row["due_at"]) != month_of(row["begun_at"]):
                told.facts.months.add(month_of(row["due_at"]))


def _by_case(connection: Connection, table: Table, first: int, last: int) -> dict[int, list[Row]]:
    statement = select(table).where(table.c.case_id.between(first, last)).order_by(table.c.id)
    found: dict[int, list[Row]] = {}
    for row in connection.execute(statement).mappings():
        found.setdefault(row["case_id"], []).append(dict(row))
    return found
