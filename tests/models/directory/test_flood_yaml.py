"""flood.yaml: what it says, and what is wrong with it, by line and key."""

import pytest

from models.directory.city_builder import DirectoryFiles, build_city
from models.duty_rules import DutyState
from models.flood_rules import ReportKind, ResponseLevel
from models.flood_warning import Hazard
from tests.response_cities import FLOOD_YAML, RESPONSE_CITY, RESPONSE_DUTIES, a_response_city


def faults(**changed: str) -> list[str]:
    names = {"flood": "flood.yaml", "duties": "response_duties.csv"}
    documents = {**RESPONSE_CITY, **{names[name]: text for name, text in changed.items()}}
    return [str(fault) for fault in build_city(DirectoryFiles(documents))[1]]


def test_the_city_of_the_tests_is_sound() -> None:
    assert faults() == []


def test_what_the_file_says_is_what_the_rules_are_asked() -> None:
    flood = a_response_city().flood
    assert flood
    assert flood.signers[ResponseLevel.II].posts == ("leader",)
    assert flood.consultation.called.places == ("leader",)
    assert flood.duty_state_at(ResponseLevel.IV) is DutyState.WARNING
    assert flood.duties_at(Hazard.DROUGHT, ResponseLevel.IV)["water"].duty == "统计可用水源"
    assert [rule.kind for rule in flood.reports.incidents] == [ReportKind.INITIAL] * 3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("area_digits: 9", "area_digits: 7", 'key area_digits: "7" is no length of an area\'s code'),
        ("{severity: orange, level: III}", "{severity: pink, level: III}", "suggestions[1].rows[3].severity"),
        ("{severity: orange, level: III}", "{severity: orange, level: V}", '"V" is no level of a response'),
        ("{severity: orange, level: III}", "{level: III}", "the row fits every warning"),
        ("hazard: drought", "hazard: flood", "there are two tables for flood from 2019-01-01 on"),
        ("decide_within: 20 minute", "decide_within: 0 minute", "0 is no time to wait"),
        ("{after: 0 minute, to: [centre-head, leader]}", "{after: 50 minute, to: [leader]}", "not stand in order"),
        ("issuers: [centre]", "issuers: [centr]", 'key issuers: "centr" does not stand in units.csv'),
        ("{level: I, by: [leader]}", "{level: II, by: [leader]}", "this level stands here twice"),
        ("  - {level: I, by: [leader]}\n", "", "nobody may sign I."),
        ('"role:leader"', '"role:boss"', '"boss" is no role of a post'),
        ('"role:leader"', '"role:responsible_person"', "nobody holds the role responsible_person"),
        ('"duty:officer"', '"duty:cook"', 'duty.yaml has no place "cook"'),
        ("called: [centre-head", "called: [centre-haed", '"centre-haed" does not stand in posts.csv'),
        ("{IV: warning,", "{V: warning,", 'there is no key "V" here'),
        ("I: 1 hour}", "I: 1 minute}", "nobody can report so often"),
        ("by: territory, to: centre}", "by: teritory, to: centre}", '"teritory" does not stand in units.csv'),
        ('at: "08:00"', 'at: "24:00"', "is the end of a day"),
        ("kind: initial, means: phone", "kind: daily, means: phone", "kind of report with a limit of its own"),
    ],
)
def test_a_fault_is_named_with_its_place_and_what_would_be_right(old: str, new: str, said: str) -> None:
    assert old in FLOOD_YAML
    found = faults(flood=FLOOD_YAML.replace(old, new, 1))
    assert any(said in fault for fault in found), found
    assert all(fault.startswith("flood.yaml") for fault in found)


def test_a_hazard_without_a_table_and_a_level_without_duties_ask_for_a_look() -> None:
    drought = FLOOD_YAML.index("  - hazard: drought")
    alone = FLOOD_YAML[:drought] + FLOOD_YAML[FLOOD_YAML.index("consultation:") :]
    assert faults(flood=alone) == [
        "flood.yaml, key suggestions: no warning of drought suggests a level. "
        "Add a table for it; leave it so only where people watch for themselves."
    ]
    (fault,) = faults(duties=RESPONSE_DUTIES.replace("flood,II,lihe,组织群众转移,people are moved\n", ""))
    assert fault.startswith("response_duties.csv, column level: no unit has a duty at level II of a response to flood")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("flood,V,lihe,任务,duty", '"V" is no level of a response'),
        ("flood,IV,nobody,任务,duty", '"nobody" does not stand in units.csv'),
        ("rain,IV,lihe,任务,duty", '"rain"'),
        ("flood,IV,lihe,任务,duty", "stands already in row 2"),
        ("flood,IV,water,,duty", "the cell is empty"),
    ],
)
def test_a_row_of_duties_that_cannot_be_is_named(row: str, said: str) -> None:
    (fault,) = faults(duties=f"{RESPONSE_DUTIES}{row}\n")
    assert said in fault
    assert fault.startswith("response_duties.csv row 11")


def test_a_roman_number_may_be_the_one_officials_type() -> None:
    city = a_response_city(response_duties=RESPONSE_DUTIES.replace("flood,IV,", "flood,Ⅳ,"))
    assert city.flood
    assert city.flood.duties_at(Hazard.FLOOD, ResponseLevel.IV)
