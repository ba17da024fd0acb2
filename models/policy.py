"""What a rule may do, how far branches go, how a late case climbs: all data, judged by `zhihui city check`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from models.vocabulary import ActionName, ClockKind, RequestKind, Role
from models.worktime import Limit, LimitUnit


def _minutes(value: int) -> Limit:
    return Limit(Decimal(value), LimitUnit.MINUTE)


@dataclass(frozen=True, slots=True)
class AutomationRule:
    """Which steps a rule takes for which reports; what no rule covers waits in a seat's queue.

    Empty `sources` or `classes` mean "any". A class is a subclass code or a prefix with `*`.
    """

    code: str
    takes: frozenset[ActionName]
    sources: frozenset[str] = frozenset()
    classes: tuple[str, ...] = ()
    complete_only: bool = True
    """Only reports with a class, a condition, a place and no flag that a person should look at."""
    title: str = ""
    """What officials call it; its code where the city gives none."""

    def covers(self, action: ActionName, source: str, code: str | None, complete: bool) -> bool:
        """Whether this rule takes the step for a report of this source and class."""
        return (
            action in self.takes
            and (not self.sources or source in self.sources)
            and (complete or not self.complete_only)
            and (not self.classes or any(matches_class(pattern, code) for pattern in self.classes))
        )


def matches_class(pattern: str, code: str | None) -> bool:
    """Whether a subclass code fits a pattern (`E0110`, `E01*`, `*`)."""
    if pattern.endswith("*"):
        return (code or "").startswith(pattern[:-1])
    return pattern == code


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of the ladder on the handle clock.

    `share` rungs stand at a share of the limit (0.8, 1). `after` rungs stand that long after the rung they follow;
    with `or_one_limit` the case's own limit counts instead where it is longer.
    """

    code: str
    notice: str
    """Notice kind of `models/notice.py`."""
    to: tuple[str, ...]
    """liaison, head, supervising_leader of the unit, or a role code for seats."""
    priority: str = "routine"
    share: Decimal | None = None
    after: Limit | None = None
    follows: str | None = None
    or_one_limit: bool = False
    supervises: bool = False
    """Writes a supervision order 督办 as an event of its own."""
    bulletin: bool = False
    """Puts the case on the bulletin."""


@dataclass(frozen=True, slots=True)
class RequestRung:
    """One rung of the ladder on a request that nobody decides.

    It is climbed `times` in a row: first when whoever decides next should have decided, then each `decide_within` of
    that kind of request later. No rung decides anything.
    """

    code: str
    to: tuple[str, ...]
    """decider, or a role code for seats; who does not decide is told that the request waits."""
    times: int = 1
    priority: str = "urgent"


@dataclass(frozen=True, slots=True)
class RequestRule:
    """How a kind of request runs: who may ask, who decides in which order, how often, how long it may wait."""

    kind: RequestKind
    enabled: bool
    asked_by: frozenset[Role]
    steps: tuple[Role, ...]
    most_granted: int | None = None
    """How many of this kind a case may be granted (extension 2, suspension 1); None is no cap."""
    most_asked: int | None = None
    """How many of this kind may be decided, granted or refused; None: a refused one may be asked for again."""
    decide_within: Limit = field(default_factory=lambda: Limit(Decimal(1), LimitUnit.WORK_DAY))


@dataclass(frozen=True, slots=True)
class SimilarRule:
    """When two reports are flagged as similar, and by what a rule may join them without a person."""

    within_metres: float = 50.0
    within_hours: float = 24.0
    join_by: frozenset[str] = frozenset()
    """Any of component_code, camera, source_chain."""
    waits_for_acceptor: bool = True
    """A flagged report is accepted or joined by a person, whatever rule would take it."""


@dataclass(frozen=True, eq=False)
class Policy:
    """Everything a city decides about its own lifecycle."""

    automation: tuple[AutomationRule, ...]
    ladder: tuple[Rung, ...]
    """Every case climbs it that has no other."""
    requests: Mapping[RequestKind, RequestRule]
    step_limits: Mapping[ClockKind, Limit]
    similar: SimilarRule = field(default_factory=SimilarRule)
    ladder_of_priority: Mapping[str, tuple[Rung, ...]] = field(default_factory=dict)
    """By `models.notice.Priority`, where cases of a priority climb rungs of their own."""
    ladder_of_unit: Mapping[str, Mapping[str, tuple[Rung, ...]]] = field(default_factory=dict)
    """By unit and priority, where those of a unit do."""
    disabled_actions: frozenset[ActionName] = frozenset()
    verified_sources: frozenset[str] = frozenset({"inspector"})
    """Sources whose reports need no verification 核实 before filing."""
    public_sources: frozenset[str] = frozenset({"citizen", "hotline_12319", "hotline_12345", "open311"})
    """Sources of the public: what they report and a shift leader files, an inspector missed 漏报 (Unicom B; which
    sources these are is our own reading)."""
    own_deadline_sources: frozenset[str] = frozenset()
    """Sources whose own deadline is the handling deadline; elsewhere the filing condition's limit counts."""
    most_hand_backs: int = 3
    hand_back_by_approval: bool = False
    most_reopenings: int = 2
    objection_days: int = 15
    """Natural days after closing in which a reporter may object (placeholder: no source known)."""
    suspension_most_days: int = 365
    promise_sets_deadline: bool = False
    checking_time_counts: bool = False
    seat_alarm_share: Decimal = Decimal(2)
    """A seat's clock tells the shift leader once, at this share of its limit."""
    request_ladder: tuple[RequestRung, ...] = (
        RequestRung("remind", ("decider",), times=3),
        RequestRung("leader", ("decider", "leader")),
    )
    """Who hears of a request that nobody decides, in order (design default)."""
    brake_share: Decimal = Decimal("0.2")
    brake_at_least: int = 20
    calendar_warning_days: int = 60

    def step_limit(self, kind: ClockKind) -> Limit:
        """The limit of a seat's or inspector's step."""
        return self.step_limits.get(kind) or _DEFAULT_STEP_LIMITS[kind]

    def ladder_for(self, priority: str, unit: str | None) -> tuple[Rung, ...]:
        """The rungs a late case climbs: its unit's own for its priority, else those of its priority, else the usual."""
        own = self.ladder_of_unit.get(unit or "")
        if own is not None and priority in own:
            return own[priority]
        return self.ladder_of_priority.get(priority, self.ladder)

    def rung(self, code: str) -> Rung | None:
        """A rung of this code, whoever climbs it: in all ladders it gives the same notice."""
        return self._rungs.get(code)

    def request_rung(self, reminders: int) -> RequestRung | None:
        """The rung that comes after so many reminders of a request, or None above the last."""
        return self._request_rungs[reminders] if reminders < len(self._request_rungs) else None

    def rule_for(self, action: ActionName, source: str, code: str | None, complete: bool) -> str | None:
        """The code of the first automation rule that takes the step, or None: then a person must."""
        if action in self.disabled_actions:
            return None
        for rule in self._rules_by_action.get(action, ()):
            if rule.covers(action, source, code, complete):
                return rule.code
        return None

    def rule_title(self, code: str) -> str:
        """What officials call an automation rule: its title, or its code."""
        return next((rule.title for rule in self.automation if rule.code == code and rule.title), code)

    @cached_property
    def _rungs(self) -> dict[str, Rung]:
        own = [ladder for ladders in self.ladder_of_unit.values() for ladder in ladders.values()]
        return {r.code: r for ladder in (*own, *self.ladder_of_priority.values(), self.ladder) for r in ladder}

    @cached_property
    def _request_rungs(self) -> tuple[RequestRung, ...]:
        return tuple(rung for rung in self.request_ladder for _ in range(rung.times))

    @cached_property
    def _rules_by_action(self) -> dict[ActionName, tuple[AutomationRule, ...]]:
        return {a: tuple(r for r in self.automation if a in r.takes) for a in ActionName}


_DEFAULT_STEP_LIMITS: Mapping[ClockKind, Limit] = {
    ClockKind.ACCEPT: _minutes(15),
    ClockKind.VERIFY: _minutes(30),
    ClockKind.FILE: _minutes(15),
    ClockKind.DISPATCH: _minutes(15),
    ClockKind.CHECK: _minutes(30),
    ClockKind.CLOSE: _minutes(15),
}
"""Yuncheng practice (B): accept 15, dispatch 15, verify 30, check 30, closing 15 minutes, continuous."""
