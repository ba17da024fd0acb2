"""The administrator's pages: the posts of the city, one post with its contact points, what was changed last."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from desk.admin_lines import Banner
from desk.admin_view import (
    CHANGES_SHOWN,
    MOST_SHOWN,
    found_posts,
    leave_lines,
    point_lines,
    post_line,
    post_path,
    record_lines,
)
from desk.context import Desk
from desk.form_token import draw_form_token
from desk.pages import form_word, in_language, language_of, page
from desk.seat_page import OnDuty, on_duty_as, sign_in_again
from models.desk_record import DeskRecordKind
from models.directory.sheets import CHANNELS, POST_ROLES
from models.vocabulary import Role
from tasks.city_edition import documents_of_edition
from tasks.contact_tests import contacts
from tasks.database import reading
from tasks.desk_records import last_records

LONGEST_FIELD = 60
NOT_FOUND = 404

LATELY_SHOWN = 6
"""Records on the page of all posts: what was done lately; a post's own page shows more of it."""

SHOWN_KINDS = (DeskRecordKind.DIRECTORY_CHANGED, DeskRecordKind.ACCESS_REVOKED, DeskRecordKind.CONTACT_TESTED)
ALL_KINDS = tuple(DeskRecordKind)

SAID = frozenset({"changed", "unchanged", "already", "revoked", "tested"})
"""What a page may say of the form that led to it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page says of the form that was just sent, and what was typed into it."""

    banner: Banner | None = None
    form: str = ""
    """Which of the page's forms it was; it stands open. Example: contact-1."""
    typed: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


def admin_routes(desk: Desk) -> APIRouter:
    """`/admin` and `/admin/post/{code}`: for a shift of an administrator's post."""
    routes = APIRouter()

    @routes.get("/admin")
    def posts(request: Request) -> HTMLResponse:
        """The posts that fit, and what was done at the desk last."""
        with reading(desk.engine) as connection:
            duty = on_duty_as(connection, desk, request, Role.ADMIN)
            return sign_in_again(request) if duty is None else _posts(connection, request, duty)

    @routes.get("/admin/post/{code:path}")
    def post(request: Request, code: str, said: str = "") -> HTMLResponse:
        """One post, and everything about it that may be changed here."""
        with reading(desk.engine) as connection:
            duty = on_duty_as(connection, desk, request, Role.ADMIN)
            if duty is None:
                return sign_in_again(request)
            language = language_of(request)
            banner = Banner("done", form_word("admin_outcome", said, language)) if said in SAID else None
            return post_page(connection, desk, request, duty, code, Answer(banner))

    return routes


def post_page(
    connection: Connection, desk: Desk, request: Request, duty: OnDuty, code: str, answer: Answer
) -> HTMLResponse:
    """The page of a post as the edition in force has it."""
    city, now, language = duty.city, duty.now, language_of(request)
    post = city.posts.get(code)
    if post is None:
        return _admin_page(request, duty, "admin_no_post.html", NOT_FOUND)
    documents = documents_of_edition(connection, city.edition)
    near = [other for other in city.posts.values() if other.unit == post.unit and other.code != code]
    return _admin_page(
        request, duty, "admin_post.html", answer.status, post=post, near=near, answer=answer, address=post_path(code),
        line=post_line(city, post, now.astimezone(city.zone).date(), language),
        points=point_lines(documents, contacts(connection, city, [code]), city, code, now, language),
        leave=leave_lines(documents, code), channels=CHANNELS, edition=city.edition,
        records=record_lines(last_records(connection, SHOWN_KINDS, CHANGES_SHOWN, code), city, now, language),
        form=draw_form_token(desk.link_key, duty.session.secret),
    )  # fmt: skip


def back_to_post(request: Request, code: str, said: str) -> str:
    """Where a form that acted leads."""
    return in_language(request, f"{post_path(code)}?{urlencode({'said': said})}")


def _posts(connection: Connection, request: Request, duty: OnDuty) -> HTMLResponse:
    city, now, language = duty.city, duty.now, language_of(request)
    wanted, role = (_plain(request.query_params.get(name, "")) for name in ("q", "role"))
    lines, count = found_posts(city, wanted, role, now, language)
    return _admin_page(
        request, duty, "admin_posts.html", lines=lines, count=count, most=MOST_SHOWN, wanted=wanted, role=role,
        roles=POST_ROLES, chosen_language=in_language(request, "").partition("=")[2],
        records=record_lines(last_records(connection, ALL_KINDS, LATELY_SHOWN), city, now, language),
    )  # fmt: skip


def _admin_page(request: Request, duty: OnDuty, template: str, status: int = 200, **content: Any) -> HTMLResponse:
    me = duty.city.posts[duty.session.post]
    content = {"address": "/admin", "links": True} | content
    return page(request, template, status, city=duty.city, me=me, **content)


def _plain(text: str) -> str:
    return "".join(c for c in text[:LONGEST_FIELD] if c.isprintable()).strip()
