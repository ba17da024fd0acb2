"""One row of a CSV file is changed, added or taken out; every other line stays as it was written."""

import pytest

from models.directory.row_edit import row_of, with_row
from models.directory.sheets import CONTACT_POINTS, LEAVE, POSTS

POINTS = 'post,order,channel,address\na,1,demo,demo\n\n"b", 1 ,"demo",demo\na,2,sms,env:A'
DEMO = {"channel": "demo", "address": "demo"}


@pytest.mark.parametrize(
    ("key", "cells", "expected"),
    [
        (("a", "1"), {"channel": "sms"}, POINTS.replace("a,1,demo,demo", "a,1,sms,demo") + "\n"),
        (("b", "1"), {"address": "env:B"}, POINTS.replace('"b", 1 ,"demo",demo', "b,1,demo,env:B") + "\n"),
        (("a", "1"), None, POINTS.replace("a,1,demo,demo\n", "") + "\n"),
        (("a", "3"), DEMO, POINTS + "\na,3,demo,demo\n"),
        (("b", "2"), DEMO, POINTS.replace("demo\na,2", "demo\nb,2,demo,demo\na,2") + "\n"),
        (("c", "1"), {"channel": "sms", "address": 'a "b", c'}, POINTS + '\nc,1,sms,"a ""b"", c"\n'),
        (("nobody", "1"), None, POINTS + "\n"),
    ],
)
def test_only_the_row_of_the_key_differs(key: tuple[str, ...], cells: dict[str, str] | None, expected: str) -> None:
    assert with_row(CONTACT_POINTS, POINTS, key, cells) == expected


def test_a_file_that_is_not_there_begins_with_its_header() -> None:
    assert with_row(LEAVE, None, ("a", "2019-05-06"), {"to": "2019-05-07"}) == "post,from,to\na,2019-05-06,2019-05-07\n"
    assert row_of(LEAVE, None, ("a", "2019-05-06")) is None


def test_a_row_over_several_lines_is_one_row() -> None:
    text = 'code,name,unit,role,area,deputy,valid_from,valid_until\na,"two\nlines",u,admin,,,,\nb,B,u,admin,,,,\n'
    changed = with_row(POSTS, text, ("b",), {"deputy": "a"})
    assert changed == text.replace("b,B,u,admin,,,,", "b,B,u,admin,,a,,")
