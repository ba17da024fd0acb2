"""`zhihui doctor`: names what disagrees among season, roster and schedules, and says what to do about each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
import yaml
from jinja2 import Environment, StrictUndefined

from deployments.city_at_hand import REFUSED, AsJson, now, print_json
from tasks.bulletin_doctor import bulletin_findings
from tasks.city_edition import CityEditionError, current_city
from tasks.database import open_database, reading
from tasks.database_errors import DatabaseError
from tasks.duty_doctor import Finding, Schedules, duty_findings
from tasks.settings import Settings, SettingsError, read_settings
from tasks.wake import client_of
from tasks.words import TEMPLATES

PREFECT_FILE = Path(__file__).parent.parent / "prefect.yaml"

SENTENCES = TEMPLATES / "doctor.yaml"

MOST_DEPLOYMENTS = 200


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment as the server has it."""

    name: str
    paused: bool
    crons: tuple[str, ...]
    """Of its active schedules."""


def doctor(
    as_json: AsJson = False,
    at: Annotated[
        datetime | None, typer.Option(help="Look as if it were this time in the city; without it, now.")
    ] = None,
) -> None:
    """Name every disagreement between season, roster and schedules, each with what to do.

    Example: zhihui doctor --json

    Looked at: the database; months of the season that duty-watch does not watch every minute; handovers at which
    duty-shift does not run; shifts of the next 14 days without a published roster, gaps in it, people who are away;
    the end of the official calendar; contact points nobody tested this year; shifts and watches that are overdue;
    documents of published months that were not made, are gone or were altered; and, where the Prefect server answers,
    deployments that are missing or paused.

    Exit code 0: nothing is wrong (there may be notes); 1: something is.
    """
    try:
        found = _examined(read_settings(), at)
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    wrong = [one for one in found if one.wrong]
    if as_json:
        print_json({"wrong": len(wrong), "findings": [_for_programs(one) for one in found]})
    else:
        for one in found:
            typer.echo("\n".join(_lines(one)))
        typer.echo("一切正常 · nothing is wrong" if not wrong else f"发现问题 {len(wrong)} 个 · problems found")
    if wrong:
        raise typer.Exit(REFUSED)


def _examined(settings: Settings, at: datetime | None) -> list[Finding]:
    wanted = crons_of_file()
    deployed = deployments_on_server(settings)
    found = server_findings(settings, wanted, deployed)
    schedules = Schedules(wanted, "prefect.yaml")
    if deployed is not None:
        # What is missing there is named once; it is not judged by schedules it does not have.
        on_server = {one.name: () if one.paused else one.crons for one in deployed}
        schedules = Schedules({**wanted, **on_server}, settings.prefect_url)
    try:
        engine = open_database(settings.database_url, migrate=False)
    except DatabaseError as error:
        return [Finding("database", {"error": str(error)}), *found]
    try:
        with reading(engine) as connection:
            city = current_city(connection)
            moment = at.replace(tzinfo=city.zone) if at is not None and at.tzinfo is None else at or now()
            found += duty_findings(connection, city, schedules, moment)
            found += bulletin_findings(connection, settings.bulletins)
    except CityEditionError:
        found.append(Finding("no_city"))
    except DatabaseError as error:
        found.append(Finding("database", {"error": str(error)}))
    finally:
        engine.dispose()
    return found


def crons_of_file() -> dict[str, tuple[str, ...]]:
    """The cron schedules of prefect.yaml, by deployment."""
    entries: list[dict[str, Any]] = yaml.safe_load(PREFECT_FILE.read_text("utf-8"))["deployments"]
    return {one["name"]: tuple(schedule["cron"] for schedule in one["schedules"]) for one in entries}


def deployments_on_server(settings: Settings) -> list[Deployed] | None:
    """What the Prefect server has; None where it does not answer."""
    client = client_of(settings)
    try:
        answer = client.post("/deployments/filter", json={"limit": MOST_DEPLOYMENTS})
        answer.raise_for_status()
        return [_deployed(one) for one in answer.json()]
    except (httpx.HTTPError, ValueError, KeyError):
        return None
    finally:
        client.close()


def _deployed(one: Mapping[str, Any]) -> Deployed:
    active = [each for each in one.get("schedules") or () if each.get("active", True)]
    crons = tuple(str(each["schedule"]["cron"]) for each in active if "cron" in each["schedule"])
    return Deployed(str(one["name"]), bool(one.get("paused")), crons)


def server_findings(
    settings: Settings, wanted: Mapping[str, tuple[str, ...]], deployed: list[Deployed] | None
) -> list[Finding]:
    """What is missing or paused on the server; a note where it does not answer."""
    if deployed is None:
        return [Finding("server_away", {"url": settings.prefect_url}, wrong=False)]
    there = {one.name: one for one in deployed}
    missing = sorted(name for name in wanted if name not in there)
    stopped = sorted(name for name, crons in wanted.items() if name in there and crons and _stopped(there[name]))
    findings = [Finding("deployments_missing", {"names": missing})] if missing else []
    return findings + ([Finding("deployments_paused", {"names": stopped})] if stopped else [])


def _stopped(one: Deployed) -> bool:
    return one.paused or not one.crons


def sentence(finding: Finding, language: str) -> str:
    """What a finding says, with what to do."""
    texts = yaml.safe_load(SENTENCES.read_text("utf-8"))[finding.code]
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - plain text for a terminal
    return environment.from_string(texts[language]).render(**finding.facts)


def _lines(finding: Finding) -> list[str]:
    mark = "✗" if finding.wrong else "·"
    return [f"{mark} {sentence(finding, 'zh')}", f"  {sentence(finding, 'en')}"]


def _for_programs(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "wrong": finding.wrong,
        "facts": dict(finding.facts),
        "zh": sentence(finding, "zh"),
        "en": sentence(finding, "en"),
    }
