"""The plain solver of rosters: place after place by who is furthest behind, then small exchanges that even things out.

Pure and repeatable: the same problem and seed give the same roster. How it works and what it leaves to the optional
solver (`models/roster_cp_sat.py`) is told in docs/decisions/0024.
"""

from random import Random

from models.roster_draft import Choice, Draft
from models.roster_problem import RosterProblem

EXCHANGES = 60_000
"""Attempts to even out; a season of three places is even after some thousands."""
PATIENCE = 12_000
"""So many attempts in a row without any gain end the work."""

Roster = list[list[str | None]]
"""Who stands in each place of each shift."""


def propose_plainly(problem: RosterProblem, seed: int = 0) -> Roster:
    """A roster within all rules; a place stays empty only where nobody is free.

    Example: 139 days x 3 places and 20 people of whom 4 may lead: a second, no count differs by more than one.
    """
    draft = Draft(problem)
    _construct(draft, Random(seed))  # noqa: S311 - a roster that can be had again, nothing secret
    fill_gaps(draft)
    improve(draft, seed)
    fill_gaps(draft)
    return draft.posts()


def _construct(draft: Draft, random: Random) -> None:
    """Shift after shift, the smallest pool first: each place goes to whoever costs least, the longest rested first."""
    problem = draft.problem
    order = sorted(range(len(problem.places)), key=lambda place: len(problem.places[place].accounts))
    last_on: dict[str, int] = dict.fromkeys(draft.on, -1)
    for shift in range(len(problem.shifts)):
        for place in order:
            found = [
                (draft.price(shift, place, choice), last_on[choice.post], random.random(), choice)
                for choice in draft.choices(shift, place)
            ]
            if found:
                choice = min(found, key=lambda one: one[:3])[3]
                draft.put(shift, place, choice)
                last_on[choice.post] = shift


def fill_gaps(draft: Draft) -> None:
    """Fill what stayed empty: by anybody who is free, else by somebody whose other shift another can take."""
    for shift, place in draft.gaps():
        choice = min(
            draft.choices(shift, place, last_resort=True),
            key=lambda one: draft.price(shift, place, one),
            default=None,
        )
        if choice is not None:
            draft.put(shift, place, choice)
        else:
            _move_somebody(draft, shift, place)


def _move_somebody(draft: Draft, shift: int, place: int) -> bool:
    """Have somebody of the pool leave one other shift to a third person, and stand in this one."""
    problem = draft.problem
    for post in problem.places[place].posts:
        if shift in problem.hindered[post]:
            continue
        in_the_way = [other for other in draft.on[post] if other == shift or other in problem.clashes[shift]]
        if len(in_the_way) != 1:
            continue
        other = in_the_way[0]
        there = next(p for p, choice in enumerate(draft.chosen[other]) if choice and choice.post == post)
        former = draft.take(other, there)
        instead = next((c for c in draft.choices(other, there, last_resort=True) if c.post != post), None)
        if instead is not None:
            draft.put(other, there, instead)
            mine = draft.choice_of(shift, place, post)
            if draft.may(shift, post):
                draft.put(shift, place, mine)
                return True
            draft.take(other, there)
        draft.put(other, there, former)
    return False


def improve(draft: Draft, seed: int, exchanges: int = EXCHANGES) -> None:
    """Hand over or exchange single shifts while that costs less, until all is even or nothing more is found."""
    random = Random(seed + 1)  # noqa: S311 - as above
    shifts, places = len(draft.problem.shifts), len(draft.problem.places)
    if not shifts or not places:
        return
    since_gain, is_even = 0, draft.spread_is_even()
    for _ in range(exchanges):
        shift, place = random.randrange(shifts), random.randrange(places)
        gained = _hand_over(draft, shift, place, random) or _exchange(draft, shift, random.randrange(shifts), place)
        since_gain = 0 if gained else since_gain + 1
        if gained:
            is_even = draft.spread_is_even()
        if since_gain > (PATIENCE // 6 if is_even else PATIENCE):
            return


def _hand_over(draft: Draft, shift: int, place: int, random: Random) -> bool:
    """Give one shift to somebody else, if that is cheaper."""
    if draft.chosen[shift][place] is None:
        return False
    former = draft.take(shift, place)
    before = draft.price(shift, place, former)
    others = [choice for choice in draft.choices(shift, place) if choice.post != former.post]
    taken = random.choice(others) if others else None
    if taken is not None and draft.price(shift, place, taken) < before - 1e-6:
        draft.put(shift, place, taken)
        return True
    draft.put(shift, place, former)
    return False


def _exchange(draft: Draft, one: int, other: int, place: int) -> bool:
    """Have two people exchange two shifts of a place, if that is cheaper."""
    mine, theirs = draft.chosen[one][place], draft.chosen[other][place]
    if one == other or mine is None or theirs is None or mine.account == theirs.account:
        return False
    draft.take(one, place)
    before = draft.price(one, place, mine)
    draft.take(other, place)
    before += draft.price(other, place, theirs)
    after = _put_if_possible(draft, one, place, theirs.account)
    if after is not None:
        second = _put_if_possible(draft, other, place, mine.account)
        if second is not None and after + second < before - 1e-6:
            return True
        if second is not None:
            draft.take(other, place)
        draft.take(one, place)
    draft.put(other, place, theirs)
    draft.put(one, place, mine)
    return False


def _put_if_possible(draft: Draft, shift: int, place: int, account: int) -> float | None:
    """Have an account take a shift in its turn; the price, or None where it may not."""
    choice: Choice | None = next((c for c in draft.choices(shift, place) if c.account == account), None)
    if choice is None:
        return None
    price = draft.price(shift, place, choice)
    draft.put(shift, place, choice)
    return price
