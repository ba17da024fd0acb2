"""Who leads the duty room at a moment, so that what nobody answers ends with somebody."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from models.city import City
from models.duty import DutyAssignment, DutyShift
from models.stand_in import away
from models.tables import table_of
from models.vocabulary import Role

SHIFTS, ASSIGNMENTS = table_of(DutyShift), table_of(DutyAssignment)


def posts_on_duty(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    """(place, post) of everybody in the present shift; a place recorded vacant has nobody."""
    who = func.coalesce(ASSIGNMENTS.c.signed_in_by, ASSIGNMENTS.c.post)
    rows = connection.execute(
        select(ASSIGNMENTS.c.place, who.label("post"))
        .join(SHIFTS, SHIFTS.c.id == ASSIGNMENTS.c.shift_id)
        .where(
            SHIFTS.c.published,
            SHIFTS.c.starts_at <= now,
            SHIFTS.c.ends_at > now,
            who.is_not(None),
            ASSIGNMENTS.c.vacant_at.is_(None),
        )
        .order_by(SHIFTS.c.starts_at, ASSIGNMENTS.c.id)
    )
    return [(row.place, row.post) for row in rows]


def duty_leaders(connection: Connection, city: City, now: datetime) -> tuple[str, ...]:
    """The leader of the present shift; where the roster has none, everybody who may lead, so that it is never nobody.

    Without anybody who may lead it is whoever leads the city's centre, then the administrator.
    """
    leading = city.duty.leading_place if city.duty else None
    if leading is not None:
        present = [post for place, post in posts_on_duty(connection, now) if place == leading.code]
        if present:
            return tuple(dict.fromkeys(post for post in present if post in city.posts))
        day = now.astimezone(city.zone).date()
        may_lead = tuple(post for post in leading.pool if not away(city, post, day)) or leading.pool
        if may_lead:
            return may_lead
    day = now.astimezone(city.zone).date()
    found = city.posts_of(Role.LEADER, on=day) or city.posts_of(Role.ADMIN, on=day)
    return tuple(post.code for post in found)
