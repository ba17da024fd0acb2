"""By what a period is analysed: bounds of hot spots, recurrences and rises; a city sets its own in `analysis.yaml`."""

from dataclasses import dataclass
from decimal import Decimal

from models.vocabulary import Role

MAD_TO_DEVIATION = Decimal("1.4826")
"""The median absolute deviation of a normal spread, times this, is its standard deviation."""


@dataclass(frozen=True, slots=True)
class AnalysisRules:
    """The content of `analysis.yaml`; a city without the file is analysed by these defaults.

    50 metres is Yuncheng's bound of a recurrence (B). Everything else is our proposal (?).
    """

    hot_least: int = 5
    """Cases below which a class in an area is no hot spot."""
    hot_most: int = 10
    """How many hot spots are named; how many more there are is said."""
    recurs_metres: int = 50
    recurs_days: int = 30
    """Days after the closing of the earlier case within which a new one is its recurrence."""
    one_point_least: int = 20
    """Cases on exactly one point from which on it may be a default address, where they are of many classes."""
    one_point_classes: int = 5
    """Of so many classes: a camera or a manhole has many cases of one or two, a default address of everything."""
    usual_weeks: int = 8
    """Weeks before a day whose same weekdays say what is usual."""
    usual_weeks_least: int = 6
    """Fewer same weekdays than these are not enough history."""
    deviations: Decimal = Decimal(3)
    """How many standard deviations above the median are a rise."""
    rise_least: int = 5
    """Cases of a day below which nothing is called a rise."""
    rise_over: int = 3
    """Cases by which a day must be above the median, also where the spread is 0."""
    told_to: tuple[Role, ...] = (Role.EVALUATOR, Role.SHIFT_LEADER)
    """Roles that hear that the weekly analysis is there."""
