"""A folder is read as offices write it, judged fast, and never answers with a traceback."""

import codecs
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deployments
from models.directory.city_builder import FILES
from tasks.directory import DirectoryFaulty, check_directory, city_from_documents, kept_city, read_directory
from tests.cities import SMALL_CITY, changed, write_small_city
from tests.season_cities import SEASON_CITY

XINZHENG = Path(deployments.__file__).parent / "cities" / "xinzheng"


def test_a_written_city_is_read_without_a_fault(tmp_path: Path) -> None:
    files = read_directory(write_small_city(tmp_path))
    assert files.documents == SMALL_CITY
    assert check_directory(tmp_path) == []


@pytest.mark.parametrize(
    "write",
    [
        lambda text: codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode(),
        lambda text: text.encode("gb18030"),
        lambda text: text.replace("\n", "\r\n").encode("gb18030"),
    ],
    ids=["UTF-8 with BOM of Windows", "GB18030", "GB18030 of Windows"],
)
def test_the_same_city_in_another_encoding_is_the_same_edition(write: Callable[[str], bytes], tmp_path: Path) -> None:
    for name, text in SMALL_CITY.items():
        (tmp_path / name).write_bytes(write(text))
    city = city_from_documents(read_directory(tmp_path).documents)
    assert city.edition == city_from_documents(SMALL_CITY).edition


def test_a_wrong_encoding_is_a_fault_with_the_byte_and_no_missing_file_beside_it(tmp_path: Path) -> None:
    write_small_city(tmp_path)
    content = SMALL_CITY["units.csv"].encode()
    (tmp_path / "units.csv").write_bytes(content[:-2] + b"\xff\xff\n")
    assert [str(fault) for fault in check_directory(tmp_path)] == [
        f"units.csv row 4: byte {len(content) - 1} of the file (ff ff 0a) is neither UTF-8 nor GB18030. "
        'Save the file anew as "CSV UTF-8" (or, for YAML, as UTF-8).'
    ]


def test_a_folder_that_is_not_there_is_one_fault(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert [str(fault) for fault in check_directory(nowhere)] == [
        f".: the folder {nowhere} cannot be read: No such file or directory. "
        "Name the folder that holds city.yaml and the other files of the city."
    ]


def test_a_folder_in_place_of_a_file_is_a_fault(tmp_path: Path) -> None:
    write_small_city(tmp_path)
    (tmp_path / "seats.csv").unlink()
    (tmp_path / "seats.csv").mkdir()
    assert [str(fault) for fault in check_directory(tmp_path)] == [
        "seats.csv: the file cannot be read: Is a directory. Put a text file that this program may read in its place."
    ]


def test_a_misspelt_file_is_told_and_the_edition_does_not_depend_on_it(tmp_path: Path) -> None:
    write_small_city(tmp_path)
    edition = city_from_documents(read_directory(tmp_path).documents).edition
    for name in ("unit.csv", "posts.xlsx", ".~lock.units.csv#", "~$posts.xlsx", ".hidden.csv", "README.md"):
        (tmp_path / name).write_text("x")
    told = [(fault.file, fault.severity, fault.remedy) for fault in check_directory(tmp_path)]
    assert told == [
        ("posts.xlsx", "warning", 'Did you mean "posts.csv"?'),
        ("unit.csv", "warning", 'Did you mean "units.csv"?'),
    ]
    assert city_from_documents(read_directory(tmp_path).documents).edition == edition


def test_mappings_of_own_sources_belong_to_the_edition(tmp_path: Path) -> None:
    mapping = "source: video\ncolumns: {source_id: ID, opened_at: TIME}\ntime: {zone: Asia/Shanghai}\n"
    write_small_city(tmp_path, {**SMALL_CITY, "sources/video.yaml": mapping})
    assert check_directory(tmp_path) == []
    assert read_directory(tmp_path).documents["sources/video.yaml"] == mapping


def test_a_faulty_directory_is_no_city_and_the_error_names_every_fault() -> None:
    documents = changed("units.csv", "2019-01-01", "2019", changed("seats.csv", "24:00", "25:00"))
    with pytest.raises(DirectoryFaulty) as caught:
        city_from_documents(documents)
    assert [fault.file for fault in caught.value.faults] == ["units.csv", "seats.csv"]
    assert str(caught.value).startswith("The city directory has 2 errors:\nunits.csv row 4, column valid_from: ")


def test_a_city_is_built_once_for_the_same_documents() -> None:
    city = city_from_documents(SMALL_CITY)
    assert city_from_documents(dict(SMALL_CITY)) is city
    assert kept_city(city.edition) is city
    assert kept_city("0" * 64) is None


def test_the_directory_that_ships_is_checked_in_less_than_two_seconds() -> None:
    began = time.monotonic()
    check_directory(XINZHENG)
    assert time.monotonic() - began < 2


def _broken(content: bytes, at: float, cut: int, by: bytes) -> bytes:
    position = int(at * len(content))
    return content[:position] + by + content[position + cut :]


SHARP = st.sampled_from(
    [b'"', b",", b"\n", b"\r", b"[", b"{", b"&a *a", b"<<: *a", b"- ", b"\t", b"!!python/x ", b": ", b"%", b"1E9"]
)


WHOLE_CITY = {
    **SEASON_CITY,
    "evaluation.yaml": """\
scheme: xinzheng
appeals_within: 3 work_day
draft_to: [unit_liaison, unit_head]
exempt_periods:
  - {unit: lihe, from: 2026-08-10, until: 2026-08-13, reason: 暴雨抢险}
""",
    "analysis.yaml": """\
recurs_metres: 30
deviations: 2.5
told_to: [evaluator, leader]
""",
}
"""Every file a city may have."""


@pytest.mark.untraced
@given(
    name=st.sampled_from(FILES),
    at=st.floats(0, 1),
    cut=st.integers(0, 40),
    by=st.one_of(st.binary(max_size=40), st.text(max_size=20).map(lambda text: text.encode("utf-8", "replace")), SHARP),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_in_any_file_end_in_a_traceback(tmp_path: Path, name: str, at: float, cut: int, by: bytes) -> None:
    write_small_city(tmp_path, WHOLE_CITY)
    (tmp_path / name).write_bytes(_broken(WHOLE_CITY[name].encode(), at, cut, by))
    for fault in check_directory(tmp_path):
        assert str(fault).isprintable()


@pytest.mark.untraced
@given(name=st.sampled_from(FILES), content=st.binary(max_size=300))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_of_any_bytes_is_faults_and_never_a_traceback(tmp_path: Path, name: str, content: bytes) -> None:
    write_small_city(tmp_path)
    (tmp_path / name).write_bytes(content)
    check_directory(tmp_path)


@pytest.mark.parametrize("name", ["city.yaml", "policy.yaml", "ladder.yaml"])
@pytest.mark.parametrize(
    "content", ["[" * 500, "a: &a [*a]\n", "rungs: &a [*a]\n", "? [1]\n: 2\n", "--- 1\n--- 2\n", "- 1\n", "1\n"]
)
def test_yaml_that_is_none_of_ours_is_a_fault(tmp_path: Path, name: str, content: str) -> None:
    write_small_city(tmp_path, {**SMALL_CITY, name: content})
    faults = check_directory(tmp_path)
    assert {fault.file for fault in faults if fault.severity == "error"} >= {name}
