"""What persons enter for a scheme: scores, occurrences, figures, each with who entered it and what shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from models.directory.fault import listed, quoted, suggestion
from models.refusal import Refusal
from models.scheme import ManualItem, Scheme
from models.scheme_counts import CountsUnreadable, Value, exact_number
from models.scored import plain
from models.vocabulary import Role


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


def _judge_doubles(scheme: Scheme, entries: Mapping[str, Value]) -> None:
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
        of, twice = entries.get(name), entries.get(double)
        if name in scheme.manual and twice is not None and twice > (of or 0):
            raise CountsUnreadable(
                f"{double} is {plain(twice)}, of {plain(of or Fraction(0))} in {listed([name])}. "
                "It says how many of these count twice."
            )
