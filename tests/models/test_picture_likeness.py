"""Likenesses are the same everywhere, and near ones are found by their bands."""

from math import cos, pi
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.picture_likeness import FARTHEST, bands_of, distance, likeness_from, likeness_of, near_band

LIKENESSES = st.integers(min_value=0, max_value=2**64 - 1)
GREYS = [(7 * x * x + 13 * y + 3 * x * y) % 97 + 2 * y for y in range(32) for x in range(32)]
"""A picture with much in it."""


def by_definition(greys: list[int]) -> str:
    """The bits as the cosine transform is written in a book, in floating point."""
    waves = [(u, v) for v in range(8) for u in range(8)]
    strengths = [
        sum(
            greys[32 * y + x] * cos(pi * (2 * x + 1) * u / 64) * cos(pi * (2 * y + 1) * v / 64)
            for y in range(32)
            for x in range(32)
        )
        for u, v in waves
    ]
    middle = median(strengths[1:])
    return "".join("1" if strength > middle else "0" for strength in strengths)


def test_a_likeness_says_which_slow_waves_are_stronger_than_the_middle_one() -> None:
    likeness = likeness_of(GREYS)
    assert likeness is not None
    assert f"{likeness:064b}" == by_definition(GREYS)


def test_more_light_or_contrast_changes_nothing() -> None:
    brighter = [level + 20 for level in GREYS]
    stronger = [level * 1000 for level in GREYS]
    assert likeness_of(brighter) == likeness_of(stronger) == likeness_of(GREYS)


def test_a_picture_upside_down_is_another_one() -> None:
    one, other = likeness_of(GREYS), likeness_of(GREYS[::-1])
    assert one is not None
    assert other is not None
    assert distance(one, other) > FARTHEST


@pytest.mark.parametrize("greys", [[0] * 1024, [120 + place % 12 for place in range(1024)]])
def test_a_picture_of_one_plain_colour_has_no_likeness(greys: list[int]) -> None:
    assert likeness_of(greys) is None


def test_another_number_of_grey_levels_is_an_error() -> None:
    with pytest.raises(ValueError, match="3 grey levels, but a likeness is worked out from 32 x 32"):
        likeness_of([1, 2, 3])


@pytest.mark.parametrize(("one", "other", "bits"), [(0, 0, 0), (0b1011, 0b0010, 2), (0, 2**64 - 1, 64)])
def test_the_distance_is_the_number_of_bits_that_differ(one: int, other: int, bits: int) -> None:
    assert distance(one, other) == bits


@given(likeness=LIKENESSES)
def test_four_bands_hold_the_whole_likeness(likeness: int) -> None:
    bands = bands_of(likeness)
    assert all(0 <= band < 2**16 for band in bands)
    assert likeness_from(bands) == likeness


@pytest.mark.parametrize(("within", "values"), [(0, 1), (3, 1), (4, 17), (7, 17), (8, 137), (11, 137)])
def test_a_band_is_looked_up_under_few_values(within: int, values: int) -> None:
    near = near_band(0xBEEF, within)
    assert len(near) == len(set(near)) == values
    assert 0xBEEF in near


@given(likeness=LIKENESSES, places=st.sets(st.integers(0, 63), max_size=FARTHEST), slack=st.integers(0, FARTHEST))
def test_whoever_looks_up_the_near_bands_misses_nobody(likeness: int, places: set[int], slack: int) -> None:
    other = likeness
    for place in places:
        other ^= 1 << place
    within = min(FARTHEST, len(places) + slack)
    near = (set(near_band(band, within)) for band in bands_of(likeness))
    assert any(band in values for band, values in zip(bands_of(other), near, strict=True))


@pytest.mark.parametrize("within", [-1, 12])
def test_farther_than_the_bands_can_tell_is_an_error(within: int) -> None:
    with pytest.raises(ValueError, match=f"{within} bits: likenesses are compared within 0 to 11 bits"):
        near_band(1, within)
