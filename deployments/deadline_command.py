"""`zhihui deadline`: the moment a limit runs out, and why, without a database or a server."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from models.worktime import (
    CalendarGap,
    LimitUnreadable,
    WorkCalendar,
    WorkHours,
    parse_limit,
)
from models.worktime_errors import WorktimeError

REFUSED = 1
CITY_ZONE = ZoneInfo("Asia/Shanghai")


def deadline(
    start: Annotated[str, typer.Argument(help="When the clock starts, ISO 8601; without a zone it is the city's.")],
    limit: Annotated[str, typer.Argument(help='The limit, such as "4 work_hour", "2紧急工作时", "3 工作日".')],
    city: Annotated[
        Path | None, typer.Option(metavar="DIR", help="City directory whose hours and calendar count.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for programs.")] = False,
) -> None:
    """Say when a limit runs out and which hours counted on the way.

    Example: zhihui deadline 2019-04-30T17:00 "4 work_hour"

    Exit code 0: said; 1: refused, because the limit or the moment cannot be read, or because the official calendar
    ends before the limit does.
    """
    try:
        calendar = _calendar(city)
        begun = _moment(start, calendar.zone)
        basis, amount = calendar.allowance(parse_limit(limit))
        due = calendar.due(begun, basis, amount)
        lines = calendar.explain(begun, basis, amount)
    except (CalendarGap, LimitUnreadable, WorktimeError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    told = [
        f"{line.start:%Y-%m-%d %H:%M} - {line.end:%Y-%m-%d %H:%M} +{line.counted} {line.name}"
        for line in lines
        if line.end
    ]
    if as_json:
        typer.echo(json.dumps({"due_at": due.at.isoformat(), "explanation": told}, ensure_ascii=False))
        return
    typer.echo(due.at.isoformat())
    for line_told in told:
        typer.echo("  " + line_told)


def _calendar(folder: Path | None) -> WorkCalendar:
    """The calendar of a city directory; without one, working hours 08:00-12:00 and 14:00-18:00 in Asia/Shanghai."""
    if folder is None:
        return WorkCalendar(CITY_ZONE, WorkHours())
    # A city's tables are read only where one is named: the plain question starts in a tenth of a second.
    from tasks.directory import city_from_documents, read_directory

    files = read_directory(folder)
    return city_from_documents(files.documents).calendar


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f'"{text}" is no moment. Write it as 2019-04-30T17:00 or 2019-04-30T17:00+08:00.') from error
    return found if found.tzinfo else found.replace(tzinfo=zone)
