"""Formulas of a scheme: a small grammar of numbers and names, worked out exactly, which can do nothing else.

A formula is a tree of the five kinds of node below and of nothing else; `models/formula_reading.py` makes it of a text.
Values are fractions, so that 1/3 of 30 is 10 and a grade never hangs on the last digit (docs/decisions/0022).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from models.scheme_counts import Value

LARGEST_VALUE = 10**15
Table = Callable[[Fraction], Value]
FUNCTIONS: Mapping[str, tuple[int, int]] = {"min": (2, 9), "max": (2, 9), "clamp": (3, 3), "percent_points": (1, 1)}
"""Least and most arguments."""
SYSTEM = "system"
"""The system score, in formulas of groups."""
RESERVED = frozenset({*FUNCTIONS, SYSTEM})


class FormulaFault(ValueError):
    """A formula that cannot be read, or not be worked out: what is wrong, and what to write instead."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem, self.remedy = problem, remedy


@dataclass(frozen=True, slots=True)
class Place:
    """Where a formula stands: file, line and key path."""

    file: str = ""
    line: int | None = None
    key: str | None = None


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Name:
    """A count, ratio or manual item."""

    name: str


@dataclass(frozen=True, slots=True)
class Negative:
    """The opposite of a value."""

    of: "Node"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two values under one of + - * /."""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """min, max, clamp, percent_points, or a table of the scheme."""

    function: str
    arguments: tuple["Node", ...]


Node = Number | Name | Negative | Pair | Call


@dataclass(frozen=True)
class Formula:
    """A formula that was read; its names are known, its brackets closed."""

    text: str
    root: Node = field(repr=False)
    place: Place = NOWHERE

    @property
    def names(self) -> tuple[str, ...]:
        """The values it needs, in the order in which they stand."""
        return tuple(dict.fromkeys(_names(self.root)))

    def value(self, values: Mapping[str, Value], tables: Mapping[str, Table] | None = None) -> Value:
        """What the formula comes to; None where a value it needs is missing.

        Example: parse_formula("30 * closure_rate", known).value({"closure_rate": Fraction(1, 2)}) -> 15
        Raises: FormulaFault where something is divided by zero, or the value is beyond `LARGEST_VALUE`.
        """
        found = _worked_out(self.root, values, tables or {})
        if found is not None and abs(found) > LARGEST_VALUE:
            raise FormulaFault("it comes to a number beyond any score.", "Look for a sign * that should be /.")
        return found


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, Name):
        yield node.name
    elif isinstance(node, Negative):
        yield from _names(node.of)
    elif isinstance(node, Pair):
        yield from _names(node.left)
        yield from _names(node.right)
    elif isinstance(node, Call):
        for argument in node.arguments:
            yield from _names(argument)


def _worked_out(node: Node, values: Mapping[str, Value], tables: Mapping[str, Table]) -> Value:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        return values.get(node.name)
    if isinstance(node, Negative):
        of = _worked_out(node.of, values, tables)
        return None if of is None else -of
    if isinstance(node, Pair):
        return _pair(node, _worked_out(node.left, values, tables), _worked_out(node.right, values, tables))
    return _called(node.function, [_worked_out(argument, values, tables) for argument in node.arguments], tables)


def _pair(node: Pair, left: Value, right: Value) -> Value:
    if node.sign == "/" and right == 0:
        raise FormulaFault("something is divided by zero.", "Say in minimum below which number there is no score.")
    if left is None or right is None:
        return None
    if node.sign == "+":
        return left + right
    if node.sign == "-":
        return left - right
    return left * right if node.sign == "*" else left / right


def _called(function: str, given: list[Value], tables: Mapping[str, Table]) -> Value:
    arguments = [value for value in given if value is not None]
    if len(arguments) < len(given):
        return None
    if function == "min":
        return min(arguments)
    if function == "max":
        return max(arguments)
    if function == "clamp":
        return min(max(arguments[0], arguments[1]), arguments[2])
    if function == "percent_points":
        return arguments[0] * 100
    return tables[function](arguments[0])
