"""Who is told what about information reports: what is owed, late and missing, what was reported, casualties at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from models.city import City
from models.flood_rules import People
from models.info_report_rules import FIGURES, OwedStep, StepKind
from models.notice import NoticeKind, Priority
from tasks.flood_people import officers_of, people_meant
from tasks.response_notices import area_name, named, subject_of
from tasks.subject_notices import SubjectNotice, write_subject_notices

OVERVIEW = "overview"
"""Number of the page for reports that speak of no incident."""

_KINDS = {
    StepKind.CALL: NoticeKind.INFO_REPORT_OWED,
    StepKind.LATE: NoticeKind.INFO_REPORT_LATE,
    StepKind.RUNG: NoticeKind.INFO_REPORT_LATE,
    StepKind.MISSING: NoticeKind.INFO_REPORT_MISSING,
}


def tell_of_step(connection: Connection, city: City, row: Row[Any], step: OwedStep, now: datetime) -> int:
    """Tell who should hear at a step of a deadline: the unit first, the ladder when it is late, all when missing."""
    posts = _told_at(connection, city, row, step, now)
    called = step.kind is StepKind.CALL
    drafts = [
        SubjectNotice(
            _KINDS[step.kind],
            post,
            subject_of(page_of(row.subject)),
            f"report:{row.key}:{row.due_at.isoformat()}:{step.kind}:{step.rung}:{post}",
            owed_facts(city, row),
            Priority.URGENT,
            requires_ack=not called,
        )
        for post in posts
    ]
    return write_subject_notices(connection, drafts, now)


def _told_at(connection: Connection, city: City, row: Row[Any], step: OwedStep, now: datetime) -> Sequence[str]:
    liaison, *others = officers_of(city, row.unit) or ("",)
    if step.kind is StepKind.CALL:
        return [liaison] if liaison else []
    if step.kind is StepKind.LATE:
        return [post for post in (liaison, *others) if post]
    ladder = city.flood.reports.ladder if city.flood else ()
    if step.kind is StepKind.RUNG:
        return people_meant(connection, city, ladder[step.rung].to, now) if step.rung < len(ladder) else ()
    everybody = (post for rung in ladder for post in people_meant(connection, city, rung.to, now))
    return list(dict.fromkeys((*(post for post in (liaison, *others) if post), *everybody)))


def owed_facts(city: City, row: Row[Any]) -> dict[str, Any]:
    """What a notice says of a report that is owed."""
    incident = page_of(row.subject) != OVERVIEW
    return {
        "number": row.subject if incident else None,
        "area": None if incident else _area_of(city, row.subject),
        "report_kind": row.kind,
        "means": row.means,
        "unit": named(city.units, row.unit),
        "receiver": named(city.units, row.to),
        "due_at": row.due_at.isoformat(),
    }


def _area_of(city: City, subject: str) -> str | None:
    """The area of a response that is reported on."""
    what, _, rest = subject.partition(":")
    return area_name(city, rest.partition(":")[2]) if what == "response" else None


def page_of(subject: str) -> str:
    """The number of the page a report is given on: its incident's, or the overview."""
    return OVERVIEW if ":" in subject else subject


def tell_of_entry(
    connection: Connection,
    city: City,
    number: str,
    area: str,
    entry_id: int,
    entry: Mapping[str, Any],
    contradicts: Sequence[Mapping[str, Any]],
    casualties: bool,
    now: datetime,
) -> int:
    """Tell the duty room of an entry; and up the line, on all channels at once, of people dead, missing or injured."""
    if city.flood is None:
        return 0
    rules, facts = city.flood.reports, entry_facts(city, number, area, entry, contradicts)
    first = NoticeKind.INCIDENT_CASUALTIES if casualties else NoticeKind.INCIDENT_REPORTED
    told = people_meant(connection, city, _all(rules.incident_told, rules.casualties_told, casualties), now)
    drafts = [
        SubjectNotice(
            first,
            post,
            subject_of(number),
            f"entry:{entry_id}:{post}",
            facts,
            Priority.EMERGENCY if casualties else Priority.URGENT,
            requires_ack=True,
        )
        for post in told
        if post != entry["by"] or casualties
    ]
    return write_subject_notices(connection, drafts, now)


def _all(one: People, other: People, both: bool) -> People:
    return People((*one.posts, *other.posts), (*one.roles, *other.roles), (*one.places, *other.places)) if both else one


def entry_facts(
    city: City, number: str, area: str, entry: Mapping[str, Any], contradicts: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What a notice says of an entry."""
    return {
        "number": number,
        "area": area_name(city, area),
        "report_kind": entry["kind"],
        "danger": entry["danger"],
        "place": entry["place"],
        "happened_at": entry["happened_at"].isoformat() if entry["happened_at"] else None,
        "unit": named(city.units, entry["unit"]),
        "figures": {name: entry[name] for name in FIGURES if entry[name]},
        "measures": entry["measures"],
        "contradicts": [dict(one) for one in contradicts],
    }
