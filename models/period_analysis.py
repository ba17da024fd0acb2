"""What stands out in a period: where problems pile up, come back, or rise against the usual. Pure rules.

No city's text for any of it is known: every parameter is a design choice (?), but the distance of 50 m, at which
Yuncheng finds 29 % of its problems coming back (B).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import cos, floor, radians
from statistics import median

from models.similar import EARTH_RADIUS_METRES, distance_metres

WEEK = timedelta(days=7)

MAD_TO_DEVIATION = 1.4826
"""What the median of the absolute deviations of normally spread numbers is multiplied by to be their deviation."""

_DEGREE_METRES = EARTH_RADIUS_METRES * radians(1)

_A_LITTLE_WIDER = 1.000001
"""So that rounding loses nothing at exactly the distance."""


@dataclass(frozen=True, slots=True)
class AnalysisRules:
    """The parameters. Units: metres, days, weeks, cases."""

    hot_least: int = 3
    """Cases of a class in an area from which on it is named a hot spot."""
    hot_most: int = 20
    """Hot spots that are named."""
    recurs_metres: float = 50
    recurs_days: int = 30
    """After the earlier case was closed."""
    one_point_least: int = 20
    """Cases on exactly one point, of `one_point_classes` classes, from which on it is no place but a default."""
    one_point_classes: int = 5
    usual_weeks: int = 8
    usual_weeks_least: int = 6
    """Weeks of history without which nothing is called a rise."""
    deviations: float = 3
    rise_least: int = 5
    """Cases of a day below which nothing is called a rise."""
    rise_over: int = 3
    """Cases by which a day must be above the median, also where every week was alike."""


@dataclass(frozen=True, slots=True)
class AnalysedCase:
    """One case, as far as the analysis asks. `day`: of its report, in the city."""

    number: str
    class_code: str | None
    area: str | None
    """Town or street."""
    day: date
    reported_at: datetime
    closed_at: datetime | None
    longitude: float | None
    latitude: float | None


@dataclass(frozen=True, slots=True)
class HotSpot:
    """A class in an area, with its cases of the period and what periods of this length usually have."""

    class_code: str
    area: str
    cases: tuple[str, ...]
    share: float
    """Of all cases of the period."""
    usual: float | None
    """Mean of the periods of this length within the weeks before; None without history."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A place at which the same thing came back after it was closed, the oldest case first."""

    class_code: str
    cases: tuple[str, ...]
    area: str | None
    longitude: float
    latitude: float
    """Of the newest case."""


@dataclass(frozen=True, slots=True)
class Rise:
    """A day on which a class, an area, or a class in an area had many more reports than that weekday usually has."""

    class_code: str | None
    area: str | None
    day: date
    count: int
    usual: float
    """The median of the same weekday in the weeks before."""
    spread: float
    """The median absolute deviation."""
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that stands out in a period."""

    first: date
    last: date
    cases: int
    hot_spots: tuple[HotSpot, ...]
    recurrences: tuple[Recurrence, ...]
    recurring: int
    """Cases of the period that came back."""
    without_position: int
    """Cases of the period that could not be looked at for recurrences."""
    one_points: Mapping[str, int] = field(default_factory=dict)
    """Points that are a default and no place, as "longitude,latitude" -> cases of the period there."""
    rises: tuple[Rise, ...] = ()
    weeks_of_history: int = 0
    enough_history: bool = True


DayCount = tuple[str | None, str | None, date, int]
"""Class, area, day of the report, and how many cases."""


def analyse(
    first: date, last: date, cases: Sequence[AnalysedCase], earlier: Sequence[AnalysedCase], before: Sequence[DayCount],
    weeks: int, rules: AnalysisRules,
) -> Analysis:  # fmt: skip
    """What stands out from `first` to `last`, both included.

    `cases` are those reported in the period, `earlier` those reported before and closed in it or within
    `recurs_days` before it; `before` counts the reports of the weeks before, of which `weeks` are covered by what is
    stored.
    """
    points = default_points([*cases, *earlier], rules)
    placed = [case for case in cases if case.longitude is not None and case.latitude is not None]
    recurrences = find_recurrences(cases, earlier, rules)
    new = {case.number for case in cases}
    coming_back = sum(sum(number in new for number in each.cases) - (each.cases[0] in new) for each in recurrences)
    return Analysis(
        first,
        last,
        len(cases),
        tuple(hot_spots(first, last, cases, before, weeks, rules)),
        tuple(recurrences),
        coming_back,
        len(cases) - len(placed),
        {f"{x},{y}": sum(_point(case) == (x, y) for case in placed) for x, y in sorted(points)},
        tuple(find_rises(cases, before, rules)) if weeks >= rules.usual_weeks_least else (),
        weeks,
        weeks >= rules.usual_weeks_least,
    )


def hot_spots(
    first: date, last: date, cases: Iterable[AnalysedCase], before: Iterable[DayCount], weeks: int, rules: AnalysisRules
) -> list[HotSpot]:
    """The cells of class and area with the most cases, those with as many by name."""
    cells: dict[tuple[str, str], list[AnalysedCase]] = defaultdict(list)
    total = 0
    for case in cases:
        total += 1
        if case.class_code is not None and case.area is not None:
            cells[case.class_code, case.area].append(case)
    days = (last - first).days + 1
    usual: dict[tuple[str | None, str | None], int] = defaultdict(int)
    for class_code, area, day, count in before:
        if first - weeks * WEEK <= day < first:
            usual[class_code, area] += count
    hot = sorted(
        (cell for cell, some in cells.items() if len(some) >= rules.hot_least),
        key=lambda cell: (-len(cells[cell]), cell),
    )
    return [
        HotSpot(
            *cell,
            tuple(case.number for case in sorted(cells[cell], key=_order)),
            len(cells[cell]) / total,
            usual[cell] * days / (weeks * 7) if weeks else None,
        )
        for cell in hot[: rules.hot_most]
    ]


def default_points(cases: Iterable[AnalysedCase], rules: AnalysisRules) -> set[tuple[float, float]]:
    """Points on which so many cases of so many classes lie that they are a default address and no place."""
    at: dict[tuple[float, float], list[str | None]] = defaultdict(list)
    for case in cases:
        if case.longitude is not None and case.latitude is not None:
            at[case.longitude, case.latitude].append(case.class_code)
    return {
        point
        for point, classes in at.items()
        if len(classes) >= rules.one_point_least and len(set(classes)) >= rules.one_point_classes
    }


def find_recurrences(
    cases: Sequence[AnalysedCase], earlier: Sequence[AnalysedCase], rules: AnalysisRules
) -> list[Recurrence]:
    """Places where a case of the period came back: same subclass, within the distance, after an earlier one was closed.

    What was reported before the earlier one was closed is a duplicate and none; cases without a position and on default
    points are not looked at. Chains that share a case are one place.
    """
    points = default_points([*cases, *earlier], rules)
    known = [case for case in (*earlier, *cases) if _place(case) is not None and _point(case) not in points]
    grid = _grid(known, rules.recurs_metres)
    shelves: dict[tuple[str | None, int, int], list[int]] = defaultdict(list)
    for index, case in enumerate(known):
        if case.closed_at is not None:
            shelves[case.class_code, *grid.cell(case)].append(index)
    new = {case.number for case in cases}
    parent = list(range(len(known)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = index = parent[parent[index]]
        return index

    for index, case in enumerate(known):
        if case.number in new and case.class_code is not None:
            for other in _near(case, known, shelves, grid.cell(case), rules):
                parent[root(index)] = root(other)
    chains: dict[int, list[AnalysedCase]] = defaultdict(list)
    for index, case in enumerate(known):
        chains[root(index)].append(case)
    found = [_recurrence(sorted(chain, key=_order)) for chain in chains.values() if len(chain) > 1]
    return sorted(found, key=lambda each: (-len(each.cases), each.class_code, each.cases))


def find_rises(cases: Iterable[AnalysedCase], before: Iterable[DayCount], rules: AnalysisRules) -> list[Rise]:
    """Days on which more was reported than median + `deviations` times the spread of the same weekday before.

    Where every week was alike the spread is 0 and `rise_over` alone decides. The days of the period itself are part of
    the usual of its later weeks.
    """
    counts: dict[tuple[str | None, str | None, date], int] = defaultdict(int)
    for class_code, area, day, count in before:
        for key in _keys(class_code, area):
            counts[*key, day] += count
    of_day: dict[tuple[str | None, str | None, date], list[AnalysedCase]] = defaultdict(list)
    for case in cases:
        for key in _keys(case.class_code, case.area):
            counts[*key, case.day] += 1
            of_day[*key, case.day].append(case)
    rises = []
    for (class_code, area, day), some in of_day.items():
        if len(some) < rules.rise_least:
            continue
        usual = [counts.get((class_code, area, day - week * WEEK), 0) for week in range(1, rules.usual_weeks + 1)]
        middle = median(usual)
        spread = median(abs(count - middle) for count in usual)
        bound = middle + max(rules.deviations * MAD_TO_DEVIATION * spread, rules.rise_over)
        if len(some) > bound or (spread == 0 and len(some) >= bound):
            numbers = tuple(case.number for case in sorted(some, key=_order))
            rises.append(Rise(class_code, area, day, len(some), float(middle), float(spread), numbers))
    return sorted(rises, key=lambda rise: (rise.usual - rise.count, rise.day, rise.class_code or "", rise.area or ""))


def _keys(class_code: str | None, area: str | None) -> Iterator[tuple[str | None, str | None]]:
    if class_code is not None:
        yield class_code, None
    if area is not None:
        yield None, area
        if class_code is not None:
            yield class_code, area


def _near(
    case: AnalysedCase,
    known: Sequence[AnalysedCase],
    shelves: Mapping[tuple[str | None, int, int], Sequence[int]],
    cell: tuple[int, int],
    rules: AnalysisRules,
) -> Iterator[int]:
    """Earlier cases near a case, closed before it was reported and not too long ago."""
    longitude, latitude = _point(case)
    column, row = cell
    for east in (-1, 0, 1):
        for north in (-1, 0, 1):
            for index in shelves.get((case.class_code, column + east, row + north), ()):
                other = known[index]
                closed = other.closed_at
                if other is case or closed is None or not _in_time(closed, case.reported_at, rules):
                    continue
                if distance_metres(longitude, latitude, *_point(other)) <= rules.recurs_metres:
                    yield index


def _in_time(closed: datetime, reported: datetime, rules: AnalysisRules) -> bool:
    return closed <= reported <= closed + timedelta(days=rules.recurs_days)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Cells at least as wide as the distance: whatever is near lies in the same or in one beside it."""

    column: float
    row: float

    def cell(self, case: AnalysedCase) -> tuple[int, int]:
        """Column and row. Units: degrees go in."""
        longitude, latitude = _point(case)
        return floor(longitude / self.column), floor(latitude / self.row)


def _grid(cases: Iterable[AnalysedCase], metres: float) -> _Grid:
    """Columns are as wide as the case nearest to a pole needs them."""
    row = metres / _DEGREE_METRES * _A_LITTLE_WIDER
    farthest = min(max((abs(case.latitude or 0) for case in cases), default=0) + row, 89.9)
    return _Grid(row / cos(radians(farthest)), row)


def _place(case: AnalysedCase) -> tuple[float, float] | None:
    return None if case.longitude is None or case.latitude is None else (case.longitude, case.latitude)


def _point(case: AnalysedCase) -> tuple[float, float]:
    return case.longitude or 0.0, case.latitude or 0.0


def _order(case: AnalysedCase) -> tuple[datetime, str]:
    return case.reported_at, case.number


def _recurrence(chain: Sequence[AnalysedCase]) -> Recurrence:
    newest = chain[-1]
    return Recurrence(newest.class_code or "", tuple(case.number for case in chain), newest.area, *_point(newest))
