"""Time moves the deadlines of reports: calls, reminders, late, missing; each step once, whoever comes by."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from models.city import City
from models.flood_event import Happened, Recording
from models.flood_rules import ReportKind, ReportRules
from models.info_report import OwedState
from models.info_report_rules import OwedStep, StepKind, owed_steps
from tasks.database import claim
from tasks.flood_events import record_events
from tasks.report_deadlines import OWED, owe_next, reports_stream
from tasks.report_notices import tell_of_step

MOST_AT_ONCE, MOST_ROUNDS = 500, 100
"""A report that falls due begins the next of its series, which may be due as well: so in rounds."""
BY_RULE = "rule:reports"


@dataclass(frozen=True, slots=True)
class Moved:
    """What a look at the deadlines came to, in reports."""

    called: int = 0
    late: int = 0
    missing: int = 0


def move_deadlines(connection: Connection, city: City, now: datetime, recording: Recording) -> Moved:
    """Take every step that is due; a second call at the same moment changes nothing.

    A late visit makes up for what it missed, also the follow-ups that fell due meanwhile, but calls nobody for a
    report that is late by now.
    """
    flood = city.flood
    if flood is None:
        return Moved()
    counted = {kind: 0 for kind in StepKind}
    due = select(OWED).where(OWED.c.climbs_at <= now).order_by(OWED.c.climbs_at, OWED.c.id).limit(MOST_AT_ONCE)
    for _ in range(MOST_ROUNDS):
        rows = connection.execute(claim(due, connection)).all()
        for row in rows:
            for step in _take_steps(connection, city, flood.reports, row, now, recording):
                counted[step.kind] += 1
        if not rows:
            break
    return Moved(counted[StepKind.CALL], counted[StepKind.LATE], counted[StepKind.MISSING])


def _take_steps(
    connection: Connection, city: City, rules: ReportRules, row: Row[Any], now: datetime, recording: Recording
) -> list[OwedStep]:
    steps = owed_steps(ReportKind(row.kind), row.owed_since, row.due_at, row.missing_at, rules.ladder)
    taken = [step for step in steps[row.rung :] if step.at <= now]
    reached = row.rung + len(taken)
    state = OwedState(row.state)
    for step in taken:
        if step.kind in (StepKind.LATE, StepKind.MISSING):
            state = OwedState.LATE if step.kind is StepKind.LATE else OwedState.MISSING
            facts = {"kind": row.kind, "means": row.means, "unit": row.unit, "to": row.to}
            facts["due_at"] = row.due_at.isoformat()
            happened = Happened(state.value, step.at, BY_RULE, facts)
            record_events(connection, reports_stream(row.subject), [happened], recording)
    following = steps[reached].at if reached < len(steps) else None
    values = {"rung": reached, "climbs_at": following, "state": state.value}
    connection.execute(update(OWED).where(OWED.c.id == row.id).values(values))
    told = [step for step in taken if step.kind is not StepKind.CALL or now < row.due_at]
    for step in told:
        tell_of_step(connection, city, row, step, now)
    if any(step.kind is StepKind.LATE for step in taken):
        owe_next(connection, city, row, row.due_at, recording)
    return told
