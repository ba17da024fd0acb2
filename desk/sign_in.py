"""From the own page to a shift at the desk: a code is sent to the post's contact points, and typed."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from desk.context import Desk
from desk.form_token import draw_form_token
from desk.opened_case import FORBIDDEN, opens_nothing
from desk.own_page import OwnPage, go_on, opened_own_page, too_often
from desk.posted_form import PostedForm, is_our_form
from desk.seat_page import home_of
from desk.session_cookie import cookie_of, set_cookie
from desk.work_view import work_page
from tasks.database import transaction
from tasks.desk_sessions import end_session, open_session, shift_ends
from tasks.one_time_code import send_code, take_code


def sign_in_routes(desk: Desk) -> APIRouter:
    """`/me/{token}/code` and `/me/{token}/session`."""
    routes = APIRouter()

    @routes.post("/me/{token}/code")
    def send(request: Request, token: str, posted: PostedForm) -> Response:
        """Sends a one-time code to the contact points of the link's post."""
        mine = opened_own_page(desk, request, token)
        if isinstance(mine, HTMLResponse):
            return mine
        if not is_our_form(desk, request, posted, token):
            return opens_nothing(request)
        with transaction(desk.engine) as connection:
            notice_id = send_code(connection, mine.post.code, mine.now)
        if notice_id is None:
            return too_often(request)
        desk.send_soon(notice_id)
        return go_on(request, f"/me/{token}/code")

    @routes.get("/me/{token}/code")
    def ask(request: Request, token: str) -> HTMLResponse:
        """Where the code is typed; opening it sends none."""
        mine = opened_own_page(desk, request, token)
        return mine if isinstance(mine, HTMLResponse) else _code_page(desk, request, mine)

    @routes.post("/me/{token}/session")
    def begin(request: Request, token: str, posted: PostedForm) -> Response:
        """Begins a shift with the right code."""
        mine = opened_own_page(desk, request, token)
        if isinstance(mine, HTMLResponse):
            return mine
        if not is_our_form(desk, request, posted, token):
            return opens_nothing(request)
        cookie = _begun(desk, request, mine, posted.get("code", ""))
        if cookie is None:
            return _code_page(desk, request, mine, wrong=True)
        answer = go_on(request, home_of(mine.post))
        ends_at = shift_ends(mine.city, mine.post.code, mine.now, desk.access.session_hours)
        set_cookie(desk, request, answer, cookie, int((ends_at - mine.now).total_seconds()))
        return answer

    return routes


def _begun(desk: Desk, request: Request, mine: OwnPage, typed: str) -> str | None:
    """The cookie of a new shift, where the code is right; the one the browser brought ends, whosever it was."""
    key, post = desk.link_key, mine.post.code
    with transaction(desk.engine) as connection:
        if not take_code(connection, key, post, typed, mine.now):
            return None
        end_session(connection, key, cookie_of(desk, request), "replaced", mine.now)
        return open_session(connection, key, mine.city, post, mine.now, desk.access.session_hours)


def _code_page(desk: Desk, request: Request, mine: OwnPage, wrong: bool = False) -> HTMLResponse:
    return work_page(
        request,
        "sign_in_code.html",
        FORBIDDEN if wrong else 200,
        city=mine.city,
        post=mine.post,
        token=mine.token,
        wrong=wrong,
        form=draw_form_token(desk.link_key, mine.token),
    )
