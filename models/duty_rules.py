"""How a city keeps its duty room manned: season, places in a shift, patterns, sign-in, handover, spot checks.

All of it is the city's own data (`duty.yaml`, `duty_pools.csv`); lengths of time are continuous.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum


class DutyState(StrEnum):
    """What the weather asks of the duty room 值守状态, before and during a response."""

    ROUTINE = "routine"
    WARNING = "warning"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Season:
    """The flood season 汛期: [start, end] of a year as month and day, both rostered."""

    start: tuple[int, int] = (5, 15)
    end: tuple[int, int] = (9, 30)
    key_period: tuple[tuple[int, int], tuple[int, int]] = ((7, 16), (8, 15))
    extended_until: Mapping[int, date] = field(default_factory=dict)
    """Years in which the season was extended, with the last day."""

    def of_year(self, year: int) -> tuple[date, date]:
        """First and last day of the season of a year, extension included."""
        return date(year, *self.start), self.extended_until.get(year, date(year, *self.end))

    def ahead(self, day: date) -> tuple[date, date]:
        """First and last day of the season a day falls into, else of the next one."""
        first, last = self.of_year(day.year)
        return (first, last) if day <= last else self.of_year(day.year + 1)

    def months(self, year: int) -> frozenset[int]:
        """The months a year's season touches, extension included."""
        first, last = self.of_year(year)
        return frozenset(range(first.month, last.month + 1))

    def covers(self, day: date) -> bool:
        """Whether a day falls into its year's season."""
        first, last = self.of_year(day.year)
        return first <= day <= last


@dataclass(frozen=True, slots=True)
class DutyPlace:
    """One place 岗位 of every shift: who stands in it is the roster's matter."""

    code: str
    name: str
    english_name: str
    leads: bool = False
    """带班: only responsible persons may stand in it, and the others answer to it."""
    in_room: frozenset[DutyState] = frozenset(DutyState)
    """States in which whoever stands in it must be in the duty room; else on standby."""
    pool: tuple[str, ...] = ()
    """Posts of the directory that may stand in it, in the order of duty_pools.csv."""
    pairs: tuple[tuple[str, str], ...] = ()
    """A/B posts AB岗: the second stands in wherever the first may not."""


@dataclass(frozen=True, slots=True)
class ShiftSpan:
    """A part of a pattern: begins at a minute after midnight, lasts so long, on these weekdays (Monday is 0)."""

    start_minute: int
    length: timedelta
    night: bool = False
    on_work_days: bool = True
    on_rest_days: bool = True


@dataclass(frozen=True, slots=True)
class SpotCheckRule:
    """Spot checks 查岗,抽查: how many a day, when rather, and how long an answer may take."""

    least: int = 1
    most: int = 3
    answer_within: timedelta = timedelta(minutes=3)
    night_weight: int = 3
    handover_weight: int = 3
    holiday_weight: int = 2
    station: str | None = None
    """Whose present reading is asked for."""
    reading_within: Decimal = Decimal("0.10")
    """How far an answer may lie from the stored reading, in its unit."""


@dataclass(frozen=True, slots=True)
class DutyRung:
    """Who hears that somebody on duty is silent, so long after the time ran out."""

    after: timedelta
    to: str
    """again (the next channel), backup (the next of the place's pool who is free), leader (of the shift), or a role."""


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """Who approves a change of the published roster 调班审批; any of them may, the first decision counts."""

    approved_by: tuple[str, ...] = ("leader", "head")
    """leader (who stands in the leading place of that shift), head (of the unit), or a role of posts of the unit."""


@dataclass(frozen=True, slots=True)
class ReminderRule:
    """When people are told of their shifts to come, in minutes after midnight."""

    day_before_minute: int = 16 * 60
    week_ahead_minute: int = 16 * 60
    week_ahead_on: int = 6
    """The day of the week on which the week ahead is told (Monday is 0)."""


@dataclass(frozen=True)
class DutyRules:
    """Everything a city decides about its duty room."""

    season: Season
    places: tuple[DutyPlace, ...]
    spans: tuple[ShiftSpan, ...]
    """The pattern: a day's shifts in order."""
    rest_after: timedelta = timedelta(hours=24)
    """Nobody begins a shift so soon after the end of another of 24 hours or more."""
    rest_between: timedelta = timedelta(hours=8)
    """The same after a shorter shift."""
    carried_at_most: int = 5
    """So many shifts of an earlier roster's inequality are made up for in the next; more would break who was ill."""
    overload_hours: int = 72
    """More hours than these within seven days are called an overload; they are told, not forbidden."""
    changes: ChangeRule = ChangeRule()
    reminders: ReminderRule = ReminderRule()
    sign_in_within: timedelta = timedelta(minutes=10)
    sign_in_ladder: tuple[DutyRung, ...] = ()
    vacant_after: timedelta = timedelta(minutes=30)
    """So long after the shift's start a place is recorded vacant."""
    accept_handover_within: timedelta = timedelta(minutes=30)
    handover_ladder: tuple[DutyRung, ...] = ()
    spot_checks: SpotCheckRule = SpotCheckRule()
    contacts_tested_by: tuple[int, int] = (4, 20)
    flood_classes: tuple[str, ...] = ()
    """Classes of cases a handover lists while they are open, such as flooded streets."""

    def place(self, code: str) -> DutyPlace | None:
        """The place with this code."""
        return next((place for place in self.places if place.code == code), None)

    @property
    def leading_place(self) -> DutyPlace | None:
        """The place the others answer to."""
        return next((place for place in self.places if place.leads), None)
