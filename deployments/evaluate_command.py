"""`zhihui evaluate`: a month by the city's scheme, or what it counts alone."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from deployments.city_at_hand import AsJson, city_to_change, city_to_read, now, print_json
from models.city import City
from models.evaluation_counts import COUNTS, CountLine, CountName
from models.evaluation_marks import Cut, Statistic
from models.evaluation_result import EvaluationResult, UnitResult
from models.refusal import Refusal
from tasks.counted_marks import Period, month_period
from tasks.evaluation_counts import Counted, Value, count
from tasks.evaluation_course import draft_months
from tasks.evaluation_notices import shown_score
from tasks.evaluations import evaluate as evaluate_month
from tasks.refusals import render_refusal
from tasks.retold_facts import retell_facts
from tasks.schemes import SchemeFaulty, SchemeMissing
from tasks.words import Language, word

REFUSED = 1

LANGUAGES: tuple[Language, ...] = ("zh", "en")


def evaluate(
    month: Annotated[str | None, typer.Argument(metavar="MONTH", help="Such as 2019-05.")] = None,
    counts: Annotated[bool, typer.Option("--counts", help="Only the counts, without a scheme.")] = False,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="CUT",
            help=f"Tell them apart by this: {', '.join(Cut)}. Several together: --by unit,class.",
        ),
    ] = None,
    scheme: Annotated[
        str | None, typer.Option("--scheme", metavar="NAME", help="Another scheme than the city's own.")
    ] = None,
    freeze: Annotated[
        bool, typer.Option("--freeze", help="Freeze the month as the flow does, and tell who is concerned.")
    ] = False,
    as_json: AsJson = False,
    rebuild_facts: Annotated[
        bool, typer.Option("--rebuild-facts", help="First tell the facts of all cases anew from their events.")
    ] = False,
) -> None:
    """Count, score and rank a month by the city's scheme, as it stands now; nothing is stored without --freeze.

    Example: zhihui evaluate 2019-05 --json; zhihui evaluate 2019-05 --scheme yuncheng; zhihui evaluate 2019-05 --counts
    --by unit --json

    With another scheme the month is shown by the city's own and by the other side by side: score, rank and grade of
    every unit; --json then gives the result by the other alone.

    With --counts only the counts are told: per period of the deadline (scoring) and per period of the event (workload);
    every count is defined in docs/counts.md. A month that is still open is counted up to now. --json gives the whole
    result with every step of every score.

    Exit code 0: done; 1: refused, because there is no city or the database cannot be read; 2: wrong usage.
    """
    cuts = _cuts(by or [])
    if cuts and not counts:
        raise typer.BadParameter("--by 须与 --counts 同用。--by goes with --counts.")
    if rebuild_facts:
        _rebuild()
    if month is None:
        if rebuild_facts:
            return
        raise typer.BadParameter("请写月份，例如 2019-05。Name a month, such as 2019-05.")
    if freeze:
        _freeze(month, scheme)
        return
    if not counts:
        _evaluate(month, scheme, as_json)
        return
    with city_to_read() as (city, connection):
        found = count(connection, city, _period(month, city), cuts, now=now())
    if as_json:
        print_json(counted_json(month, found, city))
    else:
        for line in _table(month, found, city):
            typer.echo(line)


def _cuts(by: list[str]) -> list[Cut]:
    named = [name.strip() for each in by for name in each.split(",")]
    for name in named:
        if name not in tuple(Cut):
            raise typer.BadParameter(f"“{name}”不能用来分列，可用 · is no cut; there are: {', '.join(Cut)}.")
    return [Cut(name) for name in dict.fromkeys(named)]


def _evaluate(month: str, scheme: str | None, as_json: bool) -> None:
    with city_to_read() as (city, connection):
        _period(month, city)
        moment, own = now(), None
        try:
            result = evaluate_month(connection, city, month, moment, scheme=scheme)
            if scheme is not None and scheme != city.evaluation.scheme and not as_json:
                own = evaluate_month(connection, city, month, moment)
        except (SchemeMissing, SchemeFaulty) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(REFUSED) from error
    if as_json:
        typer.echo(result.written().decode())
        return
    for line in ranking_lines(result) if own is None else beside_lines(own, result):
        typer.echo(line)


def _freeze(month: str, scheme: str | None) -> None:
    if scheme is not None:
        raise typer.BadParameter("固定只按本市细则进行，请去掉 --scheme。A month is frozen by the city's own scheme.")
    with city_to_change() as (city, connection):
        _period(month, city)
        found = draft_months(connection, city, now(), month=month)
        if isinstance(found, Refusal):
            for language in LANGUAGES:
                typer.echo(render_refusal(found.code, found.facts, language, city), err=True)
            raise typer.Exit(REFUSED)
    for version in found:
        typer.echo(f"{version.month} 第{version.version}版 · version {version.version} · {version.digest}")
    if not found:
        typer.echo("数字没有变化，不形成新版本 · the figures have not moved, no new version")


def ranking_lines(result: EvaluationResult) -> Iterator[str]:
    """The ranking of each group as lines for a terminal."""
    opening = "，未结束，统计至此刻 · still open" if result.open else ""
    yield f"{result.month} {result.scheme.title.zh} · {result.scheme.title.en}{opening}"
    grades = {grade.code: grade.title.zh for grade in result.scheme.grades}
    for group in result.groups:
        yield ""
        yield f"{group.title.zh} · {group.title.en}"
        for unit in group.units:
            score = shown_score(result, unit.score) or word("evaluation_none", unit.why_none or "missing", "zh")
            figures = f"{unit.scoring['due_to_close']:>6} {unit.scoring['overdue_open']:>6}"
            yield f"  {unit.rank or '-':>3} {score:>8} {figures}  {grades.get(unit.grade or '', '')} {unit.name}"


def beside_lines(own: EvaluationResult, other: EvaluationResult) -> Iterator[str]:
    """Every unit by two schemes: score, rank and grade by each, and how many places it moves."""
    yield f"{own.month} 现行 now：{own.scheme.title.zh}（{own.scheme.name}）"
    yield f"{own.month} 设想 supposed：{other.scheme.title.zh}（{other.scheme.name}）"
    by_other = {unit.unit: unit for unit in other.units()}
    for group in own.groups:
        yield ""
        yield f"{group.title.zh} · {group.title.en}"
        for unit in group.units:
            then = by_other.get(unit.unit)
            moved = f"{unit.rank - then.rank:+d}" if unit.rank and then and then.rank and unit.rank != then.rank else ""
            yield f"  {_placed(own, unit)} | {_placed(other, then)} {moved:>4}  {unit.name}"


def _placed(result: EvaluationResult, unit: UnitResult | None) -> str:
    """Rank, score and grade of a unit, or why it has none."""
    if unit is None or unit.score is None:
        why = word("evaluation_none", unit.why_none or "missing", "zh") if unit else "–"
        return f"{'-':>3} {why}"
    grades = {grade.code: grade.title.zh for grade in result.scheme.grades}
    return f"{unit.rank or '-':>3} {shown_score(result, unit.score):>8} {grades.get(unit.grade or '', '')}"


def counted_json(month: str, found: Counted, city: City) -> dict[str, Any]:
    """What `--json` says; the names are stable for programs."""
    return {
        "month": month,
        "start": found.period.start,
        "end": found.period.end,
        "counted_at": found.now.astimezone(city.zone),
        "open": found.now < found.period.end,
        "by": [cut.value for cut in found.cuts],
        "total": _line(found.total),
        "lines": [
            {"of": {cut.value: part for cut, part in zip(found.cuts, value, strict=True)}, **_line(line)}
            for value, line in (found.lines.items() if found.cuts else ())
        ],
    }


def _line(line: CountLine) -> dict[str, Mapping[CountName, int]]:
    return {statistic.value: line.of(statistic) for statistic in Statistic}


def _period(month: str, city: City) -> Period:
    try:
        return month_period(month, city)
    except ValueError as error:
        raise typer.BadParameter(f"“{month}”不是月份，请写成 2019-05。{month!r} is no month.") from error


def _rebuild() -> None:
    with city_to_change() as (_, connection):
        done = retell_facts(connection, lambda cases: typer.echo(f"\r已重建 {cases} 件", nl=False, err=True))
    typer.echo(f"\n案件 {done.cases} 件，事实 {done.rows} 行 · cases, rows of facts told anew", err=True)
    if done.untold:
        typer.echo(f"无法由事件重建 {len(done.untold)} 件，请运行 zhihui audit verify · cannot be told", err=True)


def _table(month: str, found: Counted, city: City) -> Iterator[str]:
    opening = "，未结束，统计至此刻 · still open" if found.now < found.period.end else ""
    yield f"{month}{opening}"
    yield from _block("合计 · total", found.total)
    for value, line in found.lines.items() if found.cuts else ():
        yield from _block(_called(value, found.cuts, city), line)


def _block(title: str, line: CountLine) -> Iterator[str]:
    yield ""
    yield f"{title}    {word('statistic', 'scoring', 'zh')} / {word('statistic', 'workload', 'zh')}"
    for each in COUNTS:
        scoring, workload = line.scoring[each.name], line.workload[each.name]
        if scoring or workload:
            yield f"  {word('count', each.name, 'zh')} {each.name.value:<20} {scoring:>10} {workload:>10}"


def _called(value: Value, cuts: tuple[Cut, ...], city: City) -> str:
    return "，".join(
        f"{word('cut', cut, 'zh')} {_name(cut, part, city)}" for cut, part in zip(cuts, value, strict=True)
    )


def _name(cut: Cut, code: str | None, city: City) -> str:
    if code is None:
        return "（无）"
    known: Mapping[str, Any] = {Cut.UNIT: city.units, Cut.POST: city.posts, Cut.AREA: city.areas}.get(cut, {})
    found = known.get(code)
    return f"{found.name}（{code}）" if found else code
