"""From the text of a CSV file to its rows, and from its rows to records; every fault on the way is kept."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from models.directory.cell import Unreadable, text
from models.directory.fault import Fault, quoted, suggestion

T = TypeVar("T")
Codes = Mapping[str, frozenset[str] | None]
"""The codes each file defines, by file; None where the file could not be read, so that nothing is judged by it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: how its cells are read, and the file whose codes they name."""

    name: str
    read: Callable[[str], object] = text
    required: bool = True
    if_empty: object = None
    refers_to: str | None = None
    also: frozenset[str] = frozenset()
    """Words that may stand beside the codes of `refers_to`."""


@dataclass(frozen=True)
class SheetFormat(Generic[T]):
    """What a CSV file of the directory holds."""

    file: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """Columns that together stand in one row only."""
    make: Callable[[dict[str, Any]], T]
    may_be_empty: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True)
class Row:
    """One row as text, by column; `whole` where it has as many cells as the header asks for."""

    number: int
    cells: Mapping[str, str]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one file that have anything in them."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def texts(self, column: str) -> frozenset[str]:
        """All texts of a column."""
        return frozenset(row.cells.get(column, "") for row in self.rows) - {""}


@dataclass(frozen=True, slots=True)
class Record(Generic[T]):
    """What one row means, and where it stands."""

    row: int
    value: T


def read_rows(sheet: SheetFormat[Any], content: str, faults: list[Fault]) -> Rows | None:
    """The rows of a file, or None where its header cannot be used.

    Rows are counted as a spreadsheet counts them: a cell with a line break is still one row. Empty rows and
    trailing empty cells are passed over; a row may end early where only cells that may be empty are missing,
    because spreadsheets write it so.
    """
    before = len(faults)
    lines = _split(sheet.file, content, faults)
    if len(faults) > before:
        return None
    while lines and not any(lines[-1]):
        lines.pop()
    if not lines or not any(lines[0]):
        faults.append(_empty(sheet, "its first row should hold the column names, but nothing stands there"))
        return None
    header = _header(sheet, lines[0], faults)
    if header is None:
        return None
    rows = tuple(_row(sheet, header, at, line, faults) for at, line in enumerate(lines[1:], 2) if any(line))
    if not rows and not sheet.may_be_empty:
        faults.append(_empty(sheet, "it has a header but no row"))
    return Rows(header, rows)


def read_records(sheet: SheetFormat[T], rows: Rows | None, codes: Codes, faults: list[Fault]) -> tuple[Record[T], ...]:
    """The records of all rows that can be read and whose key stands in no row before."""
    if rows is None or any(c.required and c.name not in rows.columns for c in sheet.columns):
        return ()
    records: list[Record[T]] = []
    first_row_of: dict[tuple[str, ...], int] = {}
    for row in rows.rows:
        values = _values(sheet, row, codes, faults)
        key = tuple(str((values or row.cells).get(name, "")) for name in sheet.key)
        first = first_row_of.setdefault(key, row.number)
        if first != row.number:
            faults.append(_repeated(sheet, row, first))
        elif values is not None and row.whole:
            records.append(Record(row.number, sheet.make(values)))
    return tuple(records)


def _split(file: str, content: str, faults: list[Fault]) -> list[list[str]]:
    lines: list[list[str]] = []
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    try:
        lines.extend([_clean(cell) for cell in line] for line in reader)
    except csv.Error as error:
        remedy = "A quotation mark inside a cell is written twice, and each one that opens is closed again."
        problem = f"the rows from here on cannot be told apart ({error})."
        faults.append(Fault(file, len(lines) + 1, None, "", problem, remedy))
    return lines


def _clean(cell: str) -> str:
    """The cell without spaces around it, also full-width ones, and without marks nobody sees."""
    return cell.replace("\ufeff", "").replace("\u200b", "").strip()


def _header(sheet: SheetFormat[Any], cells: list[str], faults: list[Fault]) -> tuple[str, ...] | None:
    """The column names; None where they cannot be told."""
    header = tuple(cells)
    while header and not header[-1]:
        header = header[:-1]
    if len(header) == 1 and len(sheet.columns) > 1 and any(mark in header[0] for mark in ";\t，"):
        problem = f"the columns are not separated by commas: {quoted(header[0])}."
        faults.append(Fault(sheet.file, 1, None, header[0], problem, 'Save the file anew as "CSV UTF-8", with commas.'))
        return None
    for name in dict.fromkeys(name for name in header if name not in sheet.names):
        remedy = f"{suggestion(name, sheet.names)} Rename or delete the column."
        faults.append(Fault(sheet.file, 1, name or None, name, f"there is no column {quoted(name)}.", remedy))
    for name in sorted({name for name in header if name and header.count(name) > 1}):
        remedy = "Keep one of them."
        faults.append(Fault(sheet.file, 1, name, name, "the column stands more than once.", remedy))
    for name in sheet.names:
        if name not in header:
            remedy = f"Add it to the first row: {','.join(sheet.names)}."
            faults.append(Fault(sheet.file, 1, name, "", "the column is missing.", remedy))
    # A repeated name shifts what stands below it, and without the key no row can be told from another.
    usable = len(set(header)) == len(header) and set(sheet.key) <= set(header)
    return header if usable else None


def _row(sheet: SheetFormat[Any], header: tuple[str, ...], number: int, cells: list[str], faults: list[Fault]) -> Row:
    extra = [cell for cell in cells[len(header) :] if cell]
    absent = header[len(cells) :]
    short = any(column.required for column in sheet.columns if column.name in absent)
    if extra or short:
        problem = f"the row has {len(cells)} cells where the header has {len(header)}."
        remedy = "Put a cell that holds a comma or a line break into quotation marks." if extra else "Fill the row."
        faults.append(Fault(sheet.file, number, None, extra[0] if extra else "", problem, remedy))
    return Row(number, dict(zip(header, cells, strict=False)), not (extra or short))


def _values(sheet: SheetFormat[Any], row: Row, codes: Codes, faults: list[Fault]) -> dict[str, Any] | None:
    """What the cells of a row mean, or None where one of them cannot be read."""
    before = len(faults)
    values = {column.name: _value(sheet.file, column, row, codes, faults) for column in sheet.columns}
    return values if len(faults) == before else None


def _value(file: str, column: Column, row: Row, codes: Codes, faults: list[Fault]) -> object:
    cell = row.cells.get(column.name, "")
    if not cell:
        if column.required and row.whole:
            remedy = f"Write the {column.name} of this row" + (
                f", a code of {column.refers_to}." if column.refers_to else "."
            )
            faults.append(Fault(file, row.number, column.name, "", "the cell is empty.", remedy))
        return column.if_empty
    try:
        value = column.read(cell)
    except Unreadable as error:
        found = "" if error.secret else cell
        faults.append(Fault(file, row.number, column.name, found, error.problem, error.remedy))
        return column.if_empty
    known = codes.get(column.refers_to) if column.refers_to else None
    if known is not None and cell not in known and cell not in column.also:
        faults.append(unknown_code(file, row.number, column.name, cell, f"{column.refers_to}", known | column.also))
    return value


def unknown_code(file: str, row: int | None, column: str, found: str, where: str, known: Iterable[str]) -> Fault:
    """The fault of a code that the file it should stand in does not hold."""
    # The most similar area code is another area: to offer it would invite a wrong one.
    hint = "" if found.isdigit() else suggestion(found, sorted(known))
    remedy = f"{hint} Write a code that stands there, or add the row."
    return Fault(file, row, column, found, f"{quoted(found)} does not stand in {where}.", remedy.strip())


def _empty(sheet: SheetFormat[Any], problem: str) -> Fault:
    return Fault(sheet.file, None, None, "", f"{problem}.", f"The columns are {','.join(sheet.names)}.")


def _repeated(sheet: SheetFormat[Any], row: Row, first: int) -> Fault:
    found = ", ".join(row.cells.get(name, "") for name in sheet.key)
    problem = f"{quoted(found)} stands already in row {first}."
    columns = " + ".join(sheet.key)
    return Fault(
        sheet.file, row.number, columns, found, problem, "Delete one of the two rows, or correct the one that is wrong."
    )
