"""Who is called for a place: its own chains, those of its area, and of an area everybody below it."""

import pytest

from tests.call_cities import TOWN, VILLAGE, a_call_city

CITY = a_call_city()


@pytest.mark.parametrize(
    ("subject", "area", "chains"),
    [
        ("reservoir-a", None, {"reservoir-a", TOWN}),
        ("reservoir-b", None, {"reservoir-b", TOWN}),
        ("river-x", VILLAGE, {TOWN}),
        ("river-x", None, set()),
        ("410184", None, {"reservoir-a", "reservoir-b", TOWN}),
        (TOWN, None, {"reservoir-a", "reservoir-b", TOWN}),
        (VILLAGE, None, {"reservoir-b"}),
        ("410184101001001", None, {TOWN}),
        ("410184999", None, set()),
    ],
)
def test_a_station_calls_its_own_and_its_areas_people_and_an_area_all_below_it(
    subject: str, area: str | None, chains: set[str]
) -> None:
    rules = CITY.calls
    assert rules is not None
    assert {link.subject for link in rules.called_for(subject, area)} == chains
