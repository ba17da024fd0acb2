"""Counters made of rows: each row is counted once, when it is settled, and the count is carried on.

So what a monitor reads never falls, costs what is new since it asked last, and is the same whichever desk it asks. Only
the first question after a start reads all rows.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, case, func, literal, not_, select

from models.case import WaitingAction
from models.notice import Attempt
from models.tables import table_of
from tasks.database import is_postgres

ATTEMPTS, ACTIONS = table_of(Attempt), table_of(WaitingAction)

COMMITTED_AFTER = timedelta(seconds=10)
"""Rows younger than this are left for the next time: one with a lower id may still be committed after them."""

AT_A_TIME = 500
"""Ids of one statement."""

LATENCY_SECONDS = (0.25, 0.5, 1.0, 1.5, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
"""Upper bounds of the latency's buckets, with p50 and p95 of the aims (1.5 s and 4 s) among them."""

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Tallied:
    """How many rows of one kind there were, and what they add up to."""

    rows: int = 0
    amount: float = 0.0


class Tallying(Protocol):
    """What rows a tally counts, and by what."""

    table: Table
    begun: Column[Any]
    settled: Column[Any]

    def keys(self, connection: Connection) -> tuple[ColumnElement[Any], ...]:
        """What a row is counted under."""

    def amount(self, connection: Connection) -> ColumnElement[Any]:
        """What a row adds to the sum."""


class AttemptsByOutcome:
    """Tries to hand a notice over, by channel and outcome as it was written down."""

    table, begun, settled = ATTEMPTS, ATTEMPTS.c.started_at, ATTEMPTS.c.ended_at

    def keys(self, connection: Connection) -> tuple[ColumnElement[Any], ...]:
        """Channel and outcome."""
        return ATTEMPTS.c.channel, ATTEMPTS.c.outcome

    def amount(self, connection: Connection) -> ColumnElement[Any]:
        """Nothing is added up."""
        return literal(0)


class ActionsByLatency:
    """Settled actions, by the bucket of the seconds from the tap to the visit that took or refused it."""

    table, begun, settled = ACTIONS, ACTIONS.c.received_at, ACTIONS.c.settled_at

    def keys(self, connection: Connection) -> tuple[ColumnElement[Any], ...]:
        """The number of the bucket; one behind the last for what took longer."""
        seconds = self.amount(connection)
        bounds = [(seconds <= bound, number) for number, bound in enumerate(LATENCY_SECONDS)]
        return (case(*bounds, else_=len(LATENCY_SECONDS)),)

    def amount(self, connection: Connection) -> ColumnElement[Any]:
        """The seconds it took."""
        if is_postgres(connection):
            return func.extract("epoch", self.settled - self.begun)
        return (func.julianday(self.settled) - func.julianday(self.begun)) * 86_400.0


class Tally:
    """Counts rows by what `Tallying` says; one for a whole process, safe to share between threads."""

    def __init__(self, tallying: Tallying) -> None:
        self._what, self._id = tallying, tallying.table.c.id
        self._lock = threading.Lock()
        self._last = 0
        """All rows up to this id are counted, but the pending ones."""
        self._pending: list[int] = []
        self._counts: dict[Key, Tallied] = {}

    def read(self, connection: Connection, now: datetime) -> Mapping[Key, Tallied]:
        """The counts by now."""
        with self._lock:
            until = self._until(connection, now)
            counts, pending = dict(self._counts), list[int]()
            for part in (self._new(until), *self._again()):
                self._add(connection, part, counts)
                unsettled = select(self._id).where(part, self._what.settled.is_(None))
                pending += connection.execute(unsettled).scalars()
            # Only what was read whole is kept: a question that failed is asked again from the same place.
            self._last, self._pending, self._counts = until, pending, counts
            return counts

    def _until(self, connection: Connection, now: datetime) -> int:
        """The last id before the first row that is too young."""
        beyond = select(func.min(self._id), func.max(self._id)).where(self._id > self._last)
        young = connection.execute(beyond.where(self._what.begun > now - COMMITTED_AFTER)).one()[0]
        if young is not None:
            return int(young) - 1
        return int(connection.execute(beyond).one()[1] or self._last)

    def _new(self, until: int) -> ColumnElement[bool]:
        return and_(self._id > self._last, self._id <= until)

    def _again(self) -> Iterable[ColumnElement[bool]]:
        for first in range(0, len(self._pending), AT_A_TIME):
            yield self._id.in_(self._pending[first : first + AT_A_TIME])

    def _add(self, connection: Connection, part: ColumnElement[bool], counts: dict[Key, Tallied]) -> None:
        keys = self._what.keys(connection)
        named = [key.label(f"key_{number}") for number, key in enumerate(keys)]
        statement = (
            select(*named, func.count().label("rows"), func.sum(self._what.amount(connection)).label("amount"))
            .where(part, not_(self._what.settled.is_(None)))
            .group_by(*named)
        )
        for *key, rows, amount in connection.execute(statement):
            before = counts.get(tuple(key), Tallied())
            counts[tuple(key)] = Tallied(before.rows + rows, before.amount + float(amount))
