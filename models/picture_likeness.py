"""How alike two pictures are: 64 bits of each that resizing, compressing and slight cropping hardly change.

The bits say which of the picture's slowest brightness waves are stronger than the middle one (the "pHash" of Zauner,
2010). They are worked out here in whole numbers: 10,000 multiplications need no library, and every machine gets the
same bits. The library for it, imagehash, would bring SciPy and PyWavelets, 100 MB, for one cosine transform.
"""

from collections.abc import Sequence
from itertools import combinations
from math import cos, pi
from operator import mul

GREY_SIDE = 32
"""Pixels of a side of the grey picture that is looked at."""

BAND_BITS = 16
BANDS = 4

_SINGLE_BITS = tuple(1 << place for place in range(BAND_BITS))

FARTHEST = 11
"""Bits that may differ at most in a search: beyond it a band is looked up under more than 137 values."""

_PLAIN_LEVELS = 12
"""Grey levels between darkest and brightest, out of 256, under which a picture shows nothing to compare."""

_WAVES = 8
_SCALE = 1 << 14
_COSINES = tuple(
    tuple(round(_SCALE * cos(pi * (2 * place + 1) * wave / (2 * GREY_SIDE))) for place in range(GREY_SIDE))
    for wave in range(_WAVES)
)


def likeness_of(greys: Sequence[int]) -> int | None:
    """The 64 bits of a picture, given as 32 x 32 grey levels row by row; None where it is one plain colour.

    Example: likeness_of(image.convert("L").resize((32, 32)).tobytes())
    Raises: ValueError for another number of levels.
    """
    if len(greys) != GREY_SIDE * GREY_SIDE:
        raise ValueError(f"{len(greys)} grey levels, but a likeness is worked out from {GREY_SIDE} x {GREY_SIDE}.")
    if max(greys) - min(greys) < _PLAIN_LEVELS:
        return None
    lines = [greys[start : start + GREY_SIDE] for start in range(0, len(greys), GREY_SIDE)]
    across = [[sum(map(mul, line, cosine)) for line in lines] for cosine in _COSINES]
    strengths = [sum(map(mul, column, cosine)) for cosine in _COSINES for column in across]
    # The first is the brightness of the whole, which no wave comes near: it takes no part in the middle.
    middle = sorted(strengths[1:])[len(strengths) // 2 - 1]
    bits = 0
    for strength in strengths:
        bits = bits << 1 | (strength > middle)
    return bits


def distance(one: int, other: int) -> int:
    """How many of the 64 bits differ: 0 for the same picture, about 32 for two that have nothing in common."""
    return (one ^ other).bit_count()


def bands_of(likeness: int) -> tuple[int, ...]:
    """The 64 bits as four whole numbers of 16 bits, the highest first."""
    return tuple(likeness >> BAND_BITS * (BANDS - 1 - band) & (1 << BAND_BITS) - 1 for band in range(BANDS))


def likeness_from(bands: Sequence[int]) -> int:
    """The 64 bits of four bands. Example: likeness_from(bands_of(likeness)) == likeness."""
    likeness = 0
    for band in bands:
        likeness = likeness << BAND_BITS | band
    return likeness


def near_band(band: int, within: int) -> list[int]:
    """Every value one band of a likeness at most `within` bits away can have, if it is the least different band.

    Of 4 bands with `within` different bits together, one has at most a quarter of them: who looks up each band under
    these values misses nobody. Example: 17 values for 4 to 7 bits, 137 for 8 to 11.
    Raises: ValueError for more than 11 bits.
    """
    if not 0 <= within <= FARTHEST:
        raise ValueError(f"{within} bits: likenesses are compared within 0 to {FARTHEST} bits.")
    flips = (sum(chosen) for count in range(within // BANDS + 1) for chosen in combinations(_SINGLE_BITS, count))
    return [band ^ flip for flip in flips]
