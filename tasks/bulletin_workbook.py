"""The bulletin as a spreadsheet: numbers that can be reckoned with, charts of the program that opens it, the cases.

Nothing in it is a formula: a name that begins with =, +, - or @ is a text, and stays one when somebody edits the cell.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
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
    from openpyxl.worksheet.worksheet import Worksheet

Say = Callable[[str], str]
Cell = str | int | float | Decimal | datetime | None

WHOLE, SHARE, MOMENT = "#,##0", "0.00%", "yyyy-mm-dd hh:mm"

_NARROWEST, _WIDEST = 8.0, 46.0
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def bulletin_workbook(
    bulletin: Bulletin,
    result: EvaluationResult,
    previous: Sequence[EvaluationResult],
    cases: Sequence[CaseBehind] = (),
) -> bytes:
    """The workbook."""
    from openpyxl import Workbook  # brings numpy along: only who writes a workbook pays for it

    book = Workbook()
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
    """Writes one sheet after the other."""

    def __init__(self, book: "Workbook", language: Language, result: EvaluationResult) -> None:
        self._book, self._language, self._result = book, language, result
        self._names: set[str] = set()
        self._reached: dict[str, int] = {}
        """The last row of each sheet: openpyxl looks through all its cells to tell it."""
        self._score = "0." + "0" * result.scheme.digits if result.scheme.digits else "0"

    def overview(self, bulletin: Bulletin, previous: Sequence[EvaluationResult]) -> None:
        """Key figures, and the months behind the line chart."""
        sheet = self._sheet("overview", first=True)
        for text, size in ((bulletin.title, 16), (f"{bulletin.number}　{bulletin.version}　{bulletin.date}", 11)):
            self._write(sheet, [text], size=size)
        for said in bulletin.lead:
            self._write(sheet, [said])
        self._write(sheet, [])
        heads = ("figure", "this_month", "last_month", "last_year")
        top = self._heads(sheet, [self._say(code) for code in heads])
        for figure in key_figures(self._result, previous):
            look = {Kind.COUNT: WHOLE, Kind.RATIO: SHARE, Kind.SCORE: self._score}[figure.kind]
            name = figure_name(figure.code, self._language, self._say)
            self._write(sheet, [name, figure.now, figure.last_month, figure.last_year], looks=["", look, look, look])
        self._write(sheet, [])
        start = self._heads(
            sheet, [self._say(c) for c in ("month", "due_to_close", "closure_rate", "on_time_closure_rate")]
        )
        points = trend(self._result, previous)
        for one in points:
            self._write(sheet, [one.month, one.due, one.closure, one.on_time], looks=["", WHOLE, SHARE, SHARE])
        self._widths(sheet, from_row=top)
        self._on_one_page_across(sheet)
        sheet.freeze_panes = "B1"
        trend_lines(sheet, start, len(points), word("bulletin_caption", "trend", self._language), f"F{top}")
        self._write(sheet, [])
        self._write(sheet, [bulletin.proof])

    def group(self, group: GroupResult) -> None:
        """The ranking of a group with a bar chart beside it."""
        title = group.title.zh if self._language == "zh" else group.title.en
        sheet = self._sheet(title)
        self._units(sheet, group.units)
        scored = sum(unit.score is not None for unit in group.units)
        grades = {grade.code: GRADE_COLOURS.get(grade.colour or "") for grade in self._result.scheme.grades}
        colours = [grades.get(unit.grade or "") for unit in group.units[:scored]]
        caption = word("bulletin_caption", "ranking", self._language).format(group=clean(title))
        beside = sheet.cell(2, sheet.max_column + 2).coordinate
        ranking_bars(sheet, scored, colours, caption, self._say("score"), beside)

    def others(self, units: Sequence[UnitResult]) -> None:
        """Units of no group: counted, so that the totals agree, and not scored."""
        self._units(self._sheet("others"), units)

    def backlog(self) -> None:
        """All overdue cases, those of each unit together."""
        sheet = self._sheet("backlog")
        names = {unit.unit: unit.name for unit in self._result.units()}
        self._heads(sheet, [self._say(c) for c in ("unit", "number", "class", "area", "due_at", "days_late")])
        for case in self._result.backlog:
            number, class_name, area, _ = case_cells(case)
            late = max((self._result.counted_at - case.due_at).days, 0)
            row: list[Cell] = [clean(names.get(case.unit, case.unit)), number, class_name, area, case.due_at, late]
            self._write(sheet, row, looks=["", "", "", "", MOMENT, WHOLE])
        self._finish(sheet)

    def parts(self) -> None:
        """What the month was about: large classes, areas, sources."""
        sheet = self._sheet("parts")
        counts = ("due_to_close", "closed", "closed_on_time")
        heads = [self._say(c) for c in ("name", *counts, "closure_rate", "on_time_closure_rate")]
        self._heads(sheet, [self._say("group"), *heads])
        for code, by in (("class", self._by_class()), ("area", self._result.by_area), ("source", self._by_source())):
            for name, each in sorted(by.items(), key=lambda one: (-one[1].get("due_to_close", 0), one[0])):
                due = each.get("due_to_close", 0)
                shares = [Decimal(each.get(top, 0)) / due if due else None for top in ("closed", "closed_on_time")]
                row: list[Cell] = [self._say(code), clean(name), *(each.get(count) for count in counts), *shares]
                self._write(sheet, row, looks=["", "", WHOLE, WHOLE, WHOLE, SHARE, SHARE])
        self._finish(sheet)

    def days(self) -> None:
        """Reported, filed and closed day by day."""
        sheet = self._sheet("days")
        names = ("reported", "filed", "closed")
        self._heads(sheet, [self._say("date"), *(self._say(name) for name in names)])
        for day, counts in sorted(self._result.by_day.items()):
            self._write(sheet, [day, *(counts.get(name) for name in names)], looks=["", WHOLE, WHOLE, WHOLE])
        self._finish(sheet)
        day_columns(sheet, len(self._result.by_day), word("bulletin_caption", "days", self._language), "F2")

    def cases(self, cases: Sequence[CaseBehind]) -> None:
        """The cases that fell due, as they stood."""
        sheet = self._sheet("cases")
        names = {unit.unit: unit.name for unit in self._result.units()}
        codes = ("unit", "number", "class", "area", "due_at", "handled_at", "ended_at", "on_time", "state")
        self._heads(sheet, [self._say(code) for code in codes])
        on_time = {True: self._say("yes"), False: self._say("no"), None: MISSING}
        for case in cases[:MOST_CASES]:
            place = [clean(names.get(case.unit, case.unit)), clean(case.number), clean(case.class_name)]
            state = word("state", case.state, self._language)
            times = [case.due_at, case.handled_at, case.ended_at]
            row: list[Cell] = [*place, clean(case.area or MISSING), *times, on_time[case.on_time], state]
            self._write(sheet, row, looks=["", "", "", "", MOMENT, MOMENT, MOMENT, "", ""])
        if len(cases) > MOST_CASES:
            self._write(sheet, [word("bulletin_sheet", "more_cases", self._language).format(most=MOST_CASES)])
        self._finish(sheet)

    def definitions(self, bulletin: Bulletin) -> None:
        """What each figure means, and where that comes from."""
        sheet = self._sheet("definitions")
        self._heads(sheet, [self._say(code) for code in ("name", "meaning", "source")])
        for row in definitions(self._result, self._language, self._say):
            self._write(sheet, list(row))
        for grade in self._result.scheme.grades:
            title = clean(grade.title.zh if self._language == "zh" else grade.title.en)
            self._write(sheet, [title, f"≥ {grade.lowest}", self._say("grade")])
        for section in bulletin.sections:
            if section.code == "definitions":
                self._write(sheet, [])
                for said in section.parts:
                    if isinstance(said, str):
                        self._write(sheet, [said])
        self._write(sheet, [word("bulletin_sheet", "formula_note", self._language)])
        self._finish(sheet, filtered=False)
        sheet.column_dimensions["B"].width = 90

    def _units(self, sheet: "Worksheet", units: Sequence[UnitResult]) -> None:
        names = (
            "due_to_close",
            "closed",
            "closed_on_time",
            "overdue_open",
            "reworked",
            "extended",
            "suspended",
            "exempt",
        )
        ratios = ("closure_rate", "on_time_closure_rate")
        heads = ["rank", "unit", "score", "grade", *names, *ratios, "rank_change", "unit_code"]
        self._heads(sheet, [figure_name(code, self._language, self._say) for code in heads])
        grades = {g.code: g.title.zh if self._language == "zh" else g.title.en for g in self._result.scheme.grades}
        for unit in units:
            row: list[Cell] = [unit.rank, clean(unit.name), unit.score, clean(grades.get(unit.grade or "", MISSING))]
            row += [unit.scoring.get(name) for name in names]
            row += [unit_share(unit, code) for code in ratios]
            row += [rank_change(unit, self._say), clean(unit.unit)]
            looks = [WHOLE, "", self._score, "", *(WHOLE for _ in names), SHARE, SHARE, "", ""]
            self._write(sheet, row, looks=looks)
        self._finish(sheet)

    def _sheet(self, code: str, *, first: bool = False) -> "Worksheet":
        sheet: Any = self._book.active if first else self._book.create_sheet()
        sheet.title = self._sheet_name(word("bulletin_sheet", code, self._language))
        return sheet  # type: ignore[no-any-return]

    def _sheet_name(self, wanted: str) -> str:
        """A name that a spreadsheet takes: at most 31 signs, none of some, and no other sheet's."""
        kept = _NOT_IN_A_NAME.sub(" ", clean(wanted)).strip()[:28] or "-"
        number, name = 2, kept
        while name.casefold() in self._names:
            number, name = number + 1, f"{kept} {number}"
        self._names.add(name.casefold())
        return name

    def _heads(self, sheet: "Worksheet", heads: Sequence[str]) -> int:
        from openpyxl.styles import Alignment, Font, PatternFill

        row = self._write(sheet, list(heads))
        for cell in sheet[row]:
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="EEF1F4")
            cell.alignment = Alignment(vertical="center", wrap_text=True)
        return row

    def _write(self, sheet: "Worksheet", row: Sequence[Cell], looks: Sequence[str] = (), size: int = 0) -> int:
        """A row below all others; a text is a text, what is not known a dash."""
        from openpyxl.styles import Font

        number = self._reached.get(sheet.title, 0) + 1
        self._reached[sheet.title] = number
        for column, value in enumerate(row, 1):
            cell: Any = sheet.cell(number, column)
            _put(cell, MISSING if value is None else value)
            if column <= len(looks) and looks[column - 1] and value is not None:
                cell.number_format = looks[column - 1]
            if size:
                cell.font = Font(size=size, bold=True)
        return number

    def _finish(self, sheet: "Worksheet", *, filtered: bool = True) -> None:
        """A head that stays, filters, widths, and the head on each printed page."""
        sheet.freeze_panes = "A2"
        if filtered:
            sheet.auto_filter.ref = sheet.dimensions
        sheet.print_title_rows = "1:1"
        self._on_one_page_across(sheet)
        self._widths(sheet)

    def _on_one_page_across(self, sheet: "Worksheet") -> None:
        sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
        if sheet.sheet_properties.pageSetUpPr is not None:
            sheet.sheet_properties.pageSetUpPr.fitToPage = True

    def _widths(self, sheet: "Worksheet", from_row: int = 1) -> None:
        from openpyxl.utils import get_column_letter

        for number, column in enumerate(sheet.iter_cols(min_row=from_row), 1):
            widest = max((_width(cell.value) for cell in column), default=0)
            sheet.column_dimensions[get_column_letter(number)].width = min(max(widest + 3, _NARROWEST), _WIDEST)

    def _by_class(self) -> Mapping[str, Mapping[str, int]]:
        return self._result.by_class

    def _by_source(self) -> Mapping[str, Mapping[str, int]]:
        return {word("source", code, self._language): each for code, each in self._result.by_source.items()}

    def _say(self, code: str) -> str:
        return word("bulletin_column", code, self._language)


def _put(cell: Any, value: Cell) -> None:
    if isinstance(value, str):
        cell.value = value
        # Never a formula, whatever it begins with; the mark keeps it so when somebody edits the cell.
        cell.data_type, cell.quotePrefix = "s", value[:1] in "=+-@\t\r" and value != ""
    elif isinstance(value, datetime):
        cell.value = value.replace(tzinfo=None)
    else:
        cell.value = float(value) if isinstance(value, Decimal) else value


def _width(value: object) -> float:
    if isinstance(value, (datetime, date)):
        return 16
    return text_width(str(value), 2) if isinstance(value, str) else len(f"{value:,}"[:12]) if value is not None else 0


def _with_fixed_moment(packed: bytes, moment: datetime) -> bytes:
    """The same workbook without the moment at which it was saved, which openpyxl writes into it."""
    from zipfile import ZIP_DEFLATED, ZipFile

    made = BytesIO()
    at = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}".encode()
    with ZipFile(BytesIO(packed)) as before, ZipFile(made, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(
                name, _MODIFIED.sub(rb"\g<1>" + at + rb"\g<2>", content) if name == "docProps/core.xml" else content
            )
    return with_fixed_times(made.getvalue())
