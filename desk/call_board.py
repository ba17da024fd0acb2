"""The page of a call: for whoever is called one big button, for the duty room the board of who has not answered."""

from collections.abc import Callable
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from desk.call_view import CallTeller
from desk.context import Desk
from desk.form_token import draw_form_token
from desk.opened_case import opens_nothing
from desk.opened_flood import OpenedFlood, opened_flood
from desk.own_page import go_on
from desk.pages import language_of, page
from desk.passing_failures import tried_again
from desk.posted_form import PostedForm, is_our_form
from desk.season_ways import season_ways
from models.call import How
from models.call_readers import sees_board
from models.flood_event import Recording
from models.refusal import Refusal
from tasks.call_answers import Answer, answer
from tasks.call_figures import read_board
from tasks.call_rows import find_call
from tasks.calls import end_call
from tasks.database import reading
from tasks.refusals import render_refusal

REFRESH_SECONDS = 10
NOT_POSSIBLE = 409

Work = Callable[[Connection, OpenedFlood, Recording], object]


def call_answer(connection: Connection, desk: Desk, request: Request, opened: OpenedFlood, number: str) -> HTMLResponse:
    """The page of a call as its reader may see it; who is neither called nor of the duty room sees nothing."""
    return _page(connection, desk, request, opened, number)


def call_routes(desk: Desk) -> APIRouter:
    """The buttons of a call's page."""
    routes = APIRouter()

    @routes.post("/flood/{token}/call/answer")
    def answered(request: Request, token: str, posted: PostedForm) -> Response:
        """Whoever is called says that they are awake and there; a second time changes nothing."""

        def work(connection: Connection, opened: OpenedFlood, recording: Recording) -> object:
            given = Answer(opened.post.code, How.PAGE, posted.get("words", ""))
            return answer(connection, opened.city, opened.link.subject, given, recording)

        return _act(desk, request, token, posted, work, for_board=False)

    @routes.post("/flood/{token}/call/voice")
    def voice(request: Request, token: str, posted: PostedForm) -> Response:
        """The duty room records that it reached somebody by voice."""

        def work(connection: Connection, opened: OpenedFlood, recording: Recording) -> object:
            given = Answer(posted.get("post", ""), How.VOICE, "", opened.post.code)
            return answer(connection, opened.city, opened.link.subject, given, recording)

        return _act(desk, request, token, posted, work, for_board=True)

    @routes.post("/flood/{token}/call/end")
    def end(request: Request, token: str, posted: PostedForm) -> Response:
        """The duty room ends a call that no warning ends by itself."""

        def work(connection: Connection, opened: OpenedFlood, recording: Recording) -> object:
            return end_call(connection, opened.city, opened.link.subject, opened.post.code, recording)

        return _act(desk, request, token, posted, work, for_board=True)

    return routes


def _act(desk: Desk, request: Request, token: str, posted: dict[str, str], work: Work, *, for_board: bool) -> Response:
    """Do one thing once and show the page as it stands then; a refusal is told on that page."""
    opened = opened_flood(desk, request, token)
    if isinstance(opened, HTMLResponse):
        return opened
    with reading(desk.engine) as connection:
        shown = _page(connection, desk, request, opened, opened.link.subject)
    if shown.status_code != 200 or (for_board and not sees_board(opened.city, opened.post)):
        return opens_nothing(request)
    if not is_our_form(desk, request, posted, token):
        return page(request, "form_stale.html", 403, city=None, case=f"/flood/{token}")
    recording = Recording(opened.now, "desk", opened.city.edition)
    done = tried_again(desk.engine, lambda connection: work(connection, opened, recording))
    if isinstance(done, Refusal):
        with reading(desk.engine) as connection:
            return _page(connection, desk, request, opened, opened.link.subject, done)
    return _back(request, token, posted.get("post", "") if for_board else "")


def _back(request: Request, token: str, about: str) -> RedirectResponse:
    """Back to the page; after an answer by voice it says first what is recorded of that person."""
    return go_on(request, f"/flood/{token}?about={quote(about)}" if about else f"/flood/{token}")


def _page(
    connection: Connection,
    desk: Desk,
    request: Request,
    opened: OpenedFlood,
    number: str,
    refused: Refusal | None = None,
) -> HTMLResponse:
    call = find_call(connection, number)
    if call is None:
        return opens_nothing(request)
    city, reader, language = opened.city, opened.post.code, language_of(request)
    teller = CallTeller(read_board(connection, city, call), city, opened.now, language)
    mine, staff = teller.own_part(reader), sees_board(city, opened.post)
    if mine is None and not staff:
        return opens_nothing(request)
    return page(
        request,
        "call_board.html" if staff else "call_person.html",
        NOT_POSSIBLE if refused else 200,
        city=city,
        post=opened.post,
        token=opened.token,
        form=draw_form_token(desk.settings.secret_key("link"), opened.token),
        mine=mine,
        ways=season_ways(desk, request, city, reader, opened.now),
        head=teller.head(),
        board=teller.board(request.query_params.get("about", "")) if staff else None,
        refused=render_refusal(refused.code, refused.facts, language, city) if refused else "",
        refresh_seconds=REFRESH_SECONDS if call.ended_at is None and refused is None else 0,
    )
