"""Whoever is called answers with one button and sees only their own part; the duty room sees who has not answered."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine

from desk.app import create_app
from tasks.links import Link, Purpose, sign_link
from tasks.message_settings import MessageSettings
from tasks.settings import Settings
from tests.call_cities import STORM, TOWN, Callers, callers, raise_warning_row
from tests.desk.conftest import QuietEngine
from tests.desk.phone import proof_of, text_of
from tests.notice_rows import notices_of_kind, write_attempt

MINUTE = timedelta(minutes=1)
NOW = STORM + 2 * MINUTE


@dataclass
class Desk:
    """One desk for all readers, whose clock stands where the one who reads is."""

    settings: Settings
    client: TestClient
    now: datetime = NOW


class Reader:
    """Somebody with the link of a call's message, at a moment."""

    def __init__(self, desk: Desk, number: str, post: str, now: datetime = NOW) -> None:
        self._desk, self._now = desk, now
        link = Link(post, Purpose.FLOOD, number)
        self.path = "/flood/" + sign_link(desk.settings.secret_key("link"), link, STORM)

    @property
    def client(self) -> TestClient:
        self._desk.now = self._now
        return self._desk.client

    def asks(self, query: str = "") -> Response:
        found: Response = self.client.get(self.path + query)
        return found

    def reads(self, query: str = "") -> str:
        answer = self.asks(query)
        assert answer.status_code == 200, answer.status_code
        return text_of(answer.text)

    def presses(self, button: str, **fields: str) -> Response:
        proof = proof_of(self.client.get(self.path).text)
        found: Response = self.client.post(
            f"{self.path}/call/{button}", data={**proof, **fields}, follow_redirects=True
        )
        return found


Open = Callable[..., Reader]


@pytest.fixture
def town(sqlite_engine: Engine) -> Callers:
    return callers(sqlite_engine)


@pytest.fixture
def open_as(town: Callers, settings: Settings) -> Open:
    app = create_app(settings, town.engine, MessageSettings(), lambda: desk.now, lambda _settings: QuietEngine())
    desk = Desk(settings, TestClient(app, raise_server_exceptions=False))
    return lambda number, post, now=NOW: Reader(desk, number, post, now)


def test_whoever_is_called_answers_with_one_button_and_opening_the_page_is_no_answer(
    town: Callers, open_as: Open
) -> None:
    number = town.started(TOWN)
    patrol = open_as(number, "village-person")
    before = town.everything()
    page = patrol.reads()
    for said in (
        "请立即应答",
        "还有3分钟",
        "收到，已到岗",
        "乙水库 · 巡查责任人",
        "梨河镇 · 村级责任人",
        "水位上涨",
        number,
    ):
        assert said in page
    assert town.everything() == before
    answered = text_of(patrol.presses("answer", words="已到坝上 13800138000").text)
    assert "已应答 20:02:00 网页确认 已到坝上 ●●●" in answered
    assert "收到，已到岗" not in answered
    rows = [row for row in town.targets(number) if row.post == "village-person"]
    assert {(row.state, row.how, row.answered_at) for row in rows} == {("answered", "page", NOW)}


def test_a_second_press_changes_nothing_and_says_who_was_first(town: Callers, open_as: Open) -> None:
    number = town.started()
    proof = proof_of(open_as(number, "res-tech").asks().text)
    first = open_as(number, "res-tech")
    first.client.post(f"{first.path}/call/answer", data=proof)
    before = town.everything()
    later = open_as(number, "res-tech", NOW + MINUTE)
    again = later.client.post(f"{later.path}/call/answer", data=proof)
    assert "20:02:00 网页确认" in text_of(again.text)
    assert town.everything() == before


def test_a_called_person_sees_only_their_own_part(town: Callers, open_as: Open) -> None:
    number = town.started(TOWN)
    page = open_as(number, "res-tech").asks().text
    for other in ("res-admin", "责任人res-admin", "town-person", "镇级责任人", "电话已接通", "叫应看板"):
        assert other not in page


def test_the_board_shows_who_has_not_answered_by_chain_and_what_was_tried(town: Callers, open_as: Open) -> None:
    number = town.started(TOWN)
    town.answers(number, "res-admin", STORM + MINUTE)
    (message,) = [row for row in notices_of_kind(town.engine, "call") if row["recipient"] == "res-tech"]
    write_attempt(town.engine, message["id"], channel="sms", started_at=STORM + 3 * timedelta(seconds=1),
                  ended_at=STORM, ok=False, outcome="http_error 503")  # fmt: skip
    found = open_as(number, "flood-officer-1").asks()
    page = text_of(found.text)
    for said in (
        "梨河镇 叫应看板",
        "1 /5 已应答",
        "4 未应答",
        "首次呼出 3秒",
        "最后应答 20:01:00",
        "甲水库 三个责任人",
        "责任人res-tech 技术责任人",
        "等待应答 剩3分钟",
        "短信 通道返回错误",
        "责任人group-person 组级责任人 未轮到",
        "已应答 20:01:00 网页确认",
        "还没有人应答的责任链 3",
    ):
        assert said in page, said
    assert '<meta http-equiv="refresh" content="10">' in found.text
    assert not re.search(r"<script|style=| on[a-z]+=\"", found.text)


def test_the_duty_room_records_an_answer_by_voice_and_the_board_says_of_whom(town: Callers, open_as: Open) -> None:
    number = town.started()
    officer = open_as(number, "flood-officer-2")
    page = text_of(officer.presses("voice", post="res-patrol").text)
    assert "责任人res-patrol: 20:02:00 电话或当面（防汛值班人员fficer-2登记）" in page
    again = text_of(open_as(number, "flood-officer-3", NOW + MINUTE).presses("voice", post="res-patrol").text)
    assert "责任人res-patrol: 20:02:00 电话或当面（防汛值班人员fficer-2登记）" in again
    assert open_as(number, "flood-officer-2").presses("voice", post="leader").status_code == 409


def test_a_called_person_records_and_ends_nothing_for_others(town: Callers, open_as: Open) -> None:
    number = town.started()
    before = town.everything()
    person = open_as(number, "res-patrol")
    for button, fields in (("voice", {"post": "res-tech"}), ("end", {})):
        assert person.presses(button, **fields).status_code == 403
    assert town.everything() == before


def test_silence_turns_the_board_red_and_the_leader_takes_over_on_it(town: Callers, open_as: Open) -> None:
    number = town.started()
    town.climbs(STORM + 5 * MINUTE)
    leader = open_as(number, "flood-leader-1", STORM + 6 * MINUTE)
    page = leader.asks().text
    assert 'class="call-board red"' in page
    for said in ("全链叫不应", "叫不应 超时1分钟", "有人叫不应，请接手", "甲水库 · 当班带班领导"):
        assert said in text_of(page)
    answered = text_of(leader.presses("answer").text)
    assert "各链均已有人应答" in answered, "who heard of a silence and answers for it ends the climbing"


def test_the_room_ends_a_drill_and_everybody_reads_that_it_was_one(town: Callers, open_as: Open) -> None:
    number = town.started(TOWN, drill=True)
    board, person = open_as(number, "flood-officer-1"), open_as(number, "res-tech")
    assert 'class="call-board drill"' in board.asks().text
    for reader in (board, person):
        for language, said in (("", "这是演练，不是真实险情"), ("?lang=en", "DRILL This is a drill")):
            assert said in reader.reads(language)
            assert reader.asks(language).text.split("<title>")[1].startswith(("演练", "DRILL"))
    proof = proof_of(person.asks().text)
    assert "结束演练" in board.reads()
    assert "本次叫应已结束" in text_of(board.presses("end").text)
    assert "本次叫应已结束" in person.reads()
    assert person.client.post(f"{person.path}/call/answer", data=proof).status_code == 409


@pytest.mark.parametrize("post", ["lihe-liaison", "auditor", "inspector-a", "group-person-x"])
def test_nobody_else_opens_a_call(town: Callers, open_as: Open, post: str) -> None:
    number = town.started()
    assert open_as(number, post).asks().status_code == 403


def test_a_number_that_is_none_and_a_link_for_something_else_open_nothing(
    town: Callers, open_as: Open, settings: Settings
) -> None:
    number = town.started()
    for subject in ("JY20210720-999", "XX1", ""):
        assert open_as(subject, "flood-officer-1").asks().status_code == 403
    reader = open_as(number, "flood-officer-1")
    token = sign_link(settings.secret_key("link"), Link("flood-officer-1", Purpose.MINE, number), STORM)
    assert reader.client.get(f"/flood/{token}").status_code == 403


def test_a_form_that_was_not_drawn_for_the_link_answers_nothing(town: Callers, open_as: Open) -> None:
    number = town.started()
    other = proof_of(open_as(number, "res-patrol").asks().text)
    reader = open_as(number, "res-tech")
    before = town.everything()
    assert reader.client.post(f"{reader.path}/call/answer", data=other).status_code == 403
    assert reader.client.post(f"{reader.path}/call/answer").status_code == 403
    assert town.everything() == before


def test_both_pages_speak_english_and_show_what_was_typed_as_text(town: Callers, open_as: Open) -> None:
    raise_warning_row(town.engine, severity="red")
    (started,) = town.warned()
    hostile = town.started(TOWN, reason="<script>alert(1)</script>")
    board = open_as(started.number, "flood-officer-1").reads("?lang=en")
    for said in ("Reservoir A red warning Call board", "YJ20210720-001", "3 min left", "three responsible persons"):
        assert said in board, said
    person = open_as(started.number, "res-tech").reads("?lang=en")
    assert "Answer now" in person
    assert "Received, I am there" in person
    for post in ("flood-officer-1", "res-tech"):
        assert "<script" not in open_as(hostile, post).asks().text
