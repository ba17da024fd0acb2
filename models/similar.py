"""When two reports may be the same problem: same subclass, near each other, reported within hours of each other.

Where a position is missing, what names the same thing stands for nearness: the code of a component, a camera, the
number of a source chain. Similar is only what an acceptor is shown. A rule joins two of them only by what names the
same thing, and only where the city's policy says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import asin, cos, degrees, floor, radians, sin
from typing import Any, Protocol

from models.policy import SimilarRule

EARTH_RADIUS_METRES = 6_371_008.8
"""Mean radius (IUGG)."""

JOIN_KEYS = ("component_code", "camera", "source_chain")
"""What may name the same thing, the most certain first."""

_SLACK_DEGREES = 1e-9
"""A tenth of a millimetre, so that rounding never loses a case on the edge of a box."""


class Named(Protocol):
    """What may name the thing a report or case is about."""

    @property
    def component_code(self) -> str | None: ...
    @property
    def camera(self) -> str | None: ...
    @property
    def source_chain(self) -> str | None: ...


class Located(Named, Protocol):
    """What decides whether two reports or cases are similar."""

    @property
    def class_code(self) -> str | None: ...
    @property
    def opened_at(self) -> datetime: ...
    @property
    def longitude(self) -> float | None: ...
    @property
    def latitude(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open case that may be the same problem."""

    case_id: int
    metres: float | None
    """None where one of the two has no position: both name the same thing then."""
    hours: float
    name: str = ""
    """Its number, or its receipt number before it is filed."""
    component_code: str | None = None
    camera: str | None = None
    source_chain: str | None = None

    @property
    def as_fact(self) -> dict[str, Any]:
        """What an event says of it."""
        metres = None if self.metres is None else round(self.metres, 1)
        return {"case": self.case_id, "metres": metres, "hours": round(self.hours, 2)}


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees around a place that hold everything within some metres; two ranges of longitude at the antimeridian."""

    south: float
    north: float
    longitudes: tuple[tuple[float, float], tuple[float, float]]


def as_candidate(case_id: int, case: Located, report: Located, rule: SimilarRule, name: str = "") -> Candidate | None:
    """The case as a candidate for a report, or None where it is not similar. Exactly at the bound counts as within.

    Example: a report from camera K1 without a position is similar to a case from camera K1, wherever that case lies.
    """
    if case.class_code is None or case.class_code != report.class_code:
        return None
    hours = abs((case.opened_at - report.opened_at).total_seconds()) / 3600
    if hours > rule.within_hours:
        return None
    metres = _metres_apart(case, report)
    if metres is None and not any(name == getattr(case, key) for key, name in _names(report)):
        return None
    if metres is not None and metres > rule.within_metres:
        return None
    return Candidate(case_id, metres, hours, name, case.component_code, case.camera, case.source_chain)


def joins_by_rule(report: Located, candidate: Candidate, rule: SimilarRule) -> str | None:
    """By what a rule may join the report to the candidate, or None: then a person decides.

    Example: two missing covers 30 m apart with different component codes stay two cases.
    """
    same = (key for key, name in _names(report) if key in rule.join_by and name == getattr(candidate, key))
    return next(same, None)


def _names(thing: Named) -> Iterator[tuple[str, str]]:
    """Key and name of what names the thing, the most certain first."""
    for key in JOIN_KEYS:
        if name := getattr(thing, key):
            yield key, name


def _metres_apart(one: Located, other: Located) -> float | None:
    if one.longitude is None or one.latitude is None or other.longitude is None or other.latitude is None:
        return None
    return distance_metres(one.longitude, one.latitude, other.longitude, other.latitude)


def distance_metres(longitude: float, latitude: float, other_longitude: float, other_latitude: float) -> float:
    """The distance of two places on the globe (haversine).

    Example: one degree of latitude is 111,195 m.
    """
    north, other_north = radians(latitude), radians(other_latitude)
    half_north, half_east = (other_north - north) / 2, radians(other_longitude - longitude) / 2
    chord = sin(half_north) ** 2 + cos(north) * cos(other_north) * sin(half_east) ** 2
    return 2 * EARTH_RADIUS_METRES * asin(min(1.0, chord**0.5))


def box_around(longitude: float, latitude: float, metres: float) -> Box:
    """The box that holds every place within some metres, also at a pole and across the antimeridian."""
    angle = metres / EARTH_RADIUS_METRES
    reach = degrees(angle) + _SLACK_DEGREES
    south, north = latitude - reach, latitude + reach
    if south <= -90 or north >= 90:
        return Box(south, north, ((-180, 180), (-180, 180)))
    east = degrees(asin(min(1.0, sin(angle) / cos(radians(latitude))))) + _SLACK_DEGREES
    first, last = longitude - east, longitude + east
    if first < -180:
        return Box(south, north, ((-180, last), (first + 360, 180)))
    if last > 180:
        return Box(south, north, ((first, 180), (-180, last - 360)))
    return Box(south, north, ((first, last), (first, last)))


Cell = tuple[int, int, int]


def space_cell(longitude: float, latitude: float, metres: float) -> Cell:
    """The cell of space that a place lies in; places within so many metres lie in cells that touch (`cells_around`).

    Cells of space rather than of degrees: a pole or the antimeridian is a place like any other.
    """
    east, north = radians(longitude), radians(latitude)
    unit = EARTH_RADIUS_METRES / (max(metres, 1.0) * (1 + 1e-6))
    x, y, z = cos(north) * cos(east), cos(north) * sin(east), sin(north)
    return floor(x * unit), floor(y * unit), floor(z * unit)


def cells_around(cell: Cell) -> Iterator[Cell]:
    """The cell and those that touch it."""
    x, y, z = cell
    for dx, dy, dz in _NEIGHBOURS:
        yield x + dx, y + dy, z + dz


_NEIGHBOURS = [(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)]
"""Places within one cell's width of each other lie in the same cell or in cells that touch."""


Shelf = tuple[str, str, str, bool] | tuple[str, int, int, int]
"""Where a case is kept: by subclass, key, name and whether it has a position; or by subclass and cell of space."""


class NearbyIndex:
    """Open cases by place and by name, in memory: what the replay asks instead of a database, with the same answers."""

    def __init__(self, rule: SimilarRule) -> None:
        self._rule = rule
        self._cases: dict[int, tuple[Located, str]] = {}
        self._shelves: dict[Shelf, set[int]] = {}

    def add(self, case_id: int, case: Located, name: str = "") -> None:
        """Keep an open case; one without class, or with neither place nor name, is never similar to another."""
        self._cases[case_id] = (case, name)
        for shelf in self._shelves_of(case):
            self._shelves.setdefault(shelf, set()).add(case_id)

    def remove(self, case_id: int) -> None:
        """Forget a case that has ended; one that is not kept is none."""
        case, _ = self._cases.pop(case_id, (None, ""))
        for shelf in self._shelves_of(case) if case else ():
            self._shelves[shelf].remove(case_id)
            if not self._shelves[shelf]:
                del self._shelves[shelf]

    def candidates(self, report: Located) -> list[Candidate]:
        """The open cases similar to a report, the oldest case first."""
        near = sorted({case_id for shelf in self._shelves_near(report) for case_id in self._shelves.get(shelf, ())})
        found = []
        for case_id in near:
            case, name = self._cases[case_id]
            if candidate := as_candidate(case_id, case, report, self._rule, name):
                found.append(candidate)
        return found

    def _shelves_of(self, case: Located) -> Iterator[Shelf]:
        if case.class_code is None:
            return
        cell = self._cell(case)
        if cell:
            yield (case.class_code, *cell)
        for key, name in _names(case):
            yield case.class_code, key, name, cell is not None

    def _shelves_near(self, report: Located) -> Iterator[Shelf]:
        """Where similar cases lie: around it, and by name those that it cannot be measured against."""
        if report.class_code is None:
            return
        cell = self._cell(report)
        if cell:
            for x, y, z in cells_around(cell):
                yield report.class_code, x, y, z
        for key, name in _names(report):
            yield report.class_code, key, name, False
            if not cell:
                yield report.class_code, key, name, True

    def _cell(self, place: Located) -> Cell | None:
        if place.longitude is None or place.latitude is None:
            return None
        return space_cell(place.longitude, place.latitude, self._rule.within_metres)
