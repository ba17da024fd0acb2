"""The unhappy months: each has one outcome, the one that docs/evaluation.md names."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.city import City
from models.evaluation_result import EvaluationResult
from tasks.city_edition import current_city
from tasks.database import reading, transaction
from tasks.evaluations import evaluate
from tasks.lifecycle import move_cases, wake_all
from tests.evaluation.test_freezing import MAY, Month, of_unit
from tests.evaluation.test_the_course_of_a_month import drafted
from tests.evaluation_cities import an_evaluated_city
from tests.stored_cases import a_loaded_city, at
from tests.worlds import World


def three_in_time_and_one_never(engine: Engine) -> City:
    """梨河镇: three in time, one never handled, which was due on Wednesday 8 May 12:00."""
    told = Month(engine)
    told.cases("2019-05-06", 3, "2019-05-06 09:00", "2019-05-06 10:00")
    told.cases("2019-05-08", 1, None, None)
    return told.city


@pytest.fixture
def month(world: World[City]) -> Month:
    return Month(*world(three_in_time_and_one_never))


def reloaded(month: Month, file: str, old: str, new: str) -> None:
    documents = an_evaluated_city()
    assert old in documents[file]
    month.city = a_loaded_city(month.engine, {**documents, file: documents[file].replace(old, new)})


def due(result: EvaluationResult, unit: str) -> int:
    return of_unit(result, unit).scoring["due_to_close"]


def in_june(month: Month) -> EvaluationResult:
    with reading(month.engine) as connection:
        return evaluate(connection, current_city(connection), "2019-06", at("2019-07-01 02:00"))


def test_one_unit_alone_in_its_group_is_ranked_first_of_one(month: Month) -> None:
    lihe = of_unit(month.shown(), "lihe")
    assert (lihe.rank, lihe.score is not None) == (1, True)


def test_a_unit_renamed_within_the_month_keeps_its_figures_and_what_was_frozen_its_old_name(month: Month) -> None:
    first = drafted(month)[0]
    reloaded(month, "units.csv", "梨河镇,township", "梨河街道,township")
    (second,) = drafted(month, "2019-06-02 02:00", month=MAY)
    old, new = of_unit(first.result, "lihe"), of_unit(second.result, "lihe")
    assert (old.name, new.name) == ("梨河镇", "梨河街道")
    assert (old.scoring, old.score, old.rank) == (new.scoring, new.score, new.rank)


def test_a_unit_merged_within_the_month_answers_for_its_part_and_stands_in_that_month_only(month: Month) -> None:
    """新村镇 ends on 16 May and hands its case to 梨河镇."""
    (name,) = month.cases("2019-05-09", 1, None, None)
    month.does([name], "redispatch", "dispatcher", "2019-05-09 09:00", unit="xincun", reason="属地有误")
    month.does([name], "redispatch", "dispatcher", "2019-05-15 09:00", unit="lihe", reason="撤并")
    reloaded(month, "units.csv", "xincun,新村镇,township,centre,乡镇街道,xincun-liaison,xincun-head,leader,,,,",
             "xincun,新村镇,township,centre,乡镇街道,xincun-liaison,xincun-head,leader,,2019-05-16,,")  # fmt: skip
    may = month.shown()
    assert "xincun" in {unit.unit for unit in may.units()}
    june = in_june(month)
    assert "xincun" not in {unit.unit for group in june.groups for unit in group.units}


def test_a_case_moved_between_units_is_due_once_and_each_unit_answers_for_its_own_part(month: Month) -> None:
    (name,) = month.cases("2019-05-09", 1, None, None)
    before = month.shown()
    month.does([name], "redispatch", "dispatcher", "2019-05-09 09:00", unit="xincun", reason="属地有误")
    after = month.shown()
    assert (due(before, "lihe"), due(before, "xincun")) == (2 + 3, 0)
    assert (due(after, "lihe"), due(after, "xincun")) == (1 + 3, 1)
    assert after.scoring["due_to_close"] == before.scoring["due_to_close"]


def test_a_calendar_corrected_afterwards_moves_the_open_case_and_makes_a_version_that_says_why(month: Month) -> None:
    """8 May turns out to have been a holiday: what was due on it is due on the 9th; what is closed stays as it was."""
    first = drafted(month)[0]
    reloaded(month, "calendar.csv", "date,working,name\n", "date,working,name\n2019-05-08,no,停工\n")
    with transaction(month.engine) as connection:
        wake_all(connection, at("2019-06-02 01:00"))
    move_cases(month.engine, now=at("2019-06-02 01:00"))
    second = month.shown("2019-06-02 02:00")
    assert due(first.result, "lihe") == due(second, "lihe") == 4, "it is due in May either way"
    assert of_unit(second, "lihe").scoring["closed_on_time"] == 3
    assert first.result.backlog[0].due_at != second.backlog[0].due_at


def test_a_scheme_that_changes_within_the_month_scores_the_next_one(month: Month) -> None:
    documents = an_evaluated_city()
    shipped = (Path(__file__).parents[2] / "deployments" / "schemes" / "xinzheng.yaml").read_text("utf-8")
    # The small city has no units of the other groups.
    shipped = shipped.replace("[乡镇街道, 管委会]", "[乡镇街道]").replace("[职能部门]", "[centre]")
    old = shipped.replace("scheme: xinzheng", "scheme: ours").replace("proposal: yes", "valid_until: 2019-05-16")
    new = shipped.replace("scheme: xinzheng", "scheme: ours").replace("proposal: yes", "valid_from: 2019-05-16")
    new = new.replace("from: 90", "from: 99")
    files = {"schemes/old.yaml": old, "schemes/new.yaml": new, "evaluation.yaml": "scheme: ours\n"}
    month.city = a_loaded_city(month.engine, {**documents, **files})
    grades = [grade.lowest for grade in month.shown().scheme.grades]
    assert int(grades[0]) == 90
    june = in_june(month)
    assert int(june.scheme.grades[0].lowest) == 99
