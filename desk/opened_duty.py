"""Whose duty a link opens: a post's own pages of the duty room, in a city that has one."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import HTMLResponse

from desk.context import Desk, city_or_none
from desk.opened_case import link_behind, may_read, opens_nothing
from models.city import City, Post
from tasks.database import reading
from tasks.links import Purpose


@dataclass(frozen=True, slots=True)
class OpenedDuty:
    """A link that opens a post's own duty, at a moment."""

    token: str
    post: Post
    city: City
    now: datetime


def opened_duty(desk: Desk, request: Request, token: str) -> OpenedDuty | HTMLResponse:
    """The duty behind a link, or the page for one that opens none (any more).

    Who was told in somebody's stead gets their own pages, never the other's.
    """
    now = desk.clock()
    with reading(desk.engine) as connection:
        link = link_behind(connection, desk, request, token, now)
        if isinstance(link, HTMLResponse):
            return link
        city = city_or_none(connection)
    if city is None or city.duty is None or link.purpose is not Purpose.DUTY or not may_read(link, city, now):
        return opens_nothing(request)
    return OpenedDuty(token, city.posts[link.recipient], city, now)
