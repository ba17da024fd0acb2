"""What somebody tries who means harm, as tables: forms from elsewhere, faked hosts and addresses, costly requests.

Links, forms and files of single pages are attacked where those pages are tested; the walk is in test_every_route.py.
"""

import json
import re
from collections.abc import Callable
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine, select

from desk.app import create_app
from desk.form_token import draw_form_token
from desk.posted_pictures import _STRANGERS
from desk.session_cookie import PLAIN
from models.city import City
from tasks.access_settings import AccessSettings
from tasks.client_network import network_of
from tasks.database import transaction
from tasks.lifecycle import move_cases
from tasks.links import Link, Purpose, path_of
from tasks.one_time_code import MOST_AN_HOUR, NOTICES
from tasks.pictures import PICTURES
from tasks.public_settings import PublicSettings
from tasks.revocation import revoke_access
from tasks.settings import Settings
from tests.desk.citizen import FIELDS, Citizen, citizen
from tests.desk.conftest import NOW
from tests.desk.phone import phone_of, proof_of
from tests.desk.signed_in import Signed
from tests.desk.test_every_route import CITIZEN, PASSWORDLESS, POSTS, WAYS, Walk, walk
from tests.desk.ways_to_act import HANDLING
from tests.pictures import a_scene, encoded
from tests.stored_cases import a_loaded_city, acts, at, rows_of

__all__ = ["citizen", "walk"]

SENDERS = {
    "/c/{token}/satisfaction": CITIZEN,
    "/c/{token}/reopen": CITIZEN,
    "/c/": "lihe-liaison",
    "/me/": "acceptor-a",
    "/seat": "acceptor-a",
    "/admin": "admin",
}
"""Who may send the forms of the addresses that begin so."""

FOR_PROGRAMS = ("/demo/inbox", "/open311")
"""What programs post to: without a form, and a browser brings nothing along that would let it in."""

SCENE = encoded(a_scene(1))

EVIL = "<zz onx=1>\"'{{7*7}}{%x%}{0.x}%s\u202e\u2066\u200b&amp;]]>\x0b\ufffe=cmd|'/c'!A0"
"""Markup, templates, formats, direction marks, what XML cannot hold, a formula."""


AS_ADDRESS = quote(EVIL)


def forms() -> list[str]:
    """Every address a browser posts a form to."""
    return [route[5:] for route in WAYS if route.startswith("POST") and not route[5:].startswith(FOR_PROGRAMS)]


def sends(walk: Walk, path: str, bound_to: str, **headers: str) -> Response:
    """Its sender's best request, with a form drawn for themselves or another and these headers; the answer itself."""
    way = WAYS[f"POST {path}"]
    sender = next((who for start, who in SENDERS.items() if path.startswith(start)), PASSWORDLESS)
    token, cookie, secret = walk.token(sender, way.purpose), "", ""
    if sender in POSTS:
        cookie, secret = walk.shift(sender)
    own = token if "{token}" in path else secret
    other = walk.token("leader", way.purpose) if "{token}" in path else walk.shift("leader")[1]
    drawn = draw_form_token(walk.settings.secret_key("link"), {"own": own, "other": other}[bound_to])
    walk.client.cookies.clear()
    if cookie:
        walk.client.cookies.set(PLAIN, cookie)
    before = walk.rows()
    form = {"key": drawn.drawn, "proof": drawn.proof, **way.form}
    answer: Response = walk.client.post(
        path.replace("{token}", token), data=form, headers=headers, follow_redirects=False
    )
    walk.changed = before != walk.rows()
    return answer


@pytest.mark.parametrize("path", forms())
def test_no_form_acts_that_another_site_or_another_reader_s_page_sent(walk: Walk, path: str) -> None:
    for site in ("cross-site", "same-site"):
        assert sends(walk, path, "own", **{"Sec-Fetch-Site": site}).status_code in (401, 403, 422), site
        assert not walk.changed, site
    if path in ("/me", "/report/find"):  # Who asks has no link or shift yet that a form could be bound to.
        return
    assert sends(walk, path, "other").status_code in (401, 403)
    assert not walk.changed


@pytest.mark.parametrize("host", ["evil.example", "evil.example:81", "desk@evil.example", "[", "<b>", ""])
def test_no_page_and_no_redirect_follows_the_host_a_request_names(client: TestClient, host: str) -> None:
    for path in ("/", "/seat/", "/static", "/demo/", "/report", "/me", "/open311/discovery.json", "/openapi.json"):
        answer = client.get(path, headers={"Host": host}, follow_redirects=False)
        assert answer.status_code in (200, 307, 404), path
        assert "evil" not in answer.text + answer.headers.get("location", ""), path


def test_mail_and_links_name_the_address_of_the_settings(browser: Signed) -> None:
    browser.client.post("/me", data={"post": "acceptor-a"}, headers={"Host": "evil.example"})
    facts = [row.facts for row in rows_of(browser.engine, select(NOTICES))]
    assert len(facts) == 1
    assert "evil" not in facts[0]


@pytest.mark.parametrize("path", ["//evil.example/", "///evil.example", "/\\evil.example", "/%0d%0aSet-Cookie:x=1"])
def test_no_address_leads_elsewhere_or_writes_a_header(client: TestClient, path: str) -> None:
    answer = client.get("http://testserver" + path + "?lang=en%0d%0aSet-Cookie:x=1", follow_redirects=False)
    assert answer.status_code == 404
    assert not re.search(r'(?:href|action|src)="(?:[a-z]+:|/[/\\])', answer.text)
    assert "set-cookie" not in answer.headers


FAKED = {"X-Forwarded-For": "10.9.9.{}", "X-Real-IP": "10.9.9.{}", "Forwarded": "for=10.9.9.{}"}


def calls() -> list[tuple[str, Callable[[Citizen], Callable[[TestClient, dict[str, str]], Response]]]]:
    """Everything that is counted by the address it comes from, each allowed three times."""
    return [
        ("/me", lambda _: lambda c, h: c.post("/me", data={"post": "x"}, headers=h)),
        ("find", lambda _: lambda c, h: c.post("/report/find", data={"receipt": "x", "code": "y"}, headers=h)),
        ("report", lambda who: lambda c, h: c.post("/report", data=FIELDS | who.drawn(c), headers=h)),
        ("open311", lambda _: lambda c, h: c.get("/open311/v2/services.json", headers=h)),
    ]


@pytest.mark.parametrize(("name", "call"), calls())
def test_limits_hold_against_faked_addresses_and_a_whole_ipv6_network(
    settings: Settings,
    sqlite_engine: Engine,
    city: City,
    name: str,
    call: Callable[[Citizen], Callable[[TestClient, dict[str, str]], Response]],
) -> None:
    rules = PublicSettings(reports_per_client=3, finds_per_client=3)
    access = AccessSettings(asks_per_client=3, open311_per_client=3)
    who = Citizen(settings, sqlite_engine, rules)
    app = create_app(
        settings, sqlite_engine, clock=lambda: NOW, make_waker=lambda _: who, access=access, public=rules,
        send_soon=lambda _: None,
    )  # fmt: skip
    for addresses in (["10.1.0.1"] * 4, [f"2001:db8:0:1::{number}" for number in range(4)]):
        told = []
        for number, address in enumerate(addresses):
            phone = TestClient(app, client=(address, 50_000), follow_redirects=False)
            told.append(call(who)(phone, {each: value.format(number) for each, value in FAKED.items()}).status_code)
        assert 429 not in told[:3], name
        assert told[3] == 429, name


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.0.7", "10.1.0.7"),
        ("2001:db8:0:1::7", "20010db800000001"),
        ("2001:db8:0:1:ffff::9%eth0", "20010db800000001"),
        ("::ffff:10.1.0.7", "10.1.0.7"),
        ("", ""),
        ("a socket", "a socket"),
    ],
)
def test_an_ipv6_network_counts_as_one_client(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_thief_of_a_link_guesses_five_times_and_locks_nobody_out_once_it_is_revoked(browser: Signed) -> None:
    link = browser.link()
    for _ in range(MOST_AN_HOUR):
        browser.posts(f"{link}/code", link)
    code = browser.code()
    wrong = "000000" if code != "000000" else "111111"
    told = [browser.posts(f"{link}/session", f"{link}/code", code=each).status_code for each in [wrong] * 5 + [code]]
    assert told == [403] * 6
    assert browser.posts(f"{link}/code", link).status_code == 429
    with transaction(browser.engine) as connection:
        revoke_access(connection, "acceptor-a", "admin", browser.now, "链接外泄")
    browser.now = at("2019-05-06 10:01")
    assert browser.signs_in("acceptor-a") == "/seat"


@pytest.mark.parametrize("charset", ["punycode", "idna", "utf-7", "utf-16", "unicode_escape", "UTF-8"])
def test_only_utf_8_is_read_for_some_encodings_keep_everybody_waiting(citizen: Citizen, charset: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="do-"\r\n\r\n' + b"a" * 30_000 + b"-\r\n--x--\r\n"
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    answer = citizen.client.post("/report", content=body, headers={"content-type": kind})
    assert answer.status_code == (403 if charset == "UTF-8" else 400)


def test_strangers_with_many_large_pictures_leave_the_desk_to_others(citizen: Citizen) -> None:
    taken = 0
    while _STRANGERS.acquire(blocking=False):
        taken += 1
    try:
        busy = citizen.sends(files=[("pictures", ("a.jpg", SCENE, "image/jpeg"))])
        assert (busy.status_code, "一分钟后重新选择图片" in busy.text, FIELDS["place"] in busy.text) == (
            422,
            True,
            True,
        )
        assert citizen.sends().status_code == 303
    finally:
        for _ in range(taken):
            _STRANGERS.release()
    for _ in range(taken + 1):  # Each gives its place back, also after a picture that is none.
        assert citizen.sends(files=[("pictures", ("a.jpg", b"no picture", "image/jpeg"))]).status_code == 422
    assert citizen.sends(files=[("pictures", ("a.jpg", SCENE, "image/jpeg"))]).status_code == 303


def test_a_picture_is_shown_only_to_who_may_read_its_case(walk: Walk) -> None:
    liaison = phone_of(walk.client, walk.settings, "lihe-liaison", walk.case)
    fields = liaison.hidden("add_picture")
    walk.client.post(f"{liaison.path}/act", data=fields, files={"picture": ("a.jpg", SCENE, "image/jpeg")})
    (row,) = rows_of(walk.engine, select(PICTURES))
    for post, status in (("lihe-liaison", 200), ("water-liaison", 403), ("inspector-b", 403)):
        path = phone_of(walk.client, walk.settings, post, walk.case).path
        assert walk.client.get(f"{path}/picture/{row.sha256}").status_code == status, post


@pytest.mark.parametrize("query", ["recipient=%00", "recipient=a%00b", "recipient=%ED%A0%80", "before=0", "before=x"])
def test_no_database_stumbles_over_what_an_address_holds(engine: Engine, settings: Settings, query: str) -> None:
    a_loaded_city(engine)
    client = TestClient(create_app(settings, engine), raise_server_exceptions=False)
    assert client.get(f"/demo/inbox?{query}").status_code in (200, 400)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/seat/take", b"", 405),
        ("TRACE", "/", b"", 405),
        ("POST", "/static/desk.css", b"", 405),
        ("POST", "/me", b"a" * 70_000, 413),
        ("GET", "/seat?page=99999999999999999999", b"", 400),
        ("GET", "/static/nothing.css", b"", 404),
        ("GET", "/static/vendor", b"", 404),
    ],
)
def test_every_refusal_is_guarded_and_tells_nothing_of_the_program(
    client: TestClient, method: str, path: str, body: bytes, status: int
) -> None:
    answer = client.request(method, path, content=body)
    assert answer.status_code == status
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"fastapi|starlette|uvicorn|python|traceback|sqlite|\.py", answer.text, re.IGNORECASE)
    assert status != 413 or answer.headers["connection"] == "close"


@pytest.fixture
def browser(sqlite_engine: Engine, settings: Settings, city: City) -> Signed:
    return Signed(sqlite_engine, settings)


@pytest.fixture
def poisoned(citizen: Citizen, city: City, browser: Signed) -> str:
    """The receipt of a report that holds hostile text wherever somebody may type some, half way."""
    report = citizen.reports(
        description=f"{EVIL} 电话13800138000", place=f"=1+1{EVIL}", find=EVIL[:40], name="上报人张某",
        phone="13900139000", **{"class": "E0101"},
    )  # fmt: skip
    for number, (post, action, facts) in enumerate(HANDLING):
        when = at(f"2019-05-06 10:0{number}")
        acts(citizen.engine, city, [report.number], action, post, when, **facts, note=EVIL, reason=EVIL)
        move_cases(citizen.engine, now=when)
    browser.now = citizen.now = at("2019-05-06 10:30")
    liaison = phone_of(citizen.client, citizen.settings, "lihe-liaison", report.number)
    liaison.acts("ask-extension", reason=EVIL, hours="4")
    move_cases(citizen.engine, now=citizen.now)
    citizen.client.post("/demo/inbox/lihe-liaison", json={"title": EVIL[:31], "message": EVIL[:31]})
    return report.number


def shown_to(browser: Signed, post: str, *paths: str) -> dict[str, Response]:
    """What a post's shift reads."""
    browser.signs_in(post)
    return {path: browser.client.get(path) for path in paths}


def test_what_was_typed_comes_out_as_text_wherever_it_is_shown_and_no_reporter_is_named(
    citizen: Citizen, browser: Signed, poisoned: str
) -> None:
    key, links = citizen.settings.secret_key("link"), []
    for who in ("lihe-liaison", "lihe-head", "leader", "acceptor-a", "shift-leader"):
        links += [Link(who, Purpose.CASE, poisoned), Link(who, Purpose.MINE, who)]
    links += [Link(poisoned, Purpose.REPORT, poisoned), Link("leader", Purpose.WALL, "leader")]
    open_pages = [path_of(key, link, citizen.now) for link in links]
    open_pages += [
        f"/report?find={AS_ADDRESS}",
        "/demo/inbox",
        f"/demo/inbox?recipient={AS_ADDRESS}",
        f"/docs?{AS_ADDRESS}",
        "/",
    ]
    pages = {path: citizen.client.get(path) for path in open_pages}
    audit = (
        "/audit",
        f"/audit?q={AS_ADDRESS}",
        f"/audit/case/{poisoned}",
        f"/audit/run/{AS_ADDRESS}",
        f"/audit/case/{AS_ADDRESS}",
    )
    pages |= shown_to(browser, "auditor", *audit, "/audit/records")
    pages |= shown_to(browser, "acceptor-a", "/seat", f"/seat?lang={AS_ADDRESS}")
    pages |= shown_to(
        browser, "admin", f"/admin?q={AS_ADDRESS}", f"/admin?role={AS_ADDRESS}", f"/admin/post/{AS_ADDRESS}"
    )
    post = "/admin/post/lihe-liaison"
    pages |= {post: browser.client.get(f"{post}?said={AS_ADDRESS}")}
    edition = re.search(r'name="edition" value="([^"]+)"', pages[post].text)
    assert edition
    for form in ("details", "contact", "leave", "revoke"):
        typed = dict.fromkeys(("name", "valid_from", "deputy", "channel", "address", "first", "last", "reason"), EVIL)
        data = proof_of(browser.client.get(post).text) | typed | {"post": "lihe-liaison", "edition": edition[1]}
        pages |= {f"admin {form}": browser.client.post(f"/admin/{form}", data=data)}
    pages |= {f"again {path}": browser.client.get(path) for path in ("/admin", post)}
    for path, answer in pages.items():
        seen = re.sub(r'href="[^"]*"', "", answer.text)
        assert answer.status_code < 500, path
        for bad in ("<zz", "\x0b", "\u2066", "上报人张某", "13900139000", "13800138000"):
            assert bad not in seen, (path, bad)
    for path in (f"/audit/case/{poisoned}", open_pages[0]):
        assert "&lt;zz onx=1&gt;&#34;&#39;{{7*7}}{%x%}{0.x}%s" in pages[path].text


def test_what_programs_read_stays_whole_and_holds_no_formula(citizen: Citizen, browser: Signed, poisoned: str) -> None:
    for path in (
        "requests.xml", f"requests/{AS_ADDRESS}.xml", f"services/{AS_ADDRESS}.xml", f"{AS_ADDRESS}.xml",
        f"requests.xml?status={AS_ADDRESS}%01%00", "requests.xml?start_date=%ff%01", "tokens/%01.xml",
    ):  # fmt: skip
        ET.fromstring(citizen.client.get(f"/open311/v2/{path}").content)  # noqa: S314 - our own
    found = json.loads(citizen.client.get(f"/open311/v2/requests/{poisoned}.json?extensions=true").content)
    assert found[0]["description"] is None
    exports = ("/audit/export.csv", "/audit/export.csv?what=events&first=2019-05-01&last=2019-05-31")
    for path, answer in shown_to(browser, "auditor", *exports).items():
        assert answer.headers["content-type"].startswith("text/csv"), path
        for cell in re.findall(r'(?:^|,)"?([=+@\-])', answer.text, re.MULTILINE):
            raise AssertionError((path, cell))
        assert "上报人张某" not in answer.text
        assert "1390013" not in answer.text


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("ask-promise", {"wanted_until": "9999-12-31T23:59-14:00"}),
        ("ask-promise", {"wanted_until": "0001-01-01T00:00+14:00"}),
        ("ask-suspension", {"wanted_until": "9999-12-31T23:59", "reason": "等"}),
        ("ask-correction", {"condition": "E0101/" + "9" * 30, "reason": "错"}),
        ("ask-correction", {"condition": "E0101/²", "longitude": "1e400", "latitude": "nan", "reason": "错"}),
        ("report_handled", {"note": EVIL * 9}),
    ],
)
def test_moments_and_numbers_at_the_end_of_the_world_are_refused_in_words(
    walk: Walk, form: str, fields: dict[str, str]
) -> None:
    liaison = phone_of(walk.client, walk.settings, "lihe-liaison", walk.case)
    answer = liaison.sends(liaison.hidden(form) | fields)
    assert answer.status_code in (303, 422)
    move_cases(walk.engine, now=NOW)
    assert walk.client.get(liaison.path).status_code == 200
