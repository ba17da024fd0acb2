"""A period read for its analysis: its own cases one by one, the weeks before it as counts."""

import json
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, cast, func, select

from models.city import TOWN_DIGITS, City
from models.period_analysis import WEEK, AnalysedCase, Analysis, AnalysisRules, DayCount, analyse
from models.refusal import Refusal
from tasks.case_facts import FACTS
from tasks.case_store import CASES
from tasks.counted_marks import Period
from tasks.database import is_postgres
from tasks.evaluation_counts import parts_of

RULES = AnalysisRules()

LONGEST_DAYS = 366
"""Of a period that is analysed at once."""


def analyse_period(
    connection: Connection, city: City, first: date, last: date, now: datetime, rules: AnalysisRules = RULES
) -> Analysis | Refusal:
    """What stands out from `first` to `last`, both included; costs what the period and the weeks before it hold.

    A period that is not over is analysed up to now. The same rows give the same analysis.
    Refused: `period_backwards`, `period_too_long`, `period_not_begun`.
    """
    if last < first:
        return Refusal("period_backwards", {"first": first, "last": last})
    if (last - first).days >= LONGEST_DAYS:
        return Refusal("period_too_long", {"days": (last - first).days + 1, "most": LONGEST_DAYS})
    start, end = _midnight(city, first), _midnight(city, last + timedelta(days=1))
    if now < start:
        return Refusal("period_not_begun", {"first": first})
    period = Period(start, min(end, now))
    cases = _cases(connection, city, period)
    earlier = _earlier(connection, city, period, rules)
    before = _before(connection, city, first, rules)
    weeks = _weeks_of_history(connection, city, first, rules)
    return analyse(first, last, cases, earlier, before, weeks, rules)


def last_week(city: City, now: datetime) -> tuple[date, date]:
    """Monday and Sunday of the week before the one a moment lies in."""
    today = now.astimezone(city.zone).date()
    monday = today - timedelta(days=today.weekday() + 7)
    return monday, monday + timedelta(days=6)


def analysis_json(analysis: Analysis) -> str:
    """The canonical text of an analysis: the same rows give the same bytes."""
    return json.dumps(asdict(analysis), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def _midnight(city: City, day: date) -> datetime:
    return datetime.combine(day, time(), city.zone)


_OF_CASE = (
    CASES.c.number,
    CASES.c.receipt_number,
    CASES.c.class_code,
    CASES.c.area,
    FACTS.c.reported_at,
    CASES.c.longitude,
    CASES.c.latitude,
)


def _cases(connection: Connection, city: City, period: Period) -> list[AnalysedCase]:
    """Cases reported in the period, joined ones and refused ones left out, by their report."""
    begun = FACTS.c.begun_at >= period.start, FACTS.c.begun_at < period.end
    return _read(connection, city, *begun, FACTS.c.reported_at >= period.start, FACTS.c.reported_at < period.end)


def _earlier(connection: Connection, city: City, period: Period, rules: AnalysisRules) -> list[AnalysedCase]:
    """Cases reported before the period whose first round was closed within `recurs_days` before it, or in it."""
    since = period.start - timedelta(days=rules.recurs_days)
    rows = []
    for part in parts_of(Period(since, period.end)):
        here = select(FACTS.c.case_id).where(part, FACTS.c.ending == "checked", FACTS.c.ended_at >= since)
        rows += _read(connection, city, FACTS.c.case_id.in_(here), FACTS.c.reported_at < period.start)
    return list({case.number: case for case in rows}.values())


def _read(connection: Connection, city: City, *conditions: ColumnElement[bool]) -> list[AnalysedCase]:
    ended = FACTS.alias()
    closed_at = (
        select(func.max(ended.c.ended_at))
        .where(ended.c.case_id == FACTS.c.case_id, ended.c.round == 1, ended.c.ending == "checked")
        .scalar_subquery()
    )
    wanted = (
        select(*_OF_CASE, closed_at.label("closed_at"))
        .join(CASES, CASES.c.id == FACTS.c.case_id)
        .where(FACTS.c.round == 1, FACTS.c.part == 1, CASES.c.state.not_in(("merged", "rejected")), *conditions)
        .order_by(FACTS.c.reported_at, FACTS.c.case_id)
    )
    return [_case(city, row) for row in connection.execute(wanted)]


def _case(city: City, row: Any) -> AnalysedCase:
    return AnalysedCase(
        row.number or row.receipt_number,
        row.class_code,
        row.area[:TOWN_DIGITS] if row.area else None,
        row.reported_at.astimezone(city.zone).date(),
        row.reported_at,
        row.closed_at,
        row.longitude,
        row.latitude,
    )


def _before(connection: Connection, city: City, first: date, rules: AnalysisRules) -> list[DayCount]:
    """Reports of the weeks before by class, town and day of the city."""
    start, end = _midnight(city, first - rules.usual_weeks * WEEK), _midnight(city, first)
    day = day_of_report(connection, city, start).label("day")
    town = func.substr(CASES.c.area, 1, TOWN_DIGITS).label("town")
    wanted = (
        select(CASES.c.class_code, town, day, func.count().label("cases"))
        .join(CASES, CASES.c.id == FACTS.c.case_id)
        .where(
            FACTS.c.round == 1,
            FACTS.c.part == 1,
            FACTS.c.begun_at >= start,
            FACTS.c.begun_at < end,
            FACTS.c.reported_at.is_not(None),
            CASES.c.state.not_in(("merged", "rejected")),
        )
        .group_by(CASES.c.class_code, "town", "day")
    )
    return [
        (row.class_code, row.town, row.day if isinstance(row.day, date) else date.fromisoformat(row.day), row.cases)
        for row in connection.execute(wanted)
    ]


def day_of_report(connection: Connection, city: City, at: datetime) -> ColumnElement[Any]:
    """The day of a report in the city; `at` tells the offset of its zone where the database knows no zones."""
    if is_postgres(connection):
        return cast(func.timezone(city.zone.key, FACTS.c.reported_at), Date)
    offset = at.astimezone(city.zone).utcoffset() or timedelta(0)
    return func.date(FACTS.c.reported_at, f"{int(offset.total_seconds())} seconds")


def _weeks_of_history(connection: Connection, city: City, first: date, rules: AnalysisRules) -> int:
    """Whole weeks before the period that lie after the first report of all, at most `usual_weeks`."""
    oldest = connection.scalar(select(FACTS.c.begun_at).order_by(FACTS.c.begun_at).limit(1))
    if oldest is None:
        return 0
    covered = (_midnight(city, first) - oldest.astimezone(city.zone)) // WEEK
    return int(max(0, min(rules.usual_weeks, covered)))
