"""A shift at the desk: the queue of a seat, who works on what, taking and giving back, signing out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from desk.case_page import SEE_OTHER
from desk.context import Desk, city_or_none
from desk.form_token import draw_form_token
from desk.own_page import PageNumber
from desk.pages import form_word, in_language, language_of
from desk.posted_form import PostedForm, is_our_form
from desk.session_cookie import cookie_of, drop_cookie
from desk.work_view import chosen_buttons, work_lines, work_page
from models.city import City, Post
from models.vocabulary import Role
from tasks.case_holds import Hold, release_case, take_case
from tasks.database import reading, transaction
from tasks.desk_sessions import Session, end_session, find_session
from tasks.inbox import find_case
from tasks.links import Link, Purpose, path_of
from tasks.waiting_work import read_waiting
from tasks.wording import moment_words

UNAUTHORIZED, CONFLICT = 401, 409

HOMES = {Role.AUDITOR: "/audit", Role.ADMIN: "/admin"}
"""Where a shift of these roles begins; all others work in the queue."""

LONGEST_CASE = 60
"""Characters of a case number; what is longer names no case."""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A shift that goes on, in its city, at a moment."""

    session: Session
    city: City
    now: datetime


def seat_routes(desk: Desk) -> APIRouter:
    """`/seat` and its buttons."""
    routes = APIRouter()

    @routes.get("/seat")
    def queue(request: Request, number: PageNumber = 1) -> HTMLResponse:
        """The queue of the post that signed in."""
        with reading(desk.engine) as connection:
            duty = on_duty(connection, desk, request)
            return sign_in_again(request) if duty is None else _queue(connection, desk, request, duty, number)

    @routes.post("/seat/take")
    def take(request: Request, posted: PostedForm) -> Response:
        """Reserves a case and opens it; where another seat was first, the queue says who."""
        with transaction(desk.engine) as connection:
            duty = on_duty_posting(connection, desk, request, posted)
            if duty is None:
                return sign_in_again(request)
            name, me = _named(posted), duty.session.post
            hold = _taken(connection, desk, duty, name)
            if hold is None or hold.post != me:
                return _queue(connection, desk, request, duty, 1, _not_taken(request, duty.city, hold), CONFLICT)
        path = path_of(desk.link_key, Link(me, Purpose.CASE, name), duty.now)
        return RedirectResponse(in_language(request, path), SEE_OTHER)

    @routes.post("/seat/release")
    def release(request: Request, posted: PostedForm) -> Response:
        """Gives a case back to the queue."""
        with transaction(desk.engine) as connection:
            duty = on_duty_posting(connection, desk, request, posted)
            if duty is None:
                return sign_in_again(request)
            case_id = find_case(connection, _named(posted))
            if case_id is not None:
                release_case(connection, case_id, duty.session.post)
        return RedirectResponse(in_language(request, "/seat"), SEE_OTHER)

    @routes.post("/seat/sign-out")
    def sign_out(request: Request, posted: PostedForm) -> Response:
        """Ends the shift here and in the database."""
        with transaction(desk.engine) as connection:
            duty = on_duty_posting(connection, desk, request, posted)
            if duty is None:
                return sign_in_again(request)
            key = desk.link_key
            end_session(connection, key, cookie_of(desk, request), "signed_out", duty.now)
        answer = work_page(request, "work_message.html", city=None, title="signed_out", help="signed_out_help")
        drop_cookie(desk, request, answer)
        return answer

    return routes


def on_duty(connection: Connection, desk: Desk, request: Request) -> OnDuty | None:
    """The shift of the browser's cookie, while it goes on."""
    now, city = desk.clock(), city_or_none(connection)
    if city is None:
        return None
    session = find_session(connection, desk.link_key, city, cookie_of(desk, request), now)
    return OnDuty(session, city, now) if session is not None else None


def home_of(post: Post) -> str:
    """Where the shift of a post begins."""
    return HOMES.get(post.role, "/seat")


def on_duty_as(connection: Connection, desk: Desk, request: Request, role: Role) -> OnDuty | None:
    """The shift of the browser's cookie, if its post has this role; who has another one is told what a stranger is."""
    duty = on_duty(connection, desk, request)
    return duty if duty is not None and duty.city.posts[duty.session.post].role is role else None


def on_duty_posting(connection: Connection, desk: Desk, request: Request, posted: dict[str, str]) -> OnDuty | None:
    """The same for a form: it must have been drawn for this very shift."""
    duty = on_duty(connection, desk, request)
    return duty if duty is not None and is_our_form(desk, request, posted, duty.session.secret) else None


def sign_in_again(request: Request) -> HTMLResponse:
    """The page for whoever has no shift (any more)."""
    return work_page(request, "work_message.html", UNAUTHORIZED, city=None, title="no_shift", help="no_shift_help")


def _taken(connection: Connection, desk: Desk, duty: OnDuty, name: str) -> Hold | None:
    """Who holds a case after this seat has reached for it; None where it does not wait for this seat."""
    case_id, me = find_case(connection, name), duty.session.post
    if case_id is None or not read_waiting(connection, duty.city, me, duty.now, case_id=case_id)[0]:
        return None
    return take_case(connection, case_id, me, duty.now, duty.now + timedelta(minutes=desk.access.hold_minutes))


def _named(posted: dict[str, str]) -> str:
    """The case a form names; no database takes a NUL."""
    return posted.get("case", "")[:LONGEST_CASE].replace("\0", "")


def _not_taken(request: Request, city: City, hold: Hold | None) -> str:
    language = language_of(request)
    if hold is None:
        return form_word("work", "gone", language)
    post = city.posts.get(hold.post)
    until = f"{hold.until.astimezone(city.zone):%H:%M}"
    return form_word("work", "taken", language).format(who=post.name if post else hold.post, until=until)


def _queue(
    connection: Connection, desk: Desk, request: Request, duty: OnDuty, number: int, said: str = "", status: int = 200
) -> HTMLResponse:
    session, city, now, language = duty.session, duty.city, duty.now, language_of(request)
    waiting, more = read_waiting(connection, city, session.post, now, number - 1)
    return work_page(
        request, "seat.html", status, city=city, post=city.posts[session.post], more=more, number=number, said=said,
        lines=work_lines(desk, city, session.post, waiting, now, language), seat=True,
        home=home_of(city.posts[session.post]),
        chosen=chosen_buttons(waiting, language),
        hold_minutes=desk.access.hold_minutes, list_path="/seat",
        form=draw_form_token(desk.link_key, session.secret),
        ends=moment_words(session.ends_at, language, city.zone, now),
    )  # fmt: skip
