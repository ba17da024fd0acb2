"""Warnings as they are read: those that last, those that changed lately, one by its number."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, or_, select

from models.flood_warning import FloodWarning, Hazard, Severity, WarningSource
from models.tables import table_of

WARNINGS = table_of(FloodWarning)

ASKED_AT_ONCE = 5_000


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


def warnings_numbered(connection: Connection, numbers: Iterable[str]) -> dict[str, RaisedWarning]:
    """The warnings with these numbers, by number."""
    wanted = sorted(set(numbers))
    found: dict[str, RaisedWarning] = {}
    for first in range(0, len(wanted), ASKED_AT_ONCE):
        mine = WARNINGS.c.number.in_(wanted[first : first + ASKED_AT_ONCE])
        found |= {one.number: one for one in _read(connection, select(WARNINGS).where(mine))}
    return found


def open_warning_of(connection: Connection, subject: str, drill: bool = False) -> RaisedWarning | None:
    """The warning of a subject that lasts."""
    mine = (WARNINGS.c.subject == subject, WARNINGS.c.drill == drill, WARNINGS.c.ended_at.is_(None))
    return next(iter(_read(connection, select(WARNINGS).where(*mine))), None)


def _of(hazard: Hazard | None, drill: bool) -> Select[Any]:
    chosen = select(WARNINGS).where(WARNINGS.c.drill == drill)
    return chosen if hazard is None else chosen.where(WARNINGS.c.hazard == hazard.value)


def _read(connection: Connection, chosen: Select[Any]) -> list[RaisedWarning]:
    return [_warning(row) for row in connection.execute(chosen.order_by(WARNINGS.c.raised_at, WARNINGS.c.id))]


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
