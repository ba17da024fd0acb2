"""The wall opens by its own link alone, says what it knows in words, and names nobody who reported anything."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert

import desk
from desk.wall_view import hour_bars, short_names
from models.city import City
from models.directory.city_builder import DirectoryFiles
from models.sweeps import Process
from tasks.city_edition import load_city
from tasks.database import transaction
from tasks.desk_sessions import SESSIONS
from tasks.links import Link, Purpose, sign_link
from tasks.revocation import revoke_access
from tasks.settings import Settings
from tasks.sweeps import record_sweep
from tests.cities import changed
from tests.desk.conftest import NOW
from tests.desk.phone import text_of
from tests.desk.test_app import contrast
from tests.duty_rows import write_shifts
from tests.flood_cities import FLOOD_CITY
from tests.notice_rows import write_attempt, write_case, write_notice
from tests.stored_cases import reports_taken_in

LONG_NAME = "国网河南省电力公司新郑市供电公司营业厅乙"
"""20 characters."""


def address(settings: Settings, post: str = "shift-leader", purpose: Purpose = Purpose.WALL) -> str:
    return "/wall/" + sign_link(settings.secret_key("link"), Link(post, purpose, "wall"), NOW - timedelta(hours=1))


def test_an_empty_city_is_told_in_words(client: TestClient, settings: Settings) -> None:
    page = text_of(client.get(address(settings)).text)
    for said in (
        "小城市 指挥大屏",
        "系统尚未巡检",
        "0 今日受理",
        "今日尚无受理。",
        "没有超期案件。",
        "没有即将到期的案件。",
        "24小时内全部送达。",
        "值班长 值班长甲",
        "数据时间 10:00:00",
    ):
        assert said in page


def test_the_wall_shows_how_the_city_stands(
    client: TestClient, settings: Settings, sqlite_engine: Engine, city: City
) -> None:
    reports_taken_in(sqlite_engine, city, 3, NOW, source="hotline_12345")
    write_case(sqlite_engine, state="handling", handle_due_at=NOW - timedelta(hours=1))
    soon = {"number": "E2", "receipt_number": "R2", "handle_due_at": NOW + timedelta(minutes=21)}
    write_case(sqlite_engine, state="dispatched", unit="water", **soon)
    write_attempt(sqlite_engine, write_notice(sqlite_engine, state="failed", settled_at=NOW), outcome="no_answer")
    record_sweep(sqlite_engine, Process.CASES, NOW - timedelta(seconds=70))
    with transaction(sqlite_engine) as connection:
        row = {"secret_digest": "x", "post": "leader", "opened_at": NOW, "ends_at": NOW + timedelta(hours=1)}
        connection.execute(insert(SESSIONS).values(**row, ended_why=""))
    found = client.get(address(settings))
    page = text_of(found.text)
    for said in (
        "系统1分钟前巡检",
        "3 今日受理",
        "5 在办案件",
        "1 处置超期",
        "1 24小时未送达",
        "12345热线 3",
        "受理 3",
        "单位处置 2",
        "梨河镇 1",
        "暴露垃圾 E2 21分钟 供水公司",
        "另已登录 分管领导甲 ✓",
        "10:00 梨河镇值班员甲 通道无应答",
    ):
        assert said in page
    assert '<meta http-equiv="refresh" content="30">' in found.text
    assert not re.search(r"<script|style=|/c/", found.text)


def test_the_wall_speaks_english_too(client: TestClient, settings: Settings, sqlite_engine: Engine) -> None:
    record_sweep(sqlite_engine, Process.CASES, NOW - timedelta(minutes=30))
    page = text_of(client.get(address(settings) + "?lang=en").text)
    for said in ("Small City Command wall", "no sweep for 30 min", "Nothing is overdue.", "shift leader 值班长甲"):
        assert said in page


def test_a_case_is_told_without_what_a_citizen_wrote(
    client: TestClient, settings: Settings, sqlite_engine: Engine
) -> None:
    texts = {"description": "张某门口，电话见附件", "place": "梨河镇3号楼"}
    write_case(sqlite_engine, state="handling", handle_due_at=NOW + timedelta(hours=1), **texts)
    write_notice(sqlite_engine, recipient=None, state="failed", settled_at=NOW, facts=json.dumps({"place": "3号楼"}))
    page = client.get(address(settings)).text
    assert "上报人" in page
    assert not any(said in page for said in ("张某", "3号楼"))


@pytest.mark.parametrize("post", ["lihe-liaison", "lihe-head", "inspector-a", "nobody"])
def test_no_wall_opens_for_a_unit_an_inspector_or_a_post_that_is_gone(
    client: TestClient, settings: Settings, post: str
) -> None:
    assert client.get(address(settings, post)).status_code == 403


@pytest.mark.parametrize("purpose", [Purpose.CASE, Purpose.MINE, Purpose.REPORT])
def test_only_a_link_for_a_wall_opens_it_and_it_opens_nothing_else(
    client: TestClient, settings: Settings, purpose: Purpose
) -> None:
    assert client.get(address(settings, purpose=purpose)).status_code == 403
    token = address(settings).removeprefix("/wall/")
    assert client.get(f"/c/{token}").status_code == client.get(f"/me/{token}").status_code == 403


def test_a_wall_hangs_for_its_season_and_ends_with_a_revocation(
    client_at: Callable[[datetime], TestClient], settings: Settings, sqlite_engine: Engine
) -> None:
    link = address(settings)
    assert client_at(NOW + timedelta(days=189)).get(link).status_code == 200
    assert client_at(NOW + timedelta(days=190)).get(link).status_code == 410
    with transaction(sqlite_engine) as connection:
        revoke_access(connection, "shift-leader", "admin", NOW, "screen sold")
    assert client_at(NOW + timedelta(days=1)).get(link).status_code == 403


def test_long_and_hostile_names_are_shown_as_text(
    client: TestClient, settings: Settings, sqlite_engine: Engine
) -> None:
    documents = changed("units.csv", "梨河镇,", f"{LONG_NAME},")
    with transaction(sqlite_engine) as connection:
        load_city(connection, DirectoryFiles(documents), NOW - timedelta(hours=1), "admin")
    write_case(sqlite_engine, state="handling", handle_due_at=NOW - timedelta(hours=1))
    write_case(
        sqlite_engine, number="E2", receipt_number="R2", unit="<script>x", class_code="<b>",
        handle_due_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    page = client.get(address(settings)).text
    assert LONG_NAME in page
    assert "<script" not in page
    assert "&lt;b&gt;" in page


def test_before_a_city_is_loaded_no_wall_opens(settings: Settings, sqlite_engine: Engine) -> None:
    client = TestClient(desk.app.create_app(settings, sqlite_engine, clock=lambda: NOW))
    assert client.get(address(settings)).status_code == 403


def test_names_in_a_row_say_once_what_all_begin_with() -> None:
    assert short_names(["受理员甲", "受理员乙", "受理员丙"]) == ["受理员甲", "乙", "丙"]
    for kept in (["受理员甲"], ["受理员", "受理员乙"], ["受理员1", "受理员12"], ["seat a", "seat b"], ["甲", "乙"], []):
        assert short_names(kept) == kept


def test_the_hours_to_come_have_no_bar_and_a_quiet_day_none_at_all() -> None:
    counts = [0] * 24
    counts[3], counts[8] = 10, 5
    drawn = hour_bars(counts, 9)
    assert [bar.hour for bar in drawn] == list(range(10))
    assert [(bar.hour, bar.height) for bar in drawn if bar.height] == [(3, 150.0), (8, 75.0)]
    assert [bar.hour for bar in drawn if bar.told] == [3]
    assert not any(bar.height or bar.told for bar in hour_bars([0] * 24, 9))


def test_text_on_the_wall_keeps_a_contrast_of_seven() -> None:
    css = (Path(desk.__file__).parent / "static" / "wall.css").read_text("utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))
    for colour in ("ink", "quiet", "main", "alarm", "warn", "good"):
        assert contrast(colours[colour], colours["paper"]) >= 7, colour
    assert contrast(colours["ink"], colours["alarm-soft"]) >= 7
    assert contrast(colours["alarm"], colours["alarm-soft"]) >= 4.5


def test_the_wall_shows_who_stands_in_the_duty_room(
    client: TestClient, settings: Settings, sqlite_engine: Engine
) -> None:
    with transaction(sqlite_engine) as connection:
        load_city(connection, DirectoryFiles(dict(FLOOD_CITY)), NOW - timedelta(hours=1), "admin")
    write_shifts(sqlite_engine, NOW.replace(hour=8))
    page = text_of(client.get(address(settings)).text)
    assert "防汛值班 带班领导 带班领导1 未签到 中层干部" in page
    assert "生效预警 0 叫应未应答 0 没有进行中的叫应" in page


def test_a_city_without_a_flood_season_has_no_strip_of_it(client: TestClient, settings: Settings) -> None:
    assert "叫应" not in text_of(client.get(address(settings)).text)
