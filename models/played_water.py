"""Water of a demo: made-up readings of stand-in stations, the same whenever they are asked for.

Every half hour one station whose thresholds call people has a flood that comes and goes; all others lie calm. Levels
change slowly enough to be believed, so that a newcomer sees a warning rise, people answer, and the warning end.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from models.water import Element, Plausible, Station, Threshold, ThresholdKind, WaterRules
from models.water_source import MappedReading

DEMO_SOURCE = "demo"
"""What stands beside every made-up reading."""

EVERY = timedelta(minutes=1)
FLOOD_EVERY = timedelta(minutes=30)
RISES_UNTIL, FALLS_FROM, OVER_AT = 10, 16, 26
"""Minutes of a flood: it stands at its highest in between."""

ABOVE, CALM_BELOW = 0.15, 2.5
"""Metres above the threshold at the highest, and below the lowest threshold at rest."""

FULL_TO = 0.7
"""Of what a reservoir may hold."""

CALM = {Element.FLOW: 40.0, Element.RAIN: 0.0, Element.SOIL_MOISTURE: 68.0}


def played_readings(rules: WaterRules, since: datetime, until: datetime) -> list[MappedReading]:
    """A minute's reading of every stand-in station, for each whole minute in (since, until].

    Example: played_readings(city.water, now - timedelta(minutes=55), now)
    """
    found: list[MappedReading] = []
    stations = [one for one in rules.stations.values() if one.placeholder]
    for at in _minutes(since, until):
        flooded = _flooded(rules, at)
        for station in stations:
            for element in station.elements:
                value = _value(rules, station, element, at, flooded)
                if value is not None:
                    found.append(MappedReading(station.code, element, at, value))
    return found


def _minutes(since: datetime, until: datetime) -> Iterator[datetime]:
    at = since.astimezone(UTC).replace(second=0, microsecond=0) + EVERY
    while at <= until:
        yield at
        at += EVERY


def _flooded(rules: WaterRules, at: datetime) -> Threshold | None:
    """The threshold that is crossed in this half hour: stations take turns."""
    calling = {
        one.station: one
        for one in reversed(rules.thresholds)
        if one.kind is ThresholdKind.LEVEL
        and one.calls
        and one.days is None
        and one.element is Element.LEVEL
        and rules.stations[one.station].placeholder
    }
    turns = sorted(calling)
    return calling[turns[int(at.timestamp() // FLOOD_EVERY.total_seconds()) % len(turns)]] if turns else None


def _value(
    rules: WaterRules, station: Station, element: Element, at: datetime, flooded: Threshold | None
) -> float | None:
    wave = math.sin(at.timestamp() / 1800 + len(station.code))
    if element is Element.LEVEL:
        mine = (one for one in rules.thresholds_of(station.code) if one.kind is ThresholdKind.LEVEL)
        stages = [one.value for one in mine if one.element is Element.LEVEL]
        if not stages:
            return None
        rest = min(stages) - CALM_BELOW + 0.05 * wave
        if flooded is None or flooded.station != station.code:
            return round(rest, 2)
        return round(rest + (flooded.value + ABOVE - rest) * _height(at), 3)
    calm = CALM.get(element)
    if element is Element.STORAGE:
        calm = FULL_TO * (station.plausible.get(element, Plausible()).most or 0.0)
    return None if calm is None else round(calm * (1 + 0.01 * wave), 2)


def _height(at: datetime) -> float:
    """How high a flood stands, from 0 to 1."""
    minute = at.timestamp() % FLOOD_EVERY.total_seconds() / 60
    if minute >= OVER_AT:
        return 0.0
    if minute > FALLS_FROM:
        return (OVER_AT - minute) / (OVER_AT - FALLS_FROM)
    return min(minute / RISES_UNTIL, 1.0)
