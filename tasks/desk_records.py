"""Writing and reading the records of what was done at the desk (`models/desk_record.py`)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from models.chain import canonical
from models.desk_record import DeskRecord, DeskRecordKind
from models.tables import table_of

RECORDS = table_of(DeskRecord)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One record as it is read."""

    kind: str
    subject: str
    by: str
    at: datetime
    facts: dict[str, Any]
    edition_id: int | None


@dataclass(frozen=True, slots=True)
class Doing:
    """Who does something at the desk, when, and by which form."""

    by: str
    now: datetime
    key: str


def write_record(
    connection: Connection,
    kind: DeskRecordKind,
    subject: str,
    doing: Doing,
    facts: Mapping[str, Any],
    edition_id: int | None = None,
) -> None:
    """Write one record into the caller's transaction; the same key twice is refused by the database."""
    row = {"kind": kind.value, "subject": subject, "by": doing.by, "at": doing.now, "key": doing.key}
    connection.execute(insert(RECORDS).values(**row, facts=canonical(facts), edition_id=edition_id))


def was_done(connection: Connection, key: str) -> bool:
    """Whether the form with this key has acted already."""
    return connection.scalar(select(RECORDS.c.id).where(RECORDS.c.key == key)) is not None


def last_records(
    connection: Connection, kinds: Sequence[DeskRecordKind], most: int, subject: str = "", skip: int = 0
) -> list[Recorded]:
    """The newest records of some kinds, the newest first; with `subject` only those about it."""
    wanted = select(RECORDS).where(RECORDS.c.kind.in_([kind.value for kind in kinds]))
    if subject:
        wanted = wanted.where(RECORDS.c.subject == subject)
    return [_recorded(row) for row in connection.execute(wanted.order_by(RECORDS.c.id.desc()).offset(skip).limit(most))]


def records_of_editions_after(connection: Connection, edition_id: int) -> list[Recorded]:
    """The records whose editions came into force after one, the oldest first."""
    wanted = select(RECORDS).where(RECORDS.c.edition_id > edition_id).order_by(RECORDS.c.id)
    return [_recorded(row) for row in connection.execute(wanted)]


def _recorded(row: Any) -> Recorded:
    return Recorded(row.kind, row.subject, row.by, row.at, json.loads(row.facts), row.edition_id)
