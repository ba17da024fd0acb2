"""A person's own duty: what is asked of them now with its buttons, their shift, its handovers, the log of the day."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from desk.context import Desk
from desk.duty_view import DutyTeller
from desk.form_token import draw_form_token
from desk.opened_duty import OpenedDuty, opened_duty
from desk.own_page import go_on
from desk.pages import form_word, language_of, page
from desk.passing_failures import tried_again
from desk.posted_form import PostedForm, is_our_form
from desk.season_ways import season_ways
from models.flood_event import Recording
from models.refusal import Refusal
from tasks.database import reading
from tasks.duty_handover import accept_handover, confirm_handover
from tasks.duty_log import LogWords, write_log_entry
from tasks.duty_readings import readings_at_hand
from tasks.duty_shifts import Acting
from tasks.duty_sign_in import sign_in, sign_in_instead
from tasks.own_duty import OwnDuty, read_own_duty, reads_log, receive_all, writes_log
from tasks.refusals import render_refusal
from tasks.spot_check_answers import answer_spot_check

FORBIDDEN, CONFLICT = 403, 409

LONGEST_CODE = 60

Act = Callable[[Connection, Acting, Mapping[str, str]], object]


def duty_routes(desk: Desk) -> APIRouter:
    """`/duty/{token}` and its buttons."""
    routes = APIRouter()

    @routes.get("/duty/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        """The reader's own duty; looking at it changes and acknowledges nothing."""
        opened = opened_duty(desk, request, token)
        return opened if isinstance(opened, HTMLResponse) else _answer(desk, request, opened)

    @routes.post("/duty/{token}/act")
    def act(request: Request, token: str, posted: PostedForm) -> Response:
        """Sign in, confirm or accept a handover, answer a spot check, say "received": each counts once."""
        opened = opened_duty(desk, request, token)
        if isinstance(opened, HTMLResponse):
            return opened
        wanted = ACTS.get(posted.get("do", ""))
        if wanted is None or not is_our_form(desk, request, posted, token):
            return stale_form(request, token)
        found = tried_again(desk.engine, lambda connection: wanted(connection, acting_of(opened), posted))
        if isinstance(found, Refusal):
            return _answer(desk, request, opened, found)
        return go_on(request, f"/duty/{token}")

    @routes.post("/duty/{token}/log")
    def write(request: Request, token: str, posted: PostedForm) -> Response:
        """Writes an entry into the log at this moment, once for each drawing of the form."""
        opened = opened_duty(desk, request, token)
        if isinstance(opened, HTMLResponse):
            return opened
        if not is_our_form(desk, request, posted, token):
            return stale_form(request, token)
        words, key = log_words(posted), f"desk-{posted.get('key', '')}"
        found = tried_again(desk.engine, lambda connection: write_log_entry(connection, acting_of(opened), words, key))
        if isinstance(found, Refusal):
            return _answer(desk, request, opened, found, words)
        return go_on(request, f"/duty/{token}")

    return routes


def acting_of(opened: OpenedDuty) -> Acting:
    """Who acts at the desk, now."""
    return Acting(opened.city, opened.post.code, Recording(opened.now, "desk", opened.city.edition))


def stale_form(request: Request, token: str) -> HTMLResponse:
    """The page for a form that none of our pages drew for this link."""
    return duty_page(request, "duty_stale.html", FORBIDDEN, city=None, token=token)


def duty_page(request: Request, template: str, status: int = 200, **content: object) -> HTMLResponse:
    """A page of the duty room; `own` gives its words."""
    language = language_of(request)
    return page(request, template, status, own=lambda code: form_word("duty", code, language), **content)


def log_words(posted: Mapping[str, str]) -> LogWords:
    """What a form says for the log."""
    names = ("place", "handled", "weather", "rain", "level", "corrects")
    return LogWords(posted.get("what", ""), **{name: posted.get(name, "") for name in names})


def _answer(
    desk: Desk, request: Request, opened: OpenedDuty, refusal: Refusal | None = None, words: LogWords | None = None
) -> HTMLResponse:
    """The page as it stands now, with what was refused on top and what was typed kept."""
    city, language = opened.city, language_of(request)
    with reading(desk.engine) as connection:
        duty = read_own_duty(connection, city, opened.post.code, opened.now)
    teller = DutyTeller(city, opened.post.code, opened.now, language)
    mine, may_read = opened.post.code, reads_log(city, opened.post.code)
    return duty_page(
        request, "duty.html", CONFLICT if refusal else 200, city=city, post=opened.post, token=opened.token,
        duty=duty, span=teller.span(duty.shift) if duty.shift else "", stands=teller.stands(duty),
        next_span=teller.span(duty.next_shift) if duty.next_shift else "",
        reads=may_read, writes=writes_log(duty, mine),
        to_sign_in=[teller.sign_in(duty, one) for one in duty.to_sign_in],
        checks=[teller.check(one) for one in duty.checks],
        to_confirm=[teller.handover(one) for one in duty.to_confirm],
        to_accept=[teller.handover(one) for one in duty.to_accept],
        messages=_messages(duty), late_handovers=[teller.handover(one) for one in duty.not_handed_over],
        last=[teller.handover(one) for one in duty.last], log=[teller.entry(one) for one in reversed(duty.log)],
        today=opened.now.astimezone(city.zone).date().isoformat(), words=words or LogWords(""),
        refused=render_refusal(refusal.code, refusal.facts, language, city) if refusal else "",
        form=draw_form_token(desk.settings.secret_key("link"), opened.token),
        ways=season_ways(desk, request, city, opened.post.code, opened.now, "duty"),
    )  # fmt: skip


def _messages(duty: OwnDuty) -> list[str]:
    """First lines of the messages that ask to be acknowledged; the kind where one was not put into words yet."""
    return [(row.text or "").split("\n")[0] for row in duty.to_receive]


def _sign_in(connection: Connection, acting: Acting, posted: Mapping[str, str]) -> object:
    return sign_in(connection, acting, _code(posted, "shift"), _code(posted, "place"))


def _sign_in_instead(connection: Connection, acting: Acting, posted: Mapping[str, str]) -> object:
    return sign_in_instead(connection, acting, _code(posted, "shift"), _code(posted, "place"))


def _confirm(connection: Connection, acting: Acting, posted: Mapping[str, str]) -> object:
    return confirm_handover(connection, acting, _code(posted, "shift"), posted.get("words", ""))


def _accept(connection: Connection, acting: Acting, posted: Mapping[str, str]) -> object:
    return accept_handover(connection, acting, _code(posted, "shift"))


def _check(connection: Connection, acting: Acting, posted: Mapping[str, str]) -> object:
    answer = posted.get("answer", "")
    return answer_spot_check(connection, acting, _code(posted, "code"), answer, readings_at_hand)


def _receive(connection: Connection, acting: Acting, _posted: Mapping[str, str]) -> object:
    return receive_all(connection, acting.post, acting.now)


def _code(posted: Mapping[str, str], name: str) -> str:
    """A code a form names; no database takes a NUL."""
    return posted.get(name, "")[:LONGEST_CODE].replace("\0", "")


ACTS: Mapping[str, Act] = {
    "sign_in": _sign_in,
    "instead": _sign_in_instead,
    "confirm": _confirm,
    "accept": _accept,
    "check": _check,
    "receive": _receive,
}
"""What the buttons do."""
