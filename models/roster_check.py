"""An independent judge of rosters: whatever made one, or changed it, is judged by this before it counts.

It looks at each person's shifts in order of time and shares no code with the solvers, so that it can catch them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from models.city import City
from models.duty_rules import DutyRules
from models.duty_shifts import A_DAY, PlannedShift
from models.roster_problem import RosterRule, Standing, days_of

GAP, NEEDLESS_GAP, NOT_IN_PATTERN, MISSING, UNKNOWN_PLACE = (
    *("gap", "needless_gap", "not_in_pattern", "missing", "unknown_place"),
)


@dataclass(frozen=True, slots=True)
class RosterFault:
    """One thing that is wrong with a roster, or worth knowing."""

    rule: str
    """A RosterRule, gap, needless_gap, not_in_pattern, missing or unknown_place."""
    shift: str
    place: str = ""
    post: str = ""
    other: str = ""
    """Code of the other shift, where two do not go together."""

    @property
    def forbids(self) -> bool:
        """Whether a roster with it may not be published; a gap that nobody can fill is told, not forbidden."""
        return self.rule != GAP


def check_roster(
    city: City, duty: DutyRules, standings: Sequence[Standing], around: Sequence[Standing] = ()
) -> list[RosterFault]:
    """Everything wrong with a roster; `around` are published shifts before and after it, which are not judged.

    Example: one post in two places of a shift: RosterFault("elsewhere", "2021-07-20T08:00", "officer", "…").
    """
    faults = [fault for one in standings for fault in _of_one(city, duty, one)]
    mine = {(one.shift.code, one.place) for one in standings}
    by_post: dict[str, list[Standing]] = {}
    for one in (*standings, *around):
        if one.post is not None:
            by_post.setdefault(one.post, []).append(one)
    for post, stands in by_post.items():
        for rule, earlier, later in clashes_of(stands, duty):
            judged = later if (later.shift.code, later.place) in mine else earlier
            other = earlier if judged is later else later
            if (judged.shift.code, judged.place) in mine:
                faults.append(RosterFault(rule, judged.shift.code, judged.place, post, other.shift.code))
    faults += [_gap(city, duty, one, by_post) for one in standings if one.post is None]
    return sorted(faults, key=lambda fault: (fault.shift, fault.place, fault.rule, fault.post))


def check_pattern(
    city: City, expected: Sequence[PlannedShift], duty: DutyRules, standings: Iterable[Standing]
) -> list[RosterFault]:
    """Whether every shift of the pattern is there with each of its places, and no other."""
    there = {(one.shift.code, one.place) for one in standings}
    due = {shift.code: shift for shift in expected}
    faults = [
        RosterFault(MISSING, code, place.code)
        for code in due
        for place in duty.places
        if (code, place.code) not in there
    ]
    known = {place.code for place in duty.places}
    for code, place in sorted(there):
        if code not in due:
            faults.append(RosterFault(NOT_IN_PATTERN, code, place))
        elif place not in known:
            faults.append(RosterFault(UNKNOWN_PLACE, code, place))
    return faults


def clashes_of(stands: Sequence[Standing], duty: DutyRules) -> Iterator[tuple[RosterRule, Standing, Standing]]:
    """Pairs of one person's shifts that do not go together, the earlier first."""
    in_time = sorted(stands, key=lambda one: (one.shift.starts_at, one.shift.ends_at))
    far = max(duty.rest_after, duty.rest_between, 2 * A_DAY)
    for position, earlier in enumerate(in_time):
        for later in in_time[position + 1 :]:
            pause = later.shift.starts_at - earlier.shift.ends_at
            if pause > far:
                break
            whole_day = earlier.shift.ends_at - earlier.shift.starts_at >= timedelta(hours=24)
            needed = duty.rest_after if whole_day else duty.rest_between
            nights_apart = later.shift.day.toordinal() - earlier.shift.day.toordinal()
            if pause < timedelta(0):
                yield RosterRule.ELSEWHERE, earlier, later
            elif pause < needed:
                yield RosterRule.REST, earlier, later
            elif earlier.shift.night and later.shift.night and nights_apart < 2:
                yield RosterRule.TWO_NIGHTS, earlier, later


def rules_against(
    city: City, duty: DutyRules, post: str, place: str, shift: PlannedShift, others: Sequence[Standing]
) -> list[tuple[RosterRule, str]]:
    """Every rule that keeps a post out of a place of a shift beside the shifts it has, with the other shift's code."""
    found = [(rule, "") for rule in _alone(city, duty, Standing(shift, place, post))]
    wanted = Standing(shift, place, post)
    mine = [one for one in others if one.post == post and (one.shift.code, one.place) != (shift.code, place)]
    for rule, earlier, later in clashes_of([wanted, *mine], duty):
        if wanted in (earlier, later):
            found.append((rule, (later if earlier is wanted else earlier).shift.code))
    return found


def _of_one(city: City, duty: DutyRules, one: Standing) -> list[RosterFault]:
    if duty.place(one.place) is None:
        return [RosterFault(UNKNOWN_PLACE, one.shift.code, one.place, one.post or "")]
    return [RosterFault(rule, one.shift.code, one.place, one.post or "") for rule in _alone(city, duty, one)]


def _alone(city: City, duty: DutyRules, one: Standing) -> list[RosterRule]:
    """What forbids somebody in a place whatever else they do."""
    if one.post is None:
        return []
    found = []
    place, post = duty.place(one.place), city.posts.get(one.post)
    if place is None or one.post not in place.pool:
        found.append(RosterRule.NOT_IN_POOL)
    days: list[date] = list(days_of(one.shift, city))
    if post is None or any(not post.exists_on(day) for day in days):
        found.append(RosterRule.ENDED)
    away: list[date] = [day for leave in city.leave_of(one.post) for day in days if leave.covers(day)]
    if away:
        found.append(RosterRule.LEAVE)
    return found


def _gap(city: City, duty: DutyRules, one: Standing, by_post: Mapping[str, Sequence[Standing]]) -> RosterFault:
    """A gap, and whether somebody could have filled it."""
    place = duty.place(one.place)
    free = (
        post
        for post in (place.pool if place else ())
        if not rules_against(city, duty, post, one.place, one.shift, by_post.get(post, ()))
    )
    someone = next(free, "")
    return RosterFault(NEEDLESS_GAP if someone else GAP, one.shift.code, one.place, someone)
