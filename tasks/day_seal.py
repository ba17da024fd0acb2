"""The seal of a day: one hash over the heads of all chains as they stood when the day was over.

Every chain is append-only and each head proves all that came before it, so this one hash, printed where nobody can
take it back, proves everything that was recorded until then. It is kept nowhere: whoever has the database computes it
again (`zhihui audit seal`) and compares it with what was printed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, FromClause, and_, case, func, select

from models.city import City
from models.evaluation import EvaluationEntry
from models.tables import table_of
from tasks.case_store import CASES, EVENTS
from tasks.evaluations import VERSIONS
from tasks.flood_events import EVENTS as FLOOD_EVENTS
from tasks.flood_events import STREAMS

ENTRIES = table_of(EvaluationEntry)

SHOWN = 16
"""Digits of the hash that a page has room for."""

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class DaySeal:
    """The seal of a day, and how many chains it holds together."""

    day: date
    digest: str
    chains: int

    @property
    def short(self) -> str:
        """The beginning of the hash, in groups that can be read out. Example: "3f2a 91bc 04d7 e6aa"."""
        shown = self.digest[:SHOWN]
        return " ".join(shown[start : start + 4] for start in range(0, SHOWN, 4))


def day_seal(connection: Connection, city: City, day: date) -> DaySeal | None:
    """The seal of a day of the city; None where nothing had been recorded by its end.

    Costs a look at every case's row, in constant memory. The same day gives the same seal whenever it is asked, once
    the day is over; what a day that is not over has now, is not yet its seal.
    """
    over = datetime.combine(day + timedelta(days=1), time(), city.zone)
    hashed, chains = sha256(), 0
    for line in _heads(connection, over):
        hashed.update(f"{line}\n".encode())
        chains += 1
    return DaySeal(day, hashed.hexdigest(), chains) if chains else None


def seal_before(connection: Connection, city: City, moment: datetime) -> DaySeal | None:
    """The seal of the newest day that was over at a moment."""
    return day_seal(connection, city, moment.astimezone(city.zone).date() - timedelta(days=1))


def _heads(connection: Connection, over: datetime) -> Iterator[str]:
    """A line a chain: what it is about, how long it was, its last hash."""
    yield from _of_chains(connection, "case", over, (CASES, CASES.c.id), (EVENTS, EVENTS.c.case_id))
    streams = _of_chains(connection, "stream", over, (STREAMS, STREAMS.c.stream), (FLOOD_EVENTS, FLOOD_EVENTS.c.stream))
    # The two databases do not order texts alike.
    yield from sorted(streams)
    for name, table, at in (("version", VERSIONS, VERSIONS.c.made_at), ("entry", ENTRIES, ENTRIES.c.at)):
        head = select(table.c.id, table.c.digest).where(at < over).order_by(table.c.id.desc()).limit(1)
        for row in connection.execute(head):
            yield f"{name} {row.id} {row.digest}"


def _of_chains(
    connection: Connection,
    name: str,
    over: datetime,
    chains: tuple[FromClause, ColumnElement[object]],
    events: tuple[FromClause, ColumnElement[object]],
) -> Iterator[str]:
    """From the rows that know each chain's head; only a chain that went on since is looked up."""
    (heads, key), (happened, of) = chains, events
    later = (
        select(of.label("chain"), func.min(happened.c.seq).label("seq"))
        .where(happened.c.recorded_at >= over)
        .group_by(of)
        .subquery()
    )
    last = happened.alias()
    last_of = last.c[of.key or ""]
    went_on = later.c.seq.is_not(None)
    wanted = (
        select(
            key.label("chain"),
            case((went_on, later.c.seq - 1), else_=heads.c.events).label("events"),
            case((went_on, last.c.hash), else_=heads.c.head_hash).label("hash"),
        )
        .join(later, later.c.chain == key, isouter=True)
        .join(last, and_(last_of == key, last.c.seq == later.c.seq - 1), isouter=True)
    )
    rows = connection.execute(wanted.order_by(key).execution_options(yield_per=_AT_ONCE))
    yield from (f"{name} {row.chain} {row.events} {row.hash}" for row in rows if row.events)
