"""The city directory that ships: without a fault, complete, and honest about what stands in for facts."""

import csv
from collections import Counter
from pathlib import Path

import pytest

import deployments
from models.city import City
from models.vocabulary import ActionName, Role
from tasks.directory import check_directory, city_from_documents, read_directory

XINZHENG = Path(deployments.__file__).parent / "cities" / "xinzheng"
CASE_LIMITS = Path(deployments.__file__).parents[2] / "shared" / "domain" / "case_limits.csv"


@pytest.fixture(scope="module")
def xinzheng() -> City:
    return city_from_documents(read_directory(XINZHENG).documents)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_directory_has_no_fault_and_no_warning() -> None:
    assert [str(fault) for fault in check_directory(XINZHENG)] == []


@pytest.mark.skipif(not CASE_LIMITS.exists(), reason="the case reference ../shared/domain/case_limits.csv is not here")
def test_the_catalogue_holds_every_condition_of_the_reference_with_its_limit() -> None:
    keys = ("code", "kind", "major", "minor", "condition_no")
    reference = [(*(r[k] for k in keys), f"{r['limit_value']} {r['limit_unit']}") for r in _rows(CASE_LIMITS)]
    assert [(*(r[k] for k in keys), r["limit"]) for r in _rows(XINZHENG / "catalogue.csv")] == reference


def test_no_two_conditions_of_a_subclass_have_the_same_wording(xinzheng: City) -> None:
    wordings = Counter((c.code, c.wording) for s in xinzheng.catalogue.subclasses.values() for c in s.conditions)
    assert [key for key, times in wordings.items() if times > 1] == []


def test_a_follow_up_limit_is_longer_work_than_making_safe(xinzheng: City) -> None:
    conditions = [c for s in xinzheng.catalogue.subclasses.values() for c in s.conditions if c.follow_up_limit]
    units = {(c.limit.unit.value, c.follow_up_limit.unit.value) for c in conditions if c.follow_up_limit}
    assert len(conditions) == 9
    assert units == {("urgent_hour", "work_day")}


def test_every_class_in_every_grid_and_without_a_place_has_a_responsible_unit(xinzheng: City) -> None:
    places: list[str | None] = [code for code in xinzheng.areas if len(code) == 15]
    without = [
        (code, place)
        for code in xinzheng.catalogue.subclasses
        for place in (*places, None)
        if xinzheng.responsibility.unit_for(code, place) not in xinzheng.units
    ]
    assert len(places) == 228
    assert without == []


@pytest.mark.parametrize(
    ("code", "area", "unit"),
    [
        ("E0110", "410184001001001", "sanitation"),
        ("E0110", "410184104001001", "lihe"),
        ("C0123", "410184104001001", "lihe"),
        ("C0131", "410184104001001", "tower"),
        ("E0502", "410184109001001", "gas"),
        ("E0405", None, "city-management"),
    ],
)
def test_the_built_up_core_has_professional_units_and_the_towns_answer_for_themselves(
    xinzheng: City, code: str, area: str | None, unit: str
) -> None:
    assert xinzheng.responsibility.unit_for(code, area) == unit


def test_a_rule_takes_inspectors_reports_and_has_citizens_reports_verified_first(xinzheng: City) -> None:
    rule = xinzheng.policy.rule_for
    assert rule(ActionName.ACCEPT, "inspector", "E0110", True) == "trusted-complete"
    assert rule(ActionName.ACCEPT, "inspector", "E0110", False) is None
    assert rule(ActionName.ORDER_VERIFY, "citizen", "E0110", True) == "verify-public"
    assert rule(ActionName.ACCEPT, "citizen", "E0110", True) is None
    assert rule(ActionName.ACCEPT, "blue_sky_guard", "E0120", True) is None


def test_the_city_runs_without_any_address_of_the_outside_world(xinzheng: City) -> None:
    assert {(point.channel, point.address) for point in xinzheng.contact_points} == {("demo", "demo")}
    assert {point.post for point in xinzheng.contact_points} == set(xinzheng.posts)


def test_twenty_to_fifty_inspectors_walk_the_city(xinzheng: City) -> None:
    assert 20 <= len(xinzheng.posts_of(Role.INSPECTOR)) <= 50
