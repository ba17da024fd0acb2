"""What cannot be reckoned about work time, each with what was found and what to do.

WorktimeError (a ValueError) <- CalendarGap, MomentWithoutZone, MomentOutOfRange, NegativeAmount, PauseReversed.
"""

from datetime import date, datetime, timedelta

# Years a case can lie in; the bound ends the search when a calendar has no work days at all.
FIRST_YEAR, LAST_YEAR = 1970, 2199


class WorktimeError(ValueError):
    """A question about time that has no answer."""


class CalendarGap(WorktimeError):
    """A limit that runs where no official holiday table is known, so that its deadline would be a guess."""

    def __init__(self, start: date, needed_until: date, official_from: date, official_until: date) -> None:
        super().__init__(start, needed_until, official_from, official_until)
        self.start, self.needed_until = start, needed_until
        self.official_from, self.official_until = official_from, official_until

    @property
    def missing_years(self) -> list[int]:
        """The years whose holidays are needed and not officially known to their end."""
        known = range(self.official_from.year, (self.official_until + timedelta(days=1)).year)
        return [year for year in range(self.start.year, self.needed_until.year + 1) if year not in known]

    def __str__(self) -> str:
        found = (
            f"The limit that starts on {self.start} runs to {self.needed_until} by weekends alone, but "
            f"official holidays are known only from {self.official_from} to {self.official_until}."
        )
        if self.start < self.official_from:
            return f"{found} Check the start, or allow a provisional deadline."
        years = ", ".join(str(year) for year in self.missing_years)
        return (
            f"{found} calendar.csv of the city: fill in the official holidays of {years}, with the make-up "
            "work days, and mark the table complete to its end, or allow a provisional deadline."
        )


class MomentWithoutZone(WorktimeError):
    """A datetime without a time zone, which is no moment."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(moment)
        self.moment = moment

    def __str__(self) -> str:
        found = self.moment.isoformat()
        return f"{found} has no time zone, so it is no moment. Give one, for example {found}+08:00."


class MomentOutOfRange(WorktimeError):
    """A moment in a year that no case can lie in."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found

    def __str__(self) -> str:
        return f"{self.found} lies outside the years {FIRST_YEAR} to {LAST_YEAR}. Check the date and the limit."


class NegativeAmount(WorktimeError):
    """Working time below zero: working hours are counted forwards only."""

    def __init__(self, amount: timedelta) -> None:
        super().__init__(amount)
        self.amount = amount

    def __str__(self) -> str:
        return f"{self.amount} of working time cannot be counted. Give an amount of zero or more."


class PauseReversed(WorktimeError):
    """A pause that ends before it begins."""

    def __init__(self, begun: datetime, ended: datetime) -> None:
        super().__init__(begun, ended)
        self.begun, self.ended = begun, ended

    def __str__(self) -> str:
        return (
            f"A pause from {self.begun.isoformat()} cannot end at {self.ended.isoformat()}, before it began. "
            "Correct one of the two."
        )
