"""What persons enter for a scheme: scores, occurrences, figures, each with who entered it and what shows it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from models.directory.fault import listed, quoted, suggestion
from models.refusal import Refusal
from models.scheme import ManualItem, Scheme
from models.scheme_counts import CountsUnreadable, Value, exact_number
from models.scored import plain
from models.vocabulary import Role

_TYPED = re.compile(r"[+-]?[0-9]{1,9}([.][0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of one manual item."""

    value: Fraction
    by: Role
    evidence: str | None = None
    """A document or picture, by its digest or file name."""


def entry_refused(item: ManualItem, entry: Entry) -> Refusal | None:
    """Why an entry may not be made: the wrong role, a value outside the item's limits, or nothing that shows it."""
    if entry.by not in item.by:
        return Refusal("entry_by_others", {"item": item.title.zh, "roles": list(item.by), "role": entry.by})
    if _outside(item, entry.value):
        limits = {"least": item.least, "most": item.most}
        told = {name: plain(limit) for name, limit in limits.items() if limit is not None}
        return Refusal("entry_outside", {"item": item.title.zh, "whole": item.whole, **told})
    if item.evidence and not entry.evidence:
        return Refusal("entry_needs_evidence", {"item": item.title.zh})
    return None


def read_entries(scheme: Scheme, given: Mapping[str, object]) -> dict[str, Value]:
    """Entries by name for a trial: bare numbers within the limits of their items; null where there is none yet.

    Example: read_entries(yuncheng, {"team_appearance": 92.5, "street_appearance": None})
    Raises: CountsUnreadable with the name that is unknown, or the value that lies outside.
    """
    found: dict[str, Value] = {}
    for code, value in given.items():
        item = scheme.manual.get(code)
        if item is None:
            known = suggestion(code, sorted(scheme.manual)) or "It has none."
            raise CountsUnreadable(f"{quoted(code)} is no manual item of the scheme {scheme.name}. {known}")
        if value is None:
            found[code] = None
            continue
        number = exact_number(value)
        if number is None:
            raise CountsUnreadable(f"{code} is {quoted(str(value))}. Write a number, or null.")
        problem = _outside(item, number)
        if problem:
            raise CountsUnreadable(f"{code} is {plain(number)}. {problem}")
        found[code] = number
    _judge_doubles(scheme, found)
    return found


def _outside(item: ManualItem, value: Fraction) -> str:
    if item.whole and value.denominator != 1:
        return "It counts occurrences: write a whole number."
    if item.least is not None and value < item.least:
        return f"It is at least {plain(item.least)}."
    if item.most is not None and value > item.most:
        return f"It is at most {plain(item.most)}."
    return ""


def value_typed(text: str) -> Fraction | None:
    """A value as somebody types it, full-width digits too; None for what is no number of at most six digits behind
    the point. Example: "2", "-0.5", "３"."""
    found = unicodedata.normalize("NFKC", text).strip()
    return Fraction(found) if _TYPED.fullmatch(found) else None


def total_of(item: ManualItem, entered: Sequence[Fraction], counted: int = 0) -> Value:
    """What the entries of an item come to, the oldest first, with what zhihui counted itself.

    Occurrences add up; of a figure or of points the newest entry stands. Nothing entered is 0, or no value where it is
    required.
    """
    if not entered and item.required:
        return None
    if item.whole:
        return sum(entered, Fraction(counted))
    return entered[-1] if entered else Fraction(0)


def doubles_refused(scheme: Scheme, totals: Mapping[str, Value]) -> Refusal | None:
    """Why these totals of a unit cannot stand together: more occurrences count twice than there are."""
    found = _too_many_doubles(scheme, totals)
    if found is None:
        return None
    double, name = scheme.manual[found.double], scheme.manual[found.name]
    numbers = {"twice": plain(found.twice), "occurrences": plain(found.occurrences)}
    return Refusal("entry_double", {"item": double.title.zh, "of": name.title.zh, **numbers})


@dataclass(frozen=True, slots=True)
class _TooMany:
    double: str
    name: str
    twice: Fraction
    occurrences: Fraction


def _too_many_doubles(scheme: Scheme, totals: Mapping[str, Value]) -> _TooMany | None:
    """Of three occurrences at most three count twice."""
    boards = (scheme.system, *(group.board for group in scheme.groups))
    doubles = {
        (adjustment.double, name)
        for board in boards
        for adjustment in board.adjustments
        if adjustment.double
        for name in adjustment.occurrences.names
    }
    for double, name in sorted(doubles):
        of, twice = totals.get(name), totals.get(double)
        if name in scheme.manual and twice is not None and twice > (of or 0):
            return _TooMany(double, name, twice, of or Fraction(0))
    return None


def _judge_doubles(scheme: Scheme, entries: Mapping[str, Value]) -> None:
    found = _too_many_doubles(scheme, entries)
    if found is not None:
        raise CountsUnreadable(
            f"{found.double} is {plain(found.twice)}, of {plain(found.occurrences)} in {listed([found.name])}. "
            "It says how many of these count twice."
        )
