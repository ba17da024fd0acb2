"""Do pictures fit what events say, and their files their rows? For the proof, and for housekeeping."""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, Row, exists, select, union

from models.case import Report, WaitingAction
from models.chain import Broken, Problem
from models.evaluation import EvaluationEntry
from models.tables import table_of
from models.told_pictures import CasePictures
from tasks.database import reading
from tasks.picture_store import PictureMissing, PictureStore, StoredFile
from tasks.pictures import PICTURES

LOG = logging.getLogger("zhihui.pictures")

_REPORTS, _INBOX = table_of(Report), table_of(WaitingAction)
_ENTRIES = table_of(EvaluationEntry)

_ROWS_AT_ONCE = 500

_FILES = ("sha256", "small_sha256")
"""Columns that name files."""


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
    column: str = "sha256"
    found: str = ""
    """Digest of what the file holds, where it is there."""


def pictures_of_span(connection: Connection, first: int, last: int) -> dict[int, CasePictures]:
    """The pictures of the cases from one id to another, of those that have any, for the proof of these cases."""
    told = [PICTURES.c[name] for name in ("id", "case_id", "kind", "sha256")]
    own = select(PICTURES.c.case_id.label("of"), *told).where(PICTURES.c.case_id.between(first, last))
    reported = (
        select(_REPORTS.c.case_id.label("of"), *told)
        .join(_REPORTS, _REPORTS.c.id == PICTURES.c.report_id)
        .where(_REPORTS.c.case_id.between(first, last))
    )
    rows: dict[int, list[Any]] = {}
    for row in connection.execute(own.union_all(reported).order_by("id")).mappings():
        rows.setdefault(row["of"], []).append(row)
    unsettled = _unsettled(connection, first, last) if rows else {}
    return {case_id: CasePictures(some, unsettled.get(case_id, ())) for case_id, some in rows.items()}


def _unsettled(connection: Connection, first: int, last: int) -> dict[int, list[str]]:
    """What the actions say that wait or were refused, of the cases that have pictures of their own."""
    statement = (
        select(_INBOX.c.case_id, _INBOX.c.facts)
        .where(_INBOX.c.case_id.between(first, last), _INBOX.c.state != "done")
        .where(exists().where(PICTURES.c.case_id == _INBOX.c.case_id))
    )
    found: dict[int, list[str]] = {}
    for case_id, facts in connection.execute(statement):
        found.setdefault(case_id, []).append(facts)
    return found


def picture_faults(
    engine: Engine, store: PictureStore, after_id: int = 0, on_files: Callable[[int], None] | None = None
) -> Generator[PictureFault, None, None]:
    """Every file that is missing or altered, row by row in their order, from the one behind `after_id` on.

    Reads every file: half a megabyte a picture. A file several rows share is named for each. `on_files` is told after
    each row how many files were read. While files are read no
    transaction is open: however long it takes, it holds up nobody.
    Raises: StoreUnusable.
    """
    some, read = _with_files().order_by(PICTURES.c.id).limit(_ROWS_AT_ONCE), 0
    while True:
        with reading(engine) as connection:
            rows = connection.execute(some.where(PICTURES.c.id > after_id)).all()
        if not rows:
            return
        for row in rows:
            yield from _faults_of(row, store)
            read += len(_FILES)
            if on_files:
                on_files(read)
        after_id = rows[-1].id


def case_picture_faults(connection: Connection, store: PictureStore, case_id: int) -> Iterator[PictureFault]:
    """The files of one case and its reports that are missing or altered.

    Raises: StoreUnusable.
    """
    reports = select(_REPORTS.c.id).where(_REPORTS.c.case_id == case_id)
    own = _with_files().where(PICTURES.c.case_id == case_id)
    reported = _with_files().where(PICTURES.c.report_id.in_(reports))
    for row in connection.execute(own.union_all(reported).order_by("id")).all():
        yield from _faults_of(row, store)


def told_fault(connection: Connection, fault: PictureFault) -> Broken:
    """A file's fault in the words of the proof, with the case it belongs to."""
    case_id = fault.case_id
    if case_id is None:
        case_id = connection.scalar(select(_REPORTS.c.case_id).where(_REPORTS.c.id == fault.report_id))
    missing = fault.problem is PictureProblem.MISSING
    problem = Problem.FILE_MISSING if missing else Problem.FILE_ALTERED
    found = "no file" if missing else fault.found
    return Broken(problem, case_id or 0, 0, "picture", fault.picture_id, fault.digest, found, fault.column)


def files_without_row(connection: Connection, store: PictureStore, before: datetime) -> Iterator[StoredFile]:
    """Files written before a moment that no row names: what a crash between file and row, or within a file, left.

    `before` should be an hour ago or more: a picture that is being handed in has its files and not yet its row. A file
    whose age the place does not tell is passed over.
    Raises: StoreUnusable.
    """
    old = (file for file in store.files() if file.written_at is not None and file.written_at < before)
    while some := list(islice(old, _ROWS_AT_ONCE)):
        named = _named(connection, some)
        yield from (file for file in some if not file.finished or file.digest not in named)


def remove_files_without_row(engine: Engine, store: PictureStore, before: datetime, most: int) -> int:
    """Removes files written before a moment that no row names, at most so many; returns how many.

    Killed at any line it left some of them, which the next call finds. A picture that is handed in again meanwhile was
    written again, so each file's age is looked at once more as it is removed. Files younger than the newest row stay:
    in front of a database that is empty, or came back from an older copy, they are what is left of the lost rows.
    Raises: StoreUnusable.
    """
    with reading(engine) as connection:
        newest = connection.scalar(select(PICTURES.c.at).order_by(PICTURES.c.id.desc()).limit(1))
        if newest is None:
            return 0
        before = min(before, newest)
        found = list(islice(files_without_row(connection, store, before), most))
    removed = 0
    for file in found:
        if store.remove(file, before):
            removed += 1
            LOG.info("picture file %s removed: no row names it", file.name, extra={"action": "picture_file_removed"})
    return removed


def _named(connection: Connection, files: Iterable[StoredFile]) -> set[str]:
    digests = {file.digest for file in files}
    columns = [*(PICTURES.c[name] for name in _FILES), _ENTRIES.c.file]
    return set(connection.scalars(union(*(select(column).where(column.in_(digests)) for column in columns))))


def _with_files() -> Any:
    return select(*(PICTURES.c[name] for name in ("id", "case_id", "report_id", *_FILES)))


def _faults_of(row: Row[Any], store: PictureStore) -> Iterator[PictureFault]:
    for column in _FILES:
        digest = getattr(row, column)
        found = _digest_of_file(store, digest)
        if found != digest:
            problem = PictureProblem.ALTERED if found else PictureProblem.MISSING
            yield PictureFault(row.id, row.case_id, row.report_id, digest, problem, column, found)


def _digest_of_file(store: PictureStore, digest: str) -> str:
    try:
        return sha256(store.read(digest)).hexdigest()
    except PictureMissing:
        return ""
