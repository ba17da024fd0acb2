"""`zhihui desk wall` gives the address of a wall to posts that may see all units."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from deployments.command_line import load
from desk.app import create_app
from tasks.database import open_database
from tasks.settings import Settings
from tests.stored_cases import a_loaded_city


@pytest.fixture
def loaded(settings: Settings) -> Settings:
    engine = open_database(settings.database_url)
    a_loaded_city(engine)
    engine.dispose()
    return settings


def test_the_printed_address_opens_the_wall(loaded: Settings) -> None:
    result = CliRunner().invoke(load("desk"), ["wall", "--by", "shift-leader"])
    assert result.exit_code == 0
    address = result.stdout.strip()
    assert address.startswith(f"{loaded.desk_url}/wall/")
    engine = open_database(loaded.database_url, migrate=False)
    answer = TestClient(create_app(loaded, engine)).get(address.removeprefix(loaded.desk_url))
    engine.dispose()
    assert (answer.status_code, "指挥大屏" in answer.text) == (200, True)


def test_a_program_is_told_how_long_it_is_good(loaded: Settings) -> None:
    result = CliRunner().invoke(load("desk"), ["wall", "--by", "leader", "--english", "--json"])
    said = json.loads(result.stdout)
    assert said["address"].endswith("?lang=en")
    left = datetime.fromisoformat(said["until"]) - datetime.now(UTC)
    assert timedelta(days=189) < left <= timedelta(days=190)


@pytest.mark.parametrize(
    ("post", "said"), [("lihe-liaison", "梨河镇值班员甲不能开设指挥大屏"), ("nobody", "没有“nobody”这个岗位")]
)
def test_others_are_told_why_not(loaded: Settings, post: str, said: str) -> None:
    result = CliRunner().invoke(load("desk"), ["wall", "--by", post])
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
