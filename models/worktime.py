"""Deadlines: when a limit runs out, how much of a span counts, and why. The foundation of every clock.

A result that falls exactly on the end of a session stays there: 17:00 + 1 work_hour is 18:00 and not 08:00 of
the next work day. It is the moment the work must be done by, and `on time` includes it.

Limits, working hours, explained lines and their errors can all be imported from here.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from models.calendar_of_work import (
    A_DAY,
    FIRST_TABLED_DATE,
    NOTHING,
    CalendarError,
    Day,
    DayOverride,
    OverrideRepeated,
    WorkDays,
    WorkHours,
    WorkHoursImpossible,
    YearClaimedEmpty,
)
from models.deadline_explained import ExplainedLine, LineKind, explain_continuous, explain_pause, explain_span
from models.limits import (
    BASIS_OF_UNIT,
    Basis,
    Limit,
    LimitError,
    LimitOutOfRange,
    LimitUnit,
    LimitUnreadable,
    parse_limit,
    read_limit,
)
from models.work_sessions import WorkedTime, midnight
from models.worktime_errors import (
    CalendarGap,
    MomentOutOfRange,
    MomentWithoutZone,
    NegativeAmount,
    PauseReversed,
    WorktimeError,
)

__all__ = [
    "Basis",
    "CalendarError",
    "CalendarGap",
    "DayOverride",
    "Due",
    "ExplainedLine",
    "Limit",
    "LimitError",
    "LimitOutOfRange",
    "LimitUnit",
    "LimitUnreadable",
    "LineKind",
    "MomentOutOfRange",
    "MomentWithoutZone",
    "NegativeAmount",
    "OverrideRepeated",
    "Pause",
    "PauseReversed",
    "WorkCalendar",
    "WorkHours",
    "WorkHoursImpossible",
    "WorktimeError",
    "YearClaimedEmpty",
    "parse_limit",
    "read_limit",
]

Pause = tuple[datetime, datetime | None]  # from, and to (None: still open)
_Content = tuple[ZoneInfo, WorkHours, tuple[DayOverride, ...], date]

_HOUR = 3_600_000_000
_MICROSECONDS = {
    LimitUnit.MINUTE: 60_000_000,
    LimitUnit.URGENT_HOUR: _HOUR,
    LimitUnit.WORK_HOUR: _HOUR,
    LimitUnit.NATURAL_DAY: 24 * _HOUR,
}


class Due(NamedTuple):
    """When a limit runs out; provisional where that rests on weekends, as the official calendar ends before."""

    at: datetime
    provisional: bool


class WorkCalendar:
    """A city's working time: built once for each edition of its tables, immutable, compared by content.

    Example: WorkCalendar(ZoneInfo("Asia/Shanghai"), WorkHours(), [DayOverride(date(2027, 1, 1), False, "元旦")])
    Units: any aware datetime goes in, the city's zone comes out; microseconds are kept; one hour is the hour
        that really passes, also where the clocks change.
    official_until is the last date for which the holiday tables are complete: by default the end of the
    package chinesecalendar's. The city names a later one when its own table covers the next year.
    Raises: OverrideRepeated, YearClaimedEmpty.
    """

    __slots__ = ("_allowances", "_days", "_hours", "_official_from", "_official_to", "_worked", "_zone")

    def __init__(
        self,
        zone: ZoneInfo,
        hours: WorkHours,
        overrides: Iterable[DayOverride] = (),
        official_until: date | None = None,
    ) -> None:
        self._zone, self._hours = zone, hours
        self._days = WorkDays(overrides, official_until)
        self._worked = WorkedTime(self._days, hours, zone)
        self._official_from = midnight(FIRST_TABLED_DATE, zone)
        self._official_to = midnight(self.last_official_date + A_DAY, zone)
        self._allowances: dict[Limit, tuple[Basis, timedelta]] = {}

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return self._zone

    @property
    def hours(self) -> WorkHours:
        """The working hours of every work day."""
        return self._hours

    @property
    def overrides(self) -> tuple[DayOverride, ...]:
        """The city's own calendar rows, by date."""
        return self._days.overrides

    @property
    def last_official_date(self) -> date:
        """The last date for which a complete official table is known."""
        return self._days.last_official_date

    def day(self, on: date) -> Day:
        """What a date is; after the official table by weekends and the city's overrides only."""
        return self._days.day(on)

    def is_official(self, on: date) -> bool:
        """Whether the complete tables cover a date."""
        return self._days.is_official(on)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WorkCalendar) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def __repr__(self) -> str:
        return f"WorkCalendar{self._content()!r}"

    def __reduce__(self) -> tuple[type["WorkCalendar"], _Content]:
        return WorkCalendar, self._content()

    def allowance(self, limit: Limit) -> tuple[Basis, timedelta]:
        """The basis and the length of time a limit allows, to the nearest microsecond.

        Example: 1 work_day -> (WORKING, 8 h) where a work day has 8 hours; 1 natural_day -> (CONTINUOUS, 24 h).
        Source: Yuncheng practice (B).
        """
        known = self._allowances.get(limit)
        if known is None:
            known = self._allowances[limit] = (BASIS_OF_UNIT[limit.unit], self._length(limit))
        return known

    def due(self, start: datetime, basis: Basis, amount: timedelta, *, provisional_allowed: bool = False) -> Due:
        """The first moment at which the amount has passed, counting only what counts.

        Example: 30 April 2019 17:00 + 4 h WORKING = Sunday 5 May 11:00 (1 h, May Day 1-4, a make-up Sunday).
        A result at the end of a session stays there. An amount of zero is due at the start itself; a
        CONTINUOUS amount below zero is due before it.
        Raises: CalendarGap when the official calendar ends before the limit does, unless provisional_allowed:
            then only weekends and the city's overrides are non-working beyond it. NegativeAmount when the
            amount of working time is below zero; MomentWithoutZone; MomentOutOfRange.
        """
        at, provisional = self.due_utc(start, basis, amount, provisional_allowed=provisional_allowed)
        try:
            return Due(at.astimezone(self._zone), provisional)
        except OverflowError as error:
            raise MomentOutOfRange(at.isoformat()) from error

    def due_utc(self, start: datetime, basis: Basis, amount: timedelta, *, provisional_allowed: bool = False) -> Due:
        """The same as due, in UTC: what clocks keep, at half the price."""
        begun = _in_utc(start)
        if basis is Basis.CONTINUOUS or not amount:
            return Due(_later(begun, amount), False)
        if amount < NOTHING:
            raise NegativeAmount(amount)
        at = self._worked.runs_out(begun, amount)
        provisional = begun < self._official_from or at > self._official_to
        if provisional and not provisional_allowed:
            raise self._gap(begun, at)
        return Due(at, provisional)

    def due_at(self, start: datetime, limit: Limit, *, provisional_allowed: bool = False) -> datetime:
        """The moment a limit runs out; see due.

        Example: 30 April 2019 17:00 + 4 work_hour = Sunday 5 May 11:00; 20:00 + 2 urgent_hour = 22:00.
        """
        basis, amount = self.allowance(limit)
        return self.due(start, basis, amount, provisional_allowed=provisional_allowed).at

    def counted(self, start: datetime, end: datetime, basis: Basis) -> timedelta:
        """How much of [start, end) counts; zero where the end is not after the start.

        Beyond the official calendar weekends and the city's overrides only are non-working.
        Raises: MomentWithoutZone, MomentOutOfRange.
        """
        begun, ended = _in_utc(start), _in_utc(end)
        if ended <= begun:
            return NOTHING
        if basis is Basis.CONTINUOUS:
            return ended - begun
        return self._worked.between(begun, ended)

    def explain(
        self,
        start: datetime,
        basis: Basis,
        amount: timedelta,
        pauses: Sequence[Pause] = (),
        provisional_allowed: bool = False,
    ) -> list[ExplainedLine]:
        """The way from the start to the deadline, line by line, without a gap; what counted sums up to amount.

        Pauses move the deadline: what was left at a pause counts on from its end. Where a pause is still
        open there is no deadline yet; the lines then end with it, and hold what counted before.
        Example: test_the_eve_of_may_day_is_explained_line_by_line.
        Raises: as due, and PauseReversed.
        """
        at, left, lines = _in_utc(start), amount, list[ExplainedLine]()
        for begun, ended in sorted(map(_pause_in_utc, pauses), key=itemgetter(0)):
            begun = max(begun, at)
            if ended is not None and ended <= begun:
                continue  # over before the start, or inside the pause before it
            ran = self.counted(at, begun, basis)
            if ran >= left:
                break
            lines += [*self._explain_running(at, begun, basis), explain_pause(begun, ended, self._zone)]
            if ended is None:
                return lines
            at, left = ended, left - ran
        due = self.due(at, basis, left, provisional_allowed=provisional_allowed)
        return lines + self._explain_running(at, due.at, basis)

    def _explain_running(self, start: datetime, end: datetime, basis: Basis) -> list[ExplainedLine]:
        if basis is Basis.CONTINUOUS:
            return explain_continuous(start, end, self._zone)
        return explain_span(start, end, self._days, self._hours, self._zone)

    def _length(self, limit: Limit) -> timedelta:
        if limit.unit is LimitUnit.WORK_DAY:
            microseconds = limit.value * self._hours.hours_per_work_day * _HOUR
        else:
            microseconds = limit.value * _MICROSECONDS[limit.unit]
        return timedelta(microseconds=int(microseconds.to_integral_value()))

    def _gap(self, begun: datetime, at: datetime) -> CalendarGap:
        start, needed_until = begun.astimezone(self._zone).date(), at.astimezone(self._zone).date()
        return CalendarGap(start, needed_until, FIRST_TABLED_DATE, self.last_official_date)

    def _content(self) -> _Content:
        return self._zone, self._hours, self.overrides, self.last_official_date


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:  # astimezone would take it for the time of this machine
        raise MomentWithoutZone(moment)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise MomentOutOfRange(moment.isoformat()) from error


def _later(begun: datetime, amount: timedelta) -> datetime:
    try:
        return begun + amount
    except OverflowError as error:
        raise MomentOutOfRange(f"{amount} after {begun.isoformat()}") from error


def _pause_in_utc(pause: Pause) -> Pause:
    begun = _in_utc(pause[0])
    ended = _in_utc(pause[1]) if pause[1] is not None else None
    if ended is not None and ended < begun:
        raise PauseReversed(begun, ended)
    return begun, ended
