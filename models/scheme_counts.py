"""The counts a scheme of evaluation may use, and what may be concluded from those that are given.

A scheme knows counts by the names of `models/evaluation_counts.py` and no others. What is not given has
no value: it is never taken for 0.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import isfinite

from models.directory.fault import quoted, suggestion
from models.evaluation_counts import CountName

LARGEST_COUNT = 10**12
FINEST_DIGITS = 20
"""Behind the point of a number somebody enters."""


Value = Fraction | None
"""A number, exact; None where there is none. A missing value makes every value missing that is worked out of it."""

IDENTITIES = (
    (CountName.CLOSED, CountName.CLOSED_ON_TIME, CountName.CLOSED_LATE),
    (CountName.HANDLED, CountName.HANDLED_ON_TIME, CountName.HANDLED_LATE),
)
"""(whole, on time, late): on time = whole - late. Source: Yuncheng (B)."""


class CountsUnreadable(ValueError):
    """Counts or entries that are none: an unknown name, no number, or numbers that contradict each other."""


def read_counts(given: Mapping[str, object]) -> dict[str, Value]:
    """Counts by name, as whole numbers; one that is not given is not in the answer, one given as null has no value.

    Example: read_counts({"due_to_close": 16475, "closed": 16454})
    Raises: CountsUnreadable with the name that is unknown and the one that was probably meant.
    """
    found: dict[str, Value] = {}
    for name, value in given.items():
        if name not in frozenset(CountName):
            raise CountsUnreadable(f"{quoted(name)} is no count. {suggestion(name, tuple(CountName))}")
        found[name] = None if value is None else _whole(name, value)
    for whole, on_time, late in IDENTITIES:
        parts = (found.get(on_time) or 0) + (found.get(late) or 0)
        total = found.get(whole)
        if total is not None and parts > total:
            raise CountsUnreadable(
                f"{on_time} and {late} make {parts}, more than {whole}, which is {total}. "
                "Take all three from one list of cases."
            )
    return found


def with_conclusions(counts: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, str]]:
    """The counts with those that follow from two others, and the formula of those that do.

    Example: closed 16454 and closed_late 194 give closed_on_time 16260, "closed - closed_late".
    """
    found, concluded = dict(counts), dict[str, str]()
    for whole, on_time, late in IDENTITIES:
        for missing, other in ((late, on_time), (on_time, late)):
            total, part = found.get(whole), found.get(other)
            if found.get(missing) is None and total is not None and part is not None:
                found[missing.value] = total - part
                concluded[missing.value] = f"{whole} - {other}"
    return found, concluded


def exact_number(value: object) -> Fraction | None:
    """A plain number as it was written; None for anything else, and for one too large or too fine to mean anything."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    # Bounds first: the exact form of 1e999999999 would fill the memory.
    if not isfinite(value) or not -LARGEST_COUNT <= value <= LARGEST_COUNT:
        return None
    written = Decimal(str(value))
    exponent = written.as_tuple().exponent
    return Fraction(written) if isinstance(exponent, int) and exponent >= -FINEST_DIGITS else None


def _whole(name: str, value: object) -> Fraction:
    number = exact_number(value)
    if number is None or number < 0 or number.denominator != 1:
        raise CountsUnreadable(f"{name} is {quoted(str(value))}. A count is a whole number from 0 on, or null.")
    return number
