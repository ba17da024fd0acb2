"""Who is meant where the city's rules name posts, roles, or a place of the shift on duty."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from models.city import City
from models.flood_rules import People
from models.response_rules import Deciders
from tasks.duty_leaders import on_duty_now


def places_now(connection: Connection, now: datetime) -> dict[str, str]:
    """The post in each place of the present shift; empty without a roster."""
    return {one.place: one.post for one in on_duty_now(connection, now)}


def posts_meant(city: City, people: People, on_duty: dict[str, str], now: datetime) -> tuple[str, ...]:
    """The posts behind some people, each once, those that exist that day; a place nobody stands in names nobody."""
    day = now.astimezone(city.zone).date()
    named: Iterable[str] = (
        *people.posts,
        *(on_duty[place] for place in people.places if place in on_duty),
        *(post.code for role in people.roles for post in city.posts_of(role, on=day)),
    )
    return tuple(dict.fromkeys(code for code in named if code in city.posts and city.posts[code].exists_on(day)))


def people_meant(connection: Connection, city: City, people: People, now: datetime) -> tuple[str, ...]:
    """The same, with whoever is on duty at the moment."""
    return posts_meant(city, people, places_now(connection, now) if people.places else {}, now)


def deciders_at(connection: Connection, city: City, now: datetime) -> Deciders:
    """Who may sign and record at a moment."""
    if city.flood is None:
        return Deciders({})
    on_duty = places_now(connection, now)
    signers = {level: posts_meant(city, city.flood.signers[level], on_duty, now) for level in city.flood.signers}
    return Deciders(signers, posts_meant(city, city.flood.recorders, on_duty, now))


def officers_of(city: City, unit: str) -> tuple[str, ...]:
    """Liaison and head of a unit: who is told what the unit must do."""
    found = city.units.get(unit)
    return tuple(post for post in (found.liaison, found.head) if post) if found else ()
