"""How one source of readings writes them: its columns, clock, units and station names become ours.

name: yangtze_hourly                name of the source, and of its file or its folder in readings/
zone: Asia/Shanghai                 in which its clock runs
time: {columns: [日期时间], formats: ["%Y-%m-%d %H:%M:%S"], time_of_day: "08:00"}
                                    several columns are joined by a space; a full ISO 8601 time is always read;
                                    time_of_day: for dates without a time
station: {column: 站点, names: {三峡: sanxia}, constant: lihe}
                                    their name -> station code; a code or name of stations.csv needs no entry
values:                             one entry a column that holds readings
  - {column: 水位, element: level, unit: m}
  - {column: rain_LeThuy_mm, station: le-thuy, element: rain, unit: mm}
  - {column: value, element_column: element}      the row says which element it is, in our words and units
missing: ["-"]                      texts that mean "no reading", beside the empty text
unknown_stations: refuse            or skip: stations of the source that are none of ours
url: env:WATER_URL                  pulled from there each visit, JSON; the address may hold a token
records: data.items                 where in the JSON the list of rows stands; empty: it is the list itself
format: {delimiter: ";", encoding: gb18030}       where recognising a file fails
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isfinite
from zoneinfo import ZoneInfo

from models.refusal import Refusal
from models.source_mapping import SourceMapping
from models.source_time import read_instant
from models.water import Element, Station, WaterRules

UNITS: Mapping[Element, Mapping[str, float]] = {
    Element.LEVEL: {"m": 1.0, "cm": 0.01, "mm": 0.001},
    Element.FLOW: {"m3/s": 1.0, "l/s": 0.001},
    Element.STORAGE: {"1e4m3": 1.0, "1e8m3": 10_000.0, "1e6m3": 100.0, "m3": 0.0001},
    Element.RAIN: {"mm": 1.0, "cm": 10.0, "0.1mm": 0.1},
    Element.RAIN_TOTAL: {"mm": 1.0, "cm": 10.0, "0.1mm": 0.1},
    Element.SOIL_MOISTURE: {"%": 1.0, "1": 100.0},
    Element.PEOPLE_SHORT: {"people": 1.0, "1e4people": 10_000.0},
}
"""Units a source may use, each with what it is in ours, which stands first."""

LARGEST = 1e9
"""No reading of water is larger; what is would be a number of another kind."""

LONGEST_TEXT = 100
"""Characters of a cell that are repeated in a reason."""


@dataclass(frozen=True, slots=True)
class ValueColumn:
    """One column with readings."""

    column: str
    element: Element | None = None
    """None where a column of the row says it."""
    element_column: str | None = None
    factor: float = 1.0
    station: str | None = None


@dataclass(frozen=True, slots=True)
class MappedReading:
    """One reading in our words and units."""

    station: str
    element: Element
    at: datetime
    value: float


@dataclass(frozen=True)
class WaterSource:
    """What the columns of one source of readings mean."""

    name: str
    zone: ZoneInfo
    time_columns: tuple[str, ...]
    values: tuple[ValueColumn, ...]
    time_formats: tuple[str, ...] = ()
    time_of_day: timedelta = timedelta(0)
    station_column: str | None = None
    station: str | None = None
    station_names: Mapping[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset({""})
    skips_unknown: bool = False
    url: str | None = None
    """A reference to the address, never the address itself: it may hold a token."""
    records: tuple[str, ...] = ()
    delimiter: str | None = None
    encoding: str | None = None

    @property
    def for_files(self) -> SourceMapping:
        """The same as the reader of files wants it: which columns a header must have."""
        others = tuple(
            dict.fromkeys(
                name
                for each in self.values
                for name in (each.column, each.element_column)
                if name and name not in self.time_columns
            )
        )
        stations = (self.station_column,) if self.station_column else others[:1]
        return SourceMapping(
            self.name,
            {"source_id": stations, "opened_at": self.time_columns, "description": others},
            self.zone,
            self.time_formats,
            delimiter=self.delimiter,
            encoding=self.encoding,
        )


def read_row(
    source: WaterSource, rules: WaterRules, values: Mapping[str, str]
) -> tuple[list[MappedReading], list[Refusal]]:
    """The readings of one row, and why others of its cells are none.

    Example: {"站点": "花园口", "日期时间": "2021-10-10 08:00:00", "水位": "93.1"} is one reading of花园口's level.
    """
    at = _moment(source, values)
    if isinstance(at, Refusal):
        return [], [at]
    readings: list[MappedReading] = []
    refusals: list[Refusal] = []
    for each in source.values:
        text = values.get(each.column, "").strip()
        if text in source.missing:
            continue
        read = _reading(source, rules, values, each, at, text)
        if isinstance(read, MappedReading):
            readings.append(read)
        elif read is not None:
            refusals.append(read)
    return readings, refusals


def _moment(source: WaterSource, values: Mapping[str, str]) -> datetime | Refusal:
    text = " ".join(part for part in (values.get(name, "").strip() for name in source.time_columns) if part)
    instant, _ = read_instant(text, source.time_formats, source.zone)
    if instant is None:
        return Refusal("time_unreadable", {"value": text[:LONGEST_TEXT]})
    return instant + source.time_of_day


def _reading(
    source: WaterSource, rules: WaterRules, values: Mapping[str, str], each: ValueColumn, at: datetime, text: str
) -> MappedReading | Refusal | None:
    """One reading, why it is none, or None where its station is none of ours and the source says so."""
    station = _station(source, rules, values, each)
    if isinstance(station, Refusal):
        return None if source.skips_unknown and station.code == "station_unknown" else station
    element = each.element or _element(values.get(each.element_column or "", "").strip())
    if element is None:
        return Refusal("element_unknown", {"value": values.get(each.element_column or "", "")[:LONGEST_TEXT]})
    if element not in station.elements:
        return Refusal("element_not_measured", {"station": station.code, "element": element.value})
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value) or abs(value) > LARGEST or "_" in text:
        return Refusal("value_unreadable", {"column": each.column, "value": text[:LONGEST_TEXT]})
    return MappedReading(station.code, element, at, round(value * each.factor, 9))


def _station(source: WaterSource, rules: WaterRules, values: Mapping[str, str], each: ValueColumn) -> Station | Refusal:
    text = each.station or source.station or values.get(source.station_column or "", "").strip()
    found = rules.station_called(source.station_names.get(text, text))
    return found if found is not None else Refusal("station_unknown", {"value": text[:LONGEST_TEXT]})


def _element(text: str) -> Element | None:
    return Element(text) if text in set(Element) else None


NATIVE = WaterSource(
    name="native",
    zone=ZoneInfo("Asia/Shanghai"),
    time_columns=("at",),
    time_formats=("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"),
    values=(ValueColumn("value", element_column="element"),),
    station_column="station",
)
"""Our own columns: station, element, at, value; in our units."""
