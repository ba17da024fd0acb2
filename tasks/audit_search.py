"""What an auditor looks for: cases by name, unit, state and period; the cases a flow run touched; events of a period.

Every question is answered from an index, whatever is stored; a page holds 50 rows and knows whether more follow.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Row, Select, func, select, tuple_

from models.append_only import unguarded_tables
from models.city import City
from tasks.audit import CaseVerdict, verify_case
from tasks.case_store import CASES, EVENTS, REPORTS
from tasks.case_story import CaseStory, explain_case
from tasks.database import reading
from tasks.inbox import find_case
from tasks.picture_store import PictureStore
from tasks.pictures import KeptPicture, pictures_of_cases

PAGE = 50
MOST_PAGES = 40
"""Who looks for more than 2,000 cases narrows the search, or exports it."""

CHUNK = 1_000
"""Rows of an export that are held at a time; between two chunks no transaction is open."""


@dataclass(frozen=True, slots=True)
class Search:
    """What cases are looked for; what is empty is not asked. Days are the city's, both included."""

    name: str = ""
    """Case number or receipt number."""
    unit: str = ""
    state: str = ""
    first_day: date | None = None
    last_day: date | None = None

    def as_facts(self) -> dict[str, str]:
        """The filter as it is kept with an export."""
        days = {"first_day": self.first_day, "last_day": self.last_day}
        texts = {"name": self.name, "unit": self.unit, "state": self.state}
        return {name: str(value) for name, value in {**texts, **days}.items() if value}


@dataclass(frozen=True, slots=True)
class Touched:
    """One case a flow run touched, and how many of its events the run wrote."""

    number: str | None
    receipt_number: str
    class_code: str | None
    state: str
    events: int
    first_at: datetime


@dataclass(frozen=True, slots=True)
class CaseRecords:
    """All that is stored of one case, and what the live check of it found."""

    story: CaseStory
    verdict: CaseVerdict
    unguarded: tuple[str, ...]
    """Append-only tables whose triggers are missing or altered."""
    previous_hashes: Mapping[int, str]
    """As each event stores it, by its number."""
    pictures: tuple[KeptPicture, ...]
    receipts: tuple[str, ...]


def read_records(
    connection: Connection, city: City, name: str, now: datetime, store: PictureStore
) -> CaseRecords | None:
    """All records of a case by its number or receipt, its proof verified now with the files of its pictures.

    None where there is no such case.
    """
    case_id = find_case(connection, name)
    story = explain_case(connection, city, case_id, now) if case_id is not None else None
    if case_id is None or story is None:
        return None
    receipts = select(REPORTS.c.receipt_number).where(REPORTS.c.case_id == case_id).order_by(REPORTS.c.id)
    return CaseRecords(
        story,
        verify_case(connection, case_id, store),
        tuple(unguarded_tables(connection)),
        _previous_hashes(connection, case_id),
        tuple(pictures_of_cases(connection, [case_id]).get(case_id, ())),
        tuple(connection.scalars(receipts)),
    )


def find_cases(connection: Connection, search: Search, zone: ZoneInfo, page: int = 0) -> tuple[list[Row[Any]], bool]:
    """One page of the cases that fit, the newest first, and whether more follow."""
    wanted = _newest_first(_fitting(connection, search, zone)).offset(page * PAGE).limit(PAGE + 1)
    rows = list(connection.execute(wanted))
    return rows[:PAGE], len(rows) > PAGE


def each_case(engine: Engine, search: Search, zone: ZoneInfo) -> Iterator[Row[Any]]:
    """All cases that fit, the newest first, some at a time: each chunk is a short transaction of its own."""
    last: tuple[datetime, int] | None = None
    while True:
        with reading(engine) as connection:
            wanted = _fitting(connection, search, zone)
            if last is not None:
                wanted = wanted.where(tuple_(CASES.c.opened_at, CASES.c.id) < last)
            rows = list(connection.execute(_newest_first(wanted).limit(CHUNK)))
        yield from rows
        if len(rows) < CHUNK:
            return
        last = rows[-1].opened_at, rows[-1].id


def each_event(engine: Engine, first_day: date, last_day: date, zone: ZoneInfo) -> Iterator[Row[Any]]:
    """All events recorded in a period with the names of their cases, in the order they were recorded."""
    begin, end = _bounds(first_day, last_day, zone)
    columns = [*EVENTS.c, CASES.c.number, CASES.c.receipt_number]
    place = tuple_(EVENTS.c.recorded_at, EVENTS.c.id)
    wanted = select(*columns).join(CASES, CASES.c.id == EVENTS.c.case_id).where(EVENTS.c.recorded_at < end)
    last = (begin, 0)
    while True:
        with reading(engine) as connection:
            chunk = wanted.where(EVENTS.c.recorded_at >= last[0], place > last).order_by(
                EVENTS.c.recorded_at, EVENTS.c.id
            )
            rows = list(connection.execute(chunk.limit(CHUNK)))
        yield from rows
        if len(rows) < CHUNK:
            return
        last = rows[-1].recorded_at, rows[-1].id


def cases_of_run(connection: Connection, flow_run_id: str, page: int = 0) -> tuple[list[Touched], bool]:
    """One page of the cases of which a flow run wrote events, the first written first, and whether more follow."""
    written = (
        select(
            EVENTS.c.case_id,
            func.count().label("events"),
            func.min(EVENTS.c.recorded_at).label("first_at"),
            func.min(EVENTS.c.id).label("first_id"),
        )
        .where(EVENTS.c.flow_run_id == flow_run_id)
        .group_by(EVENTS.c.case_id)
        .order_by(func.min(EVENTS.c.id))
        .offset(page * PAGE)
        .limit(PAGE + 1)
        .subquery()
    )
    told = (CASES.c.number, CASES.c.receipt_number, CASES.c.class_code, CASES.c.state)
    wanted = select(*told, written.c.events, written.c.first_at).join(written, written.c.case_id == CASES.c.id)
    rows = [Touched(*row) for row in connection.execute(wanted.order_by(written.c.first_id))]
    return rows[:PAGE], len(rows) > PAGE


def _previous_hashes(connection: Connection, case_id: int) -> Mapping[int, str]:
    rows = connection.execute(select(EVENTS.c.seq, EVENTS.c.previous_hash).where(EVENTS.c.case_id == case_id))
    return {row.seq: row.previous_hash for row in rows}


def _fitting(connection: Connection, search: Search, zone: ZoneInfo) -> Select[Any]:
    wanted = select(CASES)
    if search.name:
        # No case has the id 0: a name nobody has finds nothing.
        wanted = wanted.where(CASES.c.id == (find_case(connection, search.name) or 0))
    if search.unit:
        wanted = wanted.where(CASES.c.unit == search.unit)
    if search.state:
        # Of most states there are so many cases that the period's index finds a page sooner than the state's, which
        # would have to sort them all. A unit has few.
        state = CASES.c.state if search.unit else func.coalesce(CASES.c.state, "")
        wanted = wanted.where(state == search.state)
    begin, end = _bounds(search.first_day, search.last_day, zone)
    if begin is not None:
        wanted = wanted.where(CASES.c.opened_at >= begin)
    if end is not None:
        wanted = wanted.where(CASES.c.opened_at < end)
    return wanted


def _newest_first(wanted: Select[Any]) -> Select[Any]:
    return wanted.order_by(CASES.c.opened_at.desc(), CASES.c.id.desc())


def _bounds(first_day: date | None, last_day: date | None, zone: ZoneInfo) -> tuple[Any, Any]:
    begin = datetime.combine(first_day, time(), zone) if first_day else None
    end = datetime.combine(last_day + timedelta(days=1), time(), zone) if last_day else None
    return begin, end
