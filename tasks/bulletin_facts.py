"""What the sentences of a bulletin are told about: plain facts, picked from the result; the sentences are templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from models.evaluation_result import EvaluationResult, GroupResult, UnitResult
from tasks.bulletin_figures import (
    MISSING,
    Figure,
    Moved,
    backlog_by_unit,
    key_figures,
    moved,
    named,
    share,
    unit_share,
)
from tasks.wording import clean, day_words
from tasks.words import Language, word

LISTED_AT_MOST = 240
"""Overdue cases a printed bulletin lists; the workbook has all of them."""

_NAMED_AT_ONCE = 3

Fact = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the templates `bulletin.*.jinja` may name."""

    language: Language
    year: int
    month: int
    period: str
    counted_at: str
    open: bool
    version: int
    why: str
    scheme: str
    scheme_code: str
    source: str
    valid_from: str | None
    proposal: bool
    complete: bool
    digits: int
    empty: bool
    key: dict[str, Figure]
    busiest: Fact | None
    groups: tuple[Fact, ...]
    on_time: Fact
    backlog: Fact
    classes: tuple[Fact, ...]
    slowest_class: Fact | None
    appeals: Fact
    apart: Fact
    moved: tuple[Moved, ...] | None


def facts_of(result: EvaluationResult, previous: Sequence[EvaluationResult], language: Language) -> Facts:
    """The facts of a month in the words of one language."""
    last_day = (result.period_end - timedelta(microseconds=1)).date()
    first_day, scheme = result.period_start.date(), result.scheme
    classes = _classes(result)
    return Facts(
        language=language,
        year=int(result.month[:4]),
        month=int(result.month[5:]),
        period=word("bulletin", "period", language).format(
            first=day_words(first_day, language), last=day_words(last_day, language)
        ),
        counted_at=f"{day_words(result.counted_at.date(), language)} {result.counted_at:%H:%M}",
        open=result.open,
        version=result.version,
        why=clean(word("bulletin_why", result.why, language)),
        scheme=clean(scheme.title.zh if language == "zh" else scheme.title.en),
        scheme_code=clean(scheme.name),
        source=clean(scheme.source),
        valid_from=day_words(scheme.valid_from, language) if scheme.valid_from else None,
        proposal=scheme.proposal,
        complete=scheme.complete,
        digits=scheme.digits,
        empty=not any(result.scoring.values()) and not any(result.workload.values()),
        key={figure.code: figure for figure in key_figures(result, previous)},
        busiest=_busiest(result, language),
        groups=tuple(_group(group, result, language) for group in result.groups),
        on_time=_on_time(result),
        backlog=_backlog(result),
        classes=tuple(classes[:_NAMED_AT_ONCE]),
        slowest_class=_slowest(classes),
        appeals=_appeals(result),
        apart={name: result.scoring.get(name, 0) for name in ("exempt", "suspended", "extended")},
        moved=moved(result, previous),
    )


def shown_of_each(result: EvaluationResult) -> int:
    """How many overdue cases of each unit a printed bulletin lists: all where there are not too many."""
    units = backlog_by_unit(result)
    if len(result.backlog) <= LISTED_AT_MOST:
        return max((listed for _, _, listed in units), default=0)
    return max(LISTED_AT_MOST // max(len(units), 1), 3)


def _busiest(result: EvaluationResult, language: Language) -> Fact | None:
    filed = {day: counts.get("filed", 0) for day, counts in result.by_day.items()}
    if not any(filed.values()):
        return None
    day = min(filed, key=lambda each: (-filed[each], each))
    said = day_words(result.period_start.date().replace(day=int(day[8:])), language)
    return {"day": said, "filed": filed[day], "mean": round(sum(filed.values()) / len(filed))}


def _group(group: GroupResult, result: EvaluationResult, language: Language) -> Fact:
    scores = [unit.score for unit in group.units if unit.score is not None]
    who = named(group, result.scheme.best, result.scheme.worst)
    risers = sorted(_climbs(group), key=lambda each: (-each[0], each[1].rank or 0, each[1].unit))
    return {
        "title": clean(group.title.zh if language == "zh" else group.title.en),
        "units": len(group.units),
        "scored": len(scores),
        "mean": sum(scores, Decimal(0)) / len(scores) if scores else None,
        "highest": max(scores, default=None),
        "lowest": min(scores, default=None),
        "all_equal": len(set(scores)) == 1,
        "best": [_called(unit) for unit in who.best],
        "worst": [_called(unit) for unit in who.worst],
        "none": [
            {"name": clean(unit.name), "why": word("bulletin_column", f"none_{unit.why_none}", language)}
            for unit in who.unscored
        ],
        "riser": _climbed(risers[0]) if risers and risers[0][0] > 0 else None,
        "faller": _climbed(risers[-1]) if risers and risers[-1][0] < 0 else None,
    }


def _called(unit: UnitResult) -> Fact:
    return {"name": clean(unit.name), "score": unit.score, "rank": unit.rank}


def _climbs(group: GroupResult) -> list[tuple[int, UnitResult]]:
    found = []
    for unit in group.units:
        before = unit.last_month.rank if unit.last_month else None
        if unit.rank is not None and before is not None:
            found.append((before - unit.rank, unit))
    return found


def _climbed(climb: tuple[int, UnitResult]) -> Fact:
    return {"name": clean(climb[1].name), "places": abs(climb[0])}


def _on_time(result: EvaluationResult) -> Fact:
    due = [unit for unit in result.units() if unit.scoring.get("due_to_close")]
    city = share(result.scoring, "closed_on_time", "due_to_close")
    shares = [unit_share(unit, "on_time_closure_rate") for unit in due]
    late = [(unit.scoring["due_to_close"] - unit.scoring.get("closed_on_time", 0), unit) for unit in due]
    late.sort(key=lambda each: (-each[0], each[1].unit))
    return {
        "units": len(due),
        "all": sum(number == 0 for number, _ in late),
        "below": sum(each is not None and city is not None and each < city for each in shares),
        "city": city,
        "heaviest": [{"name": clean(unit.name), "late": number} for number, unit in late[:_NAMED_AT_ONCE] if number],
    }


def _backlog(result: EvaluationResult) -> Fact:
    names = {unit.unit: clean(unit.name) for unit in result.units()}
    oldest = min(result.backlog, key=lambda case: (case.due_at, case.number), default=None)
    each = shown_of_each(result)
    by_unit = backlog_by_unit(result)
    return {
        "cases": len(result.backlog),
        "units": len({case.unit for case in result.backlog}),
        "each": each,
        "shown": sum(min(listed, each) for _, _, listed in by_unit),
        "oldest": oldest
        and {
            "number": clean(oldest.number) or MISSING,
            "unit": names.get(oldest.unit, oldest.unit),
            "days": max((result.counted_at - oldest.due_at).days, 0),
        },
    }


def _classes(result: EvaluationResult) -> list[Fact]:
    whole = sum(counts.get("due_to_close", 0) for counts in result.by_class.values())
    found = [
        {
            "name": clean(name),
            "due": counts["due_to_close"],
            "share": Decimal(counts["due_to_close"]) / whole,
            "on_time": share(counts, "closed_on_time", "due_to_close"),
        }
        for name, counts in result.by_class.items()
        if counts.get("due_to_close")
    ]
    return sorted(found, key=lambda each: (-each["due"], each["name"]))


def _slowest(classes: Sequence[Fact]) -> Fact | None:
    known = [each for each in classes if each["on_time"] is not None]
    if len(known) < 2:
        return None
    slowest = min(known, key=lambda each: (each["on_time"], each["name"]))
    return {"name": slowest["name"], "share": slowest["on_time"]}


def _appeals(result: EvaluationResult) -> Fact:
    states = {state: result.appeals.get(state, 0) for state in ("open", "granted", "refused", "lapsed")}
    return {"all": sum(states.values()), **states}
