"""The cases behind a number of the evaluation, as they were frozen: a page at a time, or all of them as a file."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from sqlalchemy import Connection

from desk.audit_rows import csv_lines
from desk.context import Desk
from desk.opened_case import opens_nothing
from desk.opened_month import OpenedMonth, month_words, opened_month
from desk.pages import form_word, language_of, page
from models.evaluation_counts import COUNTS, CountName
from models.evaluation_marks import Due
from models.evaluation_result import UnitResult
from tasks.database import reading
from tasks.evaluations import CountedCase, cases_behind
from tasks.links import Link, Purpose, path_of
from tasks.words import Language, word

BEHIND_DUE = tuple(count.name for count in COUNTS if isinstance(count.scoring.marks, Due))
"""Counts whose cases are kept with a version."""

ROWS = 200
"""Cases on a page."""

MOST_PAGES = 10_000

AT_ONCE = 2_000
"""Cases that are read at a time for a file."""

PageNumber = Annotated[int, Query(alias="page", ge=1, le=MOST_PAGES)]


def evaluation_case_routes(desk: Desk) -> APIRouter:
    """`/evaluation/{token}/cases/{count}` and its file."""
    routes = APIRouter()

    @routes.get("/evaluation/{token}/cases/{count}")
    def cases(request: Request, token: str, count: str, unit: str = "", number: PageNumber = 1) -> HTMLResponse:
        """The cases one number was made of, as they were frozen."""
        with reading(desk.engine) as connection:
            found = _asked(connection, desk, request, token, count, unit)
            if isinstance(found, HTMLResponse):
                return found
            told = _cases_page(connection, desk, *found, number, language_of(request))
            return page(request, "evaluation_cases.html", token=token, unit=unit, **told)

    @routes.get("/evaluation/{token}/cases/{count}/list.csv", responses={200: {"content": {"text/csv": {}}}})
    def cases_file(request: Request, token: str, count: str, unit: str = "") -> Response:
        """The same cases, all of them, as a file for a spreadsheet."""
        with reading(desk.engine) as connection:
            found = _asked(connection, desk, request, token, count, unit)
        if isinstance(found, HTMLResponse):
            return found
        opened, own, name = found
        language = language_of(request)
        header = [form_word("evaluation_column", column, language) for column in _COLUMNS]
        lines = csv_lines(header, _file_rows(desk, opened, own, name, language))
        file = f"zhihui-{opened.subject}-v{opened.version.version}-{own.unit}-{name}.csv"
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=attached(file))

    return routes


def attached(file: str) -> dict[str, str]:
    """Headers of a file that is saved under a name, not shown."""
    return {"Content-Disposition": f'attachment; filename="{file}"'}


def _asked(
    connection: Connection, desk: Desk, request: Request, token: str, count: str, unit: str
) -> tuple[OpenedMonth, UnitResult, CountName] | HTMLResponse:
    opened = opened_month(connection, desk, request, token)
    if isinstance(opened, HTMLResponse):
        return opened
    own = opened.unit(unit)
    if own is None or count not in BEHIND_DUE:
        return opens_nothing(request)
    return opened, own, CountName(count)


def _cases_page(
    connection: Connection,
    desk: Desk,
    opened: OpenedMonth,
    own: UnitResult,
    count: CountName,
    number: int,
    language: Language,
) -> dict[str, Any]:
    rows = cases_behind(connection, opened.version.id, own.unit, count, limit=ROWS, offset=(number - 1) * ROWS)
    return {
        "city": opened.city,
        "reader": opened.post.name,
        "month": month_words(opened.version.month, language),
        "name": own.name,
        "count": word("count", count, language),
        "number": own.scoring[count],
        "this": f"/evaluation/{opened.token}/cases/{count}",
        "page_number": number,
        "pages": -(-own.scoring[count] // ROWS),
        "window_open": opened.now <= opened.version.window_until,
        "window_until": opened.moment(opened.version.window_until, language),
        "cases": [
            {
                "number": row.number,
                "class_name": opened.city.catalogue.minor_name(row.class_code),
                "due_at": opened.moment(row.due_at, language) if row.due_at else "",
                "handled_at": opened.moment(row.handled_at, language) if row.handled_at else "",
                "late": row.on_time is False,
                "path": path_of(desk.link_key, Link(opened.post.code, Purpose.CASE, row.number), opened.now),
            }
            for row in rows
        ],
    }


_COLUMNS = ("number", "class", "area", "state", "due_at", "handled_at", "ended_at", "on_time")


def _file_rows(
    desk: Desk, opened: OpenedMonth, own: UnitResult, count: CountName, language: Language
) -> Iterator[Sequence[str]]:
    """Every case, some at a time: the figure is frozen, so that no row moves between two reads."""
    for offset in range(0, own.scoring[count], AT_ONCE):
        with reading(desk.engine) as connection:
            rows = cases_behind(connection, opened.version.id, own.unit, count, limit=AT_ONCE, offset=offset)
        yield from (_file_row(opened, row, language) for row in rows)


def _file_row(opened: OpenedMonth, row: CountedCase, language: Language) -> tuple[str, ...]:
    zone = opened.city.zone
    moments = (at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if at else "" for at in _moments(row))
    area = opened.city.areas.get(row.area or "")
    on_time = "" if row.on_time is None else form_word("evaluation", "yes" if row.on_time else "no", language)
    state = word("state", row.state, language)
    return (
        row.number,
        opened.city.catalogue.minor_name(row.class_code),
        area.name if area else row.area or "",
        state,
        *moments,
        on_time,
    )


def _moments(row: CountedCase) -> tuple[Any, Any, Any]:
    return row.due_at, row.handled_at, row.ended_at
