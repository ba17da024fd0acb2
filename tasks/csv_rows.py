"""From the lines of a CSV to its rows, so that nothing is lost: what is no row is kept as the text it was.

The csv module of the standard library lets one stray quote swallow the rest of a file, and its limit for the length
of a field is one for the whole process; so the few rules are written out here.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MOST_LINES = 1000
"""Lines of one row: a quoted text may hold line breaks; a quote that is never closed would hold all that follow."""

LONGEST_ROW = 1 << 24
"""Characters of one line; a longer one is kept in pieces of this size."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: its cells, or the text that is none and why."""

    number: int
    text: str
    cells: list[str] | None
    problem: str | None = None
    part: int = 0


def split_rows(lines: Iterator[str], delimiter: str, is_whole: Callable[[list[str]], bool]) -> Iterator[CsvRow]:
    """The rows of these lines, each of which ends with a line break or is as long as a line may be.

    A quoted field may go on over several lines, unless one of those lines is a whole row by itself (`is_whole`): then
    a quote was left open, its line is handed back as it is, and reading goes on behind it. Blank lines are counted and
    left out.
    """
    waiting: deque[str] = deque()
    number = 0
    while True:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            return
        number += 1
        if len(line) >= LONGEST_ROW:
            yield from _pieces(number, line, lines)
        elif '"' not in line:
            if line.strip():
                yield CsvRow(number, line, line.rstrip("\n").split(delimiter))
        else:
            taken, cells = _quoted_row(line, waiting, lines, delimiter, is_whole)
            if cells is None:
                waiting.extendleft(reversed(taken[1:]))
                yield CsvRow(number, line, None, "broken_quotes")
            else:
                yield CsvRow(number, "".join(taken), cells)


def split_quoted(text: str, delimiter: str) -> list[str] | None:
    """The cells of a row with quotes, or None where a quote is still open at its end.

    Raises: BrokenQuotes where something else than a delimiter follows a closing quote.
    """
    cells: list[str] = []
    at, end = 0, len(text)
    while True:
        if text.startswith('"', at):
            close = _closing_quote(text, at + 1)
            if close < 0:
                return None
            cells.append(text[at + 1 : close].replace('""', '"'))
            at = close + 1
        else:
            stop = text.find(delimiter, at)
            stop = end if stop < 0 else stop
            cells.append(text[at:stop])
            at = stop
        if at == end:
            return cells
        if not text.startswith(delimiter, at):
            raise BrokenQuotes(text[at])
        at += 1


class BrokenQuotes(ValueError):
    """A quote closes in the middle of a field."""


def _quoted_row(
    line: str, waiting: deque[str], lines: Iterator[str], delimiter: str, is_whole: Callable[[list[str]], bool]
) -> tuple[list[str], list[str] | None]:
    """The lines of the row that begins with this one and its cells; no cells where its quotes are broken."""
    taken, length = [line], len(line)
    while True:
        cells = _try_split("".join(taken), delimiter) if '"' in taken[-1] else None
        if cells is not None:
            return taken, cells or None
        following = waiting.popleft() if waiting else next(lines, None)
        if following is None:
            return taken, None
        taken.append(following)
        length += len(following)
        alone = _try_split(following, delimiter)
        if (alone and is_whole(alone)) or len(taken) > MOST_LINES or length > LONGEST_ROW:
            return taken, None


def _try_split(text: str, delimiter: str) -> list[str] | None:
    """The cells of a row; an empty list where its quotes are broken, None where one is open."""
    try:
        return split_quoted(text.rstrip("\n"), delimiter)
    except BrokenQuotes:
        return []


def _closing_quote(text: str, at: int) -> int:
    """Where the quote that closes a field stands; two in a row stand for one in the text."""
    while True:
        at = text.find('"', at)
        if at < 0 or not text.startswith('"', at + 1):
            return at
        at += 2


def _pieces(number: int, line: str, lines: Iterator[str]) -> Iterator[CsvRow]:
    """A line too long for any row, piece by piece up to its line break."""
    part = 1
    while True:
        yield CsvRow(number, line, None, "row_too_long", part)
        if line.endswith("\n"):
            return
        following = next(lines, None)
        if following is None:
            return
        line, part = following, part + 1
