"""A person reaches their own page and a shift at the desk; whoever should not gets one plain page and no hint."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine, select

import desk
from desk.app import create_app
from desk.pages import page_words
from models.city import City
from tasks.access_settings import AccessSettings
from tasks.database import reading, transaction
from tasks.links import Link, Purpose, path_of
from tasks.message_settings import MessageSettings
from tasks.one_time_code import MOST_AN_HOUR, NOTICES, code_of
from tasks.revocation import revoke_access
from tasks.settings import Settings
from tests.desk.conftest import NOW, QuietEngine
from tests.desk.phone import proof_of, text_of
from tests.stored_cases import reports_taken_in, rows_of


@dataclass
class Browser:
    """One person's browser in front of a desk whose clock the test sets."""

    engine: Engine
    settings: Settings
    now: datetime = NOW
    access: AccessSettings = field(default_factory=AccessSettings)
    sent: list[int] = field(default_factory=list)
    """Notices somebody waits for."""

    def __post_init__(self) -> None:
        self.client = self.another()

    def another(self, base: str = "http://desk") -> TestClient:
        """A browser that knows nothing of the first."""
        app = create_app(
            self.settings,
            self.engine,
            MessageSettings(),
            lambda: self.now,
            lambda _settings: QuietEngine(),
            self.access,
            self.sent.append,
        )
        found = ("10.1.0.1", 50_000)
        return TestClient(app, base, client=found, raise_server_exceptions=False, follow_redirects=False)

    def link(self, post: str = "acceptor-a", purpose: Purpose = Purpose.MINE) -> str:
        """The path behind the link a post was sent."""
        return path_of(self.settings.secret_key("link"), Link(post, purpose, post), self.now)

    def posts(self, path: str, form_on: str, **fields: str) -> Response:
        """Opens a page and sends one of its forms."""
        answer: Response = self.client.post(path, data=proof_of(self.client.get(form_on).text) | fields)
        return answer

    def code(self) -> str:
        """The newest code, as its post reads it."""
        row = rows_of(self.engine, select(NOTICES).where(NOTICES.c.kind == "sign_in_code").order_by(NOTICES.c.id))[-1]
        return code_of(self.settings.secret_key("link"), row.recipient, json.loads(row.facts)["nonce"])

    def signs_in(self, post: str = "acceptor-a") -> str:
        """From the link to the queue; returns the cookie."""
        link = self.link(post)
        self.posts(f"{link}/code", link)
        answer = self.posts(f"{link}/session", f"{link}/code", code=self.code())
        if answer.headers.get("location") != "/seat":
            raise AssertionError(f"{answer.status_code}: {text_of(answer.text)}")
        return str(answer.headers["set-cookie"])


@pytest.fixture
def browser(sqlite_engine: Engine, settings: Settings, city: City) -> Browser:
    return Browser(sqlite_engine, settings)


def test_asking_sends_the_link_to_the_post_and_says_so_without_saying_whether(browser: Browser) -> None:
    known = browser.client.post("/me", data={"post": "梨河镇值班员甲"})
    unknown = browser.client.post("/me", data={"post": "nobody"})
    assert (known.status_code, known.headers["location"]) == (303, "/me?sent=1")
    assert (known.status_code, dict(known.headers), known.content) == (
        unknown.status_code,
        dict(unknown.headers),
        unknown.content,
    )
    assert len(browser.sent) == 1
    assert "如果有这个岗位" in text_of(browser.client.get("/me?sent=1").text)


@pytest.mark.parametrize("post", ["' OR 1=1 --", "<script>alert(1)</script>", "{{ 7*7 }}", "\0", "\u202e", "😀" * 9000])
def test_whatever_is_typed_as_a_post_gets_the_same_answer(browser: Browser, post: str) -> None:
    answer = browser.client.post("/me", data={"post": post})
    assert (answer.status_code, answer.headers.get("location")) in ((303, "/me?sent=1"), (413, None))
    assert browser.sent == []


def test_asking_too_often_from_one_address_is_refused_whatever_is_asked(browser: Browser) -> None:
    answers = [browser.client.post("/me", data={"post": "nobody"}).status_code for _ in range(61)]
    assert answers == [303] * 60 + [429]
    assert browser.client.post("/me", data={"post": "acceptor-a"}).status_code == 429
    assert browser.sent == []


def test_the_own_page_lists_what_waits_with_a_link_to_each_case(browser: Browser, city: City) -> None:
    (receipt,) = reports_taken_in(browser.engine, city, 1, NOW, source="hotline_12345")
    page = browser.client.get(browser.link()).text
    assert "受理 油烟污染" in text_of(page)
    assert "距期限 15分钟" in text_of(page)
    to = re.search(r'href="(/c/[^"]+)"', page)
    assert to
    assert receipt in browser.client.get(to[1]).text
    assert "现在没有待办" in browser.client.get(browser.link("dispatcher")).text


def not_own_pages(browser: Browser) -> dict[str, str]:
    good = browser.link()
    return {
        "another purpose": browser.link(purpose=Purpose.CASE).replace("/c/", "/me/"),
        "a reporter's": browser.link("R1", Purpose.REPORT).replace("/c/", "/me/"),
        "no such post": browser.link("nobody"),
        "damaged": good[:-2],
        "nonsense": "/me/nonsense",
        "own page as a case": good.replace("/me/", "/c/"),
    }


def test_every_other_link_opens_one_and_the_same_plain_page(browser: Browser) -> None:
    pages = {name: browser.client.get(path) for name, path in not_own_pages(browser).items()}
    assert {name: answer.status_code for name, answer in pages.items()} == dict.fromkeys(pages, 403)
    assert len({answer.text for answer in pages.values()}) == 1


@pytest.mark.parametrize("path", ["", "/code"])
def test_a_link_that_ran_out_or_was_revoked_opens_nothing(browser: Browser, path: str) -> None:
    link = browser.link()
    browser.now = NOW + timedelta(hours=12, seconds=1)
    assert browser.client.get(link + path).status_code == 410
    browser.now = NOW + timedelta(minutes=5)
    assert browser.client.get(link + path).status_code == 200
    with transaction(browser.engine) as connection:
        revoke_access(connection, "acceptor-a", "admin", NOW + timedelta(minutes=1))
    assert browser.client.get(link + path).status_code == 403
    assert browser.client.get(browser.link() + path).status_code == 200


def test_opening_a_page_sends_no_code_and_begins_nothing(browser: Browser) -> None:
    link = browser.link()
    for path in (link, f"{link}/code", "/me", "/seat"):
        assert "set-cookie" not in browser.client.get(path).headers
    assert browser.client.get(f"{link}/session").status_code == 405
    assert browser.sent == rows_of(browser.engine, select(NOTICES)) == []


def test_a_code_begins_a_shift_in_a_cookie_out_of_reach(browser: Browser) -> None:
    cookie = browser.signs_in()
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Max-Age=36000" in cookie  # From 10:00 to 20:00, when the seat's hours end.
    assert "Secure" not in cookie
    assert "席位队列" in browser.client.get("/seat").text


def test_over_tls_the_cookie_stays_there(browser: Browser) -> None:
    browser.client = browser.another("https://desk")
    cookie = browser.signs_in()
    assert cookie.startswith("__Host-zhihui-shift=")
    assert "Secure" in cookie
    assert browser.client.get("/seat").status_code == 200


@pytest.mark.parametrize("typed", ["", "000000x", "' OR 1=1", "<b>1</b>", "９９"])
def test_a_wrong_code_begins_nothing(browser: Browser, typed: str) -> None:
    link = browser.link()
    browser.posts(f"{link}/code", link)
    answer = browser.posts(f"{link}/session", f"{link}/code", code=typed)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "验证码不对，或已失效" in answer.text
    assert typed not in answer.text or typed == ""


def test_a_code_opens_one_shift_only(browser: Browser) -> None:
    link = browser.link()
    browser.signs_in()
    browser.client = browser.another()
    assert browser.posts(f"{link}/session", f"{link}/code", code=browser.code()).status_code == 403


def test_so_many_codes_an_hour_are_sent_and_no_more(browser: Browser) -> None:
    link = browser.link()
    answers = [browser.posts(f"{link}/code", link).status_code for _ in range(MOST_AN_HOUR + 1)]
    assert answers == [303] * MOST_AN_HOUR + [429]
    assert len(browser.sent) == MOST_AN_HOUR


def test_a_shift_begins_under_a_new_secret_whatever_the_browser_brought(browser: Browser) -> None:
    planted = browser.signs_in("dispatcher").split(";")[0].partition("=")[2]
    victim = browser.another()
    victim.cookies.set("zhihui-shift", planted)
    attacker, browser.client = browser.client, victim
    own = browser.signs_in().split(";")[0].partition("=")[2]
    assert own != planted
    assert attacker.get("/seat").status_code == 401


@pytest.mark.parametrize("what", ["no proof", "another page's", "from elsewhere"])
def test_a_form_that_is_not_of_this_page_sends_nothing(browser: Browser, what: str) -> None:
    link, other = browser.link(), browser.link("acceptor-b")
    forms: dict[str, tuple[dict[str, str], dict[str, str]]] = {
        "no proof": ({}, {}),
        "another page's": (proof_of(browser.client.get(other).text), {}),
        "from elsewhere": (proof_of(browser.client.get(link).text), {"sec-fetch-site": "cross-site"}),
    }
    fields, headers = forms[what]
    for path in ("code", "session"):
        answer = browser.client.post(f"{link}/{path}", data=fields | {"code": "123456"}, headers=headers)
        assert answer.status_code == 403
    assert browser.sent == []


def test_a_post_that_ended_has_no_own_page(browser: Browser, client_at: Callable[[datetime], TestClient]) -> None:
    from tests.cities import changed
    from tests.stored_cases import a_loaded_city

    row = "lihe-crew,梨河镇处置队甲,lihe,specialized_department,,,,"
    a_loaded_city(browser.engine, changed("posts.csv", row, f"{row}2019-05-06"))
    assert browser.client.get(browser.link("lihe-crew")).status_code == 403
    browser.client.post("/me", data={"post": "lihe-crew"})
    assert browser.sent == []


def test_nothing_of_the_key_stands_in_the_database(browser: Browser) -> None:
    browser.client.post("/me", data={"post": "acceptor-a"})
    browser.signs_in()
    with reading(browser.engine) as connection:
        told = [str(tuple(row)) for row in connection.execute(select(NOTICES))]
    assert not any("/me/" in row or browser.code() in row for row in told)


@pytest.mark.parametrize(("trusted", "secure"), [("", False), ("10.2.0.0/16", False), ("10.1.0.0/16", True)])
def test_only_a_trusted_proxy_is_believed_about_tls(browser: Browser, trusted: str, secure: bool) -> None:
    browser.access = AccessSettings(trusted_proxies=trusted)
    browser.client = browser.another()
    browser.client.headers["x-forwarded-proto"] = "https"
    assert ("Secure" in browser.signs_in()) is secure


@pytest.mark.parametrize(("part", "least"), [("work", 20), ("duty", 20)])
def test_every_word_of_these_pages_is_there(part: str, least: int) -> None:
    folder = Path(desk.__file__).parent / "templates"
    mine = [file for file in folder.glob("*.html") if file.name.startswith("duty") is (part == "duty")]
    asked = {w for file in mine for w in re.findall(r'own\("(\w+)"', file.read_text("utf-8"))}
    assert len(asked) > least
    spoken = {"gone", "taken", "too_often", "too_often_help"} if part == "work" else set()
    assert asked | spoken <= page_words().codes(part)
