"""Versions of the monthly evaluation: freezing a month, reading what was frozen, the cases behind a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, literal, select, true

from models.city import City
from models.evaluation import (
    FIRST,
    NO_DIGEST,
    EvaluationCase,
    EvaluationPublication,
    EvaluationVersion,
    version_digest,
)
from models.evaluation_counts import BY_NAME, COUNTS, CountName
from models.evaluation_marks import DUE_BITS, Due
from models.evaluation_result import EvaluationResult, read_result
from models.refusal import Refusal
from models.tables import table_of
from tasks.case_facts import FACTS
from tasks.case_store import CASES
from tasks.counted_marks import Period, marks_of, month_period
from tasks.evaluation_counts import parts_of
from tasks.evaluation_inputs import inputs_of
from tasks.evaluation_scoring import Asked, evaluation_of, exempt_spans
from tasks.schemes import city_scheme

VERSIONS, BEHIND, PUBLICATIONS = table_of(EvaluationVersion), table_of(EvaluationCase), table_of(EvaluationPublication)


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
    """Freeze a month that is over: its figures, and the facts behind its counts. The same figures make no new version.

    Raises: SchemeMissing, SchemeFaulty; ValueError for a text that is no month.
    """
    period = month_period(month, city)
    if now < period.end:
        return Refusal("month_open", {"month": month, "until": period.end})
    before = newest(connection, month)
    counted = evaluate(connection, city, month, now)
    if before is not None and same_figures(before.result, counted):
        return before
    result = counted.model_copy(update={"why": why if before else FIRST})
    version_id = _store(connection, city, result, now, before, flow_run_id)
    _keep_cases(connection, city, version_id, period, now)
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
    backlog, and appeals before they are granted.
    """
    beside = {"version": 0, "why": "", "counted_at": one.period_end, "edition": "", "backlog": (), "appeals": {}}
    return one.model_copy(update=beside).written() == other.model_copy(update=beside).written()


def cases_behind(
    connection: Connection,
    version_id: int,
    unit: str | None,
    name: CountName,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[Row[Any]]:
    """The parts of cases a scoring count was made of, as frozen; of one unit, or of all where none is named.

    Each with unit, case_id, round, part, number, class_code, area, state, due_at, handled_at, ended_at, ending and
    on_time as they stand now, by unit, deadline and number. Units: all moments aware.
    """
    rule = BY_NAME[name].scoring
    shift = DUE_BITS if isinstance(rule.marks, Due) else 0
    part = (FACTS.c.case_id == BEHIND.c.case_id, FACTS.c.round == BEHIND.c.round, FACTS.c.part == BEHIND.c.part)
    wanted = (
        select(
            *(BEHIND.c[column] for column in ("unit", "case_id", "round", "part")),
            *(CASES.c[column] for column in ("number", "class_code", "area", "state")),
            *(FACTS.c[column] for column in ("due_at", "handled_at", "ended_at", "ending", "on_time")),
        )
        .join(CASES, CASES.c.id == BEHIND.c.case_id)
        .join(FACTS, and_(*part))
        .where(
            BEHIND.c.version_id == version_id,
            BEHIND.c.unit == unit if unit is not None else true(),
            BEHIND.c.marks.op("&")(rule.marks.value << shift) == rule.marks.value << shift,
            BEHIND.c.marks.op("&")(rule.without.value << shift) == 0,
        )
        .order_by(BEHIND.c.unit, FACTS.c.due_at, CASES.c.number)
        .limit(limit)
        .offset(offset)
    )
    return connection.execute(wanted).all()


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


def _keep_cases(connection: Connection, city: City, version_id: int, period: Period, now: datetime) -> None:
    """The facts that made a count, with their marks; one statement a part, whatever the month holds."""
    marks = marks_of(period, now, COUNTS, city.policy.public_sources, exempt_spans(city))
    columns = ("version_id", "unit", "case_id", "round", "part", "marks")
    for part in parts_of(period):
        found = select(
            literal(version_id),
            func.coalesce(FACTS.c.unit, ""),
            FACTS.c.case_id,
            FACTS.c.round,
            FACTS.c.part,
            marks,
        ).where(part, marks != 0)
        connection.execute(insert(BEHIND).from_select(columns, found))


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
