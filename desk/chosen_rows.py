"""Several rows of a list at once: one decision with its reason, or one step that needs no words, for each chosen row.

Each row is judged and put as if its own page had been used; one that cannot be taken holds up none of the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from desk.act import put_typed, why_not_taken
from desk.action_forms import action_title
from desk.context import Desk
from desk.form_facts import Typed, form_named, posted_fields, read_typed
from desk.form_token import FormToken
from desk.opened_case import OpenedCase, opened_case, opens_nothing
from desk.own_page import opened_own_page
from desk.pages import form_word, language_of
from desk.posted_form import is_our_form
from desk.seat_page import on_duty_posting, sign_in_again
from desk.work_view import AT_ONCE, work_page
from models.city import City
from models.refusal import Refusal
from models.vocabulary import ActionName
from tasks.database import reading
from tasks.inbox import outcome_of
from tasks.links import Link, Purpose, path_of
from tasks.refusals import render_refusal
from tasks.waiting_work import PAGE
from tasks.words import Language

A = ActionName

CHOSEN = "chosen-"
"""What the fields of chosen rows begin with; each holds the case and the form. Example: E0110… decide-extension."""

MOST_FIELDS = PAGE + 10


async def _choice(request: Request) -> dict[str, str]:
    return posted_fields(await request.body(), MOST_FIELDS)


PostedChoice = Annotated[dict[str, str], Depends(_choice)]
"""The fields of a list with its boxes."""

LONGEST_ROW = 90
"""Characters of a chosen row; what is longer stands for none of ours."""


@dataclass(frozen=True, slots=True)
class ChosenLine:
    """What became of one chosen row."""

    case: str
    title: str
    path: str
    taken: bool
    said: str


def chosen_routes(desk: Desk) -> APIRouter:
    """`/me/{token}/decide` and `/seat/decide`: the buttons below both lists."""
    routes = APIRouter()

    @routes.post("/me/{token}/decide")
    def decide(request: Request, token: str, posted: PostedChoice) -> Response:
        """For whoever holds the link to an own page."""
        mine = opened_own_page(desk, request, token)
        if isinstance(mine, HTMLResponse):
            return mine
        if not is_our_form(desk, request, posted, token):
            return opens_nothing(request)
        return _answer(desk, request, mine.city, mine.post.code, posted, mine.now, f"/me/{token}")

    @routes.post("/seat/decide")
    def decide_at_seat(request: Request, posted: PostedChoice) -> Response:
        """For whoever is signed in."""
        with reading(desk.engine) as connection:
            duty = on_duty_posting(connection, desk, request, posted)
        if duty is None:
            return sign_in_again(request)
        return _answer(desk, request, duty.city, duty.session.post, posted, duty.now, "/seat")

    return routes


def _answer(
    desk: Desk, request: Request, city: City, reader: str, posted: Mapping[str, str], now: datetime, back: str
) -> HTMLResponse:
    lines = take_chosen(desk, request, reader, posted, now)
    if lines is None:
        return opens_nothing(request)
    return work_page(request, "chosen.html", city=city, lines=lines, back=back)


def take_chosen(
    desk: Desk, request: Request, reader: str, posted: Mapping[str, str], now: datetime
) -> list[ChosenLine] | None:
    """Puts what was pressed for each chosen row into the inbox; None where it was no button of ours.

    A decision without a reason is taken for no row.
    """
    press = _pressed(posted)
    if press is None:
        return None
    rows = dict.fromkeys(value for name, value in posted.items() if name.startswith(CHOSEN))
    lines = [_take(desk, request, reader, row, press, now) for row in list(rows)[:PAGE]]
    if any(line.taken for line in lines):
        desk.bell.ring()
    return lines


@dataclass(frozen=True, slots=True)
class _Press:
    """The button that was pressed, on one drawing of the list."""

    action: ActionName
    given: Mapping[str, str]
    drawn: FormToken


def _pressed(posted: Mapping[str, str]) -> _Press | None:
    """What a button stands for; None where no list has such a button."""
    step, _, verdict = posted.get("press", "").partition(":")
    drawn = FormToken(posted.get("key", ""), posted.get("proof", ""))
    if step in AT_ONCE:
        return _Press(A(step), {}, drawn)
    if step == A.DECIDE and verdict in ("granted", "refused"):
        return _Press(A.DECIDE, {"verdict": verdict, "reason": posted.get("reason", "")}, drawn)
    return None


def _take(desk: Desk, request: Request, reader: str, row: str, press: _Press, now: datetime) -> ChosenLine:
    """One row, in transactions of its own."""
    name, _, form_name = row.replace("\0", "")[:LONGEST_ROW].partition(" ")
    form, language = form_named(form_name), language_of(request)
    if form is None or form.action != press.action:
        return ChosenLine(name, "", "", False, form_word("work", "other_step", language))
    title, link = action_title(form.action, form.kind, language), Link(reader, Purpose.CASE, name)
    key = f"{press.drawn.key_of(form_name)}-{name}"
    with reading(desk.engine) as connection:
        opened = opened_case(connection, request, "", link, now)
        if isinstance(opened, HTMLResponse):  # No such case, or none of this reader's: neither is told, nor linked.
            return ChosenLine(name, title, "", False, form_word("work", "gone", language))
        typed = read_typed(form, press.given, opened.city)
        said = _why_not(connection, opened, typed, key, language)
    if said is None:
        refusal = put_typed(desk, opened, typed, {}, key)
        said = _in_words(refusal, language, opened.city) if refusal is not None else None
    path = path_of(desk.link_key, link, now)
    return ChosenLine(name, title, path, said is None, said or form_word("work", "put", language))


def _why_not(connection: Connection, opened: OpenedCase, typed: Typed, key: str, language: Language) -> str | None:
    """Why a row cannot be taken. Who decides about many at once says why, also where a single grant need not."""
    if outcome_of(connection, key) is not None:
        return None
    if typed.too_long is not None:
        return form_word("page", "too_long", language)
    if typed.form.action is A.DECIDE and not typed.facts.get("reason"):
        return _in_words(Refusal("missing_fact", {"needs": ["reason"]}), language, opened.city)
    not_taken = why_not_taken(connection, opened, typed, {}, key)
    refusal = not_taken.refusal if not_taken is not None else None
    return _in_words(refusal, language, opened.city) if refusal is not None else None


def _in_words(refusal: Refusal, language: Language, city: City) -> str:
    return render_refusal(refusal.code, refusal.facts, language, city)
