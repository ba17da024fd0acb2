"""`zhihui score`: one line of counts through a scheme of evaluation, each step shown; no database, no server."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from models.directory.fault import listed, suggestion
from models.directory.scheme_yaml import SCHEMES_FOLDER
from models.scheme import Group, Scheme
from models.scheme_counts import CountsUnreadable, read_counts
from models.scheme_entries import read_entries
from models.scored import Scored, ScoreRefused, Step, StepKind, plain, rounded
from models.scoring import ExemptCases
from models.scoring import score as scored_by
from tasks.schemes import SchemeFaulty, SchemeMissing, find_scheme
from tasks.words import word

REFUSED = 1


def score(
    scheme: Annotated[str, typer.Option("--scheme", metavar="NAME", help="The scheme, such as yuncheng or xinzheng.")],
    counts: Annotated[str, typer.Option("--counts", metavar="JSON", help='Counts: {"due_to_close": 100, …}.')],
    group: Annotated[
        str | None, typer.Option("--group", metavar="G", help="A group of the scheme; without it the system score.")
    ] = None,
    manual: Annotated[
        str, typer.Option("--manual", metavar="JSON", help="What persons enter, by the names of the scheme.")
    ] = "{}",
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="The day whose scheme counts; else the latest.")
    ] = None,
    exempt: Annotated[
        ExemptCases,
        typer.Option("--exempt", help="Suspended and exempt cases: inside the counts, or apart as evaluate has them."),
    ] = ExemptCases.INSIDE,
    city: Annotated[
        Path | None, typer.Option("--city", metavar="DIR", help="City directory whose own schemes come first.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The object on one line and nothing else.")] = False,
) -> None:
    """Take one line of counts through a scheme of evaluation and show each step.

    Example: zhihui score --scheme yuncheng --counts '{"due_to_close": 16475, "closed": 16454, "closed_late": 194,
    "extended": 219, "reworked": 18}'

    Standard output is one JSON object with score, grade and steps; without --json the same steps are told on standard
    error too. Where a value is missing, or the scheme is not complete, the score is null, never 0.

    Exit code 0: said, also where there is no score; 1: refused, because a name is unknown, counts contradict each
    other, something is divided by zero, or the scheme has a fault; 2: wrong usage.
    """
    try:
        found = find_scheme(scheme, _documents(city), _day(on))
        chosen = _group(found, group)
        given, entries = read_counts(_object("--counts", counts)), read_entries(found, _object("--manual", manual))
        result = scored_by(found, given, entries, chosen, exempt=exempt)
    except (CountsUnreadable, ScoreRefused, SchemeFaulty, SchemeMissing) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    told = {"scheme": found.name, "group": chosen.code if chosen else None, **result.told()}
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for line in _lines(found, chosen, result):
        typer.echo(line, err=True)
    typer.echo(json.dumps(told, ensure_ascii=False, indent=2))


def _documents(city: Path | None) -> Mapping[str, str]:
    if city is None:
        return {}
    # A city's tables are read only where one is named: the plain question starts in a quarter of a second.
    from models.directory.city_builder import NO_FOLDER
    from tasks.directory import read_directory

    files = read_directory(city)
    # What is wrong with the city's other files is no matter of a score.
    faults = tuple(fault for fault in files.faults if fault.file == NO_FOLDER or fault.file.startswith(SCHEMES_FOLDER))
    if faults:
        raise SchemeFaulty(faults)
    return files.documents


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise typer.BadParameter(f'"{text}" is no date. Write it as 2026-08-01.', param_hint="--on") from error


def _group(scheme: Scheme, named: str | None) -> Group | None:
    if named is None:
        return None
    found = scheme.group(named)
    if found is None:
        codes = [group.code for group in scheme.groups]
        remedy = f"{suggestion(named, codes)} Its groups are {listed(codes)}." if codes else "It has no groups."
        raise SchemeMissing(f'"{named}" is no group of the scheme {scheme.name}.', remedy)
    return found


def _object(option: str, text: str) -> dict[str, Any]:
    try:
        # Numbers stay as written: 0.1 is a tenth.
        found = json.loads(text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once)
    except (json.JSONDecodeError, RecursionError) as error:
        hint = "Write it in single quotes, such as '{\"due_to_close\": 100}'."
        raise typer.BadParameter(f"this is no JSON: {error}. {hint}", param_hint=option) from error
    if not isinstance(found, dict):
        raise typer.BadParameter('this is no JSON object. Write {"name": number, …}.', param_hint=option)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise CountsUnreadable(f'"{twice}" stands there twice. Keep one of them.')
    return found


def _no_number(text: str) -> Any:
    raise CountsUnreadable(f"{text} is no number.")


def _lines(scheme: Scheme, group: Group | None, result: Scored) -> list[str]:
    """The reckoning as people read it."""
    head = f"{scheme.title}" + (f" · {group.title}" if group else "")
    if scheme.proposal:
        head += " · 本项目建议方案，非正式文件 our proposal, nobody's rule"
    return [head, *(_line(scheme, step) for step in result.steps)]


def _line(scheme: Scheme, step: Step) -> str:
    put_in = ", ".join(f"{_called(scheme, name)} {plain(value)}" for name, value in step.values.items())
    formula = f" = {step.formula}" if step.formula else ""
    note = f" ({step.note})" if step.note else ""
    missing = f" 缺 missing: {', '.join(step.missing)}" if step.missing else ""
    if step.kind is StepKind.SCORE:
        shown = "—" if step.result is None else f"{rounded(step.result, scheme.digits):f}"
        grade = scheme.grade(step.result) if step.result is not None else None
        return f"得分 score: {shown}{f' {grade.title}' if grade else ''}{note}{missing}"
    most = f" /{plain(step.points)}" if step.points is not None else ""
    called = step.title or (word("score_step", step.kind, "zh") if step.kind is StepKind.SYSTEM else None)
    called = called or _called(scheme, step.item)
    return f"  {called}: {plain(step.result)}{most}{formula}{f' [{put_in}]' if put_in else ''}{note}{missing}"


def _called(scheme: Scheme, name: str) -> str:
    """A name with its Chinese: of a count from the words, of everything else from the scheme."""
    named = scheme.ratios.get(name) or scheme.manual.get(name)
    chinese = named.title.zh if named else word("count", name, "zh")
    return name if chinese == name else f"{chinese} {name}"
