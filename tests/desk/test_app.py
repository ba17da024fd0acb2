"""What every answer of the desk has in common, the start page, and what monitoring reads."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

import desk
from desk.app import create_app
from desk.form_facts import FormCode, field_names
from desk.pages import page_words
from models.city import City
from models.lifecycle_table import ROWS_OF
from models.vocabulary import ActionName, RequestKind, Role, State
from tasks.database import transaction
from tasks.lifecycle import move_cases
from tasks.settings import Settings
from tests.notice_rows import write_notice
from tests.stored_cases import at, reports_taken_in

ADDRESSES = ("/", "/demo/inbox", "/c/nonsense", "/no/such/page", "/health", "/ready", "/static/desk.css")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_is_guarded(client: TestClient, address: str) -> None:
    headers = client.get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("address", ADDRESSES[:4])
def test_no_page_needs_a_script_or_a_style_of_its_own_or_anything_from_elsewhere(
    client: TestClient, address: str
) -> None:
    page = client.get(address).text
    assert "<script" not in page
    assert "style=" not in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//(?!testserver|127\.0\.0\.1)', page)
    assert len(page) < 150_000


def test_a_page_that_is_not_there_says_so_in_chinese(client: TestClient) -> None:
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text
    assert "There is no such page" in client.get("/no/such/page?lang=en").text


@pytest.mark.parametrize("address", ["/redoc", "/static/../app.py", "/static/%2e%2e/app.py"])
def test_nothing_is_shown_that_was_not_meant_to_be(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_fault_shows_no_trace_and_is_guarded_too(client: TestClient, sqlite_engine: Engine) -> None:
    with transaction(sqlite_engine) as connection:
        connection.execute(text("DROP TABLE demo_message"))
    answer = client.get("/demo/inbox")
    assert answer.status_code == 500
    assert "系统暂时出错" in answer.text
    assert "demo_message" not in answer.text
    assert answer.headers["content-security-policy"]


def test_the_start_page_counts_what_is_open_and_tells_where_things_are(
    client_at: Callable[..., TestClient], sqlite_engine: Engine, city: City
) -> None:
    reports_taken_in(sqlite_engine, city, 3, at("2019-05-06 08:00"))
    reports_taken_in(sqlite_engine, city, 2, at("2019-05-06 08:01"), source="citizen")
    move_cases(sqlite_engine, now=at("2019-05-06 08:02"))
    write_notice(sqlite_engine, state="failed")
    page = client_at(at("2019-06-30 10:00")).get("/").text
    counted = [(name, count) for count, name in re.findall(r"<strong>(\S+)</strong><span>(.*?)</span>", page)]
    assert counted == [
        ("在办合计", "5"),
        ("其中超期", "3"),
        ("今日结案", "0"),
        ("待发消息", "3"),
        ("发送失败的消息", "1"),
    ]
    assert re.search(r"已派遣待接收</th><td>3<", page)
    assert re.search(r"已上报待受理</th><td>2<", page)
    for address in ("/demo/inbox", "/ready", "http://127.0.0.1:4200/"):
        assert f'href="{address}"' in page


def test_before_a_city_is_loaded_the_pages_say_so_and_work(settings: Settings, sqlite_engine: Engine) -> None:
    client = TestClient(create_app(settings, sqlite_engine))
    assert "尚未载入城市目录" in client.get("/").text
    assert client.get("/demo/inbox").status_code == 200
    assert client.get("/ready").json()["city"] is None


def test_every_word_a_page_asks_for_is_there() -> None:
    folder = Path(desk.__file__).parent / "templates"
    asked = {
        word
        for template in folder.glob("*.html")
        for word in re.findall(r'say\("(\w+)"\)', template.read_text("utf-8"))
    }
    assert len(asked) > 30
    assert asked | {"working_basis", "continuous_basis", "reason", "note", "opinion", "into", "wanted_until"} <= (
        page_words().codes("page")
    )


def test_every_word_a_form_may_ask_for_is_there() -> None:
    about = {ActionName.ASK, ActionName.DECIDE, ActionName.WITHDRAW}
    forms = [FormCode(action) for action in ActionName if action not in about]
    forms += [FormCode(action, kind) for action in about for kind in RequestKind]
    by_people = [form for form in forms if any(row.by - {Role.RULE, Role.SOURCE} for row in ROWS_OF[form.action])]
    fields = {name for form in by_people for name in field_names(form)} - {"result", "verdict"}
    assert fields <= page_words().codes("field")
    assert page_words().codes("ask_for") == set(RequestKind)
    assert page_words().codes("next") == set(State)
    assert page_words().codes("button") == {"granted", "refused"}
    assert page_words().codes("form_help") <= {str(form) for form in by_people}


def test_text_and_ground_keep_the_contrast_of_aa() -> None:
    css = (Path(desk.__file__).parent / "static" / "desk.css").read_text("utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))
    pairs = [
        ("ink", "ground"),
        ("quiet", "ground"),
        ("quiet", "paper"),
        ("main", "paper"),
        ("main", "ground"),
        ("main-dark", "soft"),
        ("paper", "main"),
        ("alarm", "alarm-soft"),
        ("alarm", "paper"),
        ("warn", "soft"),
        ("main-dark", "paper"),
        ("paper", "good"),
        ("paper", "quiet"),
    ]
    for text_colour, ground in pairs:
        assert contrast(colours[text_colour], colours[ground]) >= 4.5, (text_colour, ground)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG 2 defines it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_style_is_packed_and_kept_a_while_and_pages_are_neither(client: TestClient) -> None:
    packed = {"Accept-Encoding": "gzip"}
    style, page = client.get("/static/desk.css", headers=packed), client.get("/", headers=packed)
    assert (style.headers["content-encoding"], style.headers["cache-control"]) == ("gzip", "public, max-age=600")
    assert ("content-encoding" not in page.headers, page.headers["cache-control"]) == (True, "no-store")
    assert client.get("/static/../app.py").status_code == 404
