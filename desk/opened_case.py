"""Which case a link opens, and for whom; whatever opens nothing gives one and the same page."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection, select

from desk.context import Desk, city_or_none
from desk.pages import page
from models.case import Case, Report
from models.case_readers import may_read_case
from models.city import City
from models.tables import table_of
from tasks.case_story import CaseStory, explain_case
from tasks.database import reading
from tasks.inbox import find_case
from tasks.links import Link, LinkExpired, LinkForged, Purpose, open_valid_link

CASES, REPORTS = table_of(Case), table_of(Report)

FORBIDDEN, GONE, NOT_NOW = 403, 410, 503


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A link that opens a case, with the case's story at a moment."""

    token: str
    link: Link
    city: City
    story: CaseStory
    now: datetime


def opened_link(desk: Desk, request: Request, token: str, now: datetime) -> Link | HTMLResponse:
    """The link behind a token, or the page for one that opens nothing."""
    with reading(desk.engine) as connection:
        return link_behind(connection, desk, request, token, now)


def link_behind(connection: Connection, desk: Desk, request: Request, token: str, now: datetime) -> Link | HTMLResponse:
    """The same, in a transaction that goes on to read what the link opens."""
    try:
        return open_valid_link(connection, desk.link_key, token, now, desk.lives)
    except LinkExpired:
        return page(request, "no_link.html", GONE, title="link_expired", city=None)
    except LinkForged:
        return opens_nothing(request)


def opens_nothing(request: Request) -> HTMLResponse:
    """The page for a link that opens nothing, whether there is such a case or not."""
    return page(request, "no_link.html", FORBIDDEN, title="link_forged", city=None)


def opened_case(
    connection: Connection, request: Request, token: str, link: Link, now: datetime
) -> OpenedCase | HTMLResponse:
    """The case a link was signed for, or the page for a link that opens none (any more)."""
    city = city_or_none(connection)
    if city is None:
        return page(request, "message.html", NOT_NOW, title="broken", help="broken_help", city=None)
    case_id = case_of(connection, link) if link.purpose is not Purpose.MINE else None
    story = explain_case(connection, city, case_id, now) if case_id is not None else None
    if story is None or not may_read(link, city, now):
        return opens_nothing(request)
    if link.purpose is Purpose.CASE and not may_read_case(city, link.recipient, story.case, story.events, now):
        return opens_nothing(request)
    return OpenedCase(token, link, city, story, now)


def case_of(connection: Connection, link: Link) -> int | None:
    """The case a link names; for a reporter the one that theirs was joined with; links for other purposes name none."""
    if link.purpose is Purpose.CASE:
        return find_case(connection, link.subject)
    if link.purpose is not Purpose.REPORT:
        return None
    found = connection.execute(
        select(CASES.c.id, CASES.c.merged_into)
        .join(REPORTS, REPORTS.c.case_id == CASES.c.id)
        .where(REPORTS.c.receipt_number == link.subject)
    ).first()
    return (found.merged_into or found.id) if found else None


def may_read(link: Link, city: City, now: datetime) -> bool:
    """A post that has gone from the directory, or ended, reads no more; a reporter needs no post."""
    if link.purpose is Purpose.REPORT:
        return True
    post = city.posts.get(link.recipient)
    return post is not None and post.exists_on(now.astimezone(city.zone).date())
