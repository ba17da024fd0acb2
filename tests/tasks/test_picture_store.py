"""Files of pictures are called by their digests, are whole or not there, and lie wherever fsspec reaches."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tasks.picture_store import PictureMissing, PictureStore, StoreUnusable
from tasks.settings import Settings
from tests.pictures import HEIC, a_read_picture

PICTURE = a_read_picture(HEIC)


@pytest.fixture(params=["folder", "file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PictureStore]:
    """An empty store, in a folder, in one named by an address, and in another kind of place."""
    addresses = {"folder": str(tmp_path / "图片 a"), "file": f"file://{tmp_path}/b", "memory": "memory://pictures"}
    yield PictureStore(addresses[request.param])
    MemoryFileSystem.store.clear()


def test_what_is_kept_is_read_again_under_the_digest_of_its_content(store: PictureStore) -> None:
    (stored,) = store.keep([PICTURE])
    assert store.read(stored.sha256) == PICTURE.full
    assert store.read(stored.small_sha256) == PICTURE.small
    assert (stored.sha256, stored.small_sha256) == tuple(
        sha256(copy).hexdigest() for copy in (PICTURE.full, PICTURE.small)
    )
    told = (stored.original_sha256, stored.bytes, stored.width, stored.height, stored.likeness)
    assert told == (sha256(HEIC).hexdigest(), len(PICTURE.full), 48, 64, PICTURE.likeness)


def test_the_same_picture_again_is_the_same_two_files(store: PictureStore) -> None:
    assert store.keep([PICTURE]) == store.keep([PICTURE])
    assert [file.finished for file in store.files()] == [True, True]


def test_every_file_is_found_with_its_digest_and_its_time(store: PictureStore) -> None:
    assert list(store.files()) == []
    (stored,) = store.keep([PICTURE])
    files = list(store.files())
    assert {file.digest for file in files} == {stored.sha256, stored.small_sha256}
    for file in files:
        assert file.name == f"{file.digest}.jpg"
        assert file.written_at is not None
        assert abs((datetime.now(UTC) - file.written_at).total_seconds()) < 60


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "..", "", "a" * 63, "A" * 64, "a" * 64 + "\n", "a" * 60 + "/../", "x" * 64],
)
def test_a_name_that_is_no_digest_reaches_no_file(store: PictureStore, name: str) -> None:
    with pytest.raises(PictureMissing, match="No picture is called so"):
        store.read(name)


def test_a_picture_that_is_not_there_is_named(store: PictureStore) -> None:
    with pytest.raises(PictureMissing, match=f"The picture {'a' * 64} is not in the store"):
        store.read("a" * 64)


def test_only_whole_files_stand_under_a_digest(tmp_path: Path) -> None:
    store = PictureStore(str(tmp_path))
    (stored,) = store.keep([PICTURE])
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == sorted(
        [f"{stored.sha256}.jpg", f"{stored.small_sha256}.jpg"]
    )
    broken_off = tmp_path / stored.sha256[:2] / f"{stored.sha256}.jpg.{'0' * 16}.part"
    broken_off.write_bytes(PICTURE.full[:100])
    (tmp_path / stored.sha256[:2] / "notes.txt").write_text("not ours")
    assert [file.name for file in store.files() if not file.finished] == [broken_off.name]
    assert len(list(store.files())) == 3


def test_a_place_that_cannot_be_written_to_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnusable, match=r"The picture store cannot be written: .+\. See that the place named by"):
        PictureStore(str(tmp_path / "file")).keep([PICTURE])


def test_a_place_of_an_unknown_kind_is_an_error_that_shows_no_password() -> None:
    with pytest.raises(StoreUnusable, match="begins with nowhere://") as error:
        PictureStore("nowhere://user:secret@host/pictures")
    assert "secret" not in str(error.value)


def test_pictures_lie_in_the_state_folder_unless_the_machine_says_otherwise(settings: Settings) -> None:
    assert settings.pictures == str(settings.home / "pictures")
    assert settings.pictures_alike_within == 6
    assert "pictures=" not in repr(settings)
