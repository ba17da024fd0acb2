"""Warnings are raised and ended here, each with its evidence, its event and its row in one transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, or_, select, update

from models.chain import canonical
from models.city import City
from models.flood_event import Happened, Recording
from models.flood_warning import FloodWarning, Hazard, Severity, WarningSource
from models.tables import table_of
from tasks.flood_events import record_events
from tasks.numbers import NumberSeries, numbered

WARNINGS = table_of(FloodWarning)

NUMBER, DRILL_NUMBER = "YJ{date}-{serial:03d}", "YL{date}-{serial:03d}"
"""How warnings are numbered, and those of a drill 演练."""

RAISED, ENDED = "warning_raised", "warning_ended"
"""Events in the stream warning:<number>."""


@dataclass(frozen=True, slots=True)
class Raising:
    """A warning before it has a number."""

    hazard: Hazard
    source: WarningSource
    severity: Severity
    subject: str
    """What keeps it single while it lasts. Example: threshold:huayuankou:warning_stage, signal:410184."""
    area: str
    raised_at: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)
    station: str | None = None
    threshold: str | None = None
    calls: bool = False
    drill: bool = False


@dataclass(frozen=True, slots=True)
class RaisedWarning:
    """A warning as it stands now."""

    number: str
    drill: bool
    hazard: Hazard
    source: WarningSource
    severity: Severity
    subject: str
    station: str | None
    threshold: str | None
    area: str
    calls: bool
    raised_at: datetime
    recorded_at: datetime
    evidence: Mapping[str, Any]
    ended_at: datetime | None
    end_recorded_at: datetime | None
    end_evidence: Mapping[str, Any]


def open_warnings(connection: Connection, hazard: Hazard | None = None, drill: bool = False) -> list[RaisedWarning]:
    """The warnings that last, in the order they were raised; those of a drill stand apart."""
    return _read(connection, _of(hazard, drill).where(WARNINGS.c.ended_at.is_(None)))


def warnings_since(
    connection: Connection, since: datetime, hazard: Hazard | None = None, drill: bool = False
) -> list[RaisedWarning]:
    """The warnings whose rise or end was recorded at or after a moment, in the order they were raised."""
    lately = or_(WARNINGS.c.recorded_at >= since, WARNINGS.c.end_recorded_at >= since)
    return _read(connection, _of(hazard, drill).where(lately))


def warning_numbered(connection: Connection, number: str) -> RaisedWarning | None:
    """The warning with this number."""
    return next(iter(_read(connection, select(WARNINGS).where(WARNINGS.c.number == number))), None)


def raise_warning(
    connection: Connection, city: City, raising: Raising, recording: Recording, actor: str
) -> RaisedWarning | None:
    """Raise a warning, in the caller's transaction; None where one with its subject lasts already."""
    series = NumberSeries(connection)
    series.lock()  # Whoever else raises the same waits here, and then sees this one.
    same = select(WARNINGS.c.id).where(
        WARNINGS.c.subject == raising.subject, WARNINGS.c.drill == raising.drill, WARNINGS.c.ended_at.is_(None)
    )
    if connection.scalar(same) is not None:
        return None
    day = recording.now.astimezone(city.zone).strftime("%Y%m%d")
    number = numbered(series, DRILL_NUMBER if raising.drill else NUMBER, {"date": day})
    series.save()
    row = _row(number, raising, recording.now)
    connection.execute(insert(WARNINGS).values(**row))
    facts = {name: row[name] for name in ("hazard", "source", "severity", "subject", "area", "calls")}
    happened = Happened(RAISED, raising.raised_at, actor, {**facts, "evidence": dict(raising.evidence)})
    record_events(connection, f"warning:{number}", [happened], recording)
    return warning_numbered(connection, number)


def end_warning(
    connection: Connection, number: str, at: datetime, evidence: Mapping[str, Any], recording: Recording, actor: str
) -> bool:
    """End a warning by its evidence, in the caller's transaction; False where it has ended already."""
    lasts = update(WARNINGS).where(WARNINGS.c.number == number, WARNINGS.c.ended_at.is_(None))
    values = {"ended_at": at, "end_recorded_at": recording.now, "end_evidence": canonical(evidence)}
    if connection.execute(lasts.values(**values)).rowcount != 1:
        return False
    happened = Happened(ENDED, at, actor, {"evidence": dict(evidence)})
    record_events(connection, f"warning:{number}", [happened], recording)
    return True


def _of(hazard: Hazard | None, drill: bool) -> Select[Any]:
    chosen = select(WARNINGS).where(WARNINGS.c.drill == drill)
    return chosen if hazard is None else chosen.where(WARNINGS.c.hazard == hazard.value)


def _read(connection: Connection, chosen: Select[Any]) -> list[RaisedWarning]:
    return [_warning(row) for row in connection.execute(chosen.order_by(WARNINGS.c.raised_at, WARNINGS.c.id))]


def _row(number: str, raising: Raising, now: datetime) -> dict[str, Any]:
    return {
        "number": number,
        "drill": raising.drill,
        "hazard": raising.hazard.value,
        "source": raising.source.value,
        "severity": raising.severity.value,
        "subject": raising.subject,
        "station": raising.station,
        "threshold": raising.threshold,
        "area": raising.area,
        "calls": raising.calls,
        "raised_at": raising.raised_at,
        "recorded_at": now,
        "evidence": canonical(raising.evidence),
        "end_evidence": "",
    }


def _warning(row: Any) -> RaisedWarning:
    return RaisedWarning(
        number=row.number,
        drill=row.drill,
        hazard=Hazard(row.hazard),
        source=WarningSource(row.source),
        severity=Severity(row.severity),
        subject=row.subject,
        station=row.station,
        threshold=row.threshold,
        area=row.area,
        calls=row.calls,
        raised_at=row.raised_at,
        recorded_at=row.recorded_at,
        evidence=json.loads(row.evidence or "{}"),
        ended_at=row.ended_at,
        end_recorded_at=row.end_recorded_at,
        end_evidence=json.loads(row.end_evidence or "{}"),
    )
