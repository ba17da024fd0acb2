"""The proof, read from the first case to the last: every chain, every row its events made, every guard."""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, exists, func, select

from models.append_only import unguarded_tables
from models.case import Case, CaseClosing, CaseEvent, Exemption, Report
from models.case_proof import CaseFile, CaseProof
from models.chain import HASHED_COLUMNS, Broken, Problem
from models.tables import table_of
from models.told_case import STANDING
from models.told_pictures import CasePictures
from tasks.case_facts import FACTS, MONTHS
from tasks.city_edition import CityEditionError, documents_of_edition
from tasks.database import reading
from tasks.evaluation_proof import BrokenRecord, broken_record, records
from tasks.flood_events import EVENTS as FLOOD_EVENTS
from tasks.flood_events import BrokenStream, broken_stream
from tasks.known_calendars import KnownCalendars, edition_digests
from tasks.picture_proof import case_picture_faults, picture_faults, pictures_of_span, told_fault
from tasks.picture_store import PictureStore, StoreUnusable
from tasks.pictures import PICTURES

_CASES, _EVENTS, _REPORTS = table_of(Case), table_of(CaseEvent), table_of(Report)
_CLOSINGS, _EXEMPTIONS = table_of(CaseClosing), table_of(Exemption)

_BESIDE = (_REPORTS, _CLOSINGS, _EXEMPTIONS)
"""Tables whose rows the events of a case account for."""

_OF_CASE = ("id", "events", "head_hash", *STANDING, "due_at", "handle_due_at")
_OF_EVENT = ("id", "previous_hash", "hash", *HASHED_COLUMNS)

_CASES_AT_ONCE = 500
"""Cases whose rows are held at a time; their events are streamed."""

_EVENTS_AT_ONCE = 5_000

LOG = logging.getLogger("zhihui.audit")

OnProgress = Callable[[int], None]
Row = Mapping[str, Any]


@dataclass(slots=True)
class _Counted:
    """What was read and fits; the fields are those of the report."""

    cases: int = 0
    events: int = 0
    sealed: int = 0
    closings: int = 0
    exemptions: int = 0
    pictures: int = 0
    unnamed_pictures: int = 0
    unproven_deadlines: int = 0


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was read, and the first row that does not fit."""

    cases: int
    events: int
    sealed: int
    """Reports that are what their event sealed."""
    unsealed: int
    """Reports that no event seals, as older programs took them in: they were not compared."""
    closings: int
    exemptions: int
    pictures: int
    """Rows of pictures that an event of their case names."""
    unnamed_pictures: int
    """Rows that no event names: they came with a report, or with an action that waits or was refused."""
    files: int | None
    """Files of pictures that hold what their digests say; None where no file was read."""
    unproven_deadlines: int
    """Cases that ran on a calendar which can no longer be had, such as one with an older official table: their
    deadlines were not computed again."""
    broken: Broken | None
    broken_case: str | None
    """Number (or receipt) by which people know the broken case."""
    flood_events: int
    """Events of the flood season."""
    broken_stream: BrokenStream | None
    """The first event of the flood season that does not fit."""
    evaluation_records: int
    """Versions of months and entries of the evaluation."""
    broken_record: BrokenRecord | None
    """The first of them that does not fit."""
    damaged_editions: tuple[str, ...]
    """City editions whose documents no longer have the digest under which they were kept."""
    unguarded: tuple[str, ...]
    """Append-only tables whose triggers are missing or altered."""

    @property
    def intact(self) -> bool:
        """Every row fits and every table is guarded."""
        rows_fit = (self.broken, self.broken_stream, self.broken_record) == (None, None, None)
        return rows_fit and not self.damaged_editions and not self.unguarded


def verify_all(
    engine: Engine,
    on_progress: OnProgress | None = None,
    store: PictureStore | None = None,
    on_files: OnProgress | None = None,
) -> AuditReport:
    """Read every case with its events, in order, and stop at the first row that does not fit.

    A removed tail is found by the case's own row, which holds how many events there are and the last one's hash; an
    altered report by the seal in its event; altered figures by replaying the events that made them; a removed or
    exchanged picture by the digest in its event. With `store`, and where all rows fit, every picture's file is read.
    `on_progress` is told the number of events read so far, now and then, `on_files` that of the files.
    Costs one pass over the events in constant memory, and holds up no writer.
    Raises: StoreUnusable.
    """
    report = _verify_rows(engine, on_progress)
    return report if store is None or report.broken else _verify_files(engine, store, report, on_files)


def _verify_rows(engine: Engine, on_progress: OnProgress | None) -> AuditReport:
    with reading(engine) as connection:
        reader = _Reader(connection, on_progress)
        broken = reader.read() or _orphan(connection)
        reports = connection.scalar(select(func.count()).select_from(_REPORTS)) or 0
        return AuditReport(
            **asdict(reader.counted),
            files=None,
            unsealed=0 if broken else reports - reader.counted.sealed,
            broken=broken,
            broken_case=_name(connection, broken.case_id) if broken else None,
            flood_events=connection.scalar(select(func.count()).select_from(FLOOD_EVENTS)) or 0,
            broken_stream=broken_stream(connection),
            evaluation_records=records(connection),
            broken_record=broken_record(connection),
            damaged_editions=tuple(_damaged_editions(connection)),
            unguarded=tuple(unguarded_tables(connection)),
        )


def _verify_files(engine: Engine, store: PictureStore, report: AuditReport, on_files: OnProgress | None) -> AuditReport:
    """The same report with the first file that does not fit, and how many do before it."""
    files = 0

    def count(read: int) -> None:
        nonlocal files
        files = read
        if on_files:
            on_files(read)

    with closing(picture_faults(engine, store, on_files=count)) as faults:
        fault = next(faults, None)
    if fault is None:
        return replace(report, files=files)
    with reading(engine) as connection:
        broken = told_fault(connection, fault)
        return replace(report, files=files, broken=broken, broken_case=_name(connection, broken.case_id))


@dataclass(frozen=True, slots=True)
class CaseVerdict:
    """What was read of one case, and the first of its rows or files that does not fit."""

    events: int
    """Events that fit."""
    sealed: bool
    """Whether its report was compared with a seal; older programs made none."""
    deadlines_known: bool
    """Whether its deadlines could be computed again."""
    broken: Broken | None
    pictures: int
    """Pictures of it and its reports that were read."""
    files_read: bool
    """Whether the files of these pictures were read too."""


def verify_case(connection: Connection, case_id: int, store: PictureStore | None = None) -> CaseVerdict:
    """Read one case as `verify_all` reads every one: its chain, its report, its closings, its pictures, its standing.

    With `store`, and where its rows fit, its pictures' files are read too, if the store can be read.
    """
    reader = _Reader(connection, None)
    broken, files_read = reader.read_one(case_id), False
    if store is not None and broken is None:
        try:
            fault = next(case_picture_faults(connection, store, case_id), None)
            broken, files_read = told_fault(connection, fault) if fault else None, True
        except StoreUnusable:
            LOG.exception("the pictures of a case could not be read", extra={"action": "picture_store_unusable"})
    counted = reader.counted
    pictures = counted.pictures + counted.unnamed_pictures
    return CaseVerdict(
        counted.events, bool(counted.sealed), not counted.unproven_deadlines, broken, pictures, files_read
    )


class _Reader:
    """Reads cases in the order of their ids, some at a time, and counts them."""

    def __init__(self, connection: Connection, on_progress: OnProgress | None) -> None:
        self.counted = _Counted()
        self._connection = connection
        self._calendars = KnownCalendars(connection)
        self._on_progress = on_progress

    def read(self) -> Broken | None:
        """The first fault of all cases."""
        columns, last = [_CASES.c[name] for name in _OF_CASE], 0
        some = select(*columns).order_by(_CASES.c.id).limit(_CASES_AT_ONCE)
        while cases := self._rows(some.where(_CASES.c.id > last)):
            broken = self._read_some(cases)
            if broken:
                return broken
            last = cases[-1]["id"]
        return None

    def read_one(self, case_id: int) -> Broken | None:
        """The first fault of one case; none of a case that is not there."""
        columns = [_CASES.c[name] for name in _OF_CASE]
        cases = self._rows(select(*columns).where(_CASES.c.id == case_id))
        return self._read_some(cases) if cases else None

    def _read_some(self, cases: Sequence[Row]) -> Broken | None:
        first, last = cases[0]["id"], cases[-1]["id"]
        beside = [self._by_case(table, first, last) for table in (*_BESIDE, FACTS, MONTHS)]
        pictures = pictures_of_span(self._connection, first, last)
        # Closed at once, also after a fault: the open cursor would keep the rest of the rows on the server.
        with closing(self._events(first, last)) as rows:
            chains = _Chains(rows)
            for case in cases:
                reports, closings, exemptions, facts, months = (of_case.get(case["id"], ()) for of_case in beside)
                shown = pictures.get(case["id"], CasePictures())
                proof = CaseProof(
                    CaseFile(case, reports, closings, exemptions, shown, facts, months), self._calendars.of
                )
                broken = self._read_case(proof, chains.of(case["id"]))
                if broken:
                    return broken
                self.counted.closings += len(closings)
                self.counted.exemptions += len(exemptions)
                self.counted.pictures += proof.named_pictures
                self.counted.unnamed_pictures += len(shown.rows) - proof.named_pictures
        return None

    def _read_case(self, proof: CaseProof, events: Iterable[Sequence[Any]]) -> Broken | None:
        for event_id, previous_hash, found, *values in events:
            broken = proof.take(tuple(values), previous_hash, found, event_id)
            if broken:
                return broken
            self.counted.events += 1
        self.counted.cases += 1
        self.counted.sealed += proof.sealed
        self.counted.unproven_deadlines += not proof.deadlines_known
        return proof.end()

    def _events(self, first: int, last: int) -> Generator[Sequence[Any], None, None]:
        statement = (
            select(*(_EVENTS.c[name] for name in _OF_EVENT))
            .where(_EVENTS.c.case_id.between(first, last))
            .order_by(_EVENTS.c.case_id, _EVENTS.c.seq)
        )
        with self._connection.execute(statement, execution_options={"yield_per": _EVENTS_AT_ONCE}) as result:
            for rows in result.partitions():
                yield from rows
                if self._on_progress:
                    self._on_progress(self.counted.events)

    def _by_case(self, table: Table, first: int, last: int) -> dict[int, list[Row]]:
        statement = select(table).where(table.c.case_id.between(first, last)).order_by(*table.primary_key)
        found: dict[int, list[Row]] = {}
        for row in self._rows(statement):
            found.setdefault(row["case_id"], []).append(row)
        return found

    def _rows(self, statement: Select[Any]) -> list[Row]:
        return [dict(row) for row in self._connection.execute(statement).mappings()]


class _Chains:
    """The events of a stream, case by case; those of cases nobody asks for are passed over."""

    def __init__(self, rows: Iterator[Sequence[Any]]) -> None:
        self._chains = groupby(rows, key=itemgetter(_OF_EVENT.index("case_id")))
        self._next = next(self._chains, None)

    def of(self, case_id: int) -> Iterable[Sequence[Any]]:
        """The events of a case, to be read before the next case is asked for; cases come in the order of their ids."""
        while self._next is not None and self._next[0] < case_id:
            self._next = next(self._chains, None)
        return self._next[1] if self._next is not None and self._next[0] == case_id else ()


def _damaged_editions(connection: Connection) -> Iterator[str]:
    for digest in edition_digests(connection):
        try:
            documents_of_edition(connection, digest)
        except CityEditionError:
            yield digest


def _orphan(connection: Connection) -> Broken | None:
    """A row whose case or report was removed, which the foreign key forbids wherever it is on."""
    of_cases = [(table.c.case_id, _CASES, "a case") for table in (_EVENTS, *_BESIDE, PICTURES)]
    for column, owners, owner in (*of_cases, (PICTURES.c.report_id, _REPORTS, "a report")):
        table = column.table
        alone = column.is_not(None) & ~exists().where(owners.c.id == column)
        row = connection.execute(select(table).where(alone).order_by(table.c.id).limit(1)).mappings().one_or_none()
        if row:
            seq, case_id = row.get("seq", 0), row["case_id"] or 0
            return Broken(Problem.ORPHAN, case_id, seq, table.name, row["id"], owner, "none")
    return None


def _name(connection: Connection, case_id: int) -> str | None:
    case = connection.execute(
        select(_CASES.c.number, _CASES.c.receipt_number).where(_CASES.c.id == case_id)
    ).one_or_none()
    return (case.number or case.receipt_number) if case else None
