"""The counts a scheme of evaluation may use, and what may be concluded from those that are given.

A scheme knows counts by these names and no others (`models/scheme_formula.py` refuses the rest). What is not given has
no value: it is never taken for 0.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from models.directory.fault import quoted, suggestion

LARGEST_COUNT = 10**12


class CountName(StrEnum):
    """What is counted of a unit, group or city in a period.

    Source: metric catalogue of eGova (B) under the names of this project; the last six are our own.
    """

    REPORTED = "reported"
    VALID_REPORTS = "valid_reports"
    ACCEPTED = "accepted"
    FILED = "filed"
    DUE_TO_DISPATCH = "due_to_dispatch"
    DISPATCHED = "dispatched"
    DISPATCHED_RIGHT = "dispatched_right"
    DUE_TO_HANDLE = "due_to_handle"
    HANDLED = "handled"
    HANDLED_ON_TIME = "handled_on_time"
    HANDLED_LATE = "handled_late"
    OVERDUE_OPEN = "overdue_open"
    DUE_TO_CLOSE = "due_to_close"
    CLOSED = "closed"
    CLOSED_ON_TIME = "closed_on_time"
    CLOSED_LATE = "closed_late"
    REWORKED = "reworked"
    HANDED_BACK = "handed_back"
    VOIDED = "voided"
    VERIFY_DUE = "verify_due"
    VERIFIED_ON_TIME = "verified_on_time"
    CHECK_DUE = "check_due"
    CHECKED_ON_TIME = "checked_on_time"
    EXTENDED = "extended"
    SUSPENDED = "suspended"
    EXEMPT = "exempt"
    MERGED = "merged"
    QUICK_FIXED = "quick_fixed"
    MISSED = "missed"


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
        found[name] = None if value is None else Fraction(_whole(name, value))
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


def _whole(name: str, value: object) -> int:
    if isinstance(value, float | Decimal) and value == value // 1:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_COUNT:
        raise CountsUnreadable(f"{name} is {quoted(str(value))}. A count is a whole number from 0 on, or null.")
    return value
