"""A change of the directory made at the desk: one row, at once in force as an edition of its own, kept as a record.

Files stay the way to change a city as a whole. What was changed at the desk since files were last loaded stands in no
file: whoever loads files that do not hold it is told (`undone_by`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select, text

from models.contact_reference import masked_reference
from models.desk_record import DeskRecordKind
from models.directory.row_edit import row_of, with_row
from models.directory.sheet import Row, SheetFormat, read_rows
from models.directory.sheets import CONTACT_POINTS, LEAVE, POSTS
from models.personal_text import without_personal_numbers
from tasks.city_edition import EDITIONS, current_edition, documents_of_edition, load_city
from tasks.database import is_postgres
from tasks.desk_records import RECORDS, Doing, Recorded, records_of_editions_after, was_done, write_record
from tasks.directory import DirectoryFiles, Fault, Severity, build_city

CHANGEABLE: Mapping[str, SheetFormat[Any]] = {sheet.file: sheet for sheet in (POSTS, CONTACT_POINTS, LEAVE)}
"""Files of which the desk may change rows: whom a message reaches, and who stands in for whom."""

# Any number will do that no other program on the same Postgres uses: "cityed" in ASCII.
_CITY_LOCK = 0x636974796564


class How(StrEnum):
    """What became of a change."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    """The directory says so already."""
    ALREADY = "already"
    """This very form has acted before."""
    STALE = "stale"
    """Another edition is in force than the one its form was drawn from: look at it again."""
    FAULTY = "faulty"
    """The city's own checks refuse what would come of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants: the row of a file under its key with other cells, or (`cells` None) without the row."""

    file: str
    key: tuple[str, ...]
    cells: Mapping[str, str] | None
    drawn_from: str
    """Digest of the edition the form showed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change; the faults are those it would bring, or the warnings it brought."""

    how: How
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Undone:
    """A row that was changed at the desk and that other files would turn back."""

    file: str
    key: tuple[str, ...]
    by: str
    at: datetime
    in_force: Mapping[str, str] | None
    """The row as it is in force; None where the desk took it out."""
    in_files: Mapping[str, str] | None

    def __str__(self) -> str:
        now, then = (shown_row(row) for row in (self.in_force, self.in_files))
        return f"{self.file} {' '.join(self.key)}: {now} -> {then} ({self.by}, {self.at.astimezone():%Y-%m-%d %H:%M})"


def change_directory(connection: Connection, change: Change, doing: Doing, today: date) -> Outcome:
    """Put one changed row in force, with its record; inside the caller's transaction.

    Judged by the very checks of `zhihui city check` for that day. What was wrong before and stays so keeps nobody from
    a change: on the day a calendar ends, contact points must still be mended.
    Raises: NoCityLoaded, EditionDamaged.
    """
    hold_city(connection)
    if was_done(connection, doing.key):
        return Outcome(How.ALREADY)
    in_force = current_edition(connection)
    if in_force is None or in_force != change.drawn_from:
        return Outcome(How.STALE)
    before = documents_of_edition(connection, in_force)
    after = _with_change(before, change)
    new = _new_faults(before, after, today)
    if any(fault.severity is Severity.ERROR for fault in new):
        return Outcome(How.FAULTY, new)
    report = load_city(connection, DirectoryFiles(after), doing.now, doing.by)
    if not report.loaded:
        return Outcome(How.UNCHANGED)
    edition_id = connection.scalar(select(func.max(EDITIONS.c.id)))
    write_record(
        connection,
        DeskRecordKind.DIRECTORY_CHANGED,
        change.key[0],
        doing,
        _facts(change, before, after) | {"edition_before": in_force, "edition_after": report.edition},
        edition_id,
    )
    return Outcome(How.CHANGED, new)


def rows_about(documents: Mapping[str, str], file: str, post: str) -> tuple[Row, ...]:
    """The rows of a file whose first key is this post, in their order, as they are written."""
    sheet = CHANGEABLE[file]
    rows = read_rows(sheet, documents[file], []) if file in documents else None
    return tuple(row for row in rows.rows if row.cells.get(sheet.key[0]) == post) if rows else ()


def undone_by(connection: Connection, documents: Mapping[str, str]) -> list[Undone]:
    """The rows changed at the desk since files were last loaded which these files would turn back.

    Files that `zhihui city export` wrote hold them all.
    """
    in_force = current_edition(connection)
    records = _since_files(connection)
    if in_force is None or not records:
        return []
    current = documents_of_edition(connection, in_force)
    last = {(record.facts["file"], tuple(record.facts["key"])): record for record in records}
    found = []
    for (file, key), record in last.items():
        rows = [row_of(CHANGEABLE[file], each.get(file), key) for each in (current, documents)]
        now, then = (_cells(CHANGEABLE[file], row) for row in rows)
        if now != then:
            found.append(Undone(file, key, record.by, record.at, now, then))
    return found


def hold_city(connection: Connection) -> None:
    """Until the transaction ends nobody else changes the city or a way to its posts: what is asked here still holds
    when it is acted on. On SQLite a writer is alone anyway."""
    if is_postgres(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CITY_LOCK})


def shown_row(cells: Mapping[str, str] | None) -> str:
    """A row for people, its address masked; a row that is not there is a dash."""
    return ", ".join(value for value in masked_row(cells).values() if value) if cells else "-"


def masked_row(cells: Mapping[str, str]) -> dict[str, str]:
    """The cells without personal numbers."""
    return {
        name: masked_reference(value) if name == "address" else without_personal_numbers(value)
        for name, value in cells.items()
    }


def _with_change(documents: Mapping[str, str], change: Change) -> dict[str, str]:
    sheet = CHANGEABLE[change.file]
    changed = with_row(sheet, documents.get(change.file), change.key, change.cells)
    return {**documents, change.file: changed}


def _new_faults(before: Mapping[str, str], after: Mapping[str, str], today: date) -> tuple[Fault, ...]:
    """The faults of a day that the directory did not have before; rows may have moved."""
    _, faults = build_city(DirectoryFiles(after), today)
    if not faults:
        return ()
    known = {_sameness(fault) for fault in build_city(DirectoryFiles(before), today)[1]}
    return tuple(fault for fault in faults if _sameness(fault) not in known)


def _sameness(fault: Fault) -> tuple[str | None, ...]:
    return fault.file, fault.column, fault.found, fault.problem


def _facts(change: Change, before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Any]:
    sheet = CHANGEABLE[change.file]
    rows = [_cells(sheet, row_of(sheet, each.get(change.file), change.key)) for each in (before, after)]
    then, now = (masked_row(row) if row is not None else None for row in rows)
    return {"file": change.file, "key": list(change.key), "before": then, "after": now}


def _cells(sheet: SheetFormat[Any], row: Row | None) -> dict[str, str] | None:
    return {name: row.cells.get(name, "") for name in sheet.names} if row is not None else None


def _since_files(connection: Connection) -> list[Recorded]:
    """The records of changes since the last edition that came from files, the oldest first."""
    from_files = select(func.max(EDITIONS.c.id)).where(
        ~select(RECORDS.c.id).where(RECORDS.c.edition_id == EDITIONS.c.id).exists()
    )
    after = connection.scalar(from_files) or 0
    return records_of_editions_after(connection, after)
