"""The daily water and duty report: as a page, and as a Word document."""

from datetime import datetime
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from desk.context import Desk
from desk.flood_fields import moment_typed
from desk.flood_view import FloodTeller
from desk.opened_case import opens_nothing
from desk.opened_flood import OpenedFlood, opened_flood
from desk.pages import page
from models.flood_readers import reads_everything
from tasks.daily_docx import daily_docx
from tasks.daily_report import compose_daily, span_of
from tasks.database import reading
from tasks.duty_readings import readings_until
from tasks.info_reports import may_report
from tasks.report_deadlines import DAILY_AHEAD

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def add_daily_routes(desk: Desk, routes: APIRouter) -> None:
    """`/flood/{token}/daily`, and the same as a document."""

    @routes.get("/flood/{token}/daily")
    def show(request: Request, token: str, at: str = "") -> Response:
        """The report of a moment, by default of the last one that was due."""
        opened = _opened(desk, request, token)
        if isinstance(opened, HTMLResponse):
            return opened
        moment, teller = moment_asked(opened, at), FloodTeller(desk, request, opened)
        with reading(desk.engine) as connection:
            report = compose_daily(connection, opened.city, moment, teller.language, readings_until(moment))
        return page(
            request,
            "flood_daily.html",
            city=opened.city,
            reader=opened.post.name,
            token=token,
            report=report,
            at=f"{moment:%Y-%m-%dT%H:%M}",
            overview=teller.link("overview"),
            reports=may_report(opened.city, opened.post.code, opened.now),
            form=teller.form(),
            ways=teller.ways("daily"),
        )

    @routes.get("/flood/{token}/daily.docx")
    def document(request: Request, token: str, at: str = "") -> Response:
        """The same as a Word document; twice the same moment gives the same bytes."""
        opened = _opened(desk, request, token)
        if isinstance(opened, HTMLResponse):
            return opened
        moment, teller = moment_asked(opened, at), FloodTeller(desk, request, opened)
        with reading(desk.engine) as connection:
            report = compose_daily(connection, opened.city, moment, teller.language, readings_until(moment))
        name = quote(f"{report.title}-{moment:%Y%m%d-%H%M}.docx")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return Response(daily_docx(report), media_type=WORD, headers=headers)


def moment_asked(opened: OpenedFlood, at: str) -> datetime:
    """The moment of an address in the city's zone; where it names none that can be, the daily one nearest to now.

    A report is composed up to an hour ahead of its time, as long as it is to be issued before.
    """
    city, latest = opened.city, opened.now + DAILY_AHEAD
    named = moment_typed(city, at)
    if named is not None and named <= latest:
        return named
    return span_of(city, latest)[0].astimezone(city.zone)


def _opened(desk: Desk, request: Request, token: str) -> OpenedFlood | HTMLResponse:
    opened = opened_flood(desk, request, token)
    if isinstance(opened, HTMLResponse) or reads_everything(opened.city, opened.post):
        return opened
    return opens_nothing(request)
