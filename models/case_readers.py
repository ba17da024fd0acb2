"""Who may read a case: a unit those it was given, an inspector those with a task for them, the command centre all."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from models.case_state import CaseState
from models.city import City
from models.vocabulary import UNIT_ROLES, Role, State


class Told(Protocol):
    """What is needed of an event."""

    @property
    def actor(self) -> str:
        """Who took the step."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What it said, with the unit or inspector it names."""


def may_read_case(city: City, post: str, case: CaseState, events: Iterable[Told], now: datetime) -> bool:
    """Whether a post may read a case, by what happened to it so far.

    A unit's people read every case that was dispatched, assigned or redispatched to their unit, also later on: it stays
    in their figures. An inspector reads those they were sent to or acted on, and those just reported where they are on
    duty, which they may put right on the spot. A deputy reads what the other one does. Seats, leaders, evaluators,
    administrators and auditors work on all cases.

    Example: water's liaison is sent a link to a case that only lihe ever had: False.
    """
    found = city.posts.get(post)
    if found is None:
        return False
    if found.role not in UNIT_ROLES and found.role is not Role.INSPECTOR:
        return True
    them = {post, *(code for code, other in city.posts.items() if other.deputy == post)}
    if case.state is State.REPORTED and not them.isdisjoint(city.inspectors_for(case.area, now)):
        return True
    units = {city.posts[code].unit for code in them if city.posts[code].role in UNIT_ROLES}
    return any(
        event.actor in them or event.facts.get("unit") in units or event.facts.get("inspector") in them
        for event in events
    )
