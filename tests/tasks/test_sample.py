"""Made-up reports look like a city's, the same each time; played people act through the inbox, each thing once."""

import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from models.case import CaseClosing
from models.city import City
from models.mapped_report import MappedReport
from models.similar import NearbyIndex
from models.tables import table_of
from tasks.case_store import CASES, EVENTS
from tasks.city_edition import current_city, load_city
from tasks.database import reading, transaction
from tasks.directory import read_directory
from tasks.inbox import INBOX
from tasks.intake import take_in
from tasks.lifecycle import move_cases
from tasks.replay import read_reports
from tasks.sample import Row, make_sample, play, write_sample, write_sample_rows
from tasks.sample_ingredients import ingredients
from tasks.source_mappings import find_mapping
from tests.cities import a_small_city
from tests.replayed import XINZHENG, xinzheng

NOW = datetime(2019, 5, 14, 1, tzinfo=UTC)
"""Tuesday 09:00 in the city."""

NATIVE = find_mapping("native", {})
PUBLIC = {"citizen", "hotline_12345", "hotline_12319"}


def sample(cases: int = 2000, days: int = 14, seed: int = 7, city: City | None = None) -> list[Row]:
    return list(make_sample(city or xinzheng(), cases=cases, days=days, seed=seed, now=NOW))


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return sample()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> list[MappedReport]:
    """The good ones, as the intake reads them."""
    path = tmp_path_factory.mktemp("sample") / "sample.csv"
    write_sample(path, xinzheng(), cases=2000, days=14, seed=7, now=NOW)
    file = read_reports(path, NATIVE, xinzheng(), NOW)
    assert (file.rows, len(file.reports), file.duplicates) == (2000, 1960, 20)
    assert set(file.refused) == {"no_opening_time", "unreadable_time", "opened_in_future", "closed_before_opened"}
    return file.reports


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    def written(seed: int) -> str:
        text = io.StringIO(newline="")
        write_sample_rows(text, make_sample(xinzheng(), cases=300, days=3, seed=seed, now=NOW))
        return text.getvalue()

    assert written(1) == written(1) != written(2)


@pytest.mark.parametrize("cases", [1, 2, 19, 20, 333])
def test_as_many_rows_come_as_were_asked_for(cases: int) -> None:
    assert len(sample(cases, days=1)) == cases


def test_the_mix_is_that_of_a_county(reports: list[MappedReport]) -> None:
    kinds = Counter(report.class_code[0] for report in reports if report.class_code)
    assert 0.90 < kinds["E"] / kinds.total() < 0.98
    sources = Counter(report.source for report in reports)
    assert 0.7 < sources["inspector"] / len(reports) < 0.9
    assert 0.03 < (sources["hotline_12345"] + sources["hotline_12319"]) / len(reports) < 0.12


def test_every_report_lies_in_the_days_asked_for_and_patrols_sleep_at_night(reports: list[MappedReport]) -> None:
    assert all(NOW - timedelta(days=14) <= report.opened_at <= NOW for report in reports)
    hours = {s: {r.opened_at.astimezone(NATIVE.zone).hour for r in reports if r.source == s} for s in ("inspector",)}
    assert hours["inspector"] <= set(range(7, 23))
    assert any(r.opened_at.astimezone(NATIVE.zone).hour in (0, 1, 2, 23) for r in reports if r.source in PUBLIC)


def test_problems_heap_up_at_hot_spots_and_some_are_seen_twice(reports: list[MappedReport]) -> None:
    spots = Counter((report.place, report.class_code) for report in reports)
    assert spots.most_common(1)[0][1] >= 10
    index, similar = NearbyIndex(xinzheng().policy.similar), 0
    for number, report in enumerate(reports):
        similar += bool(index.candidates(report))
        index.add(number, report)
    assert similar > 0.08 * len(reports)


def test_some_of_the_publics_reports_lack_what_a_person_must_find_out(reports: list[MappedReport]) -> None:
    public = [report for report in reports if report.source in PUBLIC]
    for missing in ("class_code", "area", "longitude"):
        share = sum(getattr(report, missing) is None for report in public) / len(public)
        assert 0.02 < share < 0.5, missing
    assert all(report.class_code and report.area for report in reports if report.source == "inspector")


def test_nobody_in_the_reports_exists(reports: list[MappedReport]) -> None:
    named = [report for report in reports if report.reporter_name or report.reporter_phone]
    assert named
    assert {report.source for report in named} <= PUBLIC
    assert all(report.reporter_name in ingredients().names for report in named)
    assert all(report.reporter_phone and report.reporter_phone.startswith("000") for report in named)
    assert all(report.source_id.startswith("SAMPLE-") for report in reports)


def test_a_description_names_the_place_and_what_is_wrong(rows: list[Row]) -> None:
    conditions = {
        (c.code, str(c.number)): c.wording for s in xinzheng().catalogue.subclasses.values() for c in s.conditions
    }
    for row in rows:
        assert row["place"] in row["description"]
        if row["class_code"]:
            assert conditions[row["class_code"], row["condition_no"]].rstrip("。") in row["description"]


def test_a_city_with_another_catalogue_gets_its_own_classes() -> None:
    city = a_small_city()
    made = sample(100, city=city)
    assert {row["class_code"] for row in made} - {""} <= set(city.catalogue.subclasses)
    assert {row["area"] for row in made} <= {*city.areas, ""}


# Played people.


def a_demo(engine: Engine, folder: Path, cases: int) -> City:
    """The model city in force, made-up reports of the last day taken in."""
    files = read_directory(XINZHENG)
    with transaction(engine) as connection:
        load_city(connection, files, NOW - timedelta(days=30), "admin-1")
    with reading(engine) as connection:
        city = current_city(connection)
    write_sample(folder / "s.csv", city, cases=cases, days=1, seed=5, now=NOW)
    take_in(engine, city, bytes(32), folder / "s.csv", NATIVE, now=NOW)
    return city


def go_on(engine: Engine, city: City, step: timedelta, rounds: int, **options: Any) -> list[int]:
    """Visits and played people take turns; returns how many actions were put each time."""
    put = []
    for number in range(rounds):
        now = NOW + step * number
        move_cases(engine, now=now)
        put.append(play(engine, city, now=now, **options))
    return put


def grouped(engine: Engine, column: Any) -> dict[Any, int]:
    with reading(engine) as connection:
        return {value: count for value, count in connection.execute(select(column, func.count()).group_by(column))}


def test_at_the_pace_of_a_demo_cases_are_closed_within_two_minutes(engine: Engine, tmp_path: Path) -> None:
    city = a_demo(engine, tmp_path, cases=40)
    go_on(engine, city, timedelta(seconds=10), rounds=12)
    assert grouped(engine, CASES.c.state).get("closed", 0) >= 10
    assert grouped(engine, INBOX.c.state).get("refused", 0) == 0


def test_at_their_own_pace_most_are_in_time_some_late_and_every_branch_is_walked(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    city = a_demo(sqlite_engine, tmp_path, cases=250)
    put = go_on(sqlite_engine, city, timedelta(hours=2), rounds=72, pace=1)
    assert put[0] == 0  # nobody acts in the moment a report comes in
    states = grouped(sqlite_engine, CASES.c.state)
    assert states["closed"] > 0.85 * (sum(states.values()) - states["merged"])
    on_time = grouped(sqlite_engine, table_of(CaseClosing).c.closed_on_time)
    assert 0.02 < on_time[False] / sum(on_time.values()) < 0.25
    assert grouped(sqlite_engine, INBOX.c.state).keys() <= {"done", "waiting"}
    assert set(grouped(sqlite_engine, INBOX.c.origin)) == {"played"}
    done = set(grouped(sqlite_engine, INBOX.c.action))
    seats = {"correct", "merge", "accept", "reject", "file", "dispatch", "close", "decide"}
    assert done >= seats | {"verify", "receive", "hand_back", "ask", "report_handled", "check"}
    results = {**grouped(sqlite_engine, EVENTS.c.origin)}
    assert set(results) == {"intake", "rule", "played"}


def test_playing_twice_does_nothing_twice(engine: Engine, tmp_path: Path) -> None:
    city = a_demo(engine, tmp_path, cases=30)
    later = NOW + timedelta(minutes=1)
    move_cases(engine, now=NOW)
    first = play(engine, city, now=later)
    assert first > 0
    assert play(engine, city, now=later) == 0
    assert play(engine, city, now=later + timedelta(seconds=30)) >= 0
    with reading(engine) as connection:
        keys = connection.execute(select(INBOX.c.key)).scalars().all()
        cases = connection.execute(select(INBOX.c.case_id)).scalars().all()
    assert len(set(keys)) == len(keys)
    assert len(set(cases)) == len(cases)  # each case waits for one thing until the next visit


def test_no_more_is_put_than_asked_for_and_the_rest_comes_next(sqlite_engine: Engine, tmp_path: Path) -> None:
    city = a_demo(sqlite_engine, tmp_path, cases=40)
    move_cases(sqlite_engine, now=NOW)
    later = NOW + timedelta(minutes=2)
    counts = [play(sqlite_engine, city, now=later, limit=10) for _ in range(6)]
    assert counts[:3] == [10, 10, 10]
    assert counts[-1] == 0
    assert sum(counts) > 30


def test_each_action_is_put_at_the_moment_it_is_done(sqlite_engine: Engine, tmp_path: Path) -> None:
    city = a_demo(sqlite_engine, tmp_path, cases=40)
    move_cases(sqlite_engine, now=NOW)
    later = NOW + timedelta(seconds=20)
    play(sqlite_engine, city, now=later)
    with reading(sqlite_engine) as connection:
        moments = connection.execute(select(INBOX.c.received_at)).scalars().all()
    assert len(set(moments)) > 20
    assert all(NOW < moment <= later for moment in moments)
