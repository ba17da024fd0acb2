"""Keys to the desk go out at once, at night too, to the post's own contact points, and to nobody else."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from models.notice import NoticeKind
from tasks.database import transaction
from tasks.links import Link, Purpose, open_link
from tasks.notify import Delivery
from tasks.one_time_code import send_code, take_code, write_key
from tasks.settings import Settings
from tests.channel_server import ChannelServer, channel_server
from tests.notice_rows import NOW, hand_over, notice, two_channel_city, write_notice

AT_NIGHT = NOW + timedelta(hours=16)
"""Tuesday 02:00 in Shanghai."""

ALL_WAIT = "quiet_hours: {from: '22:00', to: '07:00', priorities: [routine, urgent]}\n"


@pytest.fixture
def channel() -> Iterator[ChannelServer]:
    with channel_server() as server:
        yield server


def said(channel: ChannelServer, n: int = 0) -> list[str]:
    """The lines of a message that arrived."""
    return [line for line in str(channel.received[n][1]["message"]).strip().splitlines() if line]


def test_the_link_to_an_own_page_stands_below_the_message_and_nowhere_in_the_database(
    sqlite_engine: Engine, channel: ChannelServer, settings: Settings
) -> None:
    with transaction(sqlite_engine) as connection:
        notice_id = write_key(connection, NoticeKind.MY_WORK, "lihe-liaison", NOW, {})
    hand_over(sqlite_engine, settings, {"FIRST": channel.url("ok")})
    last_line = said(channel)[-1]
    assert last_line.startswith("打开我的待办 Open my work: http://127.0.0.1:8200/me/")
    token = last_line.rpartition("/")[2]
    wanted = Link("lihe-liaison", Purpose.MINE, "lihe-liaison")
    assert open_link(settings.secret_key("link"), token, NOW, 1) == wanted
    assert "/me/" not in notice(sqlite_engine, notice_id)["text"]


def test_the_code_stands_first_in_its_message_and_is_the_one_that_opens(
    sqlite_engine: Engine, channel: ChannelServer, settings: Settings
) -> None:
    with transaction(sqlite_engine) as connection:
        notice_id = send_code(connection, "lihe-liaison", NOW)
    hand_over(sqlite_engine, settings, {"FIRST": channel.url("ok")})
    code = said(channel)[0].removeprefix("验证码 Code: ")
    assert code not in str(notice(sqlite_engine, notice_id or 0))
    with transaction(sqlite_engine) as connection:
        assert take_code(connection, settings.secret_key("link"), "lihe-liaison", code, NOW)


@pytest.mark.parametrize(("leave", "others"), [("", "waiting"), ("lihe-liaison,2019-05-06,2019-05-07\n", "failed")])
def test_a_key_goes_at_night_and_to_a_post_on_leave_itself(
    sqlite_engine: Engine, channel: ChannelServer, settings: Settings, leave: str, others: str
) -> None:
    with transaction(sqlite_engine) as connection:
        send_code(connection, "lihe-liaison", AT_NIGHT)
    # Any other message waits for the morning, or goes to the deputy, who cannot be reached here.
    other = write_notice(sqlite_engine, priority="urgent", created_at=AT_NIGHT)
    city = two_channel_city(ALL_WAIT, leave=leave)
    hand_over(sqlite_engine, settings, {"FIRST": channel.url("ok")}, city, now=AT_NIGHT)
    assert [said(channel, n)[0][:3] for n in range(len(channel.received))] == ["验证码"]
    assert notice(sqlite_engine, other)["state"] == others


@pytest.mark.parametrize(("late", "state"), [(timedelta(minutes=9), "sent"), (timedelta(minutes=10), "expired")])
def test_a_code_that_has_run_out_is_not_sent_any_more(
    sqlite_engine: Engine, channel: ChannelServer, settings: Settings, late: timedelta, state: str
) -> None:
    with transaction(sqlite_engine) as connection:
        notice_id = send_code(connection, "lihe-liaison", NOW)
    hand_over(sqlite_engine, settings, {"FIRST": channel.url("ok")}, now=NOW + late)
    assert notice(sqlite_engine, notice_id or 0)["state"] == state


def test_what_somebody_waits_for_is_sent_alone(
    sqlite_engine: Engine, channel: ChannelServer, settings: Settings
) -> None:
    others = [write_notice(sqlite_engine, priority=priority) for priority in ("urgent", "routine")]
    with transaction(sqlite_engine) as connection:
        notice_id = send_code(connection, "lihe-liaison", NOW)
    delivery = hand_over(sqlite_engine, settings, {"FIRST": channel.url("ok")}, notice_ids=[notice_id])
    assert delivery == Delivery(sent=1, attempts=1)
    assert [notice(sqlite_engine, other)["state"] for other in others] == ["waiting", "waiting"]
