"""What is wrong among areas and inspectors, word for word."""

import pytest

from tests.cities import changed
from tests.models.directory.judging import texts_of_faults

FAULTS = [
    pytest.param(
        "areas.csv",
        "410184101001,梨河村,,yes\n",
        "",
        [
            'areas.csv row 4, column code: the area above "410184101001001", 410184101001, is '
            "missing. Add a row with the code 410184101001, or correct this code.",
        ],
        id="an area without the one above",
    ),
    pytest.param(
        "areas.csv",
        "410184,小城市,centre",
        "410184,小城市,",
        [
            'areas.csv row 2, column unit: no unit answers for area "410184", but responsibility.csv '
            "hands cases to the territory. Write the code of a unit of units.csv here or in the row "
            "of the area above.",
        ],
        id="an area without a unit",
    ),
    pytest.param(
        "areas.csv",
        "410184,小城市,centre,\n",
        "410184,小城市,centre,\n410185,邻市,centre,\n",
        [
            'areas.csv row 3, column code: "410185" is no area of the city 410184. Every area code '
            "begins with the city's code of city.yaml.",
        ],
        id="an area of another city",
    ),
    pytest.param(
        "areas.csv",
        "梨河镇,lihe",
        "梨河镇,liho",
        [
            'areas.csv row 3, column unit: "liho" does not stand in units.csv. Did you mean "lihe"? '
            "Write a code that stands there, or add the row.",
        ],
        id="an area of an unknown unit",
    ),
    pytest.param(
        "inspectors.csv",
        "410184,inspector-b,00:00,24:00\n",
        "",
        [
            'areas.csv row 5, column code: no inspector walks grid "410184101001001" at 00:00-08:00 '
            "and 20:00-24:00. Add a row to inspectors.csv for the grid or an area above it and these "
            "hours.",
        ],
        id="a grid without inspector at night",
    ),
    pytest.param(
        "inspectors.csv",
        "410184,inspector-b",
        "410184,dispatcher",
        [
            'inspectors.csv row 3, column post: "dispatcher" is a post of role dispatcher, not '
            "inspector. Name a post whose role in posts.csv is inspector.",
        ],
        id="a grid walked by a dispatcher",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), FAULTS)
def test_a_fault_is_told_with_place_reason_and_remedy(file: str, old: str, new: str, expected: list[str]) -> None:
    assert texts_of_faults(changed(file, old, new)) == expected
