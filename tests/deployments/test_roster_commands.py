"""`zhihui roster` as somebody at a terminal runs it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deployments.roster_commands import roster_app
from models.city import City
from tasks.database import open_database
from tasks.settings import Settings
from tests.rosters import flood_city_in, twenty_people

runner = CliRunner()

FIVE_DAYS = ["--from", "2021-07-01", "--to", "2021-07-05", "--by", "centre-head"]


@pytest.fixture
def city(settings: Settings) -> City:
    """Twenty people in force in this machine's database."""
    engine = open_database(settings.database_url)
    found = flood_city_in(engine, twenty_people())
    engine.dispose()
    return found


@pytest.fixture
def proposed(city: City) -> str:
    result = runner.invoke(roster_app, ["propose", *FIVE_DAYS, "--json"])
    assert result.exit_code == 0, result.output
    code: str = json.loads(result.stdout)["code"]
    return code


def test_a_roster_is_proposed_with_its_report(city: City) -> None:
    result = runner.invoke(roster_app, ["propose", *FIVE_DAYS])
    assert result.exit_code == 0
    assert "值班表 ZB2021-1 · 2021-07-01 – 2021-07-05 · 待发布 proposed · 内置排班 plain solver" in result.stdout
    assert "班次 5 个，岗位 15 个，已排 15 个" in result.stdout
    assert "| 带班领导 leader on duty | leader-1 岗位 |" in result.stdout


def test_programs_read_the_report_as_one_object(city: City) -> None:
    content = json.loads(runner.invoke(roster_app, ["propose", *FIVE_DAYS, "--json"]).stdout)
    assert (content["first_day"], content["state"], content["solver"]) == ("2021-07-01", "proposed", "plain")
    assert (content["quality"]["filled"], content["quality"]["gaps"]) == (15, [])
    assert set(content["quality"]["spread"]["officer"].values()) <= {0, 1}


def test_without_days_the_season_ahead_is_rostered(city: City) -> None:
    content = json.loads(runner.invoke(roster_app, ["propose", "--by", "centre-head", "--json"]).stdout)
    assert content["last_day"].endswith("-09-30")
    assert content["quality"]["filled"] == content["quality"]["wanted"]


def test_published_it_is_in_force_and_a_second_time_refused_with_who_did_it(proposed: str) -> None:
    first = runner.invoke(roster_app, ["publish", proposed, "--by", "leader-1"])
    assert first.exit_code == 0
    assert f"{proposed}  2021-07-01 – 2021-07-05  已发布 published" in first.stdout
    second = runner.invoke(roster_app, ["publish", proposed, "--by", "leader-1"])
    assert second.exit_code == 1
    assert "已发布（leader-1 岗位" in second.stderr
    taken = runner.invoke(roster_app, ["propose", *FIVE_DAYS])
    assert taken.exit_code == 1
    assert f"其他已发布的值班表（{proposed}）" in taken.stderr


def test_it_is_shown_and_listed(proposed: str) -> None:
    shown = runner.invoke(roster_app, ["show", proposed])
    assert shown.exit_code == 0
    assert "2021-07-01 周四" in shown.stdout
    assert "带班领导 leader on duty" in shown.stdout
    listed = runner.invoke(roster_app, ["show"])
    assert f"{proposed}  2021-07-01 – 2021-07-05  待发布  内置排班" in listed.stdout
    plan = json.loads(runner.invoke(roster_app, ["show", proposed, "--json"]).stdout)["plan"]
    assert len(plan) == 15
    assert json.loads(runner.invoke(roster_app, ["show", "--json"]).stdout)["count"] == 1


def test_a_check_judges_by_todays_leave(proposed: str, settings: Settings) -> None:
    assert runner.invoke(roster_app, ["check", proposed]).exit_code == 0
    engine = open_database(settings.database_url)
    flood_city_in(engine, twenty_people(leave=[("leader-1", "2021-07-01", "2021-07-05")]))
    engine.dispose()
    broken = runner.invoke(roster_app, ["check", proposed])
    assert broken.exit_code == 1
    assert "leader-1 岗位：请假 on leave" in broken.stdout
    content = json.loads(runner.invoke(roster_app, ["check", proposed, "--json"]).stdout)
    assert content["sound"] is False
    assert {fault["rule"] for fault in content["faults"]} == {"leave"}


def test_it_is_exported_and_imported(proposed: str, tmp_path: Path) -> None:
    ics, xlsx = tmp_path / "duty.ics", tmp_path / "duty.xlsx"
    result = runner.invoke(roster_app, ["export", proposed, "--ics", str(ics), "--xlsx", str(xlsx)])
    assert result.exit_code == 0
    assert ics.read_bytes().count(b"BEGIN:VEVENT\r\n") == 5
    mine = runner.invoke(roster_app, ["export", proposed, "--ics", str(ics), "--post", "leader-1"])
    assert mine.exit_code == 0
    assert ics.read_bytes().count(b"BEGIN:VEVENT\r\n") in (1, 2)
    back = runner.invoke(roster_app, ["import", str(xlsx), "--by", "centre-head", "--json"])
    assert back.exit_code == 0, back.output
    assert json.loads(back.stdout)["solver"] == "import"
    assert runner.invoke(roster_app, ["drop", "ZB2021-2", "--by", "centre-head"]).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["show", "ZB1999-1"], 1),
        (["check", "ZB1999-1"], 1),
        (["publish", "ZB1999-1", "--by", "centre-head"], 1),
        (["export", "ZB1999-1", "--ics", "x.ics"], 1),
        (["export", "ZB1999-1"], 2),
        (["import", "nowhere.xlsx", "--by", "centre-head"], 1),
        (["propose", "--by", "nobody"], 1),
        (["propose", "--by", "centre-head", "--solver", "magic"], 2),
    ],
)
def test_what_cannot_be_is_an_exit_code_and_a_sentence(city: City, arguments: list[str], code: int) -> None:
    result = runner.invoke(roster_app, arguments)
    assert result.exit_code == code
    assert result.stderr.strip()


def test_without_a_database_the_command_says_so(settings: Settings) -> None:
    result = runner.invoke(roster_app, ["show"])
    assert result.exit_code == 1
    assert result.stderr.strip()
