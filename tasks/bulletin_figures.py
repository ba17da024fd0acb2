"""The figures of a bulletin: what each was before, how it changed, who is best and worst; nothing is a sentence yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from models.evaluation_counts import CountName
from models.evaluation_result import Before, EvaluationResult, GroupResult, UnitResult
from tasks.evaluations import month_before

MISSING = "—"
"""What stands where something is not known. Never 0: a missing score is no score."""

MONTHS_DRAWN = 12

CITY_RATIOS: Mapping[str, tuple[CountName, CountName]] = {
    "closure_rate": (CountName.CLOSED, CountName.DUE_TO_CLOSE),
    "on_time_closure_rate": (CountName.CLOSED_ON_TIME, CountName.DUE_TO_CLOSE),
    "rework_rate": (CountName.REWORKED, CountName.DUE_TO_CLOSE),
    "extension_rate": (CountName.EXTENDED, CountName.DUE_TO_CLOSE),
}
"""Ratios of the whole city, all over the cases due to be closed. Source: Zhengzhou weekly report (B)."""

KEY_COUNTS = (
    *(CountName.REPORTED, CountName.FILED, CountName.DUE_TO_CLOSE, CountName.CLOSED, CountName.CLOSED_ON_TIME),
    *(CountName.OVERDUE_OPEN, CountName.REWORKED, CountName.EXTENDED),
)


class Kind(StrEnum):
    """How a figure is written."""

    COUNT = "count"
    RATIO = "ratio"
    SCORE = "score"


Number = int | Decimal | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the whole city beside what it was."""

    code: str
    kind: Kind
    now: Number
    last_month: Number
    last_year: Number


@dataclass(frozen=True, slots=True)
class MonthPoint:
    """A month of the trend; None where the month is not known."""

    month: str
    closure: Decimal | None
    on_time: Decimal | None
    due: int | None


@dataclass(frozen=True, slots=True)
class Named:
    """Who a group's publication names."""

    best: tuple[UnitResult, ...]
    worst: tuple[UnitResult, ...]
    unscored: tuple[UnitResult, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """A unit whose score is another than in the version before."""

    unit: UnitResult
    score: Decimal | None
    rank: int | None


def share(counts: Mapping[str, int], top: str, of: str) -> Decimal | None:
    """A fraction of two counts; None where there is nothing to divide by, or a count is not known."""
    if not counts.get(of) or top not in counts:
        return None
    return Decimal(counts[top]) / Decimal(counts[of])


def rounded(value: Decimal, digits: int) -> Decimal:
    """Half up, as officials round."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def whole(value: int | None) -> str:
    """A count with its thousands. Example: 16475 -> "16,475"."""
    return MISSING if value is None else f"{value:,}"


def percent(value: Decimal | None) -> str:
    """A fraction to hundredths of a percent. Example: 0.98695 -> "98.70%"."""
    return MISSING if value is None else f"{rounded(value * 100, 2)}%"


def score_text(value: Decimal | None, digits: int) -> str:
    """A score to the scheme's digits."""
    return MISSING if value is None else f"{rounded(value, digits)}"


def figure_text(kind: Kind, value: Number, digits: int) -> str:
    """A figure as it is written."""
    if value is None:
        return MISSING
    if kind is Kind.COUNT:
        return whole(int(value))
    return percent(Decimal(value)) if kind is Kind.RATIO else score_text(Decimal(value), digits)


def change_text(figure: Figure, before: Number, digits: int, points: str) -> str:
    """How far a figure is from an earlier one, with its sign. Units: ratios in percentage points, named by `points`."""
    if figure.now is None or before is None:
        return MISSING
    if figure.kind is Kind.COUNT:
        return f"{int(figure.now) - int(before):+,}"
    if figure.kind is Kind.RATIO:
        # Of the shown percentages: whoever subtracts one from the other gets what stands here.
        far = rounded(Decimal(figure.now) * 100, 2) - rounded(Decimal(before) * 100, 2)
        return f"{far:+}{points}"
    return f"{rounded(Decimal(figure.now), digits) - rounded(Decimal(before), digits):+}"


def key_figures(result: EvaluationResult, previous: Sequence[EvaluationResult]) -> tuple[Figure, ...]:
    """The figures of the whole city beside last month's and last year's."""
    month, year = earlier(result, previous, 1), earlier(result, previous, 12)
    found = [
        Figure(name.value, Kind.COUNT, result.scoring.get(name.value), _count(month, name), _count(year, name))
        for name in KEY_COUNTS
    ]
    for code, (top, of) in CITY_RATIOS.items():
        values = (share(counts, top.value, of.value) for counts in (result.scoring, _counts(month), _counts(year)))
        found.append(Figure(code, Kind.RATIO, *values))
    if result.system_score is not None:
        scores = (before.score if before else None for before in (month, year))
        found.append(Figure("system_score", Kind.SCORE, result.system_score, *scores))
    return tuple(found)


def earlier(result: EvaluationResult, previous: Sequence[EvaluationResult], months: int) -> Before | None:
    """The whole city so many months before: as the result says it, else from an earlier result."""
    told = result.last_month if months == 1 else result.last_year
    wanted = month_before(result.month, months)
    found = _newest(previous).get(wanted)
    if told is not None and (told.month == wanted or found is None):
        return told
    if found is None:
        return None
    return Before(month=wanted, score=found.system_score, rank=None, counts=found.scoring)


def trend(result: EvaluationResult, previous: Sequence[EvaluationResult]) -> tuple[MonthPoint, ...]:
    """The city over up to twelve months, the oldest known one first; a month between that is not known is empty."""
    known = {month: each.scoring for month, each in _newest(previous).items()}
    for before in (result.last_month, result.last_year):
        if before is not None:
            known.setdefault(before.month, before.counts)
    known[result.month] = result.scoring
    months = [month_before(result.month, back) for back in range(MONTHS_DRAWN - 1, -1, -1)]
    first = next(number for number, month in enumerate(months) if month in known)
    return tuple(_point(month, known.get(month)) for month in months[first:])


def named(group: GroupResult, best: int, worst: int) -> Named:
    """Who is named best and worst: units with equal scores are named together, and nobody is both."""
    ranked = [unit for unit in group.units if unit.rank is not None]
    first = [unit for unit in ranked if (unit.rank or 0) <= best]
    others = ranked[len(first) :]
    limit = others[-worst].rank if worst and len(others) > worst else 0
    last = [unit for unit in others if worst and (unit.rank or 0) >= (limit or 0)]
    return Named(tuple(first), tuple(last), tuple(unit for unit in group.units if unit.rank is None))


def moved(result: EvaluationResult, previous: Sequence[EvaluationResult]) -> tuple[Moved, ...] | None:
    """Units whose score or rank is another than in the version this one replaces; None where that is not at hand."""
    replaced = [each for each in previous if each.month == result.month and each.version < result.version]
    if not replaced:
        return None
    before = {unit.unit: unit for unit in max(replaced, key=lambda each: each.version).units()}
    return tuple(_moved(result.units(), before))


def backlog_by_unit(result: EvaluationResult) -> list[tuple[UnitResult, int, int]]:
    """Units with overdue cases: those of the month that are still open, and all that are listed; most first."""
    listed: dict[str, int] = {}
    for case in result.backlog:
        listed[case.unit] = listed.get(case.unit, 0) + 1
    found = [(unit, unit.scoring.get("overdue_open", 0), listed.get(unit.unit, 0)) for unit in result.units()]
    return sorted((one for one in found if one[1] or one[2]), key=lambda one: (-one[2], -one[1], one[0].unit))


def unit_share(unit: UnitResult, code: str) -> Decimal | None:
    """A ratio of a unit: the scheme's where it has one of this name, else as for the whole city."""
    if code in unit.ratios:
        return unit.ratios[code]
    top, of = CITY_RATIOS.get(code, (code, ""))
    return share(unit.scoring, str(top), str(of))


def _moved(units: Sequence[UnitResult], before: Mapping[str, UnitResult]) -> Iterator[Moved]:
    for unit in units:
        old = before.get(unit.unit)
        if old is None or (old.score, old.rank) != (unit.score, unit.rank):
            yield Moved(unit, old.score if old else None, old.rank if old else None)


def _newest(previous: Sequence[EvaluationResult]) -> dict[str, EvaluationResult]:
    """The newest version of each month."""
    return {each.month: each for each in sorted(previous, key=lambda each: (each.month, each.version))}


def _point(month: str, counts: Mapping[str, int] | None) -> MonthPoint:
    if counts is None:
        return MonthPoint(month, None, None, None)
    closure, on_time = share(counts, "closed", "due_to_close"), share(counts, "closed_on_time", "due_to_close")
    return MonthPoint(month, closure, on_time, counts.get("due_to_close"))


def _counts(before: Before | None) -> Mapping[str, int]:
    return before.counts if before else {}


def _count(before: Before | None, name: CountName) -> int | None:
    return _counts(before).get(name.value)
