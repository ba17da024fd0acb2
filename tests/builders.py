"""Cases, actions and whole stories to test the rules with, in the small city and its local time.

A case is always brought where a test wants it by the steps people take, never by setting its fields: so a test
judges a case that could exist.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

from models.case_notices import NoticeDraft
from models.case_state import CaseEvent, CaseState
from models.city import City
from models.lifecycle import CaseVisit, Lifecycle
from models.lifecycle_rules import Action, Actor
from models.refusal import Refusal
from models.vocabulary import UNIT_ROLES, ActionName, ClockKind, Role, State
from tests.cities import a_small_city

CELL = "410184101001001"
"""The one grid cell of the small city; its territory is 梨河镇."""

MONDAY = "2019-05-06 08:00"
"""A plain Monday: the holidays before it end with the make-up Sunday of 5 May."""

HAND_BACK_REASON = "不属于本单位职责"


def local(text: str, city: City | None = None) -> datetime:
    """A moment in the city's zone. Example: local("2019-05-06 08:00"), also with seconds and microseconds."""
    return datetime.fromisoformat(text).replace(tzinfo=(city or a_small_city()).zone)


def shown(moment: datetime | None, city: City | None = None) -> str:
    """A moment as the city's clocks show it, to compare with what a test says. Example: "2019-05-06 12:00"."""
    if moment is None:
        return "never"
    text = moment.astimezone((city or a_small_city()).zone).isoformat(" ")[:-6]
    return text.removesuffix(":00")


def acting(post: str, action: str, at: str | datetime, *, city: City | None = None, **facts: Any) -> Action:
    """What the holder of a post wants done. `resolved=` are facts the caller looked up, as for a merge."""
    city = city or a_small_city()
    resolved = facts.pop("resolved", {})
    moment = local(at, city) if isinstance(at, str) else at
    return Action(ActionName(action), actor_of(post, city), facts, moment, "act", resolved=resolved)


def acting_as(role: Role, action: str, at: str | datetime, **facts: Any) -> Action:
    """The same by the first post of a role; of a unit's roles by the one in 梨河镇."""
    resolved = facts.pop("resolved", {})
    moment = local(at) if isinstance(at, str) else at
    return Action(ActionName(action), actor_with(role), facts, moment, "act", resolved=resolved)


def actor_with(role: Role) -> Actor:
    """The first post of a role, of a unit's roles the one in 梨河镇; `rule` and `source` are nobody's post."""
    for post in a_small_city().posts.values():
        if post.role is role and (role not in UNIT_ROLES or post.unit == "lihe"):
            return Actor(post.code, post.role, post.unit)
    return Actor(f"{role}:test", role)


def actor_of(post: str, city: City) -> Actor:
    """The holder of a post; `public` is a reporter whose receipt was verified."""
    if post == "public":
        return Actor("public", Role.PUBLIC)
    found = city.posts[post]
    return Actor(found.code, found.role, found.unit)


class Story:
    """One case from its report on: people act at local times, and visits bring it up to the present.

    Without automation (source `citizen`) every step needs a person; with it (source `inspector`) a rule accepts,
    files, dispatches, orders the check and closes. Example:
        story = Story(class_code="E0101").dispatched("lihe", "2019-05-06 08:00")
        story.does("lihe-liaison", "receive", "2019-05-06 08:10")
        assert story.due == "2019-05-06 12:00"
    """

    last_id = 0

    def __init__(
        self,
        city: City | None = None,
        *,
        source: str = "citizen",
        class_code: str | None = "E0101",
        condition_no: int | None = 1,
        area: str | None = CELL,
        at: str = MONDAY,
        reporters: tuple[tuple[int, str], ...] = (),
        **fields: Any,
    ) -> None:
        Story.last_id += 1
        self.city = city or a_small_city()
        self.serials: dict[str, int] = {}
        self.life = Lifecycle(self.city, self._serial)
        self.events: list[CaseEvent] = []
        self.notices: list[NoticeDraft] = []
        self.refusals: list[Refusal] = []
        opened = local(at, self.city)
        self.case = CaseState(
            id=Story.last_id,
            receipt_number=f"R20190506{Story.last_id:06d}",
            source=source,
            opened_at=opened,
            edition=self.city.edition,
            calendar_edition=self.city.calendar_edition,
            class_code=class_code,
            condition_no=condition_no,
            area=area,
            complete=bool(class_code and condition_no and area),
            reporters=reporters,
            **fields,
        )
        self.before_any_event = deepcopy(self.case)
        self._keep(self.life.open_case(self.case, {}, opened, opened))

    def visit(self, now: str, *actions: Action) -> CaseVisit:
        """One visit at a local time that finds these actions waiting."""
        return self._keep(self.life.visit(self.case, actions, local(now, self.city)))

    def does(self, post: str, action: str, at: str, *, seen: str | None = None, **facts: Any) -> Refusal | None:
        """Somebody acts, and a visit at that moment (or when it is seen) takes it; returns why not, if not."""
        visit = self.visit(seen or at, acting(post, action, at, city=self.city, **facts))
        return visit.outcomes[0][1]

    def must(self, post: str, action: str, at: str, *, seen: str | None = None, **facts: Any) -> "Story":
        """Somebody acts and it is taken, or the test is wrong."""
        refusal = self.does(post, action, at, seen=seen, **facts)
        if refusal is not None:
            raise ValueError(f"{post} may not {action} at {at}: {refusal}")
        return self

    def by_rule(self, action: str, at: str, rule: str = "test", /, **facts: Any) -> Refusal | None:
        """A rule of the city takes a step."""
        visit = CaseVisit(self.case, local(at, self.city), self.case.state)
        refusal = self.life.by_rule(visit, ActionName(action), rule, local(at, self.city), **facts)
        self._keep(visit)
        return refusal

    def filed(self, at: str = MONDAY) -> "Story":
        """Accepted and filed."""
        return self.must("acceptor-a", "accept", at).must("shift-leader", "file", at)

    def dispatched(self, unit: str = "lihe", at: str = MONDAY) -> "Story":
        """Accepted, filed and dispatched to a unit."""
        return self.filed(at).must("dispatcher", "dispatch", at, unit=unit)

    def handling(self, unit: str = "lihe", at: str = MONDAY) -> "Story":
        """Dispatched, and received by the unit at the same moment."""
        return self.dispatched(unit, at).must(f"{unit}-liaison", "receive", at)

    def handled(self, at: str, unit: str = "lihe") -> "Story":
        """The unit reports it as handled."""
        return self.must(f"{unit}-liaison", "report_handled", at)

    def checked(self, at: str, result: str = "passed") -> "Story":
        """An inspector checks it."""
        return self.must("inspector-a", "check", at, result=result, reason="现场核查")

    def closed(self, at: str) -> "Story":
        """The shift leader closes it."""
        return self.must("shift-leader", "close", at)

    def asked(self, kind: str, at: str, *, by: str = "lihe-liaison", **facts: Any) -> "Story":
        """Somebody asks for an approval."""
        return self.must(by, "ask", at, kind=kind, reason="需要审批", **facts)

    def granted(self, kind: str, at: str, *, by: str = "dispatcher") -> "Story":
        """An approver says yes."""
        return self.must(by, "decide", at, kind=kind, verdict="granted")

    @property
    def state(self) -> State:
        """Where the case stands."""
        return self.case.state

    @property
    def due(self) -> str:
        """The unit's deadline in local time."""
        clock = self.case.last_clock(ClockKind.HANDLE)
        return shown(clock.due_at if clock else None, self.city)

    @property
    def told(self) -> list[tuple[str, str]]:
        """(kind, recipient) of every notice so far."""
        return [(n.kind.value, n.recipient or f"reporter {n.reporter_id}") for n in self.notices]

    def history(self, *only: str) -> list[tuple[str, str]]:
        """(action, local time) of every event so far, or of some actions only."""
        return [(e.action.value, shown(e.at, self.city)) for e in self.events if not only or e.action.value in only]

    def last(self, action: str) -> Mapping[str, Any]:
        """The facts of the newest event of an action."""
        return next(e.facts for e in reversed(self.events) if e.action == action)

    def move_to(self, city: City) -> "Story":
        """From now on the rules of another city, or of another edition of the same one."""
        self.city = city
        self.life = Lifecycle(city, self._serial)
        return self

    def _serial(self, prefix: str) -> int:
        self.serials[prefix] = self.serials.get(prefix, 0) + 1
        return self.serials[prefix]

    def _keep(self, visit: CaseVisit) -> CaseVisit:
        self.events += visit.events
        self.notices += visit.notices
        self.refusals += [refusal for _, refusal in visit.outcomes if refusal]
        return visit


def a_story(
    state: State = State.REPORTED, *, urgent: bool = False, late: bool = False, city: City | None = None
) -> Story:
    """A citizen's report on Monday 08:00 that people have brought to a state by Monday 09:00.

    urgent: a missing manhole cover in its make-safe stage; late: a closed one that was handled after its deadline.
    """
    story = Story(city, class_code="C0101") if urgent else Story(city)
    _WAYS[state](story)
    if late and state is State.CLOSED:
        story = _closed(Story(city), "2019-05-06 12:01")
    return story


def a_case(
    state: State = State.REPORTED, *, handling: bool = False, urgent: bool = False, late: bool = False
) -> CaseState:
    """The case of such a story."""
    return a_story(State.HANDLING if handling else state, urgent=urgent, late=late).case


def _closed(story: Story, handled_at: str = "2019-05-06 08:30") -> Story:
    after = "2019-05-06 12:30" if handled_at > "2019-05-06 09:00" else "2019-05-06 08:40"
    story.handling().handled(handled_at).checked(after)
    if story.state is State.HANDLING:  # The make-safe stage is over; the repair follows.
        story.handled(after).checked(after)
    return story.closed(after)


_WAYS: dict[State, Callable[[Story], Story]] = {
    State.REPORTED: lambda story: story,
    State.VERIFYING: lambda story: story.must("acceptor-a", "order_verify", MONDAY, inspector="inspector-a"),
    State.ACCEPTED: lambda story: story.must("acceptor-a", "accept", MONDAY),
    State.FILED: lambda story: story.filed(),
    State.DISPATCHED: lambda story: story.dispatched(),
    State.HANDLING: lambda story: story.handling(),
    State.CHECKING: lambda story: story.handling().handled("2019-05-06 08:30"),
    State.CLOSING: lambda story: story.handling().handled("2019-05-06 08:30").checked("2019-05-06 08:40"),
    State.CLOSED: _closed,
    State.REJECTED: lambda story: story.must("acceptor-a", "reject", MONDAY, reason="不属于受理范围"),
    State.VOID: lambda story: story.asked("void", MONDAY, by="acceptor-a").granted("void", MONDAY, by="shift-leader"),
    State.SUSPENDED: lambda story: (
        story.handling()
        .asked("suspension", "2019-05-06 08:20", wanted_until="2019-08-01T08:00+08:00")
        .granted("suspension", "2019-05-06 08:30")
        .granted("suspension", "2019-05-06 08:40", by="shift-leader")
    ),
    State.MERGED: lambda story: story.must(
        "acceptor-a", "merge", MONDAY, into="R1", resolved={"into_id": 999_999, "into_ended": False}
    ),
}
