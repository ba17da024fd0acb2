"""Counting a period by any cut: set-based, from the facts of that period's months alone.

Rows that carry the same marks are counted together by the database; which marks make which count is said once, in
`models/evaluation_counts.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from models.city import City
from models.evaluation_counts import COUNTS, Count, CountLine, empty_line, line_of
from models.evaluation_marks import By, Cut
from models.told_facts import month_of, month_start
from tasks.case_facts import FACTS, MONTHS
from tasks.counted_marks import ExemptSpan, Period, cut_columns, marks_of, post_column

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


Tally = Mapping[Value, Mapping[int, int]]
"""For each value, marks -> how many facts carry just these."""


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
    marks = marks_of(gone, now, only, city.policy.public_sources, exempt)
    lines: dict[Value, CountLine] = {}
    for by, tally in _tallies(connection, gone, cuts, marks).items():
        # With posts each count is told apart by another column; without them nobody asks whose it is.
        counts = [each for each in only if Cut.POST not in cuts or each.by == by]
        for value, line in lines_of(city, cuts, tally, counts).items():
            lines[value] = lines[value] + line if value in lines else line
    return counted(period, now, cuts, lines)


def counted(period: Period, now: datetime, cuts: Sequence[Cut], lines: Mapping[Value, CountLine]) -> Counted:
    """Counts in the order of what they stand for, with their total; what has none of them is left out."""
    nothing = empty_line()
    found = {value: lines[value] for value in sorted(lines, key=_order) if lines[value] != nothing}
    return Counted(period, now, tuple(cuts), found, sum(found.values(), nothing))


def lines_of(city: City, cuts: Sequence[Cut], tally: Tally, counts: Sequence[Count]) -> dict[Value, CountLine]:
    """The counts of tallied facts, by what the city calls what they stand for."""
    named: dict[Value, dict[int, int]] = {}
    for values, marked in tally.items():
        into = named.setdefault(tuple(_named(city, cuts, values)), {})
        for marks, facts in marked.items():
            into[marks] = into.get(marks, 0) + facts
    return {value: line_of(marked.items(), counts) for value, marked in named.items()}


def _tallies(
    connection: Connection, gone: Period, cuts: Sequence[Cut], marks: ColumnElement[int]
) -> dict[By | None, Tally]:
    """The facts of the period, tallied once; by posts once for each kind of post, from the same reading."""
    posts = tuple(By) if Cut.POST in cuts else ()
    columns = [*cut_columns(cuts), *(post_column(by) for by in posts), marks.label("marks")]
    # By their names: on Postgres an expression with parameters is not recognised as the one that is selected.
    grouped = select(*columns, func.count().label("facts")).group_by(*(column.name for column in columns))
    found: dict[By | None, dict[Value, dict[int, int]]] = {by: {} for by in (None, *posts)}
    for here in parts_of(gone) if gone.start < gone.end else ():
        for row in connection.execute(grouped.where(here)):
            values, held, (marked, facts) = row[: len(cuts)], row[len(cuts) : -2], row[-2:]
            for by, post in ((None, None), *zip(posts, held, strict=True)):
                value = tuple(post if cut is Cut.POST else each for cut, each in zip(cuts, values, strict=True))
                tally = found[by].setdefault(value, {})
                tally[marked] = tally.get(marked, 0) + facts
    return dict(found)


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
