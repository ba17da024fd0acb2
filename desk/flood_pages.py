"""`/flood/{token}`: one address for everything of the flood season; what it opens is told by the number's prefix."""

import re
from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from desk.call_board import call_answer
from desk.context import Desk
from desk.opened_case import opens_nothing
from desk.opened_flood import OpenedFlood, opened_flood
from desk.warning_page import warning_answer
from tasks.database import reading

FloodPage = Callable[[Connection, Desk, Request, OpenedFlood, str], HTMLResponse]

PAGES_OF: Mapping[str, FloodPage] = {
    "JY": call_answer,
    "YLJ": call_answer,
    "YJ": warning_answer,
    "YL": warning_answer,
}
"""The page of a subject, by the letters its number begins with."""


def flood_routes(desk: Desk) -> APIRouter:
    """`/flood/{token}`."""
    routes = APIRouter()

    @routes.get("/flood/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        """What the link was signed for, as its reader may see it. Opening it answers nothing."""
        opened = opened_flood(desk, request, token)
        if isinstance(opened, HTMLResponse):
            return opened
        letters = re.match(r"[A-Z]+", opened.link.subject)
        shows = PAGES_OF.get(letters[0]) if letters else None
        if shows is None:
            return opens_nothing(request)
        with reading(desk.engine) as connection:
            return shows(connection, desk, request, opened, opened.link.subject)

    return routes
