"""The bulletin as a spreadsheet: numbers that can be reckoned with, charts of the program that opens it, the cases.

Nothing in it is a formula: a name that begins with =, +, - or @ is a text, and stays one when somebody edits the cell.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

from models.evaluation_result import EvaluationResult, GroupResult, UnitResult
from tasks.bulletin_cases import MOST_CASES, CaseBehind
from tasks.bulletin_document import Bulletin
from tasks.bulletin_figures import MISSING, Kind, key_figures, trend, unit_share
from tasks.bulletin_ranking_chart import rank_change
from tasks.bulletin_svg import GRADE_COLOURS, text_width
from tasks.bulletin_tables import case_cells, definitions, figure_name
from tasks.bulletin_workbook_charts import day_columns, ranking_bars, trend_lines
from tasks.word_document import with_fixed_times
from tasks.wording import clean
from tasks.words import Language, word

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet as Sheet

Say = Callable[[str], str]
Cell = str | int | float | Decimal | datetime | None
Row = Sequence[Cell]

WHOLE, SHARE, MOMENT = "#,##0", "0.00%", "yyyy-mm-dd hh:mm"

_NARROWEST, _WIDEST = 7.0, 34.0
_A4 = 9
_ACROSS, _ACROSS_WIDTH = "O", 160
"""The last column under table and chart of the overview, and how many letters a line has there."""
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
_PROPERTIES = "docProps/core.xml"
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def bulletin_workbook(
    bulletin: Bulletin,
    result: EvaluationResult,
    previous: Sequence[EvaluationResult],
    cases: Sequence[CaseBehind] = (),
) -> bytes:
    """The workbook."""
    from openpyxl import Workbook  # brings numpy along: only who writes a workbook pays for it

    # Rows are written as they come and not kept: twenty thousand cases cost no more memory than one.
    book = Workbook(write_only=True)
    sheets = _Sheets(book, bulletin.language, result)
    sheets.overview(bulletin, previous)
    for group in result.groups:
        sheets.group(group)
    if result.unscored:
        sheets.others(result.unscored)
    sheets.backlog()
    sheets.parts()
    sheets.days()
    if cases:
        sheets.cases(cases)
    sheets.definitions(bulletin)
    properties = book.properties
    properties.title, properties.creator = bulletin.title, bulletin.issuer
    properties.created = bulletin.dated.astimezone(UTC).replace(tzinfo=None)
    made = BytesIO()
    book.save(made)
    return _with_fixed_moment(made.getvalue(), bulletin.dated)


class _Sheets:
    """Writes one sheet after the other. What a sheet is like is said before its first row: rows go out at once."""

    def __init__(self, book: "Workbook", language: Language, result: EvaluationResult) -> None:
        self._book, self._language, self._result = book, language, result
        self._names: set[str] = set()
        self._score = "0." + "0" * result.scheme.digits if result.scheme.digits else "0"

    def overview(self, bulletin: Bulletin, previous: Sequence[EvaluationResult]) -> None:
        """Key figures, and the months behind the line chart."""
        sheet = self._sheet("overview")
        figures, points = key_figures(self._result, previous), trend(self._result, previous)
        names = [figure_name(figure.code, self._language, self._say) for figure in figures]
        self._set_widths(sheet, [max(text_width(name, 2) for name in names) + 3, 14, 14, 14])
        self._on_one_page_across(sheet)
        row = 0
        for text, size in ((bulletin.title, 16), (f"{bulletin.number}　{bulletin.version}　{bulletin.date}", 11)):
            row = self._write(sheet, row, [text], size=size)
        for said in bulletin.lead:
            row = self._write_across(sheet, row, said)
        row = top = self._write(sheet, row, []) + 1
        self._heads(sheet, [self._say(code) for code in ("figure", "this_month", "last_month", "last_year")])
        for name, figure in zip(names, figures, strict=True):
            look = {Kind.COUNT: WHOLE, Kind.RATIO: SHARE, Kind.SCORE: self._score}[figure.kind]
            row = self._write(sheet, row, [name, figure.now, figure.last_month, figure.last_year], ["", *[look] * 3])
        row = start = self._write(sheet, row, []) + 1
        self._heads(sheet, [self._say(c) for c in ("month", "due_to_close", "closure_rate", "on_time_closure_rate")])
        for one in points:
            row = self._write(sheet, row, [one.month, one.due, one.closure, one.on_time], ["", WHOLE, SHARE, SHARE])
        trend_lines(sheet, start, len(points), word("bulletin_caption", "trend_lines", self._language), f"F{top}")
        row = self._write(sheet, row, [])
        for said in (bulletin.sealed, bulletin.proof):
            if said:
                row = self._write_across(sheet, row, said)

    def group(self, group: GroupResult) -> None:
        """The ranking of a group with a bar chart below it: beside it, paper would show both too small."""
        title = group.title.zh if self._language == "zh" else group.title.en
        sheet = self._sheet(title)
        scores = [unit.score for unit in group.units if unit.score is not None]
        grades = {grade.code: GRADE_COLOURS.get(grade.colour or "") for grade in self._result.scheme.grades}
        colours = [grades.get(unit.grade or "") for unit in group.units[: len(scores)]]
        caption = word("bulletin_caption", "ranking", self._language).format(group=clean(title))
        last = self._units(sheet, group.units)
        # Table and picture on one sheet of paper.
        sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "portrait", 1
        ranking_bars(sheet, scores, colours, caption, self._say("score"), f"A{last + 2}")

    def others(self, units: Sequence[UnitResult]) -> None:
        """Units of no group: counted, so that the totals agree, and not scored."""
        self._units(self._sheet("others"), units)

    def backlog(self) -> None:
        """All overdue cases, those of each unit together."""
        names = {unit.unit: unit.name for unit in self._result.units()}

        def rows() -> Iterator[Row]:
            for case in self._result.backlog:
                number, class_name, area, _ = case_cells(case)
                late = max((self._result.counted_at - case.due_at).days, 0)
                yield [clean(names.get(case.unit, case.unit)), number, class_name, area, case.due_at, late]

        heads = [self._say(c) for c in ("unit", "number", "class", "area", "due_at", "days_late")]
        self._table(self._sheet("backlog"), heads, rows, ["", "", "", "", MOMENT, WHOLE])

    def parts(self) -> None:
        """What the month was about: large classes, areas, sources."""
        counts = ("due_to_close", "closed", "closed_on_time")

        def rows() -> Iterator[Row]:
            for code, by in (
                ("class", self._by_class()),
                ("area", self._result.by_area),
                ("source", self._by_source()),
            ):
                for name, each in sorted(by.items(), key=lambda one: (-one[1].get("due_to_close", 0), one[0])):
                    due = each.get("due_to_close", 0)
                    shares = [Decimal(each.get(top, 0)) / due if due else None for top in ("closed", "closed_on_time")]
                    yield [self._say(code), clean(name), *(each.get(count) for count in counts), *shares]

        heads = [self._say(c) for c in ("group", "name", *counts, "closure_rate", "on_time_closure_rate")]
        self._table(self._sheet("parts"), heads, rows, ["", "", WHOLE, WHOLE, WHOLE, SHARE, SHARE])

    def days(self) -> None:
        """Reported, filed and closed day by day."""
        sheet, names, by_day = self._sheet("days"), ("reported", "filed", "closed"), self._result.by_day

        def rows() -> Iterator[Row]:
            for day, counts in sorted(by_day.items()):
                yield [day, *(counts.get(name) for name in names)]

        heads = [self._say("date"), *(self._say(name) for name in names)]
        self._table(sheet, heads, rows, ["", WHOLE, WHOLE, WHOLE])
        day_columns(sheet, len(by_day), word("bulletin_caption", "each_day", self._language), "F2")

    def cases(self, cases: Sequence[CaseBehind]) -> None:
        """The cases that fell due, as they stood."""
        names = {unit.unit: unit.name for unit in self._result.units()}
        on_time = {True: self._say("yes"), False: self._say("no"), None: MISSING}

        def rows() -> Iterator[Row]:
            for case in islice(cases, MOST_CASES):
                place = [clean(names.get(case.unit, case.unit)), clean(case.number), clean(case.class_name)]
                state = word("state", case.state, self._language)
                times = [case.due_at, case.handled_at, case.ended_at]
                yield [*place, clean(case.area or MISSING), *times, on_time[case.on_time], state]

        codes = ("unit", "number", "class", "area", "due_at", "handled_at", "ended_at", "on_time", "state")
        looks = ["", "", "", "", MOMENT, MOMENT, MOMENT, "", ""]
        sheet = self._sheet("cases")
        last = self._table(sheet, [self._say(code) for code in codes], rows, looks)
        if len(cases) > MOST_CASES:
            self._write(sheet, last, [word("bulletin_sheet", "more_cases", self._language).format(most=MOST_CASES)])

    def definitions(self, bulletin: Bulletin) -> None:
        """What each figure means, and where that comes from."""

        def rows() -> Iterator[Row]:
            for row in definitions(self._result, self._language, self._say):
                yield list(row)
            for grade in self._result.scheme.grades:
                title = clean(grade.title.zh if self._language == "zh" else grade.title.en)
                yield [title, f"≥ {grade.lowest}", self._say("grade")]
            for section in bulletin.sections:
                if section.code == "definitions":
                    yield []
                    yield from ([said] for said in section.parts if isinstance(said, str))
            yield [word("bulletin_sheet", "formula_note", self._language)]

        sheet, heads = self._sheet("definitions"), [self._say(code) for code in ("name", "meaning", "source")]
        self._table(sheet, heads, rows, [], widths=(24, 90, 46), filtered=False)

    def _units(self, sheet: "Sheet", units: Sequence[UnitResult]) -> int:
        """The figures of units; gives the last row."""
        names = (
            *("due_to_close", "closed", "closed_on_time", "overdue_open", "reworked", "extended"),
            *("suspended", "exempt"),
        )
        ratios = ("closure_rate", "on_time_closure_rate")
        codes = ["rank", "unit", "score", "grade", *names, *ratios, "rank_change", "unit_code"]
        grades = {g.code: g.title.zh if self._language == "zh" else g.title.en for g in self._result.scheme.grades}

        def rows() -> Iterator[Row]:
            for unit in units:
                row: list[Cell] = [
                    unit.rank,
                    clean(unit.name),
                    unit.score,
                    clean(grades.get(unit.grade or "", MISSING)),
                ]
                row += [unit.scoring.get(name) for name in names]
                row += [unit_share(unit, code) for code in ratios]
                yield [*row, rank_change(unit, self._say), clean(unit.unit)]

        looks = [WHOLE, "", self._score, "", *(WHOLE for _ in names), SHARE, SHARE, "", ""]
        return self._table(sheet, [figure_name(code, self._language, self._say) for code in codes], rows, looks)

    def _sheet(self, code: str) -> "Sheet":
        sheet: Any = self._book.create_sheet(self._sheet_name(word("bulletin_sheet", code, self._language)))
        return sheet  # type: ignore[no-any-return]

    def _sheet_name(self, wanted: str) -> str:
        """A name that a spreadsheet takes: at most 31 signs, none of some, and no other sheet's."""
        kept = _NOT_IN_A_NAME.sub(" ", clean(wanted)).strip()[:28] or "-"
        number, name = 2, kept
        while name.casefold() in self._names:
            number, name = number + 1, f"{kept} {number}"
        self._names.add(name.casefold())
        return name

    def _table(
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
        self._set_widths(sheet, widths or _widths_of(heads, rows()))
        sheet.freeze_panes, sheet.print_title_rows = "A2", "1:1"
        self._on_one_page_across(sheet)
        self._heads(sheet, heads)
        last = 1
        for row in rows():
            last = self._write(sheet, last, row, looks)
        if filtered:
            sheet.auto_filter.ref = f"A1:{_letter(len(heads))}{last}"
        return last

    def _heads(self, sheet: "Sheet", heads: Sequence[str]) -> None:
        from openpyxl.styles import Alignment, Font, PatternFill

        cells = [_cell(sheet, head) for head in heads]
        for cell in cells:
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="EEF1F4")
            cell.alignment = Alignment(vertical="center", wrap_text=True)
        sheet.append(cells)

    def _write(self, sheet: "Sheet", above: int, row: Row, looks: Sequence[str] = (), size: int = 0) -> int:
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

    def _write_across(self, sheet: "Sheet", above: int, said: str) -> int:
        """A paragraph over the width of table and chart, as high as it needs."""
        from openpyxl.styles import Alignment

        cell = _cell(sheet, said)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[above + 1].height = 16 * -(-int(text_width(said, 2)) // _ACROSS_WIDTH)
        sheet.merged_cells.add(f"A{above + 1}:{_ACROSS}{above + 1}")
        sheet.append([cell])
        return above + 1

    def _on_one_page_across(self, sheet: "Sheet") -> None:
        sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", _A4, 0
        if sheet.sheet_properties.pageSetUpPr is not None:
            sheet.sheet_properties.pageSetUpPr.fitToPage = True

    def _set_widths(self, sheet: "Sheet", widths: Sequence[float]) -> None:
        for number, width in enumerate(widths, 1):
            sheet.column_dimensions[_letter(number)].width = width

    def _by_class(self) -> Mapping[str, Mapping[str, int]]:
        return self._result.by_class

    def _by_source(self) -> Mapping[str, Mapping[str, int]]:
        return {word("source", code, self._language): each for code, each in self._result.by_source.items()}

    def _say(self, code: str) -> str:
        return word("bulletin_column", code, self._language)


def _cell(sheet: "Sheet", value: Cell) -> Any:
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, datetime):
        value = value.replace(tzinfo=None)
    cell: Any = WriteOnlyCell(sheet, float(value) if isinstance(value, Decimal) else value)
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
