"""Warnings are raised and ended here: the row, its event and the messages about it in one transaction.

Whoever calls people or decides about a response reads warnings from here too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from models.chain import canonical
from models.city import City
from models.flood_event import Happened, Recording
from models.flood_warning import Hazard, Severity, WarningSource
from tasks.flood_events import record_events
from tasks.numbers import NumberSeries, numbered
from tasks.warning_notices import tell_ended, tell_raised
from tasks.warning_rows import (
    WARNINGS,
    RaisedWarning,
    open_warning_of,
    open_warnings,
    warning_numbered,
    warnings_since,
)

__all__ = [
    "WARNINGS",
    "RaisedWarning",
    "Raising",
    "end_warning",
    "open_warning_of",
    "open_warnings",
    "raise_warning",
    "warning_numbered",
    "warnings_since",
]

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
    """What keeps it single while it lasts. Example: threshold:huayuankou:warning_stage, signal:rainstorm:410184."""
    area: str
    raised_at: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)
    station: str | None = None
    threshold: str | None = None
    calls: bool = False
    drill: bool = False


def raise_warning(
    connection: Connection, city: City, raising: Raising, recording: Recording, actor: str, *, told: bool = True
) -> RaisedWarning | None:
    """Raise a warning, in the caller's transaction; None where one with its subject lasts already.

    The people on duty are told, unless the caller says that it is over already and tells them that.
    """
    series = NumberSeries(connection)
    series.lock()  # Whoever else raises the same waits here, and then sees this one.
    if open_warning_of(connection, raising.subject, raising.drill) is not None:
        return None
    day = recording.now.astimezone(city.zone).strftime("%Y%m%d")
    number = numbered(series, DRILL_NUMBER if raising.drill else NUMBER, {"date": day})
    series.save()
    row = _row(number, raising, recording.now)
    connection.execute(insert(WARNINGS).values(**row))
    facts = {name: row[name] for name in ("hazard", "source", "severity", "subject", "area", "calls")}
    happened = Happened(RAISED, raising.raised_at, actor, {**facts, "evidence": dict(raising.evidence)})
    record_events(connection, f"warning:{number}", [happened], recording)
    raised = warning_numbered(connection, number)
    if raised is not None and told:
        tell_raised(connection, city, raised, recording.now)
    return raised


def end_warning(
    connection: Connection,
    city: City,
    number: str,
    at: datetime,
    evidence: Mapping[str, Any],
    recording: Recording,
    actor: str,
    *,
    told: bool = True,
) -> bool:
    """End a warning by its evidence and tell the people on duty, in the caller's transaction.

    False where it has ended already. Where another takes its place they are told of that one alone.
    """
    lasts = update(WARNINGS).where(WARNINGS.c.number == number, WARNINGS.c.ended_at.is_(None))
    values = {"ended_at": at, "end_recorded_at": recording.now, "end_evidence": canonical(evidence)}
    if connection.execute(lasts.values(**values)).rowcount != 1:
        return False
    happened = Happened(ENDED, at, actor, {"evidence": dict(evidence)})
    record_events(connection, f"warning:{number}", [happened], recording)
    ended = warning_numbered(connection, number)
    if ended is not None and told:
        tell_ended(connection, city, ended, recording.now)
    return True


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
