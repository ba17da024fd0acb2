"""The list of the months of the evaluation, each with the way to its page and to its entries."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from desk.context import Desk
from desk.opened_month import OpenedMonths, month_words, sees_drafts
from desk.pages import language_of, page
from models.vocabulary import UNIT_ROLES
from tasks.evaluation_notices import shown_score
from tasks.evaluations import StoredVersion, months, newest, published
from tasks.links import Link, Purpose, path_of
from tasks.words import Language

MOST_MONTHS = 36
"""On the list, the newest first; older ones are opened by `zhihui evaluate` and `zhihui bulletin`."""


def months_page(connection: Connection, desk: Desk, request: Request, opened: OpenedMonths) -> HTMLResponse:
    """Every month its reader may see, and for whoever oversees the one that is running."""
    language = language_of(request)
    found = []
    for month in months(connection)[:MOST_MONTHS]:
        version = newest(connection, month) if sees_drafts(opened.post) else published(connection, month)
        if version is not None:
            found.append(_line(desk, opened, version, language))
    running = f"{opened.now.astimezone(opened.city.zone):%Y-%m}"
    return page(
        request,
        "evaluation_months.html",
        city=opened.city,
        reader=opened.post.name,
        months=found,
        oversees=opened.oversees,
        running={"name": month_words(running, language), "entries": f"{_path(desk, opened, running)}/entries"},
    )


def _line(desk: Desk, opened: OpenedMonths, version: StoredVersion, language: Language) -> dict[str, Any]:
    path = _path(desk, opened, version.month)
    units = version.result.units()
    own = next((unit for unit in units if opened.post.role in UNIT_ROLES and unit.unit == opened.post.unit), None)
    return {
        "name": month_words(version.month, language),
        "path": path,
        "entries": f"{path}/entries",
        "version": version.version,
        "published": opened.moment(version.published_at, language) if version.published_at else "",
        "window_until": opened.moment(version.window_until, language),
        "score": shown_score(version.result, own.score) if own else None,
        "rank": own.rank if own else None,
        "due": version.result.scoring["due_to_close"],
        "on_time": version.result.scoring["closed_on_time"],
    }


def _path(desk: Desk, opened: OpenedMonths, month: str) -> str:
    return path_of(desk.link_key, Link(opened.post.code, Purpose.EVALUATION, month), opened.now)
