"""Who is who around a shift: who leads it, who keeps the desk, who stands above, who is free to come in."""

from datetime import datetime

from sqlalchemy import Connection

from models.city import City
from models.duty_backup import next_free
from models.duty_rules import DutyState
from models.stand_in import away
from models.vocabulary import Role
from tasks.duty_shifts import Shift, Stand, shifts_between
from tasks.undelivered import on_duty


def desk_posts(city: City, shift: Shift) -> tuple[str, ...]:
    """Who keeps the desk of a shift: in the room at any time and not leading; everybody where no place is such."""
    rules = city.duty
    keepers = [
        stand.stands
        for stand in shift.stands
        if rules and (place := rules.place(stand.place)) and not place.leads and DutyState.ROUTINE in place.in_room
    ]
    found = [post for post in keepers if post] or [stand.stands for stand in shift.stands if stand.stands]
    return tuple(dict.fromkeys(found))


def leader_of(city: City, shift: Shift) -> str | None:
    """Who leads a shift."""
    leading = city.duty.leading_place if city.duty else None
    stand = shift.place(leading.code) if leading else None
    return stand.stands if stand else None


def reported_to(city: City, shift: Shift, to: str, silent: str | None, now: datetime) -> tuple[str, ...]:
    """Who hears at a rung that names the leader or a role; of a leader's own silence hears who stands above."""
    if to != "leader":
        found = on_duty(city, Role(to), now)
    else:
        leader = leader_of(city, shift)
        found = (leader,) if leader and leader != silent else above(city, silent, now)
    return tuple(post for post in dict.fromkeys(found) if post in city.posts and post != silent)


def above(city: City, post: str | None, now: datetime) -> tuple[str, ...]:
    """Who answers above a post: its unit's head and supervising leader; else whom the city tells of what fails."""
    holder = city.posts.get(post or "")
    unit = city.units.get(holder.unit) if holder else None
    found = [one for one in ((unit.supervising_leader, unit.head) if unit else ()) if one and one != post]
    if found:
        return (found[0],)
    return tuple(sorted({one for role in city.messages.undelivered_to for one in on_duty(city, role, now)}))


def backup_for(connection: Connection, city: City, shift: Shift, stand: Stand, now: datetime) -> str | None:
    """The next of a place's pool who may come in now: in the directory, not away, in no shift at the same time."""
    place = city.duty.place(stand.place) if city.duty else None
    if place is None or city.duty is None:
        return None
    rest = city.duty.rest_after
    near = shifts_between(connection, city, shift.starts_at - rest, shift.ends_at + rest)
    busy = {one.stands for other in near if _overlap(shift, other) for one in other.stands}
    busy |= {one.post for one in shift.stands}
    tired = {one.stands for other in near if not _overlap(shift, other) for one in other.stands}
    day = now.astimezone(city.zone).date()

    def free(post: str) -> bool:
        return post in city.posts and post not in busy and not away(city, post, day)

    return next_free(place, stand.post, free, lambda post: post not in tired)


def _overlap(one: Shift, other: Shift) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at
