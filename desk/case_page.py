"""The page behind a signed link: one case, for the post it was sent to, to read and to act on; or one report."""

from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from desk.acting_view import NotTaken, acting_view
from desk.case_lines import CaseView, HistoryLine
from desk.case_pictures import pictures_view
from desk.case_view import CaseTeller
from desk.context import Desk, city_or_none
from desk.opened_case import OpenedCase, case_of, may_read, opened_case, opened_link, opens_nothing
from desk.pages import in_language, language_of, page
from models.city import City
from models.vocabulary import ActionName
from tasks.acknowledge import How, acknowledge_case, left_to_acknowledge
from tasks.case_story import CaseStory
from tasks.database import reading, transaction
from tasks.links import Purpose
from tasks.wording import moment_words
from tasks.words import Language

SEE_OTHER = 303

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
    """`/c/{token}`, and `/c/{token}/received` behind one of its buttons."""
    routes = APIRouter()

    @routes.get("/c/{token}")
    def show_case(request: Request, token: str) -> HTMLResponse:
        """The case a link was signed for; all other links get one plain page, whether there is such a case or not.

        Opening it changes and acknowledges nothing: phones and mail filters open links that nobody reads.
        """
        now = desk.clock()
        link = opened_link(desk, request, token, now)
        if isinstance(link, HTMLResponse):
            return link
        with reading(desk.engine) as connection:
            opened = opened_case(connection, request, token, link, now)
            return opened if isinstance(opened, HTMLResponse) else case_answer(connection, desk, request, opened)

    @routes.post("/c/{token}/received")
    def receive(request: Request, token: str) -> Response:
        """A post says that it has read what it was told of the case; once is enough, and the page shows who said so."""
        now = desk.clock()
        link = opened_link(desk, request, token, now)
        if isinstance(link, HTMLResponse):
            return link
        with transaction(desk.engine) as connection:
            city = city_or_none(connection)
            case_id = case_of(connection, link)
            if city is None or case_id is None or link.purpose is not Purpose.CASE or not may_read(link, city, now):
                return opens_nothing(request)
            acknowledge_case(connection, case_id, link.recipient, How.PAGE, now)
        return back_to_case(request, token)

    return routes


def back_to_case(request: Request, token: str) -> RedirectResponse:
    """Back to the page of the link, in the language it was left in."""
    return RedirectResponse(in_language(request, f"/c/{token}"), SEE_OTHER)


def case_answer(
    connection: Connection,
    desk: Desk,
    request: Request,
    opened: OpenedCase,
    *,
    status: int = 200,
    not_taken: NotTaken | None = None,
) -> HTMLResponse:
    """The page of a case as its reader sees it now, with a form that was not taken shown as it came."""
    language, link, city = language_of(request), opened.link, opened.city
    view = CaseTeller(opened.story, city, opened.now, language, link.recipient).view()
    pictures = pictures_view(connection, desk, opened, language)
    if link.purpose is Purpose.REPORT:
        steps = _told_to_reporter(opened.story, view)
        return page(request, "report.html", city=city, view=view, steps=steps, receipt=link.subject, pictures=pictures)
    acting = acting_view(connection, desk, opened, language, request.query_params.get("form", ""), not_taken)
    return page(
        request,
        "case.html",
        status,
        city=city,
        view=view,
        pictures=pictures,
        reader=city.posts[link.recipient].name,
        token=opened.token,
        received=_received(connection, opened.story.case.id, link.recipient, city, opened.now, language),
        acting=acting,
        own_actions=view.actions[:-1] if acting.own_told else view.actions,
    )


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """What the page says about "received": a button while something is left, and who said it last."""

    left: int
    by: str
    at: str


def _received(
    connection: Connection, case_id: int, reader: str, city: City, now: datetime, language: Language
) -> ReceivedLine:
    left, last = left_to_acknowledge(connection, case_id, reader)
    if last.by is None or last.at is None:
        return ReceivedLine(left, "", "")
    post = city.posts.get(last.by)
    return ReceivedLine(left, post.name if post else last.by, moment_words(last.at, language, city.zone, now))


def _told_to_reporter(story: CaseStory, view: CaseView) -> list[HistoryLine]:
    """The steps without the city's own states and what was said inside it; only a rejection keeps its reason."""
    return [
        replace(line, state="", said=line.said if event.action == ActionName.REJECT else ())
        for line, event in zip(view.history, story.events, strict=True)
        if event.action in TOLD_TO_REPORTERS
    ]
