"""Where made-up reports lie: grids of the city with positions laid out around its centre, and the words for a place."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from math import cos, pi, radians, sin
from random import Random

from models.city import TOWN_DIGITS, City
from tasks.sample_ingredients import Ingredients

CENTRE = (113.7403, 34.3955)
"""Longitude and latitude of the model city's centre; the directory holds no geometry, so all positions are made up."""

METRES_PER_DEGREE = 111_195.0
_REACH_METRES = {9: 9000.0, 12: 1500.0, 15: 300.0}
"""How far an area of so many digits lies from the one above it, at most."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place somebody reports something at."""

    area: str
    words: str
    longitude: float
    latitude: float


class SamplePlaces:
    """The places of one city; the same area lies at the same position in every sample."""

    def __init__(self, city: City, said: Ingredients) -> None:
        self._city, self._said = city, said
        longest = max((len(code) for code in city.areas), default=0)
        self._grids = sorted(code for code in city.areas if len(code) == longest) or [city.code]

    def spot(self, random: Random) -> Spot:
        """Any place of the city, the more likely the denser its town."""
        area = random.choices(self._grids, cum_weights=self._cumulated)[0]
        longitude, latitude = moved(*self._position(area), random, 150.0)
        return Spot(area, self._words(area, random), longitude, latitude)

    @cached_property
    def _cumulated(self) -> list[float]:
        """Two towns in three are quiet: a grid of a busy one gets five times the reports."""
        total, sums = 0.0, list[float]()
        for code in self._grids:
            total += 1.0 if _share(code[:TOWN_DIGITS]) > 1 / 3 else 5.0
            sums.append(total)
        return sums

    def _position(self, area: str) -> tuple[float, float]:
        longitude, latitude = CENTRE
        for digits, reach in _REACH_METRES.items():
            if len(area) >= digits:
                code = area[:digits]
                longitude, latitude = _at(longitude, latitude, _share(code + "far") ** 0.5 * reach, _share(code))
        return longitude, latitude

    def _words(self, area: str, random: Random) -> str:
        town = self._city.areas.get(area[:TOWN_DIGITS]) or self._city.areas.get(area)
        road, other = random.sample(self._said.roads, 2)
        number, side = random.randint(1, 299), random.choice(self._said.sides)
        words = random.choice(self._said.spots).format(road=road, other=other, number=number, side=side)
        return (town.name if town else "") + words


def moved(longitude: float, latitude: float, random: Random, most_metres: float) -> tuple[float, float]:
    """A position at most so many metres away."""
    return _at(longitude, latitude, random.random() ** 0.5 * most_metres, random.random())


def _at(longitude: float, latitude: float, metres: float, turn: float) -> tuple[float, float]:
    north, east = metres * cos(2 * pi * turn), metres * sin(2 * pi * turn)
    return (
        longitude + east / (METRES_PER_DEGREE * cos(radians(latitude))),
        latitude + north / METRES_PER_DEGREE,
    )


def _share(text: str) -> float:
    """A number in [0, 1) that a text always gives."""
    return int.from_bytes(sha256(text.encode()).digest()[:6]) / (1 << 48)
