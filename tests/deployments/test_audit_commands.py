"""`zhihui audit verify` as an auditor runs it."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from deployments.audit_commands import audit_app
from models.chain import Problem
from models.picture import OfReport, PictureKind
from tasks.audit_wording import FAULTS
from tasks.database import open_database, transaction
from tasks.picture_store import PictureStore
from tasks.pictures import Handed, add_pictures
from tasks.settings import Settings
from tests.event_rows import MOMENT, write_case
from tests.pictures import a_read_picture, a_scene, encoded
from tests.stored_cases import a_loaded_city

runner = CliRunner()


@pytest.fixture
def two_cases(settings: Settings) -> Settings:
    engine = open_database(settings.database_url)
    with transaction(engine) as connection:
        write_case(connection, 1, length=3)
        write_case(connection, 2, length=2, sealed=False)
    engine.dispose()
    return settings


def alter(settings: Settings, *statements: str) -> None:
    engine = open_database(settings.database_url)
    with transaction(engine) as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_an_intact_database_is_said_to_be_intact(two_cases: Settings) -> None:
    result = runner.invoke(audit_app, ["verify"])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "已核验案件 2 件、事件 5 条 · cases and events checked",
        "封存的上报 1 件、结案 0 次、免责 0 次 · sealed reports, closings and exemptions checked",
        "图片 0 张与事件相符 · pictures that events name checked",
        "图片文件未读取；记录相符时加 --files 逐个核对 · picture files not read; --files does, once rows fit",
        "未封存的上报 1 件，由旧版程序受理，未比对 · not sealed by an older program",
        "时限未复算 2 件，所用日历已不可得 · deadlines on a calendar now gone",
        "完整，未被改动 · intact, nothing was altered",
    ]


def test_programs_get_one_json_object(two_cases: Settings) -> None:
    result = runner.invoke(audit_app, ["verify", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        **{"intact": True, "broken": None, "damaged_editions": [], "unguarded_tables": []},
        **{"cases": 2, "events": 5, "sealed": 1, "unsealed": 1, "closings": 0, "exemptions": 0},
        **{"unproven_deadlines": 2, "pictures": 0, "unnamed_pictures": 0, "files": None},
        **{"flood_events": 0, "broken_stream": None, "evaluation_records": 0, "broken_record": None},
    }


def test_an_altered_event_and_a_missing_trigger_are_named_and_the_exit_code_says_so(two_cases: Settings) -> None:
    alter(
        two_cases,
        "DROP TRIGGER case_event_refuses_update",
        "UPDATE case_event SET actor = 'nobody' WHERE case_id = 1 AND seq = 2",
    )
    result = runner.invoke(audit_app, ["verify"])
    assert result.exit_code == 1
    assert "案件 R20190505000001 第 2 号事件（case_event.id 102）：事件内容与其校验值不符" in result.stdout
    assert "case_event：防篡改触发器缺失或被改动" in result.stdout
    assert "intact" not in result.stdout
    found = json.loads(runner.invoke(audit_app, ["verify", "--json"]).stdout)
    assert (found["intact"], found["unguarded_tables"]) == (False, ["case_event"])
    assert (found["broken"]["case"], found["broken"]["seq"]) == ("R20190505000001", 2)
    assert found["broken"]["problem"] == "content"


def test_a_removed_tail_is_told_with_what_the_case_row_knows(two_cases: Settings) -> None:
    alter(two_cases, "UPDATE cases SET events = 3 WHERE id = 2")
    result = runner.invoke(audit_app, ["verify"])
    assert result.exit_code == 1
    assert "案件 R20190505000002 第 2 号事件（cases.id 2）：案件登记的末尾与事件不符：登记 3 events" in result.stdout


def test_the_seal_of_a_day_is_computed_again_the_same_and_not_before_the_day_is_over(two_cases: Settings) -> None:
    engine = open_database(two_cases.database_url)
    a_loaded_city(engine)
    engine.dispose()
    first = json.loads(runner.invoke(audit_app, ["seal", "2019-05-31", "--json"]).stdout)
    assert first == json.loads(runner.invoke(audit_app, ["seal", "2019-05-31", "--json"]).stdout)
    assert (first["chains"], len(first["digest"])) == (2, 64)
    assert first["digest"] in runner.invoke(audit_app, ["seal", "2019-05-31"]).stdout
    alter(two_cases, "UPDATE cases SET head_hash = 'another' WHERE id = 2")
    assert first["digest"] not in runner.invoke(audit_app, ["seal", "2019-05-31"]).stdout
    early = runner.invoke(audit_app, ["seal", "2999-01-01"])
    assert (early.exit_code, "尚未结束" in early.stderr) == (1, True)
    assert runner.invoke(audit_app, ["seal", "1999-01-01"]).exit_code == 1


def test_without_a_database_it_says_where_it_looked_and_makes_none(settings: Settings) -> None:
    result = runner.invoke(audit_app, ["verify"])
    assert result.exit_code == 1
    assert f"There is no database file {settings.home / 'zhihui.db'}" in result.stderr
    assert not settings.home.exists()


def test_an_altered_report_is_told_with_its_seal_and_what_it_is_now(two_cases: Settings) -> None:
    alter(two_cases, "UPDATE report SET place = '新华路' WHERE id = 1")
    result = runner.invoke(audit_app, ["verify"])
    assert result.exit_code == 1
    assert "案件 R20190505000001 第 1 号事件（report.id 1）：上报记录与受理时的封存值不符：封存 " in result.stdout
    broken = json.loads(runner.invoke(audit_app, ["verify", "--json"]).stdout)["broken"]
    assert (broken["problem"], broken["table"], broken["row_id"], broken["seq"]) == ("seal", "report", 1, 1)
    assert len(broken["expected"]) == len(broken["found"]) == 64


def test_an_altered_state_is_told_with_column_expected_and_found(two_cases: Settings) -> None:
    alter(two_cases, "UPDATE cases SET state = 'closed' WHERE id = 2")
    result = runner.invoke(audit_app, ["verify"])
    assert result.exit_code == 1
    assert "（cases.id 2）：state 与事件推算不符：应为 reported，实为 closed · state is not what" in result.stdout


def test_files_of_pictures_are_read_when_asked_and_the_first_that_does_not_fit_is_named(two_cases: Settings) -> None:
    engine, store = open_database(two_cases.database_url), PictureStore(two_cases.pictures)
    (stored,) = store.keep([a_read_picture(encoded(a_scene(1, 96, 72)))])
    with transaction(engine) as connection:
        add_pictures(connection, [stored], OfReport(2), Handed(PictureKind.BEFORE, "public", "desk"), MOMENT)
    engine.dispose()
    lines = runner.invoke(audit_app, ["verify", "--files"]).stdout.splitlines()
    assert "事件未记载的图片 1 张，随上报提交，或办理未定、被拒 · no event names them" in lines
    assert "图片文件 2 个与摘要相符 · picture files that are what their digests say" in lines
    (Path(two_cases.pictures) / stored.sha256[:2] / f"{stored.sha256}.jpg").write_bytes(b"another")
    assert runner.invoke(audit_app, ["verify"]).exit_code == 0, "files are not read unasked"
    result = runner.invoke(audit_app, ["verify", "--files"])
    assert result.exit_code == 1
    assert f"案件 R20190505000002（picture.id 1）：图片文件被改动：sha256 应为 {stored.sha256}" in result.stdout
    broken = json.loads(runner.invoke(audit_app, ["verify", "--files", "--json"]).stdout)["broken"]
    assert (broken["problem"], broken["case"], broken["column"]) == ("file_altered", "R20190505000002", "sha256")


def test_a_store_that_cannot_be_read_is_said(two_cases: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIHUI_PICTURES", "nowhere://pictures")
    result = runner.invoke(audit_app, ["verify", "--files"])
    assert result.exit_code == 1
    assert "nowhere://" in result.stderr
    assert runner.invoke(audit_app, ["verify"]).exit_code == 0


@pytest.mark.parametrize("problem", Problem)
def test_every_problem_has_its_words(problem: Problem) -> None:
    assert " · " in FAULTS[problem]
