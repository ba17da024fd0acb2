"""The duty roster behind a person's duty link: look, download, ask for a change, answer one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from desk.case_page import SEE_OTHER
from desk.context import Desk
from desk.form_token import draw_form_token
from desk.opened_case import opens_nothing
from desk.opened_duty import OpenedDuty, opened_duty
from desk.pages import form_word, in_language, language_of, page
from desk.passing_failures import tried_again
from desk.posted_form import PostedForm, is_our_form
from desk.roster_forms import answer_change, ask_for
from desk.roster_view import RosterTeller
from desk.season_ways import season_ways
from models.refusal import Refusal
from models.roster_approval import may_see
from tasks.database import reading
from tasks.refusals import render_refusal
from tasks.roster_calendar import calendar_of
from tasks.roster_reading import published_places

CONFLICT = 409

YEARS_SHOWN = 20
"""How many years back and ahead a month may be asked for."""

BACK, AHEAD = timedelta(days=31), timedelta(days=400)
"""How much of the roster a calendar holds."""

Month = Annotated[str, Query(max_length=7)]
Reference = Annotated[str, Query(max_length=90)]


@dataclass(frozen=True, slots=True)
class Said:
    """What is said on top of the page."""

    look: str
    title: str
    lines: tuple[str, ...] = ()


def roster_routes(desk: Desk) -> APIRouter:
    """`/duty/{token}/roster` with its forms and its calendar."""
    routes = APIRouter()

    @routes.get("/duty/{token}/roster")
    def show(request: Request, token: str, month: Month = "", shift: Reference = "", said: str = "") -> HTMLResponse:
        """The reader's shifts, what waits for them, and the month."""
        opened = opened_roster(desk, request, token)
        if isinstance(opened, HTMLResponse):
            return opened
        told = Said("done", form_word("roster_said", said, language_of(request))) if said in SAID else None
        return roster_page(desk, request, opened, month=month, shift=shift, said=told)

    @routes.get("/duty/{token}/roster.ics", responses={200: {"content": {"text/calendar": {}}}})
    def calendar(request: Request, token: str, all: bool = False) -> Response:
        """The reader's own shifts as a calendar, or everybody's."""
        opened = opened_roster(desk, request, token)
        if isinstance(opened, HTMLResponse):
            return opened
        with reading(desk.engine) as connection:
            places = published_places(connection, opened.city, opened.now - BACK, opened.now + AHEAD)
        text = calendar_of(opened.city, places, None if all else opened.post.code, opened.now, language_of(request))
        headers = {"content-disposition": 'attachment; filename="duty.ics"', "cache-control": "no-store"}
        return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)

    @routes.post("/duty/{token}/roster/ask")
    def ask(request: Request, token: str, posted: PostedForm) -> Response:
        """Asks for a swap, a substitution or leave, or amends the roster; each form acts once."""
        return _posted(desk, request, token, posted, asks=True)

    @routes.post("/duty/{token}/roster/answer")
    def answer(request: Request, token: str, posted: PostedForm) -> Response:
        """Agrees, decides or withdraws; a second answer says who was first and when."""
        return _posted(desk, request, token, posted, asks=False)

    return routes


SAID = frozenset(
    {"asked", "leave_asked", "leave_entered", "amended", "agree", "disagree", "grant", "refuse", "withdraw"}
)


def opened_roster(desk: Desk, request: Request, token: str) -> OpenedDuty | HTMLResponse:
    """The duty behind a link of somebody whom the roster concerns; for anybody else it opens nothing."""
    opened = opened_duty(desk, request, token)
    if isinstance(opened, HTMLResponse) or opened.city.duty is None:
        return opened if isinstance(opened, HTMLResponse) else opens_nothing(request)
    return opened if may_see(opened.city, opened.city.duty, opened.post.code) else opens_nothing(request)


def roster_page(
    desk: Desk,
    request: Request,
    opened: OpenedDuty,
    *,
    month: str = "",
    shift: str = "",
    said: Said | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The page as it stands now."""
    language, city = language_of(request), opened.city
    if city.duty is None:
        return opens_nothing(request)
    with reading(desk.engine) as connection:
        teller = RosterTeller(connection, city, city.duty, opened.now, opened.post.code, language)
        view = teller.view(_month(month, opened), shift)
    today = opened.now.astimezone(city.zone).date()
    return page(
        request,
        "roster.html",
        status,
        city=city,
        post=opened.post,
        token=opened.token,
        said=said,
        view=view,
        typed=typed or {},
        today=today.isoformat(),
        form=draw_form_token(desk.settings.secret_key("link"), opened.token),
        me=teller.name(opened.post.code),
        ways=season_ways(desk, request, city, opened.post.code, opened.now, "roster"),
    )


def _posted(desk: Desk, request: Request, token: str, posted: dict[str, str], *, asks: bool) -> Response:
    opened = opened_roster(desk, request, token)
    if isinstance(opened, HTMLResponse):
        return opened
    language = language_of(request)
    if not is_our_form(desk, request, posted, token):
        said = Said("refused", form_word("roster_said", "stale", language))
        return roster_page(desk, request, opened, said=said, status=CONFLICT)

    def work(connection: Connection) -> str | Refusal:
        found = (ask_for if asks else answer_change)(connection, opened, posted)
        if isinstance(found, Refusal):
            connection.rollback()
        return found

    found = tried_again(desk.engine, work)
    if isinstance(found, Refusal):
        why = render_refusal(found.code, found.facts, language, opened.city)
        said = Said("refused", form_word("roster_said", "refused", language), (why,))
        shift = posted.get("given", "")
        return roster_page(desk, request, opened, shift=shift, said=said, typed=posted, status=CONFLICT)
    return RedirectResponse(in_language(request, f"/duty/{token}/roster?said={found}"), SEE_OTHER)


def _month(text: str, opened: OpenedDuty) -> date:
    """The month asked for, of the years around now, else the present one."""
    today = opened.now.astimezone(opened.city.zone).date()
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return asked if abs(asked.year - today.year) <= YEARS_SHOWN else today.replace(day=1)
