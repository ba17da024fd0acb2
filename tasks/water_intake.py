"""Take in readings from files, from the folder others put them into, or from rows that came another way."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from models.city import City
from models.raw_row import RawRow
from models.refusal import Refusal
from models.water_source import NATIVE, MappedReading, WaterSource, read_row
from tasks.database import transaction
from tasks.drop_folder import DONE, FAILED, files_in, is_complete, put_aside
from tasks.intake_errors import FileFromFuture, FileMissing, IntakeFileError
from tasks.intake_reading import read_rows
from tasks.observations import Taken, take_observations
from tasks.refused_observations import RefusedRow, keep_refused
from tasks.water_sources import source_in_force

LOG = logging.getLogger("zhihui.water")

CHUNK_ROWS = 1000
"""Rows a transaction: long enough to be fast, short enough that another writer waits under a second."""


NOTHING = Taken()


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of what one source brought."""

    name: str
    """Of the file, or of the source where it was pulled or posted."""
    rows: int = 0
    refused: int = 0
    taken: Taken = NOTHING
    problem: str = ""
    """Why nothing could be read, or where it broke off; empty where all was."""


def take_rows(
    engine: Engine, city: City, source: WaterSource, rows: Iterable[RawRow], name: str, now: datetime
) -> Intake:
    """Take in rows in chunks of one transaction each; what is no reading is kept with its reason and stops nothing.

    Raises: what `rows` raises where it breaks off; what came before is taken in.
    """
    done = Intake(name)
    for chunk in _chunks(iter(rows)):
        readings, refused = read_chunk(city, source, chunk)
        with transaction(engine) as connection:
            taken = take_observations(connection, city, readings, source.name, now)
            keep_refused(connection, source.name, name, refused, now)
        done = replace(done, rows=done.rows + len(chunk), refused=done.refused + len(refused), taken=done.taken + taken)
    return done


def take_file(engine: Engine, city: City, source: WaterSource, path: Path, now: datetime) -> Intake:
    """Take in a file of readings: CSV, XLSX or JSON lines, gzipped or not. The same file again changes nothing.

    Raises: IntakeFileError where the file cannot be read; where it breaks off, what came before is taken in.
    """
    return take_rows(engine, city, source, read_rows(path, source.for_files), path.name, now)


def take_folder(engine: Engine, city: City, folder: Path, now: datetime) -> list[Intake]:
    """Take in every complete file of the folder: `FILE` with our own columns, `SOURCE/FILE` with its mapping's.

    A file that was read goes to `done/` beside it, one that could not be read to `failed/` with a `.reason.txt`. Killed
    at any line, the next call does what is left: readings that were taken are repeated then.
    """
    done = []
    for name, path in files_in(folder, NATIVE.name):
        try:
            if not is_complete(path, now):
                continue
            done.append(take_file(engine, city, source_in_force(city, name), path, now))
            put_aside(path, DONE)
        except (FileMissing, FileNotFoundError) as error:
            # Another visit took it in and put it aside meanwhile, or somebody removed it.
            LOG.info("%s is gone: %s", path.name, error, extra={"action": "file_gone"})
        except FileFromFuture as error:
            done.append(Intake(path.name, problem=str(error)))
        except IntakeFileError as error:
            put_aside(path, FAILED, str(error))
            done.append(Intake(path.name, problem=str(error)))
    return done


def read_chunk(city: City, source: WaterSource, rows: Iterable[RawRow]) -> tuple[list[MappedReading], list[RefusedRow]]:
    """The readings of some rows, and the rows that hold something that is none."""
    readings: list[MappedReading] = []
    refused: list[RefusedRow] = []
    for row in rows:
        if row.fault is not None:
            refused.append(RefusedRow(row, row.fault))
            continue
        found, refusals = read_row(source, city.water, row.values)
        readings += found
        if refusals:
            refused.append(RefusedRow(row, refusals[0]))
    return readings, refused


def row_of(number: int, values: object) -> RawRow:
    """One object of a JSON list as a row; numbers become the texts they are written as."""
    if not isinstance(values, dict):
        return RawRow(number, {}, Refusal("not_an_object"), str(values)[:200])
    return RawRow(number, {str(key): "" if value is None else str(value) for key, value in values.items()})


def _chunks(rows: Iterator[RawRow]) -> Iterator[list[RawRow]]:
    """Rows in chunks; where they break off, the rows before it first."""
    chunk: list[RawRow] = []
    try:
        for row in rows:
            chunk.append(row)
            if len(chunk) >= CHUNK_ROWS:
                yield chunk
                chunk = []
    except IntakeFileError:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk
