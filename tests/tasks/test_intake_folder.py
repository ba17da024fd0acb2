"""Files of the drop folder are taken in when they are complete, and put aside; doing it again loses nothing."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from models.case import Report
from models.city import City
from models.tables import table_of
from tasks.city_edition import current_city, load_city
from tasks.database import reading, transaction
from tasks.directory import DirectoryFiles
from tasks.intake import FileReport, take_in, take_in_folder
from tasks.settings import Settings
from tasks.source_mappings import find_mapping, known_sources, mapping_in_force
from tests.cities import SMALL_CITY
from tests.source_files import MAPPING, a_row, csv_bytes, write_file

NOW = datetime(2019, 5, 5, 4, tzinfo=UTC)
DOCUMENTS = {**SMALL_CITY, "sources/citizen.yaml": MAPPING.replace("source: hotline", "source: citizen")}
NATIVE = b"source_id,opened_at,class_code,condition_no\nN1,2019-05-05 08:00,E0101,1\n"


@pytest.fixture
def city(sqlite_engine: Engine) -> City:
    with transaction(sqlite_engine) as connection:
        load_city(connection, DirectoryFiles(DOCUMENTS), NOW, "admin")
        return current_city(connection)


@pytest.fixture
def folder(settings: Settings) -> Path:
    settings.drop_folder.mkdir(parents=True)
    return settings.drop_folder


def put(path: Path, content: bytes, age_seconds: float = 60) -> Path:
    write_file(path, content)
    moment = NOW.timestamp() - age_seconds
    os.utime(path, (moment, moment))
    return path


def visit(engine: Engine, settings: Settings, city: City, now: datetime = NOW) -> list[FileReport]:
    return take_in_folder(engine, settings, city, settings.drop_folder, now=now)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_is_taken_in_by_the_folder_it_lies_in_and_put_aside(
    sqlite_engine: Engine, settings: Settings, city: City, folder: Path
) -> None:
    put(folder / "ours.csv", NATIVE)
    put(folder / "citizen" / "a.csv.gz", csv_bytes([a_row(1), a_row(2, 时间="?")]))
    assert visit(sqlite_engine, settings, city) == [FileReport("ours.csv", 1), FileReport("a.csv.gz", 1, 0, 1)]
    assert names(folder) == ["citizen/done/a.csv.gz", "done/ours.csv"]
    assert visit(sqlite_engine, settings, city) == []


def test_a_file_that_cannot_be_read_is_put_aside_with_its_reason(
    sqlite_engine: Engine, settings: Settings, city: City, folder: Path
) -> None:
    put(folder / "citizen" / "a.csv", b"\x89PNG")
    put(folder / "nobody" / "b.csv", NATIVE)
    put(folder / "ours.csv", NATIVE)
    reports = visit(sqlite_engine, settings, city)
    assert [report.taken for report in reports] == [1, 0, 0]
    assert names(folder) == [
        *("citizen/failed/a.csv", "citizen/failed/a.csv.reason.txt", "done/ours.csv"),
        *("nobody/failed/b.csv", "nobody/failed/b.csv.reason.txt"),
    ]
    reason = (folder / "nobody/failed/b.csv.reason.txt").read_text("utf-8")
    assert reason.startswith("没有来源“nobody”的列对应表；现有：boston311, citizen, native, pingshan。")
    assert reports[2].problem in reason


def test_what_may_still_be_written_or_is_no_file_of_reports_is_left_alone(
    sqlite_engine: Engine, settings: Settings, city: City, folder: Path
) -> None:
    put(folder / "fresh.csv", NATIVE, age_seconds=4)
    for name in ("a.csv.part", "b.tmp", ".hidden.csv", "~$book.xlsx"):
        put(folder / name, NATIVE)
    (folder / "link.csv").symlink_to(put(settings.home / "elsewhere.csv", NATIVE))
    before = names(folder)
    assert visit(sqlite_engine, settings, city) == []
    assert names(folder) == before
    assert visit(sqlite_engine, settings, city, NOW + timedelta(seconds=1)) == [FileReport("fresh.csv", 1)]


def test_a_file_from_the_future_is_told_and_left(
    sqlite_engine: Engine, settings: Settings, city: City, folder: Path
) -> None:
    put(folder / "late.csv", NATIVE, age_seconds=-3600)
    (report,) = visit(sqlite_engine, settings, city)
    assert report.problem.startswith("文件 late.csv 的修改时间在将来")
    assert names(folder) == ["late.csv"]


def test_a_file_of_a_name_that_was_there_before_replaces_nothing(
    sqlite_engine: Engine, settings: Settings, city: City, folder: Path
) -> None:
    for content in (NATIVE, NATIVE.replace(b"N1", b"N2"), NATIVE.replace(b"N1", b"N3")):
        put(folder / "ours.csv.gz", content)
        visit(sqlite_engine, settings, city)
    assert names(folder) == ["done/ours-2.csv.gz", "done/ours-3.csv.gz", "done/ours.csv.gz"]


def test_killed_between_taking_in_and_putting_aside_the_next_visit_finishes(
    sqlite_engine: Engine, settings: Settings, city: City, folder: Path
) -> None:
    path = put(folder / "ours.csv", NATIVE)
    with reading(sqlite_engine) as connection:
        mapping = mapping_in_force(connection, city, "native")
    take_in(sqlite_engine, city, settings.secret_key("personal"), path, mapping, now=NOW)
    assert visit(sqlite_engine, settings, city) == [FileReport("ours.csv", 0, 1)]
    assert names(folder) == ["done/ours.csv"]
    with reading(sqlite_engine) as connection:
        assert connection.scalar(select(func.count()).select_from(table_of(Report))) == 1


def test_what_was_taken_in_is_told_though_the_file_was_moved_away_meanwhile(
    sqlite_engine: Engine, settings: Settings, city: City, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder / "ours.csv", NATIVE)

    def gone(path: Path, *_: object) -> None:
        raise FileNotFoundError(path)

    monkeypatch.setattr("tasks.intake.put_aside", gone)
    assert visit(sqlite_engine, settings, city) == [FileReport("ours.csv", 1)]


def test_the_mapping_of_the_city_comes_before_the_shipped_one() -> None:
    own = MAPPING.replace("source: hotline", "source: native")
    assert find_mapping("native", {"sources/native.yaml": own}).columns["source_id"] == ("编号",)
    assert find_mapping("native", {}).columns["source_id"] == ("source_id",)
    assert known_sources({}) == ["boston311", "native", "pingshan"]
