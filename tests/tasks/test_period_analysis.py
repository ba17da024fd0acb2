"""A period read from the database for its analysis, the report made of it, and the command around both."""

import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, String, bindparam, select, text
from typer.testing import CliRunner

from deployments.command_line import app
from models.analysis_rules import AnalysisRules
from models.city import City
from models.period_analysis import Analysis, Span
from models.refusal import Refusal
from tasks.analysis_notices import tell_analysis
from tasks.analysis_report import analysis_files, report_page
from tasks.case_facts import FACTS
from tasks.counted_marks import Period
from tasks.database import open_database, reading, transaction
from tasks.evaluation_counts import count
from tasks.lifecycle import move_cases
from tasks.period_analysis import analyse_period, last_week, part_of
from tasks.refusals import render_refusal
from tasks.settings import Settings
from tasks.subject_notices import NOTICES
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in

NOW = at("2019-07-08 07:00")
"""A Monday."""

TWO = Decimal(2)

WEEK = Span(date(2019, 7, 1), date(2019, 7, 7))


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


def analysed(engine: Engine, city: City, span: Span = WEEK) -> Analysis:
    with reading(engine) as connection:
        found = analyse_period(connection, city, span, NOW)
    assert isinstance(found, Analysis), found
    return found


def test_a_week_says_what_piled_up_what_came_back_and_what_rose(engine: Engine) -> None:
    city = a_season(engine)
    found = analysed(engine, city)
    assert (found.reported, found.analysed, found.usual, found.spans) == (5, 5, TWO, 8)
    ((spot),) = found.hot_spots.named
    assert (spot.class_code, spot.area, spot.count, spot.usual) == ("E0101", "410184101", 5, TWO)
    back = found.recurrences
    assert (back.count, back.compared, len(back.without_position)) == (1, 1, 4)
    ((place),) = back.places
    assert (len(place.cases), place.recurrences[0].days, place.place) == (3, Decimal("6.9"), "新华路口")
    assert {(rise.class_code, rise.area) for rise in found.rises.found} == {
        (None, "410184101"),
        ("E0101", None),
        ("E0101", "410184101"),
    }
    tuesday = {(rise.day, rise.count, rise.usual.median, rise.usual.spread) for rise in found.rises.found}
    assert tuesday == {(date(2019, 7, 2), 5, TWO, Decimal(0))}
    assert [(day.count, day.weeks) for day in found.rises.days] == [(0, 8), (5, 8), *[(0, 8)] * 5]
    assert found.written() == analysed(engine, city).written(), "the same rows give the same bytes"
    with reading(engine) as connection:
        period = Period(at("2019-07-01 00:00"), at("2019-07-08 00:00"))
        counted = count(connection, city, period, now=NOW).total.workload["reported"]  # type: ignore[index]
    assert found.reported == counted, "as the evaluation counts"


def test_what_was_no_problem_of_its_own_is_counted_and_not_analysed(engine: Engine) -> None:
    city = a_season(engine)
    for ending in ("void", "merged", "rejected"):
        changed(
            engine, "UPDATE case_fact SET ending = :ending WHERE case_id = (SELECT max(id) FROM cases)", ending=ending
        )
        found = analysed(engine, city)
        assert (found.reported, found.analysed, found.left_out[ending], found.recurrences.count) == (5, 4, 1, 0)
    after = at("2019-07-09 00:00")
    changed(engine, "UPDATE case_fact SET ended_at = :after WHERE case_id = (SELECT max(id) FROM cases)", after=after)
    assert analysed(engine, city).analysed == 5, "a week can be analysed as it stood"


def changed(engine: Engine, statement: str, **values: object) -> None:
    with transaction(engine) as connection:
        typed = text(statement).bindparams(*(bindparam(name, type_=_type_of(value)) for name, value in values.items()))
        connection.execute(typed, values)


def _type_of(value: object) -> Any:
    return FACTS.c.ended_at.type if isinstance(value, datetime) else String()


def test_a_period_can_be_of_an_area_or_a_unit(engine: Engine) -> None:
    city = a_season(engine)
    part = part_of(city, "梨河镇", "梨河")
    assert part == ("410184101", "lihe")
    of_part = analysed(engine, city, Span(WEEK.first, WEEK.last, *part))
    assert (of_part.analysed, of_part.usual, len(of_part.rises.found)) == (5, TWO, 3)
    of_water = analysed(engine, city, Span(WEEK.first, WEEK.last, None, "water"))
    assert (of_water.reported, of_water.usual, of_water.recurrences.compared) == (0, Decimal(0), 0)


def test_the_page_and_the_files_name_classes_towns_and_every_case(sqlite_engine: Engine) -> None:
    city = a_season(sqlite_engine)
    found = analysed(sqlite_engine, city)
    page = report_page(found, city)
    assert "# 小城市案件运行分析（2019年7月1日至2019年7月7日）" in page
    assert "| 1 | 暴露垃圾 | 梨河镇 | 5 | 100.00% | 2 | +3 |" in page
    assert "没有坐标、无法比对的4件" in page
    files = analysis_files(found, city)
    assert files == analysis_files(found, city), "byte for byte"
    name = "analysis-2019-07-01-2019-07-07"
    assert list(files) == [f"{name}.zh.html", f"{name}.zh.xlsx", f"{name}.json"]
    html = files[f"{name}.zh.html"].decode()
    assert "<script" not in html
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    for case in ("E0101201907020001", "E0101201907020005", "E0101201906250001"):
        assert case in html
    assert "Recurrences" in report_page(found, city, "en")


def test_the_workbook_has_a_row_for_each_case_behind_each_finding(sqlite_engine: Engine) -> None:
    city = a_season(sqlite_engine)
    found = analysed(sqlite_engine, city)
    book = load_workbook(BytesIO(analysis_files(found, city)["analysis-2019-07-01-2019-07-07.zh.xlsx"]))
    behind = {
        sheet: [row[1] for row in book[sheet].iter_rows(min_row=2, values_only=True)]
        for sheet in ("高发区域所依据的案件", "复发地点所依据的案件", "异常升高所依据的案件", "未参加复发比对的案件")
    }
    assert behind["高发区域所依据的案件"] == list(found.hot_spots.named[0].cases)
    assert behind["复发地点所依据的案件"] == list(found.recurrences.places[0].cases)
    assert len(behind["异常升高所依据的案件"]) == 15
    assert behind["未参加复发比对的案件"] == list(found.recurrences.without_position)
    (heads, first) = list(book["每一件复发"].iter_rows(values_only=True))
    assert dict(zip(heads, first, strict=True))["相距（米）"] == 33.4


@pytest.mark.parametrize(
    ("span", "code", "said"),
    [
        (Span(date(2019, 7, 2), date(2019, 7, 1)), "period_backwards", "早于首日"),
        (Span(date(2018, 1, 1), date(2019, 1, 2)), "period_too_long", "最多366天"),
        (Span(date(2019, 7, 9), date(2019, 7, 9)), "period_not_begun", "还没有到"),
        (replace(WEEK, area="月亮镇"), "analysis_area_unknown", "如：小城市、梨河镇"),
        (replace(WEEK, unit="moon"), "analysis_unit_unknown", "如：城市运行中心、梨河镇、供水公司"),
    ],
)
def test_a_period_that_cannot_be_is_refused_with_what_would_be_right(
    sqlite_engine: Engine, span: Span, code: str, said: str
) -> None:
    city = a_loaded_city(sqlite_engine)
    with reading(sqlite_engine) as connection:
        found = analyse_period(connection, city, span, NOW)
    assert isinstance(found, Refusal)
    assert found.code == code
    assert said in render_refusal(found.code, found.facts, "zh", city)


def test_an_empty_period_says_that_nothing_was_found(engine: Engine) -> None:
    city = a_loaded_city(engine)
    found = analysed(engine, city)
    assert (found.analysed, found.usual, found.history_from) == (0, None, None)
    assert (found.hot_spots.named, found.recurrences.places, found.rises.found) == ((), (), ())
    page = report_page(found, city)
    assert "7天之前的可比历史不足6周，不作判断" in page
    assert "此前8周内没有可比的同样长时段" in page
    assert "没有发现" in page
    assert analysis_files(found, city)


def test_a_period_that_is_not_over_is_analysed_up_to_now_and_says_so(sqlite_engine: Engine) -> None:
    city = a_season(sqlite_engine)
    with reading(sqlite_engine) as connection:
        found = analyse_period(connection, city, WEEK, at("2019-07-02 08:15"))
    assert isinstance(found, Analysis)
    assert (found.open, found.analysed, found.usual, len(found.rises.days)) == (True, 4, None, 2)
    assert found.rises.days[1].usual is not None, "a day that is not over can rise already"
    assert "本时段尚未结束，统计至2019年7月2日（周二）08:15" in report_page(found, city)


def test_a_city_sets_its_own_bounds(sqlite_engine: Engine) -> None:
    city = a_season(sqlite_engine)
    strict = replace(city, analysis=replace(AnalysisRules(), recurs_metres=30, hot_least=6, rise_over=4))
    found = analysed(sqlite_engine, strict)
    assert (found.recurrences.count, found.hot_spots.named, found.rises.found) == (0, (), ())
    assert "本市规定" in report_page(found, strict)


def test_evaluators_and_shift_leaders_are_told_once(sqlite_engine: Engine) -> None:
    city = a_season(sqlite_engine)
    found = analysed(sqlite_engine, city)
    with transaction(sqlite_engine) as connection:
        assert tell_analysis(connection, city, found, NOW) == 2
        assert tell_analysis(connection, city, found, NOW) == 0
        kind = NOTICES.c.kind == "analysis_ready"
        rows = connection.execute(select(NOTICES).where(kind).order_by(NOTICES.c.recipient)).all()
    told: list[Any] = [(row.recipient, row.priority, row.requires_ack, row.case_id) for row in rows]
    assert told == [("evaluator", "routine", False, None), ("shift-leader", "routine", False, None)]
    assert json.loads(rows[0].facts)["findings"]["zh"][1].startswith("高发：1处，最多的是梨河镇“暴露垃圾”")


def test_last_week_is_monday_to_sunday(sqlite_engine: Engine) -> None:
    city = a_loaded_city(sqlite_engine)
    assert Span(*last_week(city, NOW)) == WEEK
    assert Span(*last_week(city, at("2019-07-14 23:59"))) == WEEK


def test_the_command_prints_the_page_or_one_object_and_writes_the_files(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = open_database(settings.database_url)
    a_season(engine)
    engine.dispose()
    monkeypatch.setattr("deployments.analyse_command.now", lambda: NOW)
    runner, out = CliRunner(), tmp_path / "week"
    assert "案件运行分析（2019年7月1日至2019年7月7日）" in runner.invoke(app, ["analyse"]).stdout
    written = runner.invoke(app, ["analyse", "--out", str(out)])
    assert written.exit_code == 0
    assert [Path(line) for line in written.stdout.split()] == sorted(
        out.iterdir(), key=lambda path: path.suffix == ".json"
    )
    told = json.loads(runner.invoke(app, ["analyse", "2019-07-02", "--json", "--area", "梨河镇"]).stdout)
    assert (told["span"]["first"], told["span"]["area"], told["analysed"]) == ("2019-07-02", "410184101", 5)
    assert (told["recurrences"]["count"], told["recurrences"]["share"]) == (1, "1.0000")
    wrong = runner.invoke(app, ["analyse", "2019-07-02", "2019-07-01"])
    assert (wrong.exit_code, "早于首日" in wrong.stderr) == (1, True)
    assert runner.invoke(app, ["analyse", "gestern"]).exit_code == 2
