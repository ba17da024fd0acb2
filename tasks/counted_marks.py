"""The marks of `models/evaluation_counts.py` as SQL over the facts: what is true of a row in a period, by a moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_

from models.city import City
from models.evaluation_counts import Count
from models.evaluation_marks import Cut, Done, Due, Mark
from tasks.case_facts import FACTS

C = FACTS.c
Condition = ColumnElement[bool]

TOWN_DIGITS, GRID_DIGITS = 9, 15


@dataclass(frozen=True, slots=True)
class Period:
    """The moments [start, end) that are counted. Example: May 2019 is 1 May 00:00 to 1 June 00:00 in the city."""

    start: datetime
    end: datetime

    def until(self, now: datetime) -> "Period":
        """As much of it as has gone by; a month that is still open is counted up to now."""
        return Period(self.start, max(self.start, min(self.end, now)))


@dataclass(frozen=True, slots=True)
class ExemptSpan:
    """Days in which a unit is not scored 免责: a case whose deadline falls in [start, end) is exempt. Yuncheng (B)."""

    unit: str
    start: datetime
    end: datetime


def month_period(month: str, city: City) -> Period:
    """The period of a month of the city. Example: month_period("2019-12", city) ends on 1 January 2020 00:00.

    Raises: ValueError for a text that is no month.
    """
    start = datetime.strptime(month, "%Y-%m").replace(tzinfo=city.zone)
    return Period(start, (start + timedelta(days=31)).replace(day=1))


def due_marks(now: datetime, exempt: Sequence[ExemptSpan]) -> dict[Mark, Condition]:
    """What is true by now of a part whose deadline falls in the period."""
    ended = C.ended_at <= now
    spans = (and_(C.unit == span.unit, C.due_at >= span.start, C.due_at < span.end) for span in exempt)
    return {
        Due.EXEMPT: or_(C.exempt_at.is_not(None), *spans),
        Due.SUSPENDED: C.suspended.is_(True),
        Due.FORCED: and_(ended, C.ending == "forced"),
        Due.ENDED_OTHERWISE: and_(ended, C.ending.in_(("void", "merged", "rejected"))),
        Due.HANDLED: C.handled_at <= now,
        Due.LATE: case((C.on_time.is_not(None), C.on_time.is_(False)), else_=C.handled_at > C.due_at),
        Due.CLOSED: and_(ended, C.ending == "checked"),
        Due.REWORKED: C.reworks > 0,
        Due.EXTENDED: C.extensions > 0,
    }


def done_marks(period: Period, now: datetime, public: Iterable[str]) -> dict[Mark, Condition]:
    """What happened in the period, and which tasks were due in it."""

    def within(column: ColumnElement[Any]) -> Condition:
        return and_(column >= period.start, column < period.end)

    def ended(ending: str) -> Condition:
        return and_(C.ending == ending, within(C.ended_at))

    def in_time(done: ColumnElement[Any], due: ColumnElement[Any]) -> Condition:
        return and_(done <= due, done <= now)

    return {
        Done.REPORTED: within(C.reported_at),
        Done.VALID: C.valid.is_(True),
        Done.ACCEPTED: within(C.accepted_at),
        Done.FILED: within(C.filed_at),
        Done.PUBLIC: C.source.in_(sorted(public)),
        Done.FILE_DUE: within(C.file_due_at),
        Done.FILED_IN_TIME: in_time(C.filed_at, C.file_due_at),
        Done.DISPATCH_DUE: within(C.dispatch_due_at),
        Done.DISPATCH_DONE: C.dispatched_at <= now,
        Done.DISPATCH_IN_TIME: in_time(C.dispatched_at, C.dispatch_due_at),
        Done.DISPATCHED: within(C.dispatched_at),
        Done.MISDISPATCHED: C.misdispatched.is_(True),
        Done.VERIFY_DUE: within(C.verify_due_at),
        Done.VERIFIED_IN_TIME: in_time(C.verified_at, C.verify_due_at),
        Done.CHECK_DUE: within(C.check_due_at),
        Done.CHECKED_IN_TIME: in_time(C.checked_at, C.check_due_at),
        Done.HANDLED: within(C.handled_at),
        Done.HANDLED_LATE: case((C.on_time.is_not(None), C.on_time.is_(False)), else_=C.handled_at > C.due_at),
        Done.CLOSED: ended("checked"),
        Done.CLOSED_LATE: C.on_time.is_(False),
        Done.REWORKED: within(C.reworked_at),
        Done.EXTENDED: within(C.extended_at),
        Done.SUSPENDED: within(C.suspended_at),
        Done.EXEMPTED: within(C.exempt_at),
        Done.HANDED_BACK: ended("handed_back"),
        Done.VOIDED: ended("void"),
        Done.MERGED: ended("merged"),
        Done.QUICK_FIXED: ended("quick_fix"),
        Done.FORCE_CLOSED: ended("forced"),
    }


def marks_of(conditions: Mapping[Mark, Condition], counts: Iterable[Count]) -> ColumnElement[int]:
    """One number that carries every mark these counts look at: facts that are alike are counted together."""
    looked_at = 0
    for count in counts:
        for rule in (count.scoring, count.workload):
            if any(isinstance(rule.marks, type(mark)) for mark in conditions):
                looked_at |= rule.marks | rule.without
    found: ColumnElement[int] = literal(0)
    for mark, condition in conditions.items():
        if mark & looked_at:
            found = found + case((condition, mark.value), else_=0)
    return found


def cut_columns(cuts: Sequence[Cut], post: ColumnElement[Any] | None) -> list[ColumnElement[Any]]:
    """What rows are told apart by, a column a cut; of a group the unit, which the city's data places in one."""
    known = {
        Cut.UNIT: C.unit,
        Cut.GROUP: C.unit,
        Cut.AREA: func.substr(C.area, 1, TOWN_DIGITS),
        Cut.GRID: case((func.length(C.area) == GRID_DIGITS, C.area)),
        Cut.CLASS: C.class_code,
        Cut.SOURCE: C.source,
        # A post nobody holds by name: a rule did it, or it is no post's own.
        Cut.POST: func.nullif(post, "") if post is not None else literal(None),
    }
    return [known[cut].label(f"cut{number}") for number, cut in enumerate(cuts)]
