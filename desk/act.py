"""A person acts on a case: one form of its page, put into the action inbox once; a visit carries it out."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from desk.acting_view import NotTaken, actor_of, foreseen_case, held_by_colleague
from desk.case_page import back_to_case, case_answer, stale_form
from desk.context import Desk
from desk.foreseen import judge
from desk.form_facts import PICTURES, Typed, form_named, most_pictures, read_typed
from desk.form_token import FormToken
from desk.opened_case import OpenedCase, opened_case, opened_link, opens_nothing
from desk.posted_form import is_our_form
from desk.posted_pictures import Files, Kept, PostedWithPictures, files_of, keep_files, refuse_files
from models.lifecycle_rules import Action
from models.picture import OfCase
from models.refusal import Refusal
from models.vocabulary import ENDED
from tasks.case_store import CASES
from tasks.database import reading, transaction
from tasks.inbox import find_case, outcome_of, put_action
from tasks.links import Link, Purpose
from tasks.picture_store import PictureStore
from tasks.pictures import Handed, add_pictures, handed_in

CONFLICT, UNPROCESSABLE = 409, 422

TO_BE_MENDED = frozenset(
    {"missing_fact", "unreadable_fact", "wanted_in_past", "suspension_too_long", "merge_target", "same_case"}
    | {"unknown_class", "unknown_area", "unknown_unit", "no_inspector", "unit_not_below"}
    | {"no_picture", "too_many_pictures", "picture_too_large", "pictures_of_case_full", "not_a_picture"}
    | {"picture_damaged", "picture_too_many_pixels"}
)
"""Refusals of what was typed: the same person may mend it and send it again."""


_COMING = "0" * 64
"""Stands for the digest of a picture that came and is not looked at yet."""


def act_routes(desk: Desk) -> APIRouter:
    """`/c/{token}/act`."""
    routes = APIRouter()
    store = PictureStore(desk.settings.pictures)

    @routes.post("/c/{token}/act")
    def act(request: Request, token: str, posted: PostedWithPictures) -> Response:
        """Puts one action into the inbox, wakes a visit, and leads back to the page, which says how it stands.

        What cannot be taken as the case stands is said at once, with what was typed; nothing is put then, and no
        picture is opened.
        """
        now = desk.clock()
        link = opened_link(desk, request, token, now)
        if isinstance(link, HTMLResponse):
            return link
        with reading(desk.engine) as connection:
            opened = opened_case(connection, request, token, link, now)
            if isinstance(opened, HTMLResponse) or link.purpose is not Purpose.CASE:
                return opened if isinstance(opened, HTMLResponse) else opens_nothing(request)
            drawn = FormToken(posted.fields.get("key", ""), posted.fields.get("proof", ""))
            form = form_named(posted.fields.get("form", ""))
            if form is None or not is_our_form(desk, request, posted.fields, token):
                return stale_form(request, token)
            key = drawn.key_of(str(form))
            if outcome_of(connection, key) is not None:
                return back_to_case(request, token)
            typed, files = read_typed(form, posted.fields, opened.city), files_of(form, posted)
            not_taken = why_not_taken(connection, opened, typed, files, key)
            if not_taken is not None:
                status = _status(not_taken)
                return case_answer(connection, desk, request, opened, status=status, not_taken=not_taken)
            known = handed_in(connection, OfCase(opened.story.case.id)) if files else {}
        kept = keep_files(desk, store, files, known)
        refusal = kept if isinstance(kept, Refusal) else put_typed(desk, opened, typed, kept, key)
        if refusal is None:
            desk.bell.ring()
            return back_to_case(request, token)
        if refusal.code not in TO_BE_MENDED:
            return opens_nothing(request)
        not_taken = NotTaken(typed, refusal)
        with reading(desk.engine) as connection:
            # Pictures take their time: the page tells what has happened to the case meanwhile.
            opened = opened_case(connection, request, token, link, now)
            if isinstance(opened, HTMLResponse):
                return opened
            return case_answer(connection, desk, request, opened, status=UNPROCESSABLE, not_taken=not_taken)

    return routes


def why_not_taken(connection: Connection, opened: OpenedCase, typed: Typed, files: Files, key: str) -> NotTaken | None:
    """Why a form cannot be taken as the case stands and what waits for it will leave it."""
    if typed.too_long is not None:
        return NotTaken(typed, None)
    held = held_by_colleague(connection, opened)
    if held is not None:
        return NotTaken(typed, Refusal("held_by_colleague", {"post": held.post, "until": held.until.isoformat()}))
    resolved = _target(connection, str(typed.facts.get("into", "")))
    coming = {name: _as_fact(name, [_COMING] * len(some)) for name, some in files.items()}
    action = Action(typed.form.action, actor_of(opened), {**typed.facts, **coming}, opened.now, "desk", key, resolved)
    refusal = judge(foreseen_case(connection, opened), action, opened.city, opened.now) or refuse_files(files)
    return NotTaken(typed, refusal) if refusal is not None else None


def _target(connection: Connection, into: str) -> dict[str, Any]:
    """The case to join, as the visit will look it up."""
    case_id = find_case(connection, into) if into else None
    if case_id is None:
        return {}
    state = connection.execute(select(CASES.c.state).where(CASES.c.id == case_id)).scalar_one()
    return {"into_id": case_id, "into_ended": state in ENDED}


def _status(not_taken: NotTaken) -> int:
    refusal = not_taken.refusal
    return UNPROCESSABLE if refusal is None or refusal.code in TO_BE_MENDED else CONFLICT


def _as_fact(name: str, digests: list[str]) -> list[str] | str:
    return digests if most_pictures(name) > 1 else digests[0]


def put_typed(desk: Desk, opened: OpenedCase, typed: Typed, kept: Kept, key: str) -> Refusal | None:
    """Puts the action with its pictures into the inbox, all or nothing, or says why it cannot lie there."""
    link = opened.link
    try:
        with transaction(desk.engine) as connection:
            digests = _add_pictures(connection, link, opened, kept)
            if isinstance(digests, Refusal):
                connection.rollback()
                return digests
            put = put_action(
                connection,
                opened.city,
                case=link.subject,
                action=typed.form.action.value,
                by_post=link.recipient,
                facts={**typed.facts, **digests},
                origin="desk",
                now=opened.now,
                key=key,
            )
            if isinstance(put, Refusal) or put.already:
                connection.rollback()  # The pictures belong to an action that is not there, or came with other ones.
    except IntegrityError:
        return None  # The same form came twice at the same moment: the other one lies there.
    return put if isinstance(put, Refusal) else None


def _add_pictures(
    connection: Connection, link: Link, opened: OpenedCase, kept: Kept
) -> dict[str, list[str] | str] | Refusal:
    """The rows of the pictures; returns the facts that name them."""
    case, facts = opened.story.case, dict[str, list[str] | str]()
    for name, stored in kept.items():
        handed = Handed(PICTURES[name], link.recipient, "desk")
        digests = add_pictures(connection, stored, OfCase(case.id, case.round), handed, opened.now)
        if isinstance(digests, Refusal):
            return digests
        facts[name] = _as_fact(name, list(digests))
    return facts
