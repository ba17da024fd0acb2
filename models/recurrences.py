"""Recurrences 复发: a new case of the same class near where one was closed a short time ago.

A case is a recurrence where a case of the same small class 小类, at most 50 m away, was closed at most 30 days before
it was reported. The days count from the *closing* of the earlier case, and not from its report (?): what is reported
while the earlier one is open is the same problem once more, and triage shows it to the acceptor as such. Closed means
that the problem was seen to be gone: checked or fixed on the spot, not closed by order. Source of the 50 m: Yuncheng
(B), where 29 % of cases recur; of the 30 days and of the closing: our proposal (?).

Recurrences of recurrences are one place. A case without a position, or without a class, can be compared with nothing
and is told apart; so is a point that holds many cases of many classes, which is the default address of some entry form
rather than a place (trap seen in Yuncheng, B: hotline cases all put on one point).
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from models.analysed_case import AnalysedCase, Closing
from models.analysis_rules import AnalysisRules
from models.similar import Cell, cells_around, distance_metres, space_cell

Point = tuple[float, float]
"""Longitude, latitude."""

TENTH = Decimal("0.1")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A case that came back."""

    case: str
    reported_at: datetime
    previous: str
    """The case that was closed last before it; of those closed at one moment the nearest."""
    closed_at: datetime
    days: Decimal
    """From the closing of the previous one to the report of this one, to a tenth."""
    metres: Decimal
    """Between the two, to a tenth."""


@dataclass(frozen=True, slots=True)
class RecurringPlace:
    """A place where a class of problem keeps coming back: recurrences that hang together."""

    class_code: str
    area: str | None
    place: str
    """As its newest case names it."""
    longitude: float
    latitude: float
    points: int
    """On how many points its cases lie; one with many cases may be a camera, or an address that stands for others."""
    recurrences: tuple[Recurrence, ...]
    """Those of the period, the oldest first."""
    cases: tuple[str, ...]
    """All cases of it, also those before the period."""


@dataclass(frozen=True, slots=True)
class DefaultPoint:
    """A point with many cases of many classes: probably the default of an entry form."""

    longitude: float
    latitude: float
    classes: int
    count: int
    """All cases on it that were looked at, also those closed before the period."""
    sources: tuple[str, ...]
    cases: tuple[str, ...]
    """Those of the period, which are therefore compared with nothing."""


@dataclass(frozen=True, slots=True)
class Recurrences:
    """What came back in a period."""

    places: tuple[RecurringPlace, ...]
    """The one with the most recurrences first."""
    count: int
    compared: int
    """Cases of the period that could be compared: with class, with position, on no default point."""
    default_points: tuple[DefaultPoint, ...]
    without_position: tuple[str, ...]
    without_class: tuple[str, ...]
    """With a position, but of no class yet."""

    @property
    def share(self) -> Decimal | None:
        """Recurrences of what could be compared, in [0, 1]; None where nothing could be."""
        return (Decimal(self.count) / self.compared).quantize(Decimal("0.0001")) if self.compared else None


def recurrences(
    cases: Sequence[AnalysedCase], everything: Sequence[AnalysedCase], closings: Sequence[Closing], rules: AnalysisRules
) -> Recurrences:
    """What came back among `cases`, which may be those of one unit; earlier ones are anybody's.

    `everything` are all cases of the period, for telling default points; `closings` those of the days of the rule
    before the period and of the period itself.
    """
    defaults = _default_points([*everything, *(closing.case for closing in closings)], rules)
    points = {point for point, _ in defaults}
    compared = [case for case in cases if case.point and case.class_code and case.point not in points]
    classes = {case.class_code for case in compared}
    here = (each for each in closings if each.case.class_code in classes and each.case.point not in points)
    index = _ClosedBefore(rules, here)
    groups = _Groups()
    found = [(case, back) for case in compared if (back := index.previous(case, groups))]
    places = _places(found, compared, closings, groups)
    of_scope = {case.case_id for case in cases}
    return Recurrences(
        places=tuple(sorted(places, key=lambda place: (-len(place.recurrences), place.class_code, place.cases))),
        count=len(found),
        compared=len(compared),
        default_points=tuple(_told(point, on_it, of_scope, everything) for point, on_it in defaults),
        without_position=tuple(case.name for case in cases if not case.point),
        without_class=tuple(case.name for case in cases if case.point and not case.class_code),
    )


def _default_points(cases: Iterable[AnalysedCase], rules: AnalysisRules) -> list[tuple[Point, dict[int, AnalysedCase]]]:
    on_point: dict[Point, dict[int, AnalysedCase]] = {}
    for case in cases:
        if case.point:
            on_point.setdefault(case.point, {})[case.case_id] = case
    found = [
        (point, inside)
        for point, inside in on_point.items()
        if len(inside) >= rules.one_point_least
        and len({case.class_code for case in inside.values()}) >= rules.one_point_classes
    ]
    return sorted(found, key=lambda one: (-len(one[1]), one[0]))


def _told(
    point: Point, on_it: dict[int, AnalysedCase], of_scope: set[int], everything: Sequence[AnalysedCase]
) -> DefaultPoint:
    inside = on_it.values()
    names = tuple(case.name for case in everything if case.case_id in of_scope and case.point == point)
    sources = tuple(sorted({case.source for case in inside}))
    return DefaultPoint(*point, len({case.class_code for case in inside}), len(on_it), sources, names)


@dataclass(slots=True)
class _Shelf:
    """The closings of a class on one point, the oldest first; neighbours in it are joined at most once."""

    closings: list[Closing]
    moments: list[datetime]
    joined_up_to: list[int] = field(default_factory=list)

    def join(self, first: int, end: int, groups: "_Groups") -> None:
        """Join the closings [first, end) with each other, skipping what was joined before."""
        here = self._end_of_run(first)
        while here < end - 1:
            groups.join(self.closings[here].case.case_id, self.closings[here + 1].case.case_id)
            self.joined_up_to[here] = here + 1
            here = self._end_of_run(here)

    def _end_of_run(self, start: int) -> int:
        end = start
        while self.joined_up_to[end] != end:
            end = self.joined_up_to[end]
        while self.joined_up_to[start] != end:
            self.joined_up_to[start], start = end, self.joined_up_to[start]
        return end


class _ClosedBefore:
    """The closings by class and cell of space: only what lies in a touching cell is measured."""

    def __init__(self, rules: AnalysisRules, closings: Iterable[Closing]) -> None:
        self._metres = rules.recurs_metres
        self._within = rules.recurs_days * DAY
        on_point: dict[tuple[str, Point], list[Closing]] = {}
        for closing in closings:
            if closing.case.class_code and closing.case.point:
                on_point.setdefault((closing.case.class_code, closing.case.point), []).append(closing)
        self._cells: dict[str, dict[Cell, list[tuple[Point, _Shelf]]]] = {}
        for (class_code, point), inside in on_point.items():
            inside.sort(key=lambda closing: (closing.closed_at, closing.case.case_id))
            shelf = _Shelf(inside, [closing.closed_at for closing in inside], list(range(len(inside))))
            of_class = self._cells.setdefault(class_code, {})
            of_class.setdefault(space_cell(*point, self._metres), []).append((point, shelf))

    def previous(self, case: AnalysedCase, groups: "_Groups") -> tuple[Closing, float] | None:
        """The closing that the case is a recurrence of, with the metres between; joins it with all that it could be."""
        best: tuple[datetime, float, int] | None = None
        found: tuple[Closing, float] | None = None
        for metres, shelf in self._near(case):
            first = bisect_left(shelf.moments, case.reported_at - self._within)
            end = bisect_left(shelf.moments, case.reported_at)
            if first == end:
                continue
            shelf.join(first, end, groups)
            last = shelf.closings[end - 1]
            groups.join(case.case_id, last.case.case_id)
            rank = (last.closed_at, -metres, last.case.case_id)
            if best is None or rank > best:
                best, found = rank, (last, metres)
        return found

    def _near(self, case: AnalysedCase) -> Iterator[tuple[float, _Shelf]]:
        here, of_class = case.point, self._cells.get(case.class_code or "")
        if here is None or of_class is None:
            return
        for cell in cells_around(space_cell(*here, self._metres)):
            for point, shelf in of_class.get(cell, ()):
                metres = distance_metres(*here, *point)
                if metres <= self._metres:
                    yield metres, shelf


class _Groups:
    """Cases that hang together, by their ids."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def of(self, case_id: int) -> int:
        """The case that stands for the group of a case."""
        parent = self._parent
        while parent.setdefault(case_id, case_id) != case_id:
            parent[case_id] = parent[parent[case_id]]
            case_id = parent[case_id]
        return case_id

    def known(self, case_id: int) -> int | None:
        """The same; None for a case that was never joined with another: most of them."""
        return self.of(case_id) if case_id in self._parent else None

    def join(self, one: int, other: int) -> None:
        """Make one group of two."""
        first, second = sorted((self.of(one), self.of(other)))
        self._parent[second] = first


def _places(
    found: Sequence[tuple[AnalysedCase, tuple[Closing, float]]],
    compared: Sequence[AnalysedCase],
    closings: Sequence[Closing],
    groups: _Groups,
) -> Iterator[RecurringPlace]:
    coming: dict[int, list[tuple[AnalysedCase, tuple[Closing, float]]]] = {}
    for case, back in found:
        coming.setdefault(groups.of(case.case_id), []).append((case, back))
    members: dict[int, dict[int, AnalysedCase]] = {}
    for case in (*compared, *(closing.case for closing in closings)):
        group = groups.known(case.case_id)
        if group is not None and group in coming:
            members.setdefault(group, {})[case.case_id] = case
    for group, back_again in coming.items():
        inside = sorted(members[group].values(), key=lambda case: (case.reported_at, case.case_id))
        newest, _ = back_again[-1]
        longitude, latitude = newest.point or (0.0, 0.0)
        yield RecurringPlace(
            newest.class_code or "",
            newest.town,
            newest.place,
            longitude,
            latitude,
            points=len({case.point for case in inside}),
            recurrences=tuple(_recurrence(case, *back) for case, back in back_again),
            cases=tuple(case.name for case in inside),
        )


def _recurrence(case: AnalysedCase, previous: Closing, metres: float) -> Recurrence:
    days = Decimal((case.reported_at - previous.closed_at) // timedelta(seconds=1)) / 86_400
    return Recurrence(
        case.name,
        case.reported_at,
        previous.case.name,
        previous.closed_at,
        days.quantize(TENTH),
        Decimal(metres).quantize(TENTH),
    )
