"""Circles among codes are found, each once."""

import pytest

from models.directory.circle import circles


@pytest.mark.parametrize(
    ("next_of", "expected"),
    [
        ({"a": "b", "b": None}, []),
        ({"a": "a"}, [("a",)]),
        ({"a": "b", "b": "a"}, [("a", "b")]),
        ({"a": "b", "b": "c", "c": "b"}, [("b", "c")]),
        ({"a": "b", "b": "a", "c": "a", "d": "d"}, [("a", "b"), ("d",)]),
        ({"a": "elsewhere"}, []),
    ],
)
def test_each_circle_is_found_once_from_its_first_member(
    next_of: dict[str, str | None], expected: list[tuple[str, ...]]
) -> None:
    assert circles(next_of) == expected
