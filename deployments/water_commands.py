"""`zhihui water`: stations and their readings, files of readings, signals of the weather office, warnings."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from deployments.city_at_hand import (
    AsJson,
    By,
    city_to_change,
    city_to_read,
    engine_at_hand,
    now,
    post_of,
    print_json,
    refuse,
)
from deployments.water_printing import (
    intake_fields,
    outcome_lines,
    reading_line,
    station_fields,
    station_line,
    warning_fields,
    warning_line,
)
from models.flood_event import Recording
from models.flood_warning import Severity
from models.refusal import Refusal
from models.water import Element
from tasks.city_edition import current_city
from tasks.database import reading
from tasks.intake_errors import IntakeFileError
from tasks.judging import judge_waiting
from tasks.readings import last_readings, series
from tasks.settings import read_settings
from tasks.signals import Signal, SignalKind, cancel_signal, issue_signal
from tasks.wake import CALL_VISIT, Waker
from tasks.warnings import open_warnings, warnings_since
from tasks.water_intake import take_file
from tasks.water_sources import source_in_force

REFUSED = 1
CANCEL = "cancel"

water_app = typer.Typer(help="Readings, thresholds, signals and warnings of water.", no_args_is_help=True)

Moment = Annotated[
    datetime | None,
    typer.Option("--at", formats=["%Y-%m-%dT%H:%M"], help="When it was issued, in the city's time; now without it."),
]


@water_app.command()
def stations(as_json: AsJson = False) -> None:
    """List the stations with their newest readings, flagged where they are silent or in doubt.

    Example: zhihui water stations --json

    Exit code 0.
    """
    at = now()
    with city_to_read() as (city, connection):
        found = last_readings(connection, city)
    if as_json:
        print_json({"count": len(found), "stations": [station_fields(one, at) for one in found]})
        return
    for one in found:
        typer.echo(station_line(one, at, city))
    if not found:
        typer.echo("目录中没有测站（stations.csv）。 The city has no stations (stations.csv).", err=True)


@water_app.command()
def readings(
    station: Annotated[str, typer.Argument(help="Code or name of the station.")],
    element: Annotated[Element | None, typer.Option(help="Only this element; else all it measures.")] = None,
    hours: Annotated[int, typer.Option(min=1, max=24 * 366, help="How far back from now.")] = 72,
    as_json: AsJson = False,
) -> None:
    """List the readings of a station, those in doubt and late ones marked.

    Example: zhihui water readings reservoir-a --hours 24

    Exit code 0: listed, also where there are none; 1: there is no such station.
    """
    at = now()
    with city_to_read() as (city, connection):
        found = city.water.station_called(station)
        if found is None:
            refuse(Refusal("unknown_station", {"station": station}), city)
        elements = [element] if element else list(found.elements)
        since = at - timedelta(hours=hours)
        stretches = {one: series(connection, found.code, one, since, at) for one in elements}
    if as_json:
        plain = {
            one.value: [{"at": r.at, "value": r.value, "doubt": r.doubt or None, "late": r.late} for r in stretch]
            for one, stretch in stretches.items()
        }
        print_json({"station": found.code, "readings": plain})
        return
    for one, stretch in stretches.items():
        for each in stretch:
            typer.echo(f"{one.value}  {reading_line(each, city)}")


@water_app.command()
def take(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, XLSX or JSON lines, gzipped or not.")],
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="Whose columns: a source of water.yaml.")],
    as_json: AsJson = False,
) -> None:
    """Take in a file of readings, each once, and judge what is new.

    Example: zhihui water take readings.csv --source native

    Exit code 0: the file was read, also where rows of it were refused; 1: it could not be read.
    """
    at = now()
    with engine_at_hand() as engine:
        with reading(engine) as connection:
            city = current_city(connection)
        try:
            done = take_file(engine, city, source_in_force(city, source), file, at)
        except IntakeFileError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(REFUSED) from error
        judged = judge_waiting(engine, city, Recording(at, "command", city.edition))
    fields = intake_fields(done) | {"raised": len(judged.raised), "ended": len(judged.ended)}
    if as_json:
        print_json(fields)
        return
    typer.echo("  ".join(f"{name} {count}" for name, count in fields.items()))
    for warning in judged.raised:
        typer.echo(warning_line(warning, city))


@water_app.command()
def signal(
    colour: Annotated[str, typer.Argument(help="blue, yellow, orange, red; or cancel.")],
    by: By,
    area: Annotated[list[str] | None, typer.Option("--area", help="Area code; may be repeated.")] = None,
    kind: Annotated[SignalKind, typer.Option(help="What it warns of.")] = SignalKind.RAINSTORM,
    at: Moment = None,
    text: Annotated[str, typer.Option(help="What the signal says.")] = "",
    drill: Annotated[bool, typer.Option("--drill", help="演练: a drill, told as one.")] = False,
    as_json: AsJson = False,
) -> None:
    """Enter a signal of the weather office, or its cancellation, for the whole city or for some areas of it.

    Example: zhihui water signal yellow --area 410184 --by flood-officer-1 --at 2022-07-25T18:40

    Another colour takes the place of the one that lasts; the same colour again is recorded with it.

    Exit code 0: entered; 1: no such area or post, nothing to cancel, or its time has not come yet; 2: no such colour.
    """
    if colour not in (*Severity, CANCEL):
        raise typer.BadParameter(f"{colour!r}: blue, yellow, orange, red or cancel")
    with city_to_change() as (city, connection):
        post_of(city, by)
        recording = Recording(now(), "command", city.edition)
        issued = at.replace(tzinfo=city.zone) if at else recording.now
        areas = tuple(area or (city.code,))
        if colour == CANCEL:
            done = cancel_signal(connection, city, kind, areas, issued, recording, by, drill=drill)
        else:
            entered = Signal(kind, Severity(colour), areas, issued, text, drill)
            done = issue_signal(connection, city, entered, recording, by)
        if isinstance(done, Refusal):
            refuse(done, city)
    _call_now()
    if as_json:
        plain = [{"area": o.area, "result": o.result, "number": o.warning.number, "former": o.former} for o in done]
        print_json({"outcomes": plain})
        return
    for line in outcome_lines(done, city):
        typer.echo(line)


@water_app.command()
def warnings(
    days: Annotated[int, typer.Option(min=0, max=3660, help="Also those raised or ended in so many days.")] = 0,
    drill: Annotated[bool, typer.Option("--drill", help="Those of drills, which stand apart.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the warnings that last, with `--days` also those of the last days.

    Example: zhihui water warnings --days 7

    Exit code 0.
    """
    with city_to_read() as (city, connection):
        found = open_warnings(connection, drill=drill)
        if days:
            lately = warnings_since(connection, now() - timedelta(days=days), drill=drill)
            found = sorted({one.number: one for one in (*found, *lately)}.values(), key=lambda one: one.raised_at)
    if as_json:
        print_json({"count": len(found), "warnings": [warning_fields(one) for one in found]})
        return
    for one in found:
        typer.echo(warning_line(one, city))
    if not found:
        typer.echo("现在没有预警。 There is no warning now.", err=True)


def _call_now() -> None:
    """Have the people a signal calls called at once, and not within the sweep's minute."""
    waker = Waker(read_settings(), deployment=CALL_VISIT)
    waker.wake(now())
    waker.close()
