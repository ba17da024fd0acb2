"""The pictures on a case's page, for whom they may be shown to, and the files behind them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, select

from desk.context import Desk
from desk.opened_case import CASES, REPORTS, OpenedCase, opened_case, opened_link
from desk.pages import page
from models.case_state import CaseState
from models.city import City
from models.picture import PictureKind
from models.picture_rules import LIMITS
from models.vocabulary import ActionName, Role, State
from tasks.case_store import EVENTS
from tasks.database import reading
from tasks.links import Link, Purpose
from tasks.picture_store import PictureMissing, PictureStore
from tasks.pictures import KeptPicture, pictures_of_cases, pictures_of_reports, resembling
from tasks.wording import moment_words
from tasks.words import Language

CHECKERS = frozenset({Role.INSPECTOR, Role.ACCEPTOR, Role.SHIFT_LEADER})
"""Who is told that an after-picture resembles one of another case."""

BEING_CHECKED = frozenset({State.CHECKING, State.CLOSING})
"""Where somebody must judge whether the problem is gone."""

_PROVING = (ActionName.REPORT_HANDLED, ActionName.QUICK_FIX)


@dataclass(frozen=True, slots=True)
class PictureLine:
    """One picture: the addresses of its two copies below the case's page, and when and by whom it was handed in."""

    small: str
    full: str
    width: int
    height: int
    at: str
    who: str
    """A post; empty for everybody else, and on a reporter's page."""


@dataclass(frozen=True, slots=True)
class PicturesView:
    """All pictures of a page."""

    before: tuple[PictureLine, ...]
    after: tuple[PictureLine, ...]
    other: tuple[PictureLine, ...]
    alike: tuple[str, ...] = ()
    """Numbers of other cases whose after-picture is nearly the same."""

    @property
    def any(self) -> bool:
        """Whether there is something to show."""
        return bool(self.before or self.after or self.other)


def picture_routes(desk: Desk) -> APIRouter:
    """`/c/{token}/picture/{digest}`."""
    routes = APIRouter()
    store = PictureStore(desk.settings.pictures)

    @routes.get("/c/{token}/picture/{digest}", responses={200: {"content": {"image/jpeg": {}}}})
    def show_picture(request: Request, token: str, digest: str) -> Response:
        """One copy of a picture that the page behind this link shows; the reader's own browser may keep it an hour."""
        now = desk.clock()
        link = opened_link(desk, request, token, now)
        if isinstance(link, HTMLResponse):
            return link
        with reading(desk.engine) as connection:
            opened = opened_case(connection, request, token, link, now)
            if isinstance(opened, HTMLResponse):
                return opened
            shown = _shown(connection, link, opened.story.case.id)
        if not any(digest in (picture.sha256, picture.small_sha256) for picture in shown):
            return _no_such_picture(request)
        try:
            content = store.read(digest)
        except PictureMissing:
            return _no_such_picture(request)
        return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})

    return routes


def pictures_view(connection: Connection, desk: Desk, opened: OpenedCase, language: Language) -> PicturesView:
    """The pictures of an opened case, for its reader."""
    case, link = opened.story.case, opened.link
    shown = _shown(connection, link, case.id)
    lines = [(picture.kind, _line(picture, opened, language)) for picture in shown]
    before, after, other = (tuple(line for kind, line in lines if kind is wanted) for wanted in PictureKind)
    within = desk.settings.pictures_alike_within
    checks = _checks(link, case, opened.city)
    return PicturesView(before, after, other, _alike(connection, case, shown, within) if checks else ())


def _shown(connection: Connection, link: Link, case_id: int) -> list[KeptPicture]:
    """The pictures a link shows: all of the case to a post that may open it, to a reporter hardly any.

    A reporter sees what came with their own report and, once the case is closed, what proved that it was handled: not
    the pictures of other reporters, of inspectors, of attempts that failed the check.
    """
    if link.purpose is not Purpose.REPORT:
        return pictures_of_cases(connection, [case_id])[case_id]
    report_id = connection.scalars(select(REPORTS.c.id).where(REPORTS.c.receipt_number == link.subject)).one()
    own = pictures_of_reports(connection, [report_id])[report_id]
    state = connection.scalars(select(CASES.c.state).where(CASES.c.id == case_id)).one()
    if state != State.CLOSED:
        return own
    return own + _proof(connection, case_id, pictures_of_cases(connection, [case_id])[case_id])


def _proof(connection: Connection, case_id: int, pictures: Sequence[KeptPicture]) -> list[KeptPicture]:
    """Those of a case's pictures with which it was last reported as handled."""
    newest = select(EVENTS.c.facts).where(EVENTS.c.case_id == case_id, EVENTS.c.action.in_(_PROVING))
    facts = connection.scalars(newest.order_by(EVENTS.c.seq.desc()).limit(1)).first()
    said = json.loads(facts) if facts else {}
    digests = {*said.get("pictures", ()), said.get("picture_after")}
    return [picture for picture in pictures if picture.kind is PictureKind.AFTER and picture.sha256 in digests]


def _checks(link: Link, case: CaseState, city: City) -> bool:
    """Whether this reader is one of those who must judge the case now."""
    post = city.posts.get(link.recipient) if link.purpose is Purpose.CASE else None
    return post is not None and post.role in CHECKERS and case.state in BEING_CHECKED


def _alike(connection: Connection, case: CaseState, pictures: Sequence[KeptPicture], within: int) -> tuple[str, ...]:
    """The other cases whose after-pictures the newest ones of this case resemble."""
    proof = _proof(connection, case.id, pictures)
    found = (other.case for picture in proof for other in resembling(connection, picture.likeness, case.id, within))
    return tuple(dict.fromkeys(found))


def _line(picture: KeptPicture, opened: OpenedCase, language: Language) -> PictureLine:
    inside = opened.link.purpose is not Purpose.REPORT
    post = opened.city.posts.get(picture.by) if inside else None
    smaller = min(1, LIMITS.small_side / max(picture.width, picture.height))
    return PictureLine(
        small=f"/c/{opened.token}/picture/{picture.small_sha256}",
        full=f"/c/{opened.token}/picture/{picture.sha256}",
        width=max(1, round(picture.width * smaller)),
        height=max(1, round(picture.height * smaller)),
        at=_moment(picture.at, opened, language),
        who=post.name if post else "",
    )


def _moment(at: datetime, opened: OpenedCase, language: Language) -> str:
    return moment_words(at, language, opened.city.zone, opened.now)


def _no_such_picture(request: Request) -> HTMLResponse:
    return page(request, "message.html", 404, title="not_found", help="not_found_help", city=None)
