"""What is to be done about crossings: those the readings show now against the warnings that were raised before.

Readings come late and are corrected, so the past is judged again from the first reading that changed. A warning that
no reading supports any more ends and says so; a crossing that only late readings show is raised, even if it is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.thresholds import Transition


@dataclass(frozen=True, slots=True)
class Known:
    """A warning of one threshold, as it was raised before."""

    number: str
    raised_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Crossing:
    """From a crossing to its end, as the readings show it now."""

    raised: Transition | None
    """None where it was crossed before the readings that were judged."""
    ended: Transition | None
    """None where it lasts."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be raised, ended, and noted as undone."""

    ends: tuple[tuple[str, Transition | None], ...] = ()
    """Numbers of warnings that end, with the reading that ends them; None where no reading supports them any more."""
    raises: tuple[Crossing, ...] = ()
    """New warnings; one that has an end is over already."""
    undone: tuple[str, ...] = ()
    """Warnings that have ended, and that no reading supports any more."""


def crossings_of(transitions: Sequence[Transition], open_before: bool) -> list[Crossing]:
    """Transitions, which take turns, as crossings with their ends."""
    found: list[Crossing] = []
    raised: Transition | None = None
    is_open = open_before
    for transition in transitions:
        if transition.raised:
            raised, is_open = transition, True
        else:
            found.append(Crossing(raised, transition))
            raised, is_open = None, False
    return [*found, Crossing(raised, None)] if is_open else found


def changes(crossings: Sequence[Crossing], known: Sequence[Known], judge_from: datetime) -> Changes:
    """What follows for the warnings that last at `judge_from` or later.

    A warning belongs to the crossing it overlaps; the one that lasts belongs to the crossing that lasts, whatever a
    correction did to the time between.
    """
    ends: list[tuple[str, Transition | None]] = []
    raises: list[Crossing] = []
    left = list(known)
    supported: set[str] = set()
    lasting = next((one for one in left if one.ended_at is None), None)
    if lasting is not None and crossings and crossings[-1].ended is None:
        left.remove(lasting)
        supported.add(lasting.number)
        crossings = crossings[:-1]
        # What was absorbed by the warning that lasts is no crossing of its own.
        crossings = [one for one in crossings if _before(one, lasting.raised_at)]
    for crossing in crossings:
        mine = [one for one in left if _overlap(crossing, one, judge_from)]
        supported.update(one.number for one in mine)
        still = next((one for one in mine if one.ended_at is None), None)
        if still is not None:
            ends.append((still.number, crossing.ended))
            left.remove(still)
        elif not mine or crossing.ended is None:
            raises.append(crossing)
    unsupported = [one for one in left if one.number not in supported]
    ends += [(one.number, None) for one in unsupported if one.ended_at is None]
    undone = tuple(one.number for one in unsupported if one.ended_at is not None)
    return Changes(tuple(ends), tuple(raises), undone)


def _before(crossing: Crossing, moment: datetime) -> bool:
    return crossing.ended is not None and crossing.ended.at <= moment


def _overlap(crossing: Crossing, known: Known, judge_from: datetime) -> bool:
    begins = crossing.raised.at if crossing.raised is not None else None
    over_before = known.ended_at is not None and begins is not None and known.ended_at <= begins
    begins_after = crossing.ended is not None and known.raised_at >= crossing.ended.at
    if begins is None and known.ended_at is not None and known.ended_at < judge_from:
        return False
    return not over_before and not begins_after
