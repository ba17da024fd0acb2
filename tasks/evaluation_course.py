"""The course of a month: drafted when it is over, published after the window for appeals, told at every step."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from models.case import Exemption, Request
from models.city import City
from models.evaluation import FIRST
from models.refusal import Refusal
from models.tables import table_of
from models.vocabulary import RequestKind, RequestState
from tasks.case_facts import FACTS
from tasks.case_store import CASES
from tasks.evaluation_entries import entered_since
from tasks.evaluation_notices import tell_draft, tell_published, tell_waiting
from tasks.evaluations import (
    VERSIONS,
    StoredVersion,
    freeze,
    last_month_over,
    month_before,
    months,
    newest,
    parts_behind,
    publish,
)

REQUESTS, EXEMPTIONS = table_of(Request), table_of(Exemption)

BY_RULE = "rule:publish"

LOOKS_BACK_MONTHS = 12
"""How long after its publication a granted appeal still makes a new version of a month."""


@dataclass(frozen=True, slots=True)
class Course:
    """What a look at the months came to."""

    drafted: tuple[StoredVersion, ...] = ()
    published: tuple[StoredVersion, ...] = ()
    waiting: tuple[str, ...] = ()
    """Months whose publication open appeals hold up."""


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal against a case of a month."""

    unit: str
    case: str
    """The case's number."""
    state: RequestState
    asked_at: datetime
    reason: str


def draft_months(
    connection: Connection,
    city: City,
    now: datetime,
    *,
    month: str | None = None,
    why: str = "asked",
    flow_run_id: str | None = None,
) -> tuple[StoredVersion, ...] | Refusal:
    """Draft a month, or without one every month that is over since the last that was; tell who is concerned.

    A month that was drafted already gets a new version only where its figures have moved, and says `why`.
    Raises: SchemeMissing, SchemeFaulty; ValueError for a text that is no month.
    """
    made = []
    for each in [month] if month else _over_and_not_drafted(connection, city, now):
        before = newest(connection, each)
        found = freeze(connection, city, each, now, FIRST if before is None else why, flow_run_id=flow_run_id)
        if isinstance(found, Refusal):
            return found
        if before is None or found.id != before.id:
            made.append(found)
            if before is not None and before.published_at is not None:
                publish(connection, found, now, BY_RULE)
                tell_published(connection, city, found, now)
            else:
                tell_draft(connection, city, found, now)
    return tuple(made)


def publish_months(connection: Connection, city: City, now: datetime, *, flow_run_id: str | None = None) -> Course:
    """Publish what is due, each month on the first work day after its window; count it once more before.

    A month with open appeals waits for them. An appeal granted after the publication makes a new version, which is
    published at once. Doing it twice changes nothing.
    """
    published, waiting = [], []
    for month in months(connection)[:LOOKS_BACK_MONTHS]:
        version = newest(connection, month)
        if version is None:
            continue
        if version.published_at is not None:
            if not _granted_since(connection, version):
                continue
            why = "appeal"
        else:
            if not _is_due(city, version, now):
                continue
            if appeals := open_appeals(connection, version):
                tell_waiting(connection, city, version, appeals, now)
                waiting.append(month)
                continue
            why = _why_moved(connection, version)
        final = freeze(connection, city, month, now, why, flow_run_id=flow_run_id)
        if isinstance(final, Refusal) or final.published_at is not None:
            continue
        publish(connection, final, now, BY_RULE)
        tell_published(connection, city, final, now)
        published.append(final)
    return Course((), tuple(published), tuple(waiting))


def open_appeals(connection: Connection, version: StoredVersion) -> int:
    """Appeals against cases of the month that nobody has decided yet."""
    return sum(appeal.state is RequestState.OPEN for appeal in appeals_of(connection, version))


def appeals_of(connection: Connection, version: StoredVersion, unit: str | None = None) -> list[Appeal]:
    """Appeals against cases of a version, of one unit or of all, as they stand now, the oldest first."""
    wanted = (
        select(*(REQUESTS.c[name] for name in ("unit", "case_id", "round", "state", "asked_at", "reason")))
        .add_columns(CASES.c.number)
        .join(CASES, CASES.c.id == REQUESTS.c.case_id)
        .where(
            REQUESTS.c.kind == RequestKind.APPEAL.value,
            # Nobody appeals before the month in which the case was due: the index passes over all older ones.
            REQUESTS.c.asked_at >= version.result.period_start,
        )
        .order_by(REQUESTS.c.asked_at, REQUESTS.c.id)
    )
    if unit is not None:
        wanted = wanted.where(REQUESTS.c.unit == unit)
    rows = connection.execute(wanted).all()
    parts = parts_behind(connection, version.id, {row.unit for row in rows}) if rows else ()
    behind = {(of, part.case_id, part.round) for of, part in parts}
    return [
        Appeal(row.unit, row.number or "", RequestState(row.state), row.asked_at, row.reason)
        for row in rows
        if (row.unit, row.case_id, row.round) in behind
    ]


def _over_and_not_drafted(connection: Connection, city: City, now: datetime) -> list[str]:
    """The last month that is over, and those before it back to the last that was drafted; the oldest first."""
    month, found = last_month_over(city, now), list[str]()
    newest_drafted = connection.scalar(select(func.max(VERSIONS.c.month)))
    while (newest_drafted is None and not found) or (newest_drafted is not None and month > newest_drafted):
        found.append(month)
        month = month_before(month)
    return found[::-1]


def _is_due(city: City, version: StoredVersion, now: datetime) -> bool:
    """On the first work day after the window, or on any later one where nobody looked on that day."""
    today = now.astimezone(city.zone).date()
    return today > version.window_until.astimezone(city.zone).date() and city.calendar.day(today).working


def _why_moved(connection: Connection, version: StoredVersion) -> str:
    if _granted_since(connection, version):
        return "appeal"
    return "entry" if entered_since(connection, version.month, version.made_at) else "changed"


def _granted_since(connection: Connection, version: StoredVersion) -> bool:
    part = and_(FACTS.c.case_id == EXEMPTIONS.c.case_id, FACTS.c.round == EXEMPTIONS.c.round)
    wanted = (
        select(FACTS.c.unit, FACTS.c.case_id, FACTS.c.round, FACTS.c.part)
        .join(EXEMPTIONS, part)
        .where(EXEMPTIONS.c.granted_at > version.made_at, FACTS.c.unit.is_not(None))
    )
    granted = set(connection.execute(wanted).tuples())
    parts = parts_behind(connection, version.id, {unit for unit, *_ in granted}) if granted else ()
    return any((of, *each[:3]) in granted for of, each in parts)
