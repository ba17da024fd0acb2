"""An auditor reads everything masked, sees the proof, and presses nothing; nobody else sees these pages."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from desk.pages import page_words
from models.chain import Problem
from models.city import City
from models.desk_record import DeskRecordKind
from models.picture import OfCase, OfReport, PictureKind
from tasks.audit import verify_all
from tasks.case_store import CASES
from tasks.database import transaction
from tasks.desk_records import RECORDS, Doing, write_record
from tasks.lifecycle import move_cases
from tasks.picture_store import PictureStore
from tasks.pictures import Handed, add_pictures
from tasks.revocation import revoke_access
from tasks.settings import Settings
from tests.desk.conftest import NOW
from tests.desk.phone import phone_of, text_of
from tests.desk.signed_in import Signed
from tests.pictures import a_read_picture, a_scene, a_stored_picture, encoded
from tests.stored_cases import reports_taken_in, rows_of

RUN = "0198aaaa-0000-7000-8000-000000000001"
PHONE = "13800138000"


@pytest.fixture
def browser(sqlite_engine: Engine, settings: Settings, city: City) -> Signed:
    return Signed(sqlite_engine, settings)


@pytest.fixture
def case(browser: Signed, city: City) -> str:
    """A filed case a run has moved, with a telephone number in its place; returns its number."""
    (receipt,) = reports_taken_in(browser.engine, city, 1, NOW, place=f"新华路口 {PHONE}")
    move_cases(browser.engine, now=NOW, flow_run_id=RUN)
    return str(rows_of(browser.engine, select(CASES.c.number).where(CASES.c.receipt_number == receipt))[0].number)


def test_an_auditor_lands_on_the_search_and_finds_the_case(browser: Signed, case: str) -> None:
    assert browser.signs_in() == "/audit"
    page = browser.client.get("/audit").text
    assert case in page
    assert f"/audit/case/{case}" in page


SEARCHES = [
    ("q={number}", True),
    ("q={receipt}", True),
    ("q=nobody", False),
    ("unit=lihe", True),
    ("unit=water", False),
    ("state=dispatched", True),
    ("state=closed", False),
    ("unit=lihe&state=dispatched&first=2019-05-06&last=2019-05-06", True),
    ("last=2019-05-05", False),
    ("first=2019-05-07", False),
    ("q=' OR 1=1 --", False),
    ("q=%00", True),
]


def test_the_search_narrows_down(browser: Signed, case: str) -> None:
    browser.signs_in()
    receipt = rows_of(browser.engine, select(CASES.c.receipt_number))[0].receipt_number
    for query, found in SEARCHES:
        answer = browser.client.get("/audit?" + query.format(number=case, receipt=receipt))
        assert (query, answer.status_code) == (query, 200)
        assert (query, f"/audit/case/{case}" in answer.text) == (query, found)


def test_what_cannot_be_searched_for_is_said(browser: Signed) -> None:
    browser.signs_in()
    too_far = ("first=0001-01-01", "last=9999-12-31")
    for query in (*too_far, "first=2019-13-01", "state=lost", "first=2019-05-07&last=2019-05-06", "last=x"):
        answer = browser.client.get(f"/audit?{query}")
        assert (query, answer.status_code) == (query, 400)
        assert "无法按此条件查询" in text_of(answer.text)


def test_the_page_of_a_case_shows_every_event_with_its_hashes_and_its_run(browser: Signed, case: str) -> None:
    browser.signs_in()
    page = browser.client.get(f"/audit/case/{case}").text
    events = rows_of(browser.engine, text("SELECT hash, previous_hash FROM case_event"))
    assert len(events) > 3
    for event in events:
        assert event.hash in page
        assert event.previous_hash in page
    assert f"/audit/run/{RUN}" in page
    assert "核验通过" in text_of(page)
    assert PHONE not in page
    assert "<form" not in page
    assert "<button" not in page


def test_no_personal_number_leaves_by_any_page_or_export(browser: Signed, case: str) -> None:
    browser.signs_in()
    paths = ("/audit", f"/audit/case/{case}", f"/audit/run/{RUN}", "/audit/export.csv")
    period = "first=2019-05-06&last=2019-05-06"
    for path in (*paths, f"/audit/export.csv?what=events&{period}"):
        answer = browser.client.get(path)
        assert answer.status_code == 200
        assert PHONE not in answer.text


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE case_event SET actor = 'somebody' WHERE seq = 2", "事件内容与其校验值不符"),
        ("DELETE FROM case_event WHERE seq = 2", "事件序号不连续"),
        ("UPDATE cases SET unit = 'water'", "unit与事件推算不符"),
        ("UPDATE report SET description = 'x'", "封存值不符"),
    ],
)
def test_what_was_altered_is_named_on_the_page(browser: Signed, case: str, statement: str, says: str) -> None:
    browser.signs_in()
    with browser.engine.begin() as connection:
        for verb in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER case_event_refuses_{verb}"))
        connection.execute(text(statement))
    page = text_of(browser.client.get(f"/audit/case/{case}").text)
    assert "核验不通过" in page
    assert says in page


def test_pictures_of_a_case_are_proved_with_their_files(browser: Signed, case: str, settings: Settings) -> None:
    store = PictureStore(settings.pictures)
    (stored,) = store.keep([a_read_picture(encoded(a_scene(1, 96, 72)))])
    with transaction(browser.engine) as connection:
        add_pictures(connection, [stored], OfReport(1), Handed(PictureKind.BEFORE, "public", "desk"), NOW)
    browser.signs_in()
    address = f"/audit/case/{case}"
    assert "1张图片与事件或上报相符，文件与摘要一致" in text_of(browser.client.get(address).text)
    file = Path(settings.pictures) / stored.sha256[:2] / f"{stored.sha256}.jpg"
    file.unlink()
    page = text_of(browser.client.get(address).text)
    assert "核验不通过" in page
    assert f"图片文件不存在：{stored.sha256}" in page
    file.mkdir()
    page = text_of(browser.client.get(address).text)
    assert "核验通过" in page
    assert "图片存储无法读取，文件未核对" in page


def test_a_picture_sent_with_an_action_fits_while_it_waits_and_when_it_was_taken(
    browser: Signed, case: str, settings: Settings
) -> None:
    unit = phone_of(browser.client, settings, "lihe-liaison", case)
    sent = [("picture", ("a.jpg", encoded(a_scene(1, 96, 72)), "image/jpeg"))]
    address = f"{unit.path}/act"
    assert browser.client.post(address, data=unit.hidden("add_picture"), files=sent).status_code == 303
    for moved in (False, True):
        if moved:
            move_cases(browser.engine, now=NOW)
        report = verify_all(browser.engine, store=PictureStore(settings.pictures))
        assert (report.broken, report.pictures, report.unnamed_pictures, report.files) == (None, moved, not moved, 2)


def test_a_picture_no_event_names_is_named_on_the_page(browser: Signed, case: str) -> None:
    with transaction(browser.engine) as connection:
        handed = Handed(PictureKind.AFTER, "lihe-liaison", "desk")
        add_pictures(connection, [a_stored_picture()], OfCase(1), handed, NOW)
    browser.signs_in()
    page = text_of(browser.client.get(f"/audit/case/{case}").text)
    assert "核验不通过" in page
    assert "记录没有事件依据：after" in page


def test_every_problem_has_its_words_on_the_page() -> None:
    assert set(Problem) == set(page_words().codes("audit_problem"))


def test_missing_triggers_are_named_though_the_chain_is_whole(browser: Signed, case: str) -> None:
    browser.signs_in()
    with browser.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER case_event_refuses_update"))
    page = text_of(browser.client.get(f"/audit/case/{case}").text)
    assert "case_event" in page
    assert "防改保护缺失" in page


def test_a_run_leads_to_its_cases_and_to_prefect(browser: Signed, case: str) -> None:
    browser.signs_in()
    page = browser.client.get(f"/audit/run/{RUN}").text
    assert f"/audit/case/{case}" in page
    assert f"http://127.0.0.1:4200/v2/runs/flow-run/{RUN}" in page
    assert browser.client.get("/audit/run/none-such").status_code == 404
    assert browser.client.get("/audit/case/none-such").status_code == 404


PATHS = (
    "/audit",
    "/audit/case/{case}",
    f"/audit/run/{RUN}",
    "/audit/export.csv",
    "/audit/records",
    "/admin",
    "/admin/post/admin",
)


@pytest.mark.parametrize("post", ["acceptor-a", "leader", "lihe-liaison", "auditor", "admin"])
def test_others_get_the_page_of_a_stranger(browser: Signed, case: str, post: str) -> None:
    stranger = browser.another()
    browser.signs_in(post)
    own = {"auditor": "/audit", "admin": "/admin"}.get(post, "none")
    for path in (path.format(case=case) for path in PATHS if not path.startswith(own)):
        told, answer = stranger.get(path), browser.client.get(path)
        assert (answer.status_code, answer.content) == (told.status_code, told.content) == (401, told.content)
    assert rows_of(browser.engine, select(RECORDS)) == []


def test_an_auditor_who_was_revoked_reads_no_more(browser: Signed, case: str) -> None:
    browser.signs_in()
    with transaction(browser.engine) as connection:
        revoke_access(connection, "auditor", "admin", NOW, "left")
    assert browser.client.get("/audit").status_code == 401


def test_what_was_done_at_the_desk_is_read_with_who_and_when(browser: Signed) -> None:
    doing = Doing("admin", NOW, "k")
    with transaction(browser.engine) as connection:
        write_record(connection, DeskRecordKind.ACCESS_REVOKED, "lihe-head", doing, {"reason": "手机遗失"})
    browser.signs_in()
    page = browser.client.get("/audit/records").text
    assert "作废链接和登录 梨河镇负责人 手机遗失 管理员甲 · 5月6日（周一）10:00" in " ".join(text_of(page).split())
    assert "/admin" not in page


def test_the_pages_read_in_english_and_page_by_page(browser: Signed, city: City) -> None:
    reports_taken_in(browser.engine, city, 60, NOW)
    browser.signs_in()
    first = browser.client.get("/audit?lang=en").text
    assert "Audit of cases" in first
    assert len(re.findall(r'href="/audit/case/[^"]+"', first)) == 50
    assert "page=2&amp;lang=en" in first
    second = browser.client.get("/audit?page=2&lang=en").text
    assert len(re.findall(r'href="/audit/case/[^"]+"', second)) == 10
    for number in ("0", "41", "x"):
        assert browser.client.get(f"/audit?page={number}").status_code == 400
