"""The rows of a source's file, one after another, whatever kind of file it is and however long."""

import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from pathlib import Path

from models.mapped_report import opening_of
from models.raw_row import LONGEST_FIELD, NO_CHARACTER, RawRow, printable, value_fault
from models.refusal import Refusal
from models.source_mapping import DELIMITERS, SourceMapping
from tasks.csv_rows import LONGEST_ROW, CsvRow, split_rows
from tasks.intake_errors import (
    FileDamaged,
    FileEmpty,
    FileOfOtherKind,
    HeaderLacksColumns,
    HeaderMissing,
    HeaderRepeatsColumn,
)
from tasks.intake_file import DAMAGE, FileKind, OpenFile, opened
from tasks.xlsx_rows import sheet_rows

_MOST_LISTED = 60
_DATA = re.compile("[0-9]{4}")
"""A year, a phone, an id: every report holds such digits, a header hardly ever."""

_ENCODINGS = {"utf-8": "utf-8-sig", "gb18030": "gb18030"}


def read_rows(path: Path, mapping: SourceMapping) -> Iterator[RawRow]:
    """The rows of a file in order, with their numbers as a spreadsheet shows them; bad ones carry their fault.

    Memory does not grow with the file. Rows without any value are left out.
    Raises: an IntakeFileError where the file as a whole cannot be read, or breaks off in the middle.
    """
    with opened(path) as file:
        number = 0
        try:
            for row in _rows(file, mapping):
                number = row.number
                if row.fault or any(value.strip() for value in row.values.values()):
                    yield row
        except (*DAMAGE, OSError) as error:
            raise FileDamaged(file=file.name, row=number, why=str(error)) from error


def _rows(file: OpenFile, mapping: SourceMapping) -> Iterator[RawRow]:
    if file.kind is FileKind.XLSX:
        return _sheet(file, mapping)
    lines = _lines(file, mapping)
    return _json_lines(lines) if file.kind is FileKind.JSONL else _csv(file, lines, mapping)


def _lines(file: OpenFile, mapping: SourceMapping) -> Iterator[str]:
    """The lines of a text, however long; bytes that are no text become lone surrogates, which no text holds."""
    encoding = _ENCODINGS.get(mapping.encoding or "", file.encoding)
    if not encoding:
        raise FileOfOtherKind(file=file.name, kind="a text neither in UTF-8 nor in GB18030")
    with io.TextIOWrapper(file.stream, encoding=encoding, errors="surrogateescape", newline=None) as text:
        while line := text.readline(LONGEST_ROW):
            yield line


def _csv(file: OpenFile, lines: Iterator[str], mapping: SourceMapping) -> Iterator[RawRow]:
    blank, first = 0, next(lines, "")
    while first and not first.strip():
        blank, first = blank + 1, next(lines, "")
    delimiter = mapping.delimiter or _delimiter(first, mapping)
    header: list[str] = []

    def is_whole(cells: list[str]) -> bool:
        return len(cells) == len(header) and opening_of(mapping, dict(zip(header, cells, strict=True))) is not None

    rows = split_rows(chain(repeat("\n", blank), [first], lines), delimiter, is_whole)
    for row in rows:
        if header:
            yield _csv_row(row, header)
        else:
            cells = row.cells or [row.text]
            header.extend(_columns(file.name, [cell.strip("\ufeff \t\n") for cell in cells], mapping))


def _delimiter(header: str, mapping: SourceMapping) -> str:
    """The delimiter under which a header has most of the needed columns."""

    def found(delimiter: str) -> int:
        return len({name.strip(' "\n') for name in header.split(delimiter)}.intersection(mapping.needed_columns))

    return max(dict.fromkeys(DELIMITERS.values()), key=found)


def _columns(file: str, header: list[str], mapping: SourceMapping) -> list[str]:
    """The column names of a file, each once."""
    missing = [name for name in mapping.needed_columns if name not in header]
    if len(missing) == len(mapping.needed_columns) and any(_DATA.search(name) for name in header):
        # A file without a header begins with a report: its words may be a citizen's and are not repeated.
        raise HeaderMissing(file=file, missing=_listed(missing))
    if missing:
        raise HeaderLacksColumns(file=file, missing=_listed(missing), found=_listed(header))
    named = {name for names in mapping.columns.values() for name in names}
    columns: list[str] = []
    for name in header:
        if name in columns and name in named:
            raise HeaderRepeatsColumn(file=file, column=name)
        columns.append(name if name not in columns else f"{name} ({len(columns) + 1})")
    return columns


def _csv_row(row: CsvRow, header: list[str]) -> RawRow:
    if row.cells is None:
        facts = {"part": row.part, "most": LONGEST_ROW} if row.part else {}
        return RawRow(row.number, {}, Refusal(row.problem or "broken_quotes", facts), row.text)
    if len(row.cells) != len(header):
        if not any(cell.strip() for cell in row.cells):
            return RawRow(row.number, {})
        facts = {"found": len(row.cells), "expected": len(header)}
        values = dict(zip(header, row.cells, strict=False))
        return RawRow(row.number, values, Refusal("wrong_column_count", facts), row.text)
    values = dict(zip(header, row.cells, strict=True))
    # Asking the whole row first keeps a million good rows from being asked value by value.
    doubtful = "\0" in row.text or len(row.text) > LONGEST_FIELD or NO_CHARACTER.search(row.text)
    return RawRow(row.number, values, value_fault(values) if doubtful else None)


def _json_lines(lines: Iterator[str]) -> Iterator[RawRow]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        values = None if len(line) >= LONGEST_ROW else _json_values(line)
        if values is None:
            yield RawRow(number, {}, Refusal("not_an_object"), line)
        else:
            yield RawRow(number, values, value_fault(values))


def _json_values(line: str) -> dict[str, str] | None:
    """The values of an object as texts; numbers stay as they were written."""
    try:
        found = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
        return {str(key): _json_text(value) for key, value in found.items()} if isinstance(found, dict) else None
    except (ValueError, RecursionError):
        return None


def _json_text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _sheet(file: OpenFile, mapping: SourceMapping) -> Iterator[RawRow]:
    header: list[str] = []
    for number, cells in sheet_rows(file.name, file.stream):
        if header:
            yield _sheet_row(number, cells, header)
        elif any(cells):
            header = _columns(file.name, [cell.strip() for cell in cells], mapping)
    if not header:
        raise FileEmpty(file=file.name)


def _sheet_row(number: int, cells: list[str], header: list[str]) -> RawRow:
    """A row of a workbook, which stores no empty cells at its end."""
    values = dict(zip(header, [*cells, *[""] * len(header)], strict=False))
    beyond = [cell for cell in cells[len(header) :] if cell.strip()]
    if beyond:
        facts = {"found": len(cells), "expected": len(header)}
        return RawRow(number, values, Refusal("wrong_column_count", facts), "\t".join(cells))
    return RawRow(number, values, value_fault(values))


def _listed(names: Iterable[str]) -> str:
    shown = [printable(name[:60]) for name in names if name]
    return ", ".join(shown[:_MOST_LISTED]) + (" …" if len(shown) > _MOST_LISTED else "")
