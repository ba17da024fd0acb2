"""What happens at the contact points, over real HTTP: the next one takes over, links, reporters, no secret left."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tasks.database import reading
from tasks.links import Link, Purpose, open_link
from tasks.message_settings import MessageSettings
from tasks.notify import Delivery, deliver
from tasks.personal_data import seal
from tasks.settings import Settings
from tests.channel_server import ChannelServer, channel_server
from tests.notice_rows import (
    NOW,
    attempts,
    hand_over,
    notice,
    two_channel_city,
    write_case,
    write_notice,
    write_report_with_reporter,
)


@pytest.fixture
def channel() -> Iterator[ChannelServer]:
    with channel_server() as server:
        yield server


@pytest.mark.parametrize(
    ("first", "outcome"),
    [
        ("500", "http_error 500"),
        ("silent", "no_answer"),
        (None, "not_configured FIRST"),
        ("nonsense", "bad_address"),
    ],
)
def test_the_next_contact_point_takes_over_where_the_first_fails(
    sqlite_engine: Engine,
    channel: ChannelServer,
    settings: Settings,
    first: str | None,
    outcome: str,
) -> None:
    notice_id = write_notice(sqlite_engine)
    environ = {"SECOND": channel.url("ok")}
    if first:
        environ["FIRST"] = "nonsense" if first == "nonsense" else channel.url(first)
    assert hand_over(sqlite_engine, settings, environ) == Delivery(sent=1, attempts=2)
    assert [(a["channel"], a["ok"], a["outcome"]) for a in attempts(sqlite_engine, notice_id)] == [
        ("json", False, outcome),
        ("email", True, "handed_over"),
    ]
    assert notice(sqlite_engine, notice_id)["state"] == "sent"


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"recipient": "nobody"}, "no_contact_point"),
        ({"facts": '{"due_at": "tomorrow"}'}, "unreadable_facts"),
        ({"facts": "[]"}, "unreadable_facts"),
        ({"kind": "telegram"}, "unreadable_facts"),
    ],
)
def test_what_cannot_be_told_fails_with_its_reason_and_holds_up_nobody(
    sqlite_engine: Engine,
    channel: ChannelServer,
    settings: Settings,
    fields: dict[str, Any],
    outcome: str,
) -> None:
    broken, good = write_notice(sqlite_engine, **fields), write_notice(sqlite_engine)
    assert hand_over(sqlite_engine, settings, {"FIRST": channel.url("ok")}) == Delivery(sent=1, failed=1, attempts=1)
    assert (notice(sqlite_engine, broken)["state"], notice(sqlite_engine, good)["state"]) == ("failed", "sent")
    (attempt,) = attempts(sqlite_engine, broken)
    assert (attempt["channel"], attempt["ok"], attempt["outcome"]) == ("none", False, outcome)


def test_the_message_ends_with_a_link_bound_to_its_reader_and_case(
    sqlite_engine: Engine, channel: ChannelServer, settings: Settings
) -> None:
    notice_id = write_notice(sqlite_engine, case_id=write_case(sqlite_engine))
    hand_over(sqlite_engine, settings, {"FIRST": channel.url("ok")})
    last_line = channel.received[0][1]["message"].strip().splitlines()[-1]
    assert last_line.startswith("查看案件 Open the case: http://127.0.0.1:8200/c/")
    token = last_line.rpartition("/")[2]
    assert open_link(settings.secret_key("link"), token, NOW, 30) == Link(
        "lihe-liaison", Purpose.CASE, "E0110201905060001"
    )
    assert "/c/" not in notice(sqlite_engine, notice_id)["text"]


def test_a_reporter_is_told_by_phone_and_the_number_is_kept_nowhere_else(
    sqlite_engine: Engine, channel: ChannelServer, settings: Settings
) -> None:
    case_id = write_case(sqlite_engine)
    sealed = seal(settings.secret_key("personal"), "138 0013 8000")
    reporter_id = write_report_with_reporter(sqlite_engine, case_id, sealed)
    notice_id = write_notice(
        sqlite_engine,
        kind="report_accepted",
        recipient=None,
        reporter_id=reporter_id,
        case_id=case_id,
        facts={"receipt_number": "R20190506000077", "minor": "暴露垃圾"},
    )
    gateway = MessageSettings(reporter_channel=channel.url("sms/{phone}"))
    assert hand_over(sqlite_engine, settings, {}, messages=gateway).sent == 1
    assert channel.paths() == ["sms/13800138000"]
    assert "13800138000" not in everything_stored(sqlite_engine)
    assert attempts(sqlite_engine, notice_id)[0]["channel"] == "reporter"


def test_a_reporter_without_a_phone_number_is_not_told_and_nobody_is_to_blame(
    sqlite_engine: Engine, channel: ChannelServer, settings: Settings
) -> None:
    case_id = write_case(sqlite_engine)
    reporter_id = write_report_with_reporter(sqlite_engine, case_id, None)
    notice_id = write_notice(
        sqlite_engine, kind="report_accepted", recipient=None, reporter_id=reporter_id, case_id=case_id, facts={}
    )
    gateway = MessageSettings(reporter_channel=channel.url("sms/{phone}"))
    assert hand_over(sqlite_engine, settings, {}, messages=gateway) == Delivery(attempts=1)
    assert notice(sqlite_engine, notice_id)["state"] == "cancelled"
    assert attempts(sqlite_engine, notice_id)[0]["outcome"] == "no_phone"


def test_no_secret_of_a_channel_is_left_in_rows_or_logs(
    sqlite_engine: Engine,
    channel: ChannelServer,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    write_notice(sqlite_engine)
    secrets = {
        "FIRST": f"json://user:s3cret-password@{channel.host}/500/s3cret-token?rto=0.3",
        "SECOND": "nonsense://s3cret-host/s3cret-token",
    }
    assert hand_over(sqlite_engine, settings, secrets).failed == 1
    printed = capfd.readouterr()
    for place in (everything_stored(sqlite_engine), caplog.text, printed.out, printed.err):
        assert "s3cret" not in place


def test_many_notices_to_a_slow_channel_are_sent_side_by_side(
    sqlite_engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    """All arrive while none is answered: one after the other would never get past the first."""
    for _ in range(20):
        write_notice(sqlite_engine)

    async def run() -> Delivery:
        options: Any = {"environ": {"FIRST": f"json://{channel.host}/gate"}, "clock": lambda: NOW}
        running = asyncio.create_task(deliver(sqlite_engine, two_channel_city(), settings, now=NOW, **options))
        for _ in range(12):
            assert await asyncio.to_thread(channel.arrived.acquire, timeout=5)
        channel.go_on.set()
        return await running

    assert asyncio.run(run()).sent == 20


def everything_stored(sqlite_engine: Engine) -> str:
    """All notices and attempts as one text."""
    with reading(sqlite_engine) as connection:
        notices = connection.execute(text("SELECT * FROM notice")).all()
        return str([*notices, *connection.execute(text("SELECT * FROM attempt"))])
