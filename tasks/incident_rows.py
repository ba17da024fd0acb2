"""Incidents with all that was said of them, and reports that are owed, as pages and commands ask for them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from models.info_report import IncidentState, OwedState
from tasks.info_reports import ENTRIES
from tasks.report_deadlines import INCIDENTS, OWED

OPEN_OWED = (OwedState.OWED.value, OwedState.LATE.value, OwedState.MISSING.value)


@dataclass(frozen=True, slots=True)
class IncidentTold:
    """One incident as it stands: its entries from the first to the newest, and what is owed."""

    number: str
    hazard: str
    area: str
    unit: str
    opened_at: datetime
    opened_by: str
    state: IncidentState
    ended_at: datetime | None
    entries: tuple[Mapping[str, Any], ...]
    owed: tuple[Row[Any], ...]

    @property
    def concerned(self) -> set[str]:
        """The units it concerns."""
        return {self.unit, *(entry["unit"] for entry in self.entries), *(row.unit for row in self.owed)}

    @property
    def reporters(self) -> set[str]:
        """The posts that wrote an entry."""
        return {entry["by"] for entry in self.entries}


def read_incident(connection: Connection, number: str) -> IncidentTold | None:
    """One incident by its number."""
    row = connection.execute(select(INCIDENTS).where(INCIDENTS.c.number == number)).first()
    return _told(connection, row) if row else None


def open_incidents(connection: Connection) -> list[IncidentTold]:
    """Incidents without a final report, the newest first."""
    asked = select(INCIDENTS).where(INCIDENTS.c.state == IncidentState.OPEN.value)
    return [_told(connection, row) for row in connection.execute(asked.order_by(INCIDENTS.c.id.desc()))]


def reports_owed(connection: Connection, units: Sequence[str] | None = None) -> list[Row[Any]]:
    """Reports that were not given yet, by their time; of some units, or of all."""
    asked = select(OWED).where(OWED.c.given_at.is_(None), OWED.c.state.in_(OPEN_OWED))
    if units is not None:
        asked = asked.where(OWED.c.unit.in_(units))
    return list(connection.execute(asked.order_by(OWED.c.due_at, OWED.c.id)))


def _told(connection: Connection, row: Row[Any]) -> IncidentTold:
    entries = connection.execute(select(ENTRIES).where(ENTRIES.c.subject == row.number).order_by(ENTRIES.c.id))
    owed = connection.execute(select(OWED).where(OWED.c.subject == row.number).order_by(OWED.c.due_at, OWED.c.id))
    return IncidentTold(
        row.number,
        row.hazard,
        row.area,
        row.unit,
        row.opened_at,
        row.opened_by,
        IncidentState(row.state),
        row.ended_at,
        tuple({**entry._mapping, "contradicts": json.loads(entry.contradicts)} for entry in entries),
        tuple(owed),
    )
