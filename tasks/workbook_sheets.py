"""Sheets of a workbook: heads that stay, columns as wide as need be, texts that stay texts.

Nothing in them is a formula: a name that begins with =, +, - or @ is a text, and stays one when somebody edits it.
Rows are written as they come and not kept: twenty thousand cost no more memory than one.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from tasks.bulletin_figures import MISSING
from tasks.bulletin_svg import text_width
from tasks.word_document import with_fixed_times
from tasks.wording import clean

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet as Sheet

Cell = str | int | float | Decimal | datetime | date | None
Row = Sequence[Cell]

WHOLE, SHARE, MOMENT, DAY = "#,##0", "0.00%", "yyyy-mm-dd hh:mm", "yyyy-mm-dd"

_NARROWEST, _WIDEST = 7.0, 34.0
_A4 = 9
_ACROSS, _ACROSS_WIDTH = "O", 160
"""The last column of a paragraph over the width of a sheet, and how many letters a line has there."""
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
_PROPERTIES = "docProps/core.xml"
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


class Sheets:
    """Writes one sheet after the other. What a sheet is like is said before its first row: rows go out at once."""

    def __init__(self, title: str, author: str, at: datetime) -> None:
        from openpyxl import Workbook  # brings numpy along: only who writes a workbook pays for it

        self._book: Workbook = Workbook(write_only=True)
        self._names: set[str] = set()
        self._at = at
        properties = self._book.properties
        properties.title, properties.creator = title, author
        properties.created = at.astimezone(UTC).replace(tzinfo=None)

    def written(self) -> bytes:
        """The workbook; the same rows give the same bytes."""
        made = BytesIO()
        self._book.save(made)
        return _with_fixed_moment(made.getvalue(), self._at)

    def sheet(self, title: str) -> "Sheet":
        """A new sheet."""
        sheet: Any = self._book.create_sheet(self._sheet_name(title))
        return sheet  # type: ignore[no-any-return]

    def _sheet_name(self, wanted: str) -> str:
        """A name that a spreadsheet takes: at most 31 signs, none of some, and no other sheet's."""
        kept = _NOT_IN_A_NAME.sub(" ", clean(wanted)).strip()[:28] or "-"
        number, name = 2, kept
        while name.casefold() in self._names:
            number, name = number + 1, f"{kept} {number}"
        self._names.add(name.casefold())
        return name

    def table(
        self,
        sheet: "Sheet",
        heads: Sequence[str],
        rows: Callable[[], Iterator[Row]],
        looks: Sequence[str],
        *,
        widths: Sequence[float] = (),
        filtered: bool = True,
    ) -> int:
        """A head that stays and is repeated on paper, filters, columns as wide as need be; gives the last row.

        The rows are gone through twice, first for the widths.
        """
        self.set_widths(sheet, widths or _widths_of(heads, rows()))
        sheet.freeze_panes, sheet.print_title_rows = "A2", "1:1"
        self.on_one_page_across(sheet)
        self.heads(sheet, heads)
        last = 1
        for row in rows():
            last = self.write(sheet, last, row, looks)
        if filtered:
            sheet.auto_filter.ref = f"A1:{_letter(len(heads))}{last}"
        return last

    def heads(self, sheet: "Sheet", heads: Sequence[str]) -> None:
        """The row of heads."""
        from openpyxl.styles import Alignment, Font, PatternFill

        cells = [_cell(sheet, head) for head in heads]
        for cell in cells:
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="EEF1F4")
            cell.alignment = Alignment(vertical="center", wrap_text=True)
        sheet.append(cells)

    def write(self, sheet: "Sheet", above: int, row: Row, looks: Sequence[str] = (), size: int = 0) -> int:
        """The next row, and its number; a text is a text, what is not known a dash."""
        from openpyxl.styles import Alignment, Font

        cells = []
        for column, value in enumerate(row):
            cell = _cell(sheet, MISSING if value is None else value)
            look = looks[column] if column < len(looks) else ""
            if look and value is not None:
                cell.number_format = look
            elif look:
                cell.alignment = Alignment(horizontal="right")
            elif looks and isinstance(value, str) and text_width(value, 2) > _WIDEST:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
            if size:
                cell.font = Font(size=size, bold=True)
            cells.append(cell)
        sheet.append(cells)
        return above + 1

    def write_across(self, sheet: "Sheet", above: int, said: str) -> int:
        """A paragraph over the width of table and chart, as high as it needs."""
        from openpyxl.styles import Alignment

        cell = _cell(sheet, said)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[above + 1].height = 16 * -(-int(text_width(said, 2)) // _ACROSS_WIDTH)
        sheet.merged_cells.add(f"A{above + 1}:{_ACROSS}{above + 1}")
        sheet.append([cell])
        return above + 1

    def on_one_page_across(self, sheet: "Sheet") -> None:
        """On paper as wide as a page of A4, as long as need be."""
        sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", _A4, 0
        if sheet.sheet_properties.pageSetUpPr is not None:
            sheet.sheet_properties.pageSetUpPr.fitToPage = True

    def set_widths(self, sheet: "Sheet", widths: Sequence[float]) -> None:
        """The widths of the columns, in letters."""
        for number, width in enumerate(widths, 1):
            sheet.column_dimensions[_letter(number)].width = width


def _cell(sheet: "Sheet", value: Cell) -> Any:
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, datetime):
        value = value.replace(tzinfo=None)
    written: Any = float(value) if isinstance(value, Decimal) else value
    cell: Any = WriteOnlyCell(sheet, written)
    if isinstance(value, str):
        # Never a formula, whatever it begins with; the mark keeps it so when somebody edits the cell.
        cell.data_type, cell.quotePrefix = "s", value[:1] in "=+-@\t\r" and value != ""
    return cell


def _widths_of(heads: Sequence[str], rows: Iterator[Row]) -> list[float]:
    """As wide as the widest text of each column, within reason."""
    widest = [_width(head) for head in heads]
    for row in rows:
        widest = [max(width, _width(value)) for width, value in zip_longest(widest, row[: len(heads)], fillvalue=0)]
    return [min(max(width + 2, _NARROWEST), _WIDEST) for width in widest]


def _width(value: object) -> float:
    if isinstance(value, (datetime, date)):
        return 16
    if isinstance(value, Decimal):
        return 7
    return text_width(str(value), 2) if isinstance(value, str) else len(f"{value:,}"[:12]) if value is not None else 0


def _letter(column: int) -> str:
    from openpyxl.utils import get_column_letter

    return get_column_letter(column)


def _with_fixed_moment(packed: bytes, moment: datetime) -> bytes:
    """The same workbook without the moment at which it was saved, which openpyxl writes into it."""
    from zipfile import ZipFile

    at = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}".encode()
    with ZipFile(BytesIO(packed)) as before:
        properties = _MODIFIED.sub(rb"\g<1>" + at + rb"\g<2>", before.read(_PROPERTIES))
    return with_fixed_times(packed, {_PROPERTIES: properties})
