"""The page of a warning: what was measured, against which rule, drawn over the last days, and who was told."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from desk.context import Desk
from desk.form_token import draw_form_token
from desk.opened_case import opens_nothing
from desk.opened_flood import OpenedFlood, opened_flood
from desk.own_page import go_on
from desk.pages import language_of, page
from desk.posted_form import PostedForm, is_our_form
from desk.season_ways import season_ways
from desk.water_view import WaterTeller
from tasks.acknowledge import How, acknowledge_subject
from tasks.database import transaction
from tasks.links import Link, Purpose, sign_link
from tasks.warning_rows import RaisedWarning, warning_numbered

FORBIDDEN = 403


def warning_answer(
    connection: Connection, desk: Desk, request: Request, opened: OpenedFlood, number: str
) -> HTMLResponse:
    """The warning with this number; opening it acknowledges nothing."""
    warning = warning_numbered(connection, number)
    if warning is None:
        return opens_nothing(request)
    key = desk.settings.secret_key("link")
    teller = WaterTeller(connection, opened.city, opened.now, language_of(request))
    drawn, nearest = teller.drawing(warning)
    told = teller.told(warning)
    return page(
        request,
        "warning.html",
        city=opened.city,
        reader=opened.post.name,
        token=opened.token,
        view=teller.warning(warning),
        chart=drawn,
        nearest=nearest,
        told=told,
        asks=any(one.post == opened.post.name and not one.received for one in told),
        form=draw_form_token(key, opened.token),
        ways=season_ways(desk, request, opened.city, opened.post.code, opened.now),
        water=sign_link(key, Link(opened.post.code, Purpose.FLOOD, "overview"), opened.now),
    )


def warning_routes(desk: Desk) -> APIRouter:
    """`/water/{token}/received`, behind the button of a warning's page."""
    routes = APIRouter()

    @routes.post("/water/{token}/received")
    def received(request: Request, token: str, posted: PostedForm) -> Response:
        """Somebody says that they read the warning; a second time changes nothing."""
        opened = opened_flood(desk, request, token)
        if isinstance(opened, HTMLResponse):
            return opened
        with transaction(desk.engine) as connection:
            warning = warning_numbered(connection, opened.link.subject)
            if warning is None:
                return opens_nothing(request)
            if not is_our_form(desk, request, posted, token):
                return page(request, "form_stale.html", FORBIDDEN, city=None, case=f"/flood/{token}")
            _acknowledge(connection, warning, opened)
        return back(request, token)

    return routes


def back(request: Request, token: str) -> RedirectResponse:
    """Back to the warning."""
    return go_on(request, f"/flood/{token}")


def _acknowledge(connection: Connection, warning: RaisedWarning, opened: OpenedFlood) -> None:
    subject, post = f"flood:{warning.number}", opened.post.code
    acknowledge_subject(connection, subject, post, How.PAGE, opened.now, [post])
