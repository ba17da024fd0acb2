"""Counting a period by any cut: set-based, from the facts of that period's months alone.

Rows that carry the same marks are counted together by the database; which marks make which count is said once, in
`models/evaluation_counts.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from models.city import City
from models.evaluation_counts import COUNTS, Count, CountLine, empty_line, line_of
from models.evaluation_marks import By, Cut
from models.told_facts import month_of, month_start
from tasks.case_facts import FACTS, MONTHS
from tasks.counted_marks import ExemptSpan, Period, cut_columns, marks_of

Value = tuple[str | None, ...]
"""What a line stands for, in the order of the cuts; None where a row has no such thing."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of a period by a cut."""

    period: Period
    now: datetime
    cuts: tuple[Cut, ...]
    lines: Mapping[Value, CountLine]
    """Only what something happened to or was due of; whoever is not named has every count at 0."""
    total: CountLine


@dataclass(frozen=True, slots=True)
class _Family:
    """Counts that are for the same post."""

    by: By | None
    counts: tuple[Count, ...]


def count(
    connection: Connection,
    city: City,
    period: Period,
    cuts: Sequence[Cut] = (),
    *,
    now: datetime,
    exempt: Sequence[ExemptSpan] = (),
    only: Sequence[Count] = COUNTS,
) -> Counted:
    """Everything that is counted of a period as it stands, by a cut or several together; without one the whole city.

    A deadline counts once it is past: a month that is still open is counted up to `now`. What happened after `now` is
    not seen, so a month can be counted as it stood; extensions and suspensions granted since do move it. `only`: the
    counts that are wanted, all others stay at 0; fewer cost less.

    Example: count(connection, city, month_period("2019-05", city), [Cut.UNIT], now=now).lines["lihe",].scoring
    """
    gone = period.until(now)
    lines: dict[Value, CountLine] = {}
    for family in _families(cuts, only):
        marks = marks_of(gone, now, family.counts, city.policy.public_sources, exempt)
        for value, marked in _tally(connection, city, gone, _grouped(cuts, family.by, marks), cuts).items():
            line = line_of(marked.items(), family.counts)
            lines[value] = lines[value] + line if value in lines else line
    lines = {value: lines[value] for value in sorted(lines, key=_order) if lines[value] != empty_line()}
    total = sum(lines.values(), empty_line())
    return Counted(period, now, tuple(cuts), lines, total)


def _families(cuts: Sequence[Cut], only: Sequence[Count]) -> list[_Family]:
    """Each post's counts are told apart by another column; without posts one pass gives everything."""
    if Cut.POST not in cuts:
        return [_Family(None, tuple(only))]
    return [_Family(by, tuple(each for each in only if each.by == by)) for by in (None, *By)]


def _grouped(cuts: Sequence[Cut], by: By | None, marks: ColumnElement[int]) -> Select[Any]:
    columns = cut_columns(cuts, FACTS.c[by.value] if by else None)
    # By their names: on Postgres an expression with parameters is not recognised as the one that is selected.
    names = [column.name for column in columns]
    return select(*columns, marks.label("marks"), func.count().label("facts")).group_by(*names, "marks")


def _tally(
    connection: Connection, city: City, gone: Period, grouped: Select[Any], cuts: Sequence[Cut]
) -> dict[Value, dict[int, int]]:
    """Marks -> how many facts, for each value: rows that began in the period's months, and others found in them."""
    found: dict[Value, dict[int, int]] = {}
    if gone.start >= gone.end:
        return found
    for here in parts_of(gone):
        for *values, marks, facts in connection.execute(grouped.where(here)):
            tally = found.setdefault(tuple(_named(city, cuts, values)), {})
            tally[marks] = tally.get(marks, 0) + facts
    return found


def parts_of(gone: Period) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Conditions that together find every fact of the period's months, none of them twice."""
    first, last = month_of(gone.start), month_of(gone.end - timedelta(microseconds=1))
    start, end = month_start(first), month_start(last + 1)
    others = select(MONTHS.c.case_id).where(MONTHS.c.month.between(first, last)).distinct()
    return (
        and_(FACTS.c.begun_at >= start, FACTS.c.begun_at < end),
        # Older ones, and later ones too: a unit that gets a case back when its time is up is due before its turn began.
        and_(FACTS.c.case_id.in_(others), or_(FACTS.c.begun_at < start, FACTS.c.begun_at >= end)),
    )


def _named(city: City, cuts: Sequence[Cut], values: Sequence[str | None]) -> Iterator[str | None]:
    for cut, value in zip(cuts, values, strict=True):
        if cut is Cut.GROUP:
            unit = city.units.get(value or "")
            yield unit.group if unit else None
        else:
            yield value or None


def _order(value: Value) -> tuple[tuple[bool, str], ...]:
    """By code; what has none comes last."""
    return tuple((part is None, part or "") for part in value)
