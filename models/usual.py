"""What is usual: median and median absolute deviation, exact, in halves."""

from collections.abc import Sequence
from decimal import Decimal


def median(values: Sequence[int] | Sequence[Decimal]) -> Decimal:
    """The middle value, or the mean of the two in the middle. Example: median([1, 2, 9, 4]) is 3.

    Raises: ValueError for no values.
    """
    if not values:
        raise ValueError("No values have no median; say how many were wanted and how many there are.")
    ordered, half = sorted(Decimal(value) for value in values), len(values) // 2
    middle = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return middle.normalize() + 0


def spread(values: Sequence[int]) -> Decimal:
    """The median of the distances from the median (MAD); 0 where more than half of the values are equal."""
    middle = median(values)
    return median([abs(value - middle) for value in values])
