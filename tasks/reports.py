"""Reports into the database, each with its reporter, its receipt and the case it opens or joins."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from models.case import Report, Reporter
from models.city import City
from models.mapped_report import MappedReport
from models.similar import Candidate, joins_by_rule
from models.tables import table_of
from models.told_case import report_row
from tasks.case_opening import open_cases
from tasks.numbers import NumberSeries, numbered
from tasks.personal_data import seal
from tasks.similar import Spot, apart, find_candidates

REPORTS, REPORTERS = table_of(Report), table_of(Reporter)

_ASKED_AT_ONCE = 1000
"""Ids in one question; SQLite takes at most 32,766 values."""


def known_ids(connection: Connection, reports: Iterable[MappedReport]) -> set[tuple[str, str]]:
    """Source and source id of those of these reports that were taken in before."""
    by_source: dict[str, list[str]] = {}
    for report in reports:
        by_source.setdefault(report.source, []).append(report.source_id)
    known: set[tuple[str, str]] = set()
    for source, ids in by_source.items():
        for start in range(0, len(ids), _ASKED_AT_ONCE):
            asked = ids[start : start + _ASKED_AT_ONCE]
            there = select(REPORTS.c.source_id).where(REPORTS.c.source == source, REPORTS.c.source_id.in_(asked))
            known.update((source, source_id) for source_id in connection.scalars(there))
    return known


def write_reports(
    connection: Connection,
    city: City,
    key: bytes,
    reports: Sequence[MappedReport],
    *,
    batch_id: int,
    now: datetime,
    flow_run_id: str | None,
) -> None:
    """Write reports that are not there yet, and open their cases, in the caller's transaction.

    The caller has locked the number series before it asked `known_ids`, so nobody else can take the same in meanwhile.
    """
    if not reports:
        return
    reporter_ids = _write_reporters(connection, key, reports)
    receipts = _receipts(connection, city, reports, now)
    rows = [
        report_row(report, receipt, reporter_id) | {"batch_id": batch_id, "taken_at": now}
        for report, receipt, reporter_id in zip(reports, receipts, reporter_ids, strict=True)
    ]
    statement = insert(REPORTS).returning(REPORTS.c.id, sort_by_parameter_order=True)
    ids = connection.scalars(statement, rows).all()
    stored = [{**row, "id": report_id} for row, report_id in zip(rows, ids, strict=True)]
    _open(connection, city, stored, now, flow_run_id)


def _open(
    connection: Connection, city: City, rows: Sequence[Mapping[str, Any]], now: datetime, flow_run_id: str | None
) -> None:
    """Open the cases of reports, in such an order that each finds those similar to it that came before."""
    rule = city.policy.similar
    for group in apart(rule, rows):
        similar = find_candidates(connection, rule, group)
        join = {row["id"]: joined for row in group if (joined := _joined(city, row, similar.get(row["id"], [])))}
        open_cases(connection, city, group, now, flow_run_id, similar, join)


def _joined(city: City, row: Mapping[str, Any], candidates: Sequence[Candidate]) -> tuple[str, int, str] | None:
    """By which rule, and to which case, a report is joined: the oldest that fits."""
    spot = Spot.of(row)
    for candidate in candidates:
        if rule := joins_by_rule(spot, candidate, city.policy.similar):
            return rule, candidate.case_id, candidate.name
    return None


def _write_reporters(connection: Connection, key: bytes, reports: Sequence[MappedReport]) -> list[int | None]:
    """The reporters of these reports, sealed; None for a report without one."""
    named = [number for number, report in enumerate(reports) if report.reporter_name or report.reporter_phone]
    sealed = [
        {
            "name_sealed": seal(key, reports[number].reporter_name or "") if reports[number].reporter_name else None,
            "phone_sealed": seal(key, reports[number].reporter_phone or "") if reports[number].reporter_phone else None,
        }
        for number in named
    ]
    ids: list[int | None] = [None] * len(reports)
    if sealed:
        statement = insert(REPORTERS).returning(REPORTERS.c.id, sort_by_parameter_order=True)
        for number, reporter_id in zip(named, connection.scalars(statement, sealed).all(), strict=True):
            ids[number] = reporter_id
    return ids


def _receipts(connection: Connection, city: City, reports: Sequence[MappedReport], now: datetime) -> list[str]:
    series = NumberSeries(connection)
    date = now.astimezone(city.zone).strftime("%Y%m%d")
    receipts = []
    for report in reports:
        code = report.class_code or ""
        fields = {"date": date, "kind": code[:1], "major": code[1:3], "minor": code[3:5]}
        receipts.append(numbered(series, city.receipt_pattern, fields))
    series.save()
    return receipts
