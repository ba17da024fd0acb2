"""schemes/NAME.yaml: one scheme of evaluation, read into `models.scheme`; docs/schemes.md shows how to write one.

Every fault names line and key path. A formula knows the counts of `models.evaluation_counts`, and the ratios, tables
and manual items of its own file; whatever else stands in it is a fault here, before any unit is scored.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

from models.directory import cell
from models.directory.cell import Unreadable
from models.directory.fault import Fault, quoted
from models.directory.judge_scheme import judge_scheme
from models.directory.scheme_parts import (
    division,
    formula,
    number,
    read_grades,
    read_manual,
    read_publication,
    read_tables,
    title,
)
from models.directory.yaml_document import Block, read_yaml
from models.evaluation_counts import CountName
from models.formula_reading import Known, is_name
from models.scheme import (
    Adjustment,
    Board,
    Bonus,
    Deduction,
    Exemption,
    Group,
    Ratio,
    Scheme,
    Term,
    Title,
)
from models.scheme_formula import RESERVED, Place

T = TypeVar("T")
SCHEMES_FOLDER = "schemes/"
"""Where a city's own schemes lie in its directory."""
SCHEME_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

_BOARD_KEYS = ("total", "complete", "items", "deductions", "bonuses", "exemptions", "minimum")
_KEYS = (
    *("scheme", "name", "source", "proposal", "valid_from", "valid_until", "least", "most", "digits", "rounding"),
    *("ratios", "tables", "manual", *_BOARD_KEYS, "groups", "grades", "publication"),
)
_GROUP_KEYS = ("code", "name", "of", "source", *_BOARD_KEYS)
_RATIO_KEYS = ("name", "count", "over", "less", "at_most", "empty", "instead", "source")
_ITEM_KEYS = ("code", "name", "points", "formula", "source")
_ADJUSTMENT_KEYS = ("code", "name", "of", "each", "most", "double", "source")
_COUNTS = tuple(str(name) for name in CountName)


def read_scheme(file: str, content: str, faults: list[Fault]) -> Scheme | None:
    """The scheme a file describes, or None with every fault of it."""
    before = len(faults)
    page = read_yaml(file, content, _KEYS, faults)
    if page is None or not page.needs("scheme", "name", "source"):
        return None
    sections = {section: page.free(section) for section in ("manual", "tables", "ratios")}
    tables, manual = read_tables(sections["tables"]), read_manual(sections["manual"])
    # What stands there with a fault of its own is a known name all the same: one mistake is one fault.
    named = {section: tuple(block.nodes) if block else () for section, block in sections.items()}
    known = Known((*_COUNTS, *named["manual"]), named["tables"])
    ratios = _ratios(sections["ratios"], known)
    _judge_names(sections)
    known = Known((*known.values, *named["ratios"]), known.tables)
    adjustments = _adjustments(page, known, named["manual"])
    system = replace(_board(page, known, None), adjustments=adjustments)
    in_group = Known((*known.values, "system"), known.tables)
    blocks = page.blocks("groups", _GROUP_KEYS)
    groups = tuple(_group(block, in_group, named["manual"], system) for block in blocks)
    scheme = Scheme(
        name=page.value("scheme", _scheme_name) or "",
        title=title(page) or Title("", ""),
        source=page.value("source", cell.text) or "",
        system=system,
        file=file,
        proposal=bool(page.value("proposal", cell.yes)),
        valid_from=page.value("valid_from", cell.day),
        valid_until=page.value("valid_until", cell.day),
        least=page.value("least", number),
        most=page.value("most", number),
        digits=_or(page.value("digits", cell.whole_number(0, 6)), 2),
        rounding=page.value("rounding", cell.whole_number(0, 6)),
        ratios=ratios,
        tables=tables,
        manual=manual,
        groups=groups,
        grades=read_grades(page),
        publication=read_publication(page, (*_COUNTS, *ratios)),
    )
    if len(faults) == before:
        judge_scheme(page, scheme, blocks)
    return scheme if len(faults) == before else None


def _scheme_name(text: str) -> str:
    if SCHEME_NAME.fullmatch(text):
        return text
    raise Unreadable(f"{quoted(text)} is no name of a scheme.", "Write small letters, digits and underscores.")


def _ratios(block: Block | None, known: Known) -> dict[str, Ratio]:
    found = {}
    for code in block.nodes if block else ():
        item = block.block(code, _RATIO_KEYS) if block else None
        if item is None or not item.needs("name", "count", "over", "source"):
            continue
        of, called = division(item, known), title(item)
        other = item.block("instead", ("count", "over"))
        instead = division(other, known) if other and other.needs("count", "over") else None
        if of is None or called is None:
            continue
        found[code] = Ratio(
            code=code,
            title=called,
            of=of,
            source=item.value("source", cell.text) or "",
            at_most=item.value("at_most", number),
            empty=item.value("empty", number),
            less=item.values("less", cell.one_of(_COUNTS, "count")),
            instead=instead,
            place=Place(item.file, item.line, item.path),
        )
    return found


def _judge_names(sections: Mapping[str, Block | None]) -> None:
    """A name means one thing, and is one a formula can hold."""
    taken = {**dict.fromkeys(_COUNTS, "a count"), **dict.fromkeys(RESERVED, "a word of the grammar")}
    for section, block in sections.items():
        for code in block.nodes if block else ():
            if block and not is_name(code):
                remedy = "Begin with a small letter; then small letters, digits and underscores."
                block.fault(code, code, f"{quoted(code)} is no name for a formula.", remedy)
            elif block and code in taken:
                block.fault(code, code, f"{quoted(code)} is {taken[code]} already.", "Give it another name.")
            taken[code] = f"one of {section}"


def _board(block: Block, known: Known, total: Fraction | None) -> Board:
    return Board(
        total=_or(block.value("total", number), Fraction(100) if total is None else total),
        complete=block.value("complete", cell.yes) is not False,
        terms=tuple(t for item in block.blocks("items", _ITEM_KEYS) if (t := _term(item, known)) is not None),
        exemptions=tuple(e for item in block.blocks("exemptions", ("count", "leaves", "source"))
                         if (e := _exemption(item)) is not None),
        minimum=_minimum(block),
    )  # fmt: skip


def _term(item: Block, known: Known) -> Term | None:
    called = title(item)
    if not item.needs("code", "source") or called is None:
        return None
    return Term(
        item.value("code", cell.code) or "", called, item.value("points", number), formula(item, "formula", known),
        item.value("source", cell.text) or "", Place(item.file, item.line, item.path),
    )  # fmt: skip


def _exemption(item: Block) -> Exemption | None:
    if not item.needs("count", "leaves", "source"):
        return None
    count = item.value("count", cell.one_of(_COUNTS, "count"))
    leaves = item.values("leaves", cell.one_of(_COUNTS, "count"))
    place = Place(item.file, item.line, item.path)
    return Exemption(count, leaves, item.value("source", cell.text) or "", place) if count else None


def _minimum(block: Block) -> dict[str, Fraction]:
    found = block.block("minimum", _COUNTS)
    values = {name: found.value(name, number) for name in found.nodes} if found else {}
    return {name: value for name, value in values.items() if value is not None}


def _adjustments(block: Block, known: Known, manual: tuple[str, ...]) -> tuple[Adjustment, ...]:
    found = [
        _adjustment(item, kind, known, manual)
        for key, kind in (("deductions", Deduction), ("bonuses", Bonus))
        for item in block.blocks(key, _ADJUSTMENT_KEYS)
    ]
    return tuple(adjustment for adjustment in found if adjustment is not None)


def _adjustment(item: Block, kind: type[Adjustment], known: Known, manual: tuple[str, ...]) -> Adjustment | None:
    called = title(item)
    if not item.needs("code", "of", "each", "source") or called is None:
        return None
    occurrences, each = formula(item, "of", known), item.value("each", number)
    if occurrences is None or each is None:
        return None
    return kind(
        item.value("code", cell.code) or "", called, occurrences, each, item.value("source", cell.text) or "",
        item.value("most", number), item.value("double", cell.one_of(manual, "manual item")),
    )  # fmt: skip


def _group(block: Block, known: Known, manual: tuple[str, ...], system: Board) -> Group:
    block.needs("code", "name")
    board = _board(block, known, system.total)
    adjustments = (*system.adjustments, *_adjustments(block, known, manual))
    return Group(
        block.value("code", cell.code) or "",
        title(block) or Title("", ""),
        block.values("of", cell.text),
        replace(board, adjustments=adjustments),
        Place(block.file, block.line_of("of"), block.path_of("of")),
    )


def _or(value: T | None, otherwise: T) -> T:
    return otherwise if value is None else value
