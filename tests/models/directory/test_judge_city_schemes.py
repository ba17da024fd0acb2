"""A city's own schemes: judged with the city, kept in its edition, dated so that one is in force."""

from pathlib import Path

from models.directory.edition import edition_digest
from tasks.directory import check_directory, read_directory
from tasks.directory_files import write_city
from tests.cities import SMALL_CITY, a_small_city, write_small_city
from tests.models.directory.judging import texts_of_faults
from tests.schemes import SMALL_SCHEME, changed

CITY = {**SMALL_CITY, "schemes/small.yaml": SMALL_SCHEME}


def test_a_city_s_own_scheme_is_part_of_it() -> None:
    assert texts_of_faults(CITY) == []
    assert [scheme.name for scheme in a_small_city(CITY).schemes] == ["small"]
    assert a_small_city(SMALL_CITY).schemes == ()


def test_a_fault_of_a_scheme_keeps_the_city_from_being_loaded() -> None:
    wrong = changed(SMALL_SCHEME, ("points: 80,", "points: 60,"))
    (fault,) = texts_of_faults({**SMALL_CITY, "schemes/small.yaml": wrong})
    assert fault.startswith("schemes/small.yaml line 38, key items: the points sum to 80 (60 + 10 + 10), not to 100.")


def test_a_group_scores_units_that_there_are() -> None:
    wrong = changed(SMALL_SCHEME, ("of: [township]", "of: [townships]"))
    assert texts_of_faults({**SMALL_CITY, "schemes/small.yaml": wrong}) == [
        'schemes/small.yaml line 48, key groups[1].of: no unit of units.csv is of the group "townships". '
        'Did you mean "township"?'
    ]


def test_two_editions_of_a_scheme_follow_each_other() -> None:
    old = changed(SMALL_SCHEME, ("total: 100", "total: 100\nvalid_until: 2026-08-15"))
    new = changed(SMALL_SCHEME, ("total: 100", "total: 100\nvalid_from: 2026-08-15"))
    both = {**SMALL_CITY, "schemes/small.yaml": old, "schemes/small_2026.yaml": new}
    assert texts_of_faults(both) == []
    overlapping = {**both, "schemes/small.yaml": SMALL_SCHEME}
    assert texts_of_faults(overlapping) == [
        'schemes/small_2026.yaml, key valid_from: schemes/small.yaml holds the scheme "small" on the same days. '
        "Write valid_until in schemes/small.yaml and the same day, or a later one, as valid_from here."
    ]


def test_schemes_belong_to_the_edition_and_are_written_back(tmp_path: Path) -> None:
    write_small_city(tmp_path / "city", CITY)
    assert check_directory(tmp_path / "city") == []
    documents = read_directory(tmp_path / "city").documents
    assert documents["schemes/small.yaml"] == SMALL_SCHEME
    assert "schemes/small.yaml" in write_city(tmp_path / "back", documents)
    assert read_directory(tmp_path / "back").documents == documents
    assert edition_digest(documents) != edition_digest(SMALL_CITY)
