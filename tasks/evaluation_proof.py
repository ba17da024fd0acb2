"""The proof of the evaluation: every version and every entry is what its digest says, and follows the one before it."""

import json
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, select

from models.evaluation import NO_DIGEST, entry_digest, version_digest
from models.frozen_parts import digest_of
from tasks.evaluation_entries import ENTRIES, said_by
from tasks.evaluations import BEHIND, VERSIONS

READ_AT_ONCE = 100
"""A version of a month is some hundred kilobytes."""


@dataclass(frozen=True, slots=True)
class BrokenRecord:
    """The first row that does not fit."""

    table: str
    number: int
    problem: str
    """link: it does not name the digest of the one before it; content: it is not what its digest says."""


def broken_record(connection: Connection) -> BrokenRecord | None:
    """The first version, with the cases behind it, or entry that does not fit; one pass, in constant memory."""
    return next(_broken(connection), None)


def records(connection: Connection) -> int:
    """How many versions and entries there are."""
    return sum(connection.scalar(select(func.count()).select_from(table)) or 0 for table in (VERSIONS, ENTRIES))


def _broken(connection: Connection) -> Iterator[BrokenRecord]:
    for table in (VERSIONS, ENTRIES):
        previous = NO_DIGEST
        in_order = select(table).order_by(table.c.id).execution_options(yield_per=READ_AT_ONCE)
        with closing(connection.execute(in_order).mappings()) as rows:
            for row in rows:
                if row["previous_digest"] != previous:
                    yield BrokenRecord(table.name, row["id"], "link")
                if row["digest"] != _digest(table, previous, dict(row)):
                    yield BrokenRecord(table.name, row["id"], "content")
                previous = row["digest"]
                if table is VERSIONS and not _behind_fits(connection, row["id"], row["result"]):
                    yield BrokenRecord(BEHIND.name, row["id"], "content")


def _behind_fits(connection: Connection, version_id: int, result: str) -> bool:
    """Whether the cases behind a version are those its result names; one made before they were proved names none."""
    said = json.loads(result).get("behind")
    if not said:
        return True
    rows = connection.execute(select(BEHIND.c.unit, BEHIND.c.packed).where(BEHIND.c.version_id == version_id)).tuples()
    try:
        return digest_of(rows) == str(said)
    except zlib.error:
        return False


def _digest(table: Table, previous: str, row: dict[str, object]) -> str:
    if table is ENTRIES:
        return entry_digest(previous, said_by(row))
    named = (row[name] for name in ("month", "version", "made_at", "why", "result"))
    return version_digest(previous, *named)  # type: ignore[arg-type]
