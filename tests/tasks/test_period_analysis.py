"""A period read from the database for its analysis, the flow and the command around it."""

import json
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from deployments.command_line import app
from models.city import City
from models.period_analysis import Analysis
from models.refusal import Refusal
from tasks.analysis_report import report_page
from tasks.database import open_database, reading, transaction
from tasks.lifecycle import move_cases
from tasks.period_analysis import analyse_period, analysis_json, last_week
from tasks.settings import Settings
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in

NOW = at("2019-07-08 07:00")
"""A Monday."""

WEEK = (date(2019, 7, 1), date(2019, 7, 7))


def closed(engine: Engine, city: City, day: str, number: int, hour: str = "08:00", **fields: object) -> list[str]:
    """Cases closed at 10 of the day on which they were reported."""
    names = reports_taken_in(engine, city, number, at(f"{day} {hour}"), class_code="E0101", **fields)
    move_cases(engine, now=at(f"{day} {hour}"))
    for action, post, facts in (
        ("receive", "lihe-liaison", {}),
        ("report_handled", "lihe-liaison", {}),
        ("check", "inspector-a", {"result": "passed"}),
    ):
        acts(engine, city, names, action, post, at(f"{day} 10:00"), **facts)
        assert move_cases(engine, now=at(f"{day} 10:00")).refused == 0
    return names


def a_season(engine: Engine) -> City:
    """Two cases every Tuesday for nine weeks, five on the last one, of which one is where one was a week before."""
    city = a_loaded_city(engine)
    for week, day in enumerate(
        ("04-30", "05-07", "05-14", "05-21", "05-28", "06-04", "06-11", "06-18", "06-25"), start=1
    ):
        closed(engine, city, f"2019-{day}", 2, longitude=113.0 + week / 10, latitude=34.4)
    closed(engine, city, "2019-07-02", 4)
    closed(engine, city, "2019-07-02", 1, "08:30", longitude=113.9, latitude=34.4003)
    return city


def analysed(engine: Engine, city: City, first: date = WEEK[0], last: date = WEEK[1]) -> Analysis:
    with reading(engine) as connection:
        found = analyse_period(connection, city, first, last, NOW)
    assert isinstance(found, Analysis), found
    return found


def test_a_week_says_what_piled_up_what_came_back_and_what_rose(engine: Engine) -> None:
    city = a_season(engine)
    found = analysed(engine, city)
    assert (found.cases, found.without_position, found.weeks_of_history) == (5, 4, 8)
    ((spot),) = found.hot_spots
    assert (spot.class_code, spot.area, len(spot.cases), spot.usual) == ("E0101", "410184101", 5, 2.0)
    ((back),) = found.recurrences
    assert (len(back.cases), found.recurring) == (3, 1)
    assert {(rise.class_code, rise.area) for rise in found.rises} == {
        (None, "410184101"),
        ("E0101", None),
        ("E0101", "410184101"),
    }
    assert {(rise.day, rise.count, rise.usual, rise.spread) for rise in found.rises} == {(date(2019, 7, 2), 5, 2, 0)}
    assert analysis_json(found) == analysis_json(analysed(engine, city)), "the same rows give the same bytes"


def test_the_page_names_classes_towns_and_cases_and_a_joined_report_is_none(sqlite_engine: Engine) -> None:
    city = a_season(sqlite_engine)
    page = report_page(analysed(sqlite_engine, city), city)
    assert "# 小城市案件分析 2019-07-01 至 2019-07-07" in page
    assert "| 暴露垃圾 | 梨河镇 | 5 | 100.0% | 2.0 |" in page
    assert "E0101201907020001" in page
    assert "Recurrences" in report_page(analysed(sqlite_engine, city), city, "en")
    with transaction(sqlite_engine) as connection:
        connection.execute(text("UPDATE cases SET state = 'merged' WHERE id = (SELECT max(id) FROM cases)"))
    assert analysed(sqlite_engine, city).cases == 4


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (date(2019, 7, 2), date(2019, 7, 1), "period_backwards"),
        (date(2018, 1, 1), date(2019, 1, 2), "period_too_long"),
        (date(2019, 7, 9), date(2019, 7, 9), "period_not_begun"),
    ],
)
def test_a_period_that_cannot_be_is_refused(sqlite_engine: Engine, first: date, last: date, code: str) -> None:
    city = a_loaded_city(sqlite_engine)
    with reading(sqlite_engine) as connection:
        found = analyse_period(connection, city, first, last, NOW)
    assert isinstance(found, Refusal)
    assert found.code == code


def test_an_empty_period_says_that_nothing_was_found(sqlite_engine: Engine) -> None:
    city = a_loaded_city(sqlite_engine)
    found = analysed(sqlite_engine, city)
    assert (found.cases, found.hot_spots, found.recurrences, found.enough_history) == (0, (), (), False)
    page = report_page(found, city)
    assert "可比的历史只有 0 周" in page
    assert "没有发现" in page


def test_last_week_is_monday_to_sunday(sqlite_engine: Engine) -> None:
    city = a_loaded_city(sqlite_engine)
    assert last_week(city, NOW) == WEEK
    assert last_week(city, at("2019-07-14 23:59")) == WEEK


def test_the_command_writes_the_page_or_one_object(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = open_database(settings.database_url)
    a_season(engine)
    engine.dispose()
    monkeypatch.setattr("deployments.analyse_command.now", lambda: NOW)
    runner, out = CliRunner(), tmp_path / "week.md"
    assert runner.invoke(app, ["analyse", "--out", str(out)]).exit_code == 0
    assert "案件分析 2019-07-01 至 2019-07-07" in out.read_text("utf-8")
    told = json.loads(runner.invoke(app, ["analyse", "2019-07-02", "--json"]).stdout)
    assert (told["first"], told["last"], told["cases"], told["recurring"]) == ("2019-07-02", "2019-07-02", 5, 1)
    wrong = runner.invoke(app, ["analyse", "2019-07-02", "2019-07-01"])
    assert (wrong.exit_code, "早于首日" in wrong.stderr) == (1, True)
    assert runner.invoke(app, ["analyse", "gestern"]).exit_code == 2
