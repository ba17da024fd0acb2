"""The analysis 分析 of a period: hot spots, recurrences and rises, each with every case behind it.

The canonical bytes are its identity: the same rows analysed again by the same rules give the same bytes. Numbers are
exact, and what is not known is null, never 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from models.analysed_case import LEFT_OUT, AnalysedCase, CellKey, Closing, DayCounts
from models.analysis_rules import AnalysisRules
from models.chain import canonical
from models.city import City
from models.hot_spots import HotSpots, hot_spots, spans_before
from models.recurrences import Recurrences, recurrences
from models.rises import Rises, rises
from models.usual import median

FORMAT = 1
"""Of the written form."""

MOST_DAYS = 366
"""The longest period that is analysed: a leap year."""


@dataclass(frozen=True, slots=True)
class Span:
    """The days [first, last] to be analysed, of the whole city or of a part of it."""

    first: date
    last: date
    area: str | None = None
    """Code of an area: what lies in it."""
    unit: str | None = None
    """Code of a unit: what it was the first to have."""

    @property
    def days(self) -> list[date]:
        """Every day, in order."""
        return [self.first + timedelta(days=day) for day in range((self.last - self.first).days + 1)]

    def holds(self, case: AnalysedCase) -> bool:
        """Whether a case of the period is of this part of the city."""
        here = self.area is None or (case.area or "").startswith(self.area)
        return here and (self.unit is None or case.unit == self.unit)


@dataclass(frozen=True, slots=True)
class PeriodFacts:
    """Everything that is analysed."""

    cases: Sequence[AnalysedCase]
    """All reported in the period, of the whole city, also those that were left out."""
    closings: Sequence[Closing]
    """Those of the days before that recurrences look back, and of the period."""
    before: DayCounts
    """Of the span's part of the city, for the days before that are looked at."""
    history_from: date | None
    """The first day that is known as a whole; None in a city without a case."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found in a period."""

    city: str
    city_name: str
    edition: str
    span: Span
    counted_until: datetime
    """The end of the period, or before it the moment it was counted at."""
    open: bool
    rules: AnalysisRules
    history_from: date | None
    reported: int
    """All that were taken in: the count `reported` of the workload."""
    left_out: Mapping[str, int]
    """Of these voided, rejected or merged: no problem, or the same one."""
    analysed: int
    usual: Decimal | None
    """Median of what was analysed in the spans of the same length before; None while the period is open."""
    spans: int
    hot_spots: HotSpots
    recurrences: Recurrences
    rises: Rises

    def written(self) -> bytes:
        """The canonical bytes: sorted keys, no spaces, UTF-8, decimals as texts, moments in UTC."""
        told = asdict(self)
        told["recurrences"]["share"] = self.recurrences.share
        return canonical({"format": FORMAT, **told}).encode()


def analyse(city: City, span: Span, facts: PeriodFacts, counted_until: datetime, *, still_open: bool) -> Analysis:
    """The analysis of a span by the city's rules."""
    rules = city.analysis
    everything = sorted(facts.cases, key=lambda case: (case.reported_at, case.case_id))
    inside = [case for case in everything if span.holds(case)]
    cases = [case for case in inside if case.left_out is None]
    by_day: dict[date, list[AnalysedCase]] = {}
    for case in cases:
        by_day.setdefault(case.reported_at.astimezone(city.zone).date(), []).append(case)
    counts = {**facts.before, **{day: _cells(found) for day, found in by_day.items()}}
    # Half a week against whole ones says nothing.
    comparable = None if still_open else facts.history_from
    earlier = spans_before(span.days, comparable, rules.usual_weeks)
    totals = [sum(sum(counts.get(day, {}).values()) for day in days) for days in earlier]
    last_begun = (counted_until - timedelta(microseconds=1)).astimezone(city.zone).date()
    begun = [day for day in span.days if day <= last_begun]
    considered = [case for case in everything if case.left_out is None]
    return Analysis(
        city=city.code,
        city_name=city.name,
        edition=city.edition,
        span=span,
        counted_until=counted_until,
        open=still_open,
        rules=rules,
        history_from=facts.history_from,
        reported=len(inside),
        left_out={ending: sum(case.left_out == ending for case in inside) for ending in LEFT_OUT},
        analysed=len(cases),
        usual=median(totals) if totals else None,
        spans=len(totals),
        hot_spots=hot_spots(cases, span.days, counts, comparable, rules),
        recurrences=recurrences(cases, considered, facts.closings, rules),
        rises=rises(by_day, begun, counts, facts.history_from, rules),
    )


def _cells(cases: Sequence[AnalysedCase]) -> dict[CellKey, int]:
    found: dict[CellKey, int] = {}
    for case in cases:
        found[case.cell] = found.get(case.cell, 0) + 1
    return found
