"""From the text of a formula to the formula: a grammar that knows numbers and names and can say nothing else.

    formula := term (("+" | "-") term)*
    term    := sign (("*" | "/") sign)*
    sign    := "-"* atom
    atom    := number ["%"] | name | function "(" formula ("," formula)* ")" | "(" formula ")"

A function is min, max, clamp(value, least, most), percent_points(share) or a table of the scheme (count -> points).
× and ÷ may be written; signs, brackets and commas may be full-width, as a Chinese keyboard has them.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction

from models.directory.fault import quoted, suggestion
from models.scheme_formula import (
    FUNCTIONS,
    NOWHERE,
    Call,
    Formula,
    FormulaFault,
    Name,
    Negative,
    Node,
    Number,
    Pair,
    Place,
    Table,
)

LONGEST_FORMULA = 500
DEEPEST = 30
"""Brackets within brackets."""

_TOKEN = re.compile(r"(?P<number>[0-9]{1,12}(?:[.][0-9]{1,12})?%?)|(?P<name>[a-z][a-z0-9_]{0,63})|(?P<sign>[-+*/(),])")
_SPELLINGS = str.maketrans("×÷−－＋（），％", "*/--+(),%")


@dataclass(frozen=True, slots=True)
class Known:
    """The names a formula may use: those with a value, and the tables, which are called like functions."""

    values: Collection[str] = ()
    tables: Collection[str] = ()


def parse_formula(text: str, known: Known, place: Place = NOWHERE) -> Formula:
    """A formula from its text.

    Raises: FormulaFault for anything that is no formula over the known names, and for a division by a plain zero.
    """
    if len(text) > LONGEST_FORMULA:
        raise FormulaFault(
            f"the formula has {len(text)} characters.", f"Write at most {LONGEST_FORMULA}; split it into items."
        )
    formula = Formula(text, _Reader(text, known).whole(), place)
    # A division by zero that stands in the formula itself is found before any count is known.
    formula.value({}, _AnyTable())
    return formula


def is_name(text: str) -> bool:
    """Whether a formula can hold this as a name."""
    match = _TOKEN.fullmatch(text)
    return match is not None and match["name"] is not None


class _Reader:
    """Reads tokens from left to right, one rule of the grammar a method."""

    def __init__(self, text: str, known: Known) -> None:
        self._tokens, self._at, self._known, self._depth = list(_tokens(text)), 0, known, 0

    def whole(self) -> Node:
        if not self._tokens:
            raise FormulaFault("the formula is empty.", "Write a formula such as 30 * closure_rate.")
        node = self._formula()
        if self._at < len(self._tokens):
            problem = f"{quoted(self._tokens[self._at])} stands where nothing can follow."
            raise FormulaFault(problem, "Put +, -, * or / between two values; close what was opened, and no more.")
        return node

    def _formula(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise FormulaFault(f"brackets stand more than {DEEPEST} deep.", "Split the formula into items.")
        node = self._chain("+-", lambda: self._chain("*/", self._sign))
        self._depth -= 1
        return node

    def _chain(self, signs: str, part: Callable[[], Node]) -> Node:
        node = part()
        while (token := self._next()) and token in signs:
            self._at += 1
            node = Pair(token, node, part())
        return node

    def _sign(self) -> Node:
        negative = False
        while self._next() == "-":
            self._at += 1
            negative = not negative
        atom = self._atom()
        return Negative(atom) if negative else atom

    def _atom(self) -> Node:
        token = self._next()
        if token is None:
            raise FormulaFault("the formula breaks off.", "Write a number, a name or a bracket behind its last sign.")
        self._at += 1
        if token[0].isdigit():
            share = token.endswith("%")
            return Number(Fraction(token.rstrip("%")) / (100 if share else 1))
        if token == "(":  # noqa: S105 - a bracket
            node = self._formula()
            self._expect(")")
            return node
        if token[0].isalpha():
            return self._call(token) if self._next() == "(" else self._named(token)
        raise FormulaFault(
            f"{quoted(token)} stands where a value should.", "Write a number, a name or a bracket there."
        )

    def _named(self, name: str) -> Name:
        if name in self._known.values:
            return Name(name)
        if name in self._known.tables or name in FUNCTIONS:
            raise FormulaFault(f"{name} is a table or function, no value.", f"Write what it is of: {name}(…).")
        raise FormulaFault(f"{quoted(name)} is no known name.", suggestion(name, sorted(self._known.values)))

    def _call(self, name: str) -> Call:
        functions = [*FUNCTIONS, *self._known.tables]
        if name not in functions:
            if name in self._known.values:
                raise FormulaFault(f"{name} is a value, no function.", f"Write {name} * (…) where they are multiplied.")
            raise FormulaFault(f"{quoted(name)} is no function or table.", suggestion(name, functions))
        self._expect("(")
        arguments = [self._formula()]
        while self._next() == ",":
            self._at += 1
            arguments.append(self._formula())
        self._expect(")")
        least, most = FUNCTIONS.get(name, (1, 1))
        if not least <= len(arguments) <= most:
            needed = str(least) if least == most else f"{least} to {most}"
            remedy = f"Write {needed} of them, with commas between."
            raise FormulaFault(f"{name} stands with {len(arguments)} values.", remedy)
        return Call(name, tuple(arguments))

    def _next(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            found = quoted(self._next() or "the end")
            raise FormulaFault(f"{found} stands where {quoted(sign)} should.", "Close each bracket that was opened.")
        self._at += 1


def _tokens(text: str) -> Iterator[str]:
    plain, at = text.translate(_SPELLINGS), 0
    while at < len(plain):
        if plain[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(plain, at)
        if match is None:
            problem = f"{quoted(text[at])} at character {at + 1} belongs to no formula."
            raise FormulaFault(problem, "Write numbers, names, + - * /, brackets, min, max, clamp, percent_points.")
        at = match.end()
        yield match[0]


class _AnyTable(dict[str, Table]):
    """Tables of which only the names are known."""

    def __missing__(self, key: str) -> Table:
        return lambda count: None
