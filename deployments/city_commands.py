"""`zhihui city`: check a city directory, put it in force, and write the one in force back as files."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import Connection

from models.city import City
from models.city_change import HandChange, changed_hands
from tasks.city_edition import (
    CityEditionError,
    LoadReport,
    NoCityLoaded,
    current_city,
    current_edition,
    documents_of_edition,
    load_city,
    open_cases,
)
from tasks.database import open_database, reading, transaction
from tasks.database_errors import DatabaseError
from tasks.directory import DirectoryFaulty, Fault, Severity, build_city, read_directory
from tasks.directory_changes import Undone, hold_city, shown_row, undone_by
from tasks.directory_files import CityFilesInTheWay, write_city
from tasks.lifecycle import wake_all
from tasks.settings import SettingsError, read_settings

city_app = typer.Typer(
    help="Check a city directory, put it in force, or write it back.", no_args_is_help=True, add_completion=False
)

REFUSED = 1
ZONE = ZoneInfo("Asia/Shanghai")
BY_COMMAND = "command_line"
"""Who loaded an edition where nobody is named."""

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", exists=True, file_okay=False, readable=True, help="Folder with city.yaml.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for programs.")]


@city_app.command()
def check(folder: Folder, as_json: AsJson = False) -> None:
    """Name every fault of a city directory: file, row, column, what is wrong, what would be right.

    Example: zhihui city check deployments/cities/xinzheng

    Exit code 0: fit to be loaded (warnings may stand); 1: at least one error.
    """
    city, faults = build_city(read_directory(folder), datetime.now(ZONE).date())
    if as_json:
        _print_json({**_judgement(faults), "edition": city.edition if city else None})
    else:
        _print_faults(faults, _size(city) if city else str(folder))
    if _errors(faults):
        raise typer.Exit(REFUSED)


@city_app.command()
def load(
    folder: Folder,
    yes: Annotated[bool, typer.Option("--yes", help="Load also where open cases change hands.")] = False,
    by: Annotated[str | None, typer.Option(metavar="POST", help="Post that loads it, a code of posts.csv.")] = None,
    undo: Annotated[
        bool, typer.Option("--undo-desk-changes", help="Load also where that undoes what was changed at the desk.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a city directory in force: in one transaction, and told row by row what changed.

    Example: zhihui city load deployments/cities/xinzheng --by admin-1

    A directory with an error is refused. The same directory again changes nothing. Where open cases would change
    hands they are listed, and nothing is loaded without --yes. Where the files do not hold what administrators changed
    at the desk, those rows are listed, and nothing is loaded without --undo-desk-changes.

    Exit code 0: in force; 1: refused.
    """
    now = datetime.now(ZONE)
    files = read_directory(folder)
    city, faults = build_city(files, now.date())
    if city is None:
        _refuse_faulty(faults, as_json)
        return
    _refuse_unknown_post(city, by)
    try:
        engine = open_database(read_settings().database_url)
        try:
            with transaction(engine) as connection:
                hold_city(connection)
                moving, undone = _moving(connection, city), undone_by(connection, files.documents)
                kept = (moving and not yes) or (undone and not undo)
                report = None if kept else load_city(connection, files, now, by or BY_COMMAND)
                if report and report.loaded:
                    wake_all(connection, now)  # another calendar or another unit may move any open case
        finally:
            engine.dispose()
    except (CityEditionError, DatabaseError, SettingsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    _print_load(report, moving, undone, faults, as_json)


@city_app.command()
def export(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", file_okay=False, help="Folder to write to; made if missing.")
    ],
    as_json: AsJson = False,
) -> None:
    """Write the city directory in force as files, with all that was changed at the desk.

    Example: zhihui city export deployments/cities/xinzheng

    Files of the same name are replaced. Where the folder holds a file of a city that the edition in force does not
    have, nothing is written: together they would be another city.

    Exit code 0: written; 1: refused.
    """
    try:
        engine = open_database(read_settings().database_url, migrate=False)
        try:
            with reading(engine) as connection:
                edition = current_edition(connection)
                documents = documents_of_edition(connection, edition) if edition else {}
        finally:
            engine.dispose()
        if edition is None:
            raise NoCityLoaded
        written = write_city(folder, documents)
    except (CityEditionError, CityFilesInTheWay, DatabaseError, SettingsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    if as_json:
        _print_json({"edition": edition, "files": written})
    else:
        typer.echo(f"Edition {edition[:12]} is written to {folder}: {len(written)} files.")


def _moving(connection: Connection, new: City) -> list[HandChange]:
    """Open cases that change hands; none where an older program took in an edition that today's rules refuse."""
    if current_edition(connection) in (None, new.edition):
        return []
    try:
        old = current_city(connection)
    except DirectoryFaulty as error:
        typer.echo(f"The edition in force cannot be compared with: {error}", err=True)
        return []
    return changed_hands(old, new, open_cases(connection))


def _refuse_faulty(faults: Sequence[Fault], as_json: bool) -> None:
    if as_json:
        _print_json({"loaded": False, **_judgement(faults)})
    else:
        _print_faults(faults, "nothing was loaded")
    raise typer.Exit(REFUSED)


def _refuse_unknown_post(city: City, by: str | None) -> None:
    if by is not None and by not in city.posts:
        raise typer.BadParameter(
            f'"{by}" is no post of posts.csv. Name the code of one, such as {next(iter(city.posts))}.'
        )


def _print_load(
    report: LoadReport | None,
    moving: Sequence[HandChange],
    undone: Sequence[Undone],
    faults: Sequence[Fault],
    as_json: bool,
) -> None:
    if as_json:
        told = {"changed_hands": [_hand(each) for each in moving], "undone_desk_changes": [_undone(u) for u in undone]}
        _print_json({**_outcome(report), **told, **_judgement(faults)})
    else:
        for fault in faults:
            typer.echo(f"{fault.severity}: {fault}", err=True)
        for line in (*moving, *undone):
            typer.echo(line)
        typer.echo(report or _why_not(moving, undone), err=report is None)
    if report is None:
        raise typer.Exit(REFUSED)


def _why_not(moving: Sequence[HandChange], undone: Sequence[Undone]) -> str:
    lines = []
    if moving:
        lines.append(f"{len(moving)} open cases would change hands; nothing was loaded. To load: --yes.")
    if undone:
        lines.append(
            f"{len(undone)} rows that were changed at the desk would be undone; nothing was loaded. "
            "To keep them, write them into your files first: zhihui city export DIR. To undo them: --undo-desk-changes."
        )
    return "\n".join(lines)


def _undone(one: Undone) -> dict[str, object]:
    return {
        "file": one.file,
        "key": list(one.key),
        "in_force": shown_row(one.in_force),
        "in_files": shown_row(one.in_files),
        "by": one.by,
        "at": one.at.isoformat(),
    }


def _outcome(report: LoadReport | None) -> dict[str, object]:
    if report is None:
        return {"loaded": False}
    return {
        "loaded": report.loaded,
        "edition": report.edition,
        "before": report.before,
        "changes": [str(change) for change in report.changes],
        "calendar_changed": report.calendar_changed,
    }


def _hand(change: HandChange) -> dict[str, object]:
    return {
        "number": change.number,
        "holder": change.holder,
        "before": change.before,
        "after": change.after,
        "holder_is_gone": change.holder_is_gone,
    }


def _judgement(faults: Sequence[Fault]) -> dict[str, object]:
    return {
        "errors": len(_errors(faults)),
        "warnings": len(faults) - len(_errors(faults)),
        "faults": [
            {
                "file": fault.file,
                "row": fault.row,
                "column": fault.column,
                "found": fault.found,
                "problem": fault.problem,
                "remedy": fault.remedy,
                "severity": fault.severity,
                "text": str(fault),
            }
            for fault in faults
        ],
    }


def _print_faults(faults: Sequence[Fault], what: str) -> None:
    for fault in faults:
        typer.echo(f"{fault.severity}: {fault}")
    errors = len(_errors(faults))
    typer.echo(f"Errors: {errors}, warnings: {len(faults) - errors}. {what}", err=True)


def _size(city: City) -> str:
    return (
        f"{city.name} {city.english_name}, {len(city.units)} units, {len(city.posts)} posts, {len(city.areas)} areas, "
        f"{len(city.catalogue.subclasses)} subclasses, edition {city.edition[:12]}"
    )


def _errors(faults: Iterable[Fault]) -> list[Fault]:
    return [fault for fault in faults if fault.severity is Severity.ERROR]


def _print_json(content: dict[str, object]) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False))
