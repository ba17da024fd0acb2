"""`zhihui sample`: realistic made-up reports of a city, for demos and load."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from deployments.named_city import CityUnknown, named_city
from deployments.replay_wording import no_moment, not_written
from models.city import City
from tasks.directory import DirectoryFaulty
from tasks.sample import NATIVE_ZONE, make_sample, write_sample_rows
from tasks.settings import SettingsError

REFUSED = 1


def sample(
    cases: Annotated[int, typer.Option(min=1, max=5_000_000, help="How many reports.")],
    days: Annotated[int, typer.Option(min=1, max=3660, help="Over how many days before --until.")],
    seed: Annotated[int, typer.Option(help="The same seed and --until give the same reports.")] = 1,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to this file instead of standard output.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="End of the days; by default the last full hour.")
    ] = None,
    city: Annotated[Path | None, typer.Option(metavar="DIR", help="City directory; by default ZHIHUI_CITY.")] = None,
) -> None:
    """Make up reports of a city in our own columns (source `native`): CSV, UTF-8.

    Example: zhihui sample --cases 1000 --days 30 --seed 1 --out reports.csv

    Mostly inspectors' reports, some from hotlines, citizens and video; by hour and weekday, with hot spots, similar
    reports, repeated rows, reports that lack class or place, and a few rows that cannot be taken. Nobody in them
    exists.

    Exit code 0: written; 1: refused, because city or file cannot be used; 2: wrong usage.
    """
    try:
        chosen, _ = named_city(city)
    except (DirectoryFaulty, CityUnknown, SettingsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    end = _last_full_hour() if until is None else _moment(until)
    _write(out, chosen, cases, days, seed, end)


def _write(out: Path | None, city: City, cases: int, days: int, seed: int, end: datetime) -> None:
    rows = make_sample(city, cases=cases, days=days, seed=seed, now=end)
    if out is None:
        write_sample_rows(sys.stdout, rows)
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            write_sample_rows(file, rows)
    except OSError as error:
        typer.echo(not_written(str(out), error.strerror or str(error)), err=True)
        raise typer.Exit(REFUSED) from error


def _last_full_hour() -> datetime:
    return datetime.now(NATIVE_ZONE).replace(minute=0, second=0, microsecond=0)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(no_moment(text)) from error
    return found if found.tzinfo else found.replace(tzinfo=NATIVE_ZONE)
