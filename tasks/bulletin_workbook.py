"""The bulletin as a spreadsheet: numbers that can be reckoned with, charts of the program that opens it, the cases.

Nothing in it is a formula: a name that begins with =, +, - or @ is a text, and stays one when somebody edits the cell.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

from models.evaluation_result import EvaluationResult, GroupResult, UnitResult
from tasks.bulletin_cases import MOST_CASES, CaseBehind
from tasks.bulletin_document import Bulletin
from tasks.bulletin_figures import MISSING, Kind, key_figures, trend, unit_share
from tasks.bulletin_ranking_chart import rank_change
from tasks.bulletin_svg import GRADE_COLOURS, text_width
from tasks.bulletin_tables import case_cells, definitions, figure_name
from tasks.bulletin_workbook_charts import day_columns, ranking_bars, trend_lines
from tasks.wording import clean
from tasks.words import word
from tasks.workbook_sheets import MOMENT, SHARE, WHOLE, Cell, Row, Sheets

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet as Sheet


def bulletin_workbook(
    bulletin: Bulletin,
    result: EvaluationResult,
    previous: Sequence[EvaluationResult],
    cases: Sequence[CaseBehind] = (),
) -> bytes:
    """The workbook."""
    sheets = _Sheets(bulletin, result)
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
    return sheets.written()


class _Sheets(Sheets):
    """The sheets of a bulletin."""

    def __init__(self, bulletin: Bulletin, result: EvaluationResult) -> None:
        super().__init__(bulletin.title, bulletin.issuer, bulletin.dated)
        self._language, self._result = bulletin.language, result
        self._score = "0." + "0" * result.scheme.digits if result.scheme.digits else "0"

    def overview(self, bulletin: Bulletin, previous: Sequence[EvaluationResult]) -> None:
        """Key figures, and the months behind the line chart."""
        sheet = self._sheet("overview")
        figures, points = key_figures(self._result, previous), trend(self._result, previous)
        names = [figure_name(figure.code, self._language, self._say) for figure in figures]
        self.set_widths(sheet, [max(text_width(name, 2) for name in names) + 3, 14, 14, 14])
        self.on_one_page_across(sheet)
        row = 0
        for text, size in ((bulletin.title, 16), (f"{bulletin.number}　{bulletin.version}　{bulletin.date}", 11)):
            row = self.write(sheet, row, [text], size=size)
        for said in bulletin.lead:
            row = self.write_across(sheet, row, said)
        row = top = self.write(sheet, row, []) + 1
        self.heads(sheet, [self._say(code) for code in ("figure", "this_month", "last_month", "last_year")])
        for name, figure in zip(names, figures, strict=True):
            look = {Kind.COUNT: WHOLE, Kind.RATIO: SHARE, Kind.SCORE: self._score}[figure.kind]
            row = self.write(sheet, row, [name, figure.now, figure.last_month, figure.last_year], ["", *[look] * 3])
        row = start = self.write(sheet, row, []) + 1
        self.heads(sheet, [self._say(c) for c in ("month", "due_to_close", "closure_rate", "on_time_closure_rate")])
        for one in points:
            row = self.write(sheet, row, [one.month, one.due, one.closure, one.on_time], ["", WHOLE, SHARE, SHARE])
        trend_lines(sheet, start, len(points), word("bulletin_caption", "trend_lines", self._language), f"F{top}")
        row = self.write(sheet, row, [])
        for said in (bulletin.sealed, bulletin.proof):
            if said:
                row = self.write_across(sheet, row, said)

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
        self.table(self._sheet("backlog"), heads, rows, ["", "", "", "", MOMENT, WHOLE])

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
        self.table(self._sheet("parts"), heads, rows, ["", "", WHOLE, WHOLE, WHOLE, SHARE, SHARE])

    def days(self) -> None:
        """Reported, filed and closed day by day."""
        sheet, names, by_day = self._sheet("days"), ("reported", "filed", "closed"), self._result.by_day

        def rows() -> Iterator[Row]:
            for day, counts in sorted(by_day.items()):
                yield [day, *(counts.get(name) for name in names)]

        heads = [self._say("date"), *(self._say(name) for name in names)]
        self.table(sheet, heads, rows, ["", WHOLE, WHOLE, WHOLE])
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
        last = self.table(sheet, [self._say(code) for code in codes], rows, looks)
        if len(cases) > MOST_CASES:
            self.write(sheet, last, [word("bulletin_sheet", "more_cases", self._language).format(most=MOST_CASES)])

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
        self.table(sheet, heads, rows, [], widths=(24, 90, 46), filtered=False)

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
        return self.table(sheet, [figure_name(code, self._language, self._say) for code in codes], rows, looks)

    def _sheet(self, code: str) -> "Sheet":
        return self.sheet(word("bulletin_sheet", code, self._language))

    def _by_class(self) -> Mapping[str, Mapping[str, int]]:
        return self._result.by_class

    def _by_source(self) -> Mapping[str, Mapping[str, int]]:
        return {word("source", code, self._language): each for code, each in self._result.by_source.items()}

    def _say(self, code: str) -> str:
        return word("bulletin_column", code, self._language)
