"""What a link of the flood season opens, and for whom: a warning, a call, a consultation, an incident, the overview."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import HTMLResponse

from desk.context import Desk, city_or_none
from desk.opened_case import may_read, opened_link, opens_nothing
from models.city import City, Post
from tasks.database import reading
from tasks.links import Link, Purpose


@dataclass(frozen=True, slots=True)
class OpenedFlood:
    """A link of the flood season in the hand of a post, at a moment."""

    token: str
    link: Link
    post: Post
    city: City
    now: datetime


def opened_flood(desk: Desk, request: Request, token: str) -> OpenedFlood | HTMLResponse:
    """The post and subject behind a link, or the page for one that opens nothing (any more)."""
    now = desk.clock()
    link = opened_link(desk, request, token, now)
    if isinstance(link, HTMLResponse):
        return link
    with reading(desk.engine) as connection:
        city = city_or_none(connection)
    if city is None or link.purpose is not Purpose.FLOOD or not may_read(link, city, now):
        return opens_nothing(request)
    return OpenedFlood(token, link, city.posts[link.recipient], city, now)
