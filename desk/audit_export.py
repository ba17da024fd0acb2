"""Exports for the auditor: streamed in constant memory, masked, and each one on record before its first byte."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from desk.audit_pages import UNREADABLE, Asked, asked_of, audit_page
from desk.audit_rows import CASE_COLUMNS, EVENT_COLUMNS, case_cells, csv_lines, event_cells
from desk.context import Desk
from desk.pages import form_word, language_of
from desk.seat_page import OnDuty, on_duty_as, sign_in_again
from models.desk_record import DeskRecordKind
from models.personal_text import without_personal_numbers
from models.vocabulary import Role
from tasks.audit_search import Search, each_case, each_event
from tasks.database import reading, transaction
from tasks.desk_records import Doing, write_record
from tasks.words import Language

What = Literal["cases", "events"]


@dataclass(slots=True)
class _Sent:
    """How many rows have left."""

    rows: int = 0


def audit_export_routes(desk: Desk) -> APIRouter:
    """`/audit/export.csv`: the cases of the filter, or the events of its period."""
    routes = APIRouter()

    @routes.get("/audit/export.csv", responses={200: {"content": {"text/csv": {}}}})
    def export(request: Request, what: What = "cases") -> Response:
        """A file of the whole list. The one GET that writes: who took out what is part of the proof."""
        with reading(desk.engine) as connection:
            duty = on_duty_as(connection, desk, request, Role.AUDITOR)
        if duty is None:
            return sign_in_again(request)
        asked = asked_of(request)
        search = asked.search
        if search is None or (what == "events" and not (search.first_day and search.last_day)):
            return _cannot(request, duty, what, asked)
        doing = Doing(duty.session.post, duty.now, f"export-{secrets.token_urlsafe(12)}")
        _record(desk, DeskRecordKind.EXPORT_BEGUN, what, doing, search)
        lines = _lines(desk, duty, what, search, doing, language_of(request))
        name = f"zhihui-{what}-{duty.now.astimezone(duty.city.zone):%Y%m%d-%H%M%S}.csv"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=disposition)

    return routes


def _lines(desk: Desk, duty: OnDuty, what: What, search: Search, doing: Doing, language: Language) -> Iterator[bytes]:
    """The file; its end is recorded however it comes, with the rows that left until then."""
    sent, complete = _Sent(), False
    columns = CASE_COLUMNS if what == "cases" else EVENT_COLUMNS
    header = [form_word("audit_column", column, language) for column in columns]
    try:
        yield from csv_lines(header, _counted(_rows(desk, duty, what, search, language), sent))
        complete = True
    finally:
        ended = replace(doing, now=desk.clock(), key=f"{doing.key}-end")
        _record(desk, DeskRecordKind.EXPORT_ENDED, what, ended, search, rows=sent.rows, complete=complete)


def _rows(desk: Desk, duty: OnDuty, what: What, search: Search, language: Language) -> Iterator[Sequence[str]]:
    city = duty.city
    if what == "cases":
        yield from (case_cells(city, row, language) for row in each_case(desk.engine, search, city.zone))
    elif search.first_day and search.last_day:
        events = each_event(desk.engine, search.first_day, search.last_day, city.zone)
        yield from (event_cells(city, row, language) for row in events)


def _counted(rows: Iterator[Sequence[str]], sent: _Sent) -> Iterator[Sequence[str]]:
    for row in rows:
        yield row
        sent.rows += 1


def _record(desk: Desk, kind: DeskRecordKind, what: What, doing: Doing, search: Search, **more: int | bool) -> None:
    facts = {name: without_personal_numbers(value) for name, value in search.as_facts().items()}
    with transaction(desk.engine) as connection:
        write_record(connection, kind, what, doing, {"filter": facts, **more})


def _cannot(request: Request, duty: OnDuty, what: What, asked: Asked) -> HTMLResponse:
    title = "no_period" if what == "events" and asked.search is not None else "no_search"
    return audit_page(request, duty, "audit_nothing.html", UNREADABLE, title=title, name="")
