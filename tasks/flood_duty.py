"""Who is on duty in the flood duty room now, and so hears of warnings."""

from datetime import datetime

from sqlalchemy import Connection, select

from models.city import City
from models.duty import DutyAssignment, DutyShift, ShiftState
from models.tables import table_of
from models.vocabulary import Role

SHIFTS, ASSIGNMENTS = table_of(DutyShift), table_of(DutyAssignment)


def posts_on_flood_duty(connection: Connection, city: City, now: datetime) -> tuple[str, ...]:
    """The posts of the open published shift; where none is open, the administrators: somebody always hears of it."""
    asked = (
        select(ASSIGNMENTS.c.post)
        .join(SHIFTS, SHIFTS.c.id == ASSIGNMENTS.c.shift_id)
        .where(SHIFTS.c.published, SHIFTS.c.state == ShiftState.OPEN.value, SHIFTS.c.starts_at <= now)
        .where(ASSIGNMENTS.c.post.is_not(None))
        .order_by(SHIFTS.c.starts_at.desc(), ASSIGNMENTS.c.id)
    )
    day = now.astimezone(city.zone).date()
    there = [post for post in connection.scalars(asked) if post in city.posts and city.posts[post].exists_on(day)]
    return tuple(dict.fromkeys(there)) or tuple(post.code for post in city.posts_of(Role.ADMIN, on=day))
