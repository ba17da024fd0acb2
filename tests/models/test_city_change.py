"""What a new edition changes is told by rows, and open cases that change hands are listed."""

import pytest

from models.city_change import HandChange, changed_hands, changes_between
from tests.cities import SMALL_CITY, a_small_city, changed


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "units.csv",
            "lihe-liaison,lihe-head",
            "lihe-crew,lihe-head",
            'units.csv: 1 changed: lihe (liaison "lihe-liaison" -> "lihe-crew")',
        ),
        (
            "contact_points.csv",
            "lihe-liaison,2,demo,demo\n",
            "",
            "contact_points.csv: 1 removed: lihe-liaison 2",
        ),
        (
            "responsibility.csv",
            "E0110,410184101,lihe",
            "E02*,410184101,lihe",
            "responsibility.csv: 1 added: E02* 410184101; 1 removed: E0110 410184101",
        ),
        (
            "policy.yaml",
            "most_granted: 2",
            "most_granted: 3",
            'policy.yaml: 1 changed: requests.extension.most_granted ("2" -> "3")',
        ),
        (
            "ladder.yaml",
            "to: [liaison, head]",
            "to: [head]",
            'ladder.yaml: 1 changed: rungs[overdue].to ("liaison, head" -> "head")',
        ),
        ("calendar.csv", "name\n", "name\n2026-03-26,,拜祖大典\n", "calendar.csv: 1 added: 2026-03-26"),
        ("sources.csv", "code,name", '"code",name', "sources.csv: same content, written differently"),
    ],
)
def test_a_change_is_told_by_file_row_and_cell(file: str, old: str, new: str, expected: str) -> None:
    found = changes_between(SMALL_CITY, changed(file, old, new))
    assert [str(change) for change in found] == [expected]


def test_the_order_of_rows_and_rungs_is_no_change() -> None:
    lines = SMALL_CITY["seats.csv"].splitlines()
    turned = {**SMALL_CITY, "seats.csv": "\n".join([lines[0], *reversed(lines[1:])])}
    assert [str(change) for change in changes_between(SMALL_CITY, turned)] == [
        "seats.csv: same content, written differently"
    ]


def test_a_mapping_that_comes_changes_and_goes_is_told_as_a_whole() -> None:
    first, second = {"sources/a.yaml": "a: 1\n"}, {"sources/a.yaml": "a: 2\n"}
    assert [str(change) for change in changes_between({}, first)] == ["sources/a.yaml: 1 added: the whole file"]
    assert [str(change) for change in changes_between(first, second)] == ["sources/a.yaml: 1 changed: the whole file"]
    assert [str(change) for change in changes_between(first, {})] == ["sources/a.yaml: 1 removed: the whole file"]


def test_many_changes_are_told_by_the_first_few() -> None:
    (change,) = changes_between({**SMALL_CITY, "posts.csv": ""}, SMALL_CITY)
    assert str(change).startswith("posts.csv: 17 added: acceptor-a, acceptor-b, ")
    assert str(change).endswith(" and 9 more")


GRID = "410184101001001"


def test_open_cases_of_a_class_that_moves_change_hands() -> None:
    new = a_small_city(changed("responsibility.csv", "C01*,*,water", "C01*,*,lihe"))
    cases = [("C1", "C0101", GRID, "water"), ("C2", "C0101", "410184", "centre"), ("E1", "E0101", GRID, "lihe")]
    assert changed_hands(a_small_city(), new, cases) == [
        HandChange("C1", "water", "water", "lihe"),
        HandChange("C2", "centre", "water", "lihe"),
    ]


def test_open_cases_of_a_unit_that_disappears_change_hands() -> None:
    documents = {
        file: "".join(line for line in text.splitlines(keepends=True) if not line.startswith("water"))
        for file, text in SMALL_CITY.items()
    }
    documents = changed("responsibility.csv", "C01*,*,water\n", "", documents)
    cases = [("C1", "C0101", GRID, "water"), ("E1", "E0101", GRID, "water"), ("E2", "E0101", GRID, "lihe")]
    found = changed_hands(a_small_city(), a_small_city(documents), cases)
    assert [str(change) for change in found] == [
        "C1: its unit water no longer exists; lihe answers for it",
        "E1: its unit water no longer exists; lihe answers for it",
    ]


def test_a_case_without_class_or_unit_changes_no_hands() -> None:
    new = a_small_city(changed("responsibility.csv", "*,*,territory", "*,*,centre"))
    cases = [("R1", None, GRID, None), ("R2", "E0101", GRID, None)]
    found = changed_hands(a_small_city(), new, cases)
    assert [str(change) for change in found] == ["R2: from lihe to centre, now with nobody"]


def test_the_same_edition_changes_nothing() -> None:
    assert changes_between(SMALL_CITY, SMALL_CITY) == []
    assert changed_hands(a_small_city(), a_small_city(), [("C1", "C0101", GRID, "lihe")]) == []
