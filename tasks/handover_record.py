"""What the system fills into a handover's record: the outgoing officer checks it instead of writing it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, or_, select

from models.case import Case
from models.chain import canonical
from models.city import City
from models.flood_warning import FloodWarning
from models.notice import Notice, NoticeState
from models.tables import table_of
from models.vocabulary import ANY_OPEN
from tasks.duty_log import log_of_shift
from tasks.duty_readings import LastReadings
from tasks.duty_shifts import Shift

WARNINGS, NOTICES, CASES = table_of(FloodWarning), table_of(Notice), table_of(Case)

MOST_LISTED = 50
"""Rows of one part that the record lists; it always tells how many there are."""

PARTS = ("log", "warnings", "notices", "cases", "readings")

_PREFIXES = (("duty:", "duty;"), ("flood:", "flood;"))
"""Subjects of the flood season's notices, as ranges an index can answer."""

Facts = list[dict[str, Any]]


def handover_record(
    connection: Connection, city: City, shift: Shift, now: datetime, last_readings: LastReadings
) -> dict[str, Any]:
    """Log, open warnings, what nobody acknowledged, open flood cases, last readings; each with its count."""
    parts: dict[str, Sequence[Mapping[str, Any]]] = {
        "log": _log(connection, city, shift, now),
        "warnings": _warnings(connection),
        "notices": _unacknowledged(connection),
        "cases": _cases(connection, city),
        "readings": [dict(one) for one in last_readings(connection, city)],
    }
    return {name: {"count": len(rows), "rows": list(rows[:MOST_LISTED])} for name, rows in parts.items()}


def record_digest(record: str) -> str:
    """The digest of a record as it is stored, by which its event proves it."""
    return sha256(record.encode()).hexdigest()


def counts_of(record: Mapping[str, Any]) -> dict[str, int]:
    """How many of each part. Example: {"log": 12, "warnings": 1, "notices": 0, "cases": 3, "readings": 9}."""
    return {name: int(record[name]["count"]) for name in PARTS if name in record}


def stored(record: Mapping[str, Any]) -> str:
    """The record as its column holds it."""
    return canonical(record)


def _log(connection: Connection, city: City, shift: Shift, now: datetime) -> Facts:
    return [
        {"number": entry.number, "at": entry.at, "post": entry.post, "what": entry.words.what,
         "place": entry.words.place, "handled": entry.words.handled, "corrected_by": entry.corrected_by}
        for entry in log_of_shift(connection, city, shift, now)
    ]  # fmt: skip


def _warnings(connection: Connection) -> Facts:
    still = (WARNINGS.c.ended_at.is_(None)) & (WARNINGS.c.drill.is_(False))
    columns = [WARNINGS.c[name] for name in ("number", "hazard", "severity", "area", "station", "raised_at")]
    rows = connection.execute(select(*columns).where(still).order_by(WARNINGS.c.raised_at))
    return [dict(row) for row in rows.mappings()]


def _unacknowledged(connection: Connection) -> Facts:
    waiting = (NoticeState.WAITING.value, NoticeState.SENT.value, NoticeState.FAILED.value)
    columns = [NOTICES.c[name] for name in ("id", "kind", "recipient", "subject", "created_at", "state")]
    found = select(*columns).where(
        NOTICES.c.requires_ack,
        NOTICES.c.acknowledged_at.is_(None),
        NOTICES.c.state.in_(waiting),
        or_(*((NOTICES.c.subject >= first) & (NOTICES.c.subject < last) for first, last in _PREFIXES)),
    )
    return [dict(row) for row in connection.execute(found.order_by(NOTICES.c.id)).mappings()]


def _cases(connection: Connection, city: City) -> Facts:
    classes = city.duty.flood_classes if city.duty else ()
    if not classes:
        return []
    columns = [CASES.c[name] for name in ("number", "receipt_number", "class_code", "state", "unit", "due_at")]
    still = CASES.c.class_code.in_(classes) & CASES.c.state.in_([state.value for state in ANY_OPEN])
    return [dict(row) for row in connection.execute(select(*columns).where(still).order_by(CASES.c.id)).mappings()]
