"""What an administrator changes on the page of a post: at once in force, each change once and on record."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from desk.admin_lines import Banner
from desk.admin_pages import Answer, back_to_post, post_page
from desk.admin_view import outcome_banner
from desk.case_page import SEE_OTHER
from desk.context import Desk, city_or_none
from desk.form_facts import LONGEST_LINE
from desk.form_token import FormToken
from desk.pages import form_word, language_of
from desk.posted_form import PostedForm
from desk.seat_page import CONFLICT, OnDuty, on_duty_posting, sign_in_again
from models.city import City, ContactPoint, Post
from models.desk_record import DeskRecordKind
from models.personal_text import without_personal_numbers
from models.vocabulary import Role
from tasks.contact_tests import record_test, send_test
from tasks.database import transaction
from tasks.desk_records import Doing, was_done, write_record
from tasks.directory_changes import Change, How, Outcome, change_directory, hold_city
from tasks.revocation import revoke_access

UNPROCESSABLE, NOT_FOUND = 422, 404

STATUS = {How.STALE: CONFLICT, How.FAULTY: UNPROCESSABLE}

SHORTEST_REASON = 2


@dataclass(frozen=True, slots=True)
class _Sent:
    """A form as it came: who sent it, about which post, its fields cleaned."""

    duty: OnDuty
    post: Post
    fields: Mapping[str, str]
    form: str
    """Which form of the page, with what tells it from others of its kind."""

    @property
    def doing(self) -> Doing:
        """Who does it, when, under the key of this form."""
        token = FormToken(self.fields.get("key", ""), "")
        what = f"admin-{self.post.code}-{self.form}-{self.fields.get('do', '')[:8]}"
        return Doing(self.duty.session.post, self.duty.now, token.key_of(what))

    def change(self, file: str, key: tuple[str, ...], cells: Mapping[str, str] | None) -> Change:
        """A change of one row, from the edition the page showed."""
        return Change(file, key, cells, self.fields.get("edition", ""))


def admin_post_routes(desk: Desk) -> APIRouter:
    """The forms of a post: `/admin/details`, `/admin/contact`, `/admin/leave`, `/admin/revoke`, `/admin/test`."""
    routes = APIRouter()
    _add_directory_forms(routes, desk)
    _add_access_forms(routes, desk)
    return routes


def _add_directory_forms(routes: APIRouter, desk: Desk) -> None:
    """What changes the directory."""

    @routes.post("/admin/details")
    def details(request: Request, posted: PostedForm) -> Response:
        """The post's name, its deputy, from when to when it exists."""
        with transaction(desk.engine) as connection:
            sent = _sent(connection, desk, request, posted, "details")
            if sent is None:
                return sign_in_again(request)
            cells = _details(sent.post, sent.duty.city, sent.fields)
            return _changed(connection, desk, request, sent, sent.change("posts.csv", (sent.post.code,), cells))

    @routes.post("/admin/contact")
    def contact(request: Request, posted: PostedForm) -> Response:
        """A contact point: added, replaced, or taken out."""
        with transaction(desk.engine) as connection:
            sent = _sent(connection, desk, request, posted, f"contact-{posted.get('order', '')[:4]}")
            if sent is None:
                return sign_in_again(request)
            order = sent.fields.get("order") or _next_order(sent.duty.city, sent.post.code)
            cells = {name: sent.fields.get(name, "") for name in ("channel", "address")}
            change = sent.change("contact_points.csv", (sent.post.code, order), None if _removes(sent) else cells)
            return _changed(connection, desk, request, sent, change)

    @routes.post("/admin/leave")
    def leave(request: Request, posted: PostedForm) -> Response:
        """Days on which the holder is away: added or taken out."""
        with transaction(desk.engine) as connection:
            sent = _sent(connection, desk, request, posted, f"leave-{posted.get('first', '')[:20]}")
            if sent is None:
                return sign_in_again(request)
            cells = None if _removes(sent) else {"to": sent.fields.get("last", "")}
            change = sent.change("leave.csv", (sent.post.code, sent.fields.get("first", "")), cells)
            return _changed(connection, desk, request, sent, change)


def _add_access_forms(routes: APIRouter, desk: Desk) -> None:
    """What concerns the ways to the post and to the desk."""

    @routes.post("/admin/revoke")
    def revoke(request: Request, posted: PostedForm) -> Response:
        """Ends all links, codes and sessions of the post, for a reason."""
        with transaction(desk.engine) as connection:
            sent = _sent(connection, desk, request, posted, "revoke")
            if sent is None:
                return sign_in_again(request)
            reason = without_personal_numbers(sent.fields.get("reason", ""))
            if len(reason) < SHORTEST_REASON:
                return _refused(connection, desk, request, sent, "reason_missing")
            hold_city(connection)
            said = "already" if was_done(connection, sent.doing.key) else "revoked"
            if said == "revoked":
                revoke_access(connection, sent.post.code, sent.doing.by, sent.doing.now, reason)
                facts = {"reason": reason}
                write_record(connection, DeskRecordKind.ACCESS_REVOKED, sent.post.code, sent.doing, facts)
        return _back(request, sent, said)

    @routes.post("/admin/test")
    def test(request: Request, posted: PostedForm) -> Response:
        """Sends a real test message to one contact point; it is on record before it leaves."""
        with transaction(desk.engine) as connection:
            sent = _sent(connection, desk, request, posted, f"test-{posted.get('order', '')[:4]}")
            if sent is None:
                return sign_in_again(request)
            point = _point(sent)
            if point is None:
                return _refused(connection, desk, request, sent, "no_such_point")
            hold_city(connection)
            if was_done(connection, sent.doing.key):
                return _back(request, sent, "already")
            facts = {"order": point.order, "channel": point.channel}
            write_record(connection, DeskRecordKind.CONTACT_TESTED, sent.post.code, sent.doing, facts)
        return _tested(desk, request, sent, point)


def _sent(connection: Connection, desk: Desk, request: Request, posted: Mapping[str, str], form: str) -> _Sent | None:
    """A form of an administrator's own page about a post there is; None for everything else."""
    fields = {name: _plain(value) for name, value in posted.items()}
    duty = on_duty_posting(connection, desk, request, dict(posted))
    if duty is None or duty.city.posts[duty.session.post].role is not Role.ADMIN:
        return None
    post = duty.city.posts.get(fields.get("post", ""))
    return _Sent(duty, post, fields, form) if post is not None else None


def _changed(connection: Connection, desk: Desk, request: Request, sent: _Sent, change: Change) -> Response:
    """Makes the change; what could not be made is said on the page itself, drawn from the edition now in force."""
    if any(len(value) > LONGEST_LINE for value in sent.fields.values()):
        return _refused(connection, desk, request, sent, "too_long")
    today = sent.duty.now.astimezone(sent.duty.city.zone).date()
    outcome = change_directory(connection, change, sent.doing, today)
    if outcome.how in STATUS:
        return _said(connection, desk, request, sent, outcome)
    return _back(request, sent, outcome.how.value)


def _said(connection: Connection, desk: Desk, request: Request, sent: _Sent, outcome: Outcome) -> Response:
    # A new edition came in between: its values are shown, not those that were typed over older ones.
    typed = {} if outcome.how is How.STALE else {k: v for k, v in sent.fields.items() if k != "address"}
    answer = Answer(outcome_banner(outcome, language_of(request)), sent.form, typed, STATUS[outcome.how])
    return post_page(connection, desk, request, _as_of_now(connection, sent.duty), sent.post.code, answer)


def _refused(connection: Connection, desk: Desk, request: Request, sent: _Sent, why: str) -> Response:
    banner = Banner("refused", form_word("admin_outcome", why, language_of(request)))
    answer = Answer(banner, sent.form, {}, UNPROCESSABLE)
    return post_page(connection, desk, request, sent.duty, sent.post.code, answer)


def _tested(desk: Desk, request: Request, sent: _Sent, point: ContactPoint) -> Response:
    """The message itself, outside of any transaction; what became of it stands with the contact point."""
    told = send_test(sent.duty.city, point, desk.settings.desk_url, os.environ)
    with transaction(desk.engine) as connection:
        record_test(connection, point, told, sent.doing.by, desk.clock())
        if not told.ok:
            return _refused(connection, desk, request, sent, "not_handed_over")
    return _back(request, sent, "tested")


def _details(post: Post, city: City, fields: Mapping[str, str]) -> dict[str, str]:
    """The cells that differ from what is in force: others stay as somebody wrote them."""
    now = {
        "name": post.name,
        "deputy": post.deputy or "",
        "valid_from": post.valid_from.isoformat() if post.valid_from else "",
        "valid_until": post.valid_until.isoformat() if post.valid_until else "",
    }
    wanted = {name: fields.get(name, "") for name in now}
    called = [each.code for each in city.posts.values() if each.name == wanted["deputy"]]
    if len(called) == 1 and wanted["deputy"] not in city.posts:
        wanted["deputy"] = called[0]
    return {name: value for name, value in wanted.items() if value != now[name]}


def _as_of_now(connection: Connection, duty: OnDuty) -> OnDuty:
    return OnDuty(duty.session, city_or_none(connection) or duty.city, duty.now)


def _next_order(city: City, post: str) -> str:
    return str(max((point.order for point in city.contacts_of(post)), default=0) + 1)


def _point(sent: _Sent) -> ContactPoint | None:
    order = sent.fields.get("order", "")
    return next((point for point in sent.duty.city.contacts_of(sent.post.code) if str(point.order) == order), None)


def _removes(sent: _Sent) -> bool:
    return sent.fields.get("do") == "remove"


def _back(request: Request, sent: _Sent, said: str) -> Response:
    return RedirectResponse(back_to_post(request, sent.post.code, said), SEE_OTHER)


def _plain(text: str) -> str:
    """One line of text without what no file of a city may hold."""
    return "".join(c if c.isprintable() else " " for c in text).strip()
