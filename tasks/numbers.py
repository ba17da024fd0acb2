"""Serial numbers that are unique and without gaps, whoever asks for them at the same time."""

import re
from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, insert, select, text, update

from models.case import NumberSeries as NumberSeriesRow
from models.tables import table_of
from tasks.database import is_postgres

_SERIES = table_of(NumberSeriesRow)
_LOCK = 0x7A68_6E75_6D62
"""Key of the one lock all series share on Postgres: one lock cannot be taken in two orders."""

_SERIAL = re.compile(r"\{serial[^}]*\}")


class NumberSeries:
    """The series of one transaction: the last serial under each prefix, read once under a lock and written by `save`.

    Example:
        series = NumberSeries(connection)
        series.next("R20190505")  -> 1, then 2, 3 ...
        series.save()
    Numbers of a transaction that does not commit were never given. On SQLite the writing transaction is the lock.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last: dict[str, int] = {}
        self._stored: dict[str, int | None] = {}
        self._locked = False

    def lock(self) -> None:
        """Wait until no other transaction gives numbers; it lasts until this one ends."""
        if not self._locked and is_postgres(self._connection):
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        self._locked = True

    def next(self, prefix: str) -> int:
        """The next serial under a prefix; the first is 1."""
        if prefix not in self._last:
            self.lock()
            stored = self._connection.scalar(select(_SERIES.c.last).where(_SERIES.c.prefix == prefix))
            self._stored[prefix], self._last[prefix] = stored, stored or 0
        self._last[prefix] += 1
        return self._last[prefix]

    def save(self) -> None:
        """Write what was given; before the commit, and before another NumberSeries of this transaction reads."""
        new = [{"prefix": p, "last": n} for p, n in self._last.items() if self._stored[p] is None]
        grown = [{"key": p, "now": n} for p, n in self._last.items() if self._stored[p] not in (None, n)]
        if new:
            self._connection.execute(insert(_SERIES), new)
        if grown:
            statement = update(_SERIES).where(_SERIES.c.prefix == bindparam("key")).values(last=bindparam("now"))
            self._connection.execute(statement, grown)
        self._stored.update(self._last)


def numbered(series: NumberSeries, pattern: str, fields: Mapping[str, str]) -> str:
    """The next number by a pattern of the city; the serial gets longer where its digits do not suffice.

    Example: numbered(series, "R{date}{serial:06d}", {"date": "20190505"}) -> "R20190505000001".
    """
    prefix = _SERIAL.sub("#", pattern).format_map(fields)
    return pattern.format_map({**fields, "serial": series.next(prefix)})
