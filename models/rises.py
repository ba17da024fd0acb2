"""Rises 上升: days on which more cases were reported than is usual on that weekday.

Usual are the same weekdays of the weeks before, each counted in the same way; Tuesdays are held against Tuesdays. The
middle of them is their median and their spread the median absolute deviation, so that one day of storm among them moves
neither. A day without enough weeks before it is never a rise; it is said that its history is not enough.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from models.analysed_case import AnalysedCase, CellKey, DayCounts, by_code
from models.analysis_rules import MAD_TO_DEVIATION, AnalysisRules
from models.usual import median, spread


class Scope(StrEnum):
    """What is held against its own usual."""

    ALL = "all"
    CLASS = "class"
    AREA = "area"
    CLASS_AREA = "class_area"


ScopeKey = tuple[Scope, str | None, str | None]
"""Scope, class, area; a part that the scope does not look at is None."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual on a day. Units: cases a day."""

    weeks: int
    """How many same weekdays are known."""
    median: Decimal
    spread: Decimal
    """Median absolute deviation; 0 where more than half of the weeks are equal."""
    bound: Decimal
    """A rise is above it."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the period as a whole."""

    day: date
    count: int
    weeks: int
    """Same weekdays before it that are known."""
    usual: Usual | None
    """None where they are not enough."""
    risen: bool


@dataclass(frozen=True, slots=True)
class Rise:
    """A day on which something rose."""

    scope: Scope
    class_code: str | None
    area: str | None
    day: date
    count: int
    usual: Usual
    cases: tuple[str, ...]

    @property
    def more(self) -> Decimal:
        """By how many cases it is above the median."""
        return self.count - self.usual.median


@dataclass(frozen=True, slots=True)
class Rises:
    """The days of a period and everything that rose on them, the most cases above the usual first."""

    days: tuple[Day, ...]
    found: tuple[Rise, ...]


def rises(
    cases_of: Mapping[date, Sequence[AnalysedCase]], days: Sequence[date], counts: DayCounts,
    history_from: date | None, rules: AnalysisRules,
) -> Rises:  # fmt: skip
    """Each day, class, area and class in an area against its usual.

    Example: Mondays had 2, 2, 2, 2, 3, 2, 2 and 2 cases of litter: the spread is 0, 4 are no rise and 5 are one.
    """
    series = {day: _rolled_up(cells) for day, cells in counts.items()}
    told, found = [], []
    for day in days:
        before = _weeks_before(day, history_from, rules.usual_weeks)
        enough = len(before) >= rules.usual_weeks_least
        here = series.get(day, {})
        whole = here.get((Scope.ALL, None, None), 0)
        usual = usual_of([series.get(each, {}).get((Scope.ALL, None, None), 0) for each in before], rules)
        told.append(Day(day, whole, len(before), usual, usual is not None and risen(whole, usual, rules)))
        above = dict(_above(here, [series.get(each, {}) for each in before], rules)) if enough else {}
        behind = _behind(cases_of.get(day, ()), above)
        found += [Rise(*key, day, here[key], own, tuple(behind[key])) for key, own in above.items()]
    found.sort(key=lambda rise: (-rise.more, rise.day, rise.scope, by_code((rise.class_code, rise.area))))
    return Rises(tuple(told), tuple(found))


def usual_of(before: Sequence[int], rules: AnalysisRules) -> Usual | None:
    """What is usual by the same weekdays before; None where they are not enough."""
    if not before or len(before) < rules.usual_weeks_least:
        return None
    middle, deviation = median(before), spread(before)
    bound = middle + rules.deviations * MAD_TO_DEVIATION * deviation
    return Usual(len(before), middle, deviation, bound.normalize() + 0)


def risen(count: int, usual: Usual, rules: AnalysisRules) -> bool:
    """Whether a count is a rise: above the bound, enough cases above the median, and enough cases at all.

    Where the spread is 0 the bound is the median itself, and the least numbers decide.
    """
    return count > usual.bound and count - usual.median >= rules.rise_over and count >= rules.rise_least


def _weeks_before(day: date, history_from: date | None, weeks: int) -> list[date]:
    before = (day - timedelta(weeks=back) for back in range(1, weeks + 1))
    return [each for each in before if history_from is not None and each >= history_from]


def _rolled_up(cells: Mapping[CellKey, int]) -> dict[ScopeKey, int]:
    found: dict[ScopeKey, int] = {}
    for cell, count in cells.items():
        for key in _scopes(cell):
            found[key] = found.get(key, 0) + count
    return found


def _scopes(cell: CellKey) -> Iterator[ScopeKey]:
    """What a case counts for: a case without class or area counts for the whole and for the one it has."""
    class_code, area = cell
    yield Scope.ALL, None, None
    if class_code is not None:
        yield Scope.CLASS, class_code, None
    if area is not None:
        yield Scope.AREA, None, area
    if class_code is not None and area is not None:
        yield Scope.CLASS_AREA, class_code, area


def _above(
    here: Mapping[ScopeKey, int], before: Sequence[Mapping[ScopeKey, int]], rules: AnalysisRules
) -> Iterator[tuple[ScopeKey, Usual]]:
    """What rose on a day, by its counts and those of the same weekdays before; the whole is told with the days."""
    for key, count in here.items():
        if key[0] is Scope.ALL or count < rules.rise_least:
            continue
        usual = usual_of([each.get(key, 0) for each in before], rules)
        if usual is not None and risen(count, usual, rules):
            yield key, usual


def _behind(cases: Sequence[AnalysedCase], wanted: Collection[ScopeKey]) -> dict[ScopeKey, list[str]]:
    """The cases of a day by what they count for, in one go."""
    found: dict[ScopeKey, list[str]] = {key: [] for key in wanted}
    for case in cases if wanted else ():
        for key in _scopes(case.cell):
            if key in found:
                found[key].append(case.name)
    return found
