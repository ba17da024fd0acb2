"""A list of what waits for somebody, in the words of one reader's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from desk.action_forms import action_title
from desk.context import Desk
from desk.form_facts import FormCode
from desk.pages import form_word, language_of, page
from models.city import City
from models.vocabulary import ActionName
from tasks.links import Link, Purpose, path_of
from tasks.waiting_work import Waiting
from tasks.wording import clean, duration_words, moment_words
from tasks.words import Language, word

LONGEST_PLACE = 80

AT_ONCE = (ActionName.ACCEPT, ActionName.FILE, ActionName.CLOSE)
"""Steps that may be taken on several rows of a list without a word; decisions ask for their reason."""

SOON = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One thing that waits, as plain texts."""

    path: str
    """The case page, by a link signed for the reader."""
    case: str
    class_name: str
    step: str
    place: str
    unit: str
    until: str
    left: str
    look: str
    """late, soon or empty."""
    instead_of: str
    """The absent post it falls to; empty where it is the reader's own."""
    held_by: str
    held_until: str
    mine: bool
    """Whether the reader holds it."""
    choice: str
    """What the box before the row stands for: case and form; empty where the row needs its own page.

    Example: E0110201905060001 decide-extension.
    """


@dataclass(frozen=True, slots=True)
class ChosenButton:
    """A button below a list, for the rows that are chosen."""

    press: str
    """The step, for a decision with its verdict. Example: decide:granted."""
    label: str


def chosen_buttons(waiting: Sequence[Waiting], language: Language) -> list[ChosenButton]:
    """The buttons that make sense for these rows."""
    steps = {one.step for one in waiting}
    buttons = [ChosenButton(step.value, action_title(step, None, language)) for step in AT_ONCE if step in steps]
    if ActionName.DECIDE in steps:
        verdicts = ("granted", "refused")
        buttons += [ChosenButton(f"decide:{one}", form_word("button", one, language)) for one in verdicts]
    return buttons


def work_lines(
    desk: Desk, city: City, reader: str, waiting: Sequence[Waiting], now: datetime, language: Language
) -> list[WorkLine]:
    """The lines of a list, each with its own link to the case."""
    key = desk.link_key
    return [_line(key, city, reader, one, now, language) for one in waiting]


def work_page(request: Request, template: str, status: int = 200, **content: Any) -> HTMLResponse:
    """A page of these; `own` gives the words of the group `work`."""
    language = language_of(request)
    return page(request, template, status, own=lambda code: form_word("work", code, language), **content)


def _line(key: bytes, city: City, reader: str, one: Waiting, now: datetime, language: Language) -> WorkLine:
    subclass = city.catalogue.subclasses.get(one.class_code or "")
    unit = city.units.get(one.unit or "")
    hold = one.hold
    step = word("action", one.step, language)
    return WorkLine(
        path=path_of(key, Link(reader, Purpose.CASE, one.case), now),
        case=one.case,
        class_name=subclass.minor if subclass else (one.class_code or ""),
        step=f"{step} · {word('request', one.request, language)}" if one.request else step,
        place=clean(one.place, LONGEST_PLACE),
        unit=unit.name if unit else (one.unit or ""),
        until=moment_words(one.due_at, language, city.zone, now) if one.due_at else "",
        left=duration_words(one.due_at - now, language) if one.due_at else "",
        look=_look(one.due_at, now),
        instead_of=city.posts[one.owner].name if one.owner != reader else "",
        held_by=_post(city, hold.post) if hold else "",
        held_until=f"{hold.until.astimezone(city.zone):%H:%M}" if hold else "",
        mine=hold is not None and hold.post == reader,
        choice=f"{one.case} {FormCode(one.step, one.request)}" if one.step in (*AT_ONCE, ActionName.DECIDE) else "",
    )


def _look(due_at: datetime | None, now: datetime) -> str:
    if due_at is None:
        return ""
    return "late" if due_at < now else "soon" if due_at - now < SOON else ""


def _post(city: City, code: str) -> str:
    found = city.posts.get(code)
    return found.name if found else code
