"""A post's own duty behind its link, or the page for a link that opens none (any more)."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import HTMLResponse

from desk.context import Desk, city_or_none
from desk.opened_case import may_read, opened_link, opens_nothing
from models.city import City, Post
from tasks.database import reading
from tasks.links import Purpose


@dataclass(frozen=True, slots=True)
class OpenedDuty:
    """A link that opens a post's duty, at a moment."""

    token: str
    post: Post
    city: City
    now: datetime


def opened_duty(desk: Desk, request: Request, token: str) -> OpenedDuty | HTMLResponse:
    """The duty behind a link. Whoever stands in for a post and was sent its message opens their own duty with it."""
    now = desk.clock()
    link = opened_link(desk, request, token, now)
    if isinstance(link, HTMLResponse):
        return link
    with reading(desk.engine) as connection:
        city = city_or_none(connection)
    if city is None or link.purpose is not Purpose.DUTY or not may_read(link, city, now):
        return opens_nothing(request)
    return OpenedDuty(token, city.posts[link.recipient], city, now)
