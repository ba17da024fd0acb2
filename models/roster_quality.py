"""How good a roster is, in numbers and names: the same report whichever solver made it, or a person.

Read from who stands where, never from what a solver says of itself.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from models.city import City
from models.duty_rules import DutyRules
from models.duty_shifts import Measure, provisional_from
from models.roster_draft import added, reasons_against
from models.roster_problem import NOTHING, Account, RosterProblem, RosterRule, Tally

A_WEEK = timedelta(days=7)

CARRIED, RULES_TOGETHER = "carried", "rules_together"
"""Why counts differ where no single rule about one person explains it."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one account of a place does."""

    place: str
    post: str
    backup: str | None
    counts: Tally
    carried: Tally
    by_backup: int = 0
    """Shifts in which the B post stands in."""

    @property
    def balance(self) -> Tally:
        """Counts with what was carried over: what is to be even."""
        return added(self.counts, self.carried)


@dataclass(frozen=True, slots=True)
class Gap:
    """A place of a shift in which nobody stands, with the rule that keeps each of its pool away."""

    shift: str
    place: str
    why: Mapping[str, str]
    """Empty where somebody would be free."""


@dataclass(frozen=True, slots=True)
class Overload:
    """Somebody with more hours than usual within seven days."""

    post: str
    hours: int
    from_day: date


@dataclass(frozen=True, slots=True)
class LeaveMet:
    """A leave within the roster's days, and how many shifts it kept its holder from, or still stands against."""

    post: str
    first_day: date
    last_day: date
    shifts: int
    still_rostered: int


@dataclass(frozen=True, slots=True)
class Uneven:
    """A count that differs by more than one within a pool: the rule and the person in the way."""

    place: str
    measure: Measure
    least: int
    most: int
    post: str
    """Who has least, or most: the one the rule is about."""
    rule: str


@dataclass(frozen=True)
class Quality:
    """The whole report."""

    shifts: int
    wanted: int
    """Places in all shifts."""
    filled: int
    spread: Mapping[str, Mapping[str, int]]
    """By place and measure: the most minus the least, carried balances included."""
    loads: tuple[Load, ...]
    gaps: tuple[Gap, ...]
    overloads: tuple[Overload, ...]
    leave: tuple[LeaveMet, ...]
    uneven: tuple[Uneven, ...]
    provisional_from: date | None
    """From this day on only weekends are known: the official calendar ends before."""

    @property
    def is_even(self) -> bool:
        """Whether no count differs by more than one."""
        return not self.uneven

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON takes it, days as texts."""
        found: dict[str, Any] = _plain(asdict(self))
        return found


def quality_of(city: City, duty: DutyRules, problem: RosterProblem, posts: Sequence[Sequence[str | None]]) -> Quality:
    """The report on a roster of a problem's days.

    Example: 139 days, 3 places, 20 people: 417 of 417 filled, spread at most 1, nobody overloaded.
    """
    loads = tuple(_loads(problem, posts))
    gaps = tuple(_gaps(problem, posts))
    first, last = problem.shifts[0].day, problem.shifts[-1].day
    wanted = len(problem.shifts) * len(problem.places)
    return Quality(
        shifts=len(problem.shifts),
        wanted=wanted,
        filled=wanted - len(gaps),
        spread={place.code: _spread([load for load in loads if load.place == place.code]) for place in problem.places},
        loads=loads,
        gaps=gaps,
        overloads=tuple(_overloads(problem, posts, duty.overload_hours)),
        leave=tuple(_leave(city, problem, posts, first, last)),
        uneven=tuple(_uneven(problem, loads)),
        provisional_from=provisional_from(city.calendar, first, last),
    )


def _loads(problem: RosterProblem, posts: Sequence[Sequence[str | None]]) -> Iterator[Load]:
    for position, place in enumerate(problem.places):
        counts: dict[str, Tally] = {}
        shifts: Counter[str] = Counter()
        for shift, row in zip(problem.shifts, posts, strict=True):
            post = row[position]
            if post is not None:
                counts[post] = added(counts.get(post, NOTHING), shift.tally)
                shifts[post] += 1
        for account in place.accounts:
            mine = NOTHING
            for member in account.members:
                mine = added(mine, counts.get(member, NOTHING))
            carried = problem.carried_by(place.code, account)
            yield Load(place.code, account.post, account.backup, mine, carried, shifts[account.backup or ""])


def _spread(loads: Sequence[Load]) -> dict[str, int]:
    columns = zip(*(load.balance for load in loads), strict=True) if loads else ((0,),) * len(Measure)
    return {measure.value: max(column) - min(column) for measure, column in zip(Measure, columns, strict=True)}


def _gaps(problem: RosterProblem, posts: Sequence[Sequence[str | None]]) -> Iterator[Gap]:
    for index, row in enumerate(posts):
        for position, post in enumerate(row):
            if post is None:
                place = problem.places[position]
                against = {one: reasons_against(problem, posts, index, one) for one in place.posts}
                why = {one: rule.value for one, rule in against.items() if rule is not None}
                is_free = len(why) < len(against)
                yield Gap(problem.shifts[index].code, place.code, {} if is_free else why)


def _overloads(problem: RosterProblem, posts: Sequence[Sequence[str | None]], most_hours: int) -> Iterator[Overload]:
    """The heaviest seven days of each person who has more hours in them than is usual."""
    mine: dict[str, list[tuple[date, float]]] = {}
    for shift, row in zip(problem.shifts, posts, strict=True):
        for post in row:
            if post is not None:
                mine.setdefault(post, []).append((shift.day, shift.length / timedelta(hours=1)))
    for post, days in sorted(mine.items()):
        weeks = [(sum(hours for day, hours in days if first <= day < first + A_WEEK), first) for first, _ in days]
        hours, first = max(weeks, key=lambda week: (week[0], -week[1].toordinal()))
        if hours > most_hours:
            yield Overload(post, round(hours), first)


def _leave(
    city: City, problem: RosterProblem, posts: Sequence[Sequence[str | None]], first: date, last: date
) -> Iterator[LeaveMet]:
    for post in sorted(problem.hindered):
        for leave in city.leave_of(post):
            if leave.last_day < first or last < leave.first_day:
                continue
            met = [
                index
                for index, shift in enumerate(problem.shifts)
                if problem.hindered[post].get(index) is RosterRule.LEAVE
                and leave.first_day <= shift.ends_at.date()
                and shift.day <= leave.last_day
            ]
            still = sum(post in posts[index] for index in met)
            yield LeaveMet(post, leave.first_day, leave.last_day, len(met), still)


def _uneven(problem: RosterProblem, loads: Sequence[Load]) -> Iterator[Uneven]:
    for place in problem.places:
        mine = [load for load in loads if load.place == place.code]
        for position, measure in enumerate(Measure):
            balances = [load.balance[position] for load in mine]
            if not balances or max(balances) - min(balances) <= 1:
                continue
            least, most = min(balances), max(balances)
            low = next(load for load in mine if load.balance[position] == least)
            high = next(load for load in mine if load.balance[position] == most)
            post, rule = _reason(problem, place.accounts, position, low, high)
            yield Uneven(place.code, measure, least, most, post, rule)


def _reason(
    problem: RosterProblem, accounts: Sequence[Account], position: int, low: Load, high: Load
) -> tuple[str, str]:
    """The person and the rule that keep a count from being even.

    Who has least could not have more: then it is the rule that takes most of their shifts. Else somebody brought more
    along than so few shifts can make up for, or only the rules together explain it (then the other solver may do
    better).
    """
    account = next(one for one in accounts if one.post == low.post)
    counting = [index for index, shift in enumerate(problem.shifts) if shift.tally[position]]
    brought_more = high.carried[position] - low.carried[position] > 1
    if low.carried[position] + _able(problem, account, counting) < high.balance[position] - 1:
        met = (problem.hindered[low.post].get(index) for index in counting)
        hindered = Counter(rule for rule in met if rule is not None)
        if hindered or not brought_more:
            return low.post, hindered.most_common(1)[0][0].value if hindered else RosterRule.REST.value
    return (high.post, CARRIED) if brought_more else (low.post, RULES_TOGETHER)


def _able(problem: RosterProblem, account: Account, counting: Sequence[int]) -> int:
    """How many of these shifts an account could have at most, if it had nothing else: each as early as it may."""
    taken: list[tuple[int, str]] = []
    for index in counting:
        free = (
            member
            for member in account.members
            if index not in problem.hindered[member]
            and not any(post == member and other in problem.clashes[index] for other, post in taken[-4:])
        )
        member = next(free, None)
        if member is not None:
            taken.append((index, member))
    return len(taken)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
