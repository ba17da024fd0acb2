"""`zhihui analyse`: what stands out in a period, as a page for people or one object for programs."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from deployments.city_at_hand import REFUSED, AsJson, city_to_read, now, refuse
from models.refusal import Refusal
from tasks.analysis_report import report_page
from tasks.period_analysis import analyse_period, analysis_json, last_week


def analyse(
    first: Annotated[str | None, typer.Argument(metavar="FIRST", help="First day, such as 2026-08-01.")] = None,
    last: Annotated[str | None, typer.Argument(metavar="LAST", help="Last day, included; default: the first.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.md", help="Write the page to this file instead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show hot spots, recurrences and rises of a period, each with the cases behind; without days of last week.

    Example: zhihui analyse 2026-08-01 2026-08-31 --out august.md; zhihui analyse --json

    A hot spot is a class in a town; a recurrence the same class within 50 m and 30 days of the closing; a rise a day
    above the usual of its weekday. The same rows give the same bytes.

    Exit code 0: done; 1: refused, because the period cannot be or the database cannot be read; 2: wrong usage.
    """
    with city_to_read() as (city, connection):
        moment = now()
        monday, sunday = last_week(city, moment)
        start = _day(first) if first else monday
        end = _day(last) if last else (start if first else sunday)
        found = analyse_period(connection, city, start, end, moment)
        if isinstance(found, Refusal):
            refuse(found, city)
    text = analysis_json(found) if as_json else report_page(found, city)
    if out is None:
        typer.echo(text.rstrip("\n"))
        return
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        typer.echo(f"无法写入 {out}：{error.strerror}。{out} cannot be written.", err=True)
        raise typer.Exit(REFUSED) from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"“{text}”不是日期，请写成 2026-08-01。{text!r} is no day.") from error
