"""The parts behind a month come out of their packing as they went in, and their digest tells any change."""

import zlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.frozen_parts import FrozenPart, digest_of, freeze_parts, unpack

WHOLE = st.integers(-(2**63), 2**63 - 1)
PARTS = st.lists(st.tuples(WHOLE, WHOLE, WHOLE, WHOLE), min_size=1, unique=True)


@given(found=st.dictionaries(st.text(max_size=4), PARTS, max_size=4), seed=st.integers())
def test_what_is_packed_comes_out_in_the_order_of_cases_whatever_the_order_it_was_found_in(
    found: dict[str, list[tuple[int, ...]]], seed: int
) -> None:
    frozen, digest = freeze_parts(found)
    assert [one.unit for one in frozen] == sorted(found)
    for one in frozen:
        parts = list(unpack(one.packed))
        assert parts == sorted(found[one.unit])
        assert one.number == len(parts)
    for parts_found in found.values():
        Random(seed).shuffle(parts_found)
    assert freeze_parts(found) == (frozen, digest)
    assert digest_of((one.unit, one.packed) for one in reversed(frozen)) == digest


@pytest.mark.parametrize(
    "altered",
    [
        {"lihe": [(1, 1, 1, 4)]},
        {"lihe": [(1, 1, 1, 5), (2, 1, 1, 4)]},
        {"lihe": [(1, 1, 1, 5)], "xinhua": [(2, 1, 1, 4)]},
        {"xinhua": [(1, 1, 1, 5)]},
        {},
    ],
)
def test_another_part_unit_or_mark_gives_another_digest(altered: dict[str, list[tuple[int, ...]]]) -> None:
    assert freeze_parts(altered)[1] != freeze_parts({"lihe": [(1, 1, 1, 5)]})[1]


def test_what_was_never_packed_is_refused() -> None:
    with pytest.raises(zlib.error):
        list(unpack(b"nonsense"))
    assert list(unpack(zlib.compress(b""))) == []
    assert FrozenPart(1, 2, 3, 4).marks == 4
