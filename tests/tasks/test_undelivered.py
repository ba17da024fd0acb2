"""Nobody could be told: command desk and administrator hear of it, and no message about that goes in circles."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tasks.notify import Delivery
from tasks.settings import Settings
from tests.channel_server import ChannelServer, channel_server
from tests.notice_rows import NOW, hand_over, notice, notices_of_kind, two_channel_city, write_case, write_notice

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def channel() -> Iterator[ChannelServer]:
    with channel_server() as server:
        yield server


def test_all_that_failed_in_a_minute_is_told_to_shift_leader_and_administrator_as_one(
    engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    settings = settings.model_copy(update={"desk_url": f"http://{channel.host}"})
    case_id = write_case(engine)
    for _ in range(12):
        write_notice(engine, case_id=case_id)
    environ = {"FIRST": channel.url("503"), "SECOND": channel.url("404")}
    assert hand_over(engine, settings, environ) == Delivery(failed=12, attempts=24)
    reports = notices_of_kind(engine, "undelivered")
    assert [(r["recipient"], r["priority"], r["waits_for"]) for r in reports] == [
        ("admin", "urgent", "gathering"),
        ("shift-leader", "urgent", "gathering"),
    ]
    facts = json.loads(reports[0]["facts"])
    assert (facts["count"], len(facts["lines"])) == (12, 10)
    line = {"kind": "task", "number": "E0110201905060001", "post": "梨河镇值班员甲", "why": "http_error"}
    assert facts["lines"][0] == line
    assert hand_over(engine, settings, environ, now=LATER).sent == 2
    said = channel.received[-1][1]["message"]
    assert "梨河镇值班员甲：新任务 E0110201905060001（通道返回错误）" in said
    assert "另有2条" in said


def test_a_report_that_reaches_nobody_itself_is_not_reported_again(
    sqlite_engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    settings = settings.model_copy(update={"desk_url": f"http://{channel.host}/500"})
    write_notice(sqlite_engine)
    hand_over(sqlite_engine, settings, {})
    assert hand_over(sqlite_engine, settings, {}, now=LATER).failed == 2
    reports = notices_of_kind(sqlite_engine, "undelivered")
    assert [report["state"] for report in reports] == ["failed", "failed"]
    assert hand_over(sqlite_engine, settings, {}, now=LATER + timedelta(hours=1)) == Delivery()


def test_the_city_names_who_hears_of_it(sqlite_engine: Engine, settings: Settings) -> None:
    write_notice(sqlite_engine)
    hand_over(sqlite_engine, settings, {}, two_channel_city("undelivered_to: [auditor]\n"))
    assert [r["recipient"] for r in notices_of_kind(sqlite_engine, "undelivered")] == ["auditor"]


def test_two_deliverers_that_fail_at_once_lose_no_failure(engine: Engine, settings: Settings) -> None:
    first, second = write_notice(engine), write_notice(engine)
    hand_over(engine, settings, {})
    assert {notice(engine, i)["state"] for i in (first, second)} == {"failed"}
    told = [
        json.loads(r["facts"])["count"] for r in notices_of_kind(engine, "undelivered") if r["recipient"] == "admin"
    ]
    assert sum(told) == 2
