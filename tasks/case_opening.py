"""Opening a case for each fresh report, in the transaction that takes the report in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from models.case import Case, Similarity
from models.case_state import CaseState
from models.city import City
from models.ladder import next_wake
from models.lifecycle import Lifecycle
from models.report_seal import DIGEST_FACT, report_digest
from models.told_case import fresh_case, is_complete, opening_facts
from models.vocabulary import ActionName, State
from tasks.case_store import CASES, REPORTS, Change, LoadedCase, table, write_changes
from tasks.numbers import NumberSeries


def open_cases(
    connection: Connection,
    city: City,
    reports: Sequence[Mapping[str, Any]],
    now: datetime,
    flow_run_id: str | None = None,
    similar: Mapping[int, Sequence[Any]] | None = None,
    join: Mapping[int, tuple[str, int, str]] | None = None,
) -> dict[int, int]:
    """Opens a case for each fresh report in the caller's transaction; returns report id -> case id.

    `reports`: whole rows of the report table, as they were written: the opening event seals them.
    `similar`: report id -> candidates (case_id, metres, hours), shown to the acceptor.
    `join`: report id -> (rule, case id, case name), where policy lets a rule join them.
    """
    if not reports:
        return {}
    ids = _insert_cases(connection, city, reports, now)
    serials = NumberSeries(connection)
    life = Lifecycle(city, serials.next)
    changes = []
    for report, case_id in zip(reports, ids, strict=True):
        case = fresh_case(report, case_id, city.edition, city.calendar_edition)
        facts = opening_facts(report) | {DIGEST_FACT: report_digest(report)}
        visit = life.open_case(case, facts, now, now)
        candidates = (similar or {}).get(report["id"], ())
        if candidates:
            names = [candidate.as_fact for candidate in candidates]
            waits = {"waits": True} if city.policy.similar.waits_for_acceptor else {}
            life.by_rule(visit, ActionName.FLAG_SIMILAR, "similar", now, candidates=names, **waits)
        joins = (join or {}).get(report["id"])
        if joins:
            rule, into_id, into = joins
            life.by_rule(visit, ActionName.MERGE, f"join.{rule}", now, into=into, into_id=into_id)
        changes.append(Change(LoadedCase(case, 0), visit.events, visit.notices, next_wake(case, city)))
    case_of = {report["id"]: case_id for report, case_id in zip(reports, ids, strict=True)}
    statement = update(REPORTS).where(REPORTS.c.id == bindparam("_report")).values(case_id=bindparam("_case"))
    connection.execute(statement, [{"_report": report, "_case": case} for report, case in case_of.items()])
    serials.save()
    write_changes(connection, changes, city, now=now, flow_run_id=flow_run_id)
    _keep_similar(connection, reports, ids, similar or {})
    _wake_at_once(connection, [change.loaded.case for change in changes], now)
    return case_of


def _insert_cases(
    connection: Connection, city: City, reports: Sequence[Mapping[str, Any]], now: datetime
) -> Sequence[int]:
    rows = [_case_row(report, city, now) for report in reports]
    statement = insert(table(Case)).returning(CASES.c.id, sort_by_parameter_order=True)
    return connection.execute(statement, rows).scalars().all()


_FROM_REPORT = (
    *("receipt_number", "source", "class_code", "condition_no", "area", "longitude", "latitude", "component_code"),
    *("camera", "source_chain", "source_due_at", "unit_hint", "opened_at"),
)


def _case_row(report: Mapping[str, Any], city: City, now: datetime) -> dict[str, Any]:
    return {name: report.get(name) for name in _FROM_REPORT} | {
        "state": State.REPORTED.value,
        "place": report.get("place") or "",
        "description": report.get("description") or "",
        "complete": is_complete(report),
        "edition": city.edition,
        "calendar_edition": city.calendar_edition,
        "last_event_at": now,
    }


def _keep_similar(
    connection: Connection,
    reports: Sequence[Mapping[str, Any]],
    ids: Sequence[int],
    similar: Mapping[int, Sequence[Any]],
) -> None:
    rows = [
        {"case_id": case_id, "candidate_id": c.case_id, "metres": c.metres, "hours": c.hours}
        for report, case_id in zip(reports, ids, strict=True)
        for c in similar.get(report["id"], ())
    ]
    if rows:
        connection.execute(insert(table(Similarity)), rows)


def _wake_at_once(connection: Connection, cases: Sequence[CaseState], now: datetime) -> None:
    ids = [case.id for case in cases if case.state is State.REPORTED]
    if ids:
        connection.execute(update(CASES).where(CASES.c.id.in_(ids)).values(next_wake_at=now))
