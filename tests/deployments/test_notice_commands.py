"""`zhihui notice` and `zhihui desk` as somebody at a terminal runs them."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner as ClickRunner
from typer.testing import CliRunner

from deployments.command_line import load
from deployments.notice_commands import notice_app
from tasks.database import open_database
from tasks.settings import Settings
from tests.notice_rows import NOW, write_attempt, write_case, write_notice
from tests.stored_cases import a_loaded_city

runner = CliRunner()

NUMBER = "E0110201905060001"


@pytest.fixture
def three_notices(settings: Settings) -> Settings:
    """Two of a case, of which one failed, and one of no case."""
    engine = open_database(settings.database_url)
    a_loaded_city(engine)
    case_id = write_case(engine)
    failed = write_notice(engine, case_id=case_id, state="failed", text="【新任务】E0110201905060001")
    write_attempt(engine, failed, channel="sms", ended_at=NOW, ok=False, outcome="http_error 503", flow_run_id="run-7")
    write_attempt(engine, failed, contact_order=2, channel="email", started_at=NOW + timedelta(minutes=1))
    write_notice(engine, case_id=case_id, recipient="lihe-head", state="sent")
    write_notice(engine, recipient=None, kind="report_accepted")
    engine.dispose()
    return settings


def test_messages_are_listed_newest_first_with_what_they_are_about(three_notices: Settings) -> None:
    result = runner.invoke(notice_app, ["list"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "2", "1"]
    assert "市民" in lines[0]
    for said in ("发送失败", "新任务", NUMBER, "→ 梨河镇值班员甲"):
        assert said in lines[2]
    assert "3 messages, 3 shown" in result.stderr


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--state", "failed"], [1]),
        (["--state", "failed", "--state", "sent"], [2, 1]),
        (["--to", "lihe-head"], [2]),
        (["--case", NUMBER], [2, 1]),
        (["--limit", "1"], [3]),
        (["--to", "nobody"], []),
    ],
)
def test_a_list_is_narrowed_by_state_recipient_and_case(
    three_notices: Settings, options: list[str], ids: list[int]
) -> None:
    result = runner.invoke(notice_app, ["list", "--json", *options])
    assert [notice["id"] for notice in json.loads(result.stdout)["notices"]] == ids


def test_one_message_is_shown_with_its_text_and_every_attempt(three_notices: Settings) -> None:
    result = runner.invoke(notice_app, ["show", "1"])
    assert result.exit_code == 0
    for said in ("【新任务】E0110201905060001", "1. 短信", "通道返回错误 503", "flow run run-7", "2. 邮件", "发送中"):
        assert said in result.stdout
    told = json.loads(runner.invoke(notice_app, ["show", "1", "--json"]).stdout)
    assert [(a["channel"], a["ok"], a["outcome"]) for a in told["attempts"]] == [
        ("sms", False, "http_error 503"),
        ("email", None, ""),
    ]
    assert told["attempts"][0]["started_at"] == NOW.isoformat()


@pytest.mark.parametrize(
    ("words", "said"), [(["show", "99"], "没有编号为99的消息"), (["list", "--case", "E999"], "没有编号为“E999”的案件")]
)
def test_what_is_not_there_is_refused_with_a_reason(three_notices: Settings, words: list[str], said: str) -> None:
    result = runner.invoke(notice_app, words)
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stdout == ""


def test_without_a_database_or_a_city_a_line_says_what_to_do(settings: Settings) -> None:
    assert runner.invoke(notice_app, ["list"]).exit_code == 1
    open_database(settings.database_url).dispose()
    result = runner.invoke(notice_app, ["list"])
    assert (result.exit_code, "zhihui city load" in result.stderr) == (1, True)


def test_the_desk_does_not_start_without_its_database(settings: Settings) -> None:
    result = ClickRunner().invoke(load("desk"), ["--port", "8399"])
    assert result.exit_code == 1
    assert "zhihui.db" in result.stderr
