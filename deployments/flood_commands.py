"""`zhihui flood`: levels in force, consultations and decisions, incidents, reports that are owed, the daily report."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from deployments.city_at_hand import AsJson, By, city_to_change, city_to_read, now, print_json, refuse
from models.city import City
from models.flood_event import Recording
from models.flood_rules import ReportKind, ReportMeans, ResponseLevel
from models.flood_warning import Hazard
from models.refusal import Refusal
from models.response_rules import DecisionWish
from tasks.consultations import call_consultation
from tasks.incident_rows import reports_owed
from tasks.info_reports import EntryWish, Reported, add_entry, report_incident
from tasks.response import decide
from tasks.response_notices import area_name, named
from tasks.response_rows import (
    CONSULTATIONS,
    ConsultationTold,
    consultation_told,
    find_consultation,
    in_force_at,
)
from tasks.wording import moment_words
from tasks.words import word

flood_app = typer.Typer(
    help="Response: levels in force, consultations, decisions, reports that are owed.", no_args_is_help=True
)

KEEP = "keep"

Key = Annotated[str | None, typer.Option(help="The same key is the same act, however often it is called.")]
Area = Annotated[str, typer.Option(help="The area's code in areas.csv.")]
HazardOption = Annotated[Hazard, typer.Option(help="flood or drought.")]


@flood_app.command("in-force")
def in_force(
    at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M"], help="At this moment in the city's time; by default now."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is in force at a moment, from the decisions alone.

    Example: zhihui flood in-force --at 2021-07-20T18:00 --json

    Exit code 0: said, also where nothing is in force; 1: no database.
    """
    with city_to_read() as (city, connection):
        moment = at.replace(tzinfo=city.zone) if at else now()
        found = list(in_force_at(connection, moment).values())
    if as_json:
        print_json({"count": len(found), "in_force": [asdict(one) | {"level": one.level.name} for one in found]})
        return
    for one in found:
        level = word("response_level", one.level.name, "zh")
        hazard = word("response_hazard", one.hazard, "zh")
        since = moment_words(one.since, "zh", city.zone, moment)
        typer.echo(f"{area_name(city, one.area)} {hazard} {level} 自{since} {one.consultation}")
    typer.echo(f"{len(found)} responses in force", err=True)


@flood_app.command()
def consultations(
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False, as_json: AsJson = False
) -> None:
    """List consultations, the newest first; without --all those that wait for a decision.

    Example: zhihui flood consultations --json

    Exit code 0: listed, also where there are none; 1: no database.
    """
    with city_to_read() as (city, connection):
        asked = CONSULTATIONS.select().order_by(CONSULTATIONS.c.id.desc())
        if not every:
            asked = asked.where(CONSULTATIONS.c.state == "open")
        found = [consultation_told(row) for row in connection.execute(asked)]
    if as_json:
        print_json({"count": len(found), "consultations": [asdict(t) | {"suggested": t.suggested.name} for t in found]})
        return
    for told in found:
        typer.echo(_line(told, city))
    typer.echo(f"{len(found)} consultations", err=True)


def _line(told: ConsultationTold, city: City) -> str:
    suggested = word("response_suggested", told.suggested.name, "zh")
    state = word("consultation_state", told.state, "zh")
    hazard = word("response_hazard", told.hazard, "zh")
    until = moment_words(told.decide_by, "zh", city.zone, told.opened_at)
    return f"{told.number} {area_name(city, told.area)}{hazard} 建议{suggested} {state} {until}前"


@flood_app.command("decide")
def decide_(
    level: Annotated[str, typer.Argument(help="IV, III, II, I, end, or keep.")],
    by: By,
    consultation: Annotated[str, typer.Option(help="Number of the consultation, such as HS20210720-001.")] = "",
    hazard: HazardOption = Hazard.FLOOD,
    area: Annotated[str, typer.Option(help="Code of the area; by default that of the consultation.")] = "",
    basis: Annotated[str, typer.Option(help="What the decision rests on.")] = "",
    issuer: Annotated[str, typer.Option(help="Code of the unit that issues it; by default the first that may.")] = "",
    signed_by: Annotated[str, typer.Option(help="Post that signs; by default your own.")] = "",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Decide a consultation; without a number one is called for the hazard and area, and decided.

    Example: zhihui flood decide III --consultation HS20210720-001 --by government-leader-2 --basis 橙色预警

    Exit code 0: the decision is written; 1: refused, with what is possible instead.
    """
    chosen = {"END": "ENDED"}.get(level.upper(), level.upper())
    if chosen != KEEP.upper() and chosen not in ResponseLevel.__members__:
        raise typer.BadParameter("Write IV, III, II, I, end, or keep.")
    with city_to_change() as (city, connection):
        recording = Recording(now(), "command", city.edition)
        told: ConsultationTold | Refusal | None
        if consultation:
            told = find_consultation(connection, consultation)
            told = told or Refusal("unknown_consultation", {"number": consultation})
        else:
            told = call_consultation(connection, city, hazard, area or city.code, basis, by, recording)
        if isinstance(told, Refusal):
            refuse(told, city)
        issuers = city.flood.issuers if city.flood else ()
        wish = DecisionWish(
            told.number,
            told.hazard,
            area or told.area,
            None if chosen == KEEP.upper() else ResponseLevel[chosen],
            basis or told.basis,
            issuer or next(iter(issuers), ""),
            signed_by or by,
            by,
        )
        found = decide(connection, city, wish, key or f"command-{uuid4()}", recording)
    # The transaction has ended: a refusal is an event, and stays one.
    if isinstance(found, Refusal):
        refuse(found, city)
    if as_json:
        print_json(asdict(found) | {"level": found.level.name, "former": found.former.name})
        return
    verdict = word("response_verdict", "kept" if found.kept else found.level.name, "zh")
    typer.echo(f"{found.consultation} {area_name(city, found.area)} {verdict}")


@flood_app.command()
def report(
    by: By,
    incident: Annotated[str, typer.Option(help="Number of the incident; a new one without it.")] = "",
    kind: Annotated[ReportKind, typer.Option(help="initial, follow_up or final.")] = ReportKind.INITIAL,
    means: Annotated[ReportMeans, typer.Option(help="phone or written.")] = ReportMeans.WRITTEN,
    hazard: HazardOption = Hazard.FLOOD,
    area: Area = "",
    danger: Annotated[str, typer.Option(help="Kind of danger or disaster.")] = "",
    place: Annotated[str, typer.Option(help="Where it is.")] = "",
    happened_at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="In the city's time.")
    ] = None,
    dead: Annotated[int | None, typer.Option(min=0, help="Cumulative; so are the following.")] = None,
    missing: Annotated[int | None, typer.Option(min=0)] = None,
    injured: Annotated[int | None, typer.Option(min=0)] = None,
    evacuated: Annotated[int | None, typer.Option(min=0)] = None,
    affected: Annotated[int | None, typer.Option(min=0)] = None,
    losses_cny: Annotated[int | None, typer.Option(min=0, help="Direct losses in yuan.")] = None,
    measures: Annotated[str, typer.Option(help="What is done about it.")] = "",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Report an incident, or report further on one.

    Example: zhihui flood report --by lihe-liaison --area 410184104 --danger 管涌 --place 双洎河右岸 --means phone

    Exit code 0: the entry is written; 1: refused, with what is possible instead.
    """
    with city_to_change() as (city, connection):
        at = happened_at.replace(tzinfo=city.zone) if happened_at else None
        wish = EntryWish(
            kind, means, by, danger, place, at, "", dead, missing, injured, evacuated, affected, losses_cny, measures
        )
        recording, own_key = Recording(now(), "command", city.edition), key or f"command-{uuid4()}"
        found: Reported | Refusal
        if incident:
            found = add_entry(connection, city, incident, wish, own_key, recording)
        else:
            found = report_incident(connection, city, hazard, area, wish, own_key, recording)
    if isinstance(found, Refusal):
        refuse(found, city)
    if as_json:
        print_json(asdict(found))
        return
    typer.echo(f"{found.number}: {found.satisfied} reports given")
    for field in found.contradicts:
        typer.echo(f"与前报不一致 contradicts the report before: {word('report_field', field, 'zh')} {field}", err=True)


@flood_app.command("reports-owed")
def owed(
    unit: Annotated[str | None, typer.Option(help="Only of this unit, by its code.")] = None, as_json: AsJson = False
) -> None:
    """List the reports that are owed and were not given, by their time; late and missing ones say so.

    Example: zhihui flood reports-owed --unit lihe --json

    Exit code 0: listed, also where there are none; 1: no database.
    """
    with city_to_read() as (city, connection):
        rows = reports_owed(connection, [unit] if unit else None)
    if as_json:
        print_json({"count": len(rows), "reports": [dict(row._mapping) for row in rows]})
        return
    for row in rows:
        due = moment_words(row.due_at, "zh", city.zone, now())
        words: list[Any] = [word("report_state", row.state, "zh"), named(city.units, row.unit)]
        words += [row.subject, word("report_kind", row.kind, "zh"), word("report_means", row.means, "zh"), f"{due}前"]
        typer.echo(" ".join(words))
    typer.echo(f"{len(rows)} reports owed", err=True)


@flood_app.command()
def daily(
    at: Annotated[datetime, typer.Argument(formats=["%Y-%m-%dT%H:%M"], help="The moment, in the city's time.")],
    file: Annotated[
        Path | None, typer.Argument(help="The Word document to write; none is needed with --json.", dir_okay=False)
    ] = None,
    english: Annotated[bool, typer.Option("--english", help="In English instead of Chinese.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the daily water and duty report of a moment as a Word document; twice gives the same bytes.

    Example: zhihui flood daily 2021-07-20T08:00 daily.docx
    With --json the same report is printed: its sections with heads and rows.

    Exit code 0: written; 1: no database, or the file cannot be written.
    """
    if file is None and not as_json:
        raise typer.BadParameter("Name the Word document to write, or ask for --json.", param_hint="FILE")
    from tasks.daily_docx import daily_docx
    from tasks.daily_report import compose_daily
    from tasks.duty_readings import readings_until

    with city_to_read() as (city, connection):
        moment = at.replace(tzinfo=city.zone)
        composed = compose_daily(connection, city, moment, "en" if english else "zh", readings_until(moment))
    if file is not None:
        try:
            file.write_bytes(daily_docx(composed))
        except OSError as error:
            typer.echo(f"{file} cannot be written: {error.strerror}.", err=True)
            raise typer.Exit(1) from error
    if as_json:
        print_json(asdict(composed))
    else:
        typer.echo(str(file))
