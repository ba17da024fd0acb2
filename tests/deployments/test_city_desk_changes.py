"""Files and desk side by side: a load names what it would undo, an export keeps both in step, a start keeps all."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deployments.city_commands import city_app
from deployments.preparing import bring_city_into_force
from tasks.city_edition import current_city, current_edition
from tasks.database import open_database, reading, transaction
from tasks.desk_records import Doing
from tasks.directory import Severity, check_directory
from tasks.directory_changes import Change, How, change_directory
from tasks.settings import Settings
from tests.cities import write_small_city
from tests.deployments.test_city_commands import SOUND
from tests.stored_cases import at

runner = CliRunner()
NOW = at("2026-11-23 10:00")
SMS = {"channel": "sms", "address": "env:HEAD_SMS"}


@pytest.fixture
def files(tmp_path: Path, settings: Settings) -> Path:
    """The files of a city in force in which the desk has changed a contact point since."""
    folder = write_small_city(tmp_path / "city", SOUND)
    assert runner.invoke(city_app, ["load", str(folder)]).exit_code == 0
    engine = open_database(settings.database_url)
    with transaction(engine) as connection:
        edition = str(current_edition(connection))
        change = Change("contact_points.csv", ("lihe-head", "1"), SMS, edition)
        assert change_directory(connection, change, Doing("admin", NOW, "k"), NOW.date()).how is How.CHANGED
    engine.dispose()
    return folder


def channel(settings: Settings) -> str:
    engine = open_database(settings.database_url)
    with reading(engine) as connection:
        found = current_city(connection).contacts_of("lihe-head")[0].channel
    engine.dispose()
    return found


def test_loading_files_that_would_undo_the_desk_names_the_rows_and_refuses(files: Path, settings: Settings) -> None:
    refused = runner.invoke(city_app, ["load", str(files), "--yes"])
    assert refused.exit_code == 1
    assert refused.stdout.startswith(
        "contact_points.csv lihe-head 1: lihe-head, 1, sms, env:HEAD_SMS -> lihe-head, 1, demo, demo (admin, "
    )
    assert "1 rows that were changed at the desk would be undone; nothing was loaded." in refused.stderr
    told = json.loads(runner.invoke(city_app, ["load", str(files), "--json"]).stdout)
    assert (told["loaded"], told["undone_desk_changes"][0]["key"]) == (False, ["lihe-head", "1"])
    assert channel(settings) == "sms"
    undone = runner.invoke(city_app, ["load", str(files), "--undo-desk-changes"])
    assert undone.exit_code == 0
    assert channel(settings) == "demo"
    assert runner.invoke(city_app, ["load", str(files)]).exit_code == 0


def test_exported_files_hold_the_changes_and_load_without_effect(files: Path, settings: Settings) -> None:
    exported = runner.invoke(city_app, ["export", str(files)])
    assert exported.exit_code == 0
    assert "is written to" in exported.stdout
    assert "lihe-head,1,sms,env:HEAD_SMS" in (files / "contact_points.csv").read_text("utf-8-sig")
    assert not [fault for fault in check_directory(files) if fault.severity is Severity.ERROR]
    assert "nothing changed" in runner.invoke(city_app, ["load", str(files)]).stdout
    assert channel(settings) == "sms"


def test_an_export_beside_files_of_another_city_writes_nothing(files: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "sources").mkdir(parents=True)
    (other / "sources" / "hotline.yaml").write_text("x: 1\n")
    refused = runner.invoke(city_app, ["export", str(other)])
    assert refused.exit_code == 1
    assert "sources/hotline.yaml" in refused.stderr
    assert not (other / "city.yaml").exists()


def test_an_export_of_no_city_says_so(settings: Settings, tmp_path: Path) -> None:
    open_database(settings.database_url).dispose()
    refused = runner.invoke(city_app, ["export", str(tmp_path / "new")])
    assert refused.exit_code == 1
    assert "No city is loaded" in refused.stderr


def test_a_start_undoes_nothing_and_says_what_to_do(
    files: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = open_database(settings.database_url)
    bring_city_into_force(engine, files, NOW)
    engine.dispose()
    assert channel(settings) == "sms"
    told = capsys.readouterr().out
    assert "没有工作台上改过的1行" in told
    assert "--undo-desk-changes" in told


def test_the_command_has_help_with_an_example() -> None:
    result = runner.invoke(city_app, ["export", "--help"])
    assert result.exit_code == 0
    assert "Example: zhihui city export " in result.stdout
