"""`zhihui water` takes in files, enters signals and says what stands, for people and for programs."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from deployments.command_line import app
from tasks.database import open_database
from tasks.settings import Settings
from tests.stored_cases import a_loaded_city
from tests.water_cities import WATER_CITY

runner = CliRunner()


@pytest.fixture
def engine(settings: Settings, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The water city in the database the commands find."""
    monkeypatch.setenv("ZHIHUI_DATABASE_URL", sqlite_url)
    engine = open_database(sqlite_url, migrate=False)
    a_loaded_city(engine, dict(WATER_CITY))
    yield engine
    engine.dispose()


def water(*arguments: str) -> Result:
    return runner.invoke(app, ["water", *arguments])


def said(*arguments: str) -> Any:
    result = water(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.usefixtures("engine")
def test_a_file_is_taken_in_judged_and_shown(tmp_path: Path) -> None:
    file = tmp_path / "readings.csv"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    file.write_text(f"station,element,at,value\nlihe-gauge,level,{now},105.5\nrain-a,rain,{now},-1\n", "utf-8")
    told = said("take", str(file), "--source", "native")
    assert (told["taken"], told["doubtful"], told["raised"]) == (2, 1, 1)
    stations = {(one["station"], one["element"]): one for one in said("stations")["stations"]}
    assert stations["lihe-gauge", "level"]["value"] == 105.5
    assert stations["rain-a", "rain"]["doubt"] == "negative"
    assert [one["value"] for one in said("readings", "梨河站")["readings"]["level"]] == [105.5]
    (warning,) = said("warnings")["warnings"]
    assert warning["evidence"]["reading"] == 105.5
    assert "梨河站 警戒水位 105.5" in water("warnings").stdout


@pytest.mark.usefixtures("engine")
def test_a_signal_is_entered_upgraded_and_cancelled() -> None:
    results = [
        said("signal", colour, "--by", "flood-officer-1", "--area", "410184101")["outcomes"][0]["result"]
        for colour in ("blue", "orange", "cancel")
    ]
    assert results == ["issued", "upgraded", "cancelled"]
    refused = water("signal", "cancel", "--by", "flood-officer-1", "--area", "410184101")
    assert refused.exit_code == 1
    assert "没有生效中的" in refused.stderr


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("signal", "pink", "--by", "flood-officer-1"), 2),
        (("signal", "red", "--by", "nobody"), 1),
        (("readings", "nowhere"), 1),
        (("take", "missing.csv", "--source", "native"), 1),
        (("take", "missing.csv", "--source", "nothing"), 1),
    ],
)
def test_what_cannot_be_is_refused_with_its_exit_code(arguments: tuple[str, ...], code: int) -> None:
    assert water(*arguments).exit_code == code
