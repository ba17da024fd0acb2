"""A roster as a spreadsheet, and back: every cell is judged, with its row, its column and what would be right."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, BinaryIO

from models.city import City
from models.directory.fault import Fault, Severity, quoted, suggestion
from models.duty_rules import DutyPlace, DutyRules
from models.duty_shifts import PlannedShift, shifts_between
from models.roster_check import GAP, NEEDLESS_GAP, RosterFault
from models.roster_problem import Standing
from models.roster_quality import Quality
from tasks.roster_reading import Place
from tasks.roster_report import heading, kind_of
from tasks.words import word
from tasks.xlsx_rows import sheet_rows

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_WIDTHS = (18, 12, 6, 8, 13, 12)
_PLACE_WIDTH = 26
_CODE = re.compile(r"^(?:.*[（(])?\s*([^\s（）()]+)\s*[)）]?$")
FREE_ROWS = 5_000
"""More rows than any roster has: what comes after them is not read."""


@dataclass(frozen=True)
class ReadRoster:
    """What a spreadsheet says, with where each cell stands."""

    standings: tuple[Standing, ...]
    first: date
    last: date
    rows: Mapping[str, int]
    """Row of each shift, by its code."""
    headings: Mapping[str, str]
    """Heading of each place's column, by its code."""


def write_workbook(city: City, places: Sequence[Place], quality: Quality | None) -> bytes:
    """The roster on the first sheet, a row a shift; its counts on the second."""
    from openpyxl import Workbook  # brings numpy along: only who writes a workbook pays for it

    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise LookupError("a new workbook has a sheet")
    sheet.title = word("roster_column", "roster", "zh")
    _write_roster(sheet, city, places)
    if quality is not None:
        _write_counts(book.create_sheet(word("roster_column", "statistics", "zh")), city, quality)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def read_workbook(name: str, stream: BinaryIO, city: City, duty: DutyRules, faults: list[Fault]) -> ReadRoster | None:
    """The roster of a spreadsheet; None where its heading or its shifts cannot be read.

    Raises: FileDamaged, FileOfOtherKind.
    """
    rows = [(number, cells) for number, cells in sheet_rows(name, stream) if number <= FREE_ROWS and any(cells)]
    if not rows:
        faults.append(Fault(name, None, None, "", "the file is empty.", "Export a roster and fill in its sheet."))
        return None
    columns = _columns(name, rows[0], duty, faults)
    shifts = _shift_rows(name, rows[1:], columns.get("shift", 0), faults)
    if faults or not shifts:
        return None
    days = [date.fromisoformat(code[:10]) for code in shifts]
    first, last = min(days), max(days)
    expected = {shift.code: shift for shift in shifts_between(duty, city.calendar, first, last)}
    _judge_shifts(name, shifts, expected, rows[0][0], faults)
    headings = {place.code: rows[0][1][columns[place.code]] for place in duty.places}
    sheet = _Sheet(name, city, duty, dict(rows), columns, headings)
    standings = [one for code, shift in expected.items() for one in sheet.standings(shift, shifts.get(code), faults)]
    return ReadRoster(tuple(standings), first, last, shifts, headings)


def faults_of_cells(name: str, read: ReadRoster, found: Sequence[RosterFault], city: City) -> Iterator[Fault]:
    """What the roster's rules say, as faults of the cells they stand in."""
    for fault in found:
        rule = word("roster_rule", fault.rule, "en")
        post = city.posts[fault.post].name if fault.post in city.posts else fault.post
        if fault.rule in (GAP, NEEDLESS_GAP):
            problem = f"the place is empty and {f'{post} is free' if fault.post else 'nobody is free'}."
            remedy = (
                f"Write {fault.post}." if fault.post else "It may stay empty; the gap is told when it is published."
            )
        else:
            problem = f"{post}: {rule}{f' (also in the shift {fault.other})' if fault.other else ''}."
            remedy = "Write another person of the place's pool."
        severity = Severity.ERROR if fault.forbids else Severity.WARNING
        column = read.headings.get(fault.place, fault.place)
        yield Fault(name, read.rows.get(fault.shift), column, fault.post, problem, remedy, severity)


@dataclass(frozen=True)
class _Sheet:
    """A sheet whose heading was understood."""

    name: str
    city: City
    duty: DutyRules
    rows: Mapping[int, list[str]]
    columns: Mapping[str, int]
    headings: Mapping[str, str]

    def standings(self, shift: PlannedShift, row: int | None, faults: list[Fault]) -> Iterator[Standing]:
        """Who stands in the places of a shift, by its row."""
        for place in self.duty.places if row is not None else ():
            position = self.columns[place.code]
            cells = self.rows[row or 0]
            text = cells[position].strip() if position < len(cells) else ""
            post = _post_of(text, self.city, place)
            if text and post is None:
                problem, remedy = f"{quoted(text)} is nobody of the city.", _remedy(text, self.city, place)
                faults.append(Fault(self.name, row, self.headings[place.code], text, problem, remedy))
            yield Standing(shift, place.code, post)


def _write_roster(sheet: "Worksheet", city: City, places: Sequence[Place]) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    in_order = city.duty.places if city.duty else ()
    fixed = [heading(code) for code in ("shift", "day", "weekday", "from", "until", "kind")]
    sheet.append([*fixed, *(f"{place.name} ({place.code})" for place in in_order)])
    for shift, there in _by_shift(places).items():
        row = [shift.code, str(shift.day), word("weekday", shift.day.weekday(), "zh")]
        row += [f"{shift.starts_at:%H:%M}", f"{shift.ends_at:%m-%d %H:%M}", kind_of(shift)]
        sheet.append([*row, *(_cell(city, there.get(place.code)) for place in in_order)])
    for number, width in enumerate((*_WIDTHS, *(_PLACE_WIDTH for _ in in_order)), 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    for cell in sheet[1]:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True)
    sheet.freeze_panes = "B2"
    sheet.print_title_rows = "1:1"


def _write_counts(sheet: "Worksheet", city: City, quality: Quality) -> None:
    measures = [f"{word('roster_measure', code, 'zh')} {code}" for code in ("shifts", "nights", "weekends", "holidays")]
    sheet.append([heading("place"), heading("post"), *measures, heading("carried")])
    for load in quality.loads:
        place = city.duty.place(load.place) if city.duty else None
        carried = " / ".join(map(str, load.carried))
        sheet.append([place.name if place else load.place, _cell(city, load.post), *load.counts, carried])


def _by_shift(places: Sequence[Place]) -> dict[PlannedShift, dict[str, str | None]]:
    found: dict[PlannedShift, dict[str, str | None]] = {}
    for place in places:
        found.setdefault(place.shift, {})[place.place] = place.post
    return found


def _cell(city: City, post: str | None) -> str:
    """A person as a cell shows them: name, and the code that is read back."""
    if post is None:
        return ""
    found = city.posts.get(post)
    return f"{found.name} ({post})" if found else post


def _columns(name: str, row: tuple[int, list[str]], duty: DutyRules, faults: list[Fault]) -> dict[str, int]:
    """Where the shift and each place stand, by the heading's words."""
    number, cells = row
    found: dict[str, int] = {}
    names: dict[str, tuple[str, ...]] = {"shift": ("shift", word("roster_column", "shift", "zh"))}
    names |= {place.code: (place.code, place.name, place.english_name) for place in duty.places}
    for code, known in names.items():
        position = next((at for at, cell in enumerate(cells) if _heading_says(cell, known)), None)
        if position is None:
            problem = f"there is no column {quoted(known[-1])}."
            faults.append(Fault(name, number, None, "", problem, f"Add a column with the heading {known[0]}."))
        else:
            found[code] = position
    return found


def _heading_says(cell: str, known: Sequence[str]) -> bool:
    said = cell.strip()
    match = re.fullmatch(r".*[（(]\s*(\S+?)\s*[)）]", said)
    return (match[1] if match else said) in known or said.split(" ")[0] in known


def _shift_rows(name: str, rows: Sequence[tuple[int, list[str]]], column: int, faults: list[Fault]) -> dict[str, int]:
    """The row of each shift by its code."""
    found: dict[str, int] = {}
    for number, cells in rows:
        code = cells[column].strip() if column < len(cells) else ""
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", code) or not _is_day(code[:10]):
            problem, remedy = f"{quoted(code)} is no shift.", "Write its start, such as 2021-07-20T08:00."
            faults.append(Fault(name, number, heading("shift"), code, problem, remedy))
        elif code in found:
            problem = f"the shift {code} stands in row {found[code]} already."
            faults.append(Fault(name, number, heading("shift"), code, problem, "Keep one of the rows."))
        else:
            found[code] = number
    return found


def _judge_shifts(
    name: str, shifts: Mapping[str, int], expected: Mapping[str, PlannedShift], row: int, faults: list[Fault]
) -> None:
    for code, number in shifts.items():
        if code not in expected:
            same_day = [other for other in expected if other[:10] == code[:10]]
            remedy = f"That day has: {', '.join(same_day) or 'no shift'}. Correct the start, or take the row out."
            problem = f"by the pattern of duty.yaml no shift begins at {code}."
            faults.append(Fault(name, number, heading("shift"), code, problem, remedy))
    for code in expected.keys() - shifts.keys():
        problem = f"the shift {code} is missing between the first and the last day."
        faults.append(Fault(name, row, heading("shift"), code, problem, "Add a row for it."))


def _post_of(text: str, city: City, place: DutyPlace) -> str | None:
    """The post a cell names: by its code, by name and code in brackets, or by a name only one post has."""
    if text in city.posts:
        return text
    match = _CODE.match(text)
    if match and match[1] in city.posts:
        return match[1]
    named = [post.code for post in city.posts.values() if post.name == text]
    in_pool = [code for code in named if code in place.pool]
    return next(iter(in_pool), None) if len(in_pool) == 1 else named[0] if len(named) == 1 else None


def _remedy(text: str, city: City, place: DutyPlace) -> str:
    names = [city.posts[code].name for code in place.pool if code in city.posts]
    return suggestion(text, [*place.pool, *names]) or "Write a post's code of the place's pool."


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
