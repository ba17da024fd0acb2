"""The people of a demo: what each would do to a case that waits for them, and when. Pure, and the same each time asked.

Most do their part in good time; some units are late, hand back or ask for more time; some checks fail.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from models.case_state import CaseRequest, CaseState
from models.catalogue import Subclass
from models.city import City
from models.vocabulary import ActionName, RequestKind, RequestState, Role, State

A = ActionName

PLAYED = "played"
"""Origin of everything played people do."""

SEAT_MINUTES = (1.0, 8.0)
INSPECTOR_MINUTES = (8.0, 25.0)
RECEIVE_MINUTES = (2.0, 30.0)
DECIDE_MINUTES = (10.0, 60.0)
"""How long people take, from and to."""

HANDLED_SHARE = (0.15, 0.9)
"""A unit in time has handled a case at this share of the time it had left."""

LATE_HOURS = (0.2, 20.0)
"""A late unit reports so long after its deadline; that is never compressed, or nobody would be late in a demo."""

ASKS_AT = 0.6
"""Share of the limit after which a unit asks for more time."""

NOT_TRUE, NOT_FOUND = 0.05, 0.08
"""Of the verifications: up to the first share not true, up to the second not found."""

JOINS = 0.4
"""Of the reports shown as similar to an open case: so many the acceptor finds to be the same problem."""

HANDS_BACK, LATE, EXTENSION, CHECK_FAILS, REQUEST_REFUSED = 0.04, 0.1, 0.07, 0.06, 0.25


@dataclass(frozen=True, slots=True)
class PlayedAction:
    """What a played person does. The key is the same each time it is asked for."""

    case: str
    action: ActionName
    by_post: str
    facts: Mapping[str, Any]
    at: datetime
    key: str


_Actions = tuple[PlayedAction | None, ...]


class PlayedPeople:
    """Everybody who works for a city in a demo.

    `pace` compresses the time people take: at 300 an hour of work is done in 12 seconds.
    """

    def __init__(self, city: City, seed: int, pace: float, reasons: Mapping[str, str]) -> None:
        self._city, self._seed, self._pace, self._reasons = city, seed, pace, reasons

    def actions_for(self, case: CaseState, similar: str | None = None) -> tuple[PlayedAction, ...]:
        """What will be done to a case as it stands now, in order; the second only after the first was settled.

        `similar` is the name of an open case that the acceptor is shown as perhaps the same problem. Nothing where
        nobody of the city can act: no post, no unit, no class that fits.
        """
        request = next((r for r in case.requests if r.state is RequestState.OPEN), None)
        if request is not None:
            found: _Actions = (self._decide(case, request),)
        elif case.running_clock() is not None and case.state in _ACTORS:
            found = _ACTORS[case.state](self, case)
        else:
            found = ()
        if similar is not None and case.state is State.REPORTED and self._share(case, "joins") < JOINS:
            found = (self._seat(case, A.MERGE, Role.ACCEPTOR, into=similar), *found)
        return tuple(action for action in found if action)

    def _reported(self, case: CaseState) -> _Actions:
        if case.class_code is None or case.area is None:
            return (self._complete(case),)
        if case.verified in ("false", "not_found"):
            return (self._seat(case, A.REJECT, Role.ACCEPTOR, reason=self._reasons["reject"]),)
        if case.verified is None and case.source not in self._city.policy.verified_sources:
            return (self._send_inspector(case, A.ORDER_VERIFY),)
        return (self._seat(case, A.ACCEPT, Role.ACCEPTOR),)

    def _verifying(self, case: CaseState) -> _Actions:
        share = self._share(case, "true")
        result = "false" if share < NOT_TRUE else "not_found" if share < NOT_FOUND else "true"
        reason = {} if result == "true" else {"reason": self._reasons["not_found"]}
        return (self._inspector(case, A.VERIFY, result=result, **reason),)

    def _accepted(self, case: CaseState) -> _Actions:
        if case.class_code not in self._city.catalogue.subclasses:
            return (self._complete(case),)
        return (self._seat(case, A.FILE, Role.SHIFT_LEADER),)

    def _filed(self, case: CaseState) -> _Actions:
        unit = self._unit_for(case)
        if unit is None:
            return ()
        if case.hand_backs >= self._city.policy.most_hand_backs:
            return (self._seat(case, A.ARBITRATE, Role.LEADER, unit=unit, reason=self._reasons["arbitrate"]),)
        return (self._seat(case, A.DISPATCH, Role.DISPATCHER, unit=unit),)

    def _dispatched(self, case: CaseState) -> _Actions:
        at = self._after(case, A.RECEIVE, RECEIVE_MINUTES)
        policy = self._city.policy
        may_hand_back = not (case.hand_backs or case.hand_back_barred or policy.hand_back_by_approval)
        if may_hand_back and self._share(case, "hand_back") < HANDS_BACK:
            return (self._liaison(case, A.HAND_BACK, at, reason=self._reasons["hand_back"]),)
        return (self._liaison(case, A.RECEIVE, at),)

    def _handling(self, case: CaseState) -> _Actions:
        handled_at, asked_at = self._handled_at(case), self._worked(case, ASKS_AT)
        handled = self._liaison(case, A.REPORT_HANDLED, handled_at)
        rule = self._city.policy.requests.get(RequestKind.EXTENSION)
        may_ask = rule is not None and rule.enabled and not (case.extensions or case.reworks)
        if not may_ask or handled_at <= asked_at or self._share(case, "extension") >= EXTENSION:
            return (handled,)
        facts = {"kind": RequestKind.EXTENSION.value, "reason": self._reasons["extension"]}
        return self._liaison(case, A.ASK, asked_at, **facts), handled

    def _checking(self, case: CaseState) -> _Actions:
        if case.inspector is None:
            return (self._send_inspector(case, A.ORDER_CHECK),)
        if not case.reworks and self._share(case, "check") < CHECK_FAILS:
            return (self._inspector(case, A.CHECK, result="failed", reason=self._reasons["failed"]),)
        return (self._inspector(case, A.CHECK, result="passed"),)

    def _closing(self, case: CaseState) -> _Actions:
        return (self._seat(case, A.CLOSE, Role.SHIFT_LEADER),)

    def _decide(self, case: CaseState, request: CaseRequest) -> PlayedAction | None:
        leg = f"r{request.seq}.{len(request.decisions)}"
        at = request.asked_at + self._minutes(case, leg, DECIDE_MINUTES)
        post = self._post(case, request.next_role, at, but=request.asked_by)
        verdict = "refused" if self._share(case, leg) < REQUEST_REFUSED else "granted"
        facts = {"kind": request.kind.value, "verdict": verdict, "reason": self._reasons[verdict]}
        return self._action(case, A.DECIDE, post, at, facts, leg)

    def _complete(self, case: CaseState) -> PlayedAction | None:
        """The acceptor finds out class and place."""
        facts: dict[str, Any] = {}
        if case.class_code is None:
            conditions = self._subclass_of(case).conditions
            facts = {"class_code": conditions[0].code, "condition_no": conditions[0].number}
        if case.area is None:
            longest = max(map(len, self._city.areas))
            grids = sorted(code for code in self._city.areas if len(code) == longest)
            facts["area"] = grids[int(self._share(case, "area") * len(grids))]
        return self._seat(case, A.CORRECT, Role.ACCEPTOR, **facts)

    def _seat(self, case: CaseState, name: ActionName, role: Role, **facts: Any) -> PlayedAction | None:
        at = self._after(case, name, SEAT_MINUTES)
        return self._action(case, name, self._post(case, role, at), at, facts)

    def _send_inspector(self, case: CaseState, name: ActionName) -> PlayedAction | None:
        on_duty = self._city.inspectors_for(case.area, self._after(case, name, SEAT_MINUTES))
        return self._seat(case, name, Role.ACCEPTOR, inspector=on_duty[case.id % len(on_duty)]) if on_duty else None

    def _inspector(self, case: CaseState, name: ActionName, **facts: Any) -> PlayedAction | None:
        return self._action(case, name, case.inspector, self._after(case, name, INSPECTOR_MINUTES), facts)

    def _liaison(self, case: CaseState, name: ActionName, at: datetime, **facts: Any) -> PlayedAction | None:
        unit = self._city.units.get(case.unit or "")
        return self._action(case, name, unit.liaison if unit else None, at, facts)

    def _action(
        self, case: CaseState, name: ActionName, post: str | None, at: datetime, facts: Mapping[str, Any], leg: str = ""
    ) -> PlayedAction | None:
        if post is None:
            return None
        return PlayedAction(
            case.name, name, post, facts, at, f"played:{self._seed}:{case.id}:{leg or _leg(case)}:{name}"
        )

    def _post(self, case: CaseState, role: Role, at: datetime, but: str | None = None) -> str | None:
        """Who sits in a role then; where no seat is planned, anybody who holds it."""
        seated = self._city.seat_posts(role, at) or tuple(post.code for post in self._city.posts_of(role))
        posts = [post for post in seated if post != but]
        return posts[case.id % len(posts)] if posts else None

    def _unit_for(self, case: CaseState) -> str | None:
        """The responsible unit; after a hand-back the one that answers for the territory."""
        areas = (self._city.areas.get(code) for code in self._city.area_chain(case.area))
        territory = next((area.unit for area in areas if area and area.unit), None)
        responsible = self._city.responsibility.unit_for(case.class_code, case.area) or case.unit_hint
        found = (territory or responsible) if case.hand_backs else (responsible or territory)
        return found if found in self._city.units else None

    def _subclass_of(self, case: CaseState) -> Subclass:
        """The subclass a description names, or any."""
        known = [*self._city.catalogue.subclasses.values()]
        named = (subclass for subclass in known if subclass.minor in case.description)
        return next(named, known[int(self._share(case, "class") * len(known))])

    def _after(self, case: CaseState, what: str, minutes: tuple[float, float]) -> datetime:
        return _since(case) + self._minutes(case, what, minutes)

    def _minutes(self, case: CaseState, what: str, minutes: tuple[float, float]) -> timedelta:
        least, most = minutes
        return timedelta(minutes=(least + (most - least) * self._share(case, f"{what}:minutes")) / self._pace)

    def _handled_at(self, case: CaseState) -> datetime:
        share, clock = self._share(case, "handled"), case.running_clock()
        if clock is not None and self._share(case, "late") < LATE:
            least, most = LATE_HOURS
            return max(_since(case), clock.due_at) + timedelta(hours=least + (most - least) * share)
        least, most = HANDLED_SHARE
        return self._worked(case, least + (most - least) * share)

    def _worked(self, case: CaseState, share: float) -> datetime:
        """When a share of what was left of the limit is used up; compressed, night or day no longer matters."""
        since, clock, calendar = _since(case), case.running_clock(), self._city.calendar
        if clock is None:
            return since
        left = calendar.counted(since, clock.due_at, clock.basis) * share
        if self._pace > 1:
            return since + left / self._pace
        return calendar.due(since, clock.basis, left, provisional_allowed=True).at

    def _share(self, case: CaseState, what: str) -> float:
        """A number in [0, 1) that is always the same for this case, leg and question."""
        digest = sha256(f"{self._seed}:{case.id}:{_leg(case)}:{what}".encode()).digest()
        return int.from_bytes(digest[:6]) / (1 << 48)


def _leg(case: CaseState) -> str:
    """One name for what is waited for, however often it is looked at: the clock that runs, and which of its runs."""
    clock = case.running_clock()
    return f"{clock.seq}.{len(clock.spans)}" if clock else ""


def _since(case: CaseState) -> datetime:
    """When the clock that runs began, or went on."""
    clock = case.running_clock()
    return clock.spans[-1][0] if clock else case.opened_at


_ACTORS: Mapping[State, Callable[[PlayedPeople, CaseState], _Actions]] = {
    State.REPORTED: PlayedPeople._reported,
    State.VERIFYING: PlayedPeople._verifying,
    State.ACCEPTED: PlayedPeople._accepted,
    State.FILED: PlayedPeople._filed,
    State.DISPATCHED: PlayedPeople._dispatched,
    State.HANDLING: PlayedPeople._handling,
    State.CHECKING: PlayedPeople._checking,
    State.CLOSING: PlayedPeople._closing,
}

STATES = frozenset(_ACTORS)
"""States in which a case waits for somebody; a suspended one waits for its day."""
