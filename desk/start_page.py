"""The start page: where things are, and how the day stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection, func, select

from desk.context import Desk, city_or_none
from desk.pages import page
from models.case import Case, CaseClosing
from models.city import City
from models.notice import Notice, NoticeState
from models.tables import table_of
from models.vocabulary import ANY_OPEN, State
from tasks.database import reading

CASES, CLOSINGS, NOTICES = table_of(Case), table_of(CaseClosing), table_of(Notice)

WITH_UNIT = (State.DISPATCHED.value, State.HANDLING.value)


@dataclass(frozen=True, slots=True)
class Figures:
    """How the day stands."""

    open: Mapping[State, int]
    """Only states that have cases, in the order of the flow."""
    overdue: int
    closed_today: int | None
    """None while no city says when its day begins."""
    notices_waiting: int
    notices_failed: int

    @property
    def total_open(self) -> int:
        """Open cases in all."""
        return sum(self.open.values())


def start_routes(desk: Desk) -> APIRouter:
    """`/`."""
    routes = APIRouter()

    @routes.get("/")
    def start(request: Request) -> HTMLResponse:
        """Addresses and counts."""
        with reading(desk.engine) as connection:
            city = city_or_none(connection)
            figures = read_figures(connection, city, desk.clock())
        return page(
            request,
            "start.html",
            city=city,
            figures=figures,
            demo=desk.messages.demo_inbox,
            # From the settings, never from what the request calls this host: that is anybody's to choose.
            prefect=desk.settings.prefect_url.removesuffix("api"),
        )

    return routes


def read_figures(connection: Connection, city: City | None, now: datetime) -> Figures:
    """Counts by index, so that their cost follows what is open and not what is stored."""
    states = [state.value for state in ANY_OPEN]
    rows = connection.execute(
        select(CASES.c.state, func.count().label("cases")).where(CASES.c.state.in_(states)).group_by(CASES.c.state)
    )
    by_state: dict[str, int] = {row.state: row.cases for row in rows}
    overdue = select(func.count()).where(CASES.c.state.in_(WITH_UNIT), CASES.c.handle_due_at < now)
    return Figures(
        {state: by_state[state] for state in State if state in by_state},
        connection.scalar(overdue) or 0,
        _closed_since(connection, midnight(now, city)) if city else None,
        _notices(connection, NoticeState.WAITING),
        _notices(connection, NoticeState.FAILED),
    )


def midnight(now: datetime, city: City) -> datetime:
    """When the city's day began."""
    return now.astimezone(city.zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _closed_since(connection: Connection, since: datetime) -> int:
    return connection.scalar(select(func.count()).where(CLOSINGS.c.closed_at >= since)) or 0


def _notices(connection: Connection, state: NoticeState) -> int:
    return connection.scalar(select(func.count()).where(NOTICES.c.state == state.value)) or 0
