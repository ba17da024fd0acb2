"""Notices are claimed, sent once and settled, also with two deliverers at once and after a crash, on both databases."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from tasks.notify import Delivery, deliver, deliver_and_wait
from tasks.settings import Settings
from tests.channel_server import ChannelServer, channel_server
from tests.notice_rows import (
    NOW,
    attempts,
    hand_over,
    notice,
    two_channel_city,
    write_attempt,
    write_case,
    write_notice,
)


@pytest.fixture
def channel() -> Iterator[ChannelServer]:
    with channel_server() as server:
        yield server


def test_a_notice_goes_to_the_first_contact_point_and_is_kept_without_its_link(
    engine: Engine, channel: ChannelServer, settings: Settings
) -> None:
    notice_id = write_notice(engine)
    assert hand_over(
        engine, settings, {"FIRST": channel.url("ok/1"), "SECOND": channel.url("ok/2")}, flow_run_id="run-1"
    ) == Delivery(sent=1, attempts=1)
    ((path, posted),) = channel.received
    assert path == "/ok/1"
    assert posted["title"] == "【新任务】E0110201905060001 暴露垃圾，5月6日（周一）16:00前"
    assert "地点：梨河镇中华路与人民路口" in posted["message"]
    row = notice(engine, notice_id)
    assert (row["state"], row["settled_at"]) == ("sent", NOW)
    assert row["text"] == f"{posted['title']}\n{posted['message']}".rstrip()
    (attempt,) = attempts(engine, notice_id)
    assert (attempt["contact_order"], attempt["channel"], attempt["ok"]) == (1, "json", True)
    assert (attempt["outcome"], attempt["ended_at"], attempt["flow_run_id"]) == ("handed_over", NOW, "run-1")


def test_a_notice_that_no_channel_takes_is_failed_for_all_to_see_and_not_tried_for_ever(
    engine: Engine, channel: ChannelServer, settings: Settings
) -> None:
    notice_id = write_notice(engine)
    environ = {"FIRST": channel.url("503"), "SECOND": channel.url("404")}
    assert hand_over(engine, settings, environ) == Delivery(failed=1, attempts=2)
    assert notice(engine, notice_id)["state"] == "failed"
    assert [a["outcome"] for a in attempts(engine, notice_id)] == ["http_error 503", "http_error 404"]
    assert hand_over(engine, settings, environ) == Delivery()
    assert len(channel.received) == 2


def test_the_urgent_go_before_the_routine_and_the_old_before_the_new(
    engine: Engine, channel: ChannelServer, settings: Settings
) -> None:
    order = ["routine", "urgent", "emergency", "routine", "urgent"]
    ids = [write_notice(engine, priority=priority) for priority in order]
    for expected in (2, 1, 4, 0, 3):
        assert hand_over(engine, settings, {"FIRST": channel.url("ok")}, limit=1).sent == 1
        assert notice(engine, ids[expected])["state"] == "sent"


def test_only_the_named_cases_are_delivered_and_only_what_waits(
    engine: Engine, channel: ChannelServer, settings: Settings
) -> None:
    case_id = write_case(engine)
    mine, other = write_notice(engine, case_id=case_id), write_notice(engine)
    held = write_notice(engine, state="held", case_id=case_id)
    assert hand_over(engine, settings, {"FIRST": channel.url("ok")}, case_ids=[case_id]).sent == 1
    assert [notice(engine, i)["state"] for i in (mine, other, held)] == ["sent", "waiting", "held"]


def test_two_deliverers_at_once_send_each_notice_once(
    engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    ids = [write_notice(engine) for _ in range(60)]

    async def both() -> list[Delivery]:
        options: Any = {"environ": {"FIRST": channel.url("ok")}, "clock": lambda: NOW}
        two = (deliver(engine, two_channel_city(), settings, now=NOW, **options) for _ in range(2))
        return list(await asyncio.gather(*two))

    deliveries = asyncio.run(both())
    assert sum(d.sent for d in deliveries) == 60
    assert len(channel.received) == 60
    assert all(len(attempts(engine, i)) == 1 and notice(engine, i)["state"] == "sent" for i in ids)


def test_a_deliverer_leaves_alone_what_another_one_has_in_hand(
    engine: Engine, channel: ChannelServer, settings: Settings
) -> None:
    notice_id = write_notice(engine)
    write_attempt(engine, notice_id, started_at=NOW - timedelta(seconds=100))
    assert hand_over(engine, settings, {"FIRST": channel.url("ok")}) == Delivery()
    assert channel.received == []


def test_after_a_crash_a_notice_is_repeated_once_and_says_so(
    engine: Engine, channel: ChannelServer, settings: Settings
) -> None:
    notice_id = write_notice(engine)
    write_attempt(engine, notice_id, started_at=NOW - timedelta(minutes=3))
    assert hand_over(engine, settings, {"FIRST": channel.url("ok")}) == Delivery(sent=1, attempts=1, repeats=1)
    ((_, posted),) = channel.received
    assert posted["title"].startswith("（可能重复 may be a repeat）【新任务】")
    broken_off, repeat = attempts(engine, notice_id)
    assert (broken_off["ok"], broken_off["outcome"], broken_off["ended_at"]) == (None, "unknown", NOW)
    assert (repeat["channel"], repeat["ok"]) == ("json", True)


def test_a_channel_that_broke_off_twice_is_left_for_the_next_one(
    engine: Engine, channel: ChannelServer, settings: Settings
) -> None:
    notice_id = write_notice(engine)
    for minutes in (10, 5):
        write_attempt(engine, notice_id, started_at=NOW - timedelta(minutes=minutes))
    assert hand_over(engine, settings, {"FIRST": channel.url("ok/1"), "SECOND": channel.url("ok/2")}).repeats == 1
    assert channel.paths() == ["ok/2"]


def test_a_delivery_killed_in_the_middle_leaves_an_attempt_that_tells_of_it(
    engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    notice_id = write_notice(engine)

    async def killed_once_the_message_is_out() -> None:
        options: Any = {"environ": {"FIRST": channel.url("gate")}, "clock": lambda: NOW}
        running = asyncio.create_task(deliver(engine, two_channel_city(), settings, now=NOW, **options))
        assert await asyncio.to_thread(channel.arrived.acquire, timeout=5)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(killed_once_the_message_is_out())
    (attempt,) = attempts(engine, notice_id)
    assert (attempt["ok"], attempt["ended_at"], notice(engine, notice_id)["state"]) == (None, None, "waiting")


def test_the_real_clock_is_used_where_none_is_given(engine: Engine, settings: Settings, channel: ChannelServer) -> None:
    notice_id = write_notice(engine)
    before = datetime.now(NOW.tzinfo)
    deliver_and_wait(engine, two_channel_city(), settings, now=NOW, environ={"FIRST": channel.url("ok")})
    (attempt,) = attempts(engine, notice_id)
    assert before <= attempt["started_at"] <= attempt["ended_at"] <= datetime.now(NOW.tzinfo)
