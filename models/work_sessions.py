"""The work sessions of the years in use, laid end to end, so that a deadline is two binary searches.

All in UTC: datetimes of one zone are compared and subtracted by their wall clocks, which is wrong on the day
the clocks change; in UTC it is right, and fast.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, chain
from zoneinfo import ZoneInfo

from models.calendar_of_work import A_DAY, NOTHING, WorkDays, WorkHours
from models.worktime_errors import FIRST_YEAR, LAST_YEAR, MomentOutOfRange

Session = tuple[datetime, datetime]


class SessionCount:
    """Working time from the local New Year of first_year to the end of last_year."""

    __slots__ = (
        "_before",
        "_done",
        "_ends",
        "_starts",
        "closes",
        "first_year",
        "last_year",
        "opens",
        "total",
    )

    def __init__(self, first_year: int, last_year: int, sessions: Iterable[Session], zone: ZoneInfo) -> None:
        self.first_year, self.last_year = first_year, last_year
        self.opens = midnight(date(first_year, 1, 1), zone)
        self.closes = midnight(date(last_year + 1, 1, 1), zone)
        # A session of no length stands first, so that every instant has a session at or before it.
        laid_out = [(self.opens, self.opens), *sessions]
        self._starts = [start for start, _ in laid_out]
        self._ends = [end for _, end in laid_out]
        self._done = list(accumulate(end - start for start, end in laid_out))  # by the end of each session
        self._before = [NOTHING, *self._done]
        self.total = self._done[-1]

    def worked_by(self, instant: datetime) -> timedelta:
        """The working time from opens to an instant not before it."""
        at = bisect_right(self._starts, instant) - 1
        so_far, whole = self._before[at] + (instant - self._starts[at]), self._done[at]
        return so_far if so_far < whole else whole

    def instant_when(self, worked: timedelta) -> datetime:
        """The first instant at which so much working time, above zero and at most total, has passed."""
        at = bisect_left(self._done, worked)
        return self._ends[at] - (self._done[at] - worked)


class WorkedTime:
    """The working time of a calendar, laid out year by year as it is asked for, and kept."""

    __slots__ = ("_count", "_days", "_hours", "_years", "_zone")

    def __init__(self, days: WorkDays, hours: WorkHours, zone: ZoneInfo) -> None:
        self._days, self._hours, self._zone = days, hours, zone
        self._years: dict[int, list[Session]] = {}
        self._count = SessionCount(FIRST_YEAR, FIRST_YEAR - 1, (), zone)  # holds no year yet

    def runs_out(self, begun: datetime, amount: timedelta) -> datetime:
        """The first instant at which an amount above zero has been worked since begun.

        Raises: MomentOutOfRange when that is after LAST_YEAR, or never.
        """
        count = self._count
        if not count.opens <= begun < count.closes:
            count = self._lay_out(begun, begun)
        while (worked := count.worked_by(begun) + amount) > count.total:
            if count.last_year == LAST_YEAR:
                raise MomentOutOfRange(f"The end of {amount} working time from {begun.isoformat()}")
            twice_as_many = 2 * count.last_year - count.first_year + 1
            count = self._lay_out_years(count.first_year, min(twice_as_many, LAST_YEAR))
        return count.instant_when(worked)

    def between(self, begun: datetime, ended: datetime) -> timedelta:
        """The working time in [begun, ended)."""
        count = self._count
        if begun < count.opens or ended >= count.closes:
            count = self._lay_out(begun, ended)
        return count.worked_by(ended) - count.worked_by(begun)

    def _lay_out(self, begun: datetime, ended: datetime) -> SessionCount:
        """Lay out the years of two instants beside those kept already, and all between."""
        first_year, last_year = (moment.astimezone(self._zone).year for moment in (begun, ended))
        for year, moment in ((first_year, begun), (last_year, ended)):
            if not FIRST_YEAR <= year <= LAST_YEAR:
                raise MomentOutOfRange(moment.isoformat())
        kept = self._count
        if kept.last_year < kept.first_year:
            return self._lay_out_years(first_year, last_year)
        return self._lay_out_years(min(first_year, kept.first_year), max(last_year, kept.last_year))

    def _lay_out_years(self, first_year: int, last_year: int) -> SessionCount:
        years = range(first_year, last_year + 1)
        for year in years:
            if year not in self._years:
                self._years[year] = sessions_of_year(year, self._days, self._hours, self._zone)
        sessions = chain.from_iterable(self._years[year] for year in years)
        # One assignment at the end: threads that share the calendar see the old layout or the new one.
        self._count = count = SessionCount(first_year, last_year, sessions, self._zone)
        return count


def sessions_on(day: date, hours: WorkHours, zone: ZoneInfo) -> list[Session]:
    """The sessions of a work day as instants in UTC.

    A session has the length that really passes: one that a change of the clocks swallows whole is left out.
    """
    sessions: list[Session] = []
    for begin, end in hours.sessions:
        last_day = day + A_DAY if end == time.min else day
        begun = datetime.combine(day, begin, zone).astimezone(UTC)
        ended = datetime.combine(last_day, end, zone).astimezone(UTC)
        if sessions:
            begun = max(begun, sessions[-1][1])
        if begun < ended:
            sessions.append((begun, ended))
    return sessions


def sessions_of_year(year: int, days: WorkDays, hours: WorkHours, zone: ZoneInfo) -> list[Session]:
    """All work sessions of a local year, in order."""
    first = date(year, 1, 1)
    dates = (first + A_DAY * number for number in range((date(year + 1, 1, 1) - first).days))
    return [session for day in dates if days.day(day).working for session in sessions_on(day, hours, zone)]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant in UTC at which a local day begins."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)
