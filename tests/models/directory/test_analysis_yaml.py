"""analysis.yaml: what it says, what it leaves out, and what is wrong with it."""

from decimal import Decimal

import pytest

from models.analysis_rules import AnalysisRules
from models.directory.analysis_yaml import read_analysis
from models.directory.fault import Fault
from models.vocabulary import Role
from tasks.directory import city_from_documents
from tests.cities import SMALL_CITY


def read(content: str) -> tuple[AnalysisRules, list[str]]:
    faults: list[Fault] = []
    return read_analysis(content, faults), [str(fault) for fault in faults]


def test_a_city_without_the_file_is_analysed_by_what_this_project_proposes() -> None:
    assert city_from_documents(dict(SMALL_CITY)).analysis == AnalysisRules()
    assert read("hot_least: 5\n") == (AnalysisRules(), [])


def test_a_city_with_the_file_is_analysed_by_it() -> None:
    rules, faults = read("recurs_metres: 30\nrise_over: 4\ndeviations: 2.5\ntold_to: [leader]\n")
    assert faults == []
    assert (rules.recurs_metres, rules.rise_over, rules.deviations) == (30, 4, Decimal("2.5"))
    assert (rules.told_to, rules.recurs_days) == ((Role.LEADER,), 30)
    city = city_from_documents({**SMALL_CITY, "analysis.yaml": "recurs_metres: 30\n"})
    assert city.analysis.recurs_metres == 30


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("hot_least: 0", "hot_least"),
        ("recurs_metres: far", "recurs_metres"),
        ("usual_weeks: 4", "nothing ever rises"),
        ("usual_weeks_least: 9", "nothing ever rises"),
        ("told_to: [public]", "role of a post"),
        ("wheather: 3", "wheather"),
    ],
)
def test_a_fault_names_its_place(content: str, said: str) -> None:
    _, faults = read(content)
    assert any(said in fault for fault in faults), faults
