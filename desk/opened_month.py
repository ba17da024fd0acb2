"""A month of the evaluation opened by a link: who may see which version of it."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from desk.context import Desk, city_or_none
from desk.opened_case import link_behind, may_read, opens_nothing
from models.city import City, Post
from models.vocabulary import UNIT_ROLES, Role
from tasks.evaluations import StoredVersion, newest, published
from tasks.links import Purpose

OVERSEE = frozenset({Role.EVALUATOR, Role.LEADER, Role.AUDITOR, Role.ADMIN})
"""They see the draft of every unit; a unit sees its own, everybody what was published."""


@dataclass(frozen=True, slots=True)
class OpenedMonth:
    """A month's version in the hand of a post; `unit` is the one whose figures it may see in full."""

    post: Post
    city: City
    now: datetime
    version: StoredVersion
    ranking: StoredVersion | None
    """What it may see of all units: the newest version for whoever oversees, else the one that was published."""
    published: StoredVersion | None
    """The newest version that was published, whose documents everybody may have."""


def opened_month(connection: Connection, desk: Desk, request: Request, token: str) -> OpenedMonth | HTMLResponse:
    """The month a link opens for its reader, or the page that says why it opens nothing."""
    now = desk.clock()
    link = link_behind(connection, desk, request, token, now)
    if isinstance(link, HTMLResponse):
        return link
    city = city_or_none(connection)
    if city is None or link.purpose is not Purpose.EVALUATION or not may_read(link, city, now):
        return opens_nothing(request)
    post, shown = city.posts[link.recipient], published(connection, link.subject)
    # A new draft of a published month is nobody's business but the units' and of those who oversee.
    version = newest(connection, link.subject) if post.role in OVERSEE | UNIT_ROLES else shown
    if version is None:
        return opens_nothing(request)
    return OpenedMonth(post, city, now, version, version if post.role in OVERSEE else shown, shown)
