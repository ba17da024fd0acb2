"""The pages of consultations, incidents, the overview and the daily report, each for its reader."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine

from desk.app import create_app
from models.city import City
from models.flood_event import Recording
from tasks.database import transaction
from tasks.info_reports import ENTRIES
from tasks.links import Link, Purpose, sign_link
from tasks.message_settings import MessageSettings
from tasks.report_deadlines import INCIDENTS, OWED, owe_daily
from tasks.response_rows import CONSULTATIONS, DECISIONS
from tasks.settings import Settings
from tests.desk.conftest import QuietEngine
from tests.desk.phone import proof_of, text_of
from tests.flood_rows import MORNING, TOWN, a_warning, a_wish, decides, happened, levels, looks, rows_in
from tests.response_cities import RESPONSE_CITY
from tests.stored_cases import a_loaded_city

HS = "HS20210720-001"
DECISION = {"level": "III", "basis": "橙色预警", "signed_by": "leader", "issuer": "centre", "area": TOWN}
INCIDENT = {"danger": "堤防管涌", "area": TOWN, "place": "双洎河右岸", "means": "phone", "evacuated": "120"}


@dataclass
class Hand:
    """Everybody's phone, and the clock on the wall."""

    settings: Settings
    engine: Engine
    now: datetime = MORNING
    client: TestClient = field(init=False)

    def path(self, post: str, subject: str) -> str:
        return "/flood/" + sign_link(
            self.settings.secret_key("link"), Link(post, Purpose.FLOOD, subject), MORNING - timedelta(hours=1)
        )

    def sees(self, post: str, subject: str, more: str = "") -> str:
        answer = self.client.get(self.path(post, subject) + more)
        assert answer.status_code == 200, answer.status_code
        return str(answer.text)

    def sends(self, post: str, subject: str, form: str, fields: dict[str, str], page: str = "") -> Response:
        path = self.path(post, subject)
        proof = proof_of(page or self.client.get(path).text)
        answer: Response = self.client.post(f"{path}/{form}", data=proof | fields, follow_redirects=False)
        return answer


@pytest.fixture
def city(sqlite_engine: Engine) -> City:
    return a_loaded_city(sqlite_engine, dict(RESPONSE_CITY))


@pytest.fixture
def hand(settings: Settings, sqlite_engine: Engine, city: City) -> Hand:
    """An orange warning of the town has called a consultation."""
    a_warning(sqlite_engine, "YJ20210720-001", "orange")
    looks(sqlite_engine, city)
    hand = Hand(settings, sqlite_engine)
    app = create_app(
        settings, sqlite_engine, MessageSettings(), lambda: hand.now, lambda _: QuietEngine(), send_soon=lambda _: None
    )
    hand.client = TestClient(app, raise_server_exceptions=False)
    return hand


def test_who_may_decide_sees_the_suggestion_and_the_form_and_decides_with_one_tap(hand: Hand) -> None:
    page = hand.sees("leader", HS)
    assert "建议 Ⅲ级" in text_of(page)
    assert hand.sends("leader", HS, "decide", DECISION).status_code == 303
    assert levels(hand.engine, MORNING) == {("flood", TOWN): "III"}
    (row,) = rows_in(hand.engine, DECISIONS)
    assert (row.origin, row.by, row.signed_by) == ("desk", "leader", "leader")
    after = text_of(hand.sees("leader", HS))
    assert "启动Ⅲ级响应" in after
    assert "签发生效" not in after


def test_the_same_form_sent_twice_decides_once(hand: Hand) -> None:
    page = hand.sees("leader", HS)
    answers = [hand.sends("leader", HS, "decide", DECISION, page) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(rows_in(hand.engine, DECISIONS)) == 1


def test_a_second_one_is_told_who_decided_and_when(hand: Hand) -> None:
    first, second = hand.sees("leader", HS), hand.sees("centre-liaison", HS)
    hand.sends("leader", HS, "decide", DECISION, first)
    hand.now = MORNING + timedelta(minutes=3)
    late = hand.sends("centre-liaison", HS, "decide", DECISION | {"level": "II"}, second)
    assert late.status_code == 409
    assert "已于2021年7月20日（周二）08:00决定：Ⅲ级，分管领导甲签发，分管领导甲登记" in text_of(late.text)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"signed_by": "nobody"}, "nobody"),
        ({"signed_by": "centre-head"}, "运行中心负责人无权签发Ⅲ级"),
        ({"basis": " "}, "没有写明依据"),
        ({"area": "410184"}, "不在本次会商的梨河镇范围内"),
        ({"level": "V"}, "无法识别"),
        ({"level": "ENDED"}, "维持现状"),
    ],
)
def test_a_decision_that_is_not_valid_comes_back_with_the_reason_and_what_was_typed(
    hand: Hand, changes: dict[str, str], said: str
) -> None:
    answer = hand.sends("leader", HS, "decide", DECISION | {"basis": "雨仍在下"} | changes)
    assert answer.status_code == 409
    assert said in text_of(answer.text)
    assert ("雨仍在下" in answer.text) is ("basis" not in changes)
    assert rows_in(hand.engine, DECISIONS) == []


@pytest.mark.parametrize("post", ["lihe-liaison", "auditor", "water-head", "inspector-a"])
def test_who_may_not_decide_has_no_form_and_is_refused(hand: Hand, post: str) -> None:
    page = hand.sees(post, HS)
    assert "/decide" not in page
    proof = proof_of(hand.sees("leader", HS))
    path = hand.path(post, HS)
    assert hand.client.post(f"{path}/decide", data=proof | DECISION).status_code == 403
    assert rows_in(hand.engine, DECISIONS) == []


def test_a_unit_sees_its_own_duty_and_confirms_it(hand: Hand, city: City) -> None:
    decides(hand.engine, city, a_wish())
    page = hand.sees("lihe-liaison", HS)
    assert "包村干部到村" in page
    assert "技术人员驻守" not in page
    assert "cadres go to their villages" in hand.sees("lihe-liaison", HS, "?lang=en")
    assert hand.sends("lihe-liaison", HS, "received", {}).status_code == 303
    assert "已确认 梨河镇值班员甲" in text_of(hand.sees("lihe-liaison", HS))


def test_an_auditor_reads_the_story_and_has_nothing_to_press(hand: Hand, city: City) -> None:
    decides(hand.engine, city, a_wish(signed_by="centre-head"))
    page = hand.sees("auditor", HS)
    assert "决定未通过" in page
    assert 'method="post"' not in page
    assert 'method="post"' not in hand.sees("auditor", "overview")


def test_an_incident_is_reported_followed_up_passed_on_and_ended(hand: Hand, city: City) -> None:
    decides(hand.engine, city, a_wish())
    assert hand.sends("lihe-liaison", "overview", "incident", INCIDENT).status_code == 303
    (incident,) = rows_in(hand.engine, INCIDENTS)
    number = incident.number
    assert (incident.unit, number) == ("lihe", "XQ20210720-001")
    hand.now = MORNING + timedelta(minutes=30)
    entry = {"kind": "follow_up", "means": "written", "evacuated": "100", "dead": "1", "measures": "正在抢护"}
    assert hand.sends("lihe-liaison", number, "entry", entry).status_code == 303
    page = text_of(hand.sees("centre-liaison", number))
    assert "转移 与前报不一致：前报“120”，本报“100”" in page
    assert "转报上级" in page
    assert hand.sends("centre-liaison", number, "pass-on", {"means": "phone"}).status_code == 303
    late = hand.sends("centre-liaison", number, "pass-on", {"means": "phone"})
    assert late.status_code == 409
    assert "由运行中心值班员甲报送，不必重复" in text_of(late.text)
    hand.sends("lihe-liaison", number, "entry", {"kind": "final", "means": "written"})
    assert rows_in(hand.engine, INCIDENTS)[0].state == "ended"
    assert [row.dead for row in rows_in(hand.engine, ENTRIES)] == [0, 1, 1]


@pytest.mark.parametrize("post", ["water-liaison", "inspector-a"])
def test_an_incident_is_nobodys_business_who_has_nothing_to_do_with_it(hand: Hand, post: str) -> None:
    hand.sends("lihe-liaison", "overview", "incident", INCIDENT)
    number = rows_in(hand.engine, INCIDENTS)[0].number
    answer = hand.client.get(hand.path(post, number))
    assert answer.status_code == 403
    assert "管涌" not in answer.text + hand.sees(post, "overview")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"danger": ""}, "首报还缺少"),
        ({"area": "x"}, "没有区域代码"),
        ({"dead": "-1"}, "不能是-1"),
        ({"happened_at": "2021-07-20T09:00"}, "还没有到"),
        ({"happened_at": "morning"}, "无法识别"),
    ],
)
def test_a_first_report_that_cannot_be_comes_back_with_what_was_typed(
    hand: Hand, changes: dict[str, str], said: str
) -> None:
    answer = hand.sends("lihe-liaison", "overview", "incident", INCIDENT | changes)
    assert answer.status_code == 409
    assert said in text_of(answer.text)
    assert "双洎河右岸" in answer.text
    assert rows_in(hand.engine, INCIDENTS) == []


def test_the_overview_shows_what_is_in_force_and_links_signed_for_its_reader(hand: Hand, city: City) -> None:
    page = hand.sees("leader", "overview")
    consultation, warning = re.findall(r'href="(/flood/[^"]+)"[^>]*>梨河镇 · 防汛', page)
    assert "会商" in hand.client.get(consultation).text
    assert "生效中" in hand.client.get(warning).text
    decides(hand.engine, city, a_wish())
    assert "Ⅲ级 梨河镇 · 防汛" in text_of(hand.sees("lihe-liaison", "overview"))


def test_who_decides_may_call_a_consultation_without_any_warning(hand: Hand) -> None:
    fields = {"hazard": "drought", "area": "410184", "basis": "连续无雨 20 天"}
    assert hand.sends("centre-head", "overview", "call", fields).status_code == 303
    assert [(row.hazard, row.opened_by) for row in rows_in(hand.engine, CONSULTATIONS)] == [
        ("flood", "rule:suggestion"),
        ("drought", "centre-head"),
    ]
    assert hand.sends("lihe-head", "overview", "call", fields).status_code == 409


def test_a_unit_gives_its_report_on_the_day_in_words(hand: Hand, city: City) -> None:
    decides(hand.engine, city, a_wish())
    hand.now = MORNING.replace(hour=15, minute=30)
    with transaction(hand.engine) as connection:
        owe_daily(connection, city, hand.now, Recording(hand.now, "flow"))
    daily = [row for row in rows_in(hand.engine, OWED) if row.kind == "daily" and row.unit == "lihe"]
    fields = {"owed": str(daily[0].id), "subject": daily[0].subject, "kind": "daily", "words": "转移120人，无灾情"}
    assert hand.sends("lihe-liaison", "overview", "report", fields).status_code == 303
    assert [row.state for row in rows_in(hand.engine, OWED) if row.id == daily[0].id] == ["given"]


def test_words_for_the_day_are_no_way_around_the_form_of_an_incident(hand: Hand) -> None:
    """A subject is posted: were an incident taken there, its newest figures would be zeros nobody reported."""
    hand.sends("lihe-liaison", "overview", "incident", INCIDENT)
    (incident,) = rows_in(hand.engine, INCIDENTS)
    fields = {"owed": "1", "subject": incident.number, "kind": "follow_up", "words": "无"}
    assert hand.sends("lihe-liaison", "overview", "report", fields).status_code == 409
    assert [row.evacuated for row in rows_in(hand.engine, ENTRIES)] == [120]


@pytest.mark.parametrize(
    "fields",
    [
        {"evacuated": "9" * 5_000},
        {"happened_at": "0001-01-01T00:00"},
        {"happened_at": "9999-12-31T23:59"},
        {"danger": "\0"},
    ],
)
def test_what_no_form_of_ours_sends_is_refused_and_breaks_nothing(hand: Hand, fields: dict[str, str]) -> None:
    assert hand.sends("lihe-liaison", "overview", "incident", INCIDENT | fields).status_code == 409
    assert rows_in(hand.engine, INCIDENTS) == []


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59", "x" * 3_000])
def test_a_day_that_cannot_be_is_the_daily_report_of_now(hand: Hand, at: str) -> None:
    assert hand.client.get(hand.path("centre-liaison", "overview") + f"/daily?at={at}").status_code == 200
    assert hand.sends("centre-liaison", "overview", "issue", {"at": at}).status_code == 409


def test_the_daily_report_is_a_page_and_the_same_document_twice(hand: Hand, city: City) -> None:
    decides(hand.engine, city, a_wish())
    hand.sends("lihe-liaison", "overview", "incident", INCIDENT)
    hand.now = MORNING + timedelta(hours=1)
    at = "?at=2021-07-20T08:30"
    page = text_of(hand.sees("centre-liaison", "overview", f"/daily{at}"))
    for said in ("水情值班日报", "Ⅲ级", "YJ20210720-001", "堤防管涌", "转移 120"):
        assert said in page
    first, second = (hand.client.get(hand.path("centre-liaison", "overview") + f"/daily.docx{at}") for _ in range(2))
    assert first.content == second.content
    inside = ZipFile(BytesIO(first.content)).read("word/document.xml").decode()
    assert "堤防管涌" in inside
    assert "attachment" in first.headers["content-disposition"]


def test_the_daily_report_is_issued_once_and_says_by_whom(hand: Hand, city: City) -> None:
    hand.now = MORNING - timedelta(minutes=30)
    with transaction(hand.engine) as connection:
        owe_daily(connection, city, hand.now, Recording(hand.now, "flow"))
    assert "2021-07-20T08:00" in hand.sees("centre-liaison", "overview", "/daily"), "the one to be issued"
    fields = {"at": "2021-07-20T08:00"}
    assert hand.sends("centre-liaison", "overview", "issue", fields).status_code == 303
    assert "运行中心值班员甲 于 7月20日（周二）07:30 签发" in hand.sees(
        "leader", "overview", "/daily?at=2021-07-20T08:00"
    )
    assert hand.sends("centre-head", "overview", "issue", fields).status_code == 409
    assert "issued" in happened(hand.engine, "reports:daily:2021-07-20T08:00")


@pytest.mark.parametrize("post", ["lihe-liaison", "inspector-a"])
def test_the_daily_report_is_not_for_single_units(hand: Hand, post: str) -> None:
    for page in ("daily", "daily.docx"):
        assert hand.client.get(f"{hand.path(post, 'overview')}/{page}").status_code == 403


@pytest.mark.parametrize("subject", ["HS20210720-009", "XQ20210720-009", "ZZ1", "", "leader"])
def test_a_number_there_is_not_opens_nothing(hand: Hand, subject: str) -> None:
    assert hand.client.get(hand.path("leader", subject)).status_code == 403


@pytest.mark.parametrize("form", ["decide", "entry", "pass-on", "incident", "report", "call", "issue"])
def test_a_form_is_sent_only_from_its_own_page(hand: Hand, form: str) -> None:
    wrong = "overview" if form in ("decide", "entry", "pass-on") else HS
    proof = proof_of(hand.sees("leader", "overview"))
    answer = hand.client.post(f"{hand.path('leader', wrong)}/{form}", data=proof | DECISION)
    assert answer.status_code == 403


@pytest.mark.parametrize("subject", [HS, "overview"])
def test_a_page_in_english_has_no_chinese_but_names(hand: Hand, subject: str) -> None:
    page = hand.sees("leader", subject, "?lang=en")
    words = re.sub(r"<option.*?</option>|<a class=.language.*?</a>", "", page, flags=re.S)
    left = set(re.findall(r"[\u4e00-\u9fff]+", text_of(words)))
    assert left <= {"分管领导甲", "梨河镇", "小城市", "级", "、", "运行中心负责人", "城市运行中心", "上级防办"}
