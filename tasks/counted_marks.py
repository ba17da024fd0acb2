"""The marks of `models/evaluation_counts.py` as SQL over the facts: what is true of a row in a period, by a moment."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, func, literal, null, or_, true

from models.city import TOWN_DIGITS, City
from models.evaluation_counts import Count
from models.evaluation_marks import DUE_BITS, By, Cut, Done, Due, Mark
from tasks.case_facts import FACTS

C = FACTS.c
Condition = ColumnElement[bool]

GRID_DIGITS = 15


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


_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


def month_period(month: str, city: City) -> Period:
    """The period of a month of the city. Example: month_period("2019-12", city) ends on 1 January 2020 00:00.

    Raises: ValueError for a text that is no month.
    """
    # One spelling: 2019-5 would be another month to whoever compares texts.
    if not _MONTH.fullmatch(month):
        raise ValueError(f"{month!r} is no month. Write it as 2019-05.")
    start = datetime.strptime(month, "%Y-%m").replace(tzinfo=city.zone)
    return Period(start, (start + timedelta(days=31)).replace(day=1))


def is_month(text: str, city: City) -> bool:
    """Whether a text is a month, such as 2019-05."""
    try:
        month_period(text, city)
    except ValueError:
        return False
    return True


def marks_of(
    period: Period, now: datetime, counts: Iterable[Count], public: Iterable[str], exempt: Sequence[ExemptSpan]
) -> ColumnElement[int]:
    """One number that carries every mark these counts look at: facts that are alike are counted together."""
    wanted = {Due: 0, Done: 0}
    for count in counts:
        for rule in (count.scoring, count.workload):
            wanted[type(rule.marks)] |= rule.marks | rule.without
    done = _sum(_done_marks(period, now, public), wanted[Done], 0)
    endings = [(C.ending == ending, literal(mark.value)) for ending, mark in _ENDINGS.items() if mark & wanted[Done]]
    if endings:
        done = done + case((_within(period, C.ended_at), case(*endings, else_=0)), else_=0)
    if not wanted[Due]:
        return done
    return done + case((_within(period, C.due_at), _sum(_due_marks(now, exempt), wanted[Due], DUE_BITS)), else_=0)


def _sum(conditions: Mapping[Mark, Condition], wanted: int, bits: int) -> ColumnElement[int]:
    found: ColumnElement[int] = literal(0, BigInteger)
    for mark, condition in conditions.items():
        if mark & wanted:
            found = found + case((condition, literal(mark.value << bits, BigInteger)), else_=0)
    return found


def _within(period: Period, column: ColumnElement[Any]) -> Condition:
    return and_(column >= period.start, column < period.end)


def _due_marks(now: datetime, exempt: Sequence[ExemptSpan]) -> dict[Mark, Condition]:
    """What is true by now of a part whose deadline falls in the period."""
    ended = C.ended_at <= now
    spans = (and_(C.unit == span.unit, C.due_at >= span.start, C.due_at < span.end) for span in exempt)
    return {
        Due.DUE: true(),
        Due.EXEMPT: or_(C.exempt_at.is_not(None), *spans),
        Due.SUSPENDED: C.suspended.is_(True),
        Due.FORCED: and_(C.ending == "forced", ended),
        Due.ENDED_OTHERWISE: and_(C.ending.in_(("void", "merged", "rejected")), ended),
        Due.HANDLED: C.handled_at <= now,
        Due.LATE: _LATE,
        Due.CLOSED: and_(C.ending == "checked", ended),
        Due.REWORKED: C.reworks > 0,
        Due.EXTENDED: C.extensions > 0,
    }


_LATE = case((C.on_time.is_not(None), C.on_time.is_(False)), else_=C.handled_at > C.due_at)
"""What the closing says; before it the last report that it is handled, against the deadline."""

_ENDINGS = {
    "checked": Done.CLOSED,
    "handed_back": Done.HANDED_BACK,
    "void": Done.VOIDED,
    "merged": Done.MERGED,
    "quick_fix": Done.QUICK_FIXED,
    "forced": Done.FORCE_CLOSED,
}


def _done_marks(period: Period, now: datetime, public: Iterable[str]) -> dict[Mark, Condition]:
    """What happened in the period, and which tasks were due in it; but for how it ended.

    A task done in time was done before the end of what is counted, so only what may be done late is held against `now`.
    """
    return {
        Done.REPORTED: _within(period, C.reported_at),
        Done.VALID: C.valid.is_(True),
        Done.ACCEPTED: _within(period, C.accepted_at),
        Done.FILED: _within(period, C.filed_at),
        Done.PUBLIC: C.source.in_(sorted(public)),
        Done.FILE_DUE: _within(period, C.file_due_at),
        Done.FILED_IN_TIME: C.filed_at <= C.file_due_at,
        Done.DISPATCH_DUE: _within(period, C.dispatch_due_at),
        Done.DISPATCH_DONE: C.dispatched_at <= now,
        Done.DISPATCH_IN_TIME: C.dispatched_at <= C.dispatch_due_at,
        Done.DISPATCHED: _within(period, C.dispatched_at),
        Done.MISDISPATCHED: C.misdispatched.is_(True),
        Done.VERIFY_DUE: _within(period, C.verify_due_at),
        Done.VERIFIED_IN_TIME: C.verified_at <= C.verify_due_at,
        Done.CHECK_DUE: _within(period, C.check_due_at),
        Done.CHECKED_IN_TIME: C.checked_at <= C.check_due_at,
        Done.HANDLED: _within(period, C.handled_at),
        Done.HANDLED_LATE: _LATE,
        Done.CLOSED_LATE: C.on_time.is_(False),
        Done.REWORKED: _within(period, C.reworked_at),
        Done.EXTENDED: _within(period, C.extended_at),
        Done.SUSPENDED: _within(period, C.suspended_at),
        Done.EXEMPTED: _within(period, C.exempt_at),
    }


def cut_columns(cuts: Sequence[Cut]) -> list[ColumnElement[Any]]:
    """What rows are told apart by, a column a cut.

    Of a group it is the unit, which the city's data places in one; of a post nothing: `post_column` has those.
    """
    known = {
        Cut.UNIT: C.unit,
        Cut.GROUP: C.unit,
        Cut.AREA: func.substr(C.area, 1, TOWN_DIGITS),
        Cut.GRID: case((func.length(C.area) == GRID_DIGITS, C.area)),
        Cut.CLASS: C.class_code,
        Cut.SOURCE: C.source,
        Cut.POST: null(),
    }
    return [known[cut].label(f"cut{number}") for number, cut in enumerate(cuts)]


def post_column(by: By) -> ColumnElement[Any]:
    """Who did what counts for this kind of post; nobody where a rule did it, or it is no post's own."""
    return func.nullif(C[by.value], "").label(f"post_{by.name.lower()}")
