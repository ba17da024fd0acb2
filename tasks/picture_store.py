"""Where the files of pictures lie: a folder, or any place fsspec knows. A file is called by the digest of its content.

PictureStoreError
├── StoreUnusable    the place does not exist, or cannot be written to or read
└── PictureMissing   no file of this digest
"""

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from fsspec.core import url_to_fs

from tasks.picture_frames import ReadPicture

_DIGEST = re.compile(r"[0-9a-f]{64}")
_OWN_FILE = re.compile(r"([0-9a-f]{64})\.jpg(\.[0-9a-f]{16}\.part)?")


class PictureStoreError(Exception):
    """Something is wrong with the place pictures are kept in."""


class StoreUnusable(PictureStoreError):
    """The place named by ZHIHUI_PICTURES cannot be used."""


class PictureMissing(PictureStoreError):
    """There is no file of this digest."""


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture whose two files are in the store: only such a one gets a row."""

    original_sha256: str
    original_bytes: int
    original_format: str
    sha256: str
    bytes: int
    small_sha256: str
    width: int
    height: int
    likeness: int | None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file found in the store: its name there, its digest, and when it was written, where the place tells."""

    name: str
    digest: str
    finished: bool
    """False for one whose writing broke off."""
    written_at: datetime | None


class PictureStore:
    """The files of pictures under one address. Names are digests: nothing a person typed becomes part of a path."""

    def __init__(self, address: str) -> None:
        """Example: PictureStore(settings.pictures), with a folder or an address such as s3://bucket/pictures.

        Raises: StoreUnusable for an address no installed file system understands.
        """
        try:
            self._files, self._folder = url_to_fs(address)
        except (ValueError, ImportError) as error:
            protocol = address.partition("://")[0] if "://" in address else "file"
            raise StoreUnusable(
                f"ZHIHUI_PICTURES begins with {protocol}://, which no installed file system understands. Give a "
                "folder, or install the fsspec package of that place, for example s3fs for s3://."
            ) from error

    def keep(self, pictures: Sequence[ReadPicture]) -> tuple[StoredPicture, ...]:
        """Write both copies of each picture; a file that is there already is written again, which changes nothing.

        Raises: StoreUnusable.
        """
        return tuple(
            StoredPicture(
                original_sha256=picture.original_sha256,
                original_bytes=picture.original_bytes,
                original_format=picture.original_format,
                sha256=self._write(picture.full),
                bytes=len(picture.full),
                small_sha256=self._write(picture.small),
                width=picture.width,
                height=picture.height,
                likeness=picture.likeness,
            )
            for picture in pictures
        )

    def read(self, digest: str) -> bytes:
        """The JPEG of a digest, as it lies there.

        Raises: PictureMissing also for a text that is no digest; StoreUnusable.
        """
        if not _DIGEST.fullmatch(digest):
            raise PictureMissing("No picture is called so: a picture's name is 64 digits of 0-9 and a-f.")
        try:
            content: bytes = self._files.cat_file(self._path(digest))
        except FileNotFoundError as error:
            raise PictureMissing(f"The picture {digest} is not in the store. Put it back from your backup.") from error
        except OSError as error:
            raise _unusable("read", error) from error
        return content

    def files(self) -> Iterator[StoredFile]:
        """Every file of ours, a shelf at a time, those whose writing broke off among them.

        Raises: StoreUnusable.
        """
        self._files.invalidate_cache()
        for shelf in range(256):
            for found in self._shelf(f"{shelf:02x}"):
                name = str(found["name"]).rpartition("/")[2]
                own = _OWN_FILE.fullmatch(name)
                if own:
                    yield StoredFile(name, own[1], own[2] is None, _written_at(found))

    def remove(self, file: StoredFile, before: datetime) -> bool:
        """Remove a file last written before a moment; False where it is gone, or was written again since it was found.

        Raises: StoreUnusable.
        """
        path = f"{self._folder}/{file.digest[:2]}/{file.name}"
        try:
            self._files.invalidate_cache(path)
            written_at = _written_at(self._files.info(path))
            if written_at is None or written_at >= before:
                return False
            self._files.rm_file(path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unusable("written", error) from error
        return True

    def _shelf(self, shelf: str) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = self._files.ls(f"{self._folder}/{shelf}", detail=True)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable("read", error) from error
        return found

    def _path(self, digest: str) -> str:
        # A shelf for each first two digits: no folder grows to hundreds of thousands of files.
        return f"{self._folder}/{digest[:2]}/{digest}.jpg"

    def _write(self, content: bytes) -> str:
        """Under another name first, then moved: nobody ever finds half a file under a digest."""
        digest = sha256(content).hexdigest()
        path = self._path(digest)
        draft = f"{path}.{secrets.token_hex(8)}.part"
        try:
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            with self._files.open(draft, "wb") as file:
                file.write(content)
                _reach_the_disk(file)
            self._files.mv(draft, path)
        except OSError as error:
            self._discard(draft)
            raise _unusable("written", error) from error
        return digest

    def _discard(self, draft: str) -> None:
        # Where not even this works, housekeeping finds the draft.
        with suppress(OSError):
            self._files.rm_file(draft)


def _reach_the_disk(file: Any) -> None:
    """A local file outlives a power cut from here on, as its row will; other places have their own promise."""
    file.flush()
    try:
        number = file.fileno()
    except (AttributeError, OSError):
        return
    os.fsync(number)


def _written_at(found: dict[str, Any]) -> datetime | None:
    """When a file was written, as far as this kind of place tells."""
    for name in ("mtime", "LastModified", "created"):
        at = found.get(name)
        if isinstance(at, (int, float)):
            return datetime.fromtimestamp(at, UTC)
        if isinstance(at, datetime):
            return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def _unusable(what: str, error: OSError) -> StoreUnusable:
    # The error's own text could hold an address with its password.
    return StoreUnusable(
        f"The picture store cannot be {what}: {error.strerror or type(error).__name__}. See that the place named by "
        "ZHIHUI_PICTURES exists, has room, and lets this program read and write."
    )
