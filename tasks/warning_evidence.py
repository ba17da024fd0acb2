"""What shows that a threshold was crossed, or is clear again: the rule as it stood, and the readings behind it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from models.thresholds import Point, Transition
from models.water import Station, Threshold


def rule_facts(threshold: Threshold, station: Station) -> dict[str, Any]:
    """A threshold as it stood when it was judged, with the names people know it by."""
    return {
        "station_name": station.name,
        "river": station.river,
        "threshold_name": threshold.name,
        "element": threshold.element.value,
        "kind": threshold.kind.value,
        "value": threshold.value,
        "clears_at": threshold.clears_at,
        "window_minutes": _minutes(threshold.window),
        "lasts_minutes": _minutes(threshold.lasts),
        "placeholder": threshold.placeholder,
    }


def evidence(
    threshold: Threshold, station: Station, begins: Transition, points: Sequence[Point], edition: str
) -> dict[str, Any]:
    """Why a warning was raised: rule, reading, the readings before it, and the edition of the city."""
    return {
        "rule": rule_facts(threshold, station),
        "reading": begins.value,
        "since": begins.since,
        "points": [[point.at, point.value] for point in points],
        "edition": edition,
    }


def end_evidence(threshold: Threshold, ends: Transition | None, points: Sequence[Point]) -> dict[str, Any]:
    """Why a warning ended: clear by so much, out of its season, or no reading supports it any more."""
    why = "corrected" if ends is None else "out_of_season" if ends.out_of_season else "cleared"
    return {
        "why": why,
        "clears_at": threshold.clears_at,
        "reading": ends.value if ends is not None else None,
        "since": ends.since if ends is not None else None,
        "points": [[point.at, point.value] for point in points],
    }


def _minutes(length: timedelta) -> int:
    return length // timedelta(minutes=1)
