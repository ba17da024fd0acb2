"""`/evaluation/{token}/entries`: what is entered for a month by hand, by whom, with what shows it, and its forms."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from desk.context import Desk
from desk.form_token import FormToken, draw_form_token
from desk.opened_case import FORBIDDEN, opens_nothing
from desk.opened_month import OpenedMonths, month_words, months_link, opened_months
from desk.own_page import go_on
from desk.pages import language_of, page
from desk.passing_failures import tried_again
from desk.posted_form import PostedForm, is_our_form
from desk.posted_pictures import Posted, PostedWithPictures, keep_files
from models.picture_rules import refuse_uploads
from models.refusal import Refusal
from models.scheme import Scheme
from models.scheme_entries import value_typed
from models.scored import plain
from models.vocabulary import UNIT_ROLES
from tasks.counted_marks import is_month
from tasks.database import reading
from tasks.evaluation_entries import (
    LONGEST_TEXT,
    EntryWish,
    StoredEntry,
    enter,
    entries_closed,
    entries_of,
    scheme_of,
    take_back,
)
from tasks.links import path_of
from tasks.picture_store import PictureMissing, PictureStore
from tasks.refusals import render_refusal
from tasks.schemes import SchemeFaulty, SchemeMissing
from tasks.words import Language

NOT_FOUND, CONFLICT = 404, 409

EVIDENCE = "evidence_picture"
"""The form's field for a picture."""

_NOTHING: Mapping[str, str] = {}


def entry_routes(desk: Desk) -> APIRouter:
    """The page of a month's entries, its two forms, and the pictures that show them."""
    routes = APIRouter()
    store = PictureStore(desk.settings.pictures)

    @routes.get("/evaluation/{token}/entries")
    def show(request: Request, token: str) -> HTMLResponse:
        """All entries to whoever oversees; who may enter something sees the form too."""
        with reading(desk.engine) as connection:
            opened = _opened(connection, desk, request, token)
            return opened if isinstance(opened, HTMLResponse) else _answer(connection, desk, request, opened)

    _add_forms(desk, routes, store)
    _add_evidence(desk, routes, store)
    return routes


def _add_forms(desk: Desk, routes: APIRouter, store: PictureStore) -> None:
    @routes.post("/evaluation/{token}/enter")
    def entered(request: Request, token: str, posted: PostedWithPictures) -> Response:
        """One entry; the same form sent again is the same entry."""
        opened = _opened_for_form(desk, request, token, posted.fields)
        if isinstance(opened, HTMLResponse):
            return opened
        kept = _kept_picture(desk, store, posted)
        if isinstance(kept, Refusal):
            return _refused(desk, request, opened, kept, posted.fields)
        wish = _wish(opened, posted.fields, kept)
        if isinstance(wish, Refusal):
            return _refused(desk, request, opened, wish, posted.fields)
        key = FormToken(posted.fields.get("key", ""), "").key_of("enter")
        found = tried_again(
            desk.engine, lambda connection: enter(connection, opened.city, wish, opened.post, key, opened.now)
        )
        if isinstance(found, Refusal):
            return _refused(desk, request, opened, found, posted.fields)
        return go_on(request, f"/evaluation/{token}/entries")

    @routes.post("/evaluation/{token}/take-back")
    def taken_back(request: Request, token: str, posted: PostedForm) -> Response:
        """Takes one entry back, with the reason."""
        opened = _opened_for_form(desk, request, token, posted)
        if isinstance(opened, HTMLResponse):
            return opened
        typed = posted.get("number", "")
        number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 16 else 0
        key = FormToken(posted.get("key", ""), "").key_of(f"back-{number}")
        words = posted.get("words", "")
        found = tried_again(
            desk.engine,
            lambda connection: take_back(connection, opened.city, number, words, opened.post, key, opened.now),
        )
        if isinstance(found, Refusal):
            return _refused(desk, request, opened, found, _NOTHING)
        return go_on(request, f"/evaluation/{token}/entries")


def _add_evidence(desk: Desk, routes: APIRouter, store: PictureStore) -> None:
    @routes.get("/evaluation/{token}/evidence/{digest}", responses={200: {"content": {"image/jpeg": {}}}})
    def evidence(request: Request, token: str, digest: str) -> Response:
        """The picture of an entry: to whoever oversees, and to the unit it was entered for."""
        with reading(desk.engine) as connection:
            opened = opened_months(connection, desk, request, token)
            if isinstance(opened, HTMLResponse):
                return opened
            if not _may_see(connection, opened, digest):
                return opens_nothing(request)
        try:
            content = store.read(digest)
        except PictureMissing:
            return page(request, "message.html", NOT_FOUND, title="not_found", help="not_found_help", city=None)
        return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


def _opened(connection: Connection, desk: Desk, request: Request, token: str) -> OpenedMonths | HTMLResponse:
    opened = opened_months(connection, desk, request, token)
    if isinstance(opened, HTMLResponse):
        return opened
    return opened if opened.oversees and is_month(opened.subject, opened.city) else opens_nothing(request)


def _opened_for_form(
    desk: Desk, request: Request, token: str, posted: Mapping[str, str]
) -> OpenedMonths | HTMLResponse:
    with reading(desk.engine) as connection:
        opened = _opened(connection, desk, request, token)
    if not isinstance(opened, HTMLResponse) and not is_our_form(desk, request, posted, token):
        return page(request, "form_stale.html", FORBIDDEN, city=None, case=f"/evaluation/{token}/entries")
    return opened


def _may_see(connection: Connection, opened: OpenedMonths, digest: str) -> bool:
    own = opened.post.unit if opened.post.role in UNIT_ROLES else None
    if own is None and not opened.oversees:
        return False
    return any(entry.file == digest for entry in entries_of(connection, opened.subject, own))


def _kept_picture(desk: Desk, store: PictureStore, posted: Posted) -> str | Refusal | None:
    """The digest of the picture that came, in the store; None where none came."""
    files = posted.files.get(EVIDENCE, ())
    if not files:
        return None
    if len(files) > 1:
        return Refusal("too_many_pictures", {"given": len(files), "most": 1})
    refused = refuse_uploads([file.size or 0 for file in files])
    kept = refused or keep_files(desk, store, {EVIDENCE: files}, {})
    return kept if isinstance(kept, Refusal) else kept[EVIDENCE][0].sha256


def _wish(opened: OpenedMonths, posted: Mapping[str, str], file: str | None) -> EntryWish | Refusal:
    value = value_typed(posted.get("value", ""))
    if value is None:
        return Refusal("entry_no_number", {"value": posted.get("value", "")[:40]})
    typed = [posted.get(name, "") for name in ("unit", "item", "evidence", "words")]
    unit, item, evidence, words = (text.strip()[:LONGEST_TEXT] for text in typed)
    return EntryWish(opened.subject, unit, item, value, evidence, words, file)


def _refused(
    desk: Desk, request: Request, opened: OpenedMonths, refusal: Refusal, posted: Mapping[str, str]
) -> HTMLResponse:
    with reading(desk.engine) as connection:
        return _answer(connection, desk, request, opened, refusal, posted, CONFLICT)


def _answer(
    connection: Connection,
    desk: Desk,
    request: Request,
    opened: OpenedMonths,
    refusal: Refusal | None = None,
    posted: Mapping[str, str] = _NOTHING,
    status: int = 200,
) -> HTMLResponse:
    language = language_of(request)
    try:
        scheme, problem = scheme_of(opened.city, opened.subject), ""
    except (SchemeMissing, SchemeFaulty) as error:
        scheme, problem = None, str(error)
    closed = entries_closed(connection, opened.city, opened.subject, opened.now)
    items = _items(scheme, opened, language) if scheme else []
    found = entries_of(connection, opened.subject)
    return page(
        request,
        "evaluation_entries.html",
        status,
        city=opened.city,
        reader=opened.post.name,
        token=opened.token,
        month=month_words(opened.subject, language),
        months=path_of(desk.link_key, months_link(opened.post.code), opened.now),
        refusal=_told(refusal, opened, language),
        closed=_told(closed, opened, language),
        problem=problem,
        items=items,
        units=_units(scheme, opened) if scheme else [],
        entries=[_line(opened, scheme, entry, language) for entry in reversed(found)],
        typed=posted,
        evidence_field=EVIDENCE,
        longest=LONGEST_TEXT,
        form=draw_form_token(desk.link_key, opened.token),
    )


def _told(refusal: Refusal | None, opened: OpenedMonths, language: Language) -> str:
    return render_refusal(refusal.code, refusal.facts, language, opened.city) if refusal else ""


def _items(scheme: Scheme, opened: OpenedMonths, language: Language) -> list[dict[str, Any]]:
    """What the reader may enter."""
    return [
        {
            "code": item.code,
            "title": item.title.zh if language == "zh" else item.title.en,
            "evidence": item.evidence,
            "counted": item.counted is not None,
            "required": item.required,
            "least": plain(item.least) if item.least is not None else "",
            "most": plain(item.most) if item.most is not None else "",
        }
        for item in scheme.manual.values()
        if opened.post.role in item.by
    ]


def _units(scheme: Scheme, opened: OpenedMonths) -> list[dict[str, Any]]:
    """The units that are scored, by group."""
    found = []
    for group in scheme.groups:
        units = [unit for unit in opened.city.units.values() if unit.group and scheme.group(unit.group) is group]
        if units:
            found.append({"title": group.title, "units": [(unit.code, unit.name) for unit in units]})
    return found


def _line(opened: OpenedMonths, scheme: Scheme | None, entry: StoredEntry, language: Language) -> dict[str, Any]:
    item = scheme.manual.get(entry.item) if scheme else None
    unit, holder = opened.city.units.get(entry.unit), opened.city.posts.get(entry.by)
    return {
        "number": entry.number,
        "unit": unit.name if unit else entry.unit,
        "item": (item.title.zh if language == "zh" else item.title.en) if item else entry.item,
        "value": plain(entry.value),
        "evidence": entry.evidence,
        "file": entry.file,
        "words": entry.words,
        "by": holder.name if holder else entry.by,
        "at": opened.moment(entry.at, language),
        "takes_back": entry.takes_back,
        "taken_back": entry.taken_back,
        "mine_to_take": entry.stands and item is not None and opened.post.role in item.by,
    }
