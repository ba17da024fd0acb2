"""Similar is the same subclass, near, within hours; joined by a rule only by what names the same thing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.policy import SimilarRule
from models.similar import NearbyIndex, as_candidate, box_around, distance_metres, joins_by_rule

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
    ],
)
def test_a_case_is_similar_inside_the_bounds_of_the_policy(case: Spot, similar: bool) -> None:
    assert (as_candidate(7, case, Spot(), RULE) is not None) is similar


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
    index = NearbyIndex(rule)
    for number, case in enumerate(cases):
        index.add(number, case)
    asked = [found for number, case in enumerate(cases) if (found := as_candidate(number, case, report, rule))]
    assert index.candidates(report) == asked
    box = box_around(*place, metres)
    for candidate in asked:
        found = cases[candidate.case_id]
        assert found.longitude is not None
        assert found.latitude is not None
        assert box.south <= found.latitude <= box.north
        assert any(west <= found.longitude <= east for west, east in box.longitudes)


def _wrapped(longitude: float) -> float:
    return (longitude + 180) % 360 - 180
