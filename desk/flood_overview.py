"""The overview: what is in force where, open warnings and consultations, incidents, and the reports a reader owes."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection, select

from desk.context import Desk
from desk.flood_view import FloodTeller
from desk.opened_flood import OpenedFlood
from desk.pages import page
from models.flood_readers import may_read_incident, reads_everything
from models.flood_warning import Hazard
from models.info_report_rules import FIGURES
from models.refusal import Refusal
from models.vocabulary import Role
from tasks.flood_people import deciders_at
from tasks.incident_rows import open_incidents, reports_owed
from tasks.info_reports import may_report
from tasks.refusals import render_refusal
from tasks.response_rows import WARNINGS, in_force_at, open_consultation_rows


def overview_answer(
    connection: Connection, desk: Desk, request: Request, opened: OpenedFlood, number: str
) -> HTMLResponse:
    """The page as its reader may see it."""
    return overview_page(connection, desk, request, opened)


def overview_page(
    connection: Connection,
    desk: Desk,
    request: Request,
    opened: OpenedFlood,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    posted: Mapping[str, str] | None = None,
    which: str = "",
) -> HTMLResponse:
    """The same, with a form that was not taken shown as it came and with the reason."""
    city, post, teller = opened.city, opened.post, FloodTeller(desk, request, opened)
    everything = reads_everything(city, post)
    deciders = deciders_at(connection, city, opened.now)
    incidents = [
        one for one in open_incidents(connection) if may_read_incident(city, post, one.concerned, one.reporters)
    ]
    fault = render_refusal(refusal.code, refusal.facts, teller.language, city) if refusal else ""
    return page(
        request,
        "flood_overview.html",
        status,
        city=city,
        reader=post.name,
        token=opened.token,
        in_force=teller.in_force(list(in_force_at(connection, opened.now).values())),
        warnings=_warnings(connection, teller),
        consultations=_consultations(connection, teller) if everything else [],
        incidents=[_incident(teller, one) for one in incidents],
        owed=teller.owed(reports_owed(connection, None if everything else [post.unit])),
        own_unit=teller.unit(post.unit),
        calls=post.role is not Role.AUDITOR and deciders.may_see_the_form(post.code),
        reports=may_report(city, post.code, opened.now),
        areas=city.towns(),
        hazards=[(hazard.value, teller.word("response_hazard", hazard)) for hazard in Hazard],
        figures=[(name, teller.word("report_field", name)) for name in FIGURES],
        values=dict(posted or {}),
        fault={which: fault} if refusal else {},
        form=teller.form(),
        everything=everything,
        ways=teller.ways("overview"),
    )


def _warnings(connection: Connection, teller: FloodTeller) -> list[dict[str, Any]]:
    asked = select(WARNINGS).where(WARNINGS.c.ended_at.is_(None), ~WARNINGS.c.drill)
    return [
        {
            "number": row.number,
            "hazard": teller.word("response_hazard", row.hazard),
            "colour": teller.word("warning_colour", row.severity),
            "severity": row.severity,
            "area": teller.area(row.area),
            "at": teller.moment(row.raised_at),
            "link": teller.link(row.number),
        }
        for row in connection.execute(asked.order_by(WARNINGS.c.raised_at.desc()))
    ]


def _consultations(connection: Connection, teller: FloodTeller) -> list[dict[str, Any]]:
    return [
        {
            "number": told.number,
            "hazard": teller.word("response_hazard", told.hazard),
            "area": teller.area(told.area),
            "suggested": teller.word("response_suggested", told.suggested.name),
            "decide_by": teller.moment(told.decide_by),
            "overdue": told.decide_by <= teller.now,
            "link": teller.link(told.number),
        }
        for told in open_consultation_rows(connection).values()
    ]


def _incident(teller: FloodTeller, one: Any) -> dict[str, Any]:
    newest = one.entries[-1] if one.entries else {}
    figures = [(teller.word("report_field", name), newest[name]) for name in FIGURES if newest and newest[name]]
    return {
        "number": one.number,
        "danger": newest.get("danger", ""),
        "place": f"{teller.area(one.area)} {newest.get('place', '')}",
        "figures": figures,
        "at": teller.moment(one.opened_at),
        "link": teller.link(one.number),
    }
