"""The climb of a silence as an event of its case, in the same chain as everything else that happens to it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from models.city import City
from models.ladder import next_wake
from models.lifecycle import CaseVisit, Lifecycle
from models.vocabulary import ActionName
from tasks.case_store import CASES, Change, read_cases, write_changes
from tasks.database import is_postgres
from tasks.numbers import NumberSeries


def write_silence_events(
    connection: Connection, city: City, climbs: Sequence[tuple[Row[Any], str]], now: datetime, flow_run_id: str | None
) -> None:
    """Write one event for each notice about a case whose silence climbed, with the rung it climbed to.

    Raises: CaseMovedMeanwhileError when a visit moved one of the cases meanwhile; nothing was written then.
    """
    ids = sorted({row.case_id for row, _ in climbs})
    if not ids:
        return
    _keep(connection, ids)
    life = Lifecycle(city, NumberSeries(connection).next)
    loaded = read_cases(connection, ids)
    visits = {id_: CaseVisit(one.case, now, one.case.state) for id_, one in loaded.items()}
    for row, to in climbs:
        facts = {"notice": row.id, "kind": row.kind, "post": row.recipient, "rung": to}
        life.by_rule(visits[row.case_id], ActionName.CLIMB_SILENCE, "silence", now, **facts)
    changes = [
        Change(loaded[id_], visit.events, visit.notices, next_wake(visit.case, city))
        for id_, visit in visits.items()
        if visit.moved
    ]
    write_changes(connection, changes, city, now=now, flow_run_id=flow_run_id)


def _keep(connection: Connection, ids: Sequence[int]) -> None:
    """No visit moves these cases until the transaction ends; on SQLite none can anyway."""
    if is_postgres(connection):
        connection.execute(
            CASES.select().where(CASES.c.id.in_(ids)).order_by(CASES.c.id).with_for_update(key_share=True)
        )
