"""The smaller parts of a scheme's file: numbers, titles, formulas, tables, manual items, grades, publication."""

import re
from collections.abc import Collection
from fractions import Fraction
from itertools import pairwise

from models.directory import cell
from models.directory.cell import Unreadable
from models.directory.fault import quoted
from models.directory.yaml_document import Block
from models.formula_reading import Known, parse_formula
from models.scheme import MAY_ENTER, Bound, Counted, Division, Grade, ManualItem, Publication, StepRow, StepTable, Title
from models.scheme_formula import Formula, FormulaFault, Place

_NUMBER = re.compile(r"-?[0-9]{1,12}([.][0-9]{1,9})?")
_TABLE_KEYS = ("rows", "else", "source")
_ROW_KEYS = (*(str(bound) for bound in Bound), "gives")
_MANUAL_KEYS = ("name", "by", "least", "most", "required", "whole", "evidence", "counted", "source")
_GRADE_KEYS = ("code", "name", "from", "colour")
_PUBLICATION_KEYS = ("every", "best", "worst", "figures", "backlog", "source")


def number(text: str) -> Fraction:
    """A number as written, exact. Example: 7.5, -0.1, 2001."""
    if _NUMBER.fullmatch(text):
        return Fraction(text)
    raise Unreadable(f"{quoted(text)} is no number.", "Write digits with a point, such as 0.5 or 30.")


def title(block: Block) -> Title | None:
    """The name of something in both languages, or None with a fault."""
    names = block.block("name", ("zh", "en"))
    if names is None:
        block.needs("name")
        return None
    if not names.needs("zh", "en"):
        return None
    return Title(names.value("zh", cell.text) or "", names.value("en", cell.text) or "")


def formula(block: Block, key: str, known: Known) -> Formula | None:
    """The formula under a key, or None with its fault."""
    place = Place(block.file, block.line_of(key), block.path_of(key))

    def read(text: str) -> Formula:
        try:
            return parse_formula(text, known, place)
        except FormulaFault as error:
            raise Unreadable(error.problem, error.remedy) from error

    return block.value(key, read)


def division(block: Block, known: Known) -> Division | None:
    """A numerator and its denominator."""
    count, over = formula(block, "count", known), formula(block, "over", known)
    return Division(count, over) if count is not None and over is not None else None


def read_tables(block: Block | None) -> dict[str, StepTable]:
    """The tables by their names."""
    found = {}
    for code in block.nodes if block else ():
        item = block.block(code, _TABLE_KEYS) if block else None
        table = _table(code, item) if item else None
        if table is not None:
            found[code] = table
    return found


def _table(code: str, item: Block) -> StepTable | None:
    rows = [(block, _row(block)) for block in item.blocks("rows", _ROW_KEYS)]
    found = tuple(row for _, row in rows if row is not None)
    for (_, one), (block, other) in pairwise(rows):
        if one and other and not _follows(one, other):
            problem = "this row can never be met: the first that is met counts."
            remedy = "Order rows of at_most and below from the smallest up, rows of at_least from the largest down."
            block.fault(other.bound, "", problem, remedy)
    otherwise = item.value("else", number) if item.needs("rows", "else", "source") else None
    return None if otherwise is None else StepTable(code, found, otherwise, item.value("source", cell.text) or "")


def _row(block: Block) -> StepRow | None:
    given = [bound for bound in Bound if block.has(bound)]
    if len(given) != 1:
        problem = "a row goes by exactly one of at_most, at_least, below."
        block.fault("gives", "", problem, "Write for example {at_most: 50, gives: 10}.")
        return None
    at, gives = block.value(given[0], number), block.value("gives", number) if block.needs("gives") else None
    return None if at is None or gives is None else StepRow(given[0], at, gives)


def _follows(one: StepRow, other: StepRow) -> bool:
    """Whether a count may meet the second row that does not meet the first."""
    if Bound.AT_LEAST in (one.bound, other.bound):
        return one.bound is other.bound and one.at > other.at
    return (one.at, one.bound is Bound.AT_MOST) < (other.at, other.bound is Bound.AT_MOST)


def read_manual(block: Block | None) -> dict[str, ManualItem]:
    """What persons enter, by its name."""
    found = {}
    for code in block.nodes if block else ():
        item = block.block(code, _MANUAL_KEYS) if block else None
        called = title(item) if item else None
        if item is None or called is None or not item.needs("by", "source"):
            continue
        least, most = item.value("least", number), item.value("most", number)
        if least is not None and most is not None and least > most:
            item.fault("most", "", f"the most, {most}, is less than the least, {least}.", "Exchange them.")
        found[code] = ManualItem(
            code, called, item.values("by", cell.one_of(MAY_ENTER, "role of a post")),
            item.value("source", cell.text) or "", least, most, item.value("required", cell.yes) is not False,
            bool(item.value("whole", cell.yes)), bool(item.value("evidence", cell.yes)),
            _counted(item),
        )  # fmt: skip
    return found


def _counted(item: Block) -> Counted | None:
    """What zhihui counts for it: occurrences, so only for an item of whole numbers that nobody must enter."""
    named = item.value("counted", cell.one_of(tuple(Counted), "count of its own"))
    if named is not None and (not item.value("whole", cell.yes) or item.value("required", cell.yes) is not False):
        problem = "what is counted is a number of occurrences, and nobody must enter it."
        item.fault("counted", named, problem, "Write whole: yes and required: no beside it.")
    return Counted(named) if named is not None else None


def read_grades(page: Block) -> tuple[Grade, ...]:
    """The grades, highest first."""
    found: list[Grade] = []
    for item in page.blocks("grades", _GRADE_KEYS):
        called = title(item)
        if called is None or not item.needs("code", "from"):
            continue
        lowest = item.value("from", number)
        if lowest is None:
            continue
        if found and lowest >= found[-1].lowest:
            problem = "a grade does not begin below the one above it."
            item.fault("from", str(lowest), problem, "Order the grades from the highest down.")
        found.append(Grade(item.value("code", cell.text) or "", called, lowest, item.value("colour", cell.text)))
    return tuple(found)


def read_publication(page: Block, figures: Collection[str]) -> Publication | None:
    """What the bulletin tells."""
    block = page.block("publication", _PUBLICATION_KEYS)
    if block is None or not block.needs("every", "source"):
        return None
    return Publication(
        block.value("every", cell.one_of(("month", "quarter", "year"), "period")) or "month",
        block.value("best", cell.whole_number(0, 100)) or 0,
        block.value("worst", cell.whole_number(0, 100)) or 0,
        block.values("figures", cell.one_of(figures, "count or ratio")),
        bool(block.value("backlog", cell.yes)),
        block.value("source", cell.text) or "",
    )
