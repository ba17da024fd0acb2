"""The page of an incident: what is known, what was reported by whom and when, what is owed, and the forms to report."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from desk.context import Desk
from desk.flood_view import FloodTeller
from desk.opened_case import opens_nothing
from desk.opened_flood import OpenedFlood
from desk.pages import page
from models.flood_readers import may_read_incident
from models.flood_rules import ReportKind
from models.info_report import IncidentState
from models.info_report_rules import FIGURES
from models.refusal import Refusal
from tasks.acknowledge import left_of_subject
from tasks.incident_rows import IncidentTold, read_incident
from tasks.info_reports import may_report
from tasks.refusals import render_refusal
from tasks.response_notices import subject_of

TEXTS = ("danger", "place", "extent", "measures", "words")


def incident_answer(
    connection: Connection, desk: Desk, request: Request, opened: OpenedFlood, number: str
) -> HTMLResponse:
    """The page as its reader may see it; who has nothing to do with the incident sees nothing."""
    return incident_page(connection, desk, request, opened, number)


def incident_page(
    connection: Connection,
    desk: Desk,
    request: Request,
    opened: OpenedFlood,
    number: str,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    posted: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The same, with a form that was not taken shown as it came and with the reason."""
    told = read_incident(connection, number)
    if told is None or not may_read_incident(opened.city, opened.post, told.concerned, told.reporters):
        return opens_nothing(request)
    teller = FloodTeller(desk, request, opened)
    reports = may_report(opened.city, opened.post.code, opened.now)
    left, last = left_of_subject(connection, subject_of(number), opened.post.code)
    mine = [row for row in told.owed if row.unit == opened.post.unit and row.given_at is None]
    newest = told.entries[-1] if told.entries else {}
    return page(
        request,
        "incident.html",
        status,
        city=opened.city,
        ways=teller.ways(),
        reader=opened.post.name,
        token=opened.token,
        told=told,
        hazard=teller.word("response_hazard", told.hazard),
        area=teller.area(told.area),
        unit=teller.unit(told.unit),
        ended=teller.moment(told.ended_at),
        newest=_entry(teller, newest) if newest else None,
        entries=[_entry(teller, entry) for entry in reversed(told.entries)],
        owed=teller.owed([row for row in told.owed if row.state != "withdrawn"]),
        reports=reports,
        may_pass_on=reports and bool(mine) and bool(newest) and newest["unit"] != opened.post.unit,
        kinds=_kinds(teller, told),
        values=_values(teller, newest, posted),
        fault=render_refusal(refusal.code, refusal.facts, teller.language, opened.city) if refusal else "",
        left=left,
        received_by=teller.post(last.by) if last.by else "",
        received_at=teller.moment(last.at),
        form=teller.form(),
        figures=[(name, teller.word("report_field", name)) for name in FIGURES],
        overview=teller.link("overview"),
    )


def _kinds(teller: FloodTeller, told: IncidentTold) -> list[tuple[str, str]]:
    """What may be reported next: an initial report by a unit that gave none, then follow-ups, and the final one."""
    unit = teller.opened.post.unit
    first = not any(entry["unit"] == unit for entry in told.entries)
    kinds = [ReportKind.INITIAL] if first else []
    if told.state is IncidentState.OPEN:
        kinds.append(ReportKind.FOLLOW_UP)
    return [(kind.value, teller.word("report_kind", kind)) for kind in (*kinds, ReportKind.FINAL)]


def _entry(teller: FloodTeller, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": teller.word("report_kind", entry["kind"]),
        "means": teller.word("report_means", entry["means"]),
        "unit": teller.unit(entry["unit"]),
        "by": teller.post(entry["by"]),
        "at": teller.moment(entry["at"]),
        **{name: entry[name] for name in TEXTS},
        "happened_at": teller.moment(entry["happened_at"]),
        "figures": [(teller.word("report_field", name), entry[name]) for name in FIGURES if entry[name]],
        "people": [
            (teller.word("report_field", name), teller.post(entry[name]))
            for name in ("technical_person", "administrative_person")
            if entry[name]
        ],
        "contradicts": [_against(teller, one) for one in entry["contradicts"]],
    }


def _against(teller: FloodTeller, one: Mapping[str, Any]) -> str:
    return teller.say("contradicts").format(
        field=teller.word("report_field", one["field"]), was=one["was"], now=one["now"]
    )


def _values(teller: FloodTeller, newest: Mapping[str, Any], posted: Mapping[str, str] | None) -> dict[str, str]:
    """What stands in the form: figures as they were last, everything else empty, or all as it came."""
    usual = {name: str(newest[name]) if newest else "0" for name in FIGURES}
    usual |= dict.fromkeys((*TEXTS, "happened_at", "kind", "means", "technical_person", "administrative_person"), "")
    return {name: (posted or {}).get(name, value) for name, value in usual.items()}
