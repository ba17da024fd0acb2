"""Digests: the same content is the same edition anywhere, and the calendar has a digest of its own."""

import pytest

from models.directory.edition import edition_digest, manifest_of
from tests.cities import SMALL_CITY, a_small_city, changed


def test_the_order_of_the_files_changes_no_digest() -> None:
    assert edition_digest(dict(reversed(list(SMALL_CITY.items())))) == edition_digest(SMALL_CITY)


def test_one_changed_cell_is_another_edition_with_one_other_document() -> None:
    documents = changed("units.csv", "指挥中心", "指挥调度中心")
    old, new = manifest_of(SMALL_CITY), manifest_of(documents)
    assert edition_digest(documents) != edition_digest(SMALL_CITY)
    assert [file for file in old if old[file] != new[file]] == ["units.csv"]


def test_a_city_carries_the_digest_of_its_documents() -> None:
    assert a_small_city().edition == edition_digest(SMALL_CITY)


@pytest.mark.parametrize(
    ("file", "old", "new", "is_correction"),
    [
        ("calendar.csv", "name\n", "name\n2026-03-26,,拜祖大典\n", True),
        ("city.yaml", '["14:00", "18:00"]', '["14:30", "18:30"]', True),
        ("city.yaml", "hours_per_work_day: 8", "hours_per_work_day: 7", True),
        ("city.yaml", "Asia/Shanghai", "Asia/Urumqi", True),
        ("city.yaml", "name: 小城市", "name: 新小城市", False),
        ("city.yaml", "hours_per_work_day: 8", "hours_per_work_day: 8.0", False),
        ("units.csv", "指挥中心", "指挥调度中心", False),
    ],
)
def test_the_calendar_edition_changes_with_what_counts_and_with_nothing_else(
    file: str, old: str, new: str, is_correction: bool
) -> None:
    before, after = a_small_city(), a_small_city(changed(file, old, new))
    assert (after.calendar_edition != before.calendar_edition) is is_correction
