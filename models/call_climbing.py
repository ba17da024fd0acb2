"""When the silence in a chain of a call climbs, and to whom. Pure: from where a chain stands to what is to be done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models.call import TargetState
from models.call_rules import AGAIN, CLIMBED_STEP, DUTY_LEADER, NEXT, CallRules, Wanted

S = TargetState


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a chain, as far as climbing asks."""

    id: int
    step: int
    post: str
    state: TargetState
    due_at: datetime | None = None
    rung: int = 0
    climbs_at: datetime | None = None

    @property
    def own(self) -> bool:
        """Whether it belongs to the chain itself: the others are those to whom its silence climbed."""
        return self.step < CLIMBED_STEP


@dataclass(frozen=True, slots=True)
class Silent:
    """A place whose silence climbed: how far, and when it climbs next."""

    id: int
    state: TargetState
    rung: int
    climbs_at: datetime | None


@dataclass(slots=True)
class Climbing:
    """What is to be done in one chain."""

    tell: set[int] = field(default_factory=set)
    """Places that are called now: the next step, or those who are called again."""
    climbed_to: dict[str, str] = field(default_factory=dict)
    """Post -> why it hears of the silence: duty_leader, or a role."""
    silent: list[Silent] = field(default_factory=list)
    about: list[int] = field(default_factory=list)
    """Places whose silence this tells of."""


def is_awake(places: Sequence[Place], wanted: Wanted) -> bool:
    """Whether a human has answered for a chain, so that nobody of it is called any more.

    Who heard of a silence and answered answers for the chain; else one of it has to, or each who was called.
    """
    if any(place.state is S.ANSWERED for place in places if not place.own or wanted is Wanted.ONE):
        return True
    called = [place for place in places if place.own and place.state is not S.WAITING]
    return bool(called) and all(place.state is S.ANSWERED for place in called)


def climb(
    places: Sequence[Place],
    wanted: Wanted,
    rules: CallRules,
    now: datetime,
    posts_of: Callable[[str], Sequence[str]],
) -> Climbing:
    """What the silence in a chain asks for now; `posts_of` says who is the duty leader, or holds a role.

    A late visit makes up for every rung it missed, but calls one step of the chain at a time: whoever comes next has
    their own time to answer. Where nobody is left to call, the duty leader and the silent are called again and again,
    and the chain stays unreached. Doing it again at the same moment asks for nothing.
    """
    done = Climbing()
    if is_awake(places, wanted):
        done.silent = [Silent(p.id, p.state, p.rung, None) for p in places if p.climbs_at is not None]
        return done
    due = [p for p in places if p.climbs_at is not None and p.climbs_at <= now and p.state is not S.ANSWERED]
    for place in due:
        _climb_one(place, places, rules, now, posts_of, done)
    if not due:
        return done
    left = any(p.id in done.tell or p.state in (S.WAITING, S.TOLD) for p in places if p.own and p not in due)
    state = S.PASSED_ON if left else S.UNREACHED
    done.silent = [Silent(one.id, state, one.rung, one.climbs_at) for one in done.silent]
    if not left:  # Those who passed it on before are red too: nobody behind them answered.
        late = [p for p in places if p.own and p.state is S.PASSED_ON and p not in due]
        done.silent += [Silent(p.id, S.UNREACHED, p.rung, p.climbs_at) for p in late]
    return done


def _climb_one(
    place: Place,
    places: Sequence[Place],
    rules: CallRules,
    now: datetime,
    posts_of: Callable[[str], Sequence[str]],
    done: Climbing,
) -> None:
    began = place.due_at or now
    reached = [n for n in range(place.rung, len(rules.rungs)) if began + rules.rungs[n].after <= now]
    done.about.append(place.id)
    for number in reached:
        _take(rules.rungs[number].to, place, places, posts_of, done)
    rung = place.rung + len(reached)
    if not reached:  # The ladder is at its end: once more from the duty leader on.
        _take(DUTY_LEADER, place, places, posts_of, done)
        _take(AGAIN, place, places, posts_of, done)
    following = began + rules.rungs[rung].after if rung < len(rules.rungs) else now + rules.again_every
    done.silent.append(Silent(place.id, place.state, rung, following))


def _take(
    to: str, place: Place, places: Sequence[Place], posts_of: Callable[[str], Sequence[str]], done: Climbing
) -> None:
    if to == AGAIN:
        done.tell.add(place.id)
    elif to == NEXT:
        waiting = [p for p in places if p.state is S.WAITING and p.step > place.step]
        first = min((p.step for p in waiting), default=None)
        done.tell |= {p.id for p in waiting if p.step == first}
    else:
        for post in posts_of(to):
            done.climbed_to.setdefault(post, to)
