"""The shifts of a span of days, from the pattern of duty.yaml and the city's work calendar."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from models.calendar_of_work import DayKind
from models.duty_rules import DutyRules, ShiftSpan
from models.worktime import WorkCalendar

A_DAY = timedelta(days=1)


class Measure(StrEnum):
    """What is shared out evenly among those who may stand in a place."""

    SHIFTS = "shifts"
    NIGHTS = "nights"
    WEEKENDS = "weekends"
    HOLIDAYS = "holidays"


@dataclass(frozen=True, slots=True)
class PlannedShift:
    """One shift before anybody stands in it: [starts_at, ends_at)."""

    code: str
    """Its start in the city's zone. Example: 2021-07-20T08:00."""
    starts_at: datetime
    ends_at: datetime
    night: bool = False
    weekend: bool = False
    """It begins on a weekend day that nobody works and that is no holiday."""
    holiday: bool = False
    """It begins on an official holiday."""

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        return self.ends_at - self.starts_at

    @property
    def day(self) -> date:
        """The day it begins on, in the city's zone."""
        return date.fromisoformat(self.code[:10])

    @property
    def tally(self) -> tuple[int, int, int, int]:
        """What it counts for each measure, in their order."""
        return 1, int(self.night), int(self.weekend), int(self.holiday)


def shifts_between(duty: DutyRules, calendar: WorkCalendar, first: date, last: date) -> tuple[PlannedShift, ...]:
    """The shifts that begin on the days [first, last], both included, in order.

    Example: 24 hours from 08:00, 15 May to 30 September: 139 shifts.
    Where the official calendar ends, only weekends (and the city's own calendar.csv) are known; `provisional_from`
    says from which day on.
    """
    days = (first + n * A_DAY for n in range((last - first).days + 1))
    return tuple(shift for day in days for shift in _of_day(duty, calendar, day))


def provisional_from(calendar: WorkCalendar, first: date, last: date) -> date | None:
    """The first day of a span whose holidays are not published yet; None where all are known."""
    days = (first + n * A_DAY for n in range((last - first).days + 1))
    return next((day for day in days if not calendar.is_official(day)), None)


def _of_day(duty: DutyRules, calendar: WorkCalendar, day: date) -> Iterator[PlannedShift]:
    known = calendar.day(day)
    for span in duty.spans:
        if span.on_work_days if known.working else span.on_rest_days:
            yield _shift(span, calendar, day, known.kind)


def _shift(span: ShiftSpan, calendar: WorkCalendar, day: date, kind: DayKind) -> PlannedShift:
    begins = datetime.combine(day, time(*divmod(span.start_minute, 60)), calendar.zone)
    return PlannedShift(
        code=f"{begins:%Y-%m-%dT%H:%M}",
        starts_at=begins,
        ends_at=(begins.astimezone(UTC) + span.length).astimezone(calendar.zone),
        night=span.night,
        weekend=kind is DayKind.WEEKEND,
        holiday=kind is DayKind.HOLIDAY,
    )
