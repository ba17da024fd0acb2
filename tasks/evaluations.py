"""Versions of the monthly evaluation: freezing a month, reading what was frozen, the cases behind a number."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from models.city import City
from models.evaluation import (
    FIRST,
    NO_DIGEST,
    EvaluationBehind,
    EvaluationPublication,
    EvaluationVersion,
    version_digest,
)
from models.evaluation_counts import BY_NAME, CountName
from models.evaluation_result import EvaluationResult, read_result
from models.frozen_parts import FrozenPart, UnitParts, unpack
from models.refusal import Refusal
from models.tables import table_of
from tasks.case_facts import FACTS
from tasks.case_store import CASES
from tasks.counted_marks import month_period
from tasks.evaluation_inputs import inputs_of
from tasks.evaluation_scoring import Asked, evaluation_of
from tasks.schemes import city_scheme

VERSIONS, PUBLICATIONS = table_of(EvaluationVersion), table_of(EvaluationPublication)
BEHIND = table_of(EvaluationBehind)

Parts = Iterator[tuple[str, FrozenPart]]
"""Units, each with one part that was frozen behind its counts."""

TOLD_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version of a month as it is stored."""

    id: int
    month: str
    version: int
    scheme: str
    made_at: datetime
    why: str
    window_until: datetime
    digest: str
    published_at: datetime | None
    result: EvaluationResult


@dataclass(frozen=True, slots=True)
class CountedCase:
    """A part of a case behind a number: whose it was is frozen, all else stands as it stands now."""

    unit: str
    case_id: int
    round: int
    part: int
    number: str
    class_code: str | None
    area: str | None
    state: str
    due_at: datetime | None
    handled_at: datetime | None
    ended_at: datetime | None
    on_time: bool | None


def newest(connection: Connection, month: str) -> StoredVersion | None:
    """The newest version of a month; None where it was never evaluated."""
    row = connection.execute(_of_month(month).order_by(VERSIONS.c.version.desc()).limit(1)).first()
    return _stored(row) if row else None


def published(connection: Connection, month: str) -> StoredVersion | None:
    """The newest version that was published; None before the first."""
    out = _of_month(month).where(PUBLICATIONS.c.published_at.is_not(None))
    row = connection.execute(out.order_by(VERSIONS.c.version.desc()).limit(1)).first()
    return _stored(row) if row else None


def versions(connection: Connection, month: str) -> list[StoredVersion]:
    """All versions of a month, the first one first."""
    return [_stored(row) for row in connection.execute(_of_month(month).order_by(VERSIONS.c.version))]


def _of_month(month: str) -> Select[Any]:
    return (
        select(VERSIONS, PUBLICATIONS.c.published_at)
        .join(PUBLICATIONS, PUBLICATIONS.c.version_id == VERSIONS.c.id, isouter=True)
        .where(VERSIONS.c.month == month)
    )


def months(connection: Connection) -> list[str]:
    """The months that were evaluated, the newest first."""
    return list(connection.scalars(select(VERSIONS.c.month).distinct().order_by(VERSIONS.c.month.desc())))


def evaluate(
    connection: Connection, city: City, month: str, now: datetime, *, scheme: str | None = None
) -> EvaluationResult:
    """A month as it stands, by the scheme that was in force on its first day; stores nothing.

    Raises: SchemeMissing, SchemeFaulty; ValueError for a text that is no month.
    """
    return _evaluated(connection, city, month, now, scheme)[0]


def _evaluated(
    connection: Connection, city: City, month: str, now: datetime, scheme: str | None = None
) -> tuple[EvaluationResult, tuple[UnitParts, ...]]:
    period = month_period(month, city)
    found = city_scheme(city, scheme or city.evaluation.scheme, period.start.date())
    stored = newest(connection, month)
    before, year_before = newest(connection, month_before(month)), newest(connection, month_before(month, 12))
    return evaluation_of(
        connection,
        Asked(
            city,
            found,
            month,
            period,
            now,
            version=stored.version + 1 if stored else 1,
            inputs=inputs_of(connection, city, found, month, period, now),
            last_month=before.result if before else None,
            last_year=year_before.result if year_before else None,
        ),
    )


def freeze(
    connection: Connection, city: City, month: str, now: datetime, why: str, *, flow_run_id: str | None = None
) -> StoredVersion | Refusal:
    """Freeze a month that is over: its figures, and the cases behind its counts. The same figures make no new version.

    Raises: SchemeMissing, SchemeFaulty; ValueError for a text that is no month.
    """
    period = month_period(month, city)
    if now < period.end:
        return Refusal("month_open", {"month": month, "until": period.end})
    before = newest(connection, month)
    counted, behind = _evaluated(connection, city, month, now)
    if before is not None and same_figures(before.result, counted):
        return before
    result = counted.model_copy(update={"why": why if before else FIRST})
    version_id = _store(connection, city, result, now, before, flow_run_id)
    if behind:
        rows = [
            {"version_id": version_id, "unit": one.unit, "number": one.number, "packed": one.packed} for one in behind
        ]
        connection.execute(insert(BEHIND), rows)
    return versions(connection, month)[-1]


def publish(connection: Connection, version: StoredVersion, now: datetime, by: str) -> None:
    """Record that a version was published; twice is once."""
    if version.published_at is None:
        connection.execute(
            insert(PUBLICATIONS).values(version_id=version.id, month=version.month, published_at=now, by=by)
        )


def same_figures(one: EvaluationResult, other: EvaluationResult) -> bool:
    """Whether two versions say the same of the month.

    When and by which edition of the directory they were made is not part of it, nor what is still under way: the
    backlog, and appeals before they are granted; nor by which digest the cases behind are proved.
    """
    beside: dict[str, object] = {"version": 0, "why": "", "counted_at": one.period_end, "edition": ""}
    beside |= {"backlog": (), "appeals": {}, "behind": ""}
    return one.model_copy(update=beside).written() == other.model_copy(update=beside).written()


def parts_behind(connection: Connection, version_id: int, units: Collection[str] | None = None) -> Parts:
    """What was frozen behind the counts of these units, or of all, in the order of units and cases."""
    wanted = select(BEHIND.c.unit, BEHIND.c.packed).where(BEHIND.c.version_id == version_id)
    if units is not None:
        wanted = wanted.where(BEHIND.c.unit.in_(units))
    for unit, packed in sorted(connection.execute(wanted).tuples()):
        for part in unpack(packed):
            yield unit, part


def cases_behind(
    connection: Connection,
    version_id: int,
    unit: str | None,
    name: CountName,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> list[CountedCase]:
    """The parts of cases a scoring count was made of, as frozen; of one unit, or of all where none is named.

    In the order of units, and of cases as they were taken in; what is told of each is how it stands now.
    """
    looked_at, found = BY_NAME[name].scoring.bits()
    parts = parts_behind(connection, version_id, None if unit is None else (unit,))
    counted = (each for each in parts if each[1].marks & looked_at == found)
    wanted = list(islice(counted, offset, None if limit is None else offset + limit))
    told: dict[tuple[int, ...], Row[Any]] = {}
    for first in range(0, len(wanted), TOLD_AT_ONCE):
        told |= _told(connection, {part.case_id for _, part in wanted[first : first + TOLD_AT_ONCE]})
    return [CountedCase(of, *told[part[:3]]) for of, part in wanted if part[:3] in told]


def _told(connection: Connection, cases: set[int]) -> dict[tuple[int, ...], Row[Any]]:
    """All parts of these cases by case, round and part."""
    wanted = (
        select(
            *(FACTS.c[column] for column in ("case_id", "round", "part")),
            func.coalesce(CASES.c.number, ""),
            *(CASES.c[column] for column in ("class_code", "area", "state")),
            *(FACTS.c[column] for column in ("due_at", "handled_at", "ended_at", "on_time")),
        )
        .join(CASES, CASES.c.id == FACTS.c.case_id)
        .where(FACTS.c.case_id.in_(cases))
    )
    return {(row.case_id, row.round, row.part): row for row in connection.execute(wanted)}


def month_before(month: str, months: int = 1) -> str:
    """The month so many months before. Example: month_before("2026-01") is 2025-12."""
    day = datetime.strptime(month, "%Y-%m")  # noqa: DTZ007 a name of a month, no moment
    number = day.year * 12 + day.month - 1 - months
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def last_month_over(city: City, now: datetime) -> str:
    """The newest month of the city that is over at a moment."""
    first = now.astimezone(city.zone).replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


def _store(
    connection: Connection,
    city: City,
    result: EvaluationResult,
    now: datetime,
    before: StoredVersion | None,
    flow_run_id: str | None,
) -> int:
    written = result.written().decode()
    previous = connection.scalar(select(VERSIONS.c.digest).order_by(VERSIONS.c.id.desc()).limit(1)) or NO_DIGEST
    # The window is the first draft's: a later version opens no second one.
    window = before.window_until if before else _window_until(city, now)
    connection.execute(
        insert(VERSIONS).values(
            month=result.month,
            version=result.version,
            scheme=result.scheme.name,
            made_at=now,
            counted_at=now,
            why=result.why,
            window_until=window,
            result=written,
            digest=version_digest(previous, result.month, result.version, now, result.why, written),
            previous_digest=previous,
            flow_run_id=flow_run_id,
        )
    )
    mine = (VERSIONS.c.month == result.month, VERSIONS.c.version == result.version)
    return int(connection.execute(select(VERSIONS.c.id).where(*mine)).scalar_one())


def _window_until(city: City, now: datetime) -> datetime:
    return city.calendar.due_at(now, city.evaluation.appeals_within, provisional_allowed=True)


def _stored(row: Row[Any]) -> StoredVersion:
    return StoredVersion(
        row.id,
        row.month,
        row.version,
        row.scheme,
        row.made_at,
        row.why,
        row.window_until,
        row.digest,
        row.published_at,
        read_result(row.result.encode()),
    )
