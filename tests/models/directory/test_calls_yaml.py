"""calls.yaml and call_chains.csv: read, or refused with the place and what would be right."""

import pytest

from models.call_rules import Wanted
from models.directory.city_builder import DirectoryFiles, build_city
from tests.call_cities import CALL_CITY, TOWN, a_call_city
from tests.season_cities import SEASON_CITY, a_season_city


def faults(file: str, old: str, new: str) -> list[str]:
    assert old in CALL_CITY[file]
    documents = {**CALL_CITY, file: CALL_CITY[file].replace(old, new, 1)}
    return [str(fault) for fault in build_city(DirectoryFiles(documents))[1]]


def test_a_city_without_the_files_calls_nobody() -> None:
    documents = {name: text for name, text in CALL_CITY.items() if name not in ("calls.yaml", "call_chains.csv")}
    assert a_call_city(documents).calls is None


def test_the_rules_are_read_as_they_stand() -> None:
    rules = a_call_city().calls
    assert rules is not None
    assert [(chain.code, chain.wanted) for chain in rules.chains] == [("trio", Wanted.EACH), ("village", Wanted.ONE)]
    assert [(rung.after.total_seconds(), rung.to) for rung in rules.rungs] == [
        (0, "next"), (0, "duty_leader"), (300, "leader"),
    ]  # fmt: skip
    assert len(rules.links) == 9


def test_a_station_is_a_place_that_chains_may_be_about() -> None:
    chains = SEASON_CITY["call_chains.csv"] + "sanku,trio,1,patrol,res-patrol\n"
    rules = a_season_city({**SEASON_CITY, "call_chains.csv": chains}).calls
    assert rules is not None
    assert {link.subject for link in rules.called_for("sanku")} == {"sanku", TOWN}


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("call_chains.csv", "reservoir-b,trio,1,patrol", "lake,trio,1,patrol", '"lake" does not stand in'),
        ("call_chains.csv", f"{TOWN},village,1", "410184999,village,1", '"410184999" does not stand in areas.csv'),
        ("call_chains.csv", "reservoir-a,trio,1,patrol", "reservoir-a,duo,1,patrol", '"duo" does not stand in'),
        ("call_chains.csv", f"{TOWN},village,2", f"{TOWN},village,4", "has the steps 1, 3, 4"),
        ("call_chains.csv", "1,technical,res-tech", "1,boss,res-tech", '"boss" is no duty in a chain'),
        ("call_chains.csv", "patrol,res-patrol", "patrol,nobody", '"nobody" does not stand in posts.csv'),
        ("calls.yaml", "answer_within: 5 minute", "answer_within: 0 minute", "0 is no time to answer"),
        ("calls.yaml", "{after: 0 minute, to: next}, ", "", "nobody behind step 1"),
        ("calls.yaml", "to: leader}", "to: evaluator_in_chief}", "is no rung of a call"),
        ("calls.yaml", "to: leader}", "to: group}", "is no rung of a call"),
        ("calls.yaml", 'area: "410184101"', 'area: "410184999"', '"410184999" does not stand in areas.csv'),
        ("calls.yaml", "{code: reservoir-b", "{code: reservoir-a", "the place reservoir-a stands here twice"),
        ("calls.yaml", "{code: village", "{code: trio", "the chain trio stands here twice"),
        ("calls.yaml", "again_every: 5 minute", "again_every: soon", "is no length of time"),
        ("calls.yaml", "after: 5 minute, to: leader}]", "after: 5 minute, to: next}, {after: 1 minute, to: leader}]",
         "do not stand in order of time"),
    ],
)  # fmt: skip
def test_a_fault_says_where_it_is_and_what_would_be_right(file: str, old: str, new: str, said: str) -> None:
    found = faults(file, old, new)
    assert any(said in fault and fault.startswith((file, "calls.yaml")) for fault in found), found


def test_chains_without_rules_and_rules_without_a_duty_room_are_said_to_be_so() -> None:
    alone = {name: text for name, text in CALL_CITY.items() if name != "calls.yaml"}
    assert ["nobody is called by it" in str(fault) for fault in build_city(DirectoryFiles(alone))[1]] == [True]
    roomless = {name: text for name, text in CALL_CITY.items() if name not in ("duty.yaml", "duty_pools.csv")}
    city, found = build_city(DirectoryFiles(roomless))
    assert city is not None
    said = [str(fault) for fault in found if fault.file == "calls.yaml"]
    assert [text.partition(", and")[0] for text in said] == [
        "calls.yaml, key ladder: silence climbs to the leader of the present shift"
    ]
