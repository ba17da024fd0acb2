"""`zhihui doctor` says what is wrong in words or JSON, exits 1 where something is, and asks the server too."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deployments import doctor_command
from deployments.command_line import load
from deployments.doctor_command import Deployed, crons_of_file, server_findings
from tasks.database import open_database
from tasks.settings import Settings
from tests.flood_cities import FLOOD_CITY
from tests.stored_cases import a_loaded_city


@pytest.fixture
def loaded(settings: Settings) -> Settings:
    engine = open_database(settings.database_url)
    a_loaded_city(engine, dict(FLOOD_CITY))
    engine.dispose()
    return settings


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(load("doctor"), [*arguments, "--at", "2021-07-10T09:00:00"])


def everything(**changed: Any) -> list[Deployed]:
    found = {name: Deployed(name, False, crons) for name, crons in crons_of_file().items()}
    return [one for one in {**found, **changed}.values() if one is not None]


def test_without_a_database_it_says_how_to_get_one(settings: Settings) -> None:
    result = doctor()
    assert result.exit_code == 1
    assert "zhihui up" in result.stdout


def test_a_season_without_a_roster_is_wrong_and_a_server_that_is_away_a_note(loaded: Settings) -> None:
    result = doctor("--json")
    assert result.exit_code == 1
    found = {one["code"]: one for one in json.loads(result.stdout)["findings"]}
    assert found["shifts_missing"]["wrong"]
    assert not found["server_away"]["wrong"]
    assert "zhihui roster propose" in found["shifts_missing"]["zh"]
    assert "发现问题" in doctor().stdout


def test_what_is_missing_or_paused_on_the_server_is_named(
    settings: Settings, loaded: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = crons_of_file()
    assert server_findings(settings, wanted, everything()) == []
    stopped = Deployed("duty-watch", True, wanted["duty-watch"])
    deployed = everything(**{"duty-shift": None, "duty-watch": stopped, "notices": Deployed("notices", False, ())})
    codes = {one.code: one.facts["names"] for one in server_findings(settings, wanted, deployed)}
    assert codes == {"deployments_missing": ["duty-shift"], "deployments_paused": ["duty-watch", "notices"]}
    monkeypatch.setattr(doctor_command, "deployments_on_server", lambda _settings: deployed)
    found = {one["code"]: one for one in json.loads(doctor("--json").stdout)["findings"]}
    assert {"season_outside_schedule", "handover_not_scheduled", "deployments_paused"} <= found.keys()
    assert found["handover_not_scheduled"]["facts"]["times"] == ["08:00"]
