"""What a roster has to solve: shifts, places with their pools, who cannot stand when and why, what was carried over.

An account is one person of a pool, or an A/B pair that takes one person's turns: A where A may, else B.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from models.city import City
from models.duty_rules import DutyPlace, DutyRules
from models.duty_shifts import A_DAY, PlannedShift, shifts_between

Tally = tuple[int, int, int, int]
"""Counts of shifts, nights, weekends and holidays, in the order of `Measure`."""
NOTHING: Tally = (0, 0, 0, 0)

NEIGHBOURHOOD = timedelta(days=4)
"""Published shifts so near to a roster's days may forbid something in it: the longest shift and rest together."""


class RosterRule(StrEnum):
    """Why somebody cannot stand in a place of a shift."""

    LEAVE = "leave"
    ENDED = "ended"
    """The post does not exist on a day of the shift."""
    NOT_IN_POOL = "not_in_pool"
    ELSEWHERE = "elsewhere"
    """One person in two places of a shift, or in two shifts at once."""
    REST = "rest"
    TWO_NIGHTS = "two_nights"


@dataclass(frozen=True, slots=True)
class Account:
    """One share of a place's shifts: a post, and with an A/B pair who stands in for it."""

    post: str
    backup: str | None = None

    @property
    def members(self) -> tuple[str, ...]:
        """A, then B."""
        return (self.post, self.backup) if self.backup else (self.post,)


@dataclass(frozen=True, slots=True)
class PlaceToFill:
    """A place of every shift, and who shares it."""

    code: str
    accounts: tuple[Account, ...]

    @property
    def posts(self) -> tuple[str, ...]:
        """Everybody who may stand in it."""
        return tuple(post for account in self.accounts for post in account.members)


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody stands in a place of a shift."""

    shift: PlannedShift
    place: str
    post: str | None
    """None is a gap."""


@dataclass(frozen=True)
class RosterProblem:
    """Everything a solver needs to know; shifts and places are named by their position."""

    shifts: tuple[PlannedShift, ...]
    places: tuple[PlaceToFill, ...]
    hindered: Mapping[str, Mapping[int, RosterRule]]
    """For each post the shifts it cannot stand in whatever the roster says, with the rule."""
    clashes: tuple[Mapping[int, RosterRule], ...]
    """For each shift the others that the same person cannot have, with the rule."""
    carried: Mapping[tuple[str, str], Tally] = field(default_factory=dict)
    """Balance of an account (place, post A) from earlier rosters."""

    def carried_by(self, place: str, account: Account) -> Tally:
        """What an account brings along."""
        return self.carried.get((place, account.post), NOTHING)


def accounts_of(place: DutyPlace) -> tuple[Account, ...]:
    """The accounts of a place: its pool without B posts, each with its B post."""
    backup_of = dict(place.pairs)
    backups = frozenset(backup_of.values())
    return tuple(Account(post, backup_of.get(post)) for post in place.pool if post not in backups)


def pose(
    city: City,
    duty: DutyRules,
    first: date,
    last: date,
    published: Sequence[Standing] = (),
    carried: Mapping[tuple[str, str], Tally] | None = None,
) -> RosterProblem:
    """The problem of the days [first, last]; `published` is who stands in published shifts around them."""
    shifts = shifts_between(duty, city.calendar, first, last)
    places = tuple(PlaceToFill(place.code, accounts_of(place)) for place in duty.places)
    around: dict[str, list[PlannedShift]] = {}
    for standing in published:
        if standing.post is not None:
            around.setdefault(standing.post, []).append(standing.shift)
    posts = sorted({post for place in places for post in place.posts})
    hindered = {post: _hindrances(city, duty, post, shifts, around.get(post, ())) for post in posts}
    return RosterProblem(shifts, places, hindered, _clashes(shifts, duty), carried or {})


def days_of(shift: PlannedShift, city: City) -> Iterable[date]:
    """Every day on which a shift runs, in the city's zone; ending at midnight it does not touch the next day."""
    end = (shift.ends_at - timedelta(microseconds=1)).astimezone(city.zone).date()
    return (shift.day + n * A_DAY for n in range((end - shift.day).days + 1))


def away_rule(city: City, post: str, shift: PlannedShift) -> RosterRule | None:
    """Why the holder of a post is not there at all during a shift: the post has ended, or leave."""
    found = city.posts.get(post)
    days = tuple(days_of(shift, city))
    if found is None or not all(found.exists_on(day) for day in days):
        return RosterRule.ENDED
    if any(leave.covers(day) for leave in city.leave_of(post) for day in days):
        return RosterRule.LEAVE
    return None


def clash(one: PlannedShift, other: PlannedShift, duty: DutyRules) -> RosterRule | None:
    """Why nobody stands in both shifts.

    Example: 24 hours from Monday 08:00 and 24 hours from Tuesday 08:00: rest; two nights running: two_nights.
    """
    first, second = sorted((one, other), key=lambda shift: shift.starts_at)
    if second.starts_at < first.ends_at:
        return RosterRule.ELSEWHERE
    if second.starts_at - first.ends_at < (duty.rest_after if first.length >= A_DAY else duty.rest_between):
        return RosterRule.REST
    if first.night and second.night and second.day - first.day <= A_DAY:
        return RosterRule.TWO_NIGHTS
    return None


def _hindrances(
    city: City, duty: DutyRules, post: str, shifts: Sequence[PlannedShift], around: Sequence[PlannedShift]
) -> dict[int, RosterRule]:
    found: dict[int, RosterRule] = {}
    for index, shift in enumerate(shifts):
        rule = away_rule(city, post, shift) or next(
            (rule for taken in around if (rule := clash(taken, shift, duty))), None
        )
        if rule is not None:
            found[index] = rule
    return found


def _clashes(shifts: Sequence[PlannedShift], duty: DutyRules) -> tuple[Mapping[int, RosterRule], ...]:
    found: tuple[dict[int, RosterRule], ...] = tuple({} for _ in shifts)
    farthest = max(duty.rest_after, duty.rest_between, A_DAY * 2) + max(
        (shift.length for shift in shifts), default=A_DAY
    )
    for index, shift in enumerate(shifts):
        for later in range(index + 1, len(shifts)):
            if shifts[later].starts_at - shift.starts_at > farthest:
                break
            rule = clash(shift, shifts[later], duty)
            if rule is not None:
                found[index][later] = found[later][index] = rule
    return found
