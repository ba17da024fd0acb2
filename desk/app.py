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

from desk.case_page import case_routes
from desk.context import Desk
from desk.demo_inbox import demo_routes
from desk.health import health_routes
from desk.pages import page
from desk.protection import HEADERS, LimitedBody, ProtectedHeaders
from desk.start_page import start_routes
from tasks.database import open_database
from tasks.message_settings import MessageSettings, read_message_settings
from tasks.settings import Settings, read_settings

STATIC = Path(__file__).parent / "static"


def app_from_environment() -> FastAPI:
    """The desk as this machine's environment describes it; the database must be migrated already.

    Raises: SettingsError, DatabaseError.
    """
    settings = read_settings()
    return create_app(settings, open_database(settings.database_url, migrate=False), read_message_settings())


def create_app(
    settings: Settings,
    engine: Engine,
    messages: MessageSettings | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """A desk over this database; `messages` are the defaults where none are given.

    Example: create_app(read_settings(), open_database(settings.database_url))
    """
    desk = Desk(settings, messages or MessageSettings(), engine, clock)
    # The pages that describe an interface need scripts from elsewhere, which our own headers forbid.
    app = FastAPI(title="zhihui desk", docs_url=None, redoc_url=None, openapi_url=None)
    for routes in (start_routes(desk), demo_routes(desk), case_routes(desk), health_routes(desk)):
        app.include_router(routes)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(HTTPException, _no_page)
    app.add_exception_handler(RequestValidationError, _not_possible)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(LimitedBody)
    app.add_middleware(ProtectedHeaders)
    return app


def _no_page(request: Request, error: Exception) -> HTMLResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return page(request, "message.html", 404, title="not_found", help="not_found_help", city=None)
    return page(request, "message.html", status, title="not_possible", help="not_possible_help", city=None)


def _not_possible(request: Request, _: Exception) -> HTMLResponse:
    return page(request, "message.html", 400, title="not_possible", help="not_possible_help", city=None)


def _broken(request: Request, _: Exception) -> HTMLResponse:
    """What went wrong is in the log; the page holds no trace of it."""
    answer = page(request, "message.html", 500, title="broken", help="broken_help", city=None)
    # This answer is given outside of the middleware that puts the headers on all others.
    answer.headers.update(HEADERS)
    return answer
