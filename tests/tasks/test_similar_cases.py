"""Candidates in the database are those of asking every case, on made-up and on real reports."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import cos, hypot, radians
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, insert

from models.case import Case
from models.mapped_report import MappedReport, read_report
from models.policy import SimilarRule
from models.similar import EARTH_RADIUS_METRES, JOIN_KEYS, NearbyIndex
from models.vocabulary import State
from tasks.case_store import CASES
from tasks.database import reading, transaction
from tasks.directory import city_from_documents, read_directory
from tasks.intake_reading import read_rows
from tasks.similar import Spot, apart, find_candidates
from tasks.source_mappings import find_mapping

PROJECT = Path(__file__).parents[2]
RULE = SimilarRule()
NOON = datetime(2019, 5, 5, 4, tzinfo=UTC)

EACH = 7
"""Brute force and the database are asked for each seventh real report, among the cases of all reports."""


def a_report(number: int, **fields: Any) -> dict[str, Any]:
    report = {name: None for name in Spot.__slots__}
    return (
        report | {"id": number, "class_code": "C0101", "opened_at": NOON, "longitude": 113.7, "latitude": 34.4} | fields
    )


def write_cases(engine: Engine, reports: Sequence[dict[str, Any]], state: str = "reported") -> None:
    case = Case(
        receipt_number="",
        state=state,
        source="native",
        edition="e",
        calendar_edition="e",
        opened_at=NOON,
        last_event_at=NOON,
    ).model_dump()
    with transaction(engine) as connection:
        connection.execute(insert(CASES), [case | row | {"receipt_number": f"R{row['id']}"} for row in reports])


def candidates(engine: Engine, *reports: dict[str, Any]) -> dict[int, list[int]]:
    with reading(engine) as connection:
        found = find_candidates(connection, RULE, reports)
    return {report: [candidate.case_id for candidate in those] for report, those in found.items()}


@pytest.mark.parametrize("state", list(State))
def test_only_open_cases_are_candidates(sqlite_engine: Engine, state: State) -> None:
    write_cases(sqlite_engine, [a_report(1)], state=state.value)
    ended = state in (State.CLOSED, State.REJECTED, State.VOID, State.MERGED)
    assert candidates(sqlite_engine, a_report(100)) == ({} if ended else {100: [1]})


def test_place_class_and_hours_decide_and_the_oldest_case_comes_first(engine: Engine) -> None:
    cases = [
        a_report(1, latitude=34.40044),
        a_report(2, latitude=34.40046),
        a_report(3, opened_at=NOON - timedelta(hours=24)),
        a_report(4, opened_at=NOON - timedelta(hours=24, seconds=1)),
        a_report(5, class_code="C0102"),
        a_report(6, longitude=None, latitude=None),
    ]
    write_cases(engine, cases)
    unplaced = a_report(101, longitude=None, latitude=None)
    assert candidates(engine, a_report(100), unplaced, a_report(102, class_code=None)) == {100: [1, 3]}


def test_a_pole_and_the_antimeridian_are_places_like_others(engine: Engine) -> None:
    write_cases(engine, [a_report(1, longitude=179.9999), a_report(2, longitude=10.0, latitude=89.9999)])
    asked = (a_report(100, longitude=-179.9999), a_report(101, longitude=-170.0, latitude=89.9999))
    assert candidates(engine, *asked) == {100: [1], 101: [2]}


def test_without_a_position_the_same_name_finds_a_case_wherever_it_lies(engine: Engine) -> None:
    nowhere = {"longitude": None, "latitude": None}
    cases = [
        a_report(1, camera="K1"),
        a_report(2, camera="K1", **nowhere),
        a_report(3, camera="K2", **nowhere),
        a_report(4, camera="K1", opened_at=NOON - timedelta(hours=25)),
        a_report(5, camera="K1", class_code="C0102"),
        a_report(6, source_chain="N1", latitude=None),
        a_report(7, component_code="D1", camera="K1", latitude=35.0),
    ]
    write_cases(engine, cases)
    asked = (
        a_report(100, camera="K1", **nowhere),
        a_report(101, camera="K1"),
        a_report(102, source_chain="N1", component_code="D1", **nowhere),
        a_report(103, source_chain="", **nowhere),
        a_report(104, camera="K1", class_code=None, **nowhere),
    )
    assert candidates(engine, *asked) == {100: [1, 2, 7], 101: [1, 2], 102: [6, 7]}


def test_on_made_up_reports_with_and_without_positions_every_way_of_asking_agrees(engine: Engine) -> None:
    draw = Random(20190505)
    names = [None, None, None, "", "N1", "N2", "N3"]
    cases = [
        a_report(
            number,
            longitude=draw.choice([None, 113.7, 113.7003, 113.8]),
            latitude=draw.choice([34.4, 34.4003, None]),
            class_code=draw.choice(["C0101", "C0102", None]),
            opened_at=NOON + timedelta(hours=draw.choice([0, 10, 20, 30])),
            **{key: draw.choice(names) for key in JOIN_KEYS},
        )
        for number in range(1, 201)
    ]
    write_cases(engine, cases)
    index = NearbyIndex(RULE)
    for case in cases:
        index.add(case["id"], Spot.of(case))
    expected = {report["id"]: similar_by_hand(report, cases) for report in cases}
    assert sum(map(len, expected.values())) > 1_000
    assert {one["id"]: [c.case_id for c in index.candidates(Spot.of(one))] for one in cases} == expected
    assert candidates(engine, *cases) == {report: found for report, found in expected.items() if found}


def similar_by_hand(report: dict[str, Any], cases: Sequence[dict[str, Any]]) -> list[int]:
    """The rule written out once more, on a plane, for reports within some kilometres."""
    found = []
    for case in cases:
        apart = abs(case["opened_at"] - report["opened_at"])
        if not report["class_code"] or case["class_code"] != report["class_code"] or apart > timedelta(hours=24):
            continue
        if None in (case["longitude"], case["latitude"], report["longitude"], report["latitude"]):
            similar = any(report[key] and report[key] == case[key] for key in JOIN_KEYS)
        else:
            east = (case["longitude"] - report["longitude"]) * 111_195 * cos(radians(34.4))
            similar = hypot(east, (case["latitude"] - report["latitude"]) * 111_195) <= 50
        if similar:
            found.append(case["id"])
    return found


def test_similar_reports_of_a_batch_are_opened_one_after_the_other() -> None:
    reports = [a_report(1), a_report(2, latitude=35.0), a_report(3), a_report(4, class_code="E0101"), a_report(5)]
    groups = [[report["id"] for report in group] for group in apart(RULE, reports)]
    assert groups == [[1, 2, 4], [3], [5]]


def real_reports(source: str, file: str) -> list[MappedReport]:
    path = PROJECT.parent / "shared" / "data" / file
    if not path.exists():
        pytest.skip(f"the real data {file} is not on this machine")
    city = city_from_documents(read_directory(PROJECT / "deployments" / "cities" / "xinzheng").documents)
    mapping = find_mapping(source, {})
    rows = (
        read_report(mapping, row.values, city, datetime(2026, 1, 1, tzinfo=UTC)) for row in read_rows(path, mapping)
    )
    return [report for report in rows if isinstance(report, MappedReport)]


def brute_force(reports: Sequence[MappedReport], each: int) -> list[int]:
    """How many reports before it each so many-th report is similar to, by asking every one of them."""
    longitudes = [np.nan if r.longitude is None else r.longitude for r in reports]
    east, north = np.radians(longitudes), np.radians([r.latitude or 0 for r in reports])
    seconds = np.array([r.opened_at.timestamp() for r in reports])
    classes = np.unique([r.class_code or "" for r in reports], return_inverse=True)[1]
    counts = []
    for i in range(0, len(reports), each):
        close = (classes[:i] == classes[i]) & (abs(seconds[:i] - seconds[i]) <= RULE.within_hours * 3600)
        (those,) = np.nonzero(close)
        chord = np.sin((north[those] - north[i]) / 2) ** 2
        chord += np.cos(north[those]) * np.cos(north[i]) * np.sin((east[those] - east[i]) / 2) ** 2
        counts.append(int((2 * EARTH_RADIUS_METRES * np.arcsin(np.sqrt(chord)) <= RULE.within_metres).sum()))
    return counts


def by_index(reports: Sequence[MappedReport]) -> list[int]:
    index, counts = NearbyIndex(RULE), []
    for number, report in enumerate(reports):
        counts.append(len(index.candidates(report)))
        index.add(number, report)
    return counts


def by_database(engine: Engine, reports: Sequence[MappedReport], each: int) -> list[int]:
    """The candidates of each so many-th report among all cases, as far as their cases are older."""
    rows = [{name: getattr(r, name) for name in Spot.__slots__} | {"id": n} for n, r in enumerate(reports, 1)]
    write_cases(engine, rows)
    with reading(engine) as connection:
        found = find_candidates(connection, RULE, rows[::each])
    return [sum(c.case_id < row["id"] for c in found.get(row["id"], [])) for row in rows[::each]]


@pytest.mark.untraced
def test_on_boston_every_way_of_counting_candidates_agrees(sqlite_engine: Engine) -> None:
    reports = real_reports("boston311", "boston_311_2011_jul_sep.csv.gz")
    counts = brute_force(reports, EACH)
    indexed, stored = by_index(reports), by_database(sqlite_engine, reports, EACH)
    assert sum(indexed) > 20_000
    assert indexed[::EACH] == counts
    assert stored == counts


@pytest.mark.untraced
def test_pingshan_has_no_positions_and_so_no_candidates(sqlite_engine: Engine) -> None:
    reports = real_reports("pingshan", "pingshan_2018_feb_oct.csv")
    counts = [0] * 6_952
    assert by_index(reports) == by_database(sqlite_engine, reports, 1) == brute_force(reports, 1) == counts
