"""`zhihui replay`: real reports through the real rules on virtual time, without a server or a database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deployments import replay_wording
from deployments.named_city import CityUnknown, named_city
from models.city import City
from tasks.directory import DirectoryFaulty
from tasks.intake_errors import IntakeFileError
from tasks.replay import Deadlines, OnProgress, Replayed, replay_file, replay_json, write_cases
from tasks.settings import SettingsError
from tasks.source_mappings import find_mapping

REFUSED = 1


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, XLSX or JSON lines, also gzipped.")],
    source: Annotated[str, typer.Option(metavar="NAME", help="Name of the source's mapping, such as boston311.")],
    until: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Last day or moment that is played; by default the last closing time."),
    ] = None,
    deadlines: Annotated[
        Deadlines | None,
        typer.Option(help="Whose deadlines count; by default the source's own where its mapping has them."),
    ] = None,
    city: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="City directory to play under; by default ZHIHUI_CITY."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for programs.")] = False,
    cases_out: Annotated[
        Path | None, typer.Option("--cases-out", metavar="FILE.csv", help="Write one row a case to this file.")
    ] = None,
) -> None:
    """Run real reports through the rules on virtual time: no server, no database, nothing is kept.

    Example: zhihui replay requests.csv.gz --source boston311 --cases-out cases.csv

    Reports are read, mapped and refused as `zhihui intake` does, and every case goes through its state changes. A rule
    `replay` plays the seats; units receive at once and report as handled at the source's closing time; inspectors find
    it well done. With --deadlines city the city's own catalogue and calendar count; of a condition with two limits the
    first.

    Exit code 0: played; 1: refused, because file, mapping or city cannot be used; 2: wrong usage.
    """
    try:
        played_city, documents = named_city(city)
        mapping = find_mapping(source, documents)
        end = _moment(until, played_city.zone)
        _require_folder(cases_out)
        with _progress() as on_progress:
            done = replay_file(
                file,
                mapping,
                played_city,
                now=datetime.now(played_city.zone),
                until=end,
                deadlines=deadlines,
                on_progress=on_progress,
            )
    except (IntakeFileError, DirectoryFaulty, CityUnknown, SettingsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    if cases_out is not None:
        _write(cases_out, done, played_city)
    _tell(done, as_json)


def _moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    """The moment of `--until`; a day counts to its end."""
    if text is None:
        return None
    try:
        if len(text) <= len("2011-12-31"):
            return datetime.combine(date.fromisoformat(text), time.max, zone)
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(replay_wording.no_moment(text)) from error
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _require_folder(file: Path | None) -> None:
    """See that the rows can be kept before the work is done."""
    if file is not None and not file.absolute().parent.is_dir():
        raise typer.BadParameter(replay_wording.no_folder(str(file.parent)))


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """A bar on standard error, so that standard output stays for programs."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(replay_wording.progress(), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _write(file: Path, done: Replayed, city: City) -> None:
    try:
        write_cases(file, done.cases, city)
    except OSError as error:
        typer.echo(replay_wording.not_written(str(file), error.strerror or str(error)), err=True)
        raise typer.Exit(REFUSED) from error


def _tell(done: Replayed, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(replay_json(done), ensure_ascii=False))
        return
    for line in replay_wording.summary(done):
        typer.echo(line)
