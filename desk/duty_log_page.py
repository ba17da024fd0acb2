"""The duty log of a day: a page to read, and the same as PDF or Word. Whoever may stand duty reads it."""

import re
from datetime import date, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from desk.context import Desk
from desk.duty_page import duty_page
from desk.duty_view import DutyTeller
from desk.opened_case import opens_nothing
from desk.opened_duty import OpenedDuty, opened_duty
from desk.pages import language_of, page
from desk.season_ways import season_ways
from tasks.database import reading
from tasks.duty_log import read_log
from tasks.duty_log_document import LogDocument, log_document
from tasks.duty_log_docx import log_docx
from tasks.duty_log_pdf import log_pdf
from tasks.own_duty import reads_log

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def duty_log_routes(desk: Desk) -> APIRouter:
    """`/duty/{token}/log/{day}`, with .docx and .pdf."""
    routes = APIRouter()

    @routes.get("/duty/{token}/log/{day}.docx")
    def as_docx(request: Request, token: str, day: str) -> Response:
        """The day as a Word document."""
        document = _document(desk, request, token, day)
        return document if isinstance(document, Response) else _file(log_docx(document), DOCX, f"duty-log-{day}.docx")

    @routes.get("/duty/{token}/log/{day}.pdf")
    def as_pdf(request: Request, token: str, day: str) -> Response:
        """The day as PDF."""
        document = _document(desk, request, token, day)
        return document if isinstance(document, Response) else _file(log_pdf(document), PDF, f"duty-log-{day}.pdf")

    @routes.get("/duty/{token}/log/{day}")
    def show(request: Request, token: str, day: str) -> HTMLResponse:
        """The day as a page."""
        opened = _reader(desk, request, token, day)
        if isinstance(opened, HTMLResponse):
            return opened
        found = date.fromisoformat(day)
        with reading(desk.engine) as connection:
            log = read_log(connection, found)
        teller = DutyTeller(opened.city, opened.post.code, opened.now, language_of(request))
        today = opened.now.astimezone(opened.city.zone).date()
        return duty_page(
            request,
            "duty_log.html",
            city=opened.city,
            post=opened.post,
            token=token,
            day=day,
            log=[teller.entry(entry) for entry in log],
            before=(found - timedelta(days=1)).isoformat() if found > date.min else "",
            ways=season_ways(desk, request, opened.city, opened.post.code, opened.now),
            after=(found + timedelta(days=1)).isoformat() if found < today else "",
        )

    return routes


def _reader(desk: Desk, request: Request, token: str, day: str) -> OpenedDuty | HTMLResponse:
    """Who reads the log of a day, or the page for whoever may not or asks for no day."""
    opened = opened_duty(desk, request, token)
    if isinstance(opened, HTMLResponse):
        return opened
    if not reads_log(opened.city, opened.post.code):
        return opens_nothing(request)
    if not _is_day(day):
        return page(request, "message.html", 404, title="not_found", help="not_found_help", city=None)
    return opened


def _document(desk: Desk, request: Request, token: str, day: str) -> LogDocument | HTMLResponse:
    opened = _reader(desk, request, token, day)
    if isinstance(opened, HTMLResponse):
        return opened
    with reading(desk.engine) as connection:
        return log_document(connection, opened.city, date.fromisoformat(day), language_of(request))


def _is_day(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})
