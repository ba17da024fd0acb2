"""The daily water and duty report 水情值班日报: composed of what is in the database already, nothing typed twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from models.city import City
from models.flood_event import Happened, Recording
from models.flood_rules import ReportKind, ReportMeans
from models.info_report import IncidentState
from models.info_report_rules import FIGURES
from models.refusal import Refusal
from tasks.duty_readings import LastReadings, no_readings
from tasks.flood_events import record_events
from tasks.flood_people import places_now
from tasks.info_reports import ENTRIES, last_entry, may_report
from tasks.report_deadlines import INCIDENTS, OWED, daily_subject, give, reports_stream
from tasks.response_notices import area_name, named
from tasks.response_rows import WARNINGS, decisions, in_force_at
from tasks.wording import moment_words
from tasks.words import Language, word

USUAL_SPAN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report: a heading, the heads of its columns, and rows; without rows it says that there is none."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class DailyText:
    """The report in one language, ready for a page or a document."""

    title: str
    city: str
    since: datetime
    at: datetime
    lead: tuple[str, ...]
    sections: tuple[Section, ...]
    none: str
    issued: str
    """Who issued it and when; empty as long as nobody did."""


def span_of(city: City, at: datetime) -> tuple[datetime, datetime]:
    """What a daily report covers: from the one before it. Example: 08:00 after 16:00 covers 16 hours.

    A moment at which none is due covers the time since the last one.
    """
    daily = city.flood.reports.daily if city.flood else ()
    minutes = sorted({one.minute for one in daily})
    local = at.astimezone(city.zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    moments = [midnight + timedelta(days=day, minutes=minute) for day in (-1, 0) for minute in minutes]
    before = [moment for moment in moments if moment < at]
    return (max(before) if before else at - USUAL_SPAN), at


def compose_daily(
    connection: Connection, city: City, at: datetime, language: Language, last_readings: LastReadings = no_readings
) -> DailyText:
    """The report of a moment. Composed again it says the same, as long as nothing was added that happened before it."""
    since, until = span_of(city, at)
    teller = _Teller(connection, city, since, until, language)
    return DailyText(
        teller.say("title"),
        city.name if language == "zh" else city.english_name,
        since,
        until,
        teller.lead(),
        (
            teller.in_force(),
            teller.decisions(),
            teller.warnings(),
            teller.readings(last_readings),
            teller.incidents(),
            teller.owed(),
            teller.duty(),
        ),
        teller.say("none"),
        teller.issued(),
    )


def issue_daily(connection: Connection, city: City, at: datetime, by: str, recording: Recording) -> int | Refusal:
    """Whoever owes a daily report gives it as it is composed now; a second time is told who was first."""
    if not may_report(city, by, recording.now):
        return Refusal("may_not_report", {"post": by})
    subject, unit = daily_subject(at.astimezone(city.zone)), city.posts[by].unit
    done = give(connection, city, subject, unit, ReportKind.DAILY, ReportMeans.WRITTEN, by, None, recording)
    if done:
        happened = Happened("issued", recording.now, by, {"unit": unit})
        record_events(connection, reports_stream(subject), [happened], recording)
        return len(done)
    owed = select(OWED).where(OWED.c.subject == subject, OWED.c.unit == unit, OWED.c.given_at.is_not(None))
    given = connection.execute(owed).first()
    if given is None:
        return Refusal("nothing_owed", {"unit": unit})
    return Refusal("given_already", {"unit": unit, "by": given.given_by, "at": given.given_at.isoformat()})


class _Teller:
    """Puts the rows of a span into words."""

    def __init__(self, connection: Connection, city: City, since: datetime, at: datetime, language: Language) -> None:
        self._connection, self._city, self._since, self._at, self._language = connection, city, since, at, language

    def say(self, code: str) -> str:
        return word("daily_report", code, self._language)

    def lead(self) -> tuple[str, ...]:
        """The span in words, and the sum of what happened."""
        since, at = self._moment(self._since), self._moment(self._at)
        return (self.say("span").format(since=since, at=at),)

    def in_force(self) -> Section:
        rows = [
            (
                self._hazard(one.hazard),
                area_name(self._city, one.area),
                word("response_level", one.level.name, self._language),
                self._moment(one.since),
                named(self._city.posts, one.signed_by),
            )
            for one in in_force_at(self._connection, self._at).values()
        ]
        return self._section("in_force", ("hazard", "area", "level", "since", "signed_by"), rows)

    def decisions(self) -> Section:
        rows = [
            (
                self._moment(one.at),
                self._hazard(one.hazard),
                area_name(self._city, one.area),
                word("response_verdict", "kept" if one.kept else one.level.name, self._language),
                named(self._city.posts, one.signed_by),
                one.basis,
            )
            for one in decisions(self._connection)
            if self._since < one.at <= self._at
        ]
        return self._section("decisions", ("at", "hazard", "area", "verdict", "signed_by", "basis"), rows)

    def warnings(self) -> Section:
        lasted = or_(WARNINGS.c.ended_at.is_(None), WARNINGS.c.ended_at > self._since)
        asked = select(WARNINGS).where(WARNINGS.c.raised_at <= self._at, lasted, ~WARNINGS.c.drill)
        rows = [
            (
                row.number,
                self._hazard(row.hazard),
                word("warning_colour", row.severity, self._language),
                area_name(self._city, row.area),
                self._moment(row.raised_at),
                self._moment(row.ended_at) if row.ended_at and row.ended_at <= self._at else self.say("goes_on"),
            )
            for row in self._connection.execute(asked.order_by(WARNINGS.c.number))
        ]
        return self._section("warnings", ("number", "hazard", "colour", "area", "raised", "ended"), rows)

    def readings(self, last_readings: LastReadings) -> Section:
        rows = [
            (
                str(one["name"]),
                word("measure", one["quantity"], self._language),
                f"{one['value']} {word('measure_unit', one['quantity'], self._language)}",
                self._moment(_moment_of(one["at"])),
            )
            for one in last_readings(self._connection, self._city)
        ]
        return self._section("readings", ("station", "quantity", "value", "at"), rows)

    def incidents(self) -> Section:
        """Each incident once, by its newest entry: figures are cumulative."""
        goes_on = or_(INCIDENTS.c.state == IncidentState.OPEN.value, INCIDENTS.c.ended_at > self._since)
        asked = select(INCIDENTS).where(INCIDENTS.c.opened_at <= self._at, goes_on).order_by(INCIDENTS.c.number)
        rows = []
        for incident in self._connection.execute(asked):
            entry = self._last_entry(incident.number)
            if entry is not None:
                figures = [
                    f"{word('report_field', name, self._language)} {getattr(entry, name)}"
                    for name in FIGURES
                    if getattr(entry, name)
                ]
                where = f"{area_name(self._city, incident.area)} {entry.place}"
                kind = word("report_kind", entry.kind, self._language)
                told = (incident.number, entry.danger, where, "；".join(figures), entry.measures)
                rows.append((*told, f"{kind} {self._moment(entry.at)}"))
        return self._section("incidents", ("number", "danger", "place", "figures", "measures", "entry"), rows)

    def owed(self) -> Section:
        asked = select(OWED).where(
            and_(OWED.c.due_at > self._since, OWED.c.due_at <= self._at), OWED.c.state != "withdrawn"
        )
        counts: dict[tuple[str, str], int] = {}
        for row in self._connection.execute(asked):
            if row.subject != daily_subject(self._at.astimezone(self._city.zone)):
                counts[row.unit, row.state] = counts.get((row.unit, row.state), 0) + 1
        rows = [
            (named(self._city.units, unit), word("report_state", state, self._language), str(count))
            for (unit, state), count in sorted(counts.items())
        ]
        return self._section("owed", ("unit", "state", "count"), rows)

    def duty(self) -> Section:
        rules = self._city.duty
        places = {place.code: place for place in rules.places} if rules else {}
        rows = []
        for code, post in sorted(places_now(self._connection, self._at).items()):
            place = places.get(code)
            name = (place.name if self._language == "zh" else place.english_name) if place else code
            rows.append((name, named(self._city.posts, post)))
        return self._section("duty", ("place_on_duty", "post"), rows)

    def issued(self) -> str:
        subject = daily_subject(self._at.astimezone(self._city.zone))
        asked = select(OWED).where(OWED.c.subject == subject, OWED.c.given_at.is_not(None)).order_by(OWED.c.given_at)
        given = self._connection.execute(asked).first()
        if given is None or given.given_by is None:
            return ""
        by = named(self._city.posts, given.given_by)
        return self.say("issued").format(by=by, at=self._moment(given.given_at))

    def _last_entry(self, number: str) -> Any:
        upto = select(ENTRIES).where(ENTRIES.c.subject == number, ENTRIES.c.at <= self._at)
        return self._connection.execute(upto.order_by(ENTRIES.c.id.desc()).limit(1)).first() or last_entry(
            self._connection, number
        )

    def _section(self, code: str, heads: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Section:
        return Section(self.say(code), tuple(self.say(head) for head in heads), tuple(rows))

    def _hazard(self, hazard: str) -> str:
        return word("response_hazard", hazard, self._language)

    def _moment(self, at: datetime) -> str:
        return moment_words(at, self._language, self._city.zone, self._at)


def _moment_of(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
