"""The demo inbox takes what Apprise posts over real HTTP, and shows it; nothing else comes out of it."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, insert, select

from desk.app import create_app
from desk.demo_inbox import MESSAGES, MOST_KEPT
from models.city import City
from tasks.database import reading, transaction
from tasks.lifecycle import move_cases
from tasks.links import PATHS
from tasks.message_settings import MessageSettings
from tasks.notify import Delivery, deliver_and_wait
from tasks.settings import Settings
from tests.cities import changed
from tests.desk.conftest import NOW
from tests.desk.served import free_socket, served
from tests.notice_rows import attempts, write_notice
from tests.stored_cases import a_loaded_city, at, reports_taken_in

POSTED = {"version": "1.0", "title": "【新任务】E1", "message": "要做：处置", "type": "info", "attachments": []}


def test_a_notice_is_delivered_into_the_inbox_and_its_link_opens_the_case(
    sqlite_engine: Engine, settings: Settings
) -> None:
    city = a_loaded_city(
        sqlite_engine, changed("contact_points.csv", "dingtalk,env:ZHIHUI_TEST_DINGTALK", "dingtalk,demo")
    )
    reports_taken_in(sqlite_engine, city, 1, at("2019-05-06 09:00"))
    move_cases(sqlite_engine, now=at("2019-05-06 09:01"))
    listener = free_socket()
    settings = settings.model_copy(update={"desk_url": f"http://127.0.0.1:{listener.getsockname()[1]}"})
    notice_id = write_notice(sqlite_engine, case_id=1)
    app = create_app(settings, sqlite_engine, clock=lambda: NOW)
    with served(app, listener):
        delivery = deliver_and_wait(sqlite_engine, city, settings, now=NOW, case_ids=[1])
    assert delivery == Delivery(sent=2, attempts=2), "the written one, and the task of the dispatch"
    assert attempts(sqlite_engine, notice_id)[0]["outcome"] == "handed_over"
    client = TestClient(app)
    page = client.get("/demo/inbox").text
    assert "梨河镇值班员甲" in page
    assert "钉钉" in page
    assert "【新任务】E0110201905060001 暴露垃圾，5月6日（周一）16:00前" in page
    link = re.search(r'class="button" href="(/c/[^"]+)"', page)
    assert link
    assert "新华路口" in client.get(link[1]).text


def test_messages_are_shown_newest_first_and_by_recipient(client: TestClient) -> None:
    for title, recipient in (("first", "lihe-liaison"), ("second", "water-liaison"), ("third", "lihe-liaison")):
        assert client.post(f"/demo/inbox/{recipient}", json=POSTED | {"title": title}).status_code == 201
    assert shown_titles(client, "/demo/inbox") == ["third", "second", "first"]
    assert shown_titles(client, "/demo/inbox?recipient=lihe-liaison") == ["third", "first"]
    assert shown_titles(client, "/demo/inbox?recipient=nobody") == []


def test_english_readers_see_the_english_part_first(client: TestClient) -> None:
    message = "要做：处置\n\n— English —\nNew task: E1\nTo do: handle it"
    client.post("/demo/inbox/lihe-liaison", json=POSTED | {"message": message})
    assert shown_titles(client, "/demo/inbox") == ["【新任务】E1"]
    assert shown_titles(client, "/demo/inbox?lang=en") == ["New task: E1"]


def test_older_messages_are_a_page_away_and_only_the_first_page_refreshes_itself(
    client: TestClient, sqlite_engine: Engine
) -> None:
    write_messages(sqlite_engine, 45)
    first = client.get("/demo/inbox").text
    older = re.search(r'href="(/demo/inbox\?before=\d+)"', first)
    assert older
    assert 'http-equiv="refresh"' in first
    assert shown_titles(client, older[1]) == ["5", "4", "3", "2", "1"]
    assert 'http-equiv="refresh"' not in client.get(older[1]).text


def test_what_a_message_holds_is_text_and_no_page(client: TestClient) -> None:
    nasty = {
        "title": "<script>alert(1)</script>",
        "message": "地点：<img src=x onerror=alert(1)>\nhttp://evil.example/c/x",
    }
    client.post("/demo/inbox/lihe-liaison", json=POSTED | nasty)
    page = client.get("/demo/inbox").text
    assert "<script" not in page
    assert "<img src=x" not in page
    assert 'href="http://evil' not in page
    assert 'class="button" href' not in page


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        b"7",
        b'"text"',
        b"{}",
        b'{"title": "only"}',
        b'{"title": 1, "message": "x"}',
        b'{"title": "x", "message": null}',
        b"\xff\xfe",
        b"[" * 60_000,
    ],
    ids=range(11),
)
def test_what_is_no_message_is_refused_without_a_trace(client: TestClient, body: bytes) -> None:
    answer = client.post("/demo/inbox/lihe-liaison", content=body)
    assert answer.status_code == 400
    assert "Traceback" not in answer.text
    assert shown_titles(client, "/demo/inbox") == []


def test_characters_no_database_can_hold_are_left_out(client: TestClient) -> None:
    body = b'{"title": "nul \\u0000 half \\ud800", "message": "x"}'
    assert client.post("/demo/inbox/lihe-liaison", content=body).status_code == 201
    assert shown_titles(client, "/demo/inbox") == ["nul  half ?"]


@pytest.mark.parametrize(("size", "status"), [(60_000, 201), (64 * 1024, 413), (5_000_000, 413)])
def test_a_body_over_64_kilobytes_is_refused(client: TestClient, size: int, status: int) -> None:
    assert client.post("/demo/inbox/lihe-liaison", json=POSTED | {"message": "x" * size}).status_code == status


def test_a_body_that_does_not_say_how_long_it_is_is_measured(client: TestClient) -> None:
    endless = (b"x" * 1000 for _ in range(1000))
    assert client.post("/demo/inbox/lihe-liaison", content=endless).status_code == 413


@pytest.mark.parametrize("recipient", ["a%2Fb", "<b>", "x" * 101, "a b", "%00"])
def test_a_recipient_that_is_no_code_is_refused(client: TestClient, recipient: str) -> None:
    assert client.post(f"/demo/inbox/{recipient}", json=POSTED).status_code in (400, 404)


def test_the_inbox_keeps_a_bounded_number_of_messages(client: TestClient, sqlite_engine: Engine) -> None:
    write_messages(sqlite_engine, MOST_KEPT + 10)
    client.post("/demo/inbox/lihe-liaison", json=POSTED)
    with reading(sqlite_engine) as connection:
        assert connection.scalar(select(func.count()).select_from(MESSAGES)) == MOST_KEPT


def test_without_the_demo_there_is_no_inbox(sqlite_engine: Engine, settings: Settings, city: City) -> None:
    client = TestClient(create_app(settings, sqlite_engine, MessageSettings(demo_inbox=False)))
    assert client.get("/demo/inbox").status_code == 404
    assert client.post("/demo/inbox/lihe-liaison", json=POSTED).status_code == 404
    assert "/demo/inbox" not in client.get("/").text


def test_the_short_address_leads_to_the_inbox(client: TestClient) -> None:
    assert client.get("/demo").url.path == "/demo/inbox"


def write_messages(engine: Engine, count: int) -> None:
    rows = [
        {
            "received_at": NOW + timedelta(seconds=n),
            "recipient": "lihe-liaison",
            "channel": "demo",
            "title": str(n + 1),
            "body": "",
        }
        for n in range(count)
    ]
    with transaction(engine) as connection:
        connection.execute(insert(MESSAGES), rows)


def shown_titles(client: TestClient, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    return re.findall(r"<h2[^>]*>(.*?)</h2>", answer.text)


@pytest.mark.parametrize("path", [f"{begin}a.b" for begin in sorted(set(PATHS.values()))])
def test_the_link_of_a_message_is_a_button_whatever_page_it_opens(
    client: TestClient, settings: Settings, path: str
) -> None:
    client.post("/demo/inbox/lihe-liaison", json=POSTED | {"message": f"要做：签到\n办理：{settings.desk_url}{path}"})
    assert f'class="button" href="{path}"' in client.get("/demo/inbox").text
