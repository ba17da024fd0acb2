"""Until when a unit may appeal 申诉: within the window of the month in which the case was due."""

from datetime import datetime

from sqlalchemy import Connection, select

from models.city import City
from models.evaluation import EvaluationVersion
from models.refusal import Refusal
from models.tables import table_of
from tasks.case_facts import FACTS

VERSIONS = table_of(EvaluationVersion)


def appeal_too_late(connection: Connection, city: City, case_id: int, now: datetime) -> Refusal | None:
    """Why an appeal against a case is no longer taken; None while its month has no draft, or the window is open."""
    due = select(FACTS.c.due_at).where(FACTS.c.case_id == case_id, FACTS.c.due_at.is_not(None))
    due_at = connection.scalar(due.order_by(FACTS.c.round.desc(), FACTS.c.part.desc()).limit(1))
    if due_at is None:
        return None
    month = f"{due_at.astimezone(city.zone):%Y-%m}"
    window = select(VERSIONS.c.window_until).where(VERSIONS.c.month == month).order_by(VERSIONS.c.version).limit(1)
    until = connection.scalar(window)
    return Refusal("appeal_too_late", {"month": month, "until": until}) if until is not None and now > until else None
