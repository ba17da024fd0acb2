"""Ranks within a group: equal scores share a rank, and the next one leaves as many places free."""

from collections.abc import Mapping
from decimal import Decimal


def ranks(scores: Mapping[str, Decimal | None]) -> dict[str, int | None]:
    """The rank of each, 1 for the highest score; None for who has no score.

    Source: no city's rule for ties is known here; sharing is our proposal (?).
    Example: ranks({"a": 90, "b": 80, "c": 80, "d": 70}) is 1, 2, 2, 4.
    """
    known = [value for value in scores.values() if value is not None]
    return {
        name: None if value is None else 1 + sum(other > value for other in known) for name, value in scores.items()
    }
