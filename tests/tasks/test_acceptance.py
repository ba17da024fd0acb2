"""The acceptance self-check: what running data say, what a person answers, and that nobody's table is pretended."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from typer.testing import CliRunner

from deployments.command_line import app
from models.acceptance import Computed, Measured, SelfCheck, self_check
from models.city import City
from tasks.acceptance import ConditionsFaulty, check_acceptance, check_page, find_conditions
from tasks.city_edition import current_city
from tasks.database import open_database, reading, transaction
from tasks.evaluation_course import draft_months, publish_months
from tasks.settings import Settings
from tests.evaluation.test_freezing import Month
from tests.stored_cases import at
from tests.worlds import World

NOW = at("2019-06-10 09:00")


def checked(engine: Engine, **answers: bool) -> SelfCheck:
    with reading(engine) as connection:
        return check_acceptance(connection, current_city(connection), find_conditions(), answers, NOW)


def points(check: SelfCheck) -> dict[str, Fraction | None]:
    return {line.condition.code: line.points for line in check.lines}


def measured(check: SelfCheck, code: str) -> Measured:
    found = next(line.measured for line in check.lines if line.condition.code == code)
    assert found is not None
    return found


def a_published_month(engine: Engine) -> City:
    """Cases on two days of May, of one unit; the month drafted and published."""
    told = Month(engine)
    told.cases("2019-05-06", 3, "2019-05-06 09:00", "2019-05-06 10:00")
    told.cases("2019-05-07", 1, "2019-05-07 17:00", "2019-05-07 17:30")
    with transaction(engine) as connection:
        draft_months(connection, current_city(connection), at("2019-06-01 02:00"))
        publish_months(connection, current_city(connection), at("2019-06-06 09:00"))
    return told.city


@pytest.fixture
def month(world: World[City]) -> Month:
    return Month(*world(a_published_month))


def test_what_can_be_reckoned_is_reckoned_from_the_rows(month: Month) -> None:
    check = checked(month.engine)
    assert measured(check, "trial_run") == Measured(Fraction(2, 182), {"days": 2, "of": 182})
    departments = measured(check, "departments")
    assert (departments.said["units"], departments.said["of"]) == (1, 5)
    assert "新村镇" in str(departments.said["without"])
    assert measured(check, "evaluation").share == Fraction(1, 6)
    assert measured(check, "monthly_reports").said["missing"] == [
        "2018-12", "2019-01", "2019-02", "2019-03", "2019-04",
    ]  # fmt: skip
    assert measured(check, "data_kept").said == {"days": 35, "of": 365}
    stages = measured(check, "stages").said["stages"]
    assert isinstance(stages, dict)
    assert stages["due_to_close"] == 0.75


def test_what_nobody_answered_gives_no_points_and_is_named_as_open(month: Month) -> None:
    before = checked(month.engine)
    assert {line.condition.code for line in before.open} == {
        "built_up_area",
        "manuals",
        "supervision_rule",
        "supervised",
        "ledgers",
    }, "of the ledgers the rows say nothing before anybody asked"
    after = checked(month.engine, built_up_area=True, manuals=False)
    assert points(after)["built_up_area"] == 10
    assert points(after)["manuals"] == 0
    assert after.reached == before.reached + 10
    assert after.attainable == before.attainable - 5


def test_a_request_settled_late_costs_its_share(month: Month) -> None:
    (late,) = month.cases("2019-05-08", 1, None, None)
    month.does([late], "ask", "lihe-liaison", "2019-05-08 09:00", kind="extension", reason="雨天无法施工")
    ledgers = measured(checked(month.engine), "ledgers")
    assert ledgers.share == 0
    assert (ledgers.said["of"], ledgers.said["in_time"]) == (1, 0)


def test_the_page_says_whose_points_these_are(month: Month) -> None:
    check = checked(month.engine)
    with reading(month.engine) as connection:
        page = check_page(check, current_city(connection), NOW)
        english = check_page(check, current_city(connection), NOW, "en")
    assert "国家标准的分值表本系统未掌握" in page
    assert "对照：新郑省级预验收 87.5 分" in page
    assert "待人工确认" in page
    assert "The national point table is not known here" in english


def test_the_shipped_points_make_a_hundred_and_each_has_a_source() -> None:
    conditions = find_conditions()
    assert conditions.total == 100
    assert all("?" in each.source for each in conditions.conditions), "nobody's points but ours"


def test_what_the_data_do_not_say_a_person_answers() -> None:
    conditions = find_conditions()
    check = self_check(conditions, {}, {"ledgers": True, "trial_run": False})
    assert {line.condition.code: line.points for line in check.lines if line.points is not None} == {
        "trial_run": 0,
        "ledgers": 10,
    }


@given(st.dictionaries(st.sampled_from(list(Computed)), st.fractions(0, 1)), st.booleans())
def test_the_sum_never_leaves_its_bounds(shares: dict[Computed, Fraction], answer: bool) -> None:
    conditions = find_conditions()
    found = {each: Measured(shares.get(each, Fraction(0)), {}) for each in Computed}
    answers = {each.code: answer for each in conditions.conditions if each.computed is None}
    check = self_check(conditions, found, answers)
    assert 0 <= check.reached <= check.attainable <= conditions.total
    assert check.open == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("conditions:\n  - {code: a, name: {zh: 甲, en: a}, points: 0, source: s}\n", "line 2"),
        ("conditions:\n  - {code: a, name: {zh: 甲, en: a}, source: s}\n", "points"),
        ("conditions:\n  - {code: a, name: {zh: 甲, en: a}, points: 1, computed: luck, source: s}\n", "luck"),
        ("to_beat: 1\n", "conditions"),
    ],
)
def test_a_file_with_faults_is_refused_at_its_line(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConditionsFaulty, match=words):
        find_conditions(file)


def test_the_command_takes_answers_and_a_citys_own_points(settings: Settings, tmp_path: Path) -> None:
    engine = open_database(settings.database_url)
    Month(engine)
    engine.dispose()
    runner, file = CliRunner(), tmp_path / "ours.yaml"
    file.write_text(
        "conditions:\n  - {code: manuals, name: {zh: 手册, en: manual}, points: 40, source: 某市}\n", "utf-8"
    )
    told = json.loads(
        runner.invoke(app, ["acceptance", "--conditions", str(file), "--yes", "manuals", "--json"]).stdout
    )
    assert (told["reached"], told["total"], told["to_beat"]) == (40, 40, None)
    assert "验收自查" in runner.invoke(app, ["acceptance"]).stdout
    assert runner.invoke(app, ["acceptance", "--yes", "trial_run"]).exit_code == 2
    assert runner.invoke(app, ["acceptance", "--yes", "manuals", "--no", "manuals"]).exit_code == 2
