"""What keeps a waiting notice back: the night, its bundle, a limit of its channel, its age; and what goes past each."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from tasks.notify import Delivery
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
    write_case,
    write_notice,
)

NIGHT = NOW + timedelta(hours=13)
"""Monday 23:00 in Shanghai."""
MORNING = NOW + timedelta(hours=21)
"""Tuesday 07:00."""

GATHERING = "channels: {json: {window: 10 minute, bundle: 3}, email: {window: 10 minute, bundle: 3}}\n"
LIMITED = "channels: {json: {per_minute: 5, urgent_reserve: 2, window: 0 minute, bundle: 1}}\n"


@pytest.fixture
def channel() -> Iterator[ChannelServer]:
    with channel_server() as server:
        yield server


def at(moment: datetime, engine: Engine, settings: Settings, channel: ChannelServer, rules: str | None) -> Delivery:
    environ = {"FIRST": channel.url("ok/1"), "SECOND": channel.url("ok/2")}
    return hand_over(engine, settings, environ, two_channel_city(rules), now=moment)


@pytest.mark.parametrize(
    ("priority", "recipient", "state"),
    [
        ("routine", "lihe-liaison", "waiting"),
        ("urgent", "lihe-liaison", "sent"),
        ("emergency", "lihe-liaison", "sent"),
        ("routine", "inspector-a", "sent"),  # works in shifts
        ("routine", "lihe-head", "sent"),  # on the demo channel, which disturbs nobody
    ],
)
def test_at_night_routine_notices_wait_for_the_morning(
    sqlite_engine: Engine, settings: Settings, channel: ChannelServer, priority: str, recipient: str, state: str
) -> None:
    settings = settings.model_copy(update={"desk_url": f"http://{channel.host}"})
    notice_id = write_notice(sqlite_engine, priority=priority, recipient=recipient, created_at=NIGHT)
    at(NIGHT, sqlite_engine, settings, channel, None)
    row = notice(sqlite_engine, notice_id)
    assert row["state"] == state
    if state == "waiting":
        assert (row["not_before"], row["waits_for"]) == (MORNING, "quiet_hours")
        assert at(MORNING - timedelta(seconds=1), sqlite_engine, settings, channel, None) == Delivery()
        assert at(MORNING, sqlite_engine, settings, channel, None).sent == 1
        assert notice(sqlite_engine, notice_id)["waits_for"] is None


def test_routine_notices_of_one_reader_come_as_one_message_with_a_link_each(
    engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    case_id = write_case(engine)
    ids = [write_notice(engine, case_id=case_id) for _ in range(4)]
    assert at(NOW, engine, settings, channel, GATHERING) == Delivery(sent=3, attempts=3)
    ((_, posted),) = channel.received
    assert posted["title"].startswith("【3条消息】【新任务】E0110201905060001")
    assert posted["message"].count("/c/") == 3
    assert "3 messages: New task: E0110201905060001" in posted["message"]
    bundles = {attempts(engine, id_)[0]["bundle_id"] for id_ in ids[:3]}
    assert len(bundles) == 1
    assert None not in bundles
    last = notice(engine, ids[3])
    assert (last["state"], last["waits_for"], last["not_before"]) == ("waiting", "bundle", NOW + timedelta(minutes=10))


def test_what_comes_after_a_message_gathers_until_the_window_is_over(
    sqlite_engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    write_notice(sqlite_engine)
    assert at(NOW, sqlite_engine, settings, channel, GATHERING).sent == 1
    later = [write_notice(sqlite_engine) for _ in range(2)]
    urgent = write_notice(sqlite_engine, priority="urgent")
    assert at(NOW + timedelta(minutes=5), sqlite_engine, settings, channel, GATHERING).sent == 1
    assert notice(sqlite_engine, urgent)["state"] == "sent"
    assert {notice(sqlite_engine, id_)["state"] for id_ in later} == {"waiting"}
    assert at(NOW + timedelta(minutes=10), sqlite_engine, settings, channel, GATHERING).sent == 2
    assert len(channel.received) == 3


def test_a_bundle_that_fails_goes_on_as_a_bundle_at_the_next_contact_point(
    sqlite_engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    ids = [write_notice(sqlite_engine) for _ in range(3)]
    environ = {"FIRST": channel.url("500"), "SECOND": channel.url("ok")}
    delivery = hand_over(sqlite_engine, settings, environ, two_channel_city(GATHERING))
    assert delivery == Delivery(sent=3, attempts=6)
    assert channel.paths() == ["500", "ok"]
    for id_ in ids:
        assert [a["outcome"] for a in attempts(sqlite_engine, id_)] == ["http_error 500", "handed_over"]


def test_a_robot_shared_by_posts_is_sent_no_more_than_it_takes_in_a_minute_and_urgent_ones_first(
    engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    contacts = "lihe-liaison,1,json,env:FIRST\nwater-liaison,2,json,env:FIRST\n"
    city = two_channel_city(LIMITED, contacts=contacts)
    environ = {"FIRST": channel.url("ok")}
    routine = [write_notice(engine, recipient=post) for post in ("lihe-liaison", "lihe-liaison") * 3]
    assert hand_over(engine, settings, environ, city).sent == 3  # two of five are kept for urgent ones
    assert [notice(engine, i)["waits_for"] for i in routine[3:]] == ["rate_limit"] * 3
    urgent = [write_notice(engine, priority="urgent") for _ in range(3)]
    assert hand_over(engine, settings, environ, city, now=NOW + timedelta(seconds=30)).sent == 2
    assert [notice(engine, i)["state"] for i in urgent] == ["sent", "sent", "waiting"]
    assert notice(engine, urgent[2])["not_before"] == NOW + timedelta(seconds=60)
    assert hand_over(engine, settings, environ, city, now=NOW + timedelta(seconds=60)).sent >= 1
    assert notice(engine, urgent[2])["state"] == "sent"
    assert not any(a["ok"] is False for i in (*routine, *urgent) for a in attempts(engine, i))


def test_a_limit_of_one_channel_delays_no_other(
    sqlite_engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    contacts = "lihe-liaison,1,json,env:FIRST\nlihe-liaison,2,email,env:SECOND\n"
    city = two_channel_city(LIMITED, contacts=contacts)
    for _ in range(20):
        write_notice(sqlite_engine)
    other = write_notice(sqlite_engine, recipient="lihe-head")
    settings = settings.model_copy(update={"desk_url": f"http://{channel.host}"})
    assert hand_over(sqlite_engine, settings, {"FIRST": channel.url("ok")}, city).sent == 4
    assert notice(sqlite_engine, other)["state"] == "sent"


def test_an_emergency_waits_for_no_limit(sqlite_engine: Engine, settings: Settings, channel: ChannelServer) -> None:
    for _ in range(5):
        write_notice(sqlite_engine, priority="urgent")
    at(NOW, sqlite_engine, settings, channel, LIMITED)
    notice_id = write_notice(sqlite_engine, priority="emergency")
    at(NOW, sqlite_engine, settings, channel, LIMITED)
    assert notice(sqlite_engine, notice_id)["state"] == "sent"


@pytest.mark.parametrize(
    ("fields", "state", "told_of"),
    [
        ({"created_at": NOW - timedelta(days=3)}, "expired", 0),
        ({"created_at": NOW - timedelta(days=3), "requires_ack": True}, "expired", 2),
        ({"created_at": NOW - timedelta(days=1), "priority": "urgent"}, "expired", 2),
        ({"created_at": NOW - timedelta(days=1)}, "sent", 0),
        ({"created_at": NOW - timedelta(days=400), "priority": "emergency"}, "sent", 0),
    ],
)
def test_what_waited_too_long_is_not_sent_any_more_and_that_is_seen(
    sqlite_engine: Engine,
    settings: Settings,
    channel: ChannelServer,
    fields: dict[str, object],
    state: str,
    told_of: int,
) -> None:
    notice_id = write_notice(sqlite_engine, **fields)
    delivery = at(NOW, sqlite_engine, settings, channel, None)
    assert notice(sqlite_engine, notice_id)["state"] == state
    assert delivery.expired == (state == "expired")
    assert len(notices_of_kind(sqlite_engine, "undelivered")) == told_of


def test_waits_are_measured_by_the_moment_the_delivery_works_for(
    sqlite_engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    """A visit of May 2019, made today: its notices wait minutes, not years."""
    first = write_notice(sqlite_engine)
    write_attempt(sqlite_engine, first, started_at=datetime.now(NOW.tzinfo), recipient="lihe-liaison", bundle_id="b",
                  ended_at=datetime.now(NOW.tzinfo), ok=True)  # fmt: skip
    second = write_notice(sqlite_engine)
    environ = {"FIRST": channel.url("ok")}
    hand_over(sqlite_engine, settings, environ, two_channel_city(GATHERING), clock=lambda: datetime.now(NOW.tzinfo))
    not_before = notice(sqlite_engine, second)["not_before"]
    assert NOW < not_before <= NOW + timedelta(minutes=10, seconds=5)
