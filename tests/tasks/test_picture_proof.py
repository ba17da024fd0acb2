"""Files of pictures are proved by their rows, and files nobody refers to are found."""

import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.chain import Problem
from models.picture import OfCase, OfReport, PictureKind
from tasks.audit import verify_all, verify_case
from tasks.database import reading, transaction
from tasks.picture_proof import (
    PictureFault,
    PictureProblem,
    files_without_row,
    picture_faults,
    remove_files_without_row,
)
from tasks.picture_store import PictureStore, StoredPicture
from tasks.pictures import Handed, add_pictures
from tests.event_rows import MOMENT, write_case
from tests.pictures import a_read_picture, a_scene, encoded

AFTER = Handed(PictureKind.AFTER, "lihe-duty", "desk")


@pytest.fixture
def store(tmp_path: Path) -> PictureStore:
    """An empty store in a folder."""
    return PictureStore(str(tmp_path / "pictures"))


def keep(store: PictureStore, count: int) -> tuple[StoredPicture, ...]:
    return store.keep([a_read_picture(encoded(a_scene(seed, 96, 72))) for seed in range(count)])


def put(engine: Engine, stored: tuple[StoredPicture, ...], now: datetime = MOMENT) -> None:
    with transaction(engine) as connection:
        write_case(connection, 1, length=1)
        add_pictures(connection, stored, OfCase(1), AFTER, now)


def faults(engine: Engine, store: PictureStore, after_id: int = 0) -> list[PictureFault]:
    return list(picture_faults(engine, store, after_id))


def left(engine: Engine, store: PictureStore, before: datetime) -> list[str]:
    with reading(engine) as connection:
        return sorted(file.name for file in files_without_row(connection, store, before))


def digest_of(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def path(tmp_path: Path, digest: str) -> Path:
    return tmp_path / "pictures" / digest[:2] / f"{digest}.jpg"


def test_files_that_are_what_their_rows_say_have_no_fault(engine: Engine, store: PictureStore) -> None:
    put(engine, keep(store, 3))
    assert faults(engine, store) == []


def test_files_that_are_missing_or_altered_are_named_with_their_row(
    engine: Engine, store: PictureStore, tmp_path: Path
) -> None:
    stored = keep(store, 3)
    put(engine, stored)
    path(tmp_path, stored[0].small_sha256).unlink()
    altered = path(tmp_path, stored[2].sha256)
    altered.write_bytes(altered.read_bytes()[:-1] + b"\x00")
    expected = [
        PictureFault(1, 1, None, stored[0].small_sha256, PictureProblem.MISSING, "small_sha256"),
        PictureFault(3, 1, None, stored[2].sha256, PictureProblem.ALTERED, "sha256", digest_of(altered)),
    ]
    assert faults(engine, store) == expected
    assert faults(engine, store, after_id=1) == expected[1:]


def test_files_of_a_crash_before_the_row_are_found_when_they_are_old_enough(
    engine: Engine, store: PictureStore, tmp_path: Path
) -> None:
    *with_row, without = keep(store, 3)
    put(engine, tuple(with_row))
    broken_off = path(tmp_path, without.sha256).with_suffix(f".jpg.{'0' * 16}.part")
    broken_off.write_bytes(b"half")
    now = datetime.now(UTC)
    assert left(engine, store, now + timedelta(minutes=1)) == sorted(
        [f"{without.sha256}.jpg", f"{without.small_sha256}.jpg", broken_off.name]
    )
    assert left(engine, store, now - timedelta(hours=1)) == []


def test_where_no_picture_was_ever_kept_nothing_is_found(engine: Engine, store: PictureStore) -> None:
    assert faults(engine, store) == []
    assert left(engine, store, datetime.now(UTC)) == []


def test_the_proof_reads_files_when_asked_and_names_the_first_with_its_case(
    engine: Engine, store: PictureStore, tmp_path: Path
) -> None:
    stored = keep(store, 2)
    with transaction(engine) as connection:
        write_case(connection, 1, length=1)
        write_case(connection, 2, length=1)
        for number, picture in enumerate(stored, start=1):
            add_pictures(connection, [picture], OfReport(number), AFTER, MOMENT)
    report = verify_all(engine, store=store)
    assert (report.intact, report.pictures, report.unnamed_pictures, report.files) == (True, 0, 2, 4)
    altered = path(tmp_path, stored[1].small_sha256)
    altered.write_bytes(b"another picture")
    told: list[int] = []
    report = verify_all(engine, store=store, on_files=told.append)
    assert (report.broken_case, report.files, told) == ("R20190505000002", 2, [2])
    with reading(engine) as connection:
        first, second = (verify_case(connection, case_id, store) for case_id in (1, 2))
    assert (first.broken, first.pictures, first.files_read) == (None, 1, True)
    assert second.broken == report.broken
    assert report.broken is not None
    assert (report.broken.problem, report.broken.case_id, report.broken.row_id) == (Problem.FILE_ALTERED, 2, 2)
    assert (report.broken.expected, report.broken.found) == (stored[1].small_sha256, digest_of(altered))
    altered.unlink()
    broken = verify_all(engine, store=store).broken
    assert broken is not None
    assert (broken.problem, broken.column, broken.found) == (Problem.FILE_MISSING, "small_sha256", "no file")


def aged(tmp_path: Path, at: datetime) -> None:
    """Let every file of the store look as old as this."""
    for file in (tmp_path / "pictures").rglob("*"):
        os.utime(file, (at.timestamp(), at.timestamp()))


def test_files_without_row_are_removed_so_many_at_once_and_nothing_else(
    engine: Engine, store: PictureStore, tmp_path: Path
) -> None:
    *with_row, lost, written_again = keep(store, 4)
    now = datetime.now(UTC)
    put(engine, tuple(with_row), now - timedelta(hours=30))
    foreign = tmp_path / "pictures" / lost.sha256[:2] / "notes.txt"
    foreign.write_text("kept by hand")
    aged(tmp_path, now - timedelta(days=2))
    path(tmp_path, written_again.sha256).touch()
    path(tmp_path, written_again.small_sha256).touch()
    before = now - timedelta(days=1)
    assert [remove_files_without_row(engine, store, before, 1) for _ in range(3)] == [1, 1, 0]
    assert foreign.exists()
    assert faults(engine, store) == []
    kept = {digest for picture in (*with_row, written_again) for digest in (picture.sha256, picture.small_sha256)}
    assert {file.digest for file in store.files()} == kept


@pytest.mark.parametrize("rows", [0, 1])
def test_in_front_of_an_empty_or_an_older_database_no_younger_file_is_removed(
    sqlite_engine: Engine, store: PictureStore, tmp_path: Path, rows: int
) -> None:
    stored = keep(store, 2)
    now = datetime.now(UTC)
    if rows:
        put(sqlite_engine, stored[:1], now - timedelta(days=9))
    aged(tmp_path, now - timedelta(days=8))
    assert remove_files_without_row(sqlite_engine, store, now - timedelta(days=1), 100) == 0
    assert len(list(store.files())) == 4


def test_a_file_written_again_since_it_was_found_or_gone_by_now_is_not_removed(
    sqlite_engine: Engine, store: PictureStore, tmp_path: Path
) -> None:
    keep(store, 1)
    now = datetime.now(UTC)
    aged(tmp_path, now - timedelta(days=2))
    with reading(sqlite_engine) as connection:
        found = list(files_without_row(connection, store, now - timedelta(days=1)))
    assert len(found) == 2
    path(tmp_path, found[0].digest).touch()
    path(tmp_path, found[1].digest).unlink()
    assert [store.remove(file, now - timedelta(days=1)) for file in found] == [False, False]
    assert path(tmp_path, found[0].digest).exists()
