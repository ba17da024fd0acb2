"""`zhihui flood`: decides and reports by the same rules as the desk, and says so to programs too."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from deployments.command_line import load
from tasks.database import open_database
from tasks.flood_events import StreamMovedMeanwhile
from tasks.response_rows import DECISIONS
from tasks.settings import Settings
from tests.flood_rows import MORNING, TOWN, a_warning, happened, looks, rows_in
from tests.response_cities import RESPONSE_CITY
from tests.stored_cases import a_loaded_city

HS = "HS20210720-001"


@pytest.fixture
def loaded(settings: Settings) -> Iterator[Engine]:
    """An orange warning has called a consultation."""
    engine = open_database(settings.database_url)
    city = a_loaded_city(engine, dict(RESPONSE_CITY))
    a_warning(engine, "YJ20210720-001", "orange")
    looks(engine, city, MORNING)
    yield engine
    engine.dispose()


def flood(*arguments: str) -> Result:
    return CliRunner().invoke(load("flood"), list(arguments))


def said_by(*arguments: str) -> dict[str, Any]:
    result = flood(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    said: dict[str, Any] = json.loads(result.stdout)
    return said


DECIDE = ("decide", "III", "--consultation", HS, "--by", "leader", "--basis", "橙色预警")


def test_a_decision_by_command_is_the_row_and_is_in_force(loaded: Engine) -> None:
    assert said_by("consultations")["consultations"][0]["number"] == HS
    assert said_by(*DECIDE)["level"] == "III"
    assert said_by("consultations")["count"] == 0
    (one,) = said_by("in-force")["in_force"]
    assert (one["area"], one["level"]) == (TOWN, "III")
    assert said_by("in-force", "--at", "2021-07-20T07:00")["count"] == 0
    assert "梨河镇 防汛 Ⅲ级" in flood("in-force").stdout
    assert rows_in(loaded, DECISIONS)[0].origin == "command"


def test_a_refusal_says_what_is_possible_and_stays_an_event(loaded: Engine) -> None:
    result = flood(*DECIDE[:-3], "centre-head", "--basis", "橙色预警")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "运行中心负责人无权签发Ⅲ级。可以签发的：分管领导甲。" in result.stderr
    assert happened(loaded, f"consultation:{HS}") == ["opened", "decision_refused"]


def test_the_same_key_decides_once_and_another_hears_who_was_first(loaded: Engine) -> None:
    for _ in range(2):
        assert flood(*DECIDE, "--key", "k").exit_code == 0
    assert len(rows_in(loaded, DECISIONS)) == 1
    assert "以第一份有效决定为准" in flood(*DECIDE).stderr


def test_without_a_number_a_consultation_is_called_and_decided(loaded: Engine) -> None:
    arguments = ("decide", "IV", "--hazard", "drought", "--area", "410184", "--by", "leader", "--basis", "连续无雨")
    assert said_by(*arguments)["consultation"] == "HS20210720-002" or rows_in(loaded, DECISIONS)[0].hazard == "drought"
    assert flood(
        "decide", "end", "--hazard", "drought", "--area", "410184", "--by", "leader", "--basis", "已降雨"
    ).stdout
    assert said_by("in-force")["count"] == 0


def test_a_level_that_there_is_not_is_wrong_usage(loaded: Engine) -> None:
    assert flood("decide", "V", "--by", "leader").exit_code == 2


def test_an_incident_is_reported_and_what_is_owed_is_listed(loaded: Engine) -> None:
    first = (
        "report",
        "--by",
        "lihe-liaison",
        "--area",
        TOWN,
        "--danger",
        "管涌",
        "--place",
        "河堤",
        "--means",
        "phone",
    )
    number = said_by(*first, "--evacuated", "20")["number"]
    owed = said_by("reports-owed", "--unit", "lihe")["reports"]
    assert {(one["kind"], one["means"]) for one in owed} == {("initial", "written"), ("follow_up", "phone")}
    told = said_by("report", "--by", "lihe-liaison", "--incident", number, "--kind", "follow_up", "--evacuated", "5")
    assert told["contradicts"] == ["evacuated"]
    assert "待报 梨河镇" in flood("reports-owed").stdout
    assert flood("report", "--by", "auditor", "--incident", number).exit_code == 1


def test_the_daily_report_is_written_twice_the_same(loaded: Engine, tmp_path: Path) -> None:
    for name in ("one.docx", "two.docx"):
        assert flood("daily", "2021-07-20T08:00", str(tmp_path / name)).exit_code == 0
    assert (tmp_path / "one.docx").read_bytes() == (tmp_path / "two.docx").read_bytes()
    assert flood("daily", "2021-07-20T08:00", str(tmp_path / "no" / "one.docx")).exit_code == 1
    assert flood("daily", "2021-07-20T08:00").exit_code == 2, "neither a file nor --json"


def test_the_daily_report_as_json_says_what_the_document_says(loaded: Engine) -> None:
    told = said_by("daily", "2021-07-20T08:00")
    assert (told["at"], told["since"]) == ("2021-07-20T08:00:00+08:00", "2021-07-19T16:00:00+08:00")
    assert [len(row) for section in told["sections"] for row in section["rows"]] == [
        len(section["heads"]) for section in told["sections"] for _ in section["rows"]
    ]
    assert all(section["title"] for section in told["sections"])


def test_whoever_was_second_to_write_is_told_to_call_again_and_nothing_is_kept(
    loaded: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved(*_: object) -> None:
        raise StreamMovedMeanwhile("reports:XQ20210720-001")

    monkeypatch.setattr("deployments.flood_commands.report_incident", moved)
    found = flood("report", "--by", "lihe-liaison", "--area", TOWN, "--danger", "管涌", "--place", "河堤")
    assert found.exit_code == 1
    assert "Somebody else wrote to reports:XQ20210720-001 just now; nothing was written." in found.stderr
