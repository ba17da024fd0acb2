"""A file of entries for the evaluation, such as the month's missed patrols: taken in as a whole, or not at all."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from hashlib import sha256

from sqlalchemy import Connection

from models.city import City, Post
from models.directory.cell import Unreadable, text
from models.directory.encoding import decode
from models.directory.fault import Fault, quoted
from models.directory.sheet import Column, SheetFormat, read_records, read_rows
from models.refusal import Refusal
from models.scheme import Scheme
from models.scheme_entries import value_typed
from tasks.evaluation_entries import EntryWish, StoredEntry, enter, scheme_of


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One row of the file."""

    unit: str
    """Code or name."""
    item: str
    """Code, or its title in the scheme."""
    value: Fraction
    evidence: str
    words: str


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A row that cannot be entered, and why."""

    row: int
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: all of its rows are entered, or none and these are the reasons."""

    entries: tuple[StoredEntry, ...] = ()
    refused: tuple[RefusedLine, ...] = ()
    faults: tuple[Fault, ...] = ()


def _number(cell: str) -> Fraction:
    value = value_typed(cell)
    if value is None:
        raise Unreadable(f"{quoted(cell)} is no number.", "Write digits, at most six behind the point.")
    return value


def _sheet(file: str) -> SheetFormat[EntryLine]:
    return SheetFormat(
        file,
        (
            Column("unit"),
            Column("item"),
            Column("value", _number),
            Column("evidence", text, required=False, if_empty=""),
            Column("words", text, required=False, if_empty=""),
        ),
        ("unit", "item", "evidence"),
        lambda cells: EntryLine(**cells),
    )


def take_in_entries(
    connection: Connection, city: City, month: str, file: str, content: bytes, post: Post, now: datetime
) -> Taken:
    """Enter every row of a CSV file (unit, item, value, evidence, words; UTF-8 or GB18030) for a month.

    The same file again enters nothing more: the key of a row is the digest of what it says. Where a row is refused the
    caller's transaction is rolled back to where it was, and every refused row is named.
    Raises: SchemeMissing, SchemeFaulty; ValueError for a text that is no month.
    """
    faults: list[Fault] = []
    read = decode(file, content)
    if isinstance(read, Fault):
        return Taken(faults=(read,))
    sheet = _sheet(file)
    records = read_records(sheet, read_rows(sheet, read, faults), {}, faults)
    if faults:
        return Taken(faults=tuple(faults))
    scheme, entries, refused = scheme_of(city, month), list[StoredEntry](), list[RefusedLine]()
    together = connection.begin_nested()
    for record in records:
        wish = _wish(city, scheme, month, record.value)
        found = enter(connection, city, wish, post, _key(wish, post), now)
        if isinstance(found, Refusal):
            refused.append(RefusedLine(record.row, found))
        else:
            entries.append(found)
    if refused:
        together.rollback()
        return Taken(refused=tuple(refused))
    together.commit()
    return Taken(tuple(entries))


def _wish(city: City, scheme: Scheme, month: str, line: EntryLine) -> EntryWish:
    """Names stand for codes, as people write them."""
    unit = next((code for code, unit in city.units.items() if line.unit in (code, unit.name)), line.unit)
    titles = ((code, (code, item.title.zh, item.title.en)) for code, item in scheme.manual.items())
    item = next((code for code, called in titles if line.item in called), line.item)
    return EntryWish(month, unit, item, line.value, line.evidence, line.words)


def _key(wish: EntryWish, post: Post) -> str:
    said = (wish.month, wish.unit, wish.item, str(wish.value), wish.evidence, wish.words, post.code)
    return f"file-{sha256(chr(0).join(said).encode()).hexdigest()}"
