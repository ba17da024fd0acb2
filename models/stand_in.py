"""Who is told for a post whose holder is away: the deputy, the deputy's deputy, then the head of the unit."""

from datetime import date, datetime

from models.city import City
from models.notice import PERSONAL

MOST_DEPUTIES = 3
"""Deputies asked one after the other: further away nobody knows the matter any more."""


def told_for(city: City, post: str, at: datetime) -> str:
    """The post that gets what is meant for `post` at an instant: itself, unless it is on leave or has ended.

    Where everybody is away it stays with the post itself: a message that waits for its reader is better than none.
    Example: lihe-liaison is on leave and its deputy is lihe-head: lihe-head.
    """
    day = at.astimezone(city.zone).date()
    if not away(city, post, day):
        return post
    unit = city.units.get(city.posts[post].unit)
    for first in (city.posts[post].deputy, unit.head if unit else None):
        found = _present(city, first, post, day)
        if found is not None:
            return found
    return post


def reader_of(city: City, kind: str, post: str, at: datetime) -> str:
    """Who gets a notice meant for `post`: whoever stands in, but a key to the post's own page goes to nobody else."""
    return post if kind in PERSONAL else told_for(city, post, at)


def away(city: City, post: str, day: date) -> bool:
    """Whether a post of the directory cannot be told on a day."""
    found = city.posts.get(post)
    if found is None:
        return False  # Who never was in the directory has no deputy either.
    return not found.exists_on(day) or any(leave.covers(day) for leave in city.leave_of(post))


def _present(city: City, first: str | None, post: str, day: date) -> str | None:
    """The first of a chain of deputies who is there; circles end, as two who stand in for each other are usual."""
    asked = {post}
    at = first
    while at is not None and at in city.posts and at not in asked and len(asked) <= MOST_DEPUTIES:
        if not away(city, at, day):
            return at
        asked.add(at)
        at = city.posts[at].deputy
    return None
