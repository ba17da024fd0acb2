"""Who may read what of a response: everybody what is in force, a unit its own duties and incidents, the centre all."""

from collections.abc import Iterable

from models.city import City, Post
from models.vocabulary import UNIT_ROLES, Role

OUTSIDE = UNIT_ROLES | {Role.INSPECTOR, Role.RESPONSIBLE_PERSON}
"""Roles that read only what concerns their unit."""


def reads_everything(city: City, post: Post) -> bool:
    """Whether a post reads all of the season: the duty room, seats, leaders, administrators, auditors.

    Liaison and head of a unit that issues responses do too: it is their response.
    """
    issuers = city.flood.issuers if city.flood else ()
    return post.role not in OUTSIDE or (post.role in UNIT_ROLES and post.unit in issuers)


def may_read_incident(city: City, post: Post, units: Iterable[str], reporters: Iterable[str] = ()) -> bool:
    """Whether a post may read an incident: of a unit it concerns (its area, who reported or owes), or who reported."""
    of_unit = post.role in UNIT_ROLES | {Role.RESPONSIBLE_PERSON} and post.unit in set(units)
    return of_unit or post.code in set(reporters) or reads_everything(city, post)
