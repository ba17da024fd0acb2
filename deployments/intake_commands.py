"""`zhihui intake` takes in a file of reports; `zhihui refused` lists, mends and takes in again what was refused."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from models.refusal import Refusal
from tasks.city_edition import CityEditionError, current_city
from tasks.database import open_database, reading, transaction
from tasks.database_errors import DatabaseError
from tasks.intake import IntakeReport, OnProgress, take_in
from tasks.intake_errors import IntakeFileError
from tasks.intake_words import both_languages, sentence
from tasks.personal_data import CannotUnseal
from tasks.refused_rows import KeptRow, drop_refused, list_refused, mend_refused, read_refused, retry_refused
from tasks.settings import Settings, SettingsError, read_settings
from tasks.source_mappings import mapping_in_force

refused_app = typer.Typer(
    help="Rows that were refused: each is kept whole, can be mended and taken in again.", no_args_is_help=True
)

REFUSED = 1

RowId = Annotated[int, typer.Argument(metavar="ID", help="Number of the refused row, as `refused list` shows it.")]
OfSource = Annotated[str | None, typer.Option("--source", metavar="NAME", help="Only rows of this source.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for programs.")]


def intake(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, XLSX or JSON lines, gzipped or not.")],
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="Whose columns: the name of a mapping.")],
    as_json: AsJson = False,
) -> None:
    """Take in a file of reports: each row once, bad rows kept with their reason.

    Example: zhihui intake reports.csv --source native

    The mapping of a source is sources/NAME.yaml of the city directory, or one that is shipped: native, boston311,
    pingshan. The same file a second time takes in nothing.

    Exit code 0: the file was read, also where rows of it were refused; 1: it could not be read.
    """
    with _database() as (settings, engine):
        try:
            with reading(engine) as connection:
                city = current_city(connection)
                mapping = mapping_in_force(connection, city, source)
            key, now = settings.secret_key("personal"), datetime.now(UTC)
            report = take_in(engine, city, key, file, mapping, now=now, on_progress=_progress(as_json))
        except IntakeFileError as error:
            if as_json:
                _print_json({"refused": error.code, "facts": error.facts})
            raise
    _print_report(report, source, as_json)


@refused_app.command("list")
def list_(
    source: OfSource = None,
    state: Annotated[str, typer.Option(help="open, taken or dropped.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many to show.")] = 200,
    as_json: AsJson = False,
) -> None:
    """List refused rows with their reasons; never their content, which may name a citizen.

    Example: zhihui refused list --source native

    Exit code 0: listed, also where there are none; 1: the database cannot be used.
    """
    with _database() as (_, engine), reading(engine) as connection:
        rows = list_refused(connection, source, state, limit)
    if as_json:
        _print_json({"count": len(rows), "rows": [_row_for_programs(row) for row in rows]})
        return
    for row in rows:
        typer.echo(f"{row.id}  {row.source}  {row.row_number}  {_reason(row.refusal)}")
    if not rows:
        typer.echo(both_languages("none_refused", {}, "told"), err=True)


@refused_app.command()
def show(row_id: RowId) -> None:
    """Show the whole content of a refused row as JSON, in order to mend it. It may name a citizen: keep it private.

    Example: zhihui refused show 7

    Exit code 0: shown; 1: there is no such row.
    """
    with _database() as (settings, engine), reading(engine) as connection:
        content = read_refused(connection, settings.secret_key("personal"), row_id)
    if isinstance(content, Refusal):
        _refuse(content)
    else:
        _print_json(asdict(content))


@refused_app.command()
def mend(
    row_id: RowId,
    changes: Annotated[
        list[str], typer.Option("--set", metavar="COLUMN=VALUE", help="Another value of a column; may be repeated.")
    ],
) -> None:
    """Write other values into a refused row; then take it in again with `zhihui refused retry`.

    Example: zhihui refused mend 7 --set "opened_at=2019-05-05 11:00"

    Exit code 0: mended; 1: there is no such row or column, or the row is settled.
    """
    values = _pairs(changes)
    with _database() as (settings, engine), transaction(engine) as connection:
        refusal = mend_refused(connection, settings.secret_key("personal"), row_id, values)
    if refusal is not None:
        _refuse(refusal)
    typer.echo(both_languages("mended", {"id": row_id}, "told"))


@refused_app.command()
def retry(
    row_ids: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="Rows; none: all that are open.")
    ] = None,
    source: OfSource = None,
    as_json: AsJson = False,
) -> None:
    """Take refused rows in again, after they or the mapping were mended.

    Example: zhihui refused retry 7 8

    Exit code 0: all of them were taken in; 1: at least one is still refused.
    """
    outcomes = _retried(row_ids or [], source)
    if as_json:
        told = {str(row_id): _refusal_for_programs(refusal) for row_id, refusal in outcomes.items()}
        _print_json({"taken": sum(refusal is None for refusal in outcomes.values()), "rows": told})
    else:
        for row_id, refusal in outcomes.items():
            told_line = (
                f"{row_id}  {_reason(refusal)}" if refusal else both_languages("taken_again", {"id": row_id}, "told")
            )
            typer.echo(told_line)
    if any(outcomes.values()):
        raise typer.Exit(REFUSED)


@refused_app.command()
def drop(row_id: RowId) -> None:
    """Settle a refused row that nobody will mend; its content stays.

    Example: zhihui refused drop 7

    Exit code 0: dropped; 1: there is no such row, or it is settled.
    """
    with _database() as (_, engine), transaction(engine) as connection:
        refusal = drop_refused(connection, row_id, datetime.now(UTC))
    if refusal is not None:
        _refuse(refusal)
    typer.echo(both_languages("dropped", {"id": row_id}, "told"))


def _retried(row_ids: Sequence[int], source: str | None) -> dict[int, Refusal | None]:
    """What became of these rows, or of all open ones, each under the mapping of its source."""
    outcomes: dict[int, Refusal | None] = {}
    with _database() as (settings, engine), transaction(engine) as connection:
        city, key = current_city(connection), settings.secret_key("personal")
        by_source: dict[str, list[int]] = {}
        for row in list_refused(connection, source, limit=100_000):
            if not row_ids or row.id in row_ids:
                by_source.setdefault(row.source, []).append(row.id)
        for name, ids in by_source.items():
            mapping = mapping_in_force(connection, city, name)
            outcomes |= retry_refused(connection, city, key, mapping, ids, now=datetime.now(UTC))
    missing = {row_id: Refusal("no_such_refused_row", {"id": row_id}) for row_id in row_ids if row_id not in outcomes}
    return outcomes | missing


@contextmanager
def _database() -> Iterator[tuple[Settings, Engine]]:
    """This machine's settings and database; a clear line and exit code 1 where there is none."""
    try:
        settings = read_settings()
        engine = open_database(settings.database_url, migrate=False)
        try:
            yield settings, engine
        finally:
            engine.dispose()
    except (CityEditionError, DatabaseError, SettingsError, CannotUnseal, IntakeFileError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error


def _progress(as_json: bool) -> OnProgress | None:
    if as_json or not sys.stderr.isatty():
        return None
    return lambda report: typer.echo(f"\r{sentence('progress', asdict(report), 'zh', 'told')}", nl=False, err=True)


def _print_report(report: IntakeReport, source: str, as_json: bool) -> None:
    if as_json:
        _print_json(asdict(report))
        return
    typer.echo(both_languages("counts", asdict(report), "told"))
    if report.refused:
        typer.echo(both_languages("see_refused", {"source": source}, "told"), err=True)


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        column, sign, value = text.partition("=")
        if not sign or not column:
            raise typer.BadParameter(f'"{text}" is no COLUMN=VALUE, such as "opened_at=2019-05-05 11:00".')
        found[column] = value
    return found


def _refuse(refusal: Refusal) -> None:
    typer.echo(both_languages(refusal.code, refusal.facts), err=True)
    raise typer.Exit(REFUSED)


def _reason(refusal: Refusal) -> str:
    return " · ".join(both_languages(refusal.code, refusal.facts).splitlines())


def _row_for_programs(row: KeptRow) -> dict[str, object]:
    told = {"id": row.id, "source": row.source, "row_number": row.row_number, "state": row.state}
    return told | {"refused_at": row.refused_at.isoformat()} | (_refusal_for_programs(row.refusal) or {})


def _refusal_for_programs(refusal: Refusal | None) -> dict[str, object] | None:
    return {"code": refusal.code, "facts": dict(refusal.facts)} if refusal else None


def _print_json(content: Mapping[str, object]) -> None:
    # What was undecodable in a row is a lone surrogate, which only JSON's own escape can print.
    typer.echo(json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace").decode())
