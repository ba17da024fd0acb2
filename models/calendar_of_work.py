"""Which days and hours a city works: working hours, holidays, make-up work days, and the sessions they make.

Errors: CalendarError (a ValueError) <- WorkHoursImpossible, OverrideRepeated, YearClaimedEmpty.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import StrEnum

import chinese_calendar

NOTHING, A_DAY = timedelta(0), timedelta(days=1)

# The State Council's tables as the package carries them: whole years. The dictionaries are read and not
# chinese_calendar.is_workday, because that searches the whole table for its first and last year at each call.
FIRST_TABLED_DATE = date(min(chinese_calendar.holidays).year, 1, 1)
LAST_TABLED_DATE = date(max(chinese_calendar.holidays).year, 12, 31)
_CHINESE_NAMES = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}


class CalendarError(ValueError):
    """A work calendar that cannot be."""


class WorkHoursImpossible(CalendarError):
    """Working hours that are empty, reversed or overlapping, or a work day of no length."""

    def __init__(self, found: str, why: str) -> None:
        super().__init__(found, why)
        self.found, self.why = found, why

    def __str__(self) -> str:
        return (
            f"Working hours {self.found} cannot be: {self.why}. "
            "Write the sessions of a day in order, for example 08:00-12:00 and 14:00-18:00, "
            "and above 0, at most 24 hours a work day."
        )


class OverrideRepeated(CalendarError):
    """A date that the city's override table names twice."""

    def __init__(self, day: date) -> None:
        super().__init__(day)
        self.day = day

    def __str__(self) -> str:
        return f"calendar.csv of the city names {self.day} more than once. Keep one row for each date."


class YearClaimedEmpty(CalendarError):
    """A year said to be officially known for which neither the package nor the city has a single holiday."""

    def __init__(self, year: int) -> None:
        super().__init__(year)
        self.year = year

    def __str__(self) -> str:
        return (
            f"The calendar is said to be official in {self.year}, but no holiday of {self.year} is known. "
            f"calendar.csv of the city: fill in the official holidays and make-up work days of {self.year}, "
            "or let the official calendar end earlier."
        )


@dataclass(frozen=True, slots=True)
class WorkHours:
    """The sessions of a work day in local time, and how many work hours one work_day stands for.

    Units: a session ending at 00:00 ends at midnight; intervals are half-open, [08:00, 12:00). A city whose
        sessions sum up to 7 h and whose work_day is 8 h means it so: a work_day then runs into the next morning.
    Raises: WorkHoursImpossible.
    Source: 08:00-12:00 and 14:00-18:00, 1 work_day = 8 work_hour: seed of the Yuncheng practice (B).
    """

    sessions: tuple[tuple[time, time], ...] = ((time(8), time(12)), (time(14), time(18)))
    hours_per_work_day: Decimal = Decimal(8)

    def __post_init__(self) -> None:
        found = ", ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in self.sessions) or "(none)"
        edges = [edge for begin, end in self.sessions for edge in (_of_day(begin), _of_day(end, is_end=True))]
        if not edges:
            raise WorkHoursImpossible(found, "a work day needs at least one session")
        if edges != sorted(edges) or any(begin == end for begin, end in self.sessions):
            raise WorkHoursImpossible(found, "a session must begin before it ends and after the one before it")
        if not 0 < self.hours_per_work_day <= 24:
            raise WorkHoursImpossible(found, f"{self.hours_per_work_day} hours are no work day")


@dataclass(frozen=True, slots=True)
class DayOverride:
    """A row of the city's own calendar table; it wins over the official table in both directions."""

    date: date
    working: bool
    name: str


class DayKind(StrEnum):
    """Why a day is worked or not."""

    WORK_DAY = "work_day"
    MAKE_UP = "make_up"  # 调休上班, or another day that the city's table makes a work day
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the work calendar; the name is of the holiday it belongs to, Chinese first, or empty."""

    kind: DayKind
    name: str = ""

    @property
    def working(self) -> bool:
        return self.kind in (DayKind.WORK_DAY, DayKind.MAKE_UP)


_WORK_DAY, _WEEKEND = Day(DayKind.WORK_DAY), Day(DayKind.WEEKEND)


class WorkDays:
    """What each date is: the city's overrides, then the official table, then weekends.

    official_until is the last date for which the tables are complete: by default the end of the package's
    (LAST_TABLED_DATE); later where the city's own table covers the next year; earlier to set a table aside.
    After it only overrides and weekends are known.
    Raises: OverrideRepeated, YearClaimedEmpty.
    """

    def __init__(self, overrides: Iterable[DayOverride], official_until: date | None) -> None:
        self.overrides = tuple(sorted(overrides, key=lambda override: override.date))
        self.last_official_date = official_until or LAST_TABLED_DATE
        self._days: dict[date, Day] = {}
        for override in self.overrides:
            if override.date in self._days:
                raise OverrideRepeated(override.date)
            self._days[override.date] = Day(DayKind.MAKE_UP if override.working else DayKind.HOLIDAY, override.name)
        holiday_years = {override.date.year for override in self.overrides if not override.working}
        for year in range(LAST_TABLED_DATE.year + 1, self.last_official_date.year + 1):
            if year not in holiday_years:
                raise YearClaimedEmpty(year)

    def is_official(self, on: date) -> bool:
        """Whether the complete tables cover a date."""
        return FIRST_TABLED_DATE <= on <= self.last_official_date

    def day(self, on: date) -> Day:
        """What a date is, also outside the official table (then by overrides and weekends only)."""
        known = self._days.get(on)
        if known is not None:
            return known
        if on <= self.last_official_date:
            if (holiday := chinese_calendar.workdays.get(on)) is not None:
                return Day(DayKind.MAKE_UP, _both_languages(holiday))
            if (holiday := chinese_calendar.holidays.get(on)) is not None:
                return Day(DayKind.HOLIDAY, _both_languages(holiday))
        return _WEEKEND if on.weekday() >= 5 else _WORK_DAY


def _of_day(moment: time, is_end: bool = False) -> timedelta:
    if is_end and moment == time.min:
        return A_DAY
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)


def _both_languages(holiday: str) -> str:
    return f"{_CHINESE_NAMES.get(holiday, '')} {holiday}".strip()
