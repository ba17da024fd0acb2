"""Do the files of pictures fit their rows? For the proof, and for housekeeping."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from itertools import islice

from sqlalchemy import Connection, select, union

from tasks.picture_store import PictureMissing, PictureStore, StoredFile
from tasks.pictures import PICTURES

_ROWS_AT_ONCE = 500


class PictureProblem(StrEnum):
    """What can be wrong with a file: it is not there, or is not what its row says."""

    MISSING = "missing"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class PictureFault:
    """A row whose file does not fit."""

    picture_id: int
    case_id: int | None
    report_id: int | None
    digest: str
    """What the file should hold, which is also its name."""
    problem: PictureProblem


def picture_faults(connection: Connection, store: PictureStore, after_id: int = 0) -> Iterator[PictureFault]:
    """Every file that is missing or altered, row by row in their order, from the one behind `after_id` on.

    Reads every file: half a megabyte a picture. A file several rows share is named for each.
    Raises: StoreUnusable.
    """
    columns = [PICTURES.c[name] for name in ("id", "case_id", "report_id", "sha256", "small_sha256")]
    some = select(*columns).order_by(PICTURES.c.id).limit(_ROWS_AT_ONCE)
    while rows := connection.execute(some.where(PICTURES.c.id > after_id)).all():
        for row in rows:
            for digest in (row.sha256, row.small_sha256):
                problem = _problem(store, digest)
                if problem:
                    yield PictureFault(row.id, row.case_id, row.report_id, digest, problem)
        after_id = rows[-1].id


def files_without_row(connection: Connection, store: PictureStore, before: datetime) -> Iterator[StoredFile]:
    """Files written before a moment that no row names: what a crash between file and row, or within a file, left.

    `before` should be an hour ago or more: a picture that is being handed in has its files and not yet its row.
    Raises: StoreUnusable.
    """
    old = (file for file in store.files() if file.written_at is None or file.written_at < before)
    while some := list(islice(old, _ROWS_AT_ONCE)):
        digests = {file.digest for file in some}
        columns = (PICTURES.c.sha256, PICTURES.c.small_sha256)
        named = set(connection.scalars(union(*(select(column).where(column.in_(digests)) for column in columns))))
        yield from (file for file in some if not file.finished or file.digest not in named)


def _problem(store: PictureStore, digest: str) -> PictureProblem | None:
    try:
        content = store.read(digest)
    except PictureMissing:
        return PictureProblem.MISSING
    return None if sha256(content).hexdigest() == digest else PictureProblem.ALTERED
