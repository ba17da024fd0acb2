"""A citizen's report: taken once, judged like all others, its reporter sealed; nothing that was typed is lost."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text

from models.tables import all_tables
from tasks.case_store import CASES
from tasks.lifecycle import move_cases
from tasks.personal_data import unseal
from tasks.pictures import PICTURES
from tasks.public_limits import TRIES
from tasks.public_reports import BATCHES
from tasks.public_settings import PublicSettings
from tasks.reports import REPORTERS, REPORTS
from tasks.settings import Settings
from tests.desk.citizen import FIELDS, Citizen, citizen, hidden_of, receipt_on, text_of
from tests.pictures import HEIC, a_scene, encoded
from tests.stored_cases import a_loaded_city, actions_of, rows_of

__all__ = ["citizen"]

SCENE = encoded(a_scene(1))
NAME, PHONE = "王老五", "138-0013-8000"


def count(engine: Engine, table: Any) -> int:
    return int(rows_of(engine, select(func.count()).select_from(table))[0][0])


def test_a_report_takes_the_way_of_all_reports_and_waits_for_the_acceptor(engine: Engine, settings: Settings) -> None:
    a_loaded_city(engine)
    citizen = Citizen(settings, engine)
    receipt = citizen.reports(
        **{"class": "C0101", "area": "410184101001", "longitude": "113.74", "latitude": "34.40"}, phone=PHONE, name=NAME
    )
    (row,) = rows_of(engine, select(REPORTS))
    assert (row.receipt_number, row.source, row.class_code, row.area) == (
        receipt.number, "citizen", "C0101", "410184101001",
    )  # fmt: skip
    assert (row.place, row.description, row.longitude, row.latitude, row.flags) == (
        "新华路口", "人行道上井盖不见了", 113.74, 34.40, "",
    )  # fmt: skip
    (batch,) = rows_of(engine, select(BATCHES))
    assert (batch.id, batch.source, batch.rows, batch.taken) == (row.batch_id, "citizen", 1, 1)
    move_cases(engine, now=citizen.now)
    assert [case.state for case in rows_of(engine, select(CASES))] == ["reported"]
    with engine.connect() as connection:
        assert actions_of(connection, receipt.number) == ["report"]


def test_name_and_phone_are_sealed_and_stand_nowhere_else(
    citizen: Citizen, sqlite_engine: Engine, settings: Settings
) -> None:
    receipt = citizen.reports(name=NAME, phone=PHONE, description=f"井盖不见了，打我电话{PHONE}", place=f"{PHONE}旁")
    (reporter,) = rows_of(sqlite_engine, select(REPORTERS))
    key = settings.secret_key("personal")
    assert (unseal(key, reporter.name_sealed), unseal(key, reporter.phone_sealed)) == (NAME, "13800138000")
    with sqlite_engine.connect() as connection:
        tables = [connection.execute(select(table)).all() for table in all_tables().tables.values()]
    everything = repr(tables) + citizen.client.get(receipt.path).text
    for personal in (NAME, "13800138000", PHONE, "testclient"):
        assert personal not in everything
    assert "井盖不见了，打我电话●●●" in everything


@pytest.mark.parametrize("place", ["", "新华路口"])
def test_a_place_or_a_position_is_enough(citizen: Citizen, sqlite_engine: Engine, place: str) -> None:
    position = {} if place else {"longitude": "１１３．７４", "latitude": " 34.40 "}
    citizen.reports(place=place, **position)
    (row,) = rows_of(sqlite_engine, select(REPORTS))
    assert (row.place, row.longitude) == (place, None if place else 113.74)


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"description": " \n "}, "请写几个字描述问题"),
    ({"place": ""}, "请写地点，或填经纬度"),
    ({"place": "", "longitude": "113.7"}, "经纬度要成对填写"),
    ({"longitude": "113.7", "latitude": "北纬"}, "经纬度要成对填写"),
    ({"longitude": "nan", "latitude": "34"}, "经纬度要成对填写"),
    ({"longitude": "0", "latitude": "0"}, "经纬度要成对填写"),
    ({"longitude": "34.4", "latitude": "113.7"}, "经纬度要成对填写"),
    ({"phone": "one three eight"}, "电话号码不对"),
    ({"phone": "12"}, "电话号码不对"),
    ({"place": "路" * 201}, "写得太长"),
    ({"description": "坏" * 1001}, "写得太长"),
]


def test_what_is_wrong_is_said_and_nothing_that_was_typed_is_lost(citizen: Citizen, sqlite_engine: Engine) -> None:
    for fields, said in FAULTS:
        answer = citizen.sends(name="张", find="井盖", **fields)
        assert (fields, answer.status_code) == (fields, 422)
        assert said in text_of(answer.text)
        assert 'value="张"' in answer.text
        assert 'value="井盖"' in answer.text
    assert (count(sqlite_engine, REPORTS), count(sqlite_engine, TRIES)) == (0, 0)
    # The same form goes through once it is mended.
    assert citizen.sends(hidden_of(answer.text)).status_code == 303


def test_the_same_form_sent_twice_is_one_report_with_one_receipt(citizen: Citizen, sqlite_engine: Engine) -> None:
    drawn = citizen.drawn()
    answers = [citizen.sends(drawn), citizen.sends(drawn, description="别的事")]
    receipts = [receipt_on(citizen.client.get(answer.headers["location"]).text) for answer in answers]
    assert receipts[0].number == receipts[1].number
    assert (count(sqlite_engine, REPORTS), count(sqlite_engine, TRIES)) == (1, 1)
    assert citizen.reports().number != receipts[0].number


def test_the_same_form_sent_twice_at_once_is_one_report(engine: Engine, settings: Settings) -> None:
    a_loaded_city(engine)
    citizen = Citizen(settings, engine)
    drawn, both = citizen.drawn(), threading.Barrier(2)

    def send(_: int) -> int:
        both.wait(10)
        return citizen.sends(drawn).status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(send, range(2))) == [303, 303]
    assert count(engine, REPORTS) == 1


def test_a_search_without_script_lists_what_fits_and_keeps_what_was_typed(
    citizen: Citizen, sqlite_engine: Engine
) -> None:
    listed = citizen.client.get("/report", params={"find": "井盖"}).text
    assert re.findall(r'type="radio" name="class" value="(\w+)"', listed) == ["C0101"]
    drawn = citizen.drawn()
    found = citizen.sends(drawn, do="find", find="垃圾没人清", phone="13800138000", description="满了", place="")
    assert found.status_code == 200
    assert re.findall(r'name="class" value="(\w+)"', found.text) == ["E0101"]
    for kept in ('value="13800138000"', "满了</textarea>", f'value="{drawn["key"]}"'):
        assert kept in found.text
    everything = citizen.sends(drawn, do="find", find="火星人")
    assert "没有找到“火星人”" in everything.text
    browsed = citizen.client.get("/report?browse=1").text
    for page in (everything.text, browsed):
        assert set(re.findall(r'name="class" value="(\w+)"', page)) == {"C0101", "E0101", "E0110", "E0201"}
    assert (count(sqlite_engine, REPORTS), count(sqlite_engine, TRIES)) == (0, 0)


CLASSES: list[tuple[dict[str, str], str | None, str]] = [
    ({"find": "暴露垃圾"}, "E0101", "人行道上井盖不见了"),
    ({"find": "井盖", "class": "E0110"}, "E0110", "人行道上井盖不见了"),
    ({"find": "井盖没了"}, None, "人行道上井盖不见了\n[类别: 井盖没了]"),
    ({"class": "E9999"}, None, "人行道上井盖不见了"),
    ({}, None, "人行道上井盖不见了"),
]


def test_a_class_may_be_picked_named_or_left_to_the_acceptor(citizen: Citizen, sqlite_engine: Engine) -> None:
    for number, (fields, code, description) in enumerate(CLASSES):
        citizen.reports(place=f"{number}号", **fields)
        row = rows_of(sqlite_engine, select(REPORTS).order_by(REPORTS.c.id))[-1]
        only = 1 if code == "E0110" else None  # litter has two filing conditions: nobody guesses
        assert (row.class_code, row.condition_no, row.description) == (code, only, description)


def test_pictures_come_with_the_report_and_are_shown_to_its_reporter_alone(
    citizen: Citizen, sqlite_engine: Engine
) -> None:
    files = [("pictures", ("a.jpg", SCENE, "image/jpeg")), ("pictures", ("../b", HEIC, "text/html"))]
    receipt, other = citizen.reports(files=files), citizen.reports(place="别处", description="另一件")
    (report, _) = rows_of(sqlite_engine, select(REPORTS).order_by(REPORTS.c.id))
    kept = rows_of(sqlite_engine, select(PICTURES))
    assert {(row.report_id, row.kind, row.by, row.origin) for row in kept} == {(report.id, "before", "public", "desk")}
    shown = re.findall(r'<img src="([^"]+/picture/[^"]+)"', citizen.client.get(receipt.path).text)
    assert [citizen.client.get(address).status_code for address in shown] == [200, 200]
    assert "/picture/" not in citizen.client.get(other.path).text
    assert citizen.client.get(f"{other.path}/picture/{kept[0].sha256}").status_code == 404


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([b"MZ no picture"], "不是可用的图片"),
        ([SCENE[: len(SCENE) // 2]], "图片"),
        ([SCENE] * 7, "6"),
    ],
)
def test_a_file_that_is_no_picture_stops_the_report_and_says_so(
    citizen: Citizen, sqlite_engine: Engine, settings: Settings, files: list[bytes], said: str
) -> None:
    sent = [("pictures", (f"{n}.jpg", data, "image/jpeg")) for n, data in enumerate(files)]
    answer = citizen.sends(files=sent)
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert "人行道上井盖不见了</textarea>" in answer.text
    assert (count(sqlite_engine, REPORTS), count(sqlite_engine, PICTURES)) == (0, 0)
    assert list(Path(settings.pictures).rglob("*.jpg")) == []


@pytest.mark.parametrize("stray", ["honeypot", "forged", "moved", "old", "other_site", "bare"])
def test_a_form_that_is_not_ours_or_too_old_or_filled_in_by_a_machine_takes_nothing(
    citizen: Citizen, sqlite_engine: Engine, stray: str
) -> None:
    drawn, more, headers = citizen.drawn(), {}, {}
    if stray == "honeypot":
        more = {"website": "http://example.org"}
    elif stray == "forged":
        drawn["key"] = drawn["key"][::-1]
    elif stray == "moved":
        drawn["issued"] = str(int(drawn["issued"]) + 86_400)
    elif stray == "old":
        citizen.later(hours=25)
    elif stray == "other_site":
        headers = {"sec-fetch-site": "cross-site"}
    else:
        drawn = {"issued": "", "key": "", "proof": ""}
    answer = citizen.client.post("/report", data=FIELDS | drawn | more, headers=headers)
    assert answer.status_code == 403
    assert "没有提交" in answer.text
    assert count(sqlite_engine, REPORTS) == 0
    if stray != "old":
        assert citizen.sends().status_code == 303


def test_an_address_sends_so_many_an_hour_and_all_together_so_many_a_day(
    settings: Settings, sqlite_engine: Engine, city: object
) -> None:
    citizen = Citizen(settings, sqlite_engine, PublicSettings(reports_per_client=2, reports_per_day=3))
    drawn = citizen.drawn()
    assert [citizen.sends().status_code for _ in range(2)] == [303, 303]
    refused = citizen.sends(drawn, files=[("pictures", ("a.jpg", SCENE, "image/jpeg"))])
    assert (refused.status_code, "提交太频繁" in refused.text) == (429, True)
    neighbour = citizen.browser("2001:db8::1")
    assert neighbour.post("/report", data=FIELDS | citizen.drawn(neighbour)).status_code == 200
    stranger = citizen.browser("192.0.2.7")
    assert stranger.post("/report", data=FIELDS | citizen.drawn(stranger)).status_code == 429
    citizen.later(hours=2)
    assert citizen.sends().status_code == 429  # The day is full.
    citizen.later(hours=23)
    assert citizen.sends().status_code == 303
    assert count(sqlite_engine, REPORTS) == 4


NASTY = [
    *("<script>alert(1)</script>", "'; DROP TABLE report;--", "{{ 7*7 }}", "=cmd|' /C calc'!A0"),
    *("\U0001f6a7", "\u202eevil", "a\0b\x1b\x85"),
]


def test_hostile_text_is_text(engine: Engine, settings: Settings) -> None:
    a_loaded_city(engine)
    citizen = Citizen(settings, engine)
    for nasty in NASTY:
        receipt = citizen.reports(description=nasty, place=nasty + "路", name=nasty, find=nasty)
        page = citizen.client.get(receipt.path).text
        assert "<script" not in page
        assert "\u202e" not in page
        assert citizen.client.get("/report", params={"find": nasty}).status_code == 200
    assert count(engine, REPORTS) == len(NASTY)


def test_a_megabyte_of_text_is_refused(citizen: Citizen, sqlite_engine: Engine) -> None:
    assert citizen.sends(description="坏" * 350_000).status_code == 413
    assert citizen.sends(description="坏" * 350_000, files=[("pictures", ("a", b"", ""))]).status_code in (400, 422)
    assert count(sqlite_engine, REPORTS) == 0


def test_a_visit_is_woken_after_a_report_and_reading_writes_nothing(citizen: Citizen, sqlite_engine: Engine) -> None:
    with sqlite_engine.connect() as connection:
        before = connection.execute(text("PRAGMA data_version")).scalar()
        for address in ("/report", "/report?find=x", "/report?browse=1", "/report/find", "/"):
            assert citizen.client.get(address).status_code == 200
        assert connection.execute(text("PRAGMA data_version")).scalar() == before
    assert citizen.woken == []
    citizen.reports()
    for _ in range(1000):
        if citizen.woken:
            break
        threading.Event().wait(0.005)
    assert citizen.woken == [citizen.now]


def test_the_receipt_page_opens_only_by_a_reporters_link(citizen: Citizen) -> None:
    path = citizen.sends().headers["location"]
    assert citizen.client.get(path).status_code == 200
    assert citizen.client.get(path[:-2] + "AA").status_code == 403
    citizen.later(days=31)
    assert citizen.client.get(path).status_code == 410


def test_before_a_city_is_loaded_the_form_says_that_nothing_can_be_taken(
    settings: Settings, sqlite_engine: Engine
) -> None:
    citizen = Citizen(settings, sqlite_engine)
    assert citizen.client.get("/report").status_code == 503
    assert citizen.client.post("/report", data=FIELDS).status_code == 503
