"""The mappings that are shipped fit the catalogue of the model city and, where they are at hand, the real files."""

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.city import City
from models.mapped_report import MappedReport, read_report
from models.source_mapping import FIELDS, unknown_classes
from tasks.directory import city_from_documents, read_directory
from tasks.intake_reading import read_rows
from tasks.source_mappings import find_mapping, known_sources
from tests.untraced import untraced

PROJECT = Path(__file__).parents[2]
DATA = PROJECT.parent / "shared" / "data"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def xinzheng() -> City:
    return city_from_documents(read_directory(PROJECT / "deployments" / "cities" / "xinzheng").documents)


def real(source: str, file: str, city: City) -> list[MappedReport]:
    if not (DATA / file).exists():
        pytest.skip(f"the real data {file} is not on this machine")
    mapping = find_mapping(source, {})
    with untraced():
        reports = [read_report(mapping, row.values, city, NOW) for row in read_rows(DATA / file, mapping)]
    assert all(isinstance(report, MappedReport) for report in reports)
    return [report for report in reports if isinstance(report, MappedReport)]


@pytest.fixture(scope="module")
def boston(xinzheng: City) -> list[MappedReport]:
    return real("boston311", "boston_311_2011_jul_sep.csv.gz", xinzheng)


@pytest.mark.parametrize("source", known_sources({}))
def test_every_class_of_a_shipped_mapping_is_in_the_catalogue(source: str, xinzheng: City) -> None:
    assert list(unknown_classes(find_mapping(source, {}), xinzheng.catalogue)) == []


def test_our_own_columns_cover_every_field() -> None:
    mapping = find_mapping("native", {})
    assert set(mapping.columns) == set(FIELDS)
    assert mapping.needed_columns == ("source_id", "opened_at")


def test_boston_brings_deadlines_and_closings(boston: list[MappedReport]) -> None:
    assert len(boston) == 31_828
    assert Counter(flag for report in boston for flag in report.flags) == {"odd_source_deadline": 22}
    assert sum(report.due_at is None for report in boston) == 5_013
    assert sum(report.closed_at is None for report in boston) == 1_747
    assert all(report.class_code and report.condition_no and report.longitude for report in boston)


@pytest.mark.untraced
def test_the_times_of_boston_agree_with_its_own_verdict_which_is_not_read(boston: list[MappedReport]) -> None:
    mapping = find_mapping("boston311", {})
    assert "ontime" not in mapping.needed_columns
    verdicts = [row.values["ontime"] for row in read_rows(DATA / "boston_311_2011_jul_sep.csv.gz", mapping)]
    judged = [
        (verdict == "ONTIME") == (report.closed_at <= report.due_at)
        for verdict, report in zip(verdicts, boston, strict=True)
        if verdict and report.closed_at and report.due_at
    ]
    assert len(judged) > 25_000
    assert all(judged)


def test_pingshan_brings_flags_only_and_each_unit_under_one_spelling(xinzheng: City) -> None:
    reports = real("pingshan", "pingshan_2018_feb_oct.csv", xinzheng)
    assert Counter(report.played for report in reports) == {"on_time": 6_236, "overdue": 714, None: 2}
    assert not any(report.flags for report in reports)
    units = {report.unit_hint for report in reports}
    assert "坪山街道综合执法队" in units
    assert "坪山街道综合执法队（坪山街道办事处）" not in units
    assert {"城管办（坑梓街道办事处）", "城管办（碧岭街道办事处）"} <= units


def test_the_catalogue_codes_are_those_of_the_reference(xinzheng: City) -> None:
    reference = PROJECT.parent / "shared" / "domain" / "case_limits.csv"
    if not reference.exists():
        pytest.skip("the reference case_limits.csv is not on this machine")
    with reference.open(encoding="utf-8-sig") as file:
        known = {(row["code"], int(row["condition_no"])) for row in csv.DictReader(file)}
    for source in ("boston311", "pingshan"):
        mapping = find_mapping(source, {})
        chosen = {(choice.code, choice.condition) for choice in mapping.classes.values()}
        assert chosen <= known
