"""How a storm ended, in words that are the same on every database: names for ids, and nothing of when it was sent."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, select

from models.call import Call, CallTarget
from models.duty import DutyAssignment, DutyHandover, DutyShift, SpotCheck
from models.flood_event import FloodEvent
from models.flood_response import Consultation, ResponseDecision
from models.flood_warning import FloodWarning
from models.info_report import IncidentReport, ReportOwed
from models.notice import Notice, NoticeKind
from models.observation import Observation, WaterSeries
from models.tables import table_of
from tasks.database import reading
from tests.chaos.outcome import Outcome

NOTICES = table_of(Notice)

NAMES: Mapping[str, tuple[type[Any], tuple[str, ...]]] = {
    "series": (WaterSeries, ("station", "element")),
    "readings": (Observation, ("series_id", "at")),
    "warnings": (FloodWarning, ("number",)),
    "calls": (Call, ("number",)),
    "people called": (CallTarget, ("call_id", "subject", "chain", "step", "duty", "post")),
    "consultations": (Consultation, ("number",)),
    "decisions": (ResponseDecision, ("consultation",)),
    "reports owed": (ReportOwed, ("key",)),
    "reports": (IncidentReport, ("key",)),
    "shifts": (DutyShift, ("code",)),
    "places": (DutyAssignment, ("shift_id", "place")),
    "handovers": (DutyHandover, ("shift_id",)),
    "spot checks": (SpotCheck, ("code",)),
    "events": (FloodEvent, ("stream", "seq")),
}
"""Tables, with what names their rows."""

NOT_COMPARED = frozenset({"id", "flow_run_id", "hash", "previous_hash", "roster_id", "run_settled"})
"""Who did it, and in which order rows were written."""

_NOTICE = ("kind", "recipient", "subject", "priority", "requires_ack", "created_at", "state", "acknowledged_at", "rung")

TOLD_AT = "told_at"
"""What a message about a silence says of when the silent one was told: a killed delivery tells a little later."""


def read_storm(engine: Engine) -> Outcome:
    """All that must not depend on who was killed when."""
    with reading(engine) as connection:
        named = _Named(connection)
        outcome = {what: named.rows(table_of(model), names) for what, (model, names) in NAMES.items()}
        return {**outcome, "notices": _notices(connection)}


class _Named:
    """Knows what the ids of other rows stand for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._of = {
            "series_id": self._by_id(WaterSeries, "station", "element"),
            "call_id": self._by_id(Call, "number"),
            "shift_id": self._by_id(DutyShift, "code"),
            "next_shift_id": self._by_id(DutyShift, "code"),
        }
        places = self._by_id(DutyAssignment, "shift_id", "place")
        self._of["assignment_id"] = {
            key: (self._of["shift_id"][shift], place) for key, (shift, place) in places.items()
        }

    def rows(self, table: Table, names: tuple[str, ...]) -> Mapping[Any, Any]:
        """Each row of a table by its name."""
        others = [column.name for column in table.columns if column.name not in (*names, *NOT_COMPARED)]
        found: dict[Any, Any] = {}
        for row in self._connection.execute(select(table)).mappings():
            name = tuple(self._value(row, one) for one in names)
            if name in found:
                raise ValueError(f"{table.name} holds {name} twice")
            found[name] = {one: self._value(row, one) for one in others}
        return found

    def _value(self, row: Mapping[Any, Any], name: str) -> Any:
        value = row[name]
        if name in self._of:
            return self._of[name].get(value)
        return plain(value)

    def _by_id(self, model: type[Any], *names: str) -> dict[Any, Any]:
        table = table_of(model)
        rows = self._connection.execute(select(table.c.id, *(table.c[name] for name in names)))
        return {row[0]: tuple(row[1:]) for row in rows}


def _notices(connection: Connection) -> Mapping[Any, Any]:
    rows = connection.execute(select(NOTICES)).all()
    key_of = {row.id: row.dedupe_key for row in rows}
    found: dict[Any, Any] = {}
    for row in rows:
        facts, name = json.loads(row.facts), row.dedupe_key
        if row.kind == NoticeKind.SILENCE:
            facts.pop(TOLD_AT, None)
            name = f"silence of {key_of[row.origin_id]}:{':'.join(name.split(':')[2:])}"
        found[name] = (*(plain(getattr(row, one)) for one in _NOTICE), json.dumps(facts, sort_keys=True))
    return found


def plain(value: Any) -> Any:
    """A moment in UTC, a date as text; everything else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
