"""What a city measures of its water: stations, what they measure, and the thresholds that warn.

All of it is the city's own data (stations.csv, thresholds.csv, water.yaml). Values are in each element's own unit;
lengths of time are continuous.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from models.flood_warning import Hazard, Severity


class Element(StrEnum):
    """What is measured, or entered by people."""

    LEVEL = "level"
    """Stage of a river or level of a reservoir 水位, in metres."""
    FLOW = "flow"
    """Flow 流量, inflow or outflow of a station of its own, in cubic metres a second."""
    STORAGE = "storage"
    """What a reservoir holds 蓄水量, in ten thousand cubic metres."""
    RAIN = "rain"
    """Rain since the reading before, in millimetres."""
    RAIN_TOTAL = "rain_total"
    """A gauge that only counts up 累计雨量, in millimetres; `RAIN` is worked out from it."""
    SOIL_MOISTURE = "soil_moisture"
    """Relative soil moisture 土壤相对湿度, in per cent."""
    PEOPLE_SHORT = "people_short"
    """People short of drinking water 饮水困难人口, entered by people."""


class StationKind(StrEnum):
    """What stands there."""

    RIVER = "river"
    RESERVOIR = "reservoir"
    RAIN = "rain"
    SOIL = "soil"
    REPORT = "report"
    """No instrument: people enter what they count."""


class ThresholdKind(StrEnum):
    """What of an element is compared with the threshold."""

    LEVEL = "level"
    """The value itself, from below: at or above it counts."""
    BELOW = "below"
    """The value itself, from above: at or below it counts (drought)."""
    RAIN_SUM = "rain_sum"
    """Rain of the last `window`, in millimetres."""
    RISE_RATE = "rise_rate"
    """Rise an hour over the last `window`."""
    APPROACH = "approach"
    """The straight line through the last hours reaches the value within `window`."""
    DRY_DAYS = "dry_days"
    """Days in a row without rain 连续无雨日."""


NEEDS_WINDOW = frozenset({ThresholdKind.RAIN_SUM, ThresholdKind.RISE_RATE, ThresholdKind.APPROACH})
OF_RAIN = frozenset({ThresholdKind.RAIN_SUM, ThresholdKind.DRY_DAYS})


@dataclass(frozen=True, slots=True)
class Plausible:
    """What a series of one station may show; outside of it a reading is kept and not used."""

    least: float | None = None
    most: float | None = None
    change_per_hour: float | None = None
    """Most change from one good reading to the next; a real flood that is faster is taken once readings confirm it."""


@dataclass(frozen=True, slots=True)
class Station:
    """A place where water is measured 测站."""

    code: str
    name: str
    kind: StationKind
    river: str
    """The river it stands on, or an empty text."""
    area: str
    elements: tuple[Element, ...]
    longitude: float | None = None
    latitude: float | None = None
    silent_after: timedelta = timedelta(hours=2)
    """So long after its last reading it is missing 缺测."""
    stuck_after: timedelta | None = None
    """So long the very same value is a stuck instrument; None where a value may rest."""
    plausible: Mapping[Element, Plausible] = field(default_factory=dict)
    placeholder: bool = False


@dataclass(frozen=True, slots=True)
class DaysOfYear:
    """Days on which a threshold is in force, both included; from > until goes over the year's end."""

    first: tuple[int, int]
    last: tuple[int, int]

    def covers(self, day: date) -> bool:
        """Whether a day falls inside."""
        at = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last


@dataclass(frozen=True, slots=True)
class Threshold:
    """One threshold of one station: what is compared, when it warns, when it clears."""

    station: str
    code: str
    """Example: warning_stage 警戒水位, guaranteed_stage 保证水位, flood_limit 汛限水位, rain_50_in_3h."""
    name: str
    element: Element
    kind: ThresholdKind
    value: float
    clears_at: float
    """Beyond this the warning ends: lower than `value` where rising warns, higher where falling warns."""
    severity: Severity
    hazard: Hazard = Hazard.FLOOD
    window: timedelta = timedelta(0)
    lasts: timedelta = timedelta(0)
    """So long it must hold before it counts, and so long it must be clear before it ends."""
    calls: bool = False
    """Whether the people responsible are called until a human answers 叫应."""
    days: DaysOfYear | None = None
    placeholder: bool = False

    @property
    def subject(self) -> str:
        """What keeps its warning single while it lasts. Example: threshold:huayuankou:warning_stage."""
        return f"threshold:{self.station}:{self.code}"

    @property
    def falling(self) -> bool:
        """Whether falling values warn."""
        return self.kind is ThresholdKind.BELOW


@dataclass(frozen=True, slots=True)
class SignalRule:
    """What a signal of the weather office 预警信号 brings about."""

    calls: frozenset[Severity] = frozenset({Severity.ORANGE, Severity.RED})
    """Colours at which the people responsible are called: 洛阳 (B)."""


@dataclass(frozen=True)
class WaterRules:
    """Everything a city decides about its water."""

    stations: Mapping[str, Station] = field(default_factory=dict)
    thresholds: tuple[Threshold, ...] = ()
    signals: SignalRule = SignalRule()
    trend: timedelta = timedelta(hours=3)
    """Over how long the straight line is laid that tells the time to a threshold."""
    late_after: timedelta = timedelta(hours=1)
    """A reading that comes in so long after its time is late."""
    ahead: timedelta = timedelta(minutes=5)
    """How far a source's clock may be ahead of ours."""
    confirmed_by: int = 2
    """How many readings in a row must agree with each other before a jump is believed."""
    dry_below: float = 0.1
    """Millimetres: a day with less is a day without rain."""
    day_starts: timedelta = timedelta(hours=8)
    """When a day of rain begins after midnight, in the city's time."""

    def thresholds_of(self, station: str) -> tuple[Threshold, ...]:
        """The thresholds of a station, in the order of the file."""
        return tuple(one for one in self.thresholds if one.station == station)

    def threshold(self, station: str, code: str) -> Threshold | None:
        """The threshold of a station with this code."""
        return next((one for one in self.thresholds if (one.station, one.code) == (station, code)), None)

    def station_called(self, text: str) -> Station | None:
        """The station with this code, or with this name where only one has it."""
        found = self.stations.get(text)
        if found is None:
            named = [station for station in self.stations.values() if station.name == text]
            found = named[0] if len(named) == 1 else None
        return found

    def rain_day(self, at: datetime) -> date:
        """The day of rain a reading belongs to; rain up to and including 08:00 belongs to the day that ends then.

        Units: `at` in the city's zone.
        """
        shifted = at.replace(tzinfo=None) - self.day_starts - timedelta(microseconds=1)
        return shifted.date()
