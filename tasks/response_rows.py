"""The rows of warnings, consultations and decisions, as the rules ask for them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from models.flood_response import Consultation, ConsultationState, ResponseDecision
from models.flood_rules import ResponseLevel
from models.flood_warning import FloodWarning, Hazard, Severity, WarningSource
from models.response_rules import Considered, Decided, InForce, OpenWarning, Where, in_force
from models.tables import table_of

WARNINGS, CONSULTATIONS, DECISIONS = table_of(FloodWarning), table_of(Consultation), table_of(ResponseDecision)


@dataclass(frozen=True, slots=True)
class ConsultationTold:
    """One consultation as it stands."""

    number: str
    hazard: Hazard
    area: str
    suggested: ResponseLevel
    warnings: tuple[str, ...]
    human_decides: bool
    basis: str
    opened_at: datetime
    opened_by: str
    decide_by: datetime
    state: ConsultationState
    closed_at: datetime | None
    reminders: int
    climbs_at: datetime | None
    flow_run_id: str | None

    @property
    def where(self) -> Where:
        """The hazard and area it is about."""
        return self.hazard, self.area


@dataclass(frozen=True, slots=True)
class DecisionTold:
    """One decision as it was written."""

    consultation: str
    hazard: Hazard
    area: str
    level: ResponseLevel
    kept: bool
    former: ResponseLevel
    suggested: ResponseLevel
    basis: str
    issuer: str
    signed_by: str
    by: str
    at: datetime
    key: str
    origin: str


def open_warnings(connection: Connection) -> list[OpenWarning]:
    """The warnings that last; those of a drill suggest nothing."""
    rows = connection.execute(
        select(WARNINGS).where(WARNINGS.c.ended_at.is_(None), ~WARNINGS.c.drill).order_by(WARNINGS.c.number)
    )
    return [
        OpenWarning(
            row.number, Hazard(row.hazard), Severity(row.severity), WarningSource(row.source), row.threshold, row.area
        )
        for row in rows
    ]


def open_consultation_rows(connection: Connection) -> dict[Where, ConsultationTold]:
    """The open consultations, by what they are about."""
    rows = connection.execute(select(CONSULTATIONS).where(CONSULTATIONS.c.state == ConsultationState.OPEN.value))
    return {told.where: told for told in map(consultation_told, rows)}


def find_consultation(connection: Connection, number: str, *, to_decide: bool = False) -> ConsultationTold | None:
    """One consultation by its number; `to_decide` keeps its row for this transaction."""
    asked = select(CONSULTATIONS).where(CONSULTATIONS.c.number == number)
    row = connection.execute(asked.with_for_update() if to_decide else asked).first()
    return consultation_told(row) if row else None


def last_considered(connection: Connection, wheres: Iterable[Where]) -> dict[Where, Considered]:
    """The last suggestion of each area that people decided about."""
    areas = {area for _, area in wheres}
    if not areas:
        return {}
    rows = connection.execute(
        select(CONSULTATIONS)
        .where(CONSULTATIONS.c.state == ConsultationState.DECIDED.value, CONSULTATIONS.c.area.in_(areas))
        .order_by(CONSULTATIONS.c.closed_at, CONSULTATIONS.c.id)
    )
    return {
        (Hazard(row.hazard), row.area): Considered(ResponseLevel(row.suggested_level), row.closed_at) for row in rows
    }


def decision_of(connection: Connection, number: str) -> DecisionTold | None:
    """The decision of a consultation."""
    row = connection.execute(select(DECISIONS).where(DECISIONS.c.consultation == number)).first()
    return decision_told(row) if row else None


def decision_by_key(connection: Connection, key: str) -> DecisionTold | None:
    """The decision a form or command wrote under this key."""
    row = connection.execute(select(DECISIONS).where(DECISIONS.c.key == key)).first()
    return decision_told(row) if row else None


def decisions(connection: Connection) -> list[DecisionTold]:
    """All decisions in the order they were written: there are a few dozen a year."""
    return [decision_told(row) for row in connection.execute(select(DECISIONS).order_by(DECISIONS.c.id))]


def in_force_at(connection: Connection, at: datetime) -> dict[Where, InForce]:
    """What is in force at a moment."""
    rows = decisions(connection)
    return in_force(
        [
            Decided(d.consultation, d.hazard, d.area, d.level, d.kept, d.at, d.issuer, d.signed_by)
            for d in rows
        ],
        at,
    )  # fmt: skip


def consultation_told(row: Row[Any]) -> ConsultationTold:
    """A row of the table, in its own words."""
    return ConsultationTold(
        row.number,
        Hazard(row.hazard),
        row.area,
        ResponseLevel(row.suggested_level),
        tuple(json.loads(row.warnings)),
        row.human_decides,
        row.basis,
        row.opened_at,
        row.opened_by,
        row.decide_by,
        ConsultationState(row.state),
        row.closed_at,
        row.reminders,
        row.climbs_at,
        row.flow_run_id,
    )


def decision_told(row: Row[Any]) -> DecisionTold:
    """A row of the table, in its own words."""
    return DecisionTold(
        row.consultation,
        Hazard(row.hazard),
        row.area,
        ResponseLevel(row.level),
        row.kept,
        ResponseLevel(row.former_level),
        ResponseLevel(row.suggested_level),
        row.basis,
        row.issuer,
        row.signed_by,
        row.by,
        row.at,
        row.key,
        row.origin,
    )
