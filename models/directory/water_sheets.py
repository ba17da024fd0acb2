"""stations.csv and thresholds.csv: what a city measures of its water, and what warns it."""

from datetime import timedelta
from typing import Any

from models.directory import cell, water_cell
from models.directory.length import length_of_time
from models.directory.sheet import Column, SheetFormat
from models.flood_warning import Hazard, Severity
from models.water import Element, Plausible, Station, StationKind, Threshold, ThresholdKind

_LENGTH = length_of_time
_NUMBER = water_cell.decimal


def _station(values: dict[str, Any]) -> Station:
    limits = {element: (least, most) for element, least, most in values.pop("plausible")}
    changes = dict(values.pop("most_change"))
    plausible = {
        element: Plausible(*limits.get(element, (None, None)), changes.get(element))
        for element in Element
        if element in limits or element in changes
    }
    return Station(**values, plausible=plausible)


def _threshold(values: dict[str, Any]) -> Threshold:
    clears_at = values.pop("clears_at")
    return Threshold(**values, clears_at=values["value"] if clears_at is None else clears_at)


_PLACEHOLDER = Column("placeholder", cell.yes, required=False, if_empty=False)

STATIONS = SheetFormat(
    "stations.csv",
    (
        Column("code", cell.code),
        Column("name"),
        Column("kind", cell.one_of(StationKind, "kind of station")),
        Column("river", required=False, if_empty=""),
        Column("area", cell.area_code, refers_to="areas.csv"),
        Column("elements", water_cell.elements),
        Column("longitude", _NUMBER, required=False),
        Column("latitude", _NUMBER, required=False),
        Column("silent_after", _LENGTH),
        Column("stuck_after", _LENGTH, required=False),
        Column("plausible", water_cell.ranges, required=False, if_empty=()),
        Column("most_change", water_cell.changes, required=False, if_empty=()),
        _PLACEHOLDER,
    ),
    ("code",),
    _station,
    may_be_empty=True,
)
THRESHOLDS = SheetFormat(
    "thresholds.csv",
    (
        Column("station", refers_to="stations.csv"),
        Column("code", cell.code),
        Column("name"),
        Column("element", cell.one_of(Element, "element")),
        Column("kind", cell.one_of(ThresholdKind, "kind of threshold")),
        Column("window", _LENGTH, required=False, if_empty=timedelta(0)),
        Column("value", _NUMBER),
        Column("clears_at", _NUMBER, required=False),
        Column("lasts", _LENGTH, required=False, if_empty=timedelta(0)),
        Column("severity", cell.one_of(Severity, "severity")),
        Column("hazard", cell.one_of(Hazard, "hazard")),
        Column("calls", cell.yes, required=False, if_empty=False),
        Column("days", water_cell.days_of_year, required=False),
        _PLACEHOLDER,
    ),
    ("station", "code"),
    _threshold,
    may_be_empty=True,
)
