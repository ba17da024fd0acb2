"""`zhihui replay`: real reports through the real rules on virtual time, without a server or a database."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deployments import replay_wording
from deployments.named_city import CityUnknown, named_city
from models.city import City
from tasks.directory import DirectoryFaulty
from tasks.intake_errors import IntakeFileError
from tasks.replay import (
    Deadlines,
    FileRead,
    OnProgress,
    Replayed,
    default_deadlines,
    play_reports,
    read_reports,
    replay_json,
    write_cases,
)
from tasks.settings import SettingsError
from tasks.source_mappings import find_mapping
from tasks.what_if import REPLACEABLE, compare, compared_json, stored_reports, supposed_city, write_changes

REFUSED = 1


def replay(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="CSV, XLSX or JSON lines, also gzipped.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the source's mapping, such as boston311.")
    ] = None,
    month: Annotated[
        str | None,
        typer.Option(metavar="MONTH", help="Instead of a file: the stored reports of a past month, such as 2026-08."),
    ] = None,
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
        typer.Option(
            metavar="DIR",
            help="City directory to play under; by default ZHIHUI_CITY, of a month the directory in force.",
        ),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What if: another policy.yaml; both are shown side by side.")
    ] = None,
    limits: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What if: another catalogue.csv, with other limits.")
    ] = None,
    responsibility: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What if: another responsibility.csv.")
    ] = None,
    calendar: Annotated[Path | None, typer.Option(metavar="FILE", help="What if: another calendar.csv.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for programs.")] = False,
    cases_out: Annotated[
        Path | None,
        typer.Option("--cases-out", metavar="FILE.csv", help="Write one row a case, of a what-if a changed case."),
    ] = None,
) -> None:
    """Run real reports through the rules on virtual time: no server, no database, nothing is kept.

    Example: zhihui replay requests.csv.gz --source boston311 --cases-out cases.csv; zhihui replay --month 2026-08
    --limits other-catalogue.csv --cases-out changed.csv

    Reports are read, mapped and refused as `zhihui intake` does, and every case goes through its state changes. A rule
    `replay` plays the seats; units receive at once and report as handled at the source's closing time; inspectors find
    it well done. With --deadlines city the city's own catalogue and calendar count; of a condition with two limits the
    first.

    With another policy, other limits, responsibility or calendar the same reports are played twice, by the city's own
    deadlines, and shown side by side: what it would have done to each unit, and which cases would have ended otherwise.

    Exit code 0: played; 1: refused, because file, mapping or city cannot be used; 2: wrong usage.
    """
    supposed = {"policy": policy, "limits": limits, "responsibility": responsibility, "calendar": calendar}
    others = {what: path for what, path in supposed.items() if path is not None}
    if (file is None) == (month is None) or (file is not None and source is None):
        raise typer.BadParameter(replay_wording.what_to_play())
    try:
        played_city, documents = _city_in_force() if month and city is None else named_city(city)
        end = _moment(until, played_city.zone)
        _require_folder(cases_out)
        # Where limits are in question only the city's own count.
        own = "city" if others or month else deadlines
        read = _stored(month) if month else _file(file, source, played_city, documents, end, own)
        done = _play(read, played_city, end)
        if others:
            after = _play(read, supposed_city(documents, others), end)
            compared = compare(done, after, [REPLACEABLE[what] for what in others])
    except (IntakeFileError, DirectoryFaulty, CityUnknown, SettingsError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    if not others:
        _write(cases_out, lambda path: write_cases(path, done.cases, played_city))
        _tell(replay_json(done) if as_json else replay_wording.summary(done))
        return
    _write(cases_out, lambda path: write_changes(path, compared, played_city))
    _tell(compared_json(compared) if as_json else replay_wording.side_by_side(compared, played_city))


@dataclass(frozen=True, slots=True)
class _Read:
    """Reports that are to be played, and by whose deadlines."""

    file: FileRead
    deadlines: Deadlines
    zone: ZoneInfo
    seconds: float
    """What reading them took."""


def _file(
    file: Path | None,
    source: str | None,
    city: City,
    documents: Mapping[str, str],
    until: datetime | None,
    deadlines: Deadlines | None,
) -> _Read:
    if file is None or source is None:
        raise typer.BadParameter(replay_wording.what_to_play())
    began = perf_counter()
    mapping = find_mapping(source, documents)
    found = read_reports(file, mapping, city, datetime.now(city.zone), until)
    return _Read(found, deadlines or default_deadlines(mapping), mapping.zone, perf_counter() - began)


def _stored(month: str) -> _Read:
    """The reports of a month from the city's database; a clear line and exit code 1 where there is none."""
    from deployments.city_at_hand import city_to_read

    began = perf_counter()
    with city_to_read() as (city, connection):
        try:
            reports = stored_reports(connection, city, month)
        except ValueError as error:
            raise typer.BadParameter(replay_wording.no_month(month)) from error
        found = FileRead(len(reports), reports, 0, Counter(), 0)
        return _Read(found, "city", city.zone, perf_counter() - began)


def _city_in_force() -> tuple[City, Mapping[str, str]]:
    """The city by the edition in force in the database, with its documents."""
    from deployments.city_at_hand import city_to_read
    from tasks.city_edition import documents_of_edition

    with city_to_read() as (city, connection):
        return city, documents_of_edition(connection, city.edition)


def _play(read: _Read, city: City, until: datetime | None) -> Replayed:
    with _progress() as on_progress:
        done = play_reports(read.file, city, until, read.deadlines, zone=read.zone, on_progress=on_progress)
    return replace(done, seconds=done.seconds + read.seconds)


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


def _write(file: Path | None, write: Callable[[Path], None]) -> None:
    if file is None:
        return
    try:
        write(file)
    except OSError as error:
        typer.echo(replay_wording.not_written(str(file), error.strerror or str(error)), err=True)
        raise typer.Exit(REFUSED) from error


def _tell(said: Mapping[str, Any] | Iterator[str]) -> None:
    if isinstance(said, Mapping):
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    for line in said:
        typer.echo(line)
