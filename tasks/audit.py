"""The proof, read from the first event to the last: every chain, every head, every guard."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, exists, select

from models.append_only import unguarded_tables
from models.case import Case, CaseEvent
from models.chain import HASHED_COLUMNS, Broken, ChainCheck, Problem
from models.tables import table_of
from tasks.database import reading

_CASES, _EVENTS = table_of(Case), table_of(CaseEvent)

_ROWS_AT_ONCE = 5_000

OnProgress = Callable[[int], None]


@dataclass(frozen=True)
class AuditReport:
    """What was read, and the first row that does not fit."""

    cases: int
    events: int
    broken: Broken | None
    broken_case: str | None
    """Number (or receipt) by which people know the broken case."""
    unguarded: tuple[str, ...]
    """Append-only tables whose triggers are missing or altered."""

    @property
    def intact(self) -> bool:
        """Every event fits and every table is guarded."""
        return self.broken is None and not self.unguarded


def verify_all(engine: Engine, on_progress: OnProgress | None = None) -> AuditReport:
    """Read every event of every case, in order, and stop at the first row that does not fit.

    A removed tail is found by the case's own row, which holds how many events there are and the last one's hash.
    `on_progress` is told the number of events read so far, now and then.
    Costs one pass over the events in constant memory, and holds up no writer.
    """
    with reading(engine) as connection:
        reader = _Reader(on_progress)
        broken = reader.read(connection) or _orphan(connection)
        return AuditReport(
            cases=reader.cases,
            events=reader.events,
            broken=broken,
            broken_case=_name(connection, broken.case_id) if broken else None,
            unguarded=tuple(unguarded_tables(connection)),
        )


class _Reader:
    """Counts what it has read."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self.cases = 0
        self.events = 0
        self._on_progress = on_progress

    def read(self, connection: Connection) -> Broken | None:
        """The first fault of all chains and heads."""
        # Closed at once, also after a fault: the open cursor would keep the rest of the rows on the server.
        with closing(self._rows(connection)) as rows:
            for (case_id, events, head_hash), chain in groupby(rows, key=lambda row: row[:3]):
                broken = self._read_case(case_id, events, head_hash, chain)
                if broken:
                    return broken
        return None

    def _rows(self, connection: Connection) -> Generator[Row[Any], None, None]:
        with connection.execute(_whole_chains(), execution_options={"yield_per": _ROWS_AT_ONCE}) as result:
            for rows in result.partitions():
                yield from rows
                if self._on_progress:
                    self._on_progress(self.events)

    def _read_case(self, case_id: int, events: int, head_hash: str, rows: Iterator[Row[Any]]) -> Broken | None:
        self.cases += 1
        check = ChainCheck(case_id)
        for row in rows:
            # The outer join gives one empty row where a case has no event at all.
            if row.event_id is None:
                continue
            broken = check.take(tuple(row[-len(HASHED_COLUMNS) :]), row.previous_hash, row.hash, row.event_id)
            if broken:
                return broken
            self.events += 1
        return check.end(events, head_hash)


def _whole_chains() -> Select[Any]:
    """Each case with its events, in the order of the chain; a case without events once, with none."""
    hashed = [_EVENTS.c[name] for name in HASHED_COLUMNS]
    proof = [_EVENTS.c.id.label("event_id"), _EVENTS.c.previous_hash, _EVENTS.c.hash]
    return (
        select(_CASES.c.id, _CASES.c.events, _CASES.c.head_hash, *proof, *hashed)
        .select_from(_CASES.outerjoin(_EVENTS, _EVENTS.c.case_id == _CASES.c.id))
        .order_by(_CASES.c.id, _EVENTS.c.seq)
    )


def _orphan(connection: Connection) -> Broken | None:
    """An event whose case was removed, which the foreign key forbids wherever it is on."""
    alone = ~exists().where(_CASES.c.id == _EVENTS.c.case_id)
    row = connection.execute(
        select(_EVENTS.c.case_id, _EVENTS.c.seq, _EVENTS.c.id).where(alone).order_by(_EVENTS.c.id).limit(1)
    ).one_or_none()
    return Broken(Problem.ORPHAN, row.case_id, row.seq, row.id, "a case", "none") if row else None


def _name(connection: Connection, case_id: int) -> str | None:
    case = connection.execute(
        select(_CASES.c.number, _CASES.c.receipt_number).where(_CASES.c.id == case_id)
    ).one_or_none()
    return (case.number or case.receipt_number) if case else None
