"""The page behind a signed link: one case, for the post it was sent to, to read and to acknowledge; or one report."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, select

from desk.case_lines import CaseView, HistoryLine
from desk.case_view import CaseTeller
from desk.context import Desk, city_or_none
from desk.pages import language_of, page
from models.case import Case, Report
from models.city import City
from models.tables import table_of
from models.vocabulary import ActionName
from tasks.acknowledge import How, acknowledge_case, left_to_acknowledge
from tasks.case_story import CaseStory, explain_case
from tasks.database import reading, transaction
from tasks.inbox import find_case
from tasks.links import Link, LinkExpired, LinkForged, Purpose, open_link
from tasks.wording import moment_words
from tasks.words import Language

CASES, REPORTS = table_of(Case), table_of(Report)

SEE_OTHER, FORBIDDEN, GONE, NOT_NOW = 303, 403, 410, 503

TOLD_TO_REPORTERS = frozenset(
    {
        ActionName.REPORT,
        ActionName.ACCEPT,
        ActionName.REJECT,
        ActionName.FILE,
        ActionName.DISPATCH,
        ActionName.REDISPATCH,
        ActionName.REPORT_HANDLED,
        ActionName.CLOSE,
        ActionName.FORCE_CLOSE,
        ActionName.REOPEN,
    }
)
"""Steps a reporter hears of: what was done, not who did it and what was said inside the city."""


def case_routes(desk: Desk) -> APIRouter:
    """`/c/{token}`, and `/c/{token}/received` behind its button."""
    routes = APIRouter()

    @routes.get("/c/{token}")
    def show_case(request: Request, token: str) -> HTMLResponse:
        """The case a link was signed for; all other links get one plain page, whether there is such a case or not.

        Opening it acknowledges nothing: phones and mail filters open links that nobody reads.
        """
        now = desk.clock()
        link = _opened(desk, request, token, now)
        if isinstance(link, HTMLResponse):
            return link
        with reading(desk.engine) as connection:
            city = city_or_none(connection)
            if city is None:
                return page(request, "message.html", NOT_NOW, title="broken", help="broken_help", city=None)
            case_id = _case_of(connection, link)
            story = explain_case(connection, city, case_id, now) if case_id is not None else None
            received = _received(connection, link, case_id, city, now, language_of(request))
        if story is None or not _may_read(link, city, now):
            return page(request, "no_link.html", FORBIDDEN, title="link_forged", city=None)
        return page(request, **_content(link, story, city, desk, request), received=received, token=token)

    @routes.post("/c/{token}/received")
    def receive(request: Request, token: str) -> Response:
        """A post says that it has read what it was told of the case; once is enough, and the page shows who said so."""
        now = desk.clock()
        link = _opened(desk, request, token, now)
        if isinstance(link, HTMLResponse):
            return link
        with transaction(desk.engine) as connection:
            city = city_or_none(connection)
            case_id = _case_of(connection, link)
            if city is None or case_id is None or link.purpose is not Purpose.CASE or not _may_read(link, city, now):
                return page(request, "no_link.html", FORBIDDEN, title="link_forged", city=None)
            acknowledge_case(connection, case_id, link.recipient, How.PAGE, now)
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/c/{token}{query}", SEE_OTHER)

    return routes


def _opened(desk: Desk, request: Request, token: str, now: datetime) -> Link | HTMLResponse:
    """The link behind a token, or the page for one that opens nothing."""
    try:
        return open_link(desk.settings.secret_key("link"), token, now, desk.messages.link_days)
    except LinkExpired:
        return page(request, "no_link.html", GONE, title="link_expired", city=None)
    except LinkForged:
        return page(request, "no_link.html", FORBIDDEN, title="link_forged", city=None)


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """What the page says about "received": a button while something is left, and who said it last."""

    left: int
    by: str
    at: str


def _received(
    connection: Connection, link: Link, case_id: int | None, city: City, now: datetime, language: Language
) -> ReceivedLine | None:
    if link.purpose is not Purpose.CASE or case_id is None:
        return None
    left, last = left_to_acknowledge(connection, case_id, link.recipient)
    if last.by is None or last.at is None:
        return ReceivedLine(left, "", "")
    post = city.posts.get(last.by)
    return ReceivedLine(left, post.name if post else last.by, moment_words(last.at, language, city.zone, now))


def _content(link: Link, story: CaseStory, city: City, desk: Desk, request: Request) -> dict[str, Any]:
    view = CaseTeller(story, city, desk.clock(), language_of(request), link.recipient).view()
    if link.purpose is Purpose.REPORT:
        steps = _told_to_reporter(story, view)
        return {"template": "report.html", "city": city, "view": view, "steps": steps, "receipt": link.subject}
    return {"template": "case.html", "city": city, "view": view, "reader": city.posts[link.recipient].name}


def _told_to_reporter(story: CaseStory, view: CaseView) -> list[HistoryLine]:
    """The steps without the city's own states and what was said inside it; only a rejection keeps its reason."""
    return [
        replace(line, state="", said=line.said if event.action == ActionName.REJECT else ())
        for line, event in zip(view.history, story.events, strict=True)
        if event.action in TOLD_TO_REPORTERS
    ]


def _case_of(connection: Connection, link: Link) -> int | None:
    """The case a link names; for a reporter the one that theirs was joined with."""
    if link.purpose is not Purpose.REPORT:
        return find_case(connection, link.subject)
    found = connection.execute(
        select(CASES.c.id, CASES.c.merged_into)
        .join(REPORTS, REPORTS.c.case_id == CASES.c.id)
        .where(REPORTS.c.receipt_number == link.subject)
    ).first()
    return (found.merged_into or found.id) if found else None


def _may_read(link: Link, city: City, now: datetime) -> bool:
    """A post that has gone from the directory, or ended, reads no more; a reporter needs no post."""
    if link.purpose is Purpose.REPORT:
        return True
    post = city.posts.get(link.recipient)
    return post is not None and post.exists_on(now.astimezone(city.zone).date())
