"""Files of pictures are proved by their rows, and files nobody refers to are found."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.picture import OfCase, PictureKind
from tasks.database import reading, transaction
from tasks.picture_proof import PictureFault, PictureProblem, files_without_row, picture_faults
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


def put(engine: Engine, stored: tuple[StoredPicture, ...]) -> None:
    with transaction(engine) as connection:
        write_case(connection, 1, length=1)
        add_pictures(connection, stored, OfCase(1), AFTER, MOMENT)


def faults(engine: Engine, store: PictureStore, after_id: int = 0) -> list[PictureFault]:
    with reading(engine) as connection:
        return list(picture_faults(connection, store, after_id))


def left(engine: Engine, store: PictureStore, before: datetime) -> list[str]:
    with reading(engine) as connection:
        return sorted(file.name for file in files_without_row(connection, store, before))


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
        PictureFault(1, 1, None, stored[0].small_sha256, PictureProblem.MISSING),
        PictureFault(3, 1, None, stored[2].sha256, PictureProblem.ALTERED),
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
