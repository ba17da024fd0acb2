"""Water as a page tells it, in one language: the stations with their newest readings, a warning with its evidence."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from desk.pages import form_word
from desk.water_chart import Chart, chart, sparkline
from models.city import City
from models.notice import Notice, NoticeKind
from models.tables import table_of
from models.water import Element
from tasks.readings import LastReading, StoredReading, last_readings, nearest_threshold, series
from tasks.warning_notices import hours_of, measure_of, shown
from tasks.warning_rows import RaisedWarning, open_warnings
from tasks.wording import duration_words, moment_words
from tasks.words import Language, word

NOTICES = table_of(Notice)

SHOWN = timedelta(hours=72)
LATELY = timedelta(hours=24)
"""What the small line of a station shows."""


@dataclass(frozen=True, slots=True)
class StationLine:
    """One element of one station in the table."""

    station: str
    river: str
    kind: str
    measure: str
    value: str
    at: str
    flags: tuple[str, ...]
    nearest: str
    line: str
    severity: str
    """Of the gravest warning that lasts there, or an empty text."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who was told of a warning, and whether they said that they read it."""

    post: str
    at: str
    received: str


class WaterTeller:
    """Puts water into words for one reader."""

    def __init__(self, connection: Connection, city: City, now: datetime, language: Language) -> None:
        self._connection, self._city, self._now, self._language = connection, city, now, language

    def stations(self) -> list[StationLine]:
        """Every element of every station."""
        lasting = {one.station: one.severity.value for one in open_warnings(self._connection) if one.station}
        return [self._station(last, lasting) for last in last_readings(self._connection, self._city)]

    def warning(self, warning: RaisedWarning) -> dict[str, Any]:
        """What the page of a warning says of it."""
        evidence, ended = warning.evidence, warning.end_evidence
        rule = evidence.get("rule", {})
        area = self._city.areas.get(warning.area)
        return {
            "number": warning.number,
            "drill": warning.drill,
            "severity": warning.severity.value,
            "colour": self._word("severity", warning.severity),
            "hazard": self._word("hazard", warning.hazard),
            "source": self._word("warning_source", warning.source),
            "area": area.name if area else warning.area,
            "title": self._title(warning),
            "raised_at": self._moment(warning.raised_at),
            "ended_at": self._moment(warning.ended_at),
            "why": self._word("warning_end", ended["why"]) if ended.get("why") else "",
            "text": evidence.get("text") or "",
            "facts": self._facts(warning) if rule else [],
            "readings": [(self._moment(datetime.fromisoformat(at)), shown(value)) for at, value in _latest(evidence)],
            "end_readings": [(self._moment(datetime.fromisoformat(at)), shown(value)) for at, value in _latest(ended)],
            "unit": self._word("measure_unit", rule.get("element", "")) if rule else "",
            "placeholder": bool(rule.get("placeholder")),
        }

    def drawing(self, warning: RaisedWarning) -> tuple[Chart | None, str]:
        """The station's last 72 hours with its thresholds, and the time to the next one in words."""
        station = self._city.water.stations.get(warning.station or "")
        element = warning.evidence.get("rule", {}).get("element")
        if station is None or element is None or Element(element) not in station.elements:
            return None, ""
        until = min(self._now, warning.ended_at + SHOWN / 6) if warning.ended_at else self._now
        since = (until - SHOWN).astimezone(self._city.zone)
        readings = series(self._connection, station.code, Element(element), since, until)
        thresholds = self._city.water.thresholds_of(station.code)
        drawn = chart(station, Element(element), readings, thresholds, since, until)
        return drawn, "" if warning.ended_at else self._nearest(station.code, Element(element), readings)

    def told(self, warning: RaisedWarning) -> list[Told]:
        """Who was told of a warning and who has said that they read it."""
        asked = (
            select(NOTICES)
            .where(NOTICES.c.subject == f"flood:{warning.number}", NOTICES.c.kind == NoticeKind.FLOOD_WARNING.value)
            .order_by(NOTICES.c.id)
        )
        return [
            Told(
                self._post(row.told or row.recipient),
                self._moment(row.settled_at),
                self._moment(row.acknowledged_at),
            )
            for row in self._connection.execute(asked)
        ]

    def _station(self, last: LastReading, lasting: dict[str, str]) -> StationLine:
        station, element = last.station, last.element
        readings = series(self._connection, station.code, element, self._now - LATELY, self._now)
        flags = [form_word("water", "silent", self._language)] if last.silent(self._now) else []
        if last.doubt:
            flags.append(f"{form_word('water', 'in_doubt', self._language)}{self._word('doubt', last.doubt)}")
        unit = self._word("measure_unit", element)
        return StationLine(
            station=station.name,
            river=station.river,
            kind=self._word("station_kind", station.kind),
            measure=self._word("measure", element),
            value=f"{shown(last.value)} {unit}" if last.value is not None else "",
            at=self._moment(last.at),
            flags=tuple(flags),
            nearest=self._nearest(station.code, element, readings),
            line=sparkline(readings, self._now - LATELY, self._now),
            severity=lasting.get(station.code, ""),
        )

    def _nearest(self, station: str, element: Element, readings: list[StoredReading]) -> str:
        found = nearest_threshold(self._city, station, element, readings)
        if found is None:
            return ""
        unit = self._word("measure_unit", element)
        facts = {"name": found.threshold.name, "left": shown(found.left), "unit": unit}
        said = form_word("water", "to_threshold", self._language).format(**facts)
        if found.within is None:
            return said
        within = duration_words(found.within, self._language)
        return said + form_word("water", "by_trend", self._language).format(within=within)

    def _facts(self, warning: RaisedWarning) -> list[tuple[str, str]]:
        """The rule and the reading, line by line."""
        rule = warning.evidence["rule"]
        measure = measure_of(rule) or ""
        unit = self._word("measure_unit", measure)
        hours, lasts = hours_of(rule), rule.get("lasts_minutes") or 0
        found = [
            ("measure", self._word("measure", measure) + (f" ({hours} h)" if hours else "")),
            ("reading", f"{shown(warning.evidence.get('reading'))} {unit}"),
            ("threshold", f"{shown(rule.get('value'))} {unit}"),
            ("clears_at", f"{shown(rule.get('clears_at'))} {unit}"),
        ]
        if lasts:
            found.append(("lasts", duration_words(timedelta(minutes=lasts), self._language)))
        if warning.end_evidence.get("reading") is not None:
            found.append(("end_reading", f"{shown(warning.end_evidence['reading'])} {unit}"))
        return [(form_word("water", label, self._language), text) for label, text in found]

    def _title(self, warning: RaisedWarning) -> str:
        rule = warning.evidence.get("rule", {})
        if rule:
            return f"{rule.get('station_name')} {rule.get('threshold_name')}"
        kind = self._word("signal", warning.evidence.get("signal", ""))
        return form_word("water", "signal_title", self._language).format(
            kind=kind, colour=self._word("severity", warning.severity)
        )

    def _post(self, code: str | None) -> str:
        post = self._city.posts.get(code or "")
        return post.name if post else code or ""

    def _word(self, group: str, code: object) -> str:
        return word(group, code, self._language)

    def _moment(self, at: datetime | None) -> str:
        return moment_words(at, self._language, self._city.zone, self._now) if at else ""


def _latest(evidence: Any, most: int = 8) -> list[tuple[str, float]]:
    """The last readings of an evidence, the newest first."""
    return [(at, value) for at, value in reversed((evidence or {}).get("readings", [])[-most:])]
