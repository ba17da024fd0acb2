"""A person's own page: asked for by a message to the post's contact points, it lists everything that waits for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from desk.case_page import SEE_OTHER
from desk.context import Desk, city_or_none
from desk.form_token import draw_form_token
from desk.opened_case import may_read, opened_link, opens_nothing
from desk.opened_month import months_link, sees_drafts
from desk.pages import in_language, language_of
from desk.posted_form import PostedForm
from desk.session_cookie import comes_from_elsewhere
from desk.work_view import chosen_buttons, work_lines, work_page
from models.city import City, Post
from tasks.database import reading, transaction
from tasks.links import Purpose, path_of
from tasks.own_page import ask_for_own_page
from tasks.waiting_work import read_waiting

TOO_OFTEN = 429

MOST_PAGES = 40

PageNumber = Annotated[int, Query(alias="page", ge=1, le=MOST_PAGES)]


@dataclass(frozen=True, slots=True)
class OwnPage:
    """A link that opens a post's own page, at a moment."""

    token: str
    post: Post
    city: City
    now: datetime


def own_page_routes(desk: Desk) -> APIRouter:
    """`/me`, and `/me/{token}` behind the link."""
    routes = APIRouter()

    @routes.get("/me")
    def ask(request: Request, sent: bool = False) -> HTMLResponse:
        """The form that asks for the link; it knows nothing of whoever looks at it."""
        return work_page(request, "ask_for_page.html", city=None, sent=sent)

    @routes.post("/me")
    def send_link(request: Request, posted: PostedForm) -> Response:
        """Sends the link, if there is such a post; the answer is the same where there is none."""
        if comes_from_elsewhere(request):
            return opens_nothing(request)
        now, key = desk.clock(), desk.settings.secret_key("personal")
        client = request.client.host if request.client else ""
        with transaction(desk.engine) as connection:
            city = city_or_none(connection)
            if city is None:
                return go_on(request, "/me?sent=1")
            asked = ask_for_own_page(connection, city, key, posted.get("post", ""), client, now, desk.access)
        if asked.too_often:
            return too_often(request)
        if asked.notice_id is not None:
            desk.send_soon(asked.notice_id)
        return go_on(request, "/me?sent=1")

    @routes.get("/me/{token}")
    def show(request: Request, token: str, number: PageNumber = 1) -> HTMLResponse:
        """Everything that waits for the post of the link, by time left."""
        mine = opened_own_page(desk, request, token)
        if isinstance(mine, HTMLResponse):
            return mine
        with reading(desk.engine) as connection:
            waiting, more = read_waiting(connection, mine.city, mine.post.code, mine.now, number - 1)
        return work_page(
            request,
            "my_work.html",
            city=mine.city,
            post=mine.post,
            more=more,
            number=number,
            token=token,
            lines=work_lines(desk, mine.city, mine.post.code, waiting, mine.now, language_of(request)),
            form=draw_form_token(desk.link_key, token),
            list_path=f"/me/{token}",
            months=path_of(desk.link_key, months_link(mine.post.code), mine.now) if sees_drafts(mine.post) else "",
            seat=False,
            chosen=chosen_buttons(waiting, language_of(request)),
        )

    return routes


def opened_own_page(desk: Desk, request: Request, token: str) -> OwnPage | HTMLResponse:
    """The own page behind a link, or the page for one that opens none (any more)."""
    now = desk.clock()
    link = opened_link(desk, request, token, now)
    if isinstance(link, HTMLResponse):
        return link
    with reading(desk.engine) as connection:
        city = city_or_none(connection)
    if city is None or link.purpose is not Purpose.MINE or not may_read(link, city, now):
        return opens_nothing(request)
    return OwnPage(token, city.posts[link.recipient], city, now)


def too_often(request: Request) -> HTMLResponse:
    """The page for whoever asks too often."""
    return work_page(request, "work_message.html", TOO_OFTEN, city=None, title="too_often", help="too_often_help")


def go_on(request: Request, path: str) -> RedirectResponse:
    """On to another page, in the same language."""
    return RedirectResponse(in_language(request, path), SEE_OTHER)
