"""One row of a source's file before anybody asks what it means, and what no value of it may hold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from models.refusal import Refusal

LONGEST_FIELD = 1 << 20
"""Characters of one value; pictures and whole letters do not belong into a row."""

NO_CHARACTER = re.compile("[\ud800-\udfff]")
"""What undecodable bytes are read as; no text holds it."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stood in the file: its values by column, or why there are none."""

    number: int
    """As a spreadsheet shows it: the header is row 1."""
    values: Mapping[str, str] = field(repr=False)
    fault: Refusal | None = None
    """What is wrong with the row whatever it means."""
    unparsed: str | None = field(default=None, repr=False)
    """The row's text where the values do not hold all of it."""


def value_fault(values: Mapping[str, str]) -> Refusal | None:
    """Why these values cannot be taken whatever they mean, or None.

    Example: value_fault({"place": "a\\0b"}) -> Refusal("nul_byte", {"column": "place"}).
    """
    for name, value in values.items():
        if NO_CHARACTER.search(value) or NO_CHARACTER.search(name):
            return Refusal("undecodable", {"column": printable(name)})
        if "\0" in value or "\0" in name:
            return Refusal("nul_byte", {"column": printable(name)})
        if len(value) > LONGEST_FIELD:
            return Refusal("field_too_long", {"column": printable(name), "most": LONGEST_FIELD})
    return None


def printable(name: str) -> str:
    """A column's name as it may be shown and stored."""
    return name if name.isprintable() else name.encode("unicode_escape").decode("ascii")
