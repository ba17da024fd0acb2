"""Pages behind the links of the flood season: which page a number opens, for whom its link was signed."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from desk.call_board import call_answer
from desk.consultation_page import consultation_answer
from desk.context import Desk
from desk.daily_page import add_daily_routes
from desk.flood_overview import overview_answer
from desk.flood_posts import add_flood_post_routes
from desk.incident_page import incident_answer
from desk.opened_case import opens_nothing
from desk.opened_flood import OpenedFlood, opened_flood
from desk.warning_page import warning_answer
from tasks.database import reading

Answer = Callable[[Connection, Desk, Request, OpenedFlood, str], HTMLResponse]

PAGES: Mapping[str, Answer] = {
    "YJ": warning_answer,
    "YL": warning_answer,
    "JY": call_answer,
    "YLJ": call_answer,
    "HS": consultation_answer,
    "XQ": incident_answer,
    "overview": overview_answer,
}
"""The page of a number, by the letters it begins with; the overview by its name."""


def flood_routes(desk: Desk) -> APIRouter:
    """`/flood/{token}`, and what is sent from its pages."""
    routes = APIRouter()

    @routes.get("/flood/{token}")
    def show(request: Request, token: str) -> Response:
        """What the link was signed for; opening it changes and acknowledges nothing."""
        opened = opened_flood(desk, request, token)
        if isinstance(opened, HTMLResponse):
            return opened
        subject = opened.link.subject
        answer = PAGES.get(subject) or PAGES.get(subject.rstrip("0123456789-"))
        if answer is None:
            return opens_nothing(request)
        with reading(desk.engine) as connection:
            return answer(connection, desk, request, opened, subject)

    add_daily_routes(desk, routes)
    add_flood_post_routes(desk, routes)
    return routes
