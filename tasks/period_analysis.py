"""Reading what an analysis looks at: the period's cases, what was closed shortly before, and how many came each day.

Everything is found by the facts of those days; what is stored besides costs nothing.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, Row, Select, and_, cast, func, select

from models.analysed_case import CLOSED, LEFT_OUT, AnalysedCase, CellKey, Closing
from models.city import TOWN_DIGITS, City
from models.hot_spots import days_of_history
from models.period_analysis import MOST_DAYS, Analysis, PeriodFacts, Span, analyse
from models.refusal import Refusal
from tasks.case_facts import FACTS
from tasks.case_store import CASES
from tasks.counted_marks import Period
from tasks.database import is_postgres
from tasks.evaluation_counts import parts_of

F, C = FACTS.c, CASES.c
OTHER = FACTS.alias()


def analyse_period(connection: Connection, city: City, span: Span, now: datetime) -> Analysis | Refusal:
    """What stands out in a span as it stands; a day that is not over is analysed up to now.

    Costs what the period and the days before it hold. The same rows give the same analysis.
    Example: analyse_period(connection, city, Span(date(2019, 5, 6), date(2019, 5, 12)), now).recurrences.count
    Refused: `period_backwards`, `period_too_long`, `period_not_begun`, `unknown_area`, `unknown_unit`.
    """
    refusal = _why_not(city, span, now)
    if refusal is not None:
        return refusal
    period = Period(_start(city, span.first), _start(city, span.last + timedelta(days=1)))
    gone = period.until(now)
    facts = PeriodFacts(
        cases=_reported(connection, gone, now),
        closings=_closed(connection, gone, now, city),
        before=_counts_before(connection, city, span, now),
        history_from=_history_from(connection, city),
    )
    return analyse(city, span, facts, gone.end, still_open=now < period.end)


def last_week(city: City, now: datetime) -> tuple[date, date]:
    """Monday and Sunday of the week before the one a moment lies in."""
    today = now.astimezone(city.zone).date()
    monday = today - timedelta(days=today.weekday() + 7)
    return monday, monday + timedelta(days=6)


def _why_not(city: City, span: Span, now: datetime) -> Refusal | None:
    days = (span.last - span.first).days + 1
    if days < 1:
        return Refusal("period_backwards", {"first": span.first, "last": span.last})
    if days > MOST_DAYS:
        return Refusal("period_too_long", {"days": days, "most": MOST_DAYS})
    if now < _start(city, span.first):
        return Refusal("period_not_begun", {"first": span.first})
    if span.area is not None and span.area not in city.areas:
        return Refusal("analysis_area_unknown", {"area": span.area, "areas": [name for _, name in city.towns()]})
    if span.unit is not None and span.unit not in city.units:
        return Refusal("analysis_unit_unknown", {"unit": span.unit, "units": [u.name for u in city.units.values()]})
    return None


def part_of(city: City, area: str | None, unit: str | None) -> tuple[str | None, str | None]:
    """Codes of an area and a unit that a person named by code or name; what nothing is called stays as it was written.

    Example: part_of(city, "梨河镇", None) is ("410184101", None).
    """
    named = (area or "").strip() or None
    codes = [code for code, each in city.areas.items() if each.name == named]
    of_area = named if named in city.areas or not codes else min(codes, key=lambda code: (len(code), code))
    called = (unit or "").strip() or None
    found = city.unit_called(called) if called else None
    return of_area, found.code if found else called


def _start(city: City, day: date) -> datetime:
    return datetime.combine(day, time(), city.zone)


def _reported(connection: Connection, gone: Period, now: datetime) -> list[AnalysedCase]:
    rows = connection.execute(_first_facts(gone).add_columns(*_COLUMNS, _left_out(now)).join(CASES, C.id == F.case_id))
    return [_case(row, row.left_out) for row in rows]


def _closed(connection: Connection, gone: Period, now: datetime, city: City) -> list[Closing]:
    """What was seen to be gone from so many days before the period on."""
    looked_at = Period(gone.start - timedelta(days=city.analysis.recurs_days), gone.end)
    found = (
        select(*_COLUMNS, F.ended_at)
        .join(CASES, C.id == F.case_id)
        .where(F.ending.in_(CLOSED), F.ended_at >= looked_at.start, F.ended_at < looked_at.end, F.ended_at <= now)
    )
    parts = parts_of(looked_at) if looked_at.start < looked_at.end else ()
    closings = [Closing(_case(row), row.ended_at) for part in parts for row in connection.execute(found.where(part))]
    return sorted(closings, key=lambda closing: (closing.closed_at, closing.case.case_id))


def _counts_before(connection: Connection, city: City, span: Span, now: datetime) -> dict[date, dict[CellKey, int]]:
    first = span.first - timedelta(days=days_of_history(len(span.days), city.analysis))
    before = Period(_start(city, first), _start(city, span.first))
    town = func.substr(F.area, 1, TOWN_DIGITS).label("town")
    day = day_of_report(connection, city, before.start).label("day")
    counted = (
        _first_facts(before)
        .add_columns(F.class_code, town, day, func.count().label("cases"))
        .where(_left_out(now).is_(None), *_of_part(span))
        .group_by(F.class_code, "town", "day")
    )
    found: dict[date, dict[CellKey, int]] = {}
    for row in connection.execute(counted):
        of_day = row.day if isinstance(row.day, date) else date.fromisoformat(row.day)
        found.setdefault(of_day, {})[row.class_code, row.town or None] = row.cases
    return found


def day_of_report(connection: Connection, city: City, at: datetime) -> ColumnElement[Any]:
    """The day of a report in the city; `at` tells the offset of its zone where the database knows no zones."""
    if is_postgres(connection):
        return cast(func.timezone(city.zone.key, F.reported_at), Date)
    offset = at.astimezone(city.zone).utcoffset() or timedelta(0)
    return func.date(F.reported_at, f"{int(offset.total_seconds())} seconds")


def _of_part(span: Span) -> Iterator[ColumnElement[bool]]:
    if span.area is not None:
        yield func.substr(F.area, 1, len(span.area)) == span.area
    if span.unit is not None:
        yield F.unit == span.unit


def _first_facts(period: Period) -> Select[Any]:
    """The rows that stand for the report of a case; each begins when its report is taken in."""
    first = and_(F.round == 1, F.part == 1, F.reported_at.is_not(None))
    return select().select_from(FACTS).where(F.begun_at >= period.start, F.begun_at < period.end, first)


def _left_out(now: datetime) -> ColumnElement[Any]:
    """How a case ended that is counted and not analysed; whichever of its parts says so."""
    ended = and_(OTHER.c.case_id == F.case_id, OTHER.c.ending.in_(LEFT_OUT), OTHER.c.ended_at <= now)
    return select(func.min(OTHER.c.ending)).where(ended).correlate(FACTS).scalar_subquery().label("left_out")


_COLUMNS = (
    *(F.case_id, F.class_code, F.area, F.unit, F.source, F.reported_at),
    *(C.number, C.receipt_number, C.place, C.longitude, C.latitude),
)


def _case(row: Row[Any], left_out: str | None = None) -> AnalysedCase:
    return AnalysedCase(
        case_id=row.case_id,
        name=row.number or row.receipt_number,
        class_code=row.class_code,
        area=row.area or None,
        unit=row.unit or None,
        source=row.source,
        place=row.place,
        reported_at=row.reported_at,
        longitude=row.longitude,
        latitude=row.latitude,
        left_out=left_out,
    )


def _history_from(connection: Connection, city: City) -> date | None:
    """The day after the first report: that day itself may have begun before the city used this program."""
    first = connection.scalar(select(func.min(F.begun_at)))
    return first.astimezone(city.zone).date() + timedelta(days=1) if first else None
