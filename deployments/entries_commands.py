"""`zhihui entries`: what is entered for the evaluation by hand: a file of them, the list, taking one back."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from deployments.city_at_hand import REFUSED, AsJson, By, city_to_change, city_to_read, now, post_of, print_json, refuse
from models.city import City
from models.refusal import Refusal
from models.scored import plain
from tasks.counted_marks import month_period
from tasks.evaluation_entries import StoredEntry, entries_of, take_back
from tasks.evaluation_entry_file import Taken, take_in_entries
from tasks.refusals import render_refusal
from tasks.schemes import SchemeFaulty, SchemeMissing

entries_app = typer.Typer(no_args_is_help=True, add_completion=False)

Month = Annotated[str, typer.Argument(metavar="MONTH", help="Such as 2026-08.")]


@entries_app.callback()
def entries() -> None:
    """Entries for the evaluation by hand."""


@entries_app.command()
def add(
    month: Month,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV: unit,item,value,evidence,words.")],
    by: By,
) -> None:
    """Enter every row of a file for a month, or none: each row that cannot be entered is named with its reason.

    Example: zhihui entries add 2026-08 missed-patrols.csv --by evaluator

    Units and items by code or by name. The same file again enters nothing more.

    Exit code 0: entered; 1: refused, nothing was entered; 2: wrong usage.
    """
    with city_to_change() as (city, connection):
        _judge_month(month, city)
        post_of(city, by)
        try:
            taken = take_in_entries(connection, city, month, file.name, file.read_bytes(), city.posts[by], now())
        except (SchemeMissing, SchemeFaulty) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(REFUSED) from error
    if taken.faults or taken.refused:
        _say_why_not(taken, file, city)
        raise typer.Exit(REFUSED)
    for entry in taken.entries:
        typer.echo(_line(entry))


@entries_app.command("list")
def list_entries(month: Month, as_json: AsJson = False) -> None:
    """List the entries of a month, also those that were taken back.

    Example: zhihui entries list 2026-08 --json

    Exit code 0: listed; 1: refused, because there is no city or the database cannot be read; 2: wrong usage.
    """
    with city_to_read() as (city, connection):
        _judge_month(month, city)
        found = entries_of(connection, month)
    if as_json:
        print_json({"month": month, "entries": [_told(entry) for entry in found]})
        return
    for entry in found:
        typer.echo(_line(entry))


@entries_app.command("take-back")
def take_one_back(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Its number in the list.")],
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays on record.")],
) -> None:
    """Take an entry back: it stays to be read and counts no more.

    Example: zhihui entries take-back 7 --by evaluator --reason 查无此事

    Exit code 0: taken back; 1: refused with the reason; 2: wrong usage.
    """
    with city_to_change() as (city, connection):
        post_of(city, by)
        key = f"command-{secrets.token_hex(12)}"
        found = take_back(connection, city, number, reason, city.posts[by], key, now())
        if isinstance(found, Refusal):
            refuse(found, city)
    typer.echo(_line(found))


def _say_why_not(taken: Taken, file: Path, city: City) -> None:
    for fault in taken.faults:
        typer.echo(str(fault), err=True)
    for line in taken.refused:
        for language in ("zh", "en"):
            said = render_refusal(line.refusal.code, line.refusal.facts, language, city)
            typer.echo(f"{file.name} 第{line.row}行 · row {line.row}: {said}", err=True)
    typer.echo("没有录入任何一行，请更正后重新执行。Nothing was entered; mend the file and call it again.", err=True)


def _told(entry: StoredEntry) -> dict[str, object]:
    return {
        "number": entry.number,
        "unit": entry.unit,
        "item": entry.item,
        "value": plain(entry.value),
        "evidence": entry.evidence,
        "file": entry.file,
        "words": entry.words,
        "by": entry.by,
        "at": entry.at,
        "takes_back": entry.takes_back,
        "taken_back": entry.taken_back,
        "stands": entry.stands,
    }


def _line(entry: StoredEntry) -> str:
    state = f"← #{entry.taken_back}" if entry.taken_back else f"→ #{entry.takes_back}" if entry.takes_back else ""
    said = (f"#{entry.number}", entry.unit, entry.item, plain(entry.value), entry.evidence, entry.words, state)
    return " ".join(part for part in said if part)


def _judge_month(month: str, city: City) -> None:
    try:
        month_period(month, city)
    except ValueError as error:
        raise typer.BadParameter(f"“{month}”不是月份，请写成 2026-08。{month!r} is no month.") from error
