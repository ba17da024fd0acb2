"""Who comes in where somebody does not: the B post first, then round the pool, rested before tired."""

from collections.abc import Callable

import pytest

from models.duty_backup import in_order_after, next_free
from models.duty_rules import DutyPlace

PLACE = DutyPlace("officer", "值班员", "officer", pool=("a", "b", "c", "d"), pairs=(("b", "d"),))


def any_but(*posts: str) -> Callable[[str], bool]:
    return lambda post: post not in posts


@pytest.mark.parametrize(
    ("absent", "asked"),
    [("a", "bcd"), ("b", "dca"), ("d", "abc"), ("gone", "abcd"), (None, "abcd")],
)
def test_the_pair_first_then_round_the_pool(absent: str | None, asked: str) -> None:
    assert in_order_after(PLACE, absent) == tuple(asked)


def test_a_rested_one_is_asked_before_a_tired_one_and_a_tired_one_before_nobody() -> None:
    assert next_free(PLACE, "a", any_but(), any_but("b")) == "c"
    assert next_free(PLACE, "a", any_but("c", "d"), any_but("b")) == "b"
    assert next_free(PLACE, "a", any_but("b", "c", "d"), any_but()) is None
