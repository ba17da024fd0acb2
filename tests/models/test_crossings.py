"""Crossings against warnings raised before: late and corrected readings end, raise and undo what they change."""

from datetime import UTC, datetime, timedelta

import pytest

from models.crossings import Changes, Crossing, Known, changes, crossings_of
from models.thresholds import Transition

START = datetime(2021, 7, 20, tzinfo=UTC)


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def crossed(begins: float | None, ends: float | None = None) -> Crossing:
    raised = None if begins is None else Transition(True, at(begins), 10.0, at(begins))
    return Crossing(raised, None if ends is None else Transition(False, at(ends), 9.0, at(ends)))


def known(number: str, begins: float, ends: float | None = None) -> Known:
    return Known(number, at(begins), None if ends is None else at(ends))


def numbers(found: Changes) -> tuple[list[str], list[float | None], list[str]]:
    """Which end, from which hours on new ones are raised, which are undone."""
    raised = [None if one.raised is None else (one.raised.at - START) / timedelta(hours=1) for one in found.raises]
    return [number for number, _ in found.ends], raised, list(found.undone)


@pytest.mark.parametrize(
    ("crossings", "before", "expected"),
    [
        ([crossed(3)], [], ([], [3], [])),  # a first crossing
        ([crossed(3)], [known("A", 3)], ([], [], [])),  # judged again: nothing
        ([crossed(None)], [known("A", -5)], ([], [], [])),  # it lasts
        ([crossed(None, 4)], [known("A", -5)], (["A"], [], [])),  # it ends
        ([crossed(None, 4), crossed(6)], [known("A", -5)], (["A"], [6], [])),  # between two visits it fell and rose
        ([], [known("A", 3)], (["A"], [], [])),  # the reading that raised it was corrected
        ([], [known("A", 3, 5)], ([], [], ["A"])),  # the same, and it has ended already
        ([crossed(1, 2)], [], ([], [1], [])),  # only late readings show it, and it is over
        ([crossed(1, 2), crossed(3)], [known("A", 3)], ([], [1], [])),
        ([crossed(3, 6)], [known("A", 3, 5)], ([], [], [])),  # a longer end of one that is over changes nothing
    ],
)
def test_what_follows_from_the_readings_as_they_are_now(
    crossings: list[Crossing], before: list[Known], expected: tuple[list[str], list[float | None], list[str]]
) -> None:
    assert numbers(changes(crossings, before, START)) == expected


def test_what_no_reading_supports_ends_without_a_reading() -> None:
    assert changes([], [known("A", 3)], START).ends == (("A", None),)


def test_transitions_take_turns_as_crossings() -> None:
    up, down = Transition(True, at(1), 10.0, at(1)), Transition(False, at(2), 9.0, at(2))
    assert crossings_of([up, down], open_before=False) == [Crossing(up, down)]
    assert crossings_of([down, up], open_before=True) == [Crossing(None, down), Crossing(up, None)]
    assert crossings_of([], open_before=True) == [Crossing(None, None)]
    assert crossings_of([], open_before=False) == []
