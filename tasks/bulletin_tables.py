"""The tables of a bulletin, as texts: what is not known is a dash, whatever stands beside it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from models.evaluation_counts import CountName
from models.evaluation_result import BacklogCase, EvaluationResult, GroupResult, UnitResult
from tasks.bulletin_facts import Facts, shown_of_each
from tasks.bulletin_figures import (
    CITY_RATIOS,
    MISSING,
    Figure,
    backlog_by_unit,
    change_text,
    figure_text,
    percent,
    score_text,
    share,
    unit_share,
    whole,
)
from tasks.bulletin_ranking_chart import rank_change
from tasks.wording import clean
from tasks.words import Language, word

Say = Callable[[str], str]
Align = Literal["left", "right", "center"]

_AREAS = 40


@dataclass(frozen=True, slots=True)
class Table:
    """A table. Units: widths as shares of the line, which need not add up to anything."""

    name: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: tuple[Align, ...]
    widths: tuple[float, ...]
    keys: tuple[str, ...] = ()
    """What each row is about, for whoever picks single ones."""

    def texts(self) -> list[str]:
        """Every text in it."""
        return [self.title, *self.heads, *(cell for row in self.rows for cell in row)]


def key_table(figures: Sequence[Figure], result: EvaluationResult, language: Language, say: Say) -> Table:
    """The key figures beside last month's and last year's."""
    digits, points = result.scheme.digits, word("bulletin", "points", language)
    rows = [
        (
            figure_name(figure.code, language, say),
            figure_text(figure.kind, figure.now, digits),
            figure_text(figure.kind, figure.last_month, digits),
            change_text(figure, figure.last_month, digits, points),
            figure_text(figure.kind, figure.last_year, digits),
            change_text(figure, figure.last_year, digits, points),
        )
        for figure in figures
    ]
    heads = ("figure", "this_month", "last_month", "to_last_month", "last_year", "to_last_year")
    # Columns of a year nobody knows would be dashes only.
    shown = 6 if any(figure.last_year is not None for figure in figures) else 4
    cut = [row[:shown] for row in rows]
    title, widths = _caption("key_figures", language), (20, 14, 14, 19, 14, 19)[:shown]
    table = _table("key_figures", title, heads[:shown], cut, say, widths)
    return replace(table, keys=tuple(figure.code for figure in figures))


def ranking_table(group: GroupResult, result: EvaluationResult, language: Language, say: Say) -> Table:
    """The results of a group with the figures the scheme publishes."""
    figures = [code for code in result.scheme.figures if code != "score"]
    grades = {each.code: each.title.zh if language == "zh" else each.title.en for each in result.scheme.grades}
    rows = [
        (
            str(unit.rank) if unit.rank is not None else MISSING,
            clean(unit.name),
            score_text(unit.score, result.scheme.digits),
            clean(grades.get(unit.grade or "", MISSING)),
            *(unit_figure(unit, code) for code in figures),
            rank_change(unit, say),
        )
        for unit in group.units
    ]
    heads = [say("rank"), say("unit"), say("score"), say("grade")]
    heads += [_figure_head(code, result, language, say) for code in figures]
    widths = (7.0, 31.0, 10.0, 9.0 if language == "zh" else 14.0, *(14.0 for _ in figures), 10.0)
    title = _caption("ranking_table", language).format(
        group=clean(group.title.zh if language == "zh" else group.title.en)
    )
    numbers: list[Align] = ["right" for _ in figures]
    align: tuple[Align, ...] = ("center", "left", "right", "center", *numbers, "center")
    return Table(f"ranking_{group.code}", title, (*heads, say("rank_change")), tuple(rows), align, widths)


def backlog_tables(result: EvaluationResult, language: Language, say: Say) -> tuple[Table, ...]:
    """How many overdue cases each unit has, and the list of them."""
    by_unit = backlog_by_unit(result)
    if not by_unit:
        return ()
    counted = [(clean(unit.name), whole(month), whole(listed)) for unit, month, listed in by_unit]
    first = _table(
        "backlog_units", _caption("backlog_units", language), ("unit", "of_month", "listed"), counted, say, (42, 29, 29)
    )
    each = shown_of_each(result)
    rows = [row for unit, _, _ in by_unit for row in _list_of(unit, result, each)]
    if not rows:
        return (first,)
    heads = tuple(say(code) for code in ("unit", "number", "class", "area", "due_at", "days_late"))
    align: tuple[Align, ...] = ("left", "left", "left", "left", "left", "right")
    title, widths = _caption("backlog_cases", language), (22.0, 22.0, 13.0, 18.0, 14.0, 11.0)
    return (first, Table("backlog_cases", title, heads, tuple(rows), align, widths))


def area_table(result: EvaluationResult, language: Language, say: Say) -> Iterator[Table]:
    """Cases due by area; nothing where none is known."""
    counts = {name: each for name, each in result.by_area.items() if each.get("due_to_close")}
    rows = [
        (
            clean(name),
            whole(each["due_to_close"]),
            whole(each.get("closed")),
            percent(share(each, "closed", "due_to_close")),
            percent(share(each, "closed_on_time", "due_to_close")),
        )
        for name, each in sorted(counts.items(), key=lambda one: (-one[1]["due_to_close"], one[0]))
    ]
    if rows:
        heads = ("area", "due_to_close", "closed", "closure_rate", "on_time_closure_rate")
        yield _table("areas", _caption("areas", language), heads, rows[:_AREAS], say, (40, 15, 15, 15, 15))


def apart_table(result: EvaluationResult, language: Language, say: Say) -> Iterator[Table]:
    """Units with extended, suspended or exempt cases."""
    names = ("extended", "suspended", "exempt")
    rows = [
        (clean(unit.name), *(whole(unit.scoring.get(name)) for name in names))
        for unit in result.units()
        if any(unit.scoring.get(name) for name in names)
    ]
    if rows:
        yield _table("apart", _caption("apart", language), ("unit", *names), rows, say, (46, 18, 18, 18))


def moved_table(facts: Facts, result: EvaluationResult, language: Language, say: Say) -> Iterator[Table]:
    """Scores and ranks that differ from the version before."""
    digits = result.scheme.digits
    rows = [
        (
            clean(each.unit.name),
            score_text(each.score, digits),
            score_text(each.unit.score, digits),
            str(each.rank or MISSING),
            str(each.unit.rank or MISSING),
        )
        for each in facts.moved or ()
    ]
    if rows:
        heads = ("unit", "before", "now", "rank_before", "rank")
        yield _table("moved", _caption("moved", language), heads, rows, say, (40, 15, 15, 15, 15))


def definition_tables(result: EvaluationResult, language: Language, say: Say) -> Iterator[Table]:
    """What every figure means, and where the scheme's grades begin."""
    grades = [
        (clean(grade.title.zh if language == "zh" else grade.title.en), score_text(grade.lowest, 0))
        for grade in result.scheme.grades
    ]
    if grades:
        yield _table("grades", _caption("grades", language), ("grade", "from_score"), grades, say, (60, 40))
    rows = tuple(definitions(result, language, say))
    align: tuple[Align, ...] = ("left", "left", "left")
    heads = (say("name"), say("meaning"), say("source"))
    yield Table("definitions", _caption("definitions", language), heads, rows, align, (16, 56, 28))


def definitions(result: EvaluationResult, language: Language, say: Say) -> Iterator[tuple[str, str, str]]:
    """Each ratio and count of the bulletin with its definition and source."""
    from models.evaluation_counts import BY_NAME

    own = {ratio.code for ratio in result.scheme.ratios}
    for ratio in result.scheme.ratios:
        title = clean(ratio.title.zh if language == "zh" else ratio.title.en)
        yield (title, _readable(ratio.formula, language), clean(ratio.source))
    source = word("bulletin_city_ratio", "source", language)
    for code in CITY_RATIOS:
        if code not in own:
            yield (word("ratio", code, language), word("bulletin_city_ratio", code, language), source)
    for name in (*_COUNTS, *(code for code in result.scheme.figures if code in set(CountName) and code not in _COUNTS)):
        count = BY_NAME[CountName(name)]
        yield (word("count", name, language), word("count_means", name, language), count.source)


def figure_name(code: str, language: Language, say: Say) -> str:
    """What a key figure is called."""
    if code in CITY_RATIOS:
        return word("ratio", code, language)
    return word("count", code, language) if code in set(CountName) else say(code)


def unit_figure(unit: UnitResult, code: str) -> str:
    """A count or ratio of a unit as it is written."""
    if code in unit.scoring:
        return whole(unit.scoring[code])
    return percent(unit_share(unit, code))


_COUNTS: tuple[str, ...] = (
    *("reported", "filed", "due_to_close", "closed", "closed_on_time", "closed_late", "overdue_open", "reworked"),
    *("extended", "suspended", "exempt"),
)


def _list_of(unit: UnitResult, result: EvaluationResult, each: int) -> Iterator[tuple[str, ...]]:
    mine = sorted((case for case in result.backlog if case.unit == unit.unit), key=lambda one: (one.due_at, one.number))
    for case in mine[:each]:
        yield (clean(unit.name), *case_cells(case), whole(max((result.counted_at - case.due_at).days, 0)))


def case_cells(case: BacklogCase) -> tuple[str, ...]:
    """An overdue case as cells: number, class, area, when it was due."""
    return (
        clean(case.number) or MISSING,
        clean(case.class_name) or MISSING,
        clean(case.area or MISSING),
        f"{case.due_at:%m-%d %H:%M}",
    )


def _figure_head(code: str, result: EvaluationResult, language: Language, say: Say) -> str:
    if code in set(CountName):
        return word("count", code, language)
    own = {ratio.code: ratio.title for ratio in result.scheme.ratios}
    if code in own:
        return clean(own[code].zh if language == "zh" else own[code].en)
    return word("ratio", code, language)


def _readable(formula: str, language: Language) -> str:
    """A formula with the names of counts in words. Example: "closed / due_to_close" -> "结案 ÷ 应结案"."""
    words = [word("count", part, language) if part in set(CountName) else part for part in clean(formula).split(" ")]
    return " ".join(words).replace(" / ", " ÷ ").replace(" * ", " × ")


def _table(
    name: str, title: str, heads: Sequence[str], rows: Sequence[tuple[str, ...]], say: Say, widths: Sequence[float]
) -> Table:
    """A table whose first column is text and whose others are numbers."""
    numbers: list[Align] = ["right" for _ in heads[1:]]
    align: tuple[Align, ...] = ("left", *numbers)
    return Table(name, title, tuple(say(code) for code in heads), tuple(rows), align, tuple(widths))


def _caption(code: str, language: Language) -> str:
    return word("bulletin_caption", code, language)
