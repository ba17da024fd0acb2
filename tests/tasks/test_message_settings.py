"""The settings of messages come from the environment, and a broken one is named without its value."""

import subprocess
import sys

import pytest

from tasks.message_settings import read_message_settings
from tasks.settings import BrokenSettings, Settings


def test_without_a_word_messages_go_to_the_demo_inbox_and_links_live_a_month(settings: Settings) -> None:
    messages = read_message_settings()
    assert (messages.reporter_channel, messages.link_days, messages.demo_inbox) == ("demo", 30, True)


def test_each_setting_has_its_variable(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIHUI_REPORTER_CHANNEL", "json://gateway/{phone}?token=s3cret")
    monkeypatch.setenv("ZHIHUI_LINK_DAYS", "7")
    monkeypatch.setenv("ZHIHUI_DEMO_INBOX", "false")
    messages = read_message_settings()
    assert (messages.link_days, messages.demo_inbox) == (7, False)
    assert messages.reporter_channel.endswith("s3cret")
    assert "s3cret" not in repr(messages)


def test_a_setting_that_cannot_be_is_named_and_its_value_kept_quiet(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIHUI_LINK_DAYS", "s3cret")
    with pytest.raises(BrokenSettings, match="ZHIHUI_LINK_DAYS") as broken:
        read_message_settings()
    assert "s3cret" not in str(broken.value)


def test_neither_pages_nor_commands_wait_for_prefect_or_apprise() -> None:
    code = "import sys, desk.app, tasks.notify; print([m for m in ('prefect', 'apprise') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "[]"
