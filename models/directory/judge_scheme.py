"""What is wrong with a scheme as a whole: points that do not sum, items without a rule, codes twice, dates reversed."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from models.directory.fault import Fault, quoted
from models.directory.yaml_document import Block
from models.scheme import Board, Scheme
from models.scored import plain


def judge_scheme(page: Block, scheme: Scheme, groups: Sequence[Block]) -> None:
    """Note every fault that no single line shows; each stands at the line it can be mended at."""
    _judge_board(page, scheme.system, bare=bool(scheme.groups))
    for block, group in zip(groups, scheme.groups, strict=True):
        _judge_board(block, group.board, bare=True)
        if not group.board.terms and group.board.complete and scheme.system.complete and not scheme.system.terms:
            problem = f"the group {quoted(group.code)} has no items, and there is no system score."
            block.fault("code", group.code, problem, "Give it items, or give the scheme items of its own.")
    _judge_codes(page, "groups", (group.code for group in scheme.groups))
    _judge_codes(page, "groups", (unit_group for group in scheme.groups for unit_group in group.of))
    _judge_codes(page, "grades", (grade.code for grade in scheme.grades))
    begins, ends = scheme.valid_from, scheme.valid_until
    if begins and ends and begins >= ends:
        remedy = "valid_until is the first day on which it no longer applies."
        page.fault("valid_until", str(ends), "the scheme ends before it begins.", remedy)
    if scheme.least is not None and scheme.most is not None and scheme.least >= scheme.most:
        page.fault("most", "", "the highest score is not above the lowest.", "Exchange least and most.")


def _judge_board(block: Block, board: Board, bare: bool) -> None:
    _judge_codes(block, "items", (term.code for term in board.terms))
    key = "deductions" if block.has("deductions") else "bonuses"
    _judge_codes(block, key, (adjustment.code for adjustment in board.adjustments))
    if board.complete:
        _judge_complete(block, board, bare)


def _judge_complete(block: Block, board: Board, bare: bool) -> None:
    """A complete board knows each item's rule and its most points, and these make the declared total."""
    if not board.terms:
        if not bare:
            remedy = "Name them, or write complete: no where the city's text is not known."
            block.fault("items", "", "the scheme is complete and has no items.", remedy)
        return
    for term in board.terms:
        lacking = "formula" if term.formula is None else "points" if term.points is None else None
        if lacking:
            problem = f"the item {quoted(term.code)} has no {lacking}, but the scheme is complete."
            remedy = f"Add {lacking}, or write complete: no and leave the total empty."
            place = term.place
            block.faults.append(Fault(place.file, place.line, f"{place.key}.{lacking}", "", problem, remedy))
            return
    total = sum((term.points or Fraction(0) for term in board.terms), Fraction(0))
    if total != board.total:
        parts = " + ".join(plain(term.points) for term in board.terms)
        problem = f"the points sum to {plain(total)} ({parts}), not to {plain(board.total)}."
        remedy = "Mend the points or the total; where items are not known, write complete: no."
        block.fault("items", "", problem, remedy)


def _judge_codes(block: Block, key: str, codes: Iterable[str]) -> None:
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            problem = f"{quoted(code)} stands twice in {key}."
            block.fault(key, code, problem, "Give each its own code.")
        seen.add(code)
