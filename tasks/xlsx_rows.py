"""The rows of a workbook's first sheet as texts."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import repeat
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from tasks.intake_errors import FileDamaged, FileOfOtherKind

_CHUNK_BYTES = 1 << 20
_FORMULA = b"<f"


def sheet_rows(name: str, stream: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells of every row; a formula gives the value the spreadsheet last showed, else its text.

    Raises: FileOfOtherKind for a zip archive that is no workbook, FileDamaged for a workbook that cannot be read.
    """
    number = 0
    try:
        if not zipfile.is_zipfile(stream) or "xl/workbook.xml" not in zipfile.ZipFile(stream).namelist():
            raise FileOfOtherKind(file=name, kind="a zip archive")
        shown = _sheet(stream, shown=True)
        written = _sheet(stream, shown=False) if _has_formulas(stream) else repeat(())
        for number, (cells, formulas) in enumerate(zip(shown, written, strict=False), 1):
            texts = [_text(cell) for cell in cells]
            for position, formula in enumerate(formulas):
                texts[position] = texts[position] or _text(formula)
            yield number, texts
    except _broken() as error:
        # Its text may repeat a cell, which may name a citizen.
        raise FileDamaged(file=name, row=number, why=type(error).__name__) from error


def _broken() -> tuple[type[Exception], ...]:
    """What the workbook library raises on files that are no workbooks, or broken ones."""
    from openpyxl.utils.exceptions import InvalidFileException  # with the library: only where a workbook is read

    return (
        *(zipfile.BadZipFile, zlib.error, struct.error, InvalidFileException, ParseError, EOFError, OSError),
        *(LookupError, ValueError, TypeError, AttributeError, RuntimeError, OverflowError, AssertionError),
    )


def _sheet(stream: BinaryIO, shown: bool) -> Iterator[tuple[Any, ...]]:
    from openpyxl import load_workbook  # brings numpy along: only an intake that meets a workbook pays for it

    book = load_workbook(stream, read_only=True, data_only=shown)
    if not book.worksheets:
        raise ValueError("it has no sheet")
    sheet = book.worksheets[0]
    # Some programs write a wrong size into the sheet; without it every row is read as long as it is.
    sheet.reset_dimensions()
    return sheet.iter_rows(values_only=True)


def _has_formulas(stream: BinaryIO) -> bool:
    """Whether any sheet holds a formula; reading the cells twice is only worth it then."""
    with zipfile.ZipFile(stream) as book:
        for member in book.namelist():
            if member.startswith("xl/worksheets/") and member.endswith(".xml"):
                with book.open(member) as part:
                    while chunk := part.read(_CHUNK_BYTES):
                        if _FORMULA in chunk:
                            return True
    return False


def _text(value: object) -> str:
    """A cell as the text a mapping reads: moments in ISO 8601, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        # Days are stored as fractions, which miss the second by microseconds.
        return (value + timedelta(milliseconds=500)).replace(microsecond=0).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
