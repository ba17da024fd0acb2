"""Several rows of a list at once: each is judged by itself, put once, and what cannot be taken says why."""

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import Engine, select

from desk.chosen_rows import CHOSEN
from models.city import City
from tasks.case_holds import take_case
from tasks.case_store import CASES
from tasks.database import transaction
from tasks.inbox import INBOX, find_case
from tasks.lifecycle import move_cases
from tasks.settings import Settings
from tests.desk.conftest import NOW
from tests.desk.phone import phone_of, proof_of, text_of
from tests.desk.test_own_page import Browser
from tests.desk.ways_to_act import HANDLING
from tests.stored_cases import acts, reports_taken_in, rows_of


@pytest.fixture
def browser(sqlite_engine: Engine, settings: Settings, city: City) -> Browser:
    return Browser(sqlite_engine, settings)


@pytest.fixture
def waiting(browser: Browser, city: City) -> list[str]:
    """Three cases with a request for more time each, and a fourth that waits to be filed."""
    when = NOW - timedelta(hours=1)
    names = reports_taken_in(browser.engine, city, 4, when, source="hotline_12345", class_code="E0101")
    for post, action, facts in [*HANDLING, ("lihe-liaison", "ask", {"kind": "suspension", "reason": "雨季", **UNTIL})]:
        when += timedelta(minutes=1)
        acts(browser.engine, city, names[:3], action, post, when, **facts)
        move_cases(browser.engine, now=when)
    acts(browser.engine, city, names[3:], "accept", "acceptor-a", when)
    move_cases(browser.engine, now=when)
    return names


UNTIL = {"wanted_until": "2019-08-01T08:00+08:00"}
"""A suspension is decided by the dispatcher, then by the shift leader."""


def boxes(page: str) -> dict[str, str]:
    """The boxes before the rows of a list, all ticked."""
    found = re.findall(rf'name="({CHOSEN}\d+)" value="([^"]+)"', page)
    return {name: html.unescape(value) for name, value in found}


def decides(browser: Browser, post: str, press: str, reason: str = "情况属实", **more: str) -> Response:
    """Opens the own page of a post, ticks every row and presses a button."""
    link = browser.link(post)
    page = browser.client.get(link).text
    fields: dict[str, Any] = proof_of(page) | boxes(page) | {"press": press, "reason": reason} | more
    answer: Response = browser.client.post(f"{link}/decide", data=fields)
    return answer


def put(browser: Browser) -> list[Any]:
    """What came into the inbox from the desk."""
    return rows_of(browser.engine, select(INBOX).where(INBOX.c.origin == "desk").order_by(INBOX.c.id))


def test_all_chosen_requests_are_decided_with_one_reason_and_the_next_step_waits_for_the_next_approver(
    browser: Browser, waiting: list[str]
) -> None:
    answer = decides(browser, "dispatcher", "decide:granted")
    assert answer.status_code == 200
    assert "已提交3件，未办0件" in text_of(answer.text)
    assert [json.loads(row.facts)["reason"] for row in put(browser)] == ["情况属实"] * 3
    move_cases(browser.engine, now=NOW)
    assert boxes(browser.client.get(browser.link("dispatcher")).text) == {}
    assert len(boxes(browser.client.get(browser.link("shift-leader")).text)) == 4
    decides(browser, "shift-leader", "decide:granted")
    move_cases(browser.engine, now=NOW)
    states = [row.state for row in rows_of(browser.engine, select(CASES.c.state).order_by(CASES.c.id))]
    assert states == ["suspended"] * 3 + ["accepted"]


def test_a_row_that_waits_for_another_step_is_left_alone_and_named(browser: Browser, waiting: list[str]) -> None:
    decides(browser, "dispatcher", "decide:granted")
    move_cases(browser.engine, now=NOW)
    answer = decides(browser, "shift-leader", "file", reason="")
    assert "已提交1件，未办3件" in text_of(answer.text)
    assert answer.text.count("这一行等待的是另一个步骤") == 3
    assert [row.action for row in put(browser)][3:] == ["file"]


def test_the_same_list_sent_twice_acts_once_and_says_the_same(browser: Browser, waiting: list[str]) -> None:
    link = browser.link("dispatcher")
    page = browser.client.get(link).text
    fields = proof_of(page) | boxes(page) | {"press": "decide:refused", "reason": "材料不全"}
    first, second = (browser.client.post(f"{link}/decide", data=fields) for _ in range(2))
    assert text_of(first.text) == text_of(second.text)
    assert len(put(browser)) == 3


def test_one_that_somebody_else_decided_meanwhile_holds_up_none_of_the_others(
    browser: Browser, waiting: list[str], city: City
) -> None:
    link = browser.link("dispatcher")
    page = browser.client.get(link).text
    acts(browser.engine, city, waiting[:1], "withdraw", "lihe-liaison", NOW, kind="suspension")
    move_cases(browser.engine, now=NOW)
    fields = proof_of(page) | boxes(page) | {"press": "decide:granted", "reason": "情况属实"}
    answer = browser.client.post(f"{link}/decide", data=fields)
    assert "已提交2件，未办1件" in text_of(answer.text)
    assert "没有待审批的“挂账”申请" in text_of(answer.text)
    assert len(put(browser)) == 2


@pytest.mark.parametrize("reason", ["", "   ", "长" * 1001])
def test_a_decision_without_a_fitting_reason_is_taken_for_no_row(
    browser: Browser, waiting: list[str], reason: str
) -> None:
    answer = decides(browser, "dispatcher", "decide:granted", reason)
    assert "已提交0件，未办3件" in text_of(answer.text)
    assert put(browser) == []


def test_rows_of_others_forged_rows_and_strange_buttons_do_nothing(browser: Browser, waiting: list[str]) -> None:
    strange = {
        f"{CHOSEN}{n}": row for n, row in enumerate(("' OR 1=1 --", "\0 decide", "x" * 999, f"{waiting[3]} file"), 60)
    }
    answer = decides(browser, "inspector-a", "file", **strange)
    assert "已提交0件" in text_of(answer.text)
    assert decides(browser, "dispatcher", "delete").status_code == 403
    assert decides(browser, "dispatcher", "decide:perhaps").status_code == 403
    assert decides(browser, "dispatcher", "decide:granted", key="forged").status_code == 403
    assert put(browser) == []


def test_a_row_of_a_case_that_is_not_the_readers_gets_no_link_to_it(browser: Browser, waiting: list[str]) -> None:
    rows = {f"{CHOSEN}1": f"{waiting[0]} decide-suspension", f"{CHOSEN}2": "R1 decide-suspension"}
    link = browser.link("water-liaison")
    answer = browser.client.post(
        f"{link}/decide",
        data=proof_of(browser.client.get(link).text) | rows | {"press": "decide:granted", "reason": "x"},
    )
    assert "/c/" not in answer.text
    assert answer.text.count("这个案件已不在您的队列里") == 2, "whether there is such a case or not"
    assert put(browser) == []


def test_no_row_ticked_is_said(browser: Browser, waiting: list[str]) -> None:
    link = browser.link("dispatcher")
    fields = proof_of(browser.client.get(link).text) | {"press": "decide:granted", "reason": "情况属实"}
    assert "没有勾选任何一行" in browser.client.post(f"{link}/decide", data=fields).text


def test_a_seat_decides_in_its_shift_and_without_one_nothing_happens(browser: Browser, waiting: list[str]) -> None:
    browser.signs_in("dispatcher")
    page = browser.client.get("/seat").text
    fields = proof_of(page) | boxes(page) | {"press": "decide:granted", "reason": "情况属实"}
    assert browser.another().post("/seat/decide", data=fields).status_code == 401
    assert put(browser) == []
    assert "已提交3件" in text_of(browser.client.post("/seat/decide", data=fields).text)


def test_a_case_held_at_another_seat_can_be_read_and_not_acted_on_until_it_is_free(
    browser: Browser, city: City, settings: Settings
) -> None:
    name = reports_taken_in(browser.engine, city, 1, NOW, source="hotline_12345", class_code="E0101")[0]
    with transaction(browser.engine) as connection:
        case_id = find_case(connection, name) or 0
        take_case(connection, case_id, "acceptor-b", NOW, NOW + timedelta(minutes=15))
    mine, theirs = (phone_of(browser.client, settings, post, name) for post in ("acceptor-a", "acceptor-b"))
    assert "受理员乙正在办理这个案件，为其保留至" in text_of(mine.page())
    refused = mine.acts("accept")
    assert refused.status_code == 409
    assert "受理员乙正在办理这个案件" in text_of(refused.text)
    assert theirs.acts("accept").status_code == 303
    browser.now = NOW + timedelta(minutes=15)
    assert "正在办理这个案件" not in mine.page()
