"""A roster as a terminal shows it: columns that line up although Chinese characters are twice as wide."""

from collections.abc import Iterator, Mapping, Sequence
from unicodedata import east_asian_width


def table_of_rows(rows: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """The lines of a table, its heading first; every row has the columns of the first."""
    if not rows:
        return
    headings = list(rows[0])
    cells = [headings, *([str(row.get(name, "")) for name in headings] for row in rows)]
    widths = [max(_width(line[column]) for line in cells) for column in range(len(headings))]
    for line in cells:
        padded = (text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
