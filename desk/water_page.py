"""`/water/{token}`: every station with its newest reading, and the form for signals of the weather office."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from desk.context import Desk
from desk.courier import send_calls_soon
from desk.form_token import draw_form_token
from desk.opened_case import opens_nothing
from desk.opened_flood import OpenedFlood, opened_flood
from desk.own_page import go_on
from desk.pages import language_of, page
from desk.passing_failures import tried_again
from desk.posted_form import PostedForm, is_our_form
from desk.season_ways import season_ways
from desk.signal_form import enter_signal, may_enter_signals, signal_form
from desk.water_view import WaterTeller
from models.flood_event import Recording
from models.refusal import Refusal
from tasks.database import reading
from tasks.links import Link, Purpose, path_of
from tasks.played_water import is_played
from tasks.refusals import render_refusal
from tasks.warning_rows import open_warnings

OVERVIEW = "overview"
FORBIDDEN, UNPROCESSABLE = 403, 422
AREA = "area-"


def water_routes(desk: Desk) -> APIRouter:
    """`/water/{token}` and what is sent from it."""
    routes = APIRouter()

    @routes.get("/water/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        """The stations as they stand now."""
        opened = _opened(desk, request, token)
        return opened if isinstance(opened, HTMLResponse) else water_page(desk, request, opened)

    @routes.post("/water/{token}/signal")
    def signal(request: Request, token: str, posted: PostedForm) -> Response:
        """Enters a signal or its cancellation; sent twice it is entered once."""
        opened = _opened(desk, request, token)
        if isinstance(opened, HTMLResponse) or not may_enter_signals(opened.city, opened.post):
            return opened if isinstance(opened, HTMLResponse) else opens_nothing(request)
        if not is_our_form(desk, request, posted, token):
            return page(request, "form_stale.html", FORBIDDEN, city=None, case=f"/water/{token}")
        areas = [name.removeprefix(AREA) for name in posted if name.startswith(AREA)] or [opened.city.code]
        recording = Recording(opened.now, "desk", opened.city.edition)
        city, post = opened.city, opened.post.code
        done = tried_again(
            desk.engine, lambda connection: enter_signal(connection, city, posted, areas, recording, post)
        )
        if isinstance(done, Refusal):
            return water_page(desk, request, opened, status=UNPROCESSABLE, refusal=done, typed=posted)
        send_calls_soon(desk.engine, opened.now, desk.send_soon)
        desk.call_bell.ring()
        return go_on(request, f"/water/{token}")

    return routes


def water_page(
    desk: Desk,
    request: Request,
    opened: OpenedFlood,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The page, with a form that was not taken shown as it came and with the reason."""
    key, language, city = desk.settings.secret_key("link"), language_of(request), opened.city
    enters = may_enter_signals(city, opened.post)
    with reading(desk.engine) as connection:
        teller = WaterTeller(connection, city, opened.now, language)
        stations, played = teller.stations(), is_played(connection)
        lasting = [
            (teller.warning(one), path_of(key, Link(opened.post.code, Purpose.FLOOD, one.number), opened.now))
            for one in open_warnings(connection)
        ]
    return page(
        request,
        "water.html",
        status,
        city=city,
        reader=opened.post.name,
        token=opened.token,
        stations=stations,
        played=played,
        lasting=lasting,
        signal=signal_form(city, opened.now, language, typed) if enters else None,
        fault=render_refusal(refusal.code, refusal.facts, language, city) if refusal else "",
        form=draw_form_token(key, opened.token),
        ways=season_ways(desk, request, city, opened.post.code, opened.now, "water"),
    )


def _opened(desk: Desk, request: Request, token: str) -> OpenedFlood | HTMLResponse:
    opened = opened_flood(desk, request, token)
    if isinstance(opened, OpenedFlood) and opened.link.subject != OVERVIEW:
        return opens_nothing(request)
    return opened
