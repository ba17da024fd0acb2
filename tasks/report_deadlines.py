"""Which reports are owed by when: made with what they are about, moved by time, satisfied by entries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from models.city import City
from models.flood_event import Happened, Recording
from models.flood_rules import MEMBERS, TERRITORY, ReportKind, ReportMeans, ReportRules, ResponseLevel
from models.flood_warning import Hazard
from models.info_report import Incident, IncidentState, OwedState, ReportOwed
from models.info_report_rules import called_at, satisfies
from models.response_rules import InForce, Where, covering_level
from models.tables import table_of
from tasks.flood_events import record_events
from tasks.response_rows import in_force_at

OWED, INCIDENTS = table_of(ReportOwed), table_of(Incident)

NOT_GIVEN = (OwedState.OWED.value, OwedState.LATE.value, OwedState.MISSING.value)
"""States of a report that may still be given; of a late one `given_at` says whether it was."""

DAILY_AHEAD = timedelta(hours=1)
DAILY_BACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Owing:
    """One report before it is a row."""

    subject: str
    kind: ReportKind
    means: ReportMeans
    unit: str
    to: str
    due_at: datetime

    @property
    def key(self) -> str:
        """What keeps it single: of a series each has its own time."""
        own = "" if self.kind is ReportKind.INITIAL else f":{self.due_at.isoformat()}"
        return f"{self.subject}:{self.kind}:{self.means}:{self.unit}:{self.to}{own}"


def response_subject(hazard: Hazard, area: str) -> str:
    """The subject of reports on a response. Example: response:flood:410184."""
    return f"response:{hazard}:{area}"


def daily_subject(at: datetime) -> str:
    """The subject of a daily report. Example: daily:2021-07-20T08:00."""
    return f"daily:{at:%Y-%m-%dT%H:%M}"


def is_series(subject: str) -> bool:
    """Whether reports on a subject speak of a response or a day, and of no incident, which has a number."""
    return ":" in subject


def reports_stream(subject: str) -> str:
    """The stream of events of what is reported on a subject."""
    return f"reports:{subject}"


def owe(connection: Connection, city: City, owings: Sequence[Owing], recording: Recording) -> int:
    """Write down reports that are owed, each once; how many are new."""
    by_key = {owing.key: owing for owing in owings}
    if not by_key or city.flood is None:
        return 0
    there = set(connection.scalars(select(OWED.c.key).where(OWED.c.key.in_(by_key))))
    new = [owing for key, owing in by_key.items() if key not in there]
    if new:
        connection.execute(insert(OWED), [_row(city.flood.reports, owing, recording.now) for owing in new])
    for owing in new:
        facts = {"kind": owing.kind, "means": owing.means, "unit": owing.unit, "to": owing.to}
        happened = Happened("owed", recording.now, "rule:reports", {**facts, "due_at": owing.due_at.isoformat()})
        record_events(connection, reports_stream(owing.subject), [happened], recording)
    return len(new)


def _row(rules: ReportRules, owing: Owing, now: datetime) -> dict[str, Any]:
    return {
        "key": owing.key,
        "subject": owing.subject,
        "kind": owing.kind.value,
        "means": owing.means.value,
        "unit": owing.unit,
        "to": owing.to,
        "owed_since": now,
        "due_at": owing.due_at,
        "missing_at": owing.due_at + rules.missing_after,
        "state": OwedState.OWED.value,
        "rung": 0,
        "climbs_at": called_at(owing.kind, now, owing.due_at),
    }


def begin_incident_reports(
    connection: Connection, city: City, incident: str, territory: str, level: ResponseLevel, recording: Recording
) -> None:
    """The initial and final reports of an incident with their limits, and the first follow-up of its series."""
    if city.flood is None:
        return
    rules, now = city.flood.reports, recording.now
    owings = [
        Owing(incident, rule.kind, rule.means, _unit(rule.by, territory), rule.to, now + rule.within)
        for rule in rules.incidents
    ]
    every = follow_up_every(rules, level)
    if every is not None:
        owings += [
            Owing(
                incident, ReportKind.FOLLOW_UP, ReportMeans.PHONE, _unit(by, territory), rules.follow_up_to, now + every
            )
            for by in rules.follow_up_by
        ]
    owe(connection, city, owings, recording)


def begin_response_reports(
    connection: Connection, city: City, hazard: Hazard, area: str, level: ResponseLevel, recording: Recording
) -> None:
    """A level that starts or changes: follow-ups come as often as it asks, also those already owed of its area."""
    if city.flood is None:
        return
    rules, now = city.flood.reports, recording.now
    every = follow_up_every(rules, level)
    if every is None:
        return
    subject = response_subject(hazard, area)
    _bring_forward(connection, [subject, *_open_incidents(connection, area)], now + every, recording)
    running = _follow_ups_to_come(connection, subject)
    owe(
        connection,
        city,
        [
            Owing(subject, ReportKind.FOLLOW_UP, ReportMeans.WRITTEN, unit, rules.response_to, now + every)
            for unit in rules.response_by
            if unit not in running
        ],
        recording,
    )


def end_response_reports(connection: Connection, city: City, hazard: Hazard, area: str, recording: Recording) -> None:
    """The end of a response: no more follow-ups, and the final report is owed. What is late stays late."""
    if city.flood is None:
        return
    rules, subject = city.flood.reports, response_subject(hazard, area)
    withdraw(connection, subject, recording)
    due = recording.now + rules.final_within
    owings = [
        Owing(subject, ReportKind.FINAL, ReportMeans.WRITTEN, unit, rules.response_to, due)
        for unit in rules.response_by
    ]
    owe(connection, city, owings, recording)


def withdraw(connection: Connection, subject: str, recording: Recording) -> None:
    """Follow-ups whose time has not come are not owed any more."""
    withdrawn = connection.execute(
        update(OWED)
        .where(
            OWED.c.subject == subject,
            OWED.c.state == OwedState.OWED.value,
            OWED.c.kind == ReportKind.FOLLOW_UP.value,
            OWED.c.due_at > recording.now,
        )
        .values(state=OwedState.WITHDRAWN.value, climbs_at=None)
        .returning(OWED.c.unit, OWED.c.to, OWED.c.due_at)
    ).all()
    in_order = sorted(withdrawn, key=lambda row: (row.due_at, row.unit))
    facts = [{"unit": row.unit, "to": row.to, "due_at": row.due_at.isoformat()} for row in in_order]
    happened = [Happened("withdrawn", recording.now, "rule:reports", each) for each in facts]
    record_events(connection, reports_stream(subject), happened, recording)


def owe_next(connection: Connection, city: City, row: Row[Any], after: datetime, recording: Recording) -> None:
    """The next follow-up of a series, after one was given or its time ran out, as often as the level now asks."""
    if city.flood is None or row.kind != ReportKind.FOLLOW_UP.value:
        return
    every = follow_up_every(city.flood.reports, _level_of(connection, city, row.subject, recording.now))
    if every is None or not _goes_on(connection, row.subject, recording.now):
        return
    if row.unit in _follow_ups_to_come(connection, row.subject):
        return
    owing = Owing(row.subject, ReportKind.FOLLOW_UP, ReportMeans(row.means), row.unit, row.to, after + every)
    owe(connection, city, [owing], recording)


def owe_daily(connection: Connection, city: City, now: datetime, recording: Recording) -> int:
    """The daily reports of the hour to come, and of what a late visit missed; only in season or in a response."""
    if city.flood is None:
        return 0
    current = in_force_at(connection, now)
    newest = connection.scalar(select(func.max(OWED.c.due_at)).where(OWED.c.kind == ReportKind.DAILY.value))
    since = min(now, max(newest, now - DAILY_BACK)) if newest else now
    owings = []
    first, last = (each.astimezone(city.zone).date() for each in (since, now + DAILY_AHEAD))
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        if not current and not (city.duty and city.duty.season.covers(day)):
            continue
        for daily in city.flood.reports.daily:
            midnight = datetime.combine(day, time(), city.zone)
            at = midnight + timedelta(minutes=daily.minute)
            if since < at <= now + DAILY_AHEAD:
                owings += [
                    Owing(daily_subject(at), ReportKind.DAILY, ReportMeans.WRITTEN, unit, daily.to, at)
                    for unit in _daily_units(city, daily.by, current)
                ]
    return owe(connection, city, owings, recording)


def _daily_units(city: City, by: Iterable[str], current: dict[Where, InForce]) -> list[str]:
    members: list[str] = []
    if city.flood:
        for one in current.values():
            members += city.flood.duties_at(one.hazard, one.level)
    named = [unit for each in by for unit in (members if each == MEMBERS else [each])]
    return list(dict.fromkeys(named))


def give(
    connection: Connection,
    city: City,
    subject: str,
    unit: str,
    kind: ReportKind,
    means: ReportMeans,
    by: str,
    entry_id: int | None,
    recording: Recording,
) -> list[Row[Any]]:
    """All that an entry satisfies of what a unit owes on a subject, whoever it is owed to; late is recorded as late."""
    rows = connection.execute(
        select(OWED)
        .where(OWED.c.subject == subject, OWED.c.unit == unit, OWED.c.state.in_(NOT_GIVEN), OWED.c.given_at.is_(None))
        .order_by(OWED.c.due_at)
        .with_for_update()
    ).all()
    done = [row for row in rows if satisfies(kind, means, ReportKind(row.kind), ReportMeans(row.means))]
    for row in done:
        late = recording.now >= row.due_at
        values = {
            "state": (OwedState.LATE if late else OwedState.GIVEN).value,
            "given_at": recording.now,
            "given_by": by,
            "entry_id": entry_id,
            "climbs_at": None,
        }
        connection.execute(update(OWED).where(OWED.c.id == row.id).values(values))
        facts = {"kind": row.kind, "means": row.means, "unit": unit, "to": row.to, "due_at": row.due_at.isoformat()}
        happened = Happened("given_late" if late else "given", recording.now, by, {**facts, "entry": entry_id})
        record_events(connection, reports_stream(subject), [happened], recording)
    for row in done:
        owe_next(connection, city, row, recording.now, recording)
    return done


def follow_up_every(rules: ReportRules, level: ResponseLevel) -> timedelta | None:
    """How often follow-ups are owed at a level; where it names none, as without a response."""
    return rules.follow_up_every.get(level, rules.follow_up_every.get(ResponseLevel.ENDED))


def _level_of(connection: Connection, city: City, subject: str, now: datetime) -> ResponseLevel:
    current = in_force_at(connection, now)
    incident = connection.execute(select(INCIDENTS).where(INCIDENTS.c.number == subject)).first()
    if incident is not None:
        return covering_level(current, city, Hazard(incident.hazard), incident.area)
    _, _, where = subject.partition(":")
    hazard, _, area = where.partition(":")
    return covering_level(current, city, Hazard(hazard), area)


def _goes_on(connection: Connection, subject: str, now: datetime) -> bool:
    """Whether there is still something to follow up."""
    incident = connection.execute(select(INCIDENTS).where(INCIDENTS.c.number == subject)).first()
    if incident is not None:
        return bool(incident.state == IncidentState.OPEN.value)
    return any(response_subject(*where) == subject for where in in_force_at(connection, now))


def _open_incidents(connection: Connection, area: str) -> list[str]:
    here = INCIDENTS.c.area.startswith(area, autoescape=True)
    return list(
        connection.scalars(select(INCIDENTS.c.number).where(INCIDENTS.c.state == IncidentState.OPEN.value, here))
    )


def _follow_ups_to_come(connection: Connection, subject: str) -> set[str]:
    """Units that owe a follow-up on a subject whose time has not run out."""
    return set(
        connection.scalars(
            select(OWED.c.unit).where(
                OWED.c.subject == subject,
                OWED.c.kind == ReportKind.FOLLOW_UP.value,
                OWED.c.state == OwedState.OWED.value,
            )
        )
    )


def _bring_forward(connection: Connection, subjects: Sequence[str], due_at: datetime, recording: Recording) -> None:
    """Follow-ups owed later than the new level allows are owed earlier; none is put off."""
    rows = connection.execute(
        select(OWED).where(
            OWED.c.subject.in_(subjects),
            OWED.c.kind == ReportKind.FOLLOW_UP.value,
            OWED.c.state == OwedState.OWED.value,
            OWED.c.due_at > due_at,
        )
    ).all()
    for row in rows:
        sooner = {
            "due_at": due_at,
            "missing_at": due_at + (row.missing_at - row.due_at),
            "climbs_at": called_at(ReportKind.FOLLOW_UP, recording.now, due_at),
            "rung": 0,
        }
        connection.execute(update(OWED).where(OWED.c.id == row.id).values(sooner))
        facts = {"unit": row.unit, "before": row.due_at.isoformat(), "due_at": due_at.isoformat()}
        happened = Happened("brought_forward", recording.now, "rule:reports", facts)
        record_events(connection, reports_stream(row.subject), [happened], recording)


def _unit(by: str, territory: str) -> str:
    return territory if by == TERRITORY else by
