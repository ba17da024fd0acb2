"""One row of a CSV file of the directory, changed in its text: every other line stays as somebody wrote it."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.directory.sheet import Row, SheetFormat, read_rows


def row_of(sheet: SheetFormat[Any], content: str | None, key: tuple[str, ...]) -> Row | None:
    """The row of a file that stands under a key; None also where there is no such file."""
    rows = read_rows(sheet, content, []) if content is not None else None
    if rows is None:
        return None
    return next((row for row in rows.rows if tuple(row.cells.get(name, "") for name in sheet.key) == key), None)


def with_row(
    sheet: SheetFormat[Any], content: str | None, key: tuple[str, ...], cells: Mapping[str, str] | None
) -> str:
    """The file with the row of a key changed, added below its like, or (`cells` None) taken out.

    Cells that are not named keep what they hold. A file that is not there yet begins with its header.
    Example: with_row(CONTACT_POINTS, text, ("admin-1", "1"), {"channel": "sms", "address": "env:ADMIN_SMS"})
    """
    content = content if content is not None else _line(sheet.names)
    texts = [text if text.endswith("\n") else text + "\n" for text in _records(content)]
    found = row_of(sheet, content, key)
    if cells is None:
        return "".join(text for at, text in enumerate(texts, 1) if found is None or at != found.number)
    values = {**(found.cells if found else {}), **dict(zip(sheet.key, key, strict=True)), **cells}
    line = _line([values.get(name, "") for name in _header(sheet, content)])
    if found is not None:
        texts[found.number - 1] = line
    else:
        texts.insert(_place(sheet, content, key, len(texts)), line)
    return "".join(texts)


def _records(content: str) -> Iterator[str]:
    """The text of each row of the file, as many lines as it takes."""
    raw: list[str] = []

    def read() -> Iterator[str]:
        for line in io.StringIO(content, newline=""):
            raw.append(line)
            yield line

    for _ in csv.reader(read(), strict=True):
        yield "".join(raw)
        raw.clear()


def _header(sheet: SheetFormat[Any], content: str) -> tuple[str, ...]:
    rows = read_rows(sheet, content, [])
    return rows.columns if rows is not None else sheet.names


def _place(sheet: SheetFormat[Any], content: str, key: tuple[str, ...], end: int) -> int:
    """Below the last row with the same first key, else at the end."""
    rows = read_rows(sheet, content, [])
    like = [row.number for row in rows.rows if row.cells.get(sheet.key[0]) == key[0]] if rows else []
    return like[-1] if like else end


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
