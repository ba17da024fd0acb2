"""`zhihui notice` and `zhihui desk` as somebody at a terminal runs them."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner as ClickRunner
from sqlalchemy import select
from typer.testing import CliRunner

from deployments.command_line import load
from deployments.notice_commands import notice_app
from models.directory.city_builder import DirectoryFiles
from tasks.city_edition import load_city
from tasks.database import open_database, transaction
from tasks.revocation import REVOCATIONS
from tasks.settings import Settings
from tests.channel_server import channel_server
from tests.cities import changed
from tests.notice_rows import NOW, write_attempt, write_case, write_notice
from tests.stored_cases import a_loaded_city, rows_of

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
        (["--kind", "report_accepted"], [3]),
        (["--channel", "sms"], [1]),
        (["--since", "2019-05-06"], [3, 2, 1]),
        (["--since", "2019-05-06T10:01"], []),
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


def act(*words: str) -> tuple[int, str]:
    result = runner.invoke(notice_app, list(words))
    return result.exit_code, result.output


def test_a_failed_message_is_sent_anew_and_the_trace_says_who_asked_and_why(three_notices: Settings) -> None:
    assert act("resend", "1", "--by", "admin", "--reason", "换了新机器人，电话13800138000")[0] == 0
    told = json.loads(runner.invoke(notice_app, ["show", "1", "--json"]).stdout)
    assert told["state"] == "waiting"
    assert [(h["what"], h["by"]) for h in told["history"]] == [("resent", "admin")]
    assert "13800138000" not in told["history"][0]["reason"]
    shown = runner.invoke(notice_app, ["show", "1"]).stdout
    assert "重新发送  管理员甲  换了新机器人" in shown
    code, said = act("resend", "1", "--by", "admin", "--reason", "again")
    assert (code, "待发送" in said) == (1, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["resend", "99", "--by", "admin", "--reason", "x"], "没有编号为99的消息"),
        (["resend", "1", "--by", "nobody", "--reason", "x"], "没有“nobody”这个岗位"),
        (["ack", "99", "--by", "admin"], "没有编号为99的消息"),
        (["release", "1", "--by", "admin", "--reason", "x"], "没有暂扣的消息"),
        (["drop", "--all", "--by", "admin", "--reason", "x"], "没有暂扣的消息"),
        (["test-contact", "nobody"], "没有“nobody”这个岗位"),
        (["test-contact", "admin", "--order", "7"], "没有顺序号为7的联系方式"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(three_notices: Settings, words: list[str], said: str) -> None:
    code, output = act(*words)
    assert code == 1
    assert said in output


def test_an_acknowledgement_is_kept_and_the_second_one_says_whose_was_first(three_notices: Settings) -> None:
    engine = open_database(three_notices.database_url)
    number = str(write_notice(engine, state="sent", requires_ack=True))
    engine.dispose()
    first = runner.invoke(notice_app, ["ack", number, "--by", "lihe-head", "--json"])
    assert json.loads(first.stdout)["acknowledged"] == [int(number)]
    second = runner.invoke(notice_app, ["ack", number, "--by", "admin"])
    assert (second.exit_code, "此前已由梨河镇负责人于" in second.stdout) == (0, True)
    shown = runner.invoke(notice_app, ["show", number]).stdout
    assert "梨河镇负责人" in shown
    assert "已确认（命令行）" in shown


@pytest.mark.parametrize(("command", "state"), [("release", "waiting"), ("drop", "cancelled")])
def test_the_administrator_decides_about_what_the_brake_holds(
    three_notices: Settings, command: str, state: str
) -> None:
    engine = open_database(three_notices.database_url)
    held = [write_notice(engine, state="held", kind="overdue") for _ in range(2)]
    engine.dispose()
    result = runner.invoke(notice_app, [command, "--all", "--by", "admin", "--reason", "日历有误", "--json"])
    assert json.loads(result.stdout) == {{"release": "released", "drop": "dropped"}[command]: held}
    told = json.loads(runner.invoke(notice_app, ["show", str(held[0]), "--json"]).stdout)
    assert (told["state"], told["history"][0]["reason"]) == (state, "日历有误")


def test_a_real_test_message_marks_a_contact_point_as_verified_until_its_address_changes(
    three_notices: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with channel_server() as channel:
        monkeypatch.setenv("ZHIHUI_TEST_DINGTALK", channel.url("ok"))
        result = runner.invoke(notice_app, ["test-contact", "lihe-liaison", "--order", "1", "--json"])
        assert result.exit_code == 0
        assert json.loads(result.stdout)["tests"][0]["outcome"] == "handed_over"
        assert channel.received[0][1]["title"] == "【测试消息】小城市指挥平台"
    assert verified("lihe-liaison") == {1: True, 2: False}
    city = changed("contact_points.csv", "env:ZHIHUI_TEST_DINGTALK", "env:ANOTHER_ROBOT")
    engine = open_database(three_notices.database_url)
    with transaction(engine) as connection:
        load_city(connection, DirectoryFiles(city), NOW, "admin")
    engine.dispose()
    assert verified("lihe-liaison") == {1: False, 2: False}
    listed = runner.invoke(notice_app, ["contacts", "--unverified", "--to", "lihe-liaison"])
    assert "梨河镇值班员甲  1. 钉钉  未验证" in listed.stdout


def test_a_test_message_that_nobody_takes_verifies_nothing(three_notices: Settings) -> None:
    result = runner.invoke(notice_app, ["test-contact", "lihe-liaison", "--order", "1"])
    assert result.exit_code == 1
    assert "通道未配置 ZHIHUI_TEST_DINGTALK" in result.stdout
    assert verified("lihe-liaison") == {1: False, 2: False}


def verified(post: str) -> dict[int, bool]:
    listed = json.loads(runner.invoke(notice_app, ["contacts", "--to", post, "--json"]).stdout)
    return {one["order"]: one["verified_at"] is not None for one in listed["contacts"]}


def test_a_posts_links_and_shifts_are_revoked_by_a_command_that_keeps_who_and_why(three_notices: Settings) -> None:
    words = ["revoke", "lihe-liaison", "--by", "admin", "--reason", "手机丢失 13800138000"]
    result = ClickRunner().invoke(load("desk"), words)
    assert (result.exit_code, "已全部失效" in result.output) == (0, True)
    engine = open_database(three_notices.database_url)
    (row,) = rows_of(engine, select(REVOCATIONS))
    engine.dispose()
    assert (row.post, row.by) == ("lihe-liaison", "admin")
    assert "13800138000" not in row.reason
    nobody = ClickRunner().invoke(load("desk"), ["revoke", "nobody", "--by", "admin", "--reason", "x"])
    assert (nobody.exit_code, "nobody" in nobody.stderr) == (1, True)
