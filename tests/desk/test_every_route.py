"""Every route with every reader: who gets in is written here, and everybody else learns and changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine, func, select
from sqlmodel import SQLModel

from desk.app import create_app
from desk.form_token import draw_form_token
from desk.session_cookie import PLAIN
from models.city import City
from tasks.case_store import CASES
from tasks.database import reading, transaction
from tasks.desk_sessions import open_session
from tasks.lifecycle import move_cases
from tasks.links import Link, Purpose, sign_link
from tasks.message_settings import MessageSettings
from tasks.personal_data import add_reporter
from tasks.settings import Settings
from tests.desk.conftest import NOW, QuietEngine
from tests.desk.ways_to_act import HANDLING
from tests.stored_cases import acts, at, reports_taken_in, rows_of

NAME, PHONE = "上报人张某", "13800138000"
PASSWORDLESS = "nobody"
"""The reader without anything."""

CENTRE = frozenset({"acceptor-a", "shift-leader", "dispatcher", "leader", "evaluator", "admin", "auditor"})
OWNERS = frozenset({"lihe-liaison", "lihe-head", "lihe-crew"})
STRANGERS = frozenset({"water-liaison", "water-head", "inspector-a", "inspector-b"})
"""Posts that exist and have nothing to do with the case."""
POSTS = CENTRE | OWNERS | STRANGERS
CITIZEN = "citizen"
READERS = (PASSWORDLESS, CITIZEN, *sorted(POSTS))

ANYBODY = frozenset(READERS)
OF_THE_CASE = CENTRE | OWNERS


@dataclass(frozen=True)
class Way:
    """Who gets in, and with which link; where a form is sent, what is in it beside its proof."""

    who: frozenset[str]
    purpose: Purpose | None = None
    form: dict[str, str] = field(default_factory=dict)
    path: str = ""
    """The address to ask for, where the route has blanks of its own."""
    says: frozenset[int] = frozenset({200, 201, 303, 307, 400, 404, 409, 422, 429, 503})
    """What somebody may be told who got in: also that what was asked for is not there, or cannot be."""


WAYS: dict[str, Way] = {
    "GET /": Way(ANYBODY),
    "GET /demo": Way(ANYBODY),
    "GET /demo/inbox": Way(ANYBODY),
    "POST /demo/inbox/{recipient}": Way(ANYBODY, path="/demo/inbox/lihe-liaison"),
    "GET /c/{token}": Way(OF_THE_CASE | {CITIZEN}, Purpose.CASE),
    "POST /c/{token}/received": Way(OF_THE_CASE, Purpose.CASE),
    "POST /c/{token}/act": Way(OF_THE_CASE, Purpose.CASE, {"form": "add_note", "note": "看过"}),
    "GET /c/{token}/picture/{digest}": Way(OF_THE_CASE | {CITIZEN}, Purpose.CASE),
    "POST /c/{token}/satisfaction": Way(frozenset({CITIZEN}), Purpose.REPORT, {"score": "5"}),
    "POST /c/{token}/reopen": Way(frozenset({CITIZEN}), Purpose.REPORT, {"reason": "还在"}),
    "GET /me": Way(ANYBODY),
    "POST /me": Way(ANYBODY, form={"post": "acceptor-a"}),
    "GET /me/{token}": Way(POSTS, Purpose.MINE),
    "POST /me/{token}/code": Way(POSTS, Purpose.MINE),
    "GET /me/{token}/code": Way(POSTS, Purpose.MINE),
    "POST /me/{token}/session": Way(POSTS, Purpose.MINE, {"code": "000000"}, says=frozenset({403})),
    "POST /me/{token}/decide": Way(POSTS, Purpose.MINE, {"press": "file"}),
    "GET /seat": Way(POSTS),
    "POST /seat/take": Way(POSTS, form={"case": "R1"}),
    "POST /seat/release": Way(POSTS, form={"case": "R1"}),
    "POST /seat/decide": Way(POSTS, form={"press": "file"}),
    "POST /seat/sign-out": Way(POSTS),
    "GET /audit": Way(frozenset({"auditor"})),
    "GET /audit/export.csv": Way(frozenset({"auditor"}), path="/audit/export.csv?what=cases"),
    "GET /audit/case/{name:path}": Way(frozenset({"auditor"})),
    "GET /audit/records": Way(frozenset({"auditor"})),
    "GET /audit/run/{flow_run_id}": Way(frozenset({"auditor"}), path=f"/audit/run/{uuid4()}"),
    "GET /admin": Way(frozenset({"admin"})),
    "GET /admin/post/{code:path}": Way(frozenset({"admin"}), path="/admin/post/lihe-liaison"),
    "POST /admin/details": Way(frozenset({"admin"}), form={"post": "lihe-liaison"}),
    "POST /admin/contact": Way(frozenset({"admin"}), form={"post": "lihe-liaison"}),
    "POST /admin/leave": Way(frozenset({"admin"}), form={"post": "lihe-liaison"}),
    "POST /admin/revoke": Way(frozenset({"admin"}), form={"post": "water-liaison", "reason": "换人"}),
    "POST /admin/test": Way(frozenset({"admin"}), form={"post": "lihe-liaison"}),
    "GET /wall/{token}": Way(CENTRE, Purpose.WALL),
    # This city has no duty room: who gets in where there is one is said by test_duty_page.
    "GET /duty/{token}": Way(frozenset(), Purpose.DUTY),
    "POST /duty/{token}/act": Way(frozenset(), Purpose.DUTY, {"do": "receive"}),
    "POST /duty/{token}/log": Way(frozenset(), Purpose.DUTY, {"what": "来电"}),
    "GET /duty/{token}/log/{day}": Way(frozenset(), Purpose.DUTY),
    "GET /duty/{token}/log/{day}.docx": Way(frozenset(), Purpose.DUTY),
    "GET /duty/{token}/log/{day}.pdf": Way(frozenset(), Purpose.DUTY),
    # This city has no duty room, and nobody a link to one: who gets in where there is one, test_roster_page says.
    "GET /duty/{token}/roster": Way(frozenset(), Purpose.DUTY),
    "GET /duty/{token}/roster.ics": Way(frozenset(), Purpose.DUTY),
    "POST /duty/{token}/roster/ask": Way(frozenset(), Purpose.DUTY, {"form": "leave", "first": "2019-06-01"}),
    "POST /duty/{token}/roster/answer": Way(frozenset(), Purpose.DUTY, {"change": "TB2019-1", "do": "grant"}),
    # No call runs in this city, so that nobody is let in; who is, tests/desk/test_call_pages.py tells.
    "GET /water/{token}": Way(POSTS, Purpose.FLOOD),
    "POST /water/{token}/signal": Way(
        frozenset({"admin"}), Purpose.FLOOD, {"kind": "rainstorm", "colour": "red"}, says=frozenset({422})
    ),
    "POST /water/{token}/received": Way(frozenset(), Purpose.FLOOD),
    "POST /flood/{token}/call/answer": Way(frozenset(), Purpose.FLOOD),
    "POST /flood/{token}/call/voice": Way(frozenset(), Purpose.FLOOD, {"post": "lihe-liaison"}),
    "POST /flood/{token}/call/end": Way(frozenset(), Purpose.FLOOD),
    # Response and reports.
    "GET /flood/{token}": Way(POSTS, Purpose.FLOOD),
    "GET /flood/{token}/daily": Way(CENTRE, Purpose.FLOOD),
    "GET /flood/{token}/daily.docx": Way(CENTRE, Purpose.FLOOD),
    "POST /flood/{token}/received": Way(POSTS, Purpose.FLOOD),
    "POST /flood/{token}/incident": Way(POSTS, Purpose.FLOOD, {"danger": "管涌"}),
    "POST /flood/{token}/report": Way(POSTS, Purpose.FLOOD, {"words": "无灾情"}),
    "POST /flood/{token}/call": Way(POSTS, Purpose.FLOOD, {"area": "410184"}),
    "POST /flood/{token}/issue": Way(POSTS, Purpose.FLOOD, {"at": "2021-07-20T08:00"}),
    # Only from the page of a consultation or incident: the links of these readers open the overview.
    "POST /flood/{token}/decide": Way(frozenset(), Purpose.FLOOD, {"level": "IV"}),
    "POST /flood/{token}/entry": Way(frozenset(), Purpose.FLOOD),
    "POST /flood/{token}/pass-on": Way(frozenset(), Purpose.FLOOD),
    # These readers' links open no month: who gets in where one was evaluated, test_evaluation_page says.
    "GET /evaluation/{token}": Way(frozenset(), Purpose.EVALUATION),
    "GET /evaluation/{token}/cases/{count}": Way(frozenset(), Purpose.EVALUATION),
    "GET /evaluation/{token}/cases/{count}/list.csv": Way(frozenset(), Purpose.EVALUATION),
    "GET /evaluation/{token}/result.json": Way(frozenset(), Purpose.EVALUATION),
    "GET /evaluation/{token}/bulletin/{kind}": Way(frozenset(), Purpose.EVALUATION),
    "GET /evaluation/{token}/entries": Way(frozenset(), Purpose.EVALUATION),
    "POST /evaluation/{token}/enter": Way(frozenset(), Purpose.EVALUATION, {"unit": "lihe", "value": "1"}),
    "POST /evaluation/{token}/take-back": Way(frozenset(), Purpose.EVALUATION, {"number": "1"}),
    "GET /evaluation/{token}/evidence/{digest}": Way(frozenset(), Purpose.EVALUATION),
    "GET /report": Way(ANYBODY),
    # Their form must have been drawn by the page before: nobody has one here.
    "POST /report": Way(frozenset()),
    "GET /report/taken/{token}": Way(frozenset()),
    "GET /report/find": Way(ANYBODY),
    "POST /report/find": Way(ANYBODY, form={"receipt": "R1", "code": "000000"}),
    "GET /open311/discovery.{format}": Way(ANYBODY),
    "GET /open311/v2/discovery.{format}": Way(ANYBODY),
    "GET /open311/v2/services.{format}": Way(ANYBODY),
    "GET /open311/v2/services/{service_code}.{format}": Way(ANYBODY, path="/open311/v2/services/E0101.json"),
    "GET /open311/v2/requests.{format}": Way(ANYBODY),
    "GET /open311/v2/requests/{service_request_id}.{format}": Way(ANYBODY),
    "GET /open311/v2/tokens/{token}.{format}": Way(ANYBODY, path="/open311/v2/tokens/nothing.json"),
    "POST /open311/v2/requests.{format}": Way(frozenset(), form={"api_key": "none", "service_code": "E0101"}),
    # Open to programs with a key of theirs: these readers have none.
    "POST /water/observations": Way(frozenset()),
    "GET /health": Way(ANYBODY),
    "GET /ready": Way(ANYBODY),
    # Open to this machine, or with a token: these readers are elsewhere and have none.
    "GET /metrics": Way(frozenset()),
    "GET /openapi.json": Way(ANYBODY),
    "GET /docs": Way(ANYBODY),
}

OUT = frozenset({401, 403, 404})


def routes_of(app: FastAPI) -> Iterator[str]:
    """Every route of the desk. Example: "GET /c/{token}"."""
    routers = [router for each in app.routes if (router := getattr(each, "original_router", None)) is not None]
    for route in (route for router in routers for route in router.routes):
        yield from (f"{method} {route.path}" for method in sorted(route.methods - {"HEAD"}))


@dataclass
class Walk:
    """The desk over one case of lihe's, and the keys everybody has."""

    engine: Engine
    settings: Settings
    city: City
    client: TestClient
    case: str
    receipt: str
    changed: bool = False
    """Whether the last request changed how many rows any table has."""

    def asks(self, route: str, reader: str, purpose: Purpose | None) -> Response:
        """One request of a reader with the best they have, for a purpose."""
        method, path = route.split(" ", 1)
        way = WAYS[route]
        token, shift, secret = self.token(reader, purpose), "", ""
        if reader in POSTS:
            shift, secret = self.shift(reader)
        drawn = draw_form_token(self.settings.secret_key("link"), token if "{token}" in path else secret)
        blanks = {"token": token, "digest": "0" * 64, "format": "json", "day": "2019-05-06"}
        path = way.path or path
        for name, value in (blanks | {"name:path": self.case, "service_request_id": self.receipt}).items():
            path = path.replace("{" + name + "}", value)
        self.client.cookies.clear()
        if shift:
            self.client.cookies.set(PLAIN, shift)
        form = {"key": drawn.drawn, "proof": drawn.proof, **way.form} if method == "POST" else None
        before = self.rows()
        answer: Response = self.client.request(method, path, data=form, follow_redirects=False)
        self.changed = before != self.rows()
        return answer

    def token(self, reader: str, purpose: Purpose | None) -> str:
        """The link a reader was sent; a citizen has one to their report, whoever has nothing makes one up."""
        if reader == PASSWORDLESS or purpose is None:
            return "made-up"
        if reader == CITIZEN:
            link = Link(self.receipt, Purpose.REPORT, self.receipt)
        elif purpose in (Purpose.CASE, Purpose.REPORT):  # Only reporters are ever sent a link to a report.
            link = Link(reader, Purpose.CASE, self.case)
        else:
            link = Link(reader, purpose, {Purpose.WALL: "wall", Purpose.FLOOD: "overview"}.get(purpose, reader))
        return sign_link(self.settings.secret_key("link"), link, NOW)

    def shift(self, post: str) -> tuple[str, str]:
        """A new shift of a post: its cookie, and what its forms are bound to."""
        key = self.settings.secret_key("link")
        with transaction(self.engine) as connection:
            cookie = open_session(connection, key, self.city, post, NOW, 8)
        return cookie, cookie.rpartition(".")[0]

    def rows(self) -> dict[str, int]:
        """How many rows every table has."""
        with reading(self.engine) as connection:
            tables = SQLModel.metadata.tables.values()
            return {t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in tables}


@pytest.fixture
def walk(sqlite_engine: Engine, settings: Settings, city: City) -> Walk:
    with transaction(sqlite_engine) as connection:
        reporter = add_reporter(connection, settings.secret_key("personal"), NAME, PHONE)
    when = at("2019-05-06 09:00")
    (receipt,) = reports_taken_in(
        sqlite_engine, city, 1, when, source="hotline_12345", class_code="E0101", reporter_id=reporter
    )
    for post, action, facts in HANDLING:
        acts(sqlite_engine, city, [receipt], action, post, when, **facts)
        move_cases(sqlite_engine, now=when)
    app = create_app(
        settings, sqlite_engine, MessageSettings(), lambda: NOW, lambda _: QuietEngine(), send_soon=nobody_waits
    )
    (row,) = rows_of(sqlite_engine, select(CASES.c.number))
    return Walk(sqlite_engine, settings, city, TestClient(app, raise_server_exceptions=False), row.number, receipt)


def nobody_waits(_notice_id: int) -> None:
    """Nobody waits for a message here."""


def test_every_route_of_the_desk_stands_in_the_table(settings: Settings, sqlite_engine: Engine) -> None:
    app = create_app(settings, sqlite_engine)
    assert set(routes_of(app)) == set(WAYS)


@pytest.mark.parametrize("route", sorted(WAYS))
def test_only_those_get_in_who_should_and_nobody_else_learns_or_changes_anything(walk: Walk, route: str) -> None:
    way = WAYS[route]
    readers = READERS if way.who != ANYBODY else (PASSWORDLESS, CITIZEN, "water-liaison")
    told = {}
    for reader in readers:
        answer = walk.asks(route, reader, way.purpose)
        told[reader] = answer.status_code
        assert NAME not in answer.text
        assert PHONE not in answer.text
        if reader in way.who:
            assert answer.status_code in way.says, f"{reader}: {answer.status_code}"
        else:
            assert answer.status_code in OUT, f"{reader}: {answer.status_code}"
            assert not walk.changed, f"{reader} changed something"
            assert walk.case not in answer.text
            assert "新华路口" not in answer.text
    if route.startswith("GET"):
        assert not walk.changed
    outsiders = {status for reader, status in told.items() if reader not in way.who}
    assert len(outsiders) <= 2, "who does not get in is told one thing, or that nobody is signed in"


@pytest.mark.parametrize("route", sorted(route for route, way in WAYS.items() if way.purpose))
def test_a_link_for_one_purpose_opens_no_page_of_another(walk: Walk, route: str) -> None:
    for purpose in Purpose:
        fits = {Purpose.CASE, Purpose.REPORT} if "/c/" in route else {WAYS[route].purpose}
        if purpose not in fits:
            answer = walk.asks(route, "leader", purpose)
            assert answer.status_code in OUT, purpose
            assert not walk.changed
            assert walk.case not in answer.text


def test_an_auditor_has_nothing_to_press_but_signing_out(walk: Walk) -> None:
    for route in ("GET /c/{token}", "GET /audit", "GET /audit/case/{name:path}", "GET /audit/run/{flow_run_id}"):
        page = walk.asks(route, "auditor", WAYS[route].purpose).text
        assert page.count('method="post"') == page.count('action="/seat/sign-out'), route
