"""Hot spots 热点: which class in which area had the most cases, and what is usual there for so many days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from models.analysed_case import AnalysedCase, CellKey, DayCounts, by_code
from models.analysis_rules import AnalysisRules
from models.usual import median

SHARE_DIGITS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class HotSpot:
    """A class in an area with many cases. Units: `share` of all cases analysed, in [0, 1]."""

    class_code: str | None
    area: str | None
    count: int
    share: Decimal
    usual: Decimal | None
    """Median of the spans of the same length before; None without a whole one."""
    spans: int
    """How many spans before that is the median of."""
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HotSpots:
    """Those that are named, and how many more reach the least number."""

    named: tuple[HotSpot, ...]
    unnamed: int


def hot_spots(
    cases: Sequence[AnalysedCase], days: Sequence[date], counts: DayCounts, history_from: date | None,
    rules: AnalysisRules,
) -> HotSpots:  # fmt: skip
    """The cells of class and area with the most cases; equal ones by their codes.

    Example: 6 of 20 cases are litter in 梨河镇, 2 and 4 in the two weeks before: share 0.3000, usual 3 of 2 spans.
    """
    cells: dict[CellKey, list[AnalysedCase]] = {}
    for case in cases:
        cells.setdefault(case.cell, []).append(case)
    many = [(key, inside) for key, inside in cells.items() if len(inside) >= rules.hot_least]
    many.sort(key=lambda cell: (-len(cell[1]), by_code(cell[0])))
    spans = spans_before(days, history_from, rules.usual_weeks)
    named = []
    for (class_code, area), inside in many[: rules.hot_most]:
        before = [sum(counts.get(day, {}).get((class_code, area), 0) for day in span) for span in spans]
        share = (Decimal(len(inside)) / len(cases)).quantize(SHARE_DIGITS)
        usual = median(before) if before else None
        names = tuple(case.name for case in inside)
        named.append(HotSpot(class_code, area, len(inside), share, usual, len(spans), names))
    return HotSpots(tuple(named), max(0, len(many) - rules.hot_most))


def days_of_history(days: int, rules: AnalysisRules) -> int:
    """How many days before a period of so many are looked at: the weeks of the rule, or once its own length."""
    return max(rules.usual_weeks * 7, days)


def spans_before(days: Sequence[date], history_from: date | None, weeks: int) -> list[list[date]]:
    """The spans of the same length before, each ending where the next begins: as many as fit into the weeks, at least
    one, and only those whose every day is known.
    """
    length, first = len(days), days[0]
    backs = range(1, max(1, weeks * 7 // length) + 1)
    starts = [first - timedelta(days=length * back) for back in backs]
    known = [start for start in starts if history_from is not None and start >= history_from]
    return [[start + timedelta(days=day) for day in range(length)] for start in known]
