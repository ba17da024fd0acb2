"""Service requests of programs into the database, by the same way as all reports; the same twice is one."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from models.case import IntakeBatch
from models.city import City
from models.tables import table_of
from tasks.numbers import NumberSeries
from tasks.open311_reading import SOURCE, Posted
from tasks.personal_data import fingerprint
from tasks.reports import REPORTS, write_reports

BATCHES = table_of(IntakeBatch)

SAME_WITHIN_MINUTES = 10
"""The same content from the same program and device within this time is the same request: a double tap, a retry."""


def take_request(connection: Connection, city: City, key: bytes, program: str, posted: Posted, now: datetime) -> str:
    """The receipt number of a service request, in the caller's transaction; a new one only where it is not the same.

    `key` is the personal key: what makes a request the same is kept as a keyed digest, because it may hold a phone.
    """
    # Whoever gives numbers is alone, so two taps at the same moment are one after the other here.
    NumberSeries(connection).lock()
    digest = fingerprint(key, SOURCE, program, *posted.told)
    minute = int(now.timestamp()) // 60
    # The minute of the first tap is part of the id, so that looking for it takes an index and no range.
    recent = [f"{digest}-{minute - age}" for age in range(SAME_WITHIN_MINUTES + 1)]
    known = _receipt_of(connection, recent)
    if known is not None:
        return known
    counts = {"rows": 1, "taken": 1, "duplicates": 0, "refused": 0}
    batch = {"source": SOURCE, "name": program, "started_at": now, "ended_at": now, **counts}
    batch_id: int = connection.execute(insert(BATCHES).values(batch).returning(BATCHES.c.id)).scalar_one()
    report = posted.as_report(recent[0], now)
    write_reports(connection, city, key, [report], batch_id=batch_id, now=now, flow_run_id=None)
    receipt = _receipt_of(connection, recent[:1])
    if receipt is None:
        raise LookupError(f"The report {report.source_id} of {SOURCE} was written and cannot be found again.")
    return receipt


def _receipt_of(connection: Connection, source_ids: list[str]) -> str | None:
    there = select(REPORTS.c.receipt_number).where(REPORTS.c.source == SOURCE, REPORTS.c.source_id.in_(source_ids))
    receipt: str | None = connection.scalar(there.order_by(REPORTS.c.id.desc()).limit(1))
    return receipt
