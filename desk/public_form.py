"""A citizen reports something: one form on one page, and a page with the receipt behind it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from desk.context import Desk, city_or_none
from desk.form_token import FormToken, draw_form_token, is_genuine
from desk.opened_case import opened_link, opens_nothing
from desk.pages import in_language, language_of, page
from desk.posted_pictures import Files, Posted, PostedWithPictures, keep_files_of_strangers, refuse_files
from desk.public_form_view import Drawn, ShownForm, form_page
from desk.public_typed import HONEYPOT, read_typed_report
from desk.session_cookie import comes_from_elsewhere
from models.city import City
from models.refusal import Refusal
from tasks.database import reading, transaction
from tasks.links import Link, Purpose, path_of, sign_link
from tasks.picture_store import PictureStore, StoredPicture
from tasks.public_codes import query_code
from tasks.public_limits import What, count_try, is_too_often
from tasks.public_reports import Taken, public_report, receipt_of, take_public_report
from tasks.refusals import render_refusal

SEE_OTHER, FORBIDDEN, UNPROCESSABLE, TOO_OFTEN, NOT_NOW = 303, 403, 422, 429, 503

GOOD_FOR = timedelta(hours=24)
"""How long a form that was opened may be sent."""

PICTURES = "pictures"


class TooOften(Exception):
    """An address, or all together, have had their share; asked before the body of a request is read."""


def public_form_routes(desk: Desk) -> APIRouter:
    """`/report`, and `/report/taken/{token}` behind it."""
    routes = APIRouter()
    store = PictureStore(desk.settings.pictures)

    def not_too_often(request: Request) -> None:
        with reading(desk.engine) as connection:
            if is_too_often(connection, _personal(desk), What.REPORT, client_of(request), desk.clock(), desk.public):
                raise TooOften

    @routes.get("/report")
    def ask(request: Request, find: Annotated[str, Query()] = "", browse: bool = False) -> HTMLResponse:
        """The form; `find` lists the subclasses that fit some words, `browse` all of them."""
        city = _city(desk)
        if city is None:
            return not_open(request)
        typed = read_typed_report({"find": find}, city)
        return form_page(desk, request, city, ShownForm(_draw(desk), typed, browse=browse))

    @routes.post("/report", dependencies=[Depends(not_too_often)])
    def send(request: Request, posted: PostedWithPictures) -> Response:
        """Takes the report once, wakes a visit and leads to its receipt; a search only shows the form again."""
        city = _city(desk)
        return not_open(request) if city is None else _answer(desk, store, request, city, posted)

    @routes.get("/report/taken/{token}")
    def receipt_page(request: Request, token: str) -> HTMLResponse:
        """Receipt number and query code of a report, for whoever holds its link."""
        now = desk.clock()
        link = opened_link(desk, request, token, now)
        if isinstance(link, HTMLResponse):
            return link
        if link.purpose is not Purpose.REPORT:
            return opens_nothing(request)
        key = desk.link_key
        path, code = path_of(key, link, now), query_code(key, link.subject)
        return page(request, "public_taken.html", city=_city(desk), receipt=link.subject, code=code, path=path)

    return routes


def _answer(desk: Desk, store: PictureStore, request: Request, city: City, posted: Posted) -> Response:
    """What a form that came is answered with."""
    drawn = _drawn(posted.fields)
    if comes_from_elsewhere(request) or not _is_ours(desk, drawn) or posted.fields.get(HONEYPOT):
        return page(request, "public_stale.html", FORBIDDEN, city=None)
    with reading(desk.engine) as connection:
        receipt = receipt_of(connection, drawn.token.drawn)
    if receipt is not None:
        return to_receipt(desk, request, receipt)
    typed, files = read_typed_report(posted.fields, city), _files(posted)
    wanted = posted.fields.get("do", "")
    if wanted in ("find", "browse"):
        shown = ShownForm(drawn, typed, pictures_lost=bool(files), browse=wanted == "browse")
        return form_page(desk, request, city, shown)
    refusal = refuse_files(files)
    if not typed.faults and refusal is None:
        taken = _take(desk, store, request, city, drawn, typed.report_values(city), files)
        if isinstance(taken, Taken):
            desk.bell.ring()
            return to_receipt(desk, request, taken.receipt)
        refusal = taken
    words = (render_refusal(refusal.code, refusal.facts, language_of(request), city),) if refusal else ()
    shown = ShownForm(drawn, typed, typed.faults, words, pictures_lost=bool(files) and refusal is None)
    return form_page(desk, request, city, shown, UNPROCESSABLE)


def client_of(request: Request) -> str:
    """The address a request came from; only its keyed digest is ever kept."""
    return request.client.host if request.client else ""


def too_often(request: Request, _: Exception) -> HTMLResponse:
    """The page for whoever reports or asks too often."""
    return page(request, "public_too_often.html", TOO_OFTEN, city=None)


def not_open(request: Request) -> HTMLResponse:
    """The page while no city is loaded."""
    return page(request, "message.html", NOT_NOW, title="broken", help="broken_help", city=None)


def to_receipt(desk: Desk, request: Request, receipt: str) -> RedirectResponse:
    """On to the page with the receipt."""
    token = sign_link(desk.link_key, Link(receipt, Purpose.REPORT, receipt), desk.clock())
    return RedirectResponse(in_language(request, f"/report/taken/{token}"), SEE_OTHER)


def _take(
    desk: Desk,
    store: PictureStore,
    request: Request,
    city: City,
    drawn: Drawn,
    values: Mapping[str, str],
    files: Files,
) -> Taken | Refusal:
    """Pictures into the store, then everything else in one transaction, or nothing.

    Raises: TooOften.
    """
    now, key = desk.clock(), _personal(desk)
    with transaction(desk.engine) as connection:
        if not count_try(connection, key, What.REPORT, client_of(request), now, desk.public):
            raise TooOften
    report = public_report(city, drawn.token.drawn, values, now)
    if isinstance(report, Refusal):
        return report
    kept = keep_files_of_strangers(desk, store, files)
    if isinstance(kept, Refusal):
        return kept
    stored: tuple[StoredPicture, ...] = kept.get(PICTURES, ())
    with transaction(desk.engine) as connection:
        taken = take_public_report(connection, city, key, report, stored, now)
        if isinstance(taken, Refusal):
            connection.rollback()
        return taken


def _city(desk: Desk) -> City | None:
    with reading(desk.engine) as connection:
        return city_or_none(connection)


def _personal(desk: Desk) -> bytes:
    return desk.settings.secret_key("personal")


def _draw(desk: Desk) -> Drawn:
    issued = str(int(desk.clock().timestamp()))
    return Drawn(issued, draw_form_token(desk.link_key, _bound_to(issued)))


def _drawn(posted: Mapping[str, str]) -> Drawn:
    return Drawn(posted.get("issued", ""), FormToken(posted.get("key", ""), posted.get("proof", "")))


def _is_ours(desk: Desk, drawn: Drawn) -> bool:
    """Whether we drew this form, not too long ago."""
    if not is_genuine(desk.link_key, _bound_to(drawn.issued), drawn.token):
        return False
    return desk.clock() - datetime.fromtimestamp(int(drawn.issued), desk.clock().tzinfo) <= GOOD_FOR


def _bound_to(issued: str) -> str:
    """A citizen has no link yet: the form is bound to when it was drawn."""
    return f"public report {issued}"


def _files(posted: Posted) -> Files:
    return {PICTURES: posted.files[PICTURES]} if PICTURES in posted.files else {}
