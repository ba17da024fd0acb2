"""Take in a file of reports, or every file of the drop folder: each row once, whatever happens in between."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, update

from models.case import IntakeBatch
from models.city import City
from models.mapped_report import MappedReport, read_report
from models.raw_row import RawRow
from models.refusal import Refusal
from models.source_mapping import SourceMapping
from models.tables import table_of
from tasks.database import reading, transaction
from tasks.drop_folder import DONE, FAILED, files_in, is_complete, put_aside
from tasks.intake_errors import FileFromFuture, FileMissing, IntakeFileError
from tasks.intake_reading import read_rows
from tasks.numbers import NumberSeries
from tasks.refused_rows import keep_refused
from tasks.reports import known_ids, write_reports
from tasks.settings import Settings
from tasks.source_mappings import mapping_in_force

LOG = logging.getLogger("zhihui.intake")

BATCHES = table_of(IntakeBatch)

CHUNK_ROWS = 1000
"""Rows a transaction: long enough to be fast, short enough that another writer waits under a second."""

ROOT_SOURCE = "native"
"""The source of files that lie in the drop folder itself: they have our own columns."""

CHUNK_CHARACTERS = 1 << 23
"""A chunk ends here too, so that memory does not grow with the length of rows."""


@dataclass(frozen=True, slots=True)
class IntakeReport:
    """What became of the rows of a file. Rows are taken, duplicates or refused, each of them one of these."""

    batch_id: int
    rows: int = 0
    taken: int = 0
    duplicates: int = 0
    refused: int = 0
    flagged: int = 0
    """Taken, with something a person should look at."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file of the drop folder."""

    name: str
    taken: int = 0
    duplicates: int = 0
    refused: int = 0
    problem: str = ""
    """Why the file could not be read, Chinese first; empty where it was."""


OnProgress = Callable[[IntakeReport], None]


def take_in(
    engine: Engine,
    city: City,
    key: bytes,
    path: Path,
    mapping: SourceMapping,
    *,
    now: datetime,
    flow_run_id: str | None = None,
    on_progress: OnProgress | None = None,
) -> IntakeReport:
    """Take in a file, in chunks of one transaction each; a bad row is refused and kept, and never stops the file.

    Idempotent on source and source id: the same file again, also after a kill at any line, takes in what is missing.
    Raises: IntakeFileError where the file cannot be read; where it breaks off, what came before is taken in.
    """
    chunks = _chunks(read_rows(path, mapping))
    first = next(chunks, [])  # a file that cannot be read leaves no batch behind
    with transaction(engine) as connection:
        report = IntakeReport(_begin(connection, mapping.source, path.name, now, flow_run_id))
    try:
        for rows in chain([first], chunks):
            judged = [(row, row.fault or read_report(mapping, row.values, city, now)) for row in rows]
            with transaction(engine) as connection:
                report = _take_chunk(connection, city, key, judged, mapping.source, report, now, flow_run_id)
            if on_progress:
                on_progress(report)
    except IntakeFileError:
        _end(engine, report, now)
        raise
    _end(engine, report, now)
    return report


def take_in_folder(
    engine: Engine, settings: Settings, city: City, folder: Path, *, now: datetime, flow_run_id: str | None = None
) -> list[FileReport]:
    """Take in every complete file of the drop folder: `FILE` with our own columns, `SOURCE/FILE` with its mapping's.

    A file that was read goes to `done/` beside it, one that could not be read to `failed/` with a `.reason.txt`. Killed
    at any line, the next call does what is left: rows that were taken are duplicates then.
    """
    key = settings.secret_key("personal")
    reports = []
    for source, path in files_in(folder, ROOT_SOURCE):
        try:
            if not is_complete(path, now):
                continue
            with reading(engine) as connection:
                mapping = mapping_in_force(connection, city, source)
            done = take_in(engine, city, key, path, mapping, now=now, flow_run_id=flow_run_id)
            # Counted before it is moved: what was taken in is told, whatever becomes of the file.
            reports.append(FileReport(path.name, done.taken, done.duplicates, done.refused))
            put_aside(path, DONE)
        except (FileMissing, FileNotFoundError) as error:
            # Another visit took it in and put it aside meanwhile, or somebody removed it.
            LOG.info("%s is gone: %s", path.name, error, extra={"action": "file_gone"})
        except FileFromFuture as error:
            reports.append(FileReport(path.name, problem=str(error)))
        except IntakeFileError as error:
            put_aside(path, FAILED, str(error))
            reports.append(FileReport(path.name, problem=str(error)))
    return reports


def _take_chunk(
    connection: Connection,
    city: City,
    key: bytes,
    rows: list[tuple[RawRow, MappedReport | Refusal]],
    source: str,
    before: IntakeReport,
    now: datetime,
    flow_run_id: str | None,
) -> IntakeReport:
    """Rows into reports and refused rows, in the caller's transaction; the counts of the file so far."""
    # Whoever gives numbers is alone, so what is not known now is known to nobody.
    NumberSeries(connection).lock()
    batch = before.batch_id
    reports = [report for _, report in rows if isinstance(report, MappedReport)]
    refused = [(row, refusal) for row, refusal in rows if isinstance(refusal, Refusal)]
    fresh = _fresh(connection, reports)
    write_reports(connection, city, key, fresh, batch_id=batch, now=now, flow_run_id=flow_run_id)
    mended = keep_refused(connection, key, source, refused, batch_id=batch, now=now) if refused else 0
    report = replace(
        before,
        rows=before.rows + len(rows),
        taken=before.taken + len(fresh),
        duplicates=before.duplicates + len(reports) - len(fresh) + mended,
        refused=before.refused + len(refused) - mended,
        flagged=before.flagged + sum(bool(each.flags) for each in fresh),
    )
    counts = {name: getattr(report, name) for name in ("rows", "taken", "duplicates", "refused")}
    connection.execute(update(BATCHES).where(BATCHES.c.id == batch).values(counts))
    return report


def _fresh(connection: Connection, reports: list[MappedReport]) -> list[MappedReport]:
    """The reports that were not taken in before, each once."""
    seen = known_ids(connection, reports)
    fresh = []
    for report in reports:
        if (report.source, report.source_id) not in seen:
            seen.add((report.source, report.source_id))
            fresh.append(report)
    return fresh


def _begin(connection: Connection, source: str, name: str, now: datetime, flow_run_id: str | None) -> int:
    values = {"source": source, "name": name, "started_at": now, "flow_run_id": flow_run_id}
    counts = {"rows": 0, "taken": 0, "duplicates": 0, "refused": 0}
    batch_id: int = connection.execute(insert(BATCHES).returning(BATCHES.c.id), [{**values, **counts}]).scalar_one()
    return batch_id


def _end(engine: Engine, report: IntakeReport, now: datetime) -> None:
    """A batch without an end was killed; the file taken in again makes another one."""
    with transaction(engine) as connection:
        connection.execute(update(BATCHES).where(BATCHES.c.id == report.batch_id).values(ended_at=now))
    counts = f"{report.taken} taken, {report.duplicates} duplicates, {report.refused} refused"
    LOG.info("batch %d: %d rows, %s", report.batch_id, report.rows, counts, extra={"action": "reports_taken"})


def _chunks(rows: Iterator[RawRow]) -> Iterator[list[RawRow]]:
    """Rows in chunks; where the file breaks off, the rows before it first."""
    chunk: list[RawRow] = []
    size = 0
    try:
        for row in rows:
            chunk.append(row)
            size += len(row.unparsed or "") + sum(map(len, row.values.values()))
            if len(chunk) >= CHUNK_ROWS or size >= CHUNK_CHARACTERS:
                yield chunk
                chunk, size = [], 0
    except IntakeFileError:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk
