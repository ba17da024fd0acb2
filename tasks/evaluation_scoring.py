"""A month through a scheme: counts of every unit, ratios, scores, ranks within groups; the same rows give the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, and_, func, select

from models.case import Request
from models.chain import canonical
from models.city import City, Unit
from models.evaluation_counts import CountLine, empty_line
from models.evaluation_result import (
    BacklogCase,
    Before,
    EvaluationResult,
    GradeTold,
    GroupResult,
    ManualInput,
    RatioTold,
    SchemeTold,
    Titled,
    UnitResult,
)
from models.frozen_parts import UnitParts
from models.ranking import ranks
from models.scheme import Group, Scheme, Title
from models.scored import Scored, ScoreRefused, StepKind, rounded
from models.scoring import ExemptCases, score
from models.tables import table_of
from models.vocabulary import RequestKind
from tasks.case_facts import FACTS
from tasks.case_store import CASES
from tasks.city_figures import WITH_UNIT
from tasks.counted_marks import ExemptSpan, Period
from tasks.evaluation_counts import Counted
from tasks.month_facts import SHOWN, read_month

REQUESTS = table_of(Request)

DIGITS = 10
"""Behind the point, of what a result keeps."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is evaluated: a month of a city by a scheme, as it stands at a moment."""

    city: City
    scheme: Scheme
    month: str
    period: Period
    now: datetime
    version: int = 1
    why: str = ""
    inputs: Mapping[str, tuple[ManualInput, ...]] = field(default_factory=dict)
    """By unit; what persons entered and what was counted elsewhere."""
    last_month: EvaluationResult | None = None
    last_year: EvaluationResult | None = None


def evaluation_of(connection: Connection, asked: Asked) -> tuple[EvaluationResult, tuple[UnitParts, ...]]:
    """The evaluation of a month, and the parts of cases behind its counts; reads the facts of that month only.

    A unit that a scheme cannot be applied to has no score and says why; it keeps no other from its own.
    """
    city, now, period = asked.city, asked.now, asked.period
    facts = read_month(connection, city, period, now=now, exempt=exempt_spans(city))
    by_unit_and_class, by_place = facts.by_unit_and_class, facts.by_area_and_source
    lines = _added(((value[0], line) for value, line in by_unit_and_class.lines.items()))
    total = by_unit_and_class.total
    units = [_unit(asked, code, lines.get(code, empty_line())) for code in _who(city, period, lines)]
    result = EvaluationResult(
        city=city.code,
        city_name=city.name,
        month=asked.month,
        version=asked.version,
        why=asked.why,
        period_start=period.start,
        period_end=period.end,
        counted_at=now.astimezone(city.zone),
        open=now < period.end,
        edition=city.edition,
        facts=_digest(by_unit_and_class),
        scheme=_scheme_told(asked.scheme),
        scoring=_names(total.scoring),
        workload=_names(total.workload),
        system_score=_system_score(asked.scheme, total),
        last_month=_whole_city(asked.last_month),
        last_year=_whole_city(asked.last_year),
        groups=tuple(_group(group, units) for group in asked.scheme.groups),
        unscored=tuple(unit for unit in units if unit.group is None and _anything(unit)),
        backlog=_backlog(connection, city, period, now) if asked.scheme.publication is not None else (),
        by_class=_overview((_large_class(city, value[1]), line) for value, line in by_unit_and_class.lines.items()),
        by_area=_overview((_area_name(city, value[0]), line) for value, line in by_place.lines.items()),
        by_source=_overview((value[1], line) for value, line in by_place.lines.items()),
        by_day=facts.by_day,
        appeals=_appeals(connection, period),
        behind=facts.behind_digest,
    )
    return result, facts.behind


def _digest(counted: Counted) -> str:
    lines = [[*value, *line.scoring.values(), *line.workload.values()] for value, line in counted.lines.items()]
    return sha256(canonical({"lines": lines}).encode()).hexdigest()


def exempt_spans(city: City) -> tuple[ExemptSpan, ...]:
    """The periods in which units are not scored, as moments of the city."""
    return tuple(
        ExemptSpan(one.unit, _midnight(city, one.first), _midnight(city, one.until))
        for one in city.evaluation.exempt_periods
    )


def _midnight(city: City, day: Any) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=city.zone)


def _who(city: City, period: Period, lines: Mapping[str | None, CountLine]) -> list[str]:
    """Units of the directory that existed on a day of the month, and all to which something happened."""
    first, last = period.start.date(), (period.end - timedelta(microseconds=1)).date()
    there = [
        code
        for code, unit in city.units.items()
        if (unit.valid_from is None or unit.valid_from <= last)
        and (unit.valid_until is None or first < unit.valid_until)
    ]
    return sorted({*there, *(code for code in lines if code)})


def _added(parts: Iterable[tuple[str | None, CountLine]]) -> dict[str | None, CountLine]:
    found: dict[str | None, CountLine] = {}
    for key, line in parts:
        found[key] = found[key] + line if key in found else line
    return found


def _unit(asked: Asked, code: str, line: CountLine) -> UnitResult:
    """One unit's counts, and its score where a group of the scheme has it."""
    known: Unit | None = asked.city.units.get(code)
    group = _group_of(asked.scheme, known)
    inputs = asked.inputs.get(code, ())
    told = UnitResult(
        unit=code,
        name=known.name if known else code,
        group=group.code if group else None,
        scoring=_names(line.scoring),
        workload=_names(line.workload),
        ratios={},
        inputs=inputs,
        why_none="no_group",
        last_month=_before(asked.last_month, code),
        last_year=_before(asked.last_year, code),
    )
    if group is None:
        return told
    counts = {name.value: Fraction(number) for name, number in line.scoring.items()}
    manual = {each.code: None if each.value is None else Fraction(each.value) for each in inputs}
    try:
        scored = score(asked.scheme, counts, manual, group, exempt=ExemptCases.APART)
    except ScoreRefused as refused:
        step = {"kind": StepKind.SCORE.value, "item": "score", "result": None, "note": str(refused)}
        return told.model_copy(update={"why_none": "refused", "steps": (step,)})
    return told.model_copy(update=_of_score(scored))


def _of_score(scored: Scored) -> dict[str, Any]:
    ratios = {step.item: _decimal(step.result) for step in scored.steps if step.kind is StepKind.RATIO}
    why = None
    if scored.score is None:
        too_few = any(step.kind is StepKind.MINIMUM for step in scored.steps)
        why = "too_few" if too_few else "missing" if scored.complete else "incomplete"
    return {
        "ratios": ratios,
        "score": _decimal(scored.score),
        "why_none": why,
        "missing": scored.missing,
        "grade": scored.grade.code if scored.grade else None,
        "steps": tuple(step.told() for step in scored.steps),
    }


def _group_of(scheme: Scheme, unit: Unit | None) -> Group | None:
    return scheme.group(unit.group) if unit is not None and unit.group else None


def _group(group: Group, units: Sequence[UnitResult]) -> GroupResult:
    """The units of a group, best first; who has no score comes last and has no rank."""
    members = [unit for unit in units if unit.group == group.code]
    places = ranks({unit.unit: unit.score for unit in members})
    ranked = [unit.model_copy(update={"rank": places[unit.unit]}) for unit in members]
    ranked.sort(key=lambda unit: (unit.rank is None, unit.rank or 0, unit.unit))
    return GroupResult(code=group.code, title=_titled(group.title), units=tuple(ranked))


def _anything(unit: UnitResult) -> bool:
    return any(unit.scoring.values()) or any(unit.workload.values())


def _system_score(scheme: Scheme, total: CountLine) -> Decimal | None:
    if not scheme.system.terms:
        return None
    try:
        counts = {name.value: Fraction(number) for name, number in total.scoring.items()}
        return _decimal(score(scheme, counts, exempt=ExemptCases.APART).score)
    except ScoreRefused:
        return None


def _before(result: EvaluationResult | None, unit: str) -> Before | None:
    """What the unit had then."""
    if result is None:
        return None
    found = next((each for each in result.units() if each.unit == unit), None)
    if found is None:
        return None
    return Before(month=result.month, score=found.score, rank=found.rank, counts=found.scoring)


def _whole_city(result: EvaluationResult | None) -> Before | None:
    if result is None:
        return None
    return Before(month=result.month, score=result.system_score, rank=None, counts=result.scoring)


def _scheme_told(scheme: Scheme) -> SchemeTold:
    publication = scheme.publication
    return SchemeTold(
        name=scheme.name,
        title=_titled(scheme.title),
        source=scheme.source,
        proposal=scheme.proposal,
        complete=scheme.system.complete and all(group.board.complete for group in scheme.groups),
        valid_from=scheme.valid_from,
        digits=scheme.digits,
        ratios=tuple(
            RatioTold(code=each.code, title=_titled(each.title), formula=each.of.told(), source=each.source)
            for each in scheme.ratios.values()
        ),
        grades=tuple(
            GradeTold(code=each.code, title=_titled(each.title), lowest=_exact(each.lowest), colour=each.colour)
            for each in scheme.grades
        ),
        best=publication.best if publication else 0,
        worst=publication.worst if publication else 0,
        figures=publication.figures if publication else (),
        backlog=publication.backlog if publication else False,
    )


def _backlog(connection: Connection, city: City, period: Period, now: datetime) -> tuple[BacklogCase, ...]:
    """Cases that a unit has, and whose deadline fell in the month or before it: longest overdue first."""
    until = min(now, period.end)
    waiting = (
        select(CASES.c.number, CASES.c.unit, CASES.c.class_code, CASES.c.area, CASES.c.handle_due_at)
        .where(CASES.c.state.in_(WITH_UNIT), CASES.c.handle_due_at < until, CASES.c.unit.is_not(None))
        .order_by(CASES.c.unit, CASES.c.handle_due_at, CASES.c.id)
    )
    return tuple(
        BacklogCase(
            number=row.number or "",
            unit=row.unit,
            class_code=row.class_code,
            class_name=city.catalogue.minor_name(row.class_code),
            area=row.area,
            due_at=row.handle_due_at.astimezone(city.zone),
        )
        for row in connection.execute(waiting)
    )


def _large_class(city: City, code: str | None) -> str | None:
    found = city.catalogue.subclasses.get(code or "")
    return found.major if found else code


def _area_name(city: City, code: str | None) -> str | None:
    found = city.areas.get(code or "")
    return found.name if found else code


def _overview(parts: Iterable[tuple[str | None, CountLine]]) -> dict[str, dict[str, int]]:
    added = _added(parts)
    return {key: {name: _names(added[key].scoring)[name] for name in SHOWN} for key in sorted(k for k in added if k)}


def _appeals(connection: Connection, period: Period) -> dict[str, int]:
    """Appeals against cases that were due in the month, by their state."""
    part = and_(
        FACTS.c.case_id == REQUESTS.c.case_id, FACTS.c.round == REQUESTS.c.round, FACTS.c.unit == REQUESTS.c.unit
    )
    wanted = (
        select(REQUESTS.c.state, func.count(REQUESTS.c.id.distinct()))
        .join(FACTS, part)
        .where(REQUESTS.c.kind == RequestKind.APPEAL.value, FACTS.c.due_at >= period.start, FACTS.c.due_at < period.end)
        .group_by(REQUESTS.c.state)
    )
    return {state: int(appeals) for state, appeals in sorted(connection.execute(wanted).tuples())}


def _names(counts: Mapping[Any, int]) -> dict[str, int]:
    return {name.value: number for name, number in counts.items()}


def _titled(title: Title) -> Titled:
    return Titled(zh=title.zh, en=title.en)


def _exact(value: Fraction) -> Decimal:
    found = rounded(value, DIGITS)
    return found.quantize(Decimal(1)) if found == found.to_integral_value() else found.normalize()


def _decimal(value: Fraction | None) -> Decimal | None:
    return None if value is None else _exact(value)
