"""Published shifts of the duty room as rows, and people who act in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select

from models.city import City
from models.duty import DutyAssignment, DutyRoster, DutyShift, RosterState
from models.flood_event import Recording
from models.tables import table_of
from tasks.database import transaction
from tasks.duty_shifts import Acting
from tests.flood_cities import CADRES, LEADERS, OFFICERS
from tests.stored_cases import rows_of

ROSTERS, SHIFTS, ASSIGNMENTS = table_of(DutyRoster), table_of(DutyShift), table_of(DutyAssignment)

DAY = timedelta(days=1)

FIRST = {"leader": LEADERS[0], "cadre": CADRES[0], "officer": OFFICERS[0]}
SECOND = {"leader": LEADERS[1], "cadre": CADRES[1], "officer": OFFICERS[1]}
"""Who stands in the first and in the second of two shifts."""


def write_shifts(
    engine: Engine,
    starts_at: datetime,
    people: Sequence[Mapping[str, str | None]] = (FIRST, SECOND),
    *,
    length: timedelta = DAY,
    night: bool = True,
    holiday: bool = False,
    published: bool = True,
) -> list[str]:
    """Shifts one after the other, each with its places and who stands in them; returns their codes."""
    codes = []
    with transaction(engine) as connection:
        roster = connection.execute(insert(ROSTERS).values(_roster(starts_at, len(people))).returning(ROSTERS.c.id))
        roster_id = roster.scalar_one()
        for number, places in enumerate(people):
            begins = starts_at + number * length
            code = f"{begins:%Y-%m-%dT%H:%M}"
            row = {
                "roster_id": roster_id, "code": code, "starts_at": begins, "ends_at": begins + length, "night": night,
                "holiday": holiday, "published": published, "state": "planned",
            }  # fmt: skip
            shift_id = connection.execute(insert(SHIFTS).values(row).returning(SHIFTS.c.id)).scalar_one()
            stands = [{"shift_id": shift_id, "place": place, "post": post, "rung": 0} for place, post in places.items()]
            connection.execute(insert(ASSIGNMENTS), stands)
            codes.append(code)
    return codes


def _roster(starts_at: datetime, days: int) -> dict[str, Any]:
    first = starts_at.date()
    return {
        "code": f"ZB{first:%Y%m%d}", "first_day": first, "last_day": first + days * DAY, "made_by": "leader",
        "state": RosterState.PUBLISHED.value, "made_at": starts_at - DAY, "solver": "plain", "quality": "{}",
    }  # fmt: skip


def acting(city: City, post: str, now: datetime) -> Acting:
    """A post that does something at the desk."""
    return Acting(city, post, Recording(now, "desk", city.edition))


def by_rule(now: datetime, city: City) -> Recording:
    """What a process records under."""
    return Recording(now, "flow", city.edition)


def stand(engine: Engine, code: str, place: str) -> Any:
    """The row of one place of a shift."""
    found = select(ASSIGNMENTS).join(SHIFTS, SHIFTS.c.id == ASSIGNMENTS.c.shift_id)
    (row,) = rows_of(engine, found.where(SHIFTS.c.code == code, ASSIGNMENTS.c.place == place))
    return row
