"""What zhihui counts of a unit beside its cases, each occurrence by the name under which people find it again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta

from sqlalchemy import Connection, and_, func, or_, select

from models.case import Case
from models.city import City
from models.duty import CheckState, DutyAssignment, DutyShift, SpotCheck
from models.info_report import OwedState, ReportOwed
from models.scheme import Counted
from models.tables import table_of
from tasks.case_facts import FACTS
from tasks.counted_marks import Period
from tasks.satisfaction import last_answers

ASSIGNMENTS, SHIFTS, CHECKS = table_of(DutyAssignment), table_of(DutyShift), table_of(SpotCheck)
OWED, CASES = table_of(ReportOwed), table_of(Case)

DISSATISFIED = 2
"""The highest score of an answer that is a complaint, of 5 (?)."""

Occurrences = Mapping[str, tuple[str, ...]]
"""Unit -> what happened, by the name of the shift, check, report or case; in the order of time."""


def occurrences(connection: Connection, city: City, what: Counted, period: Period) -> Occurrences:
    """Every occurrence of a period, by the unit that answers for it."""
    match what:
        case Counted.VACANT_POSTS:
            return _by_unit(_vacant_posts(connection, city, period))
        case Counted.MISSED_SPOT_CHECKS:
            return _by_unit(_missed_checks(connection, city, period))
        case Counted.LATE_REPORTS:
            return _by_unit(_late_reports(connection, period))
        case Counted.DISSATISFIED_ANSWERS:
            return _by_unit(_dissatisfied(connection, period))


def _by_unit(found: Iterable[tuple[str, str]]) -> Occurrences:
    units: dict[str, list[str]] = defaultdict(list)
    for unit, name in found:
        if unit:
            units[unit].append(name)
    return {unit: tuple(names) for unit, names in units.items()}


def _unit_of(city: City, post: str | None) -> str:
    holder = city.posts.get(post or "")
    return holder.unit if holder else ""


def _vacant_posts(connection: Connection, city: City, period: Period) -> list[tuple[str, str]]:
    wanted = (
        select(ASSIGNMENTS.c.post, SHIFTS.c.code, ASSIGNMENTS.c.place)
        .join(SHIFTS, SHIFTS.c.id == ASSIGNMENTS.c.shift_id)
        .where(
            ASSIGNMENTS.c.vacant_at >= period.start,
            ASSIGNMENTS.c.vacant_at < period.end,
            # A shift of the period or of the day before it: the index of shifts finds them.
            SHIFTS.c.published,
            SHIFTS.c.starts_at >= period.start - timedelta(days=2),
            SHIFTS.c.starts_at < period.end,
        )
        .order_by(SHIFTS.c.starts_at, ASSIGNMENTS.c.id)
    )
    return [(_unit_of(city, row.post), f"{row.code} {row.place}") for row in connection.execute(wanted)]


def _missed_checks(connection: Connection, city: City, period: Period) -> list[tuple[str, str]]:
    wanted = (
        select(CHECKS.c.post, CHECKS.c.code)
        .where(
            CHECKS.c.state == CheckState.MISSED.value,
            CHECKS.c.due_at >= period.start,
            CHECKS.c.due_at < period.end,
        )
        .order_by(CHECKS.c.due_at, CHECKS.c.id)
    )
    return [(_unit_of(city, row.post), row.code) for row in connection.execute(wanted)]


def _late_reports(connection: Connection, period: Period) -> list[tuple[str, str]]:
    """Those whose deadline fell in the period, by what is known at its end."""
    late = or_(
        OWED.c.state.in_((OwedState.LATE.value, OwedState.MISSING.value)),
        and_(OWED.c.state == OwedState.GIVEN.value, OWED.c.given_at > OWED.c.due_at),
    )
    wanted = (
        select(OWED.c.unit, OWED.c.subject, OWED.c.kind, OWED.c.means)
        .where(late, OWED.c.due_at >= period.start, OWED.c.due_at < period.end)
        .order_by(OWED.c.due_at, OWED.c.id)
    )
    return [(row.unit, f"{row.subject} {row.kind} {row.means}") for row in connection.execute(wanted)]


def _dissatisfied(connection: Connection, period: Period) -> list[tuple[str, str]]:
    """Each with the case; a round no unit ended, such as a quick fix by an inspector, is nobody's."""
    answers = last_answers(period.start, period.end).subquery()
    unit = (
        select(FACTS.c.unit)
        .where(FACTS.c.case_id == answers.c.case_id, FACTS.c.round == answers.c.round, FACTS.c.unit.is_not(None))
        .where(FACTS.c.part > 0)
        .order_by(FACTS.c.part.desc())
        .limit(1)
        .scalar_subquery()
    )
    wanted = (
        select(func.coalesce(unit, "").label("unit"), func.coalesce(CASES.c.number, "").label("number"))
        .select_from(answers)
        .join(CASES, CASES.c.id == answers.c.case_id)
        .where(answers.c.score <= DISSATISFIED)
        .order_by(answers.c.at, answers.c.id)
    )
    return [(row.unit, row.number) for row in connection.execute(wanted)]
