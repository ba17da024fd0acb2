"""What an analysis knows of a case: when, what, where; and when one was closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from models.city import TOWN_DIGITS

LEFT_OUT = ("void", "rejected", "merged")
"""Endings of a case that was no problem, or the same problem as another case: it is counted, and not analysed."""

CLOSED = ("checked", "quick_fix")
"""Endings after which a problem was gone; one closed by order was not seen to be."""


@dataclass(frozen=True, slots=True)
class AnalysedCase:
    """A case as an analysis sees it."""

    case_id: int
    name: str
    """Its number, or its receipt number before it is filed."""
    class_code: str | None
    area: str | None
    """The narrowest that is known."""
    unit: str | None
    """The first unit that had it: for this one its report is counted."""
    source: str
    place: str
    reported_at: datetime
    longitude: float | None = None
    latitude: float | None = None
    left_out: str | None = None
    """Of LEFT_OUT, where it ended so."""

    @property
    def town(self) -> str | None:
        """Code of its town or street: what areas are told apart by."""
        return self.area[:TOWN_DIGITS] if self.area else None

    @property
    def cell(self) -> "CellKey":
        """Class and town."""
        return self.class_code, self.town

    @property
    def point(self) -> tuple[float, float] | None:
        """Longitude and latitude; None where either is not known."""
        return None if self.longitude is None or self.latitude is None else (self.longitude, self.latitude)


@dataclass(frozen=True, slots=True)
class Closing:
    """A case with the moment at which a round of it was closed; a reopened case has one for each round."""

    case: AnalysedCase
    closed_at: datetime


CellKey = tuple[str | None, str | None]
"""Class and town; None for a case that has none."""

DayCounts = Mapping[date, Mapping[CellKey, int]]
"""Cases analysed by the day they were reported on; a day that is missing had none."""


def by_code(key: CellKey) -> tuple[tuple[bool, str], ...]:
    """The order of classes and areas: by code, what has none last."""
    return tuple((part is None, part or "") for part in key)
