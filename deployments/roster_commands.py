"""`zhihui roster`: propose, look at, check, publish and export duty rosters, and take in what a spreadsheet holds."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from deployments.city_at_hand import (
    REFUSED,
    AsJson,
    By,
    city_to_change,
    city_to_read,
    engine_at_hand,
    now,
    print_json,
    refuse,
)
from deployments.roster_printing import table_of_rows
from models.city import City
from models.directory.fault import Severity
from models.flood_event import Recording
from models.refusal import Refusal
from models.roster_check import RosterFault
from tasks.city_edition import current_city
from tasks.database import reading
from tasks.intake_errors import IntakeFileError
from tasks.roster_calendar import calendar_of
from tasks.roster_import import import_roster
from tasks.roster_reading import StoredRoster, find_roster, list_rosters, places_of
from tasks.roster_report import quality_page, roster_rows
from tasks.roster_workbook import write_workbook
from tasks.rosters import (
    Proposal,
    Solver,
    Wish,
    drop_roster,
    judge_roster,
    next_span,
    propose_roster,
    publish_roster,
    quality_now,
)
from tasks.words import word

roster_app = typer.Typer(help="Duty rosters: propose, check, publish, export, import.", no_args_is_help=True)

Code = Annotated[str, typer.Argument(help="The roster, such as ZB2021-1.")]
DAY = ["%Y-%m-%d"]


@roster_app.command()
def propose(
    by: By,
    first: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="First day.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=DAY, help="Last day, included.")] = None,
    solver: Annotated[Solver, typer.Option(help="plain, or cp_sat (extra `roster`).")] = Solver.PLAIN,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same roster.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Work out a roster and keep it as a proposal; nobody is told before it is published.

    Example: zhihui roster propose --from 2021-05-15 --to 2021-09-30 --by flood-office-head

    Without days: from the first day that stands in no published roster to the end of the season.

    Exit code 0: proposed, its quality report on standard output; 1: refused, with the reason.
    """
    at = now()
    with engine_at_hand() as engine:
        with reading(engine) as connection:
            city = current_city(connection)
            begin, end = next_span(connection, city, at)
        wish = Wish(first.date() if first else begin, last.date() if last else end, by, solver, seed)
        found = propose_roster(engine, city, wish, Recording(at, "command", city.edition))
    if isinstance(found, Refusal):
        refuse(found, city)
    _tell(found, city, as_json)


@roster_app.command()
def show(
    code: Annotated[str | None, typer.Argument(help="The roster; without it all are listed.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show who stands where, with the quality report; without a code list the rosters.

    Example: zhihui roster show ZB2021-1

    Exit code 0: shown; 1: there is no such roster, or no database.
    """
    with city_to_read() as (city, connection):
        if code is None:
            rosters = list_rosters(connection)
            if as_json:
                print_json({"count": len(rosters), "rosters": [_plain(one) for one in rosters]})
                return
            for one in rosters:
                state, solver = (word(f"roster_{what}", getattr(one, what), "zh") for what in ("state", "solver"))
                typer.echo(f"{one.code}  {one.first_day} – {one.last_day}  {state}  {solver}")
            return
        roster = _found(connection, city, code)
        places, quality = places_of(connection, city, roster), quality_now(connection, city, roster)
        faults = judge_roster(connection, city, roster)
    if as_json:
        plan = [{"shift": one.shift.code, "place": one.place, "post": one.post} for one in places]
        print_json(_plain(roster) | {"plan": plan, "quality": quality.as_dict() if quality else None})
        return
    for line in table_of_rows(roster_rows(city, places)):
        typer.echo(line)
    if quality is not None:
        typer.echo(quality_page(city, roster, quality, faults))


@roster_app.command()
def check(code: Code, as_json: AsJson = False) -> None:
    """Judge a roster by today's people, leave and pattern, with all its changes.

    Example: zhihui roster check ZB2021-1

    Exit code 0: nothing forbids it (gaps that nobody can fill are told); 1: a rule is broken, or no such roster.
    """
    with city_to_read() as (city, connection):
        roster = _found(connection, city, code)
        faults, quality = judge_roster(connection, city, roster), quality_now(connection, city, roster)
    broken = [fault for fault in faults if fault.forbids]
    if as_json:
        print_json({"sound": not broken, "faults": [_fault(fault) for fault in faults]})
    elif quality is not None:
        typer.echo(quality_page(city, roster, quality, faults))
    if broken:
        raise typer.Exit(REFUSED)


@roster_app.command()
def publish(code: Code, by: By, as_json: AsJson = False) -> None:
    """Put a proposal in force: its shifts count from now on, and everybody in it is told.

    Example: zhihui roster publish ZB2021-1 --by flood-office-head

    Exit code 0: published; 1: refused, because people left or went on leave meanwhile, or its days are taken.
    """
    with city_to_change() as (city, connection):
        found = publish_roster(connection, city, code, by, Recording(now(), "command", city.edition))
        if isinstance(found, Refusal):
            refuse(found, city)
    _settled(found, as_json)


@roster_app.command()
def drop(code: Code, by: By, as_json: AsJson = False) -> None:
    """Set a proposal aside for good.

    Example: zhihui roster drop ZB2021-2 --by flood-office-head

    Exit code 0: dropped; 1: it is published or dropped already, or there is none.
    """
    with city_to_change() as (city, connection):
        found = drop_roster(connection, city, code, by, Recording(now(), "command", city.edition))
        if isinstance(found, Refusal):
            refuse(found, city)
    _settled(found, as_json)


@roster_app.command()
def export(
    code: Code,
    ics: Annotated[Path | None, typer.Option(metavar="FILE", help="Write iCalendar here.")] = None,
    xlsx: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a spreadsheet here.")] = None,
    post: Annotated[str | None, typer.Option(help="Only this post's shifts (iCalendar).")] = None,
) -> None:
    """Write a roster as iCalendar, of one person or whole, or as a spreadsheet that `import` reads back.

    Example: zhihui roster export ZB2021-1 --ics duty.ics --post flood-officer-1

    Exit code 0: written; 1: no such roster or post, or the file cannot be written; 2: no file named.
    """
    if ics is None and xlsx is None:
        raise typer.BadParameter("name a file: --ics FILE or --xlsx FILE")
    with city_to_read() as (city, connection):
        roster = _found(connection, city, code)
        if post is not None and post not in city.posts:
            refuse(Refusal("unknown_post", {"post": post}), city)
        places, quality = places_of(connection, city, roster), quality_now(connection, city, roster)
    if ics is not None:
        _write(ics, calendar_of(city, places, post, now()).encode())
    if xlsx is not None:
        _write(xlsx, write_workbook(city, places, quality))


@roster_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="A spreadsheet as `export --xlsx` writes it.")],
    by: By,
    as_json: AsJson = False,
) -> None:
    """Keep the roster of a spreadsheet as a proposal; every cell that cannot be is named with what would be right.

    Example: zhihui roster import duty.xlsx --by flood-office-head

    Exit code 0: proposed; 1: cells are wrong, its days are taken, or the file cannot be read.
    """
    try:
        with city_to_change() as (city, connection), file.open("rb") as stream:
            recording = Recording(now(), "command", city.edition)
            found, faults = import_roster(connection, city, (file.name, stream), by, recording)
    except (IntakeFileError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    for fault in faults:
        typer.echo(str(fault) if fault.severity is Severity.ERROR else f"({fault})", err=True)
    if found is None:
        raise typer.Exit(REFUSED)
    if isinstance(found, Refusal):
        refuse(found, city)
    _tell(found, city, as_json)


def _found(connection: Connection, city: City, code: str) -> StoredRoster:
    roster = find_roster(connection, code)
    if roster is None:
        refuse(Refusal("unknown_roster", {"roster": code}), city)
    return roster


def _tell(proposal: Proposal, city: City, as_json: bool) -> None:
    if as_json:
        print_json(_plain(proposal.roster) | {"quality": proposal.quality.as_dict()})
    else:
        typer.echo(quality_page(city, proposal.roster, proposal.quality))


def _settled(roster: StoredRoster, as_json: bool) -> None:
    state = word("roster_state", roster.state, "zh")
    if as_json:
        print_json(_plain(roster))
    else:
        typer.echo(f"{roster.code}  {roster.first_day} – {roster.last_day}  {state} {roster.state}")


def _plain(roster: StoredRoster) -> dict[str, object]:
    names = ("code", "first_day", "last_day", "state", "solver", "made_by", "made_at", "published_by", "published_at")
    return {name: getattr(roster, name) for name in names}


def _fault(fault: RosterFault) -> dict[str, object]:
    names = ("rule", "shift", "place", "post", "other", "forbids")
    return {name: getattr(fault, name) for name in names}


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}", err=True)
        raise typer.Exit(REFUSED) from error
    typer.echo(str(file))
