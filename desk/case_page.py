"""The page behind a signed link: one case, for the post it was sent to, to read and to act on; or one report."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from desk.acting_view import NotTaken, acting_view
from desk.case_pictures import pictures_view
from desk.case_view import CaseTeller
from desk.context import Desk
from desk.opened_case import FORBIDDEN, OpenedCase, link_behind, opened_case, opened_link, opens_nothing
from desk.pages import in_language, language_of, page
from desk.posted_form import PostedForm, is_our_form
from desk.public_report_page import report_page
from tasks.acknowledge import How, acknowledge_case, left_of
from tasks.database import reading, transaction
from tasks.links import Purpose
from tasks.wording import moment_words
from tasks.words import Language

SEE_OTHER = 303


def case_routes(desk: Desk) -> APIRouter:
    """`/c/{token}`, and `/c/{token}/received` behind one of its buttons."""
    routes = APIRouter()

    @routes.get("/c/{token}")
    def show_case(request: Request, token: str) -> HTMLResponse:
        """The case a link was signed for; all other links get one plain page, whether there is such a case or not.

        Opening it changes and acknowledges nothing: phones and mail filters open links that nobody reads.
        """
        now = desk.clock()
        with reading(desk.engine) as connection:
            link = link_behind(connection, desk, request, token, now)
            if isinstance(link, HTMLResponse):
                return link
            opened = opened_case(connection, request, token, link, now)
            return opened if isinstance(opened, HTMLResponse) else case_answer(connection, desk, request, opened)

    @routes.post("/c/{token}/received")
    def receive(request: Request, token: str, posted: PostedForm) -> Response:
        """A post says that it has read what it was told of the case; once is enough, and the page shows who said so."""
        now = desk.clock()
        link = opened_link(desk, request, token, now)
        if isinstance(link, HTMLResponse):
            return link
        with reading(desk.engine) as connection:
            opened = opened_case(connection, request, token, link, now)
        if isinstance(opened, HTMLResponse) or link.purpose is not Purpose.CASE:
            return opened if isinstance(opened, HTMLResponse) else opens_nothing(request)
        if not is_our_form(desk, request, posted, token):
            return stale_form(request, token)
        with transaction(desk.engine) as connection:
            acknowledge_case(connection, opened.story.case.id, link.recipient, How.PAGE, now)
        return back_to_case(request, token)

    return routes


def stale_form(request: Request, token: str) -> HTMLResponse:
    """The page for a form that none of our pages drew for this link."""
    return page(request, "form_stale.html", FORBIDDEN, city=None, case=f"/c/{token}")


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
    if link.purpose is Purpose.REPORT:
        return report_page(connection, desk, request, opened)
    view = CaseTeller(opened.story, city, opened.now, language, link.recipient).view()
    pictures = pictures_view(connection, desk, opened, language)
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
        received=_received(opened, language),
        acting=acting,
        own_actions=view.actions[:-1] if acting.own_told else view.actions,
    )


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """What the page says about "received": a button while something is left, and who said it last."""

    left: int
    by: str
    at: str


def _received(opened: OpenedCase, language: Language) -> ReceivedLine:
    told = (notice.told for notice in opened.story.notices if notice.told is not None)
    left, last = left_of(told, opened.link.recipient)
    if last.by is None or last.at is None:
        return ReceivedLine(left, "", "")
    post = opened.city.posts.get(last.by)
    at = moment_words(last.at, language, opened.city.zone, opened.now)
    return ReceivedLine(left, post.name if post else last.by, at)
