"""The desk: pages behind the links in messages, the demo inbox, and what monitoring reads.

Example: uvicorn --factory desk.app:app_from_environment --no-access-log (an access log would hold the links, which
are keys to cases).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from desk.act import act_routes
from desk.bell import Bell, WakesVisits
from desk.case_page import case_routes
from desk.case_pictures import picture_routes
from desk.chosen_rows import chosen_routes
from desk.context import Desk
from desk.courier import Courier
from desk.demo_inbox import demo_routes
from desk.health import health_routes
from desk.own_page import own_page_routes
from desk.pages import page
from desk.posted_pictures import room_for_pictures
from desk.protection import HEADERS, LimitedBody, ProtectedHeaders
from desk.seat_page import seat_routes
from desk.sign_in import sign_in_routes
from desk.start_page import start_routes
from tasks.access_settings import AccessSettings, read_access_settings
from tasks.database import open_database
from tasks.message_settings import MessageSettings, read_message_settings
from tasks.settings import Settings, read_settings
from tasks.wake import Waker

STATIC = Path(__file__).parent / "static"

ROUTES = (
    start_routes,
    demo_routes,
    case_routes,
    act_routes,
    picture_routes,
    own_page_routes,
    sign_in_routes,
    seat_routes,
    chosen_routes,
    health_routes,
)
"""One for each part of the desk."""


def app_from_environment() -> FastAPI:
    """The desk as this machine's environment describes it; the database must be migrated already.

    Raises: SettingsError, DatabaseError.
    """
    settings = read_settings()
    messages, access = read_message_settings(), read_access_settings()
    return create_app(settings, open_database(settings.database_url, migrate=False), messages, access=access)


def create_app(
    settings: Settings,
    engine: Engine,
    messages: MessageSettings | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    make_waker: Callable[[Settings], WakesVisits] = Waker,
    access: AccessSettings | None = None,
    send_soon: Callable[[int], None] | None = None,
) -> FastAPI:
    """A desk over this database; `messages` are the defaults where none are given.

    `make_waker` gives what asks the engine for a visit; it is called once somebody acts.

    Example: create_app(read_settings(), open_database(settings.database_url))
    """
    messages, access = messages or MessageSettings(), access or AccessSettings()
    bell, send_soon = Bell(lambda: make_waker(settings), clock), send_soon or Courier(settings, messages, engine).send
    desk = Desk(settings, messages, engine, clock, bell, access, send_soon)
    # The pages that describe an interface need scripts from elsewhere, which our own headers forbid.
    app = FastAPI(title="zhihui desk", docs_url=None, redoc_url=None, openapi_url=None)
    for routes in ROUTES:
        app.include_router(routes(desk))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(HTTPException, _no_page)
    app.add_exception_handler(RequestValidationError, _not_possible)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(LimitedBody, room=room_for_pictures(desk))
    app.add_middleware(ProtectedHeaders)
    # Outermost: what a trusted proxy says of client and TLS holds for everything else. Nobody else's word counts.
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=access.trusted_proxies)
    return app


def _no_page(request: Request, error: Exception) -> HTMLResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return page(request, "message.html", 404, title="not_found", help="not_found_help", city=None)
    if status == 413:
        return page(request, "message.html", 413, title="too_large", help="too_large_help", city=None)
    return page(request, "message.html", status, title="not_possible", help="not_possible_help", city=None)


def _not_possible(request: Request, _: Exception) -> HTMLResponse:
    return page(request, "message.html", 400, title="not_possible", help="not_possible_help", city=None)


def _broken(request: Request, _: Exception) -> HTMLResponse:
    """What went wrong is in the log; the page holds no trace of it."""
    answer = page(request, "message.html", 500, title="broken", help="broken_help", city=None)
    # This answer is given outside of the middleware that puts the headers on all others.
    answer.headers.update(HEADERS)
    return answer
