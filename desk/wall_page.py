"""The wall of the command centre: one page for a screen that hangs there for months and asks again by itself."""

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from desk.context import Desk, city_or_none
from desk.opened_case import may_read, opened_link, opens_nothing
from desk.pages import language_of, page
from desk.wall_view import WallTeller
from models.city import City
from tasks.database import reading
from tasks.links import Link, Purpose
from tasks.wall_figures import WALL_ROLES, KeptFigures

REFRESH_SECONDS = 30


def wall_routes(desk: Desk) -> APIRouter:
    """`/wall/{token}`."""
    routes = APIRouter()
    kept = KeptFigures()

    @routes.get("/wall/{token}")
    def wall(request: Request, token: str) -> HTMLResponse:
        """How the city stands now, for whoever has the link of a wall; it names no citizen and opens no case."""
        now = desk.clock()
        link = opened_link(desk, request, token, now)
        if isinstance(link, HTMLResponse):
            return link
        with reading(desk.engine) as connection:
            city = city_or_none(connection)
            if city is None or not may_read(link, city, now) or not _is_for_a_wall(link, city):
                return opens_nothing(request)
            figures = kept.read(connection, city, now)
        within = timedelta(minutes=desk.monitoring.ready_sweep_minutes)
        view = WallTeller(figures, city, now, language_of(request)).view(within)
        return page(request, "wall.html", city=city, view=view, refresh_seconds=REFRESH_SECONDS)

    return routes


def _is_for_a_wall(link: Link, city: City) -> bool:
    return link.purpose is Purpose.WALL and city.posts[link.recipient].role in WALL_ROLES
