"""Which month of the evaluation a link opens, for whom, and how much of it its reader may see."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from desk.context import Desk, city_or_none
from desk.opened_case import link_behind, may_read, opens_nothing
from desk.pages import form_word
from models.city import City, Post
from models.evaluation_result import UnitResult
from models.vocabulary import UNIT_ROLES, Role
from tasks.evaluations import StoredVersion, newest, published
from tasks.links import Link, Purpose
from tasks.wording import moment_words
from tasks.words import Language

OVERSEE = frozenset({Role.EVALUATOR, Role.LEADER, Role.AUDITOR, Role.ADMIN})
"""They see the draft of every unit; a unit sees its own, everybody what was published."""

MONTHS = "months"
"""Subject of a link that opens the list of all months."""


@dataclass(frozen=True, slots=True)
class OpenedMonths:
    """A link to the evaluation in the hand of a post: to a month, or to all of them."""

    token: str
    post: Post
    city: City
    now: datetime
    subject: str
    """A month such as 2026-08, or `MONTHS`."""

    @property
    def oversees(self) -> bool:
        """Whether the reader sees every unit's figures."""
        return self.post.role in OVERSEE

    def moment(self, at: datetime, language: Language) -> str:
        """A moment as the reader's page says it."""
        return moment_words(at, language, self.city.zone, self.now)


@dataclass(frozen=True, slots=True)
class OpenedMonth(OpenedMonths):
    """A month's version in the hand of a post."""

    version: StoredVersion
    ranking: StoredVersion | None
    """What it may see of all units: the newest version for whoever oversees, else the one that was published."""

    def unit(self, asked: str) -> UnitResult | None:
        """The unit whose figures it sees in full: a unit's own, or for whoever oversees the one asked for."""
        code = self.post.unit if self.post.role in UNIT_ROLES else asked if self.oversees else ""
        return next((unit for unit in self.version.result.units() if code and unit.unit == code), None)


def opened_months(connection: Connection, desk: Desk, request: Request, token: str) -> OpenedMonths | HTMLResponse:
    """What a link to the evaluation opens, whether that month was counted yet or not; else the page for none."""
    now = desk.clock()
    link = link_behind(connection, desk, request, token, now)
    if isinstance(link, HTMLResponse):
        return link
    city = city_or_none(connection)
    if city is None or link.purpose is not Purpose.EVALUATION or not may_read(link, city, now):
        return opens_nothing(request)
    return OpenedMonths(token, city.posts[link.recipient], city, now, link.subject)


def opened_month(connection: Connection, desk: Desk, request: Request, token: str) -> OpenedMonth | HTMLResponse:
    """The month a link opens, where its reader may see anything of it; else the page for a link that opens nothing."""
    opened = opened_months(connection, desk, request, token)
    if isinstance(opened, HTMLResponse):
        return opened
    shown = published(connection, opened.subject)
    # A new draft of a published month is nobody's business but the units' and of those who oversee.
    version = newest(connection, opened.subject) if sees_drafts(opened.post) else shown
    if version is None:
        return opens_nothing(request)
    ranking = version if opened.oversees else shown
    return OpenedMonth(opened.token, opened.post, opened.city, opened.now, opened.subject, version, ranking)


def sees_drafts(post: Post) -> bool:
    """Whether a post sees a month before it is published: its own unit's figures, or all."""
    return post.role in OVERSEE | UNIT_ROLES


def months_link(post: str) -> Link:
    """The link to the list of all months."""
    return Link(post, Purpose.EVALUATION, MONTHS)


def month_words(month: str, language: Language) -> str:
    """A month as people say it. Example: 2026年8月; 2026-08."""
    year, number = month.split("-")
    return form_word("evaluation", "month", language).format(year=year, month=int(number), code=month)
