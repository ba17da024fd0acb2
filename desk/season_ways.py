"""The ways between a reader's pages of the flood season: duty, roster, overview, water, daily report.

A wall is no such way: its link hangs for months where everybody sees it, so none leads to it and none from it.
"""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from desk.context import Desk
from desk.pages import form_word, in_language, language_of
from models.city import City
from models.flood_readers import reads_everything
from models.roster_approval import may_see
from tasks.links import Link, Purpose, path_of
from tasks.report_notices import OVERVIEW


@dataclass(frozen=True, slots=True)
class Way:
    """One of the pages, in the reader's words."""

    name: str
    path: str
    here: bool
    """Whether it is the page that is open."""


def season_ways(desk: Desk, request: Request, city: City, post: str, now: datetime, here: str = "") -> list[Way]:
    """The pages of the season a post may open, signed for it. `here` is the code of the page that is open.

    Example: season_ways(desk, request, city, "flood-officer-1", now, "duty") -> 值班, 值班表, 汛情总览, 水情雨情, 日报.
    """
    key = desk.settings.secret_key("link")
    duty = path_of(key, Link(post, Purpose.DUTY, post), now)
    overview = path_of(key, Link(post, Purpose.FLOOD, OVERVIEW), now)
    paths: dict[str, str] = {}
    if city.duty is not None and may_see(city, city.duty, post):
        paths |= {"duty": duty, "roster": f"{duty}/roster"}
    paths["overview"] = overview
    if city.water.stations:
        paths["water"] = overview.replace("/flood/", "/water/", 1)
    if reads_everything(city, city.posts[post]):
        paths["daily"] = f"{overview}/daily"
    language = language_of(request)
    return [
        Way(form_word("season", code, language), in_language(request, path), code == here)
        for code, path in paths.items()
    ]
