"""Channels side by side: emergencies on all of them, one that hangs or asks to wait, and what others notice of it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import Engine

import tasks.notify
from models.message_rules import MessageRules
from tasks.channel_outcomes import Sent
from tasks.lanes import LONGEST_QUEUE, Entry, Lanes
from tasks.notify import Delivery, deliver
from tasks.settings import Settings
from tests.channel_server import ChannelServer, channel_server
from tests.notice_rows import (
    NOW,
    attempts,
    hand_over,
    notice,
    notices_of_kind,
    two_channel_city,
    write_attempt,
    write_notice,
)

ONE_BY_ONE = "channels: {json: {window: 0 minute, bundle: 1, at_once: 4}, email: {window: 0 minute, bundle: 1}}\n"


@pytest.fixture
def channel() -> Iterator[ChannelServer]:
    with channel_server() as server:
        yield server


def test_an_emergency_goes_to_every_contact_point_and_is_sent_when_one_takes_it(
    engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    notice_id = write_notice(engine, priority="emergency")
    environ = {"FIRST": channel.url("500"), "SECOND": channel.url("ok")}
    assert hand_over(engine, settings, environ) == Delivery(sent=1, attempts=2)
    assert notice(engine, notice_id)["state"] == "sent"
    assert {(a["channel"], a["ok"]) for a in attempts(engine, notice_id)} == {("json", False), ("email", True)}
    assert notices_of_kind(engine, "undelivered") == []


def test_an_emergency_that_no_channel_takes_has_failed_once(
    engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    notice_id = write_notice(engine, priority="emergency")
    environ = {"FIRST": channel.url("500"), "SECOND": channel.url("404")}
    assert hand_over(engine, settings, environ) == Delivery(failed=1, attempts=2)
    assert notice(engine, notice_id)["state"] == "failed"
    assert len(notices_of_kind(engine, "undelivered")) == 2


def test_the_contact_points_of_an_emergency_are_tried_side_by_side(
    sqlite_engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    """Both arrive while neither is answered."""
    write_notice(sqlite_engine, priority="emergency")

    async def run() -> Delivery:
        environ = {"FIRST": f"json://{channel.host}/gate/1", "SECOND": f"json://{channel.host}/gate/2"}
        options: Any = {"environ": environ, "clock": lambda: NOW}
        running = asyncio.create_task(deliver(sqlite_engine, two_channel_city(), settings, now=NOW, **options))
        for _ in range(2):
            assert await asyncio.to_thread(channel.arrived.acquire, timeout=5)
        channel.go_on.set()
        return await running

    assert asyncio.run(run()) == Delivery(sent=2, attempts=2)


def test_a_channel_that_hangs_holds_up_no_other_and_is_left_alone(
    sqlite_engine: Engine, settings: Settings, channel: ChannelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """40 notices lie on a channel that says nothing; those of another one have all arrived before it is given up."""
    monkeypatch.setattr(tasks.notify, "LONGEST_SEND_SECONDS", 2.0)
    city = two_channel_city(ONE_BY_ONE, contacts="lihe-liaison,1,json,env:FIRST\nwater-head,2,email,env:SECOND\n")
    hanging = [write_notice(sqlite_engine, priority="urgent") for _ in range(40)]
    others = [write_notice(sqlite_engine, recipient="water-head") for _ in range(20)]
    settings = settings.model_copy(update={"desk_url": f"http://{channel.host}"})
    began = monotonic()
    environ = {"FIRST": f"json://{channel.host}/gate", "SECOND": channel.url("ok")}
    delivery = hand_over(sqlite_engine, settings, environ, city)
    assert monotonic() - began < 10
    assert delivery.sent == 20
    assert {notice(sqlite_engine, i)["state"] for i in others} == {"sent"}
    assert sorted(channel.paths())[-4:] == ["gate"] * 4
    states = [notice(sqlite_engine, i)["state"] for i in hanging]
    assert states.count("failed") == 4
    assert states.count("waiting") == 36
    waiting = next(i for i in hanging if notice(sqlite_engine, i)["state"] == "waiting")
    assert notice(sqlite_engine, waiting)["waits_for"] == "channel_down"


def test_what_can_go_another_way_goes_round_a_channel_that_does_not_answer(
    sqlite_engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    ids = [write_notice(sqlite_engine, priority="urgent") for _ in range(12)]
    environ = {"FIRST": channel.url("silent"), "SECOND": channel.url("ok")}
    assert hand_over(sqlite_engine, settings, environ, two_channel_city(ONE_BY_ONE)).sent == 12
    first = [attempts(sqlite_engine, i)[0]["outcome"] for i in ids]
    assert "channel_down" in first
    assert set(first) <= {"channel_down", "no_answer"}


def test_a_channel_that_asks_to_wait_is_waited_for_and_burns_nothing(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [Sent(False, "too_fast 429", 30.0), Sent(True, "handed_over")]
    monkeypatch.setattr(tasks.notify, "send", lambda url, message: answers.pop(0))
    first, second = write_notice(engine), write_notice(engine)
    city = two_channel_city("channels: {json: {window: 0 minute, bundle: 1, at_once: 1}}\n")
    environ = {"FIRST": "json://one", "SECOND": "json://two"}
    assert hand_over(engine, settings, environ, city) == Delivery(attempts=1)
    for waiting in (first, second):
        row = notice(engine, waiting)
        assert (row["waits_for"], row["not_before"]) == ("too_fast", NOW + timedelta(seconds=30))
    answers.append(Sent(True, "handed_over"))
    assert hand_over(engine, settings, environ, city, now=NOW + timedelta(seconds=30)).sent == 2
    assert [(a["channel"], a["ok"]) for a in attempts(engine, first)] == [("json", False), ("json", True)]


def test_what_is_urgent_takes_another_channel_where_one_asks_to_wait(
    sqlite_engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"json://one": Sent(False, "too_fast 429", 30.0), "json://two": Sent(True, "handed_over")}
    monkeypatch.setattr(tasks.notify, "send", lambda url, message: answers[url])
    notice_id = write_notice(sqlite_engine, priority="urgent")
    assert hand_over(sqlite_engine, settings, {"FIRST": "json://one", "SECOND": "json://two"}).sent == 1
    assert [a["channel"] for a in attempts(sqlite_engine, notice_id)] == ["json", "email"]


def test_a_channel_may_ask_to_wait_so_often_and_no_more(
    sqlite_engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.notify, "send", lambda url, message: Sent(False, "too_fast 429", 1.0))
    notice_id = write_notice(sqlite_engine)
    city = two_channel_city(contacts="lihe-liaison,1,json,env:FIRST\n")
    for second in range(10):
        hand_over(sqlite_engine, settings, {"FIRST": "json://one"}, city, now=NOW + timedelta(seconds=second))
    assert len(attempts(sqlite_engine, notice_id)) == 5
    assert notice(sqlite_engine, notice_id)["state"] == "failed"


def test_a_deputy_is_told_and_the_message_says_for_whom(
    sqlite_engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    settings = settings.model_copy(update={"desk_url": f"http://{channel.host}"})
    notice_id = write_notice(sqlite_engine)
    city = two_channel_city(leave="lihe-liaison,2019-05-06,2019-05-10\n")
    assert hand_over(sqlite_engine, settings, {}, city).sent == 1
    ((path, posted),) = channel.received
    assert path == "/demo/inbox/lihe-head"
    assert posted["title"].startswith("（代 梨河镇值班员甲 收 for 梨河镇值班员甲）【新任务】")
    assert notice(sqlite_engine, notice_id)["told"] == "lihe-head"
    assert attempts(sqlite_engine, notice_id)[0]["recipient"] == "lihe-head"


def test_a_queue_is_bounded_and_says_that_more_waits() -> None:
    lanes = Lanes(MessageRules())
    for number in range(LONGEST_QUEUE + 5):
        lanes.put("sms", Entry(2, number, 0, "env:SMS"))
    lanes.put("sms", Entry(0, 99_999, 1, "env:SMS"))
    assert lanes.queued == LONGEST_QUEUE + 1
    assert lanes.take(1)[0][1].notice_id == 99_999
    assert lanes.lane("sms").more


def test_after_a_crash_an_emergency_is_repeated_where_it_is_unknown_only(
    sqlite_engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    notice_id = write_notice(sqlite_engine, priority="emergency")
    write_attempt(sqlite_engine, notice_id, started_at=NOW - timedelta(minutes=3))
    write_attempt(sqlite_engine, notice_id, contact_order=2, channel="email", started_at=NOW - timedelta(minutes=3),
                  ended_at=NOW, ok=False, outcome="http_error 500")  # fmt: skip
    environ = {"FIRST": channel.url("ok/1"), "SECOND": channel.url("ok/2")}
    assert hand_over(sqlite_engine, settings, environ) == Delivery(sent=1, attempts=1, repeats=1)
    assert channel.paths() == ["ok/1"]
