"""For programs that watch the desk: is the process up, is the database there, does the work go on."""

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from desk.context import Desk, city_or_none
from models.case import Case, CaseEvent
from models.city import City
from models.sweeps import Process
from models.tables import table_of
from tasks.city_edition import CityEditionError
from tasks.city_figures import read_outbox
from tasks.database import reading
from tasks.database_errors import DatabaseError
from tasks.migrate import require_up_to_date
from tasks.monitoring_settings import MonitoringSettings
from tasks.sweeps import SEASON_PROCESSES, last_sweeps, may_be_old

CASES, EVENTS = table_of(Case), table_of(CaseEvent)

NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"description": "The work does not go on; `reasons` says why.", "model": dict[str, Any]}
}


def health_routes(desk: Desk) -> APIRouter:
    """`/health` and `/ready`."""
    routes = APIRouter()

    @routes.get("/health")
    def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "up"}

    @routes.get("/ready", response_model=dict[str, Any], responses=NOT_READY)
    def ready() -> JSONResponse:
        """Whether the work goes on: 200 with the ages of it, or 503 with the reasons why not."""
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
            now, city = desk.clock(), city_or_none(connection)
            ages = _ages(connection, now)
            season = _season_ages(connection, city, now)
    except DatabaseError as error:
        return _no_database(type(error).__name__)
    except (SQLAlchemyError, CityEditionError):
        return _no_database("unreachable")
    reasons = _reasons(ages, desk.monitoring) + _season_reasons(season, city, now, desk.monitoring)
    told = {"database": "ok", "city": city.name if city else None, **ages, **season}
    return {"ready": not reasons, "reasons": reasons, **told}


def _no_database(why: str) -> dict[str, Any]:
    return {"ready": False, "reasons": [f"database: {why}"], "database": why}


def _ages(connection: Connection, now: datetime) -> dict[str, int | None]:
    outbox, sweeps = read_outbox(connection, now), last_sweeps(connection)
    last = connection.scalar(select(EVENTS.c.recorded_at).order_by(EVENTS.c.id.desc()).limit(1))
    due = connection.scalar(select(func.min(CASES.c.next_wake_at)).where(CASES.c.next_wake_at <= now))
    return {
        "oldest_waiting_notice_seconds": age_seconds(outbox.oldest_waiting, now),
        "oldest_due_notice_seconds": age_seconds(outbox.oldest_due, now),
        "oldest_due_case_seconds": age_seconds(due, now),
        "last_sweep_seconds": age_seconds(sweeps.get(Process.CASES), now),
        "last_delivery_seconds": age_seconds(sweeps.get(Process.NOTICES), now),
        "last_case_event_seconds": age_seconds(last, now),
    }


def _reasons(ages: dict[str, int | None], settings: MonitoringSettings) -> list[str]:
    """What is older than it may be. Before the first sweep ever, the case that waits longest says how late it is."""
    sweep = timedelta(minutes=settings.ready_sweep_minutes)
    swept = "oldest_due_case_seconds" if ages["last_sweep_seconds"] is None else "last_sweep_seconds"
    most = {swept: sweep, "oldest_due_notice_seconds": timedelta(minutes=settings.ready_outbox_minutes)}
    return [
        f"{name}: {age}, at most {int(limit.total_seconds())}"
        for name, limit in most.items()
        if (age := ages[name]) is not None and age > limit.total_seconds()
    ]


def _season_ages(connection: Connection, city: City | None, now: datetime) -> dict[str, int | None]:
    """Of each process of the season, in a city that has a duty room, stations, calls or responses."""
    if city is None or not (city.duty or city.water.stations or city.calls or city.flood):
        return {}
    sweeps = last_sweeps(connection)
    return {
        f"last_{process.value}_sweep_seconds": age_seconds(sweeps.get(process), now) for process in SEASON_PROCESSES
    }


def _season_reasons(
    ages: dict[str, int | None], city: City | None, now: datetime, settings: MonitoringSettings
) -> list[str]:
    """Which of them did not come round; one that never did is told by its age alone: the city is just being set up."""
    if city is None:
        return []
    most = may_be_old(now, city.zone, timedelta(minutes=settings.ready_sweep_minutes)).total_seconds()
    return [f"{name}: {age}, at most {int(most)}" for name, age in ages.items() if age is not None and age > most]


def age_seconds(moment: datetime | None, now: datetime) -> int | None:
    """How long ago something was, in whole seconds; None where it never was."""
    return None if moment is None else max(0, int((now - moment).total_seconds()))
