"""A roster while a solver works on it: who stands where, and what each change would cost.

Costs add up squares of counts within a place: the sum is least where the counts are as even as they can be. So one
number serves all measures, and a move's difference is found without counting anew.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.roster_problem import RosterProblem, RosterRule, Tally

GAP, OUT_OF_TURN = 1_000_000.0, 20_000.0
"""A gap outweighs everything; next comes a B post that stands in where its A post might."""
UNEVEN = (40.0, 40.0, 60.0, 60.0)
"""Of shifts, nights, weekends and holidays within a place."""
UNEVEN_TOGETHER = 4.0
"""Of all places together, for people who may stand in the same several places."""
CLOSE = 1.0
"""Duties that follow soon although the pool is large: the least weight of all."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody for a place of a shift."""

    account: int
    """Position among the place's accounts."""
    post: str
    out_of_turn: bool = False
    """A B post although its A post is not away."""


class Draft:
    """Who stands in each place of each shift, kept within all rules by whoever asks `may` first."""

    def __init__(self, problem: RosterProblem) -> None:
        self.problem = problem
        places = problem.places
        self.chosen: list[list[Choice | None]] = [[None] * len(places) for _ in problem.shifts]
        self.on: dict[str, set[int]] = {post: set() for place in places for post in place.posts}
        self.counts = [[list(problem.carried_by(p.code, a)) for a in p.accounts] for p in places]
        self._tallies = [shift.tally for shift in problem.shifts]
        self._days = [shift.day.toordinal() for shift in problem.shifts]
        self._apart = [max(1, len(place.accounts) // 2) for place in places]
        self._groups = _groups(problem)

    def may(self, shift: int, post: str) -> bool:
        """Whether no rule forbids it as the draft stands."""
        if shift in self.problem.hindered[post]:
            return False
        mine = self.on[post]
        if not mine:
            return True
        return shift not in mine and mine.isdisjoint(self.problem.clashes[shift])

    def choices(self, shift: int, place: int, last_resort: bool = False) -> Iterator[Choice]:
        """Whoever may stand there: each account by A, by B where A is away; B before its turn only as a last resort."""
        for number, account in enumerate(self.problem.places[place].accounts):
            is_away = shift in self.problem.hindered[account.post]
            if not is_away and self.may(shift, account.post):
                yield Choice(number, account.post)
            elif account.backup and (is_away or last_resort) and self.may(shift, account.backup):
                yield Choice(number, account.backup, not is_away)

    def put(self, shift: int, place: int, choice: Choice) -> None:
        """Have somebody stand in an empty place."""
        self.chosen[shift][place] = choice
        self.on[choice.post].add(shift)
        self._count(shift, place, choice, 1)

    def take(self, shift: int, place: int) -> Choice:
        """Empty a place that is filled."""
        choice = self.chosen[shift][place]
        if choice is None:
            raise ValueError(f"nobody stands in place {place} of shift {shift}")
        self.chosen[shift][place] = None
        self.on[choice.post].discard(shift)
        self._count(shift, place, choice, -1)
        return choice

    def price(self, shift: int, place: int, choice: Choice) -> float:
        """What it costs to put somebody into an empty place; taking them out gives the same back."""
        counted, tally = self.counts[place][choice.account], self._tallies[shift]
        cost = OUT_OF_TURN if choice.out_of_turn else 0.0
        for measure, weight in enumerate(UNEVEN):
            if tally[measure]:
                cost += weight * (2 * counted[measure] + 1)
        group = self._groups.get(choice.post)
        if group is not None:
            cost += UNEVEN_TOGETHER * group.price(choice.post)
        return cost + CLOSE * self._closeness(shift, place, choice.post)

    def spread_is_even(self) -> bool:
        """Whether no count differs by more than one within any place."""
        return all(
            max(column) - min(column) <= 1 for counts in self.counts if counts for column in zip(*counts, strict=True)
        )

    def gaps(self) -> list[tuple[int, int]]:
        """Places nobody stands in, as (shift, place)."""
        return [(s, p) for s, row in enumerate(self.chosen) for p, choice in enumerate(row) if choice is None]

    def posts(self) -> list[list[str | None]]:
        """Who stands where, as plain posts."""
        return [[choice.post if choice else None for choice in row] for row in self.chosen]

    def fill_from(self, posts: Sequence[Sequence[str | None]]) -> None:
        """Take over a roster that was found elsewhere."""
        for shift, row in enumerate(posts):
            for place, post in enumerate(row):
                if post is not None:
                    self.put(shift, place, self.choice_of(shift, place, post))

    def choice_of(self, shift: int, place: int, post: str) -> Choice:
        """The choice by which a post stands in a place: for its account, in its turn or out of it."""
        for number, account in enumerate(self.problem.places[place].accounts):
            if post == account.post:
                return Choice(number, post)
            if post == account.backup:
                return Choice(number, post, shift not in self.problem.hindered[account.post])
        raise ValueError(f"{post} is not in the pool of {self.problem.places[place].code}")

    def _closeness(self, shift: int, place: int, post: str) -> float:
        apart, day, days = self._apart[place], self._days[shift], self._days
        return float(sum(apart + 1 - gap for other in self.on[post] if (gap := abs(days[other] - day)) <= apart))

    def _count(self, shift: int, place: int, choice: Choice, sign: int) -> None:
        counted = self.counts[place][choice.account]
        for measure, value in enumerate(self._tallies[shift]):
            counted[measure] += sign * value
        group = self._groups.get(choice.post)
        if group is not None:
            group.count(choice.post, sign)


class _Group:
    """People who may stand in the same several places: their shifts in all of them together."""

    def __init__(self, posts: Sequence[str]) -> None:
        self._shifts = dict.fromkeys(posts, 0)
        self._sum = 0

    def count(self, post: str, sign: int) -> None:
        self._shifts[post] += sign
        self._sum += sign

    def price(self, post: str) -> float:
        """How much farther from the group's mean one more shift brings everybody; nothing pulls out of the group."""
        return 2 * self._shifts[post] + 1 - (2 * self._sum + 1) / len(self._shifts)


def _groups(problem: RosterProblem) -> dict[str, _Group]:
    of_post: dict[str, list[str]] = {}
    for place in problem.places:
        for post in place.posts:
            of_post.setdefault(post, []).append(place.code)
    several: dict[tuple[str, ...], list[str]] = {}
    for post, places in of_post.items():
        if len(places) > 1:
            several.setdefault(tuple(places), []).append(post)
    return {post: group for posts in several.values() for group in [_Group(posts)] for post in posts}


def reasons_against(
    problem: RosterProblem, posts: Sequence[Sequence[str | None]], shift: int, post: str
) -> RosterRule | None:
    """Why a post cannot stand in a shift beside what a roster says already; None where it can."""
    rule = problem.hindered.get(post, {}).get(shift)
    if rule is not None:
        return rule
    if post in posts[shift]:
        return RosterRule.ELSEWHERE
    return next((rule for other, rule in problem.clashes[shift].items() if post in posts[other]), None)


def added(one: Tally, other: Tally) -> Tally:
    """Two tallies together."""
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]
