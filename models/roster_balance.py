"""Balances carried over: what earlier rosters gave each person more or less than their pool's mean.

A newcomer starts at nothing, so nobody pays for years they were not there; and no more is made up for than
`carried_at_most`, so that who was ill a whole season is not punished in the next.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from models.duty_rules import DutyPlace
from models.roster_problem import NOTHING, Tally, accounts_of


@dataclass(frozen=True, slots=True)
class EarlierRoster:
    """What one earlier published roster came to: by place and post, also of who stood in for nobody (all zeros)."""

    counts: Mapping[tuple[str, str], Tally]
    """(place, post) to its counts, as the roster stands now, with all its changes."""


def carried_over(
    places: Iterable[DutyPlace], earlier: Sequence[EarlierRoster], at_most: int
) -> dict[tuple[str, str], Tally]:
    """The balance of each account of today's pools, in whole shifts.

    Example: a season gave 35, 35, 35 and 34 shifts: the balances are 0, 0, 0 and -1.
    """
    found: dict[tuple[str, str], Tally] = {}
    for place in places:
        accounts = accounts_of(place)
        sums = {account.post: [Fraction(0)] * len(NOTHING) for account in accounts}
        for roster in earlier:
            mine = {
                account.post: _counted(roster, place.code, account.members)
                for account in accounts
                if any((place.code, member) in roster.counts for member in account.members)
            }
            for position in range(len(NOTHING)):
                mean = Fraction(sum(tally[position] for tally in mine.values()), max(1, len(mine)))
                for post, tally in mine.items():
                    sums[post][position] += tally[position] - mean
        for post, (shifts, nights, weekends, holidays) in sums.items():
            whole = (shifts, nights, weekends, holidays)
            bounded = [max(-at_most, min(at_most, floor(value))) for value in whole]
            found[place.code, post] = (bounded[0], bounded[1], bounded[2], bounded[3])
    return found


def _counted(roster: EarlierRoster, place: str, members: Iterable[str]) -> Tally:
    tallies = [roster.counts.get((place, member), NOTHING) for member in members]
    columns = [sum(column) for column in zip(*tallies, strict=True)]
    return columns[0], columns[1], columns[2], columns[3]
