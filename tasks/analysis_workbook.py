"""The analysis as a spreadsheet: every finding, every recurrence, and a row for each case behind each of them."""

from collections.abc import Iterator, Sequence

from models.city import City
from models.period_analysis import Analysis
from tasks.analysis_lines import Line, Lines, Value
from tasks.bulletin_document import Bulletin
from tasks.words import word
from tasks.workbook_sheets import DAY, MOMENT, SHARE, WHOLE, Cell, Row, Sheets

_LOOKS = {
    **dict.fromkeys(("rank", "count", "times", "in_all", "points", "weeks", "classes"), WHOLE),
    **dict.fromkeys(("reported_at", "closed_at"), MOMENT),
    **dict.fromkeys(("day", "last"), DAY),
    **dict.fromkeys(("days", "metres", "usual", "bound"), "#,##0.0"),
    "share": SHARE,
    "change": "+#,##0.0;-#,##0.0;0",
}


def analysis_workbook(report: Bulletin, analysis: Analysis, city: City) -> bytes:
    """The workbook. The same analysis gives the same bytes."""
    lines, sheets = Lines(analysis, city, report.language), _AnalysisSheets(report)
    sheets.overview(report)
    hot, places, rises = lines.hot(), lines.recurrences(), lines.rises()
    for code, found in (
        ("hot", hot), ("recurrences", places), ("back", lines.back()), ("rises", rises), ("days", lines.days()),
        ("points", lines.points()), ("rules", lines.rules()),
    ):  # fmt: skip
        sheets.lines(code, found)
    for code, found in (("hot", hot), ("recurrences", places), ("rises", rises), ("apart", lines.apart())):
        sheets.cases(f"cases_{code}", list(lines.cases_of(found)))
    return sheets.written()


class _AnalysisSheets(Sheets):
    """The sheets of an analysis."""

    def __init__(self, report: Bulletin) -> None:
        super().__init__(report.title, report.issuer, report.dated)
        self._language = report.language

    def overview(self, report: Bulletin) -> None:
        """What the page says first."""
        sheet = self.sheet(word("analysis_table", "overview", self._language))
        key = next(table for table in report.tables() if table.name == "key_figures")
        self.set_widths(sheet, [24, 14, 14, 14])
        self.on_one_page_across(sheet)
        row = self.write(sheet, 0, [report.title], size=16)
        row = self.write(sheet, row, [f"{report.number}　{report.version}　{report.date}"], size=11)
        for said in report.lead:
            row = self.write_across(sheet, row, said)
        row = self.write(sheet, row, [])
        self.heads(sheet, key.heads)
        row += 1
        for cells in key.rows:
            row = self.write(sheet, row, list(cells))
        row = self.write(sheet, row, [])
        self.write_across(sheet, row, report.proof)

    def lines(self, code: str, lines: Sequence[Line]) -> None:
        """A sheet of findings; of their cases only the number stands here."""
        if not lines:
            return
        columns = [column for column in lines[0] if column != "cases"]
        heads = [word("analysis_column", column, self._language) for column in columns]

        def rows() -> Iterator[Row]:
            for line in lines:
                yield [_cell(line[column]) for column in columns]

        looks = [_LOOKS.get(column, "") for column in columns]
        self.table(self.sheet(word("analysis_table", code, self._language)), heads, rows, looks)

    def cases(self, code: str, cases: Sequence[tuple[str, str]]) -> None:
        """A row for each case behind each finding."""
        if cases:
            heads = [word("analysis_column", column, self._language) for column in ("finding", "case")]
            self.table(self.sheet(word("analysis_table", code, self._language)), heads, lambda: iter(cases), [])


def _cell(value: Value) -> Cell:
    return len(value) if isinstance(value, tuple) else value
