"""The desk: pages behind links, those of citizens, Open311, the demo inbox, and what monitoring reads.

Example: python -m desk.serving; or, under a server of your own, uvicorn --factory desk.app:app_from_environment
--no-access-log (an access log would hold the links, which are keys to cases).
"""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from desk.act import act_routes
from desk.admin_pages import admin_routes
from desk.admin_post import admin_post_routes
from desk.api_page import PAGE_ANSWERS, PAGES, api_routes
from desk.audit_export import audit_export_routes
from desk.audit_pages import audit_routes
from desk.bell import Bell, WakesVisits
from desk.call_board import call_routes
from desk.call_counts import CallCounts
from desk.case_page import case_routes
from desk.case_pictures import picture_routes
from desk.chosen_rows import chosen_routes
from desk.context import Desk
from desk.courier import Courier
from desk.demo_inbox import demo_routes
from desk.duty_log_page import duty_log_routes
from desk.duty_page import duty_routes
from desk.evaluation_cases import evaluation_case_routes
from desk.evaluation_documents import document_routes
from desk.evaluation_entries import entry_routes
from desk.evaluation_page import evaluation_routes
from desk.flood_pages import flood_routes
from desk.health import health_routes
from desk.metrics import metrics_routes
from desk.open311_answers import NotServed, not_served, not_served_with
from desk.open311_api import open311_routes
from desk.own_page import own_page_routes
from desk.pages import page
from desk.passing_failures import database_failed, moved_meanwhile
from desk.posted_pictures import room_for_pictures
from desk.protection import HEADERS, LimitedBody, ProtectedHeaders
from desk.public_answers import public_answer_routes
from desk.public_find import public_find_routes
from desk.public_form import TooOften, public_form_routes, too_often
from desk.roster_page import roster_routes
from desk.seat_page import seat_routes
from desk.sign_in import sign_in_routes
from desk.start_page import start_routes
from desk.static_files import static_files
from desk.wall_page import wall_routes
from desk.warning_page import warning_routes
from desk.water_api import water_api_routes
from desk.water_page import water_routes
from tasks.access_settings import AccessSettings, read_access_settings
from tasks.database import open_database
from tasks.flood_events import StreamMovedMeanwhile
from tasks.message_settings import MessageSettings, read_message_settings
from tasks.monitoring_settings import MonitoringSettings, read_monitoring_settings
from tasks.picture_reading import room_to_decode
from tasks.public_settings import PublicSettings, read_public_settings
from tasks.settings import Settings, read_settings
from tasks.wake import Waker, waker_of_calls

ROUTES = (
    start_routes,
    demo_routes,
    case_routes,
    act_routes,
    picture_routes,
    own_page_routes,
    sign_in_routes,
    seat_routes,
    audit_export_routes,
    audit_routes,
    admin_post_routes,
    admin_routes,
    public_form_routes,
    public_find_routes,
    public_answer_routes,
    chosen_routes,
    wall_routes,
    roster_routes,
    duty_log_routes,
    duty_routes,
    water_routes,
    warning_routes,
    flood_routes,
    call_routes,
    evaluation_routes,
    evaluation_case_routes,
    entry_routes,
    document_routes,
)
"""One for each part of the desk."""

PROGRAM_ROUTES = (
    (open311_routes, "Open311"),
    (water_api_routes, "Water"),
    (health_routes, "Monitoring"),
    (metrics_routes, "Monitoring"),
    (api_routes, "Description"),
)
"""Those that programs call, with their heading at /docs: each route describes its own answers."""


GARBAGE_AFTER = 20_000, 20, 20
"""How many new objects, and how many times, before a desk looks for garbage: seldom, a page makes thousands."""


@dataclass(frozen=True, slots=True)
class Told:
    """What this machine's environment says of its desk."""

    settings: Settings
    messages: MessageSettings
    access: AccessSettings
    public: PublicSettings
    monitoring: MonitoringSettings


def read_told() -> Told:
    """All settings of the desk.

    Raises: SettingsError.
    """
    return Told(
        read_settings(),
        read_message_settings(),
        read_access_settings(),
        read_public_settings(),
        read_monitoring_settings(),
    )


def app_from_environment() -> FastAPI:
    """The desk as this machine's environment describes it; the database must be migrated already.

    Raises: SettingsError, DatabaseError.
    """
    return app_told(read_told())


def app_told(told: Told, counts: CallCounts | None = None) -> FastAPI:
    """The same, of settings that have been read; `counts` are shared with the other processes of this desk.

    Raises: DatabaseError.
    """
    app = create_app(
        told.settings,
        open_database(told.settings.database_url, migrate=False),
        told.messages,
        access=told.access,
        public=told.public,
        monitoring=told.monitoring,
        counts=counts,
    )
    # What is loaded by now stays to the end: looking through it for garbage takes a tenth of a page's time.
    gc.freeze()
    gc.set_threshold(*GARBAGE_AFTER)
    return app


def create_app(
    settings: Settings,
    engine: Engine,
    messages: MessageSettings | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    make_waker: Callable[[Settings], WakesVisits] = Waker,
    access: AccessSettings | None = None,
    send_soon: Callable[[int], None] | None = None,
    public: PublicSettings | None = None,
    monitoring: MonitoringSettings | None = None,
    counts: CallCounts | None = None,
    make_call_waker: Callable[[Settings], WakesVisits] = waker_of_calls,
) -> FastAPI:
    """A desk over this database; `messages` are the defaults where none are given.

    `make_waker` gives what asks the engine for a visit; it is called once somebody acts. `make_call_waker` gives what
    asks for one that calls people.

    Example: create_app(read_settings(), open_database(settings.database_url))
    """
    messages, access = messages or MessageSettings(), access or AccessSettings()
    bell, send_soon = Bell(lambda: make_waker(settings), clock), send_soon or Courier(settings, messages, engine).send
    public, monitoring = public or PublicSettings(), monitoring or MonitoringSettings()
    counts, decoders = counts or CallCounts(), room_to_decode(settings.desk_processes)
    call_bell = Bell(lambda: make_call_waker(settings), clock)
    desk = Desk(
        settings, messages, engine, clock, bell, access, send_soon, call_bell, counts, decoders, public, monitoring
    )
    # No address with another slash leads on: that redirect would go to whatever host the request names.
    # FastAPI's own descriptions need scripts from elsewhere, which our headers forbid; /docs needs none.
    app = FastAPI(title="zhihui desk", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    for routes in ROUTES:
        app.include_router(routes(desk), tags=[PAGES], default_response_class=HTMLResponse, responses=PAGE_ANSWERS)
    for routes, tag in PROGRAM_ROUTES:
        app.include_router(routes(desk), tags=[tag])
    app.mount("/static", static_files(), name="static")
    app.add_exception_handler(NotServed, not_served)
    app.add_exception_handler(HTTPException, _no_page)
    app.add_exception_handler(RequestValidationError, _not_possible)
    app.add_exception_handler(TooOften, too_often)
    app.add_exception_handler(StreamMovedMeanwhile, moved_meanwhile)
    app.add_exception_handler(DBAPIError, database_failed)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(LimitedBody, room=room_for_pictures(desk))
    app.add_middleware(ProtectedHeaders)
    # Outermost: what a trusted proxy says of client and TLS holds for everything else. Nobody else's word counts.
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=access.trusted_proxies)
    return app


def _no_page(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if (told := not_served_with(request, status)) is not None:
        return told
    if status == 404:
        return page(request, "message.html", 404, title="not_found", help="not_found_help", city=None)
    if status == 413:
        return page(request, "message.html", 413, title="too_large", help="too_large_help", city=None)
    return page(request, "message.html", status, title="not_possible", help="not_possible_help", city=None)


def _not_possible(request: Request, _: Exception) -> Response:
    return not_served_with(request, 400) or page(
        request, "message.html", 400, title="not_possible", help="not_possible_help", city=None
    )


def _broken(request: Request, _: Exception) -> Response:
    """What went wrong is in the log; the page holds no trace of it."""
    answer = not_served_with(request, 500) or page(
        request, "message.html", 500, title="broken", help="broken_help", city=None
    )
    # This answer is given outside of the middleware that puts the headers on all others.
    answer.headers.update(HEADERS)
    return answer
