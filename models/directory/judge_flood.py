"""What must hold in the answer to flood and drought beyond the single row: units and people there are, all told."""

from collections.abc import Iterable

from models.directory.fault import Fault, Severity, listed, quoted
from models.directory.flood_yaml import FILE
from models.directory.sheet import unknown_code
from models.directory.sheets import Sheets
from models.duty_rules import DutyRules
from models.flood_rules import MEMBERS, TERRITORY, FloodRules, People, Rung
from models.flood_warning import Hazard

DUTIES = "response_duties.csv"


def judge_flood(sheets: Sheets, duty: DutyRules | None, flood: FloodRules | None, faults: list[Fault]) -> None:
    """Every fault of the response."""
    if flood is None:
        return
    _judge_units(sheets, flood, faults)
    for key, named in _people_of(flood):
        _judge_people(sheets, duty, key, named, faults)
    _judge_tables(flood, faults)
    _judge_duties(sheets, flood, faults)


def _people_of(flood: FloodRules) -> Iterable[tuple[str, People]]:
    yield "consultation.called", flood.consultation.called
    yield from _rungs("consultation.ladder", flood.consultation.ladder)
    for level, named in flood.signers.items():
        yield f"signing {level.name}", named
    yield "recorded_by", flood.recorders
    yield from _rungs("reports.ladder", flood.reports.ladder)
    yield "reports.incident_told", flood.reports.incident_told
    yield "reports.casualties_told", flood.reports.casualties_told


def _rungs(key: str, ladder: tuple[Rung, ...]) -> Iterable[tuple[str, People]]:
    return ((key, rung.to) for rung in ladder)


def _judge_units(sheets: Sheets, flood: FloodRules, faults: list[Fault]) -> None:
    known, reports = sheets.codes.get("units.csv"), flood.reports
    if known is None:
        return
    named = [("issuers", unit) for unit in flood.issuers]
    named += [("reports.incidents", rule.by) for rule in reports.incidents]
    named += [("reports.follow_up.by", unit) for unit in reports.follow_up_by]
    named += [("reports.response.by", unit) for unit in reports.response_by]
    named += [("reports.daily", unit) for daily in reports.daily for unit in daily.by]
    for key, unit in dict.fromkeys(named):
        if unit not in known | {TERRITORY, MEMBERS}:
            faults.append(unknown_code(FILE, None, key, unit, "units.csv", known))


def _judge_people(sheets: Sheets, duty: DutyRules | None, key: str, named: People, faults: list[Fault]) -> None:
    """Posts, holders of roles and places of the duty room there are."""
    known = sheets.codes.get("posts.csv")
    for post in named.posts if known is not None else ():
        if known is not None and post not in known:
            faults.append(unknown_code(FILE, None, key, post, "posts.csv", known))
    held = sheets.texts("posts.csv", "role")
    for role in named.roles if held else ():
        if role not in held:
            problem, remedy = f"nobody holds the role {role}.", "Name a role of posts.csv, or a post."
            faults.append(Fault(FILE, None, key, role, problem, remedy))
    places = [place.code for place in duty.places] if duty else []
    for place in named.places:
        if place not in places:
            problem = f"duty.yaml has no place {quoted(place)}."
            remedy = f"Name one of {listed(places)}." if places else "Name a post: this city has no duty room."
            faults.append(Fault(FILE, None, key, place, problem, remedy))


def _judge_tables(flood: FloodRules, faults: list[Fault]) -> None:
    """A hazard without a table never calls a consultation by itself."""
    for hazard in Hazard:
        if not any(table.hazard is hazard for table in flood.tables):
            problem = f"no warning of {hazard} suggests a level."
            remedy = "Add a table for it; leave it so only where people watch for themselves."
            faults.append(Fault(FILE, None, "suggestions", "", problem, remedy, Severity.WARNING))


def _judge_duties(sheets: Sheets, flood: FloodRules, faults: list[Fault]) -> None:
    """At a level without a single duty a decision tells nobody what to do."""
    if sheets.rows.get(DUTIES, ()) is None:
        return  # A file that cannot be read says nothing of what is in it.
    for hazard in Hazard:
        levels = {duty.level for duty in flood.duties if duty.hazard is hazard}
        for level in flood.signers if any(table.hazard is hazard for table in flood.tables) else ():
            if level and level not in levels:
                problem = f"no unit has a duty at level {level.name} of a response to {hazard}."
                remedy = f"Add rows for it, such as {hazard},{level.name},UNIT,…,…"
                faults.append(Fault(DUTIES, None, "level", level.name, problem, remedy, Severity.WARNING))
