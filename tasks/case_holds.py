"""Reserving a queued case: one holder a case, for a quarter of an hour, so that two seats never work one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from models.case import Case
from models.desk_access import CaseHold
from models.tables import table_of
from tasks.bulk_rows import read_rows
from tasks.database import is_postgres

HOLDS, CASES = table_of(CaseHold), table_of(Case)


@dataclass(frozen=True, slots=True)
class Hold:
    """Who works on a case, until when."""

    post: str
    until: datetime


def take_case(connection: Connection, case_id: int, post: str, now: datetime, until: datetime) -> Hold | None:
    """Reserves a case for a post, unless somebody else holds it; returns who holds it now.

    Taking it again holds it longer. None where there is no such case.
    Example: take_case(connection, 7, "acceptor-a", now, now + timedelta(minutes=15)).post == "acceptor-a"
    """
    state = connection.scalar(select(CASES.c.state).where(CASES.c.id == case_id))
    if state is None:
        return None
    row = {"case_id": case_id, "post": post, "state": state, "taken_at": now, "until": until}
    # One statement that finds and takes: between two of them another seat would slip in.
    free = or_(HOLDS.c.until <= now, HOLDS.c.post == post, HOLDS.c.state != state)
    if is_postgres(connection):
        statement = postgresql.insert(HOLDS).values(row)
        connection.execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=row, where=free))
    else:
        on_sqlite = sqlite.insert(HOLDS).values(row)
        connection.execute(on_sqlite.on_conflict_do_update(index_elements=["case_id"], set_=row, where=free))
    return holders(connection, [case_id], now)[case_id]


def release_case(connection: Connection, case_id: int, post: str) -> bool:
    """Gives a case back to the queue; False where the post did not hold it."""
    mine = (HOLDS.c.case_id == case_id) & (HOLDS.c.post == post)
    return connection.execute(delete(HOLDS).where(mine)).rowcount == 1


def holders(connection: Connection, case_ids: Sequence[int], now: datetime) -> dict[int, Hold]:
    """Who holds which of these cases. A hold ends with its time, or once the case has moved on."""
    names = ("case_id", "post", "until", "state")
    holds = [row for row in read_rows(connection, HOLDS, names, "case_id", case_ids, "case_id") if row[2] > now]
    states = dict(read_rows(connection, CASES, ("id", "state"), "id", [row[0] for row in holds], "id")) if holds else {}
    return {case_id: Hold(post, until) for case_id, post, until, state in holds if states.get(case_id) == state}
