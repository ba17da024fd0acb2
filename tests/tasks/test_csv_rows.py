"""Rows of a CSV: what the standard reader reads is read alike, and a stray quote loses nothing."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.csv_rows import LONGEST_ROW, MOST_LINES, split_rows

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=8)


def rows_of(text: str, whole: str = "never") -> list[tuple[int, list[str] | str]]:
    """Row number and cells, or the reason; a line that begins with `whole` is a whole row."""
    found = split_rows(io.StringIO(text, newline="\n"), ",", lambda alone: alone[0].startswith(whole))
    return [(row.number, row.cells if row.cells is not None else str(row.problem)) for row in found]


@given(st.lists(st.lists(cells, min_size=1, max_size=4), max_size=5))
def test_what_a_spreadsheet_writes_is_read_back(table: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(table)
    lines = io.StringIO(text.getvalue(), newline="\n")
    read = [row.cells for row in split_rows(lines, ",", lambda alone: False)]
    written = [list(row) for row in table]
    # A line of nothing but spaces is no row; a quoted end of line is one.
    assert read == [row for row in written if len(row) > 1 or row[0].strip() or row == [""] or "\n" in row[0]]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n\nc,d\n", [(1, ["a", "b"]), (3, ["c", "d"])]),
        ('"a\nb",c\nd,e\n', [(1, ["a\nb", "c"]), (2, ["d", "e"])]),
        ('5" pipe,b\n', [(1, ['5" pipe', "b"])]),
        ('"say ""hi""",b', [(1, ['say "hi"', "b"])]),
        ('"","",\n', [(1, ["", "", ""])]),
        ('x,"open\nA2,b\nA3,c\n', [(1, "broken_quotes"), (2, ["A2", "b"]), (3, ["A3", "c"])]),
        ('x,"open\nA2,"b"\nA3,c\n', [(1, "broken_quotes"), (2, ["A2", "b"]), (3, ["A3", "c"])]),
        ('x,"open\nA2,5"\nA3,c\n', [(1, "broken_quotes"), (2, ["A2", '5"']), (3, ["A3", "c"])]),
        ('"a" b,c\nA2,d\n', [(1, "broken_quotes"), (2, ["A2", "d"])]),
        ('x,"', [(1, "broken_quotes")]),
    ],
)
def test_a_stray_quote_costs_its_own_row_only(text: str, rows: list[tuple[int, list[str] | str]]) -> None:
    assert rows_of(text, whole="A") == rows


def test_a_quoted_text_may_be_long_but_not_without_end() -> None:
    long = 'x,"' + "line\n" * (MOST_LINES - 2) + '"\n'
    endless = 'x,"' + "line\n" * (MOST_LINES + 5)
    assert len(rows_of(long)) == 1
    assert rows_of(endless)[0] == (1, "broken_quotes")
    assert rows_of(endless)[1:] == [(number, ["line"]) for number in range(2, MOST_LINES + 6)]


def test_a_line_too_long_for_a_row_is_kept_in_pieces() -> None:
    lines = iter(["x" * LONGEST_ROW, "y" * 10 + "\n", "a,b\n"])
    found = list(split_rows(lines, ",", lambda alone: False))
    assert [(row.number, row.problem, row.part, len(row.text)) for row in found] == [
        (1, "row_too_long", 1, LONGEST_ROW),
        (1, "row_too_long", 2, 11),
        (2, None, 0, 4),
    ]
