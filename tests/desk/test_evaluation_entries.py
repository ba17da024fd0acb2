"""Entering by hand at the desk, the months of the evaluation, and an appeal from its number to its new version."""

import html
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine

from desk.app import create_app
from desk.evaluation_entries import EVIDENCE
from desk.opened_month import MONTHS
from models.city import City
from models.refusal import Refusal
from tasks.bulletin_store import make_documents, undocumented
from tasks.city_edition import current_city
from tasks.database import reading, transaction
from tasks.evaluation_course import draft_months, publish_months
from tasks.evaluation_entries import entries_of
from tasks.evaluations import published
from tasks.lifecycle import move_cases
from tasks.links import Link, Purpose, path_of
from tasks.message_settings import MessageSettings
from tasks.settings import Settings
from tests.desk.conftest import QuietEngine
from tests.desk.phone import Phone, proof_of, text_of
from tests.desk.test_own_page import Browser
from tests.evaluation.test_freezing import MAY, Month, of_unit
from tests.pictures import a_scene, encoded
from tests.stored_cases import at
from tests.worlds import World

WITHIN, DRAFT_DAY, AFTERWARDS = at("2019-05-20 09:00"), at("2019-06-03 10:00"), at("2019-06-06 10:00")

FAKED = {"unit": "lihe", "item": "faked_results", "value": "1", "evidence": "督查通报12号"}


class Served:
    """A desk over a month; whoever came last says what time it is."""

    def __init__(self, month: Month, settings: Settings) -> None:
        self.now = WITHIN
        self.app = create_app(
            settings, month.engine, MessageSettings(), lambda: self.now, lambda _settings: QuietEngine()
        )


DESKS: WeakKeyDictionary[Engine, Served] = WeakKeyDictionary()


@dataclass
class Reader:
    """A post with its link to the evaluation, in front of a desk at a moment."""

    month: Month
    settings: Settings
    post: str
    now: datetime
    subject: str = MAY

    def __post_init__(self) -> None:
        engine = self.month.engine
        self.desk = DESKS.get(engine) or DESKS.setdefault(engine, Served(self.month, self.settings))
        self.client = TestClient(self.desk.app, raise_server_exceptions=False, follow_redirects=False)
        link = Link(self.post, Purpose.EVALUATION, self.subject)
        self.path = path_of(self.settings.secret_key("link"), link, self.now)

    def reads(self, rest: str = "", path: str = "") -> Response:
        self.desk.now = self.now
        found: Response = self.client.get(path or self.path + rest)
        return found

    def sends(self, form: str, fields: Mapping[str, str], files: Any = None) -> Response:
        return self.posts(form, {**proof_of(self.reads("/entries").text), **fields}, files)

    def posts(self, form: str, fields: Mapping[str, str], files: Any = None) -> Response:
        self.desk.now = self.now
        found: Response = self.client.post(f"{self.path}/{form}", data=fields, files=files)
        return found


def three_in_time_and_one_late(engine: Engine) -> City:
    """梨河镇 closed three in time and one late."""
    told = Month(engine)
    told.cases("2019-05-06", 3, "2019-05-06 09:00", "2019-05-06 10:00")
    told.cases("2019-05-07", 1, "2019-05-07 17:00", "2019-05-07 17:30")
    return told.city


@pytest.fixture
def month(sqlite_world: World[City]) -> Month:
    return Month(*sqlite_world(three_in_time_and_one_late))


@pytest.fixture
def evaluator(month: Month, settings: Settings) -> Reader:
    return Reader(month, settings, "evaluator", WITHIN)


def drafted(month: Month) -> None:
    with transaction(month.engine) as connection:
        assert not isinstance(draft_months(connection, current_city(connection), at("2019-06-01 02:00")), Refusal)


def stored(month: Month) -> list[Any]:
    with reading(month.engine) as connection:
        return entries_of(connection, MAY)


def test_the_evaluator_enters_while_the_month_runs_and_the_unit_reads_it_with_its_evidence(
    evaluator: Reader, month: Month, settings: Settings
) -> None:
    assert evaluator.sends("enter", FAKED | {"words": "照片系旧图"}).status_code == 303
    said = text_of(evaluator.reads("/entries").text)
    assert "#1 梨河镇 · 弄虚作假 1" in said
    drafted(month)
    unit = text_of(Reader(month, settings, "lihe-head", DRAFT_DAY).reads().text)
    assert "弄虚作假 1 #1 · 5月20日（周一）09:00 · 考核员甲 · 督查通报12号 · 照片系旧图" in unit


def test_a_second_press_of_the_same_button_enters_nothing_more(evaluator: Reader, month: Month) -> None:
    proof = proof_of(evaluator.reads("/entries").text)
    for _ in range(2):
        assert evaluator.posts("enter", {**proof, **FAKED}).status_code == 303
    assert len(stored(month)) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"value": "很多"}, "“很多”不是数值"),
        ({"value": "-1"}, "不得小于0"),
        ({"evidence": ""}, "须附证明材料"),
        ({"unit": "<b>"}, "不在“新郑市数字化城市管理月度考评（建议方案）”的考评分组内"),
        ({"item": "event_assurance"}, "不由您录入"),
    ],
)
def test_what_is_wrong_is_said_above_the_form_which_keeps_what_was_typed(
    evaluator: Reader, month: Month, changes: dict[str, str], words: str
) -> None:
    answer = evaluator.sends("enter", FAKED | {"words": "请保留我"} | changes)
    assert answer.status_code == 409
    assert words in html.unescape(answer.text)
    assert 'value="请保留我"' in answer.text
    assert stored(month) == []


def test_a_picture_shows_it_and_opens_for_the_unit_and_for_nobody_else(
    evaluator: Reader, month: Month, settings: Settings
) -> None:
    picture = {EVIDENCE: ("a.jpg", encoded(a_scene(1, 96, 72)), "image/jpeg")}
    assert evaluator.sends("enter", FAKED | {"evidence": ""}, picture).status_code == 303
    (entry,) = stored(month)
    rest = f"/evidence/{entry.file}"
    assert evaluator.reads(rest).headers["content-type"] == "image/jpeg"
    assert Reader(month, settings, "lihe-head", WITHIN).reads(rest).status_code == 200
    assert Reader(month, settings, "xincun-head", WITHIN).reads(rest).status_code == 403
    assert Reader(month, settings, "inspector-a", WITHIN).reads(rest).status_code == 403
    assert evaluator.reads(f"/evidence/{'0' * 64}").status_code == 403


def test_what_is_no_picture_is_refused(evaluator: Reader, month: Month) -> None:
    answer = evaluator.sends("enter", FAKED, {EVIDENCE: ("a.jpg", b"no picture", "image/jpeg")})
    assert answer.status_code == 409
    assert stored(month) == []


def test_an_entry_is_taken_back_with_a_reason(evaluator: Reader, month: Month) -> None:
    evaluator.sends("enter", FAKED)
    assert evaluator.sends("take-back", {"number": "1", "words": ""}).status_code == 409
    assert evaluator.sends("take-back", {"number": "1", "words": "查无此事"}).status_code == 303
    assert [entry.stands for entry in stored(month)] == [False, False]
    assert "已由第2号撤回" in evaluator.reads("/entries").text
    assert evaluator.sends("take-back", {"number": "1e9", "words": "再撤"}).status_code == 409


def test_a_forged_form_enters_nothing(evaluator: Reader, month: Month) -> None:
    answer = evaluator.posts("enter", {**FAKED, "key": "k", "proof": "p"})
    assert (answer.status_code, stored(month)) == (403, [])


@pytest.mark.parametrize(
    ("post", "sees", "may_enter"),
    [("leader", 200, True), ("auditor", 200, False), ("lihe-head", 403, False), ("inspector-a", 403, False)],
)
def test_who_oversees_sees_the_entries_and_only_whoever_may_enter_something_has_the_form(
    month: Month, settings: Settings, post: str, sees: int, may_enter: bool
) -> None:
    found = Reader(month, settings, post, WITHIN).reads("/entries")
    assert (found.status_code, "/enter" in found.text) == (sees, may_enter)


def test_after_the_window_the_page_says_until_when_entries_were_taken(
    month: Month, settings: Settings, evaluator: Reader
) -> None:
    drafted(month)
    late = Reader(month, settings, "evaluator", AFTERWARDS)
    page = late.reads("/entries").text
    assert "2019-05的考评已于2019年6月5日（周三）18:00截止" in text_of(page)
    assert "/enter" not in page
    proof = proof_of(evaluator.reads("/entries").text)
    assert late.posts("enter", {**proof, **FAKED}).status_code in (403, 409)
    assert stored(month) == []


def test_the_months_are_listed_each_for_its_reader(month: Month, settings: Settings) -> None:
    assert "还没有考评过的月份" in Reader(month, settings, "lihe-head", WITHIN, MONTHS).reads().text
    drafted(month)
    unit = Reader(month, settings, "lihe-head", DRAFT_DAY, MONTHS).reads()
    assert "2019年5月" in unit.text
    assert "85.00 分" in text_of(unit.text)
    assert "人工录入" not in unit.text
    overseer_of = Reader(month, settings, "evaluator", DRAFT_DAY, MONTHS)
    overseer = overseer_of.reads()
    assert "全市应结案4件，按期3件" in text_of(overseer.text)
    entries = re.findall(r'href="(/evaluation/[^"]+/entries)"', overseer.text)
    assert [overseer_of.reads(path=path).status_code for path in entries] == [200, 200]
    assert "2019年5月" not in Reader(month, settings, "inspector-a", DRAFT_DAY, MONTHS).reads().text
    assert Reader(month, settings, "lihe-head", DRAFT_DAY, MONTHS).reads("/entries").status_code == 403


def test_a_units_own_page_leads_to_its_months(month: Month, settings: Settings) -> None:
    drafted(month)
    browser = Browser(month.engine, settings, DRAFT_DAY)
    link = re.search(r'href="(/evaluation/[^"]+)"', browser.client.get(browser.link("lihe-head")).text)
    assert link
    assert "2019年5月" in browser.client.get(link[1]).text
    assert "/evaluation/" not in browser.client.get(browser.link("inspector-a")).text


def test_a_number_is_a_file_too_and_a_formula_in_it_is_text(month: Month, settings: Settings) -> None:
    drafted(month)
    reader = Reader(month, settings, "lihe-head", DRAFT_DAY)
    found = reader.reads("/cases/due_to_close/list.csv")
    lines = found.content.decode("utf-8-sig").splitlines()
    assert (len(lines), lines[0]) == (5, "案件编号,小类,区域,现状态,期限,处置时间,结案时间,按期")
    assert sum(line.endswith(",否") for line in lines) == 1
    assert reader.reads("/cases/reported/list.csv").status_code == 403
    assert (
        Reader(month, settings, "xincun-head", DRAFT_DAY).reads("/cases/due_to_close/list.csv").text.count("E01") == 0
    )


def test_a_long_list_is_read_page_by_page(month: Month, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    drafted(month)
    monkeypatch.setattr("desk.evaluation_cases.ROWS", 3)
    reader = Reader(month, settings, "lihe-head", DRAFT_DAY)
    first, second = reader.reads("/cases/due_to_close"), reader.reads("/cases/due_to_close?page=2")
    assert "第1页，共2页" in first.text
    numbers = [set(re.findall(r"E0101\d+", text_of(page.text))) for page in (first, second)]
    assert ([len(some) for some in numbers], numbers[0] & numbers[1]) == ([3, 1], set())


def test_the_frozen_figures_are_a_file_for_whoever_oversees(month: Month, settings: Settings) -> None:
    drafted(month)
    with reading(month.engine) as connection:
        written = connection.exec_driver_sql("SELECT result FROM evaluation_version").scalar_one()
    assert Reader(month, settings, "auditor", DRAFT_DAY).reads("/result.json").text == written
    assert Reader(month, settings, "lihe-head", DRAFT_DAY).reads("/result.json").status_code == 403


def test_an_appeal_goes_from_the_number_through_two_desks_to_a_new_version(month: Month, settings: Settings) -> None:
    drafted(month)
    unit = Reader(month, settings, "lihe-liaison", DRAFT_DAY)
    late = unit.reads("/cases/closed_late").text
    link = re.search(r'href="(/c/[^"?#]+)[^"]*#ask-appeal"', late)
    assert link, "a late case leads to its appeal"
    case = re.search(r"E0101\d+", late)
    assert case
    Phone(unit.client, link[1]).acts("ask-appeal", reason="暴雨停电，附供电通知")
    move_cases(month.engine, now=DRAFT_DAY)
    assert "暴雨停电" in text_of(unit.reads().text)
    assert "待审批" in text_of(unit.reads().text)
    for post in ("dispatcher", "acceptor-a"):
        reader = Reader(month, settings, post, DRAFT_DAY)
        path = path_of(settings.secret_key("link"), Link(post, Purpose.CASE, case[0]), DRAFT_DAY)
        Phone(reader.client, path).acts("decide-appeal", verdict="granted", reason="属实")
        move_cases(month.engine, now=DRAFT_DAY)
    with transaction(month.engine) as connection:
        (version,) = publish_months(connection, current_city(connection), at("2019-06-06 09:00")).published
    assert (version.why, str(of_unit(version.result, "lihe").score)) == ("appeal", "100")
    said = text_of(Reader(month, settings, "lihe-head", AFTERWARDS).reads().text)
    assert "各版对照" in said
    assert "85.00" in said
    assert "100.00" in said
    with reading(month.engine) as connection:
        assert published(connection, MAY) is not None


def test_a_published_month_offers_its_documents_and_never_others_in_their_place(
    month: Month, settings: Settings
) -> None:
    drafted(month)
    unit = Reader(month, settings, "lihe-head", DRAFT_DAY)
    early = unit.reads("/bulletin/pdf")
    assert (early.status_code, "本月通报尚未公布" in early.text) == (404, True)
    with transaction(month.engine) as connection:
        publish_months(connection, current_city(connection), at("2019-06-06 09:00"))
    with reading(month.engine) as connection:
        (waiting,) = undocumented(connection)
        city = current_city(connection)
    made = make_documents(month.engine, city, settings.bulletins, waiting, AFTERWARDS)
    assert make_documents(month.engine, city, settings.bulletins, waiting, AFTERWARDS) == made
    with reading(month.engine) as connection:
        assert undocumented(connection) == []
    for post in ("xincun-head", "inspector-a", "auditor"):
        reader = Reader(month, settings, post, AFTERWARDS)
        assert 'bulletin/docx">公文（Word）' in reader.reads().text
        assert reader.reads("/bulletin/pdf").content.startswith(b"%PDF")
    page = unit.reads("/bulletin/html")
    assert "梨河镇" in page.text
    style = re.search(r"<style>(.*)</style>", page.text, re.DOTALL)
    assert style
    allowed = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{allowed}'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    saved = unit.reads("/bulletin/xlsx").headers["Content-Disposition"]
    assert saved.startswith("attachment")
    assert "%E8%80%83%E8%AF%84%E9%80%9A%E6%8A%A52019-05.xlsx" in saved
    assert unit.reads("/bulletin/exe").status_code == 404
    (pdf,) = [document for document in made if document.kind == "pdf"]
    file = settings.bulletins / f"{pdf.sha256}.pdf"
    file.write_bytes(b"%PDF-forged")
    broken = unit.reads("/bulletin/pdf")
    assert (broken.status_code, "不会用别的文件代替" in broken.text) == (500, True)
    file.unlink()
    assert unit.reads("/bulletin/pdf").status_code == 500
