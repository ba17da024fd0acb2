"""Cells of stations.csv and thresholds.csv that hold more than one value."""

import re

from models.directory.cell import Unreadable, names
from models.directory.fault import quoted, suggestion
from models.water import DaysOfYear, Element

_DECIMAL = r"-?[0-9]{1,9}(?:[.][0-9]{1,9})?"
_RANGE = re.compile(rf"([a-z_]+)\s+({_DECIMAL})\s*\.\.\s*({_DECIMAL})")
_CHANGE = re.compile(rf"([a-z_]+)\s+({_DECIMAL})")
_DAYS = re.compile(r"([0-9]{2})-([0-9]{2})\s*\.\.\s*([0-9]{2})-([0-9]{2})")
_DAYS_OF_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def decimal(cell: str) -> float:
    """A number, also below zero."""
    if re.fullmatch(_DECIMAL, cell):
        return float(cell)
    raise Unreadable(f"{quoted(cell)} is no number.", "Write digits with a point, such as 118.50.")


def elements(cell: str) -> tuple[Element, ...]:
    """What a station measures. Example: level;storage."""
    return tuple(_element(name) for name in names(cell))


def ranges(cell: str) -> tuple[tuple[Element, float, float], ...]:
    """The plausible range of each element. Example: level 100..130;storage 0..800."""
    found = []
    for part in names(cell):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise Unreadable(f"{quoted(part)} is no range.", "Write an element and its range, such as level 100..130.")
        least, most = float(match[2]), float(match[3])
        if least >= most:
            raise Unreadable(f"the range {quoted(part)} is empty.", "Write the lower end first.")
        found.append((_element(match[1]), least, most))
    return tuple(found)


def changes(cell: str) -> tuple[tuple[Element, float], ...]:
    """The most change an hour of each element. Example: level 2;flow 300."""
    found = []
    for part in names(cell):
        match = _CHANGE.fullmatch(part)
        if match is None or float(match[2]) <= 0:
            raise Unreadable(f"{quoted(part)} is no change an hour.", "Write an element and a number, such as level 2.")
        found.append((_element(match[1]), float(match[2])))
    return tuple(found)


def days_of_year(cell: str) -> DaysOfYear:
    """Days of any year. Example: 06-15..08-31."""
    match = _DAYS.fullmatch(cell)
    if match:
        first, last = (int(match[1]), int(match[2])), (int(match[3]), int(match[4]))
        if all(1 <= month <= 12 and 1 <= day <= _DAYS_OF_MONTH[month - 1] for month, day in (first, last)):
            return DaysOfYear(first, last)
    raise Unreadable(f"{quoted(cell)} are no days of a year.", "Write first and last day, such as 06-15..08-31.")


def _element(name: str) -> Element:
    if name in set(Element):
        return Element(name)
    raise Unreadable(f"{quoted(name)} is no element.", suggestion(name, list(Element)))
