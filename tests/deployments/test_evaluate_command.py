"""`zhihui evaluate`, as a person or a program calls it."""

import json
from unittest.mock import ANY

import pytest
from typer.testing import CliRunner, Result

from deployments.command_line import app
from tasks.database import open_database
from tasks.lifecycle import move_cases
from tasks.settings import Settings
from tests.evaluation_cities import an_evaluated_city
from tests.stored_cases import a_loaded_city, at, reports_taken_in


def zhihui(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def two_overdue(settings: Settings) -> Settings:
    """Two cases of 梨河镇 that were due on Monday 6 May 2019 at noon and are not handled."""
    engine = open_database(settings.database_url)
    reports_taken_in(engine, a_loaded_city(engine), 2, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    engine.dispose()
    return settings


def test_json_gives_both_statistics_of_the_city_and_of_every_line(two_overdue: Settings) -> None:
    found = zhihui("evaluate", "2019-05", "--counts", "--by", "unit", "--by", "class", "--json")
    assert found.exit_code == 0
    told = json.loads(found.stdout)
    assert json.loads(zhihui("evaluate", "2019-05", "--counts", "--by", "unit,class", "--json").stdout) == told | {
        "counted_at": ANY
    }
    assert (told["month"], told["by"], told["open"]) == ("2019-05", ["unit", "class"], False)
    assert told["start"] == "2019-05-01T00:00:00+08:00"
    (line,) = told["lines"]
    assert line["of"] == {"unit": "lihe", "class": "E0110"}
    assert (line["scoring"]["due_to_close"], line["scoring"]["overdue_open"], line["workload"]["filed"]) == (2, 2, 2)
    assert told["total"] == {"scoring": line["scoring"], "workload": line["workload"]}


def test_people_read_names_in_chinese(two_overdue: Settings) -> None:
    found = zhihui("evaluate", "2019-05", "--counts", "--by", "unit")
    assert found.exit_code == 0
    assert "单位 梨河镇（lihe）" in found.stdout
    assert "超期待处置 overdue_open" in found.stdout


def test_without_counts_a_month_is_scored_and_ranked(two_overdue: Settings) -> None:
    found = zhihui("evaluate", "2019-05")
    assert found.exit_code == 0
    assert "新郑市数字化城市管理月度考评（建议方案）" in found.stdout
    told = json.loads(zhihui("evaluate", "2019-05", "--json").stdout)
    assert (told["month"], told["version"], told["scoring"]["due_to_close"]) == ("2019-05", 1, 2)
    other = json.loads(zhihui("evaluate", "2019-05", "--scheme", "jinniu", "--json").stdout)
    assert (other["scheme"]["name"], other["scoring"]) == ("jinniu", told["scoring"])


def test_an_unknown_scheme_is_refused_with_those_there_are(two_overdue: Settings) -> None:
    found = zhihui("evaluate", "2019-05", "--scheme", "yunchng")
    assert found.exit_code == 1
    assert "yuncheng" in found.stderr


def test_a_month_is_frozen_once(two_overdue: Settings) -> None:
    assert "第1版" in zhihui("evaluate", "2019-05", "--freeze").stdout
    assert "不形成新版本" in zhihui("evaluate", "2019-05", "--freeze").stdout
    refused = zhihui("evaluate", "2199-01", "--freeze")
    assert (refused.exit_code, "还没有结束" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ("--counts",),
        ("2019-13", "--counts"),
        ("2019-05", "--freeze", "--scheme", "yuncheng"),
        ("2019-05", "--counts", "--by", "unit,moon"),
        ("2019-05", "--by", "unit"),
    ],
)
def test_wrong_usage_says_what_would_be_right(two_overdue: Settings, words: tuple[str, ...]) -> None:
    assert zhihui("evaluate", *words).exit_code == 2


def test_facts_are_rebuilt_on_request(two_overdue: Settings) -> None:
    found = zhihui("evaluate", "2019-05", "--counts", "--json", "--rebuild-facts")
    assert found.exit_code == 0
    assert json.loads(found.stdout)["total"]["scoring"]["due_to_close"] == 2


def test_another_scheme_is_shown_beside_the_citys_own(settings: Settings) -> None:
    engine = open_database(settings.database_url)
    reports_taken_in(engine, a_loaded_city(engine, an_evaluated_city()), 2, at("2019-05-06 08:00"), class_code="E0101")
    move_cases(engine, now=at("2019-05-06 08:02"))
    engine.dispose()
    found = zhihui("evaluate", "2019-05", "--scheme", "jinniu")
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    assert lines[0].endswith("（xinzheng）")
    assert lines[1].endswith("（jinniu）")
    (lihe,) = [line for line in lines if "梨河镇" in line]
    assert lihe.count("|") == 1
    assert "15.00" in lihe.split("|")[0]
