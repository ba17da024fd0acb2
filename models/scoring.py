"""From counts to a score, with every step on the way.

Pure and exact. A missing value makes every value missing that is worked out of it: a unit without its value has no
score, never 0. The steps are what a unit is shown, so each says its formula, what was put in, and where it comes from.
"""

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction

from models.directory.fault import Fault
from models.scheme import Adjustment, Board, Bonus, Division, Exemption, Group, Ratio, Scheme, Term
from models.scheme_counts import Value, with_conclusions
from models.scheme_formula import SYSTEM, Formula, FormulaFault, Place
from models.scored import Scored, ScoreRefused, Step, StepKind, plain, rounded

IDENTITY_SOURCE = "按期 = 结案 − 超期结案, Yuncheng (B)"
_NONE = Fraction(0)


class ExemptCases(StrEnum):
    """Whether suspended and exempt cases are still inside the counts, or were already left out of them.

    INSIDE: the counts of a city's own reports, from which its scheme takes them. APART: those of docs/counts.md.
    """

    INSIDE = "inside"
    APART = "apart"


def score(
    scheme: Scheme,
    counts: Mapping[str, Value],
    manual: Mapping[str, Value] | None = None,
    group: Group | None = None,
    *,
    exempt: ExemptCases = ExemptCases.INSIDE,
) -> Scored:
    """The score of one object of evaluation; without a group the system score.

    Example: score(yuncheng, read_counts({"due_to_close": 16475, …})).score is 99.189 to three digits.
    Raises: ScoreRefused naming file, line and key where something is divided by zero or counts contradict each other.
    """
    reckoning = _Reckoning(scheme, counts, manual or {}, exempt)
    board = group.board if group is not None else scheme.system
    by_system = group is None or SYSTEM in _needed(board)
    reckoning.leave((*scheme.system.exemptions, *(() if board is scheme.system else board.exemptions)))
    if reckoning.too_few({**(scheme.system.minimum if by_system else {}), **board.minimum}):
        return reckoning.none(complete=True)
    parts = [(SYSTEM, reckoning.system())] if by_system else []
    if group is not None and board.terms:
        parts = reckoning.items(board)
    # A scheme without groups has one score only, and what is given or taken beside the items belongs to it.
    if group is not None or not scheme.groups:
        parts += reckoning.adjustments(board)
    return reckoning.final(parts, board.complete and (scheme.system.complete or not by_system))


def _needed(board: Board) -> set[str]:
    if not board.terms:
        return {SYSTEM}
    return {name for term in board.terms if term.formula for name in term.formula.names}


Part = tuple[str, Value]
"""What a sum is made of: a code and its points."""


class _Reckoning:
    """The values known so far and the steps that led to them."""

    def __init__(
        self, scheme: Scheme, counts: Mapping[str, Value], manual: Mapping[str, Value], exempt: ExemptCases
    ) -> None:
        self._scheme, self._exempt, self._steps = scheme, exempt, list[Step]()
        self._values, self._concluded = with_conclusions(counts)
        self._tables = {code: table.points for code, table in scheme.tables.items()}
        for code, item in scheme.manual.items():
            entered = manual.get(code)
            self._values[code] = _NONE if entered is None and not item.required else entered

    def leave(self, exemptions: tuple[Exemption, ...]) -> None:
        """Take exempt cases out of the counts they leave; none where they were left out already."""
        for exemption in exemptions if self._exempt is ExemptCases.INSIDE else ():
            cases = self._values.get(exemption.count)
            for name in exemption.leaves if cases is not None else ():
                before = self._values.get(name)
                if before is None or cases is None:
                    continue
                if before < cases:
                    problem = f"{exemption.count} is {cases}, more than {name}, which is {before}."
                    raise _refused(exemption.place, problem, "Count both over the same cases.")
                put_in = {name: before, exemption.count: cases}
                self._values[name] = before - cases
                formula = f"{name} - {exemption.count}"
                self._add(Step(StepKind.EXEMPTION, name, formula, put_in, before - cases, exemption.source))

    def too_few(self, minimum: Mapping[str, Fraction]) -> bool:
        """Whether a count is below the volume from which there is a score."""
        below = {name: least for name, least in minimum.items() if _below(self._values.get(name), least)}
        for name, least in below.items():
            note = f"below the minimum volume of {plain(least)}: no score"
            put_in = {name: self._values[name]}
            formula = f"{name} >= {plain(least)}"
            self._add(Step(StepKind.MINIMUM, name, formula, put_in, None, self._scheme.source, note=note))
        return bool(below)

    def system(self) -> Value:
        """The system score, which the items of a group may name."""
        board, source = self._scheme.system, self._scheme.source
        parts = self.items(board)
        total = _sum(parts)
        self._values[SYSTEM] = total
        if board.terms:
            self._add(Step(StepKind.SYSTEM, SYSTEM, _sum_text(parts), dict(parts), total, source, points=board.total))
        return total

    def items(self, board: Board) -> list[Part]:
        """The points of each item of a board."""
        return [(term.code, self._item(term)) for term in board.terms]

    def adjustments(self, board: Board) -> list[Part]:
        """What is given and taken beside the items."""
        return [(adjustment.code, self._adjustment(adjustment)) for adjustment in board.adjustments]

    def final(self, parts: list[Part], complete: bool) -> Scored:
        """The score within the scheme's bounds, rounded where the scheme rounds, with its grade."""
        scheme, missing, total = self._scheme, self._missing(), _sum(parts)
        if not complete:
            total, note = None, f"the scheme is not complete: the total stays empty; {self._known_items()}"
        elif total is None:
            note = "a value is missing: no score"
        else:
            total, note = _held(total, scheme.least, scheme.most)
        if total is not None and scheme.rounding is not None:
            total = Fraction(rounded(total, scheme.rounding))
        put_in = dict(parts)
        self._add(
            Step(StepKind.SCORE, "score", _sum_text(parts), put_in, total, scheme.source, scheme.title,
                 missing=missing, note=note)
        )  # fmt: skip
        grade = scheme.grade(total) if total is not None else None
        return Scored(total, grade, tuple(self._steps), missing, complete)

    def none(self, complete: bool) -> Scored:
        """No score, for a reason the last step tells."""
        return Scored(None, None, tuple(self._steps), self._missing(), complete)

    def _item(self, term: Term) -> Value:
        if term.formula is None:
            note = "its rule is not known here"
            self._add(Step(StepKind.ITEM, term.code, "", {}, None, term.source, term.title, term.points, note=note))
            return None
        found, note = _held(self._worked_out(term.formula), _NONE, term.points)
        put_in, missing = self._put_in(term.formula.names)
        formula = term.formula.text
        self._add(
            Step(StepKind.ITEM, term.code, formula, put_in, found, term.source, term.title, term.points, missing, note)
        )
        return found

    def _adjustment(self, adjustment: Adjustment) -> Value:
        names, inner = adjustment.occurrences.names, adjustment.occurrences.text
        found = self._worked_out(adjustment.occurrences)
        if adjustment.double:
            names, inner = (*names, adjustment.double), f"{inner} + {adjustment.double}"
            doubled = self._values.get(adjustment.double)
            found = None if found is None or doubled is None else found + doubled
        given, note = _held(None if found is None else adjustment.each * found, None, adjustment.most)
        sign = 1 if isinstance(adjustment, Bonus) else -1
        result = None if given is None else sign * given
        put_in, missing = self._put_in(names)
        formula = f"{plain(sign * adjustment.each)} * {inner if len(names) == 1 else f'({inner})'}"
        self._add(
            Step(StepKind.ADJUSTMENT, adjustment.code, formula, put_in, result, adjustment.source, adjustment.title,
                 adjustment.most, missing, note)
        )  # fmt: skip
        return result

    def _ratio(self, ratio: Ratio) -> Value:
        division, stands = ratio.of, ""
        if ratio.instead and all(self._values.get(name) is None for name in ratio.of.names):
            division, stands = ratio.instead, f"stands for {ratio.of.told()}, whose counts are not given"
        found = self._divided(ratio, division)
        if found is not None and (found < 0 or (found > 1 and ratio.at_most is None)):
            problem = f"{ratio.code} comes to {plain(found)}; a ratio lies between 0 and 1."
            remedy = f"See that {', '.join(division.names)} are counted over the same cases."
            raise _refused(ratio.place, problem, remedy)
        held, note = _held(found, None, ratio.at_most)
        less = tuple(self._taken_off(ratio))
        put_in, missing = self._put_in((*division.names, *less))
        told = "; ".join(part for part in (stands, note) if part)
        formula = division.told(less)
        self._add(
            Step(StepKind.RATIO, ratio.code, formula, put_in, held, ratio.source, ratio.title, None, missing, told)
        )
        return held

    def _divided(self, ratio: Ratio, division: Division) -> Value:
        count, over = self._worked_out(division.count), self._worked_out(division.over)
        if count is None or over is None:
            return None
        over -= sum(self._taken_off(ratio).values(), _NONE)
        if over:
            return count / over
        if ratio.empty is not None:
            return ratio.empty
        problem = f"{ratio.code} is divided by zero: {division.over.text} is 0."
        remedy = "Say in minimum from which number on there is a score, or in empty what the ratio is then."
        raise _refused(division.over.place, problem, remedy)

    def _taken_off(self, ratio: Ratio) -> dict[str, Fraction]:
        """What is given of the counts that are not asked for in this ratio alone."""
        if self._exempt is ExemptCases.APART:
            return {}
        given = {name: self._values.get(name) for name in ratio.less}
        return {name: value for name, value in given.items() if value is not None}

    def _worked_out(self, formula: Formula) -> Value:
        for name in formula.names:
            # Each ratio is worked out once, right before what it is needed for.
            if name in self._scheme.ratios and name not in self._values:
                self._values[name] = self._ratio(self._scheme.ratios[name])
        try:
            return formula.value(self._values, self._tables)
        except FormulaFault as error:
            raise _refused(formula.place, error.problem, error.remedy) from error

    def _put_in(self, names: tuple[str, ...]) -> tuple[dict[str, Value], tuple[str, ...]]:
        """The values of names, and those that are missing themselves: not what was worked out of them."""
        for name in names:
            if name in self._concluded:
                formula = self._concluded.pop(name)
                parts = {part: self._values[part] for part in formula.split(" - ")}
                self._add(Step(StepKind.CONCLUSION, name, formula, parts, self._values[name], IDENTITY_SOURCE))
        put_in = {name: self._values.get(name) for name in names}
        worked_out = {SYSTEM, *self._scheme.ratios}
        return put_in, tuple(name for name, value in put_in.items() if value is None and name not in worked_out)

    def _known_items(self) -> str:
        items = [step for step in self._steps if step.kind is StepKind.ITEM and step.result is not None]
        points, most = (sum((value or _NONE for value in values), _NONE) for values in
                        ([step.result for step in items], [step.points for step in items]))  # fmt: skip
        if not items:
            return "no item has a value"
        return f"{len(items)} known items make {plain(points)} of their {plain(most)} points"

    def _missing(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for step in self._steps for name in step.missing))

    def _add(self, step: Step) -> None:
        self._steps.append(step)


def _sum(parts: list[Part]) -> Value:
    """The sum; None where a part has no value, or where there is none at all."""
    known = [value for _, value in parts if value is not None]
    return sum(known, _NONE) if known and len(known) == len(parts) else None


def _sum_text(parts: list[Part]) -> str:
    return " + ".join(code for code, _ in parts)


def _held(value: Value, least: Value, most: Value) -> tuple[Value, str]:
    """A value within its bounds, and what is to be said where it would lie outside."""
    if value is None:
        return None, ""
    held = value if least is None else max(value, least)
    held = held if most is None else min(held, most)
    return held, "" if held == value else f"{plain(value)} held at {plain(held)}"


def _below(value: Value, least: Fraction) -> bool:
    return value is not None and value < least


def _refused(place: Place, problem: str, remedy: str) -> ScoreRefused:
    return ScoreRefused(Fault(place.file, place.line, place.key, "", problem, remedy))
