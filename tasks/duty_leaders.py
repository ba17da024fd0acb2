"""Who is on duty in the duty room at a moment, and who leads it: one reading for warnings, calls and decisions."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from models.city import City
from models.duty import DutyAssignment, DutyShift
from models.stand_in import away
from models.tables import table_of
from models.vocabulary import Role

SHIFTS, ASSIGNMENTS = table_of(DutyShift), table_of(DutyAssignment)


class OnDuty(NamedTuple):
    """Who stands in a place of the present shift: who signed in, else whom the roster names."""

    place: str
    post: str
    vacant: bool
    """It was recorded vacant 空岗, and nobody has come since."""


def on_duty_now(connection: Connection, now: datetime) -> list[OnDuty]:
    """Everybody of the published shift that a moment falls into, whether the engine has opened it or not."""
    who = func.coalesce(ASSIGNMENTS.c.signed_in_by, ASSIGNMENTS.c.post).label("post")
    rows = connection.execute(
        select(ASSIGNMENTS.c.place, who, ASSIGNMENTS.c.vacant_at, ASSIGNMENTS.c.signed_in_at)
        .join(SHIFTS, SHIFTS.c.id == ASSIGNMENTS.c.shift_id)
        .where(SHIFTS.c.published, SHIFTS.c.starts_at <= now, SHIFTS.c.ends_at > now, who.is_not(None))
        .order_by(SHIFTS.c.starts_at, ASSIGNMENTS.c.id)
    )
    return [OnDuty(row.place, row.post, row.vacant_at is not None and row.signed_in_at is None) for row in rows]


def posts_on_duty(connection: Connection, city: City, now: datetime) -> tuple[str, ...]:
    """The posts of the present shift; where the roster has none, the administrators: somebody always hears of it."""
    day = now.astimezone(city.zone).date()
    there = (one.post for one in on_duty_now(connection, now))
    found = tuple(dict.fromkeys(post for post in there if post in city.posts and city.posts[post].exists_on(day)))
    return found or tuple(post.code for post in city.posts_of(Role.ADMIN, on=day))


def duty_leaders(connection: Connection, city: City, now: datetime) -> tuple[str, ...]:
    """The leader of the present shift; where the roster has none, everybody who may lead, so that it is never nobody.

    Without anybody who may lead it is whoever leads the city's centre, then the administrator.
    """
    leading = city.duty.leading_place if city.duty else None
    day = now.astimezone(city.zone).date()
    if leading is not None:
        there = [one.post for one in on_duty_now(connection, now) if one.place == leading.code and not one.vacant]
        present = tuple(dict.fromkeys(post for post in there if post in city.posts))
        if present:
            return present
        may_lead = tuple(post for post in leading.pool if not away(city, post, day)) or leading.pool
        if may_lead:
            return may_lead
    found = city.posts_of(Role.LEADER, on=day) or city.posts_of(Role.ADMIN, on=day)
    return tuple(post.code for post in found)
