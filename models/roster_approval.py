"""Who may publish a roster and who approves a change of it: the city's own choice, never somebody it is about."""

from collections.abc import Iterable

from models.city import City
from models.duty_rules import DutyRules
from models.refusal import Refusal
from models.vocabulary import Role

LEADER, HEAD = "leader", "head"
"""What duty.yaml may name besides roles: who leads the shift, and the head of the duty room's unit."""


def may_publish(city: City, duty: DutyRules, by: str) -> Refusal | None:
    """Why a post may not publish a roster: it takes a leader of the pool, the unit's head, or a role the city names."""
    if by not in city.posts:
        return Refusal("unknown_post", {"post": by})
    allowed = publishers(city, duty)
    return None if by in allowed else Refusal("not_a_publisher", {"post": by, "allowed": list(allowed[:5])})


def publishers(city: City, duty: DutyRules) -> tuple[str, ...]:
    """Everybody who may publish a roster or amend it, heads first."""
    found = [post for rule in duty.changes.approved_by if rule != LEADER for post in _named(city, duty, rule)]
    leading = duty.leading_place
    return tuple(dict.fromkeys([*found, *(leading.pool if leading else ())]))


def may_see(city: City, duty: DutyRules, post: str) -> bool:
    """Whether the roster concerns a post: of the pools, of their units (who stands in for them), or who publishes."""
    found = city.posts.get(post)
    units = {known.unit for code in _pool(duty) if (known := city.posts.get(code)) is not None}
    return found is not None and (found.unit in units or post in _pool(duty) or post in publishers(city, duty))


def approvers(city: City, duty: DutyRules, leaders: Iterable[str], parties: Iterable[str]) -> tuple[str, ...]:
    """Who may decide about a change, who is asked first standing first.

    `leaders` stand in the leading places of the shifts it is about. Nobody decides about themselves: where the
    leader is a party, the next one named does; where nobody is left, any leader of the pool who is no party.
    """
    parties = frozenset(parties)
    found: list[str] = []
    for rule in duty.changes.approved_by:
        found += list(leaders) if rule == LEADER else _named(city, duty, rule)
    others = [post for post in dict.fromkeys(found) if post not in parties]
    if others:
        return tuple(others)
    leading = duty.leading_place
    return tuple(post for post in (leading.pool if leading else ()) if post not in parties)


def _named(city: City, duty: DutyRules, rule: str) -> list[str]:
    units = dict.fromkeys(post.unit for code in _pool(duty) if (post := city.posts.get(code)) is not None)
    if rule == HEAD:
        heads = [found.head for unit in units if (found := city.units.get(unit)) is not None]
        return [head for head in heads if head is not None and head in city.posts]
    return [post.code for unit in units for post in city.posts_of(Role(rule), unit)]


def _pool(duty: DutyRules) -> list[str]:
    return [post for place in duty.places for post in place.pool]
