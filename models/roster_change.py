"""Swap 换班, substitution 替班, amendment 调班 of a published roster, judged by the rules of rosters.

Pure: who stands where goes in, a refusal or the changed roster comes out. No change ever leaves a place empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from models.city import City
from models.duty import ChangeKind, ChangeState
from models.duty_rules import DutyRules
from models.refusal import Refusal
from models.roster_check import rules_against
from models.roster_problem import Standing, days_of

OPEN = frozenset({ChangeState.ASKED, ChangeState.ACCEPTED})
"""States in which somebody still has to answer."""

LONGEST_LEAVE_DAYS = 120


@dataclass(frozen=True, slots=True)
class Wanted:
    """A change somebody wants: `given` goes to `to_post`; in a swap `taken`, which was theirs, comes back."""

    kind: ChangeKind
    given: Standing
    to_post: str
    taken: Standing | None = None

    @property
    def from_post(self) -> str | None:
        """Who stands in the given shift now; None is a gap, which only an amendment fills."""
        return self.given.post

    @property
    def parties(self) -> tuple[str, ...]:
        """Whom it is about."""
        return tuple(post for post in (self.from_post, self.to_post) if post)

    @property
    def begins_at(self) -> datetime:
        """When the first of its shifts begins: then it is too late."""
        return min(one.shift.starts_at for one in (self.given, self.taken) if one is not None)


def judge_change(
    city: City, duty: DutyRules, wanted: Wanted, published: Sequence[Standing], now: datetime
) -> Refusal | None:
    """Why a change cannot be made; `published` is who stands in the shifts around those it is about.

    Example: the other one is on duty the day before: change_breaks_rule with rule rest and that shift's code.
    """
    for one in (wanted.given, wanted.taken):
        if one is not None and one.shift.starts_at <= now:
            return Refusal("shift_begun", {"starts_at": one.shift.starts_at})
    if wanted.to_post not in city.posts:
        return Refusal("unknown_post", {"post": wanted.to_post})
    if wanted.to_post == wanted.from_post:
        return Refusal("change_same_person")
    after = changed(published, wanted)
    for one in moved(wanted):
        broken = rules_against(city, duty, str(one.post), one.place, one.shift, _of(after, one.post))
        if broken:
            rule, other = broken[0]
            facts = {"post": one.post, "rule": rule.value, "other": other}
            return Refusal("change_breaks_rule", facts | {"starts_at": one.shift.starts_at})
    return None


def moved(wanted: Wanted) -> tuple[Standing, ...]:
    """Who stands where afterwards, of the places it is about."""
    given = replace(wanted.given, post=wanted.to_post)
    return (given, replace(wanted.taken, post=wanted.from_post)) if wanted.taken else (given,)


def changed(published: Sequence[Standing], wanted: Wanted) -> list[Standing]:
    """The published standings with the change made."""
    after = {(one.shift.code, one.place): one for one in moved(wanted)}
    return [after.get((one.shift.code, one.place), one) for one in published]


def free_for(city: City, duty: DutyRules, given: Standing, published: Sequence[Standing]) -> list[str]:
    """Who of the pool could take a shift by all rules, a B post of its holder first, then who has least around it."""
    place = duty.place(given.place)
    if place is None:
        return []
    backup = dict(place.pairs).get(given.post or "")
    near = {post: len(_of(published, post)) for post in place.pool}
    able = [
        post
        for post in place.pool
        if post != given.post and not rules_against(city, duty, post, given.place, given.shift, _of(published, post))
    ]
    return sorted(able, key=lambda post: (post != backup, near[post], place.pool.index(post)))


def touched_by_leave(city: City, mine: Sequence[Standing], first: date, last: date) -> list[Standing]:
    """The shifts that run on a day of leave."""
    return [one for one in mine if any(first <= day <= last for day in days_of(one.shift, city))]


def leave_days_refused(first: date, last: date, today: date) -> Refusal | None:
    """Why these are no days of leave to ask for."""
    if first > last or last < today or (last - first).days >= LONGEST_LEAVE_DAYS:
        return Refusal("leave_days_wrong", {"most": LONGEST_LEAVE_DAYS})
    return None


def _of(standings: Sequence[Standing], post: str | None) -> list[Standing]:
    return [one for one in standings if one.post == post]
