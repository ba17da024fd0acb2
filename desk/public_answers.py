"""A reporter answers on the page of their report: how satisfied they are, or that the problem is not solved."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from desk.acting_view import foreseen_case
from desk.case_page import back_to_case, stale_form
from desk.context import Desk
from desk.foreseen import judge
from desk.form_token import FormToken
from desk.opened_case import OpenedCase, opened_case, opened_link, opens_nothing
from desk.pages import language_of
from desk.posted_form import PostedForm, is_our_form
from desk.public_report_page import LONGEST_REASON, LONGEST_WORDS, Sent, own_report, refusal_words, report_page
from models.citizens import HIGHEST, LOWEST
from models.refusal import Refusal
from models.vocabulary import State
from tasks.database import reading, transaction
from tasks.inbox import outcome_of
from tasks.links import Purpose
from tasks.public_reopening import objection, put_objection
from tasks.satisfaction import Answered, record_answer
from tasks.wording import clean

CONFLICT, UNPROCESSABLE = 409, 422

SATISFACTION, REOPEN = "satisfaction", "reopen"
SCORES = tuple(str(score) for score in range(LOWEST, HIGHEST + 1))


def public_answer_routes(desk: Desk) -> APIRouter:
    """`/c/{token}/satisfaction` and `/c/{token}/reopen`."""
    routes = APIRouter()

    @routes.post("/c/{token}/satisfaction")
    def satisfaction(request: Request, token: str, posted: PostedForm) -> Response:
        """Records how satisfied a reporter is with a closed round; an answer sent twice is one."""
        opened = _opened(desk, request, token, posted)
        if isinstance(opened, HTMLResponse):
            return opened
        return _scored(desk, request, opened, posted)

    @routes.post("/c/{token}/reopen")
    def reopen(request: Request, token: str, posted: PostedForm) -> Response:
        """Puts "not solved" into the inbox once and wakes a visit; what the rules refuse is said at once."""
        opened = _opened(desk, request, token, posted)
        if isinstance(opened, HTMLResponse):
            return opened
        return _objected(desk, request, opened, posted)

    return routes


def _scored(desk: Desk, request: Request, opened: OpenedCase, posted: dict[str, str]) -> Response:
    score, words = posted.get("score", ""), posted.get("words", "")
    cleaned = clean(words, LONGEST_WORDS)
    fault = "too_long" if len(words) > LONGEST_WORDS else "no_score" if score not in SCORES else ""
    if fault:
        return _not_taken(desk, request, opened, Sent(SATISFACTION, fault, cleaned, score), UNPROCESSABLE)
    if opened.story.case.state is State.CLOSED:
        refusal = _record(desk, opened, _key(posted, SATISFACTION), int(score), cleaned)
        if refusal is not None:
            return _not_taken(desk, request, opened, Sent(SATISFACTION, refusal.code, cleaned, score), CONFLICT)
    return back_to_case(request, opened.token)


def _objected(desk: Desk, request: Request, opened: OpenedCase, posted: dict[str, str]) -> Response:
    reason, key = posted.get("reason", ""), _key(posted, REOPEN)
    cleaned = clean(reason, LONGEST_REASON)
    fault = "too_long" if len(reason) > LONGEST_REASON else "" if cleaned else "no_reason"
    if fault:
        return _not_taken(desk, request, opened, Sent(REOPEN, fault, cleaned), UNPROCESSABLE)
    refusal = _put(desk, opened, cleaned, key)
    if refusal is not None:
        words = refusal_words(refusal, opened, language_of(request))
        return _not_taken(desk, request, opened, Sent(REOPEN, words, cleaned), CONFLICT)
    desk.bell.ring()
    return back_to_case(request, opened.token)


def _opened(desk: Desk, request: Request, token: str, posted: dict[str, str]) -> OpenedCase | HTMLResponse:
    """The report of a reporter's own link, for a form that its page drew."""
    now = desk.clock()
    link = opened_link(desk, request, token, now)
    if isinstance(link, HTMLResponse):
        return link
    if link.purpose is not Purpose.REPORT:
        return opens_nothing(request)
    if not is_our_form(desk, request, posted, token):
        return stale_form(request, token)
    with reading(desk.engine) as connection:
        return opened_case(connection, request, token, link, now)


def _key(posted: dict[str, str], form: str) -> str:
    return FormToken(posted.get("key", ""), "").key_of(form)


def _not_taken(desk: Desk, request: Request, opened: OpenedCase, sent: Sent, status: int) -> HTMLResponse:
    with reading(desk.engine) as connection:
        return report_page(connection, desk, request, opened, status=status, sent=sent)


def _record(desk: Desk, opened: OpenedCase, key: str, score: int, words: str) -> Refusal | None:
    case = opened.story.case
    try:
        with transaction(desk.engine) as connection:
            about = Answered(own_report(connection, opened.link.subject).id, case.id, case.round)
            return record_answer(connection, key, about, score, words, opened.now)
    except IntegrityError:
        return None  # The same form came twice at the same moment: the other one stands there.


def _put(desk: Desk, opened: OpenedCase, reason: str, key: str) -> Refusal | None:
    try:
        with transaction(desk.engine) as connection:
            return _judged_and_put(connection, opened, reason, key)
    except IntegrityError:
        return None  # The same form came twice at the same moment: the other one lies there.


def _judged_and_put(connection: Connection, opened: OpenedCase, reason: str, key: str) -> Refusal | None:
    if outcome_of(connection, key) is not None:
        return None
    action = objection(reason, opened.now, key)
    refusal = judge(foreseen_case(connection, opened), action, opened.city, opened.now)
    if refusal is None:
        put_objection(connection, opened.story.case.id, opened.link.subject, reason, key, opened.now)
    return refusal
