"""Similar is the same subclass, near, within hours; joined by a rule only by what names the same thing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.policy import SimilarRule
from models.similar import Candidate, NearbyIndex, as_candidate, box_around, distance_metres, joins_by_rule

RULE = SimilarRule(join_by=frozenset({"component_code", "camera", "source_chain"}))
MONDAY = datetime(2019, 5, 6, tzinfo=UTC)
METRE = 1 / 111_195.08
"""One metre in degrees of latitude."""


@dataclass(frozen=True)
class Spot:
    longitude: float | None = 113.7
    latitude: float | None = 34.4
    class_code: str | None = "C0101"
    opened_at: datetime = MONDAY
    component_code: str | None = None
    camera: str | None = None
    source_chain: str | None = None


@pytest.mark.parametrize(
    ("places", "metres"),
    [
        ((113.7, 34.4, 113.7, 34.4), 0),
        ((0, 0, 0, 1), 111_195),
        ((0, 0, 180, 0), 20_015_114),
        ((10, 90, -170, 90), 0),
        ((179.9999, 0, -179.9999, 0), 22.2),
    ],
)
def test_distances_are_those_of_the_globe(places: tuple[float, float, float, float], metres: float) -> None:
    assert distance_metres(*places) == pytest.approx(metres, abs=0.5)


@pytest.mark.parametrize(
    ("case", "similar"),
    [
        (Spot(latitude=34.4 + 49.9 * METRE), True),
        (Spot(latitude=34.4 + 50.1 * METRE), False),
        (Spot(opened_at=MONDAY - timedelta(hours=24)), True),
        (Spot(opened_at=MONDAY + timedelta(hours=24)), True),
        (Spot(opened_at=MONDAY - timedelta(hours=24, seconds=1)), False),
        (Spot(class_code="C0102"), False),
        (Spot(class_code=None), False),
        (Spot(longitude=None, latitude=None), False),
        (Spot(latitude=34.4 + 50.1 * METRE, camera="K1"), False),
        (Spot(longitude=None, camera="K1"), True),
        (Spot(latitude=None, camera="K2"), False),
        (Spot(latitude=None, camera="K1", class_code="C0102"), False),
        (Spot(latitude=None, camera="K1", opened_at=MONDAY - timedelta(hours=25)), False),
        (Spot(latitude=None, component_code="K1"), False),
    ],
)
def test_a_case_is_similar_inside_the_bounds_of_the_policy(case: Spot, similar: bool) -> None:
    assert (as_candidate(7, case, Spot(camera="K1"), RULE) is not None) is similar


@pytest.mark.parametrize("key", ["component_code", "camera", "source_chain"])
def test_without_a_position_the_same_name_stands_for_nearness_and_no_distance_is_made_up(key: str) -> None:
    placed, unplaced = Spot(**{key: "N1"}), Spot(longitude=None, latitude=None, **{key: "N1"})  # type: ignore[arg-type]
    for case, report in ((placed, unplaced), (unplaced, placed), (unplaced, unplaced)):
        candidate = as_candidate(7, case, report, RULE)
        assert candidate is not None
        assert candidate.as_fact == {"case": 7, "metres": None, "hours": 0.0}
        assert joins_by_rule(report, candidate, RULE) == key


@pytest.mark.parametrize(
    ("case", "report", "join_by", "joined"),
    [
        (Spot(component_code="C1"), Spot(component_code="C1"), "component_code", "component_code"),
        (Spot(component_code="C1"), Spot(component_code="C2"), "component_code", None),
        (Spot(component_code="C1"), Spot(component_code="C1"), "camera", None),
        (Spot(camera="K1"), Spot(camera="K1"), "camera", "camera"),
        (Spot(source_chain="N1"), Spot(source_chain="N1"), "source_chain", "source_chain"),
        (Spot(), Spot(), "component_code", None),
    ],
)
def test_a_rule_joins_only_what_carries_the_same_name_and_only_where_policy_says_so(
    case: Spot, report: Spot, join_by: str, joined: str | None
) -> None:
    candidate = as_candidate(7, case, report, RULE)
    assert candidate is not None
    assert joins_by_rule(report, candidate, SimilarRule(join_by=frozenset({join_by}))) == joined


def test_two_missing_covers_thirty_metres_apart_stay_two_cases() -> None:
    report = Spot(component_code="C0101-0002")
    candidate = as_candidate(7, Spot(latitude=34.4 + 30 * METRE, component_code="C0101-0001"), report, RULE)
    assert candidate is not None
    assert candidate.metres == pytest.approx(30, abs=0.1)
    assert joins_by_rule(report, candidate, RULE) is None


def test_a_case_that_was_removed_is_no_candidate() -> None:
    index = NearbyIndex(RULE)
    index.add(1, Spot())
    index.add(2, Spot())
    index.remove(1)
    index.remove(1)
    assert [candidate.case_id for candidate in index.candidates(Spot())] == [2]


places = st.tuples(
    st.floats(-180, 180) | st.sampled_from([-180.0, 180.0, 179.9999]),
    st.floats(-90, 90) | st.sampled_from([-90.0, 90.0, 89.9999]),
)
steps = st.tuples(st.floats(-0.001, 0.001), st.floats(-0.001, 0.001))


@given(places, st.lists(steps, max_size=8), st.floats(0, 200))
def test_index_and_box_find_what_asking_every_case_finds(
    place: tuple[float, float], around: list[tuple[float, float]], metres: float
) -> None:
    rule = SimilarRule(within_metres=metres)
    report = Spot(*place)
    cases = [Spot(_wrapped(place[0] + east), max(-90.0, min(90.0, place[1] + north))) for east, north in around]
    asked = asked_one_by_one(cases, report, rule)
    assert index_of(cases, rule).candidates(report) == asked
    box = box_around(*place, metres)
    for candidate in asked:
        near = cases[candidate.case_id]
        assert near.longitude is not None
        assert near.latitude is not None
        assert box.south <= near.latitude <= box.north
        assert any(west <= near.longitude <= east for west, east in box.longitudes)


names = st.sampled_from([None, "", "N1", "N2"])
spots = st.builds(
    Spot,
    longitude=st.sampled_from([None, 113.7, 113.8]),
    latitude=st.sampled_from([None, 34.4]),
    class_code=st.sampled_from([None, "C0101", "C0102"]),
    opened_at=st.sampled_from([MONDAY, MONDAY + timedelta(hours=25)]),
    component_code=names,
    camera=names,
    source_chain=names,
)


@given(st.lists(spots, max_size=12), spots, st.sets(st.integers(0, 11)))
def test_the_index_finds_by_name_what_asking_every_case_finds(cases: list[Spot], report: Spot, ended: set[int]) -> None:
    index = index_of(cases, RULE)
    for case_id in ended:
        index.remove(case_id)
    asked = asked_one_by_one(cases, report, RULE)
    assert index.candidates(report) == [candidate for candidate in asked if candidate.case_id not in ended]


def asked_one_by_one(cases: list[Spot], report: Spot, rule: SimilarRule) -> list[Candidate]:
    return [found for number, case in enumerate(cases) if (found := as_candidate(number, case, report, rule))]


def index_of(cases: list[Spot], rule: SimilarRule) -> NearbyIndex:
    index = NearbyIndex(rule)
    for number, case in enumerate(cases):
        index.add(number, case)
    return index


def _wrapped(longitude: float) -> float:
    return (longitude + 180) % 360 - 180
