"""Last readings of stations for the duty room: handed in by whoever calls, so that its rules need no gauge."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from models.city import City
from tasks.readings import good_readings_until
from tasks.readings import last_readings as newest_of_stations

LastReadings = Callable[[Connection, City], Sequence[Mapping[str, Any]]]
"""The last good reading of each element of each station, in the city's order, as facts: station, name, quantity,
value, at."""


def no_readings(_connection: Connection, _city: City) -> Sequence[Mapping[str, Any]]:
    """Of a city that takes in no readings."""
    return ()


def readings_at_hand(connection: Connection, city: City) -> Sequence[Mapping[str, Any]]:
    """What the stations of the city said last; readings in doubt and stations that never spoke are left out."""
    return [
        {
            "station": one.station.code,
            "name": one.station.name,
            "quantity": one.element.value,
            "value": repr(one.good_value),
            "at": one.good_at,
        }
        for one in newest_of_stations(connection, city)
        if one.good_at is not None and one.good_value is not None
    ]


def readings_until(moment: datetime) -> LastReadings:
    """What the stations of the city had said last by a moment: asked again later it is the same.

    Example: compose_daily(connection, city, at, "zh", readings_until(at))
    """

    def read(connection: Connection, city: City) -> Sequence[Mapping[str, Any]]:
        found = good_readings_until(connection, moment)
        return [
            {
                "station": station.code,
                "name": station.name,
                "quantity": element.value,
                "value": repr(found[station.code, element.value].value),
                "at": found[station.code, element.value].at,
            }
            for station in city.water.stations.values()
            for element in station.elements
            if (station.code, element.value) in found
        ]

    return read
