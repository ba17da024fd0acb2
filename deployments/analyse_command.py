"""`zhihui analyse`: what stands out in a period, as a page for people, files to hand on, or one object for programs."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from deployments.city_at_hand import REFUSED, AsJson, city_to_read, now, refuse
from models.period_analysis import Span
from models.refusal import Refusal
from tasks.analysis_report import analysis_files, report_page, write_files
from tasks.period_analysis import analyse_period, last_week, part_of


def analyse(
    first: Annotated[str | None, typer.Argument(metavar="FIRST", help="First day, such as 2026-08-01.")] = None,
    last: Annotated[str | None, typer.Argument(metavar="LAST", help="Last day, included; default: the first.")] = None,
    area: Annotated[
        str | None, typer.Option("--area", metavar="AREA", help="Only this area, by its name or code.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="UNIT", help="Only cases this unit was the first to have.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", file_okay=False, help="Folder for HTML, XLSX and JSON; made where missing."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show hot spots, recurrences and rises of a period, each with the cases behind; without days of last week.

    Example: zhihui analyse 2026-08-01 2026-08-31 --out august; zhihui analyse --area 梨河镇; zhihui analyse --json

    A hot spot is a class in a town; a recurrence the same class within 50 m and 30 days of the closing; a rise a day
    above the usual of its weekday. The same rows give the same bytes.

    Exit code 0: done; 1: refused, because the period cannot be or the database cannot be read; 2: wrong usage.
    """
    with city_to_read() as (city, connection):
        moment = now()
        monday, sunday = last_week(city, moment)
        start = _day(first) if first else monday
        end = _day(last) if last else (start if first else sunday)
        found = analyse_period(connection, city, Span(start, end, *part_of(city, area, unit)), moment)
        if isinstance(found, Refusal):
            refuse(found, city)
    if as_json:
        typer.echo(found.written().decode())
    if out is None:
        if not as_json:
            typer.echo(report_page(found, city).rstrip("\n"))
        return
    try:
        paths = write_files(out, analysis_files(found, city))
    except OSError as error:
        typer.echo(f"无法写入 {out}：{error.strerror}。{out} cannot be written.", err=True)
        raise typer.Exit(REFUSED) from error
    for path in paths:
        typer.echo(str(path), err=as_json)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"“{text}”不是日期，请写成 2026-08-01。{text!r} is no day.") from error
