"""Circles among codes of which each names at most one next: parents, deputies, rungs."""

from collections.abc import Mapping


def circles(next_of: Mapping[str, str | None]) -> list[tuple[str, ...]]:
    """Every circle once, beginning with its member that the mapping names first.

    Example: {"a": "b", "b": "c", "c": "b"} -> [("b", "c")]; a code that names itself is a circle of one.
    """
    found: list[tuple[str, ...]] = []
    settled: set[str] = set()
    for begin in next_of:
        way: list[str] = []
        at: str | None = begin
        while at is not None and at not in settled:
            settled.add(at)
            way.append(at)
            at = next_of.get(at)
        if at in way:
            found.append(_from_first(tuple(way[way.index(at) :]), next_of))
    return found


def _from_first(circle: tuple[str, ...], next_of: Mapping[str, str | None]) -> tuple[str, ...]:
    first = next(code for code in next_of if code in set(circle))
    at = circle.index(first)
    return circle[at:] + circle[:at]
