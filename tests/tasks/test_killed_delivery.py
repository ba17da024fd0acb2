"""A delivery that is killed (kill -9) between a send and its record, and what deliveries leave behind of secrets."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from deployments.notice_commands import notice_app
from tasks.database import open_database
from tasks.settings import Settings
from tests.channel_server import ChannelServer, channel_server
from tests.notice_rows import attempts, hand_over, notice, write_attempt, write_notice
from tests.secrets_left import secrets_left

PROGRAM = """
import sys
from datetime import UTC, datetime
from tasks.database import open_database
from tasks.notify import deliver_and_wait
from tasks.settings import read_settings
from tests.notice_rows import two_channel_city
engine = open_database(sys.argv[1], migrate=False)
deliver_and_wait(engine, two_channel_city(), read_settings(), now=datetime.now(UTC))
print("delivered")
"""

SECRET = "s3cret-t0ken-zhihui"


@pytest.fixture
def channel() -> Iterator[ChannelServer]:
    with channel_server() as server:
        yield server


def delivering(url: str, settings: Settings, **channels: str) -> "subprocess.Popen[str]":
    """A delivery in a process of its own."""
    environ = {**os.environ, "ZHIHUI_HOME": str(settings.home), **channels}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, url],
        env=environ,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_after_kill_9_between_send_and_record_there_is_one_repeat_and_it_says_so(
    database_url: str, engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    ids = [write_notice(engine, created_at=datetime.now(UTC), priority="urgent") for _ in range(3)]
    running = delivering(database_url, settings, FIRST=f"json://{channel.host}/gate")
    for _ in ids:
        assert channel.arrived.acquire(timeout=30)
    running.send_signal(signal.SIGKILL)  # all three are out, none is recorded
    running.communicate(timeout=10)
    assert running.returncode == -signal.SIGKILL
    channel.go_on.set()
    now = datetime.now(UTC)
    environ = {"FIRST": channel.url("ok")}
    assert hand_over(engine, settings, environ, now=now).sent == 0  # somebody might still be sending
    again = hand_over(engine, settings, environ, now=now + timedelta(minutes=3))
    assert (again.sent, again.repeats) == (3, 3)
    assert all(posted["title"].startswith("（可能重复 may be a repeat）") for _, posted in channel.received[3:])
    for id_ in ids:
        assert [a["outcome"] for a in attempts(engine, id_)] == ["unknown", "handed_over"]
        assert notice(engine, id_)["state"] == "sent"
    assert hand_over(engine, settings, environ, now=now + timedelta(minutes=9)).sent == 0


def test_killed_twice_a_notice_goes_on_at_its_next_contact_point(
    sqlite_url: str, sqlite_engine: Engine, settings: Settings, channel: ChannelServer
) -> None:
    notice_id = write_notice(sqlite_engine, created_at=datetime.now(UTC), priority="urgent")
    for minutes in (10, 5):
        write_attempt(sqlite_engine, notice_id, started_at=datetime.now(UTC) - timedelta(minutes=minutes))
    running = delivering(sqlite_url, settings, FIRST=channel.url("ok/1"), SECOND=channel.url("ok/2"))
    assert running.communicate(timeout=60)[0] == "delivered\n"
    assert channel.paths() == ["ok/2"]


def test_real_deliveries_with_secrets_in_the_environment_leave_none_behind(
    settings: Settings, channel: ChannelServer, tmp_path: Path
) -> None:
    engine = open_database(settings.database_url)
    for priority in ("routine", "urgent", "emergency"):
        write_notice(engine, created_at=datetime.now(UTC), priority=priority)
    engine.dispose()
    running = delivering(
        settings.database_url,
        settings,
        FIRST=f"json://user:{SECRET}@{channel.host}/500/{SECRET}?-key={SECRET}",
        SECOND=f"nonsense://{SECRET}/{SECRET}",
        PREFECT_LOGGING_LEVEL="DEBUG",
    )
    printed, logged = running.communicate(timeout=60)
    assert printed == "delivered\n"
    assert SECRET in str(channel.requests)  # it was used, and by this very server
    settings.home.mkdir(exist_ok=True)
    (settings.home / "delivery.log").write_text(printed + logged)
    assert secrets_left(settings.home, [SECRET]) == []
    runner = CliRunner()
    environ = {"FIRST": f"json://{SECRET}", "ZHIHUI_REPORTER_CHANNEL": f"json://{SECRET}/{{phone}}"}
    for words in (["--help"], ["list", "--help"], ["list", "--json"], ["show", "1"], ["test-contact", "--help"]):
        result = runner.invoke(notice_app, words, env=environ)
        assert SECRET not in result.output + json.dumps(str(result.exception))


def test_a_secret_that_is_left_is_found(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "log").write_bytes(b"\0 token=a%2Fb \0")
    assert secrets_left(tmp_path, ["a/b"]) == ["deep/log"]
    assert secrets_left(tmp_path, ["c"]) == []
