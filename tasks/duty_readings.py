"""Where the duty room takes last readings of stations from: handed in by whoever calls, so that it needs no gauge."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from models.city import City

LastReadings = Callable[[Connection, City], Sequence[Mapping[str, Any]]]
"""The last reading of each station, in the city's order, as facts: station, name, quantity, value, unit, at."""


def no_readings(_connection: Connection, _city: City) -> Sequence[Mapping[str, Any]]:
    """Of a city that takes in no readings."""
    return ()


readings_at_hand: LastReadings = no_readings
"""What flows and desk hand in."""
