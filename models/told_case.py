"""A case told from its report and its events: how it begins, where it stands, which rows its events make.

Opening a case, storing what a visit did and the audit all ask here, so that the audit expects what was written.
"""

from collections.abc import Mapping
from typing import Any

from models.case_state import CaseEvent, CaseState
from models.lifecycle_events import moment
from models.mapped_report import MappedReport
from models.vocabulary import ActionName, ClockKind

CLOSING_ACTIONS = frozenset({ActionName.CLOSE, ActionName.FORCE_CLOSE})
"""Actions whose events make a row of `case_closing`."""

STANDING = (
    *("state", "round", "number", "receipt_number", "source", "opened_at", "class_code", "condition_no", "area"),
    *("place", "description", "unit", "hand_backs", "extensions", "suspensions", "reworks", "reopenings", "exempt"),
    *("merged_into", "filed_at", "dispatched_at", "handled_at", "ended_at"),
)
"""Columns of a case by which it is found, judged and counted."""


def report_row(report: MappedReport, receipt_number: str, reporter_id: int | None) -> dict[str, Any]:
    """The row of `report` that a report of a source becomes, as far as the report itself decides it."""
    return {
        "receipt_number": receipt_number,
        "source": report.source,
        "source_id": report.source_id,
        "opened_at": report.opened_at,
        "class_code": report.class_code,
        "condition_no": report.condition_no,
        "description": report.description,
        "place": report.place,
        "area": report.area,
        "longitude": report.longitude,
        "latitude": report.latitude,
        "component_code": report.component_code,
        "camera": report.camera,
        "source_chain": report.source_chain,
        "unit_hint": report.unit_hint,
        "source_due_at": report.due_at,
        "source_closed_at": report.closed_at,
        "flags": ",".join(report.flags),
        "reporter_id": reporter_id,
    }


def opening_facts(report: Mapping[str, Any]) -> dict[str, Any]:
    """What the first event of a case says of the report that opened it; `report` is its row."""
    names = ("receipt_number", "source", "source_id", "class_code", "condition_no", "area", "place", "flags")
    return {name: report[name] for name in names if report.get(name)}


def fresh_case(report: Mapping[str, Any], case_id: int, edition: str, calendar_edition: str) -> CaseState:
    """The case a report opens, before any event; `report` is its row."""
    return CaseState(
        id=case_id,
        receipt_number=report["receipt_number"],
        source=report["source"],
        opened_at=report["opened_at"],
        edition=edition,
        calendar_edition=calendar_edition,
        class_code=report.get("class_code"),
        condition_no=report.get("condition_no"),
        area=report.get("area"),
        place=report.get("place") or "",
        description=report.get("description") or "",
        complete=is_complete(report),
        source_due_at=report.get("source_due_at"),
        unit_hint=report.get("unit_hint"),
        reporters=((report["reporter_id"], report["receipt_number"]),) if report.get("reporter_id") else (),
    )


def is_complete(report: Mapping[str, Any]) -> bool:
    """Class, condition and area known, and no flag that a person should look at."""
    return bool(
        report.get("class_code") and report.get("condition_no") and report.get("area") and not report.get("flags")
    )


def deadlines(case: CaseState) -> dict[str, Any]:
    """The columns of a case that hold when its clocks run out."""
    running, handle = case.running_clock(), case.last_clock(ClockKind.HANDLE)
    return {
        "due_at": running.due_at if running else None,
        "handle_due_at": handle.due_at if handle else None,
        "provisional": bool(running and running.provisional),
    }


def standing(case: CaseState) -> dict[str, Any]:
    """The columns of `STANDING`, as the case stands."""
    return {name: getattr(case, name) for name in STANDING}


def closing_row(case: CaseState, event: CaseEvent) -> dict[str, Any]:
    """How a round ended: the row of `case_closing` that a closing event makes, the case standing where that left it."""
    facts = event.facts
    return {
        "case_id": case.id,
        "round": case.round,
        "unit": case.unit,
        "closed_at": event.at,
        "handled_at": moment(facts["handled_at"]) if facts["handled_at"] else None,
        "handle_due_at": moment(facts["handle_due_at"]) if facts["handle_due_at"] else None,
        "handled_on_time": facts["handled_on_time"],
        "closed_on_time": facts["handled_on_time"],
        "how": facts["how"],
        "hand_backs": case.hand_backs,
        "extensions": case.extensions,
        "suspensions": case.suspensions,
        "reworks": case.reworks,
    }


def exemption_row(case: CaseState, event: CaseEvent) -> dict[str, Any]:
    """The row of `exemption` that an exempting event makes."""
    return {
        "case_id": case.id,
        "round": case.round,
        "granted_at": event.at,
        "reason": event.facts.get("reason", ""),
    }
