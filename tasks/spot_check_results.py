"""What spot checks came to, per person and unit, for a span of days: what the evaluation counts."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Integer, func, select

from models.city import City
from models.duty import CheckState, SpotCheck
from models.tables import table_of

CHECKS = table_of(SpotCheck)

_COUNTED = (CheckState.ANSWERED, CheckState.LATE, CheckState.MISSED)


@dataclass(frozen=True, slots=True)
class CheckCounts:
    """The checks of one person, or of all people of one unit; asked counts also those that are still open."""

    post: str | None
    """None in the line of a unit."""
    unit: str
    asked: int
    answered: int
    late: int
    missed: int
    readings_wrong: int
    """Answers whose reading did not agree with the stored one."""
    lost: int = 0
    """Asked, and run out while the system was down: part of nobody's rate."""


def counts_by_post(connection: Connection, city: City, first: date, last: date) -> list[CheckCounts]:
    """Counts of every post that was asked on these days, both included, by unit and post."""
    states = {state: func.sum((CHECKS.c.state == state.value).cast(Integer)) for state in _COUNTED}
    statement = (
        select(
            CHECKS.c.post,
            func.count(),
            *states.values(),
            func.sum((CHECKS.c.reading_fits.is_(False)).cast(Integer)),
            func.sum((CHECKS.c.state == CheckState.LOST.value).cast(Integer)),
        )
        .where(CHECKS.c.day >= first, CHECKS.c.day <= last)
        .group_by(CHECKS.c.post)
    )
    found = []
    for post, *counts in connection.execute(statement):
        holder = city.posts.get(post)
        found.append(CheckCounts(post, holder.unit if holder else "", *(int(count or 0) for count in counts)))
    return sorted(found, key=lambda one: (one.unit, one.post or ""))


def counts_by_unit(connection: Connection, city: City, first: date, last: date) -> list[CheckCounts]:
    """The same by unit."""
    units: dict[str, list[CheckCounts]] = {}
    for one in counts_by_post(connection, city, first, last):
        units.setdefault(one.unit, []).append(one)
    return [
        CheckCounts(
            None,
            unit,
            sum(one.asked for one in lines),
            sum(one.answered for one in lines),
            sum(one.late for one in lines),
            sum(one.missed for one in lines),
            sum(one.readings_wrong for one in lines),
            sum(one.lost for one in lines),
        )
        for unit, lines in units.items()
    ]
