"""For programs that watch the desk: is the process up, is the database there and as this program needs it."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from desk.context import Desk, city_or_none
from models.case import CaseEvent
from models.notice import Notice, NoticeState
from models.tables import table_of
from tasks.city_edition import CityEditionError
from tasks.database import reading
from tasks.database_errors import DatabaseError
from tasks.migrate import require_up_to_date

NOTICES, EVENTS = table_of(Notice), table_of(CaseEvent)


def health_routes(desk: Desk) -> APIRouter:
    """`/health` and `/ready`."""
    routes = APIRouter()

    @routes.get("/health")
    def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "up"}

    @routes.get("/ready")
    def ready() -> JSONResponse:
        """Whether the desk can work: 200 with the age of its work, or 503 with what is missing."""
        found = readiness(desk)
        return JSONResponse(found, 200 if found["ready"] else 503)

    return routes


def readiness(desk: Desk) -> dict[str, Any]:
    """What `/ready` answers. Ages are in seconds; null where there is nothing to be old.

    Why a database cannot be used is said in one word: its address may hold a password.
    """
    try:
        require_up_to_date(desk.engine)
        with reading(desk.engine) as connection:
            return {"ready": True, "database": "ok", **_ages(connection, desk.clock())}
    except DatabaseError as error:
        return {"ready": False, "database": type(error).__name__}
    except (SQLAlchemyError, CityEditionError):
        return {"ready": False, "database": "unreachable"}


def _ages(connection: Connection, now: datetime) -> dict[str, Any]:
    oldest = connection.scalar(
        select(func.min(NOTICES.c.created_at)).where(NOTICES.c.state == NoticeState.WAITING.value)
    )
    last = connection.scalar(select(EVENTS.c.recorded_at).order_by(EVENTS.c.id.desc()).limit(1))
    city = city_or_none(connection)
    return {
        "city": city.name if city else None,
        "oldest_waiting_notice_seconds": _age(oldest, now),
        "last_case_event_seconds": _age(last, now),
    }


def _age(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else max(0, int((now - moment).total_seconds()))
