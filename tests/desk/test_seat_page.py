"""A seat's queue: taking reserves, giving back frees, another seat is told who was first, and strangers do nothing."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine, select

from models.city import City
from tasks.case_holds import HOLDS
from tasks.database import transaction
from tasks.revocation import revoke_access
from tasks.settings import Settings
from tests.desk.conftest import NOW
from tests.desk.phone import proof_of, text_of
from tests.desk.test_own_page import Browser
from tests.stored_cases import reports_taken_in, rows_of


@pytest.fixture
def browser(sqlite_engine: Engine, settings: Settings, city: City) -> Browser:
    found = Browser(sqlite_engine, settings)
    found.signs_in()
    return found


@pytest.fixture
def case(browser: Browser, city: City) -> str:
    """A report that waits for the acceptors."""
    return reports_taken_in(browser.engine, city, 1, NOW, source="hotline_12345")[0]


def sends(client: TestClient, path: str, **fields: str) -> Response:
    answer: Response = client.post(path, data=proof_of(client.get("/seat").text) | fields)
    return answer


def held(browser: Browser) -> list[str]:
    return [row.post for row in rows_of(browser.engine, select(HOLDS))]


def test_taking_a_case_reserves_and_opens_it(browser: Browser, case: str) -> None:
    answer = sends(browser.client, "/seat/take", case=case)
    assert answer.status_code == 303
    assert case in browser.client.get(answer.headers["location"]).text
    queue = text_of(browser.client.get("/seat").text)
    assert "您正在办理 · 保留至 10:15" in queue
    assert held(browser) == ["acceptor-a"]


def test_another_seat_is_told_who_was_first_and_gets_it_once_it_is_free(browser: Browser, case: str) -> None:
    sends(browser.client, "/seat/take", case=case)
    first, browser.client = browser.client, browser.another()
    browser.signs_in("acceptor-b")
    second = browser.client
    assert "受理员甲 · 保留至 10:15" in text_of(second.get("/seat").text)
    assert 'action="/seat/take"' not in second.get("/seat").text
    answer = sends(second, "/seat/take", case=case)
    assert answer.status_code == 409
    assert "受理员甲已先领取，保留至10:15" in answer.text
    assert sends(first, "/seat/release", case=case).status_code == 303
    assert sends(second, "/seat/take", case=case).status_code == 303
    assert held(browser) == ["acceptor-b"]


def test_a_reservation_runs_out_by_itself(browser: Browser, case: str) -> None:
    sends(browser.client, "/seat/take", case=case)
    browser.now = NOW + timedelta(minutes=15)
    assert "保留至" not in browser.client.get("/seat").text


@pytest.mark.parametrize("name", ["", "nobody's", "' OR 1=1 --", "x" * 5000, "<b>", "\0"])
def test_what_does_not_wait_here_is_not_taken(browser: Browser, case: str, name: str) -> None:
    answer = sends(browser.client, "/seat/take", case=name)
    assert answer.status_code == 409
    assert "已不在您的队列里" in answer.text
    assert sends(browser.client, "/seat/release", case=name).status_code == 303
    assert held(browser) == []


def test_a_case_of_another_role_is_not_taken(browser: Browser, case: str) -> None:
    browser.client = browser.another()
    browser.signs_in("dispatcher")
    assert sends(browser.client, "/seat/take", case=case).status_code == 409
    assert held(browser) == []


@pytest.mark.parametrize("path", ["/seat/take", "/seat/release", "/seat/sign-out"])
@pytest.mark.parametrize("what", ["no shift", "no proof", "another shift's", "from elsewhere"])
def test_what_is_not_sent_from_a_page_of_this_shift_does_nothing(
    browser: Browser, case: str, path: str, what: str
) -> None:
    mine, other = browser.client, browser.another()
    browser.client = other
    browser.signs_in("acceptor-b")
    proof = proof_of(mine.get("/seat").text)
    asked = {
        "no shift": (browser.another(), proof, {}),
        "no proof": (mine, {}, {}),
        "another shift's": (mine, proof_of(other.get("/seat").text), {}),
        "from elsewhere": (mine, proof, {"sec-fetch-site": "cross-site"}),
    }
    client, fields, headers = asked[what]
    assert client.post(path, data=fields | {"case": case}, headers=headers).status_code == 401
    assert held(browser) == []
    assert mine.get("/seat").status_code == 200


def test_signing_out_ends_the_shift_also_for_who_kept_the_cookie(browser: Browser) -> None:
    kept = browser.another()
    kept.cookies.update(browser.client.cookies)
    answer = sends(browser.client, "/seat/sign-out")
    assert "已退出" in answer.text
    assert 'zhihui-shift=""' in answer.headers["set-cookie"]
    assert kept.get("/seat").status_code == browser.client.get("/seat").status_code == 401


def test_a_revoked_shift_is_over_at_once(browser: Browser, case: str) -> None:
    proof = proof_of(browser.client.get("/seat").text)
    with transaction(browser.engine) as connection:
        revoke_access(connection, "acceptor-a", "admin", NOW + timedelta(seconds=1))
    browser.now = NOW + timedelta(minutes=1)
    assert browser.client.get("/seat").status_code == 401
    assert browser.client.post("/seat/take", data=proof | {"case": case}).status_code == 401
    assert held(browser) == []


def test_the_queue_reads_in_english_too(browser: Browser, case: str) -> None:
    page = browser.client.get("/seat?lang=en").text
    assert {"Take it", "Sign out"} <= set(re.findall(r">([A-Z][^<]+)</button>", page))
    assert browser.client.get("/seat?page=2").status_code == 200
    for number in ("0", "-1", "x", "999999"):
        assert browser.client.get(f"/seat?page={number}").status_code == 400
