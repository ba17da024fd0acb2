"""What may be gone a moment later: the database is away, or somebody else wrote the same thing at the same moment.

Whoever asks is told so, people with a page and programs in their own form, and may ask again.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from desk.open311_answers import not_served_with
from desk.pages import form_word, language_of, page
from tasks.database import transaction
from tasks.database_errors import is_away
from tasks.flood_events import StreamMovedMeanwhile

LOG = logging.getLogger(__name__)

CONFLICT, NOT_NOW = 409, 503

TRIES = 3
"""Somebody else may write into the same stream at the same moment: then it is done again."""

AGAIN_SECONDS = 30
"""When a program should ask again; a database that was restarted is back by then."""

WATER = "/water/observations"

T = TypeVar("T")


def tried_again(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Do something in a transaction; where somebody else wrote into the same stream meanwhile, once more.

    What was done first is undone, so that it finds what the other one left: nearly always it then says who was first.
    Raises: StreamMovedMeanwhile where others were faster each time; `moved_meanwhile` tells the reader.
    """
    for tried in range(1, TRIES):
        try:
            with transaction(engine) as connection:
                return work(connection)
        except StreamMovedMeanwhile as error:
            LOG.info("%s was written to meanwhile, try %d", error, tried, extra={"action": "stream_moved"})
    with transaction(engine) as connection:
        return work(connection)


def moved_meanwhile(request: Request, error: Exception) -> Response:
    """Others wrote into the same stream each time it was tried; nothing of this was kept."""
    LOG.warning("%s was written to meanwhile, given up", error, extra={"action": "stream_moved"})
    if request.url.path == WATER:
        return _told_program(request, "moved_meanwhile", NOT_NOW)
    return page(request, "message.html", CONFLICT, title="moved_meanwhile", help="moved_meanwhile_help", city=None)


def database_failed(request: Request, error: Exception) -> Response:
    """The database cannot be used now, which passes; every other fault of it is a fault of the program."""
    if not (isinstance(error, DBAPIError) and is_away(error)):
        raise error
    LOG.error("the database cannot be used: %s", error.orig, extra={"action": "database_away"})
    if request.url.path == WATER:
        return _told_program(request, "database_away", NOT_NOW)
    said = not_served_with(request, NOT_NOW) or page(
        request, "message.html", NOT_NOW, title="database_away", help="broken_help", city=None
    )
    said.headers["Retry-After"] = str(AGAIN_SECONDS)
    return said


def _told_program(request: Request, code: str, status: int) -> JSONResponse:
    said = form_word("water_fault", code, language_of(request))
    return JSONResponse({"code": code, "description": said}, status, {"Retry-After": str(AGAIN_SECONDS)})
