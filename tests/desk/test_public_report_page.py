"""The page of a report: how it stands and why, what a reporter may still say, and what becomes of it."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import Engine, select

from desk.form_token import draw_form_token
from models.city import City
from tasks.audit import verify_all
from tasks.case_store import CASES, EVENTS
from tasks.inbox import INBOX
from tasks.lifecycle import move_cases
from tasks.satisfaction import ANSWERS
from tasks.settings import Settings
from tests.cities import changed
from tests.desk.citizen import Citizen, Receipt, citizen, hidden_of, text_of
from tests.desk.phone import phone_of
from tests.stored_cases import a_loaded_city, acts, rows_of

__all__ = ["citizen"]

CLOSED: list[tuple[str, str, dict[str, Any]]] = [
    ("accept", "acceptor-a", {}),
    ("file", "shift-leader", {}),
    ("dispatch", "dispatcher", {"unit": "lihe"}),
    ("receive", "lihe-liaison", {}),
    ("report_handled", "lihe-liaison", {}),
    ("check", "inspector-a", {"result": "passed"}),
    ("close", "shift-leader", {}),
]
CLASSED = {"class": "E0101", "area": "410184101"}


def moved(citizen: Citizen, city: City, receipt: Receipt, moves: list[tuple[str, str, dict[str, Any]]]) -> None:
    """People act on the case one after the other."""
    for action, post, facts in moves:
        citizen.later(minutes=1)
        acts(citizen.engine, city, [receipt.number], action, post, citizen.now, **facts)
    move_cases(citizen.engine, now=citizen.now)


def closed(citizen: Citizen, city: City, **fields: str) -> Receipt:
    """A report whose case was closed."""
    receipt = citizen.reports(**CLASSED | fields)
    moved(citizen, city, receipt, CLOSED)
    return receipt


def page_of(citizen: Citizen, receipt: Receipt) -> str:
    answer = citizen.client.get(receipt.path)
    assert answer.status_code == 200
    return str(answer.text)


def answers(
    citizen: Citizen, receipt: Receipt, form: str, drawn: dict[str, str] | None = None, **fields: Any
) -> Response:
    """Sends one of the page's forms."""
    data = (drawn or hidden_of(page_of(citizen, receipt), ("key", "proof"))) | fields
    answer: Response = citizen.client.post(f"{receipt.path}/{form}", data=data, follow_redirects=False)
    return answer


def test_a_rejected_report_says_why(citizen: Citizen, city: City) -> None:
    receipt = citizen.reports()
    moved(citizen, city, receipt, [("reject", "acceptor-a", {"reason": "属于物业管理范围"})])
    said = text_of(page_of(citizen, receipt))
    for words in ("未予受理", "属于物业管理范围", "人行道上井盖不见了", "新华路口"):
        assert words in said


def test_a_suspended_report_says_until_when_and_a_void_one_why(citizen: Citizen, city: City) -> None:
    wait = {"kind": "suspension", "reason": "雨季", "wanted_until": "2019-08-01T08:00+08:00"}
    granted = {"kind": "suspension", "verdict": "granted"}
    receipt = citizen.reports(**CLASSED)
    suspended = [
        *CLOSED[:4],
        ("ask", "lihe-liaison", wait),
        ("decide", "dispatcher", granted),
        ("decide", "shift-leader", granted),
    ]
    moved(citizen, city, receipt, suspended)
    said = text_of(page_of(citizen, receipt))
    assert "暂缓至 8月1日（周四）08:00" in said
    assert "雨季" not in said
    other = citizen.reports(place="别处", **CLASSED)
    voided = [
        *CLOSED[:1],
        ("ask", "acceptor-a", {"kind": "void", "reason": "重复录入"}),
        ("decide", "shift-leader", {"kind": "void", "verdict": "granted", "reason": "同意"}),
    ]
    moved(citizen, city, other, voided)
    assert "已终止办理" in page_of(citizen, other)


def test_a_joined_report_tells_its_own_words_and_how_the_other_goes_on(citizen: Citizen, city: City) -> None:
    first = citizen.reports(description="第一个人的话", place="第一个人的地点", **CLASSED)
    second = citizen.reports(description="第二个人的话", place="第二个人的地点", phone="13900139000", **CLASSED)
    moved(citizen, city, second, [("merge", "acceptor-a", {"into": first.number})])
    moved(citizen, city, first, CLOSED[:3])
    page = page_of(citizen, second)
    said = text_of(page)
    for words in ("两件合并办理", "已交责任单位", "第二个人的话", "第二个人的地点", "派遣 · 梨河镇"):
        assert words in said
    for foreign in ("第一个人", first.number, first.code, "13900139000"):
        assert foreign not in page
    moved(citizen, city, first, CLOSED[3:])
    drawn = hidden_of(page_of(citizen, first), ("key", "proof"))
    assert answers(citizen, second, "reopen", reason="没有解决").status_code == 303
    late = answers(citizen, first, "reopen", drawn, reason="也没有解决")
    assert (late.status_code, "已经在重新办理" in late.text) == (409, True)
    move_cases(citizen.engine, now=citizen.now)
    assert "第2次办理" in page_of(citizen, first)


def test_a_closed_report_is_scored_and_scored_again_and_the_last_one_counts(citizen: Citizen, city: City) -> None:
    receipt = closed(citizen, city)
    drawn = hidden_of(page_of(citizen, receipt), ("key", "proof"))
    for _ in range(2):
        sent = answers(citizen, receipt, "satisfaction", drawn, score="2", words="慢，打13800138000也没人接")
        assert sent.status_code == 303
    assert "您的评价：2 不满意" in page_of(citizen, receipt)
    citizen.later(minutes=1)
    assert answers(citizen, receipt, "satisfaction", score="5").status_code == 303
    assert "您的评价：5 很满意" in page_of(citizen, receipt)
    rows = rows_of(citizen.engine, select(ANSWERS).order_by(ANSWERS.c.id))
    assert [(row.score, row.words, row.round) for row in rows] == [(2, "慢，打●●●也没人接", 1), (5, "", 1)]


def test_a_score_that_is_none_is_not_recorded(citizen: Citizen, city: City) -> None:
    receipt = closed(citizen, city)
    none: list[dict[str, Any]] = [{}, {"score": "0"}, {"score": "6"}, {"score": "x"}]
    for fields in [*none, {"score": "1", "words": "长" * 501}]:
        assert answers(citizen, receipt, "satisfaction", **fields).status_code == 422
    assert rows_of(citizen.engine, select(ANSWERS)) == []


def test_not_solved_sends_the_case_back_once_and_a_new_round_has_its_own_score(
    engine: Engine, settings: Settings
) -> None:
    city = a_loaded_city(engine)
    citizen = Citizen(settings, engine)
    receipt = closed(citizen, city)
    answers(citizen, receipt, "satisfaction", score="1")
    drawn = hidden_of(page_of(citizen, receipt), ("key", "proof"))
    both = threading.Barrier(2)

    def send(_: int) -> int:
        both.wait(10)
        return answers(citizen, receipt, "reopen", drawn, reason="垃圾还在，电话13800138000").status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(send, range(2))) == [303, 303]
    (row,) = [row for row in rows_of(engine, select(INBOX)) if row.action == "reopen"]
    assert (row.by_post, json.loads(row.facts)) == (
        "public",
        {"reason": "垃圾还在，电话●●●", "receipt_number": receipt.number},
    )
    waiting = page_of(citizen, receipt)
    assert "正在转回办理" in waiting
    assert "要求重新办理" not in waiting
    assert 'http-equiv="refresh"' in waiting
    move_cases(engine, now=citizen.now)
    again = text_of(page_of(citizen, receipt))
    assert "第2次办理" in again
    assert "正在确定由哪个单位处理" in again
    assert "垃圾还在" not in again
    (event,) = rows_of(engine, select(EVENTS).where(EVENTS.c.action == "reopen"))
    assert (event.actor, event.role, event.to_state) == ("public", "public", "filed")
    assert "市民" in phone_of(citizen.client, settings, "dispatcher", receipt.number).page()
    moved(citizen, city, receipt, CLOSED[2:])
    assert "您的评价" not in page_of(citizen, receipt)
    answers(citizen, receipt, "satisfaction", score="4")
    assert [(row.round, row.score) for row in rows_of(engine, select(ANSWERS))] == [(1, 1), (2, 4)]
    assert verify_all(engine).intact


def test_while_the_engine_is_away_the_page_says_that_it_waits(citizen: Citizen, city: City) -> None:
    receipt = closed(citizen, city)
    answers(citizen, receipt, "reopen", reason="没有解决")
    citizen.later(minutes=2)
    page = page_of(citizen, receipt)
    assert "系统恢复后自动转回办理" in page
    assert 'http-equiv="refresh"' not in page


@pytest.mark.parametrize(
    ("old", "new", "days", "said"),
    [
        ("objection_days: 15", "objection_days: 3", 3.01, "提出异议的时间已过"),
        ("most_reopenings: 2", "most_reopenings: 0", 0, "次数已到上限"),
        ("calendar_warning_days: 60", "calendar_warning_days: 60\ndisabled_actions: [reopen]", 0, "不重新办理"),
    ],
)
def test_where_it_may_not_be_reopened_the_page_says_why_and_nothing_is_put(
    settings: Settings, sqlite_engine: Engine, old: str, new: str, days: float, said: str
) -> None:
    city = a_loaded_city(sqlite_engine, changed("policy.yaml", old, new))
    citizen = Citizen(settings, sqlite_engine)
    receipt = closed(citizen, city)
    citizen.now += timedelta(days=days)
    page = page_of(citizen, receipt)
    assert said in page
    assert "要求重新办理" not in page
    refused = answers(citizen, receipt, "reopen", reason="没有解决")
    assert (refused.status_code, said in refused.text) == (409, True)
    assert "reopen" not in {row.action for row in rows_of(sqlite_engine, select(INBOX))}


def test_an_open_report_can_neither_be_scored_nor_reopened(citizen: Citizen, city: City) -> None:
    done, fresh = closed(citizen, city), citizen.reports(place="别处")
    page = page_of(citizen, fresh)
    assert "满意" not in page
    assert "没有解决" not in text_of(page)
    foreign = hidden_of(page_of(citizen, done), ("key", "proof"))
    assert answers(citizen, fresh, "satisfaction", foreign, score="5").status_code == 403
    assert answers(citizen, fresh, "reopen", foreign, reason="没有解决").status_code == 403


def test_a_reason_is_needed_and_bounded(citizen: Citizen, city: City) -> None:
    receipt = closed(citizen, city)
    for reason, said in ((" \0 ", "请写明"), ("", "请写明"), ("长" * 1001, "写得太长")):
        answer = answers(citizen, receipt, "reopen", reason=reason)
        assert (answer.status_code, said in answer.text) == (422, True)


def test_forms_of_the_page_are_worth_nothing_without_its_proof_or_from_elsewhere(citizen: Citizen, city: City) -> None:
    receipt = closed(citizen, city)
    drawn = hidden_of(page_of(citizen, receipt), ("key", "proof"))
    for form, fields in (("satisfaction", {"score": "5"}), ("reopen", {"reason": "没有解决"})):
        assert answers(citizen, receipt, form, {"key": "k", "proof": "p"}, **fields).status_code == 403
        strange = citizen.client.post(
            f"{receipt.path}/{form}", data=drawn | fields, headers={"sec-fetch-site": "cross-site"}
        )
        assert strange.status_code == 403
        assert citizen.client.post(f"/c/forged/{form}", data=drawn | fields).status_code == 403
    assert rows_of(citizen.engine, select(ANSWERS)) == []


def test_a_posts_link_is_no_reporters_link(citizen: Citizen, city: City, settings: Settings) -> None:
    receipt = closed(citizen, city)
    phone = phone_of(citizen.client, settings, "lihe-liaison", receipt.number)
    token = draw_form_token(settings.secret_key("link"), phone.path.removeprefix("/c/"))
    drawn = {"key": token.drawn, "proof": token.proof}
    for form, fields in (("satisfaction", {"score": "5"}), ("reopen", {"reason": "没有解决"})):
        answer = citizen.client.post(f"{phone.path}/{form}", data=drawn | fields)
        assert answer.status_code == 403
    assert [row.state for row in rows_of(citizen.engine, select(CASES))] == ["closed"]
