"""Reports of a source through the city's own rules on virtual time: the people are played, everything else is real.

A replay takes one moment after the other, whatever case it belongs to: reports come in, units handle, rungs are
climbed, each at its own moment. Nothing waits, nothing is stored, and the same reports give the same events again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from heapq import heapify, heappop, heappush
from typing import Any

from models.case_state import CaseEvent, CaseState
from models.catalogue import Catalogue
from models.chain import canonical, event_hash
from models.city import City
from models.clock import CaseClock
from models.ladder import next_wake
from models.lifecycle import CaseVisit, Lifecycle
from models.lifecycle_rules import Action, Actor
from models.mapped_report import MappedReport
from models.policy import AutomationRule
from models.vocabulary import ActionName, ClockKind, Role, State

A = ActionName

REPLAY_RULE = "replay"
"""Code of the rule that plays the seats; what units and inspectors do has the origin PLAYED."""

SEAT_STEPS = (A.ACCEPT, A.FILE, A.DISPATCH, A.ORDER_CHECK, A.CLOSE)
"""What the seats would do: the rule does it at once, for every report of the replay."""

PEOPLE_STEPS = (A.RECEIVE, A.REPORT_HANDLED, A.CHECK)
"""What unit and inspector would do: received at once, handled at the source's closing time, check passed at once."""

PLAYED = "played"

LEAST_DELAY = timedelta(hours=1)
"""A drawn overdue closing lies up to one limit behind the deadline, and up to this where the limit is shorter."""


def replay_city(city: City, sources: Iterable[str], *, own_deadlines: bool) -> City:
    """The city with its seats played for these sources, and with their own deadlines or with the city's.

    Of a condition with two limits (make safe, then repair) the first alone counts: a source that knows one closing
    time does not say when the place was made safe.
    """
    played = frozenset(sources)
    rule = AutomationRule(REPLAY_RULE, frozenset(SEAT_STEPS), played, complete_only=False)
    own = city.policy.own_deadline_sources
    policy = replace(
        city.policy,
        automation=(rule, *city.policy.automation),
        verified_sources=city.policy.verified_sources | played,
        own_deadline_sources=own | played if own_deadlines else own - played,
    )
    edition = f"{city.edition}+{REPLAY_RULE}"
    return replace(city, policy=policy, catalogue=_one_limit_each(city.catalogue), edition=edition)


def _one_limit_each(catalogue: Catalogue) -> Catalogue:
    subclasses = {
        code: replace(subclass, conditions=tuple(replace(c, follow_up_limit=None) for c in subclass.conditions))
        for code, subclass in catalogue.subclasses.items()
    }
    return replace(catalogue, subclasses=subclasses)


def drawn_closing(source_id: str, start: datetime, due_at: datetime, on_time: bool) -> datetime:
    """A closing that agrees with a source's flag where the source has no times; the same report draws the same one.

    Example: a limit from 08:00 to 12:00 gives an on-time closing in (08:00, 12:00] and an overdue one in
    (12:00, 16:00].
    """
    share = (int.from_bytes(sha256(source_id.encode()).digest()[:6]) + 1) / (1 << 48)
    if on_time:
        return due_at - (due_at - start) * (1 - share)
    return due_at + max(max(due_at - start, LEAST_DELAY) * share, timedelta(seconds=1))


@dataclass(slots=True)
class PlayedCase:
    """One report on its way, with what its source says of its end."""

    report: MappedReport
    case: CaseState
    handled_at: datetime | None
    """When the played unit reports it as handled; None where the source knows no closing, or until one is drawn."""
    on_time: bool | None = None
    """What the rules wrote at closing."""
    stamp: int = 0
    """Tells the newest entry in the queue of moments from those that no longer hold."""


def played_case(serial: int, report: MappedReport, city: City) -> PlayedCase:
    """A report as a case nobody has opened yet; a unit hint nobody knows gives way to the unit of the whole county."""
    county = city.areas.get(city.code)
    known = report.unit_hint in city.units
    complete = bool(report.class_code and report.condition_no and report.area and not report.flags)
    case = CaseState(
        id=serial,
        receipt_number=f"{PLAYED}-{serial}",
        source=report.source,
        opened_at=report.opened_at,
        edition=city.edition,
        calendar_edition=city.calendar_edition,
        class_code=report.class_code,
        condition_no=report.condition_no,
        area=report.area,
        place=report.place,
        description=report.description,
        complete=complete,
        source_due_at=report.due_at,
        unit_hint=report.unit_hint if known else county and county.unit,
        reporters=((serial, str(serial)),) if report.reporter_name or report.reporter_phone else (),
    )
    return PlayedCase(report, case, report.closed_at)


@dataclass(slots=True)
class Tally:
    """What happened in a replay."""

    cases: int = 0
    closed: int = 0
    on_time: int = 0
    overdue: int = 0
    transitions: int = 0
    """Changes of state, the opening included."""
    events: int = 0
    notices: int = 0
    similar: int = 0
    """Reports with at least one candidate."""
    by_month: dict[str, list[int]] = field(default_factory=dict)
    """Month of report -> closed on time, closed overdue."""


SimilarTo = Callable[[PlayedCase], Sequence[Mapping[str, Any]]]
"""The candidates for a fresh report among the cases before it, as facts of its event."""


class Replay:
    """One replay: a queue of moments, the cases it moves, and the tally."""

    def __init__(
        self, city: City, cases: Sequence[PlayedCase], similar_to: SimilarTo, month_of: Callable[[datetime], str]
    ) -> None:
        self.tally = Tally()
        self._city, self._similar_to, self._month_of = city, similar_to, month_of
        self._serials: dict[str, int] = {}
        self._life = Lifecycle(city, self._next_serial)
        self._moments = [(played.report.opened_at, played.case.id, 0, played) for played in cases]
        heapify(self._moments)
        self._to_draw = sum(played.report.played is not None for played in cases)

    def run(self, until: datetime | None) -> Iterator[datetime]:
        """Goes from moment to moment up to and with `until`; None: until the last closing that is drawn."""
        while self._moments and (until is not None or self._to_draw):
            now, _, stamp, played = heappop(self._moments)
            if until is not None and now > until:
                return
            if stamp == played.stamp:
                self._visit(played, now)
                yield now

    def _visit(self, played: PlayedCase, now: datetime) -> None:
        """Everything that happens to a case at a moment, and when it is looked at next."""
        case = played.case
        if not case.events:
            self._open(played, now)
        # At the same moment people come before time: handled exactly at the deadline is on time.
        action = self._next_action(played, now)
        visit = self._life.visit(case, (action,) if action else (), now)
        while (action := self._next_action(played, now)) is not None and not _last_refused(visit):
            if action.name is A.RECEIVE:
                self._life.take(visit, action)
            else:
                self._note(played, visit)
                visit = self._life.visit(case, (action,), now)
        self._note(played, visit)
        self._plan(played)

    def _open(self, played: PlayedCase, now: datetime) -> None:
        candidates = self._similar_to(played)
        visit = self._life.open_case(played.case, report_facts(played), now, now)
        if candidates:
            self._life.by_rule(visit, A.FLAG_SIMILAR, "similar", now, candidates=list(candidates))
            self.tally.similar += 1
        self.tally.cases += 1
        self._note(played, visit)

    def _next_action(self, played: PlayedCase, now: datetime) -> Action | None:
        """What a played person does at this moment, if anything."""
        case = played.case
        if case.state is State.DISPATCHED:
            return self._unit_acts(A.RECEIVE, case, now)
        if case.state is State.HANDLING:
            if played.handled_at is None:
                self._draw(played)
            if played.handled_at is not None and played.handled_at <= now:
                return self._unit_acts(A.REPORT_HANDLED, case, now)
        if case.state is State.CHECKING:
            inspector = Actor(case.inspector or f"{PLAYED}:inspector", Role.INSPECTOR)
            return Action(A.CHECK, inspector, {"result": "passed"}, now, PLAYED)
        return None

    def _unit_acts(self, name: ActionName, case: CaseState, now: datetime) -> Action:
        unit = self._city.units[case.unit or ""]
        actor = Actor(unit.liaison or f"{PLAYED}:{unit.code}", Role.UNIT_LIAISON, unit.code)
        return Action(name, actor, {}, now, PLAYED)

    def _draw(self, played: PlayedCase) -> None:
        clock = played.case.last_clock(ClockKind.HANDLE)
        if played.report.played is None or clock is None:
            return
        on_time = played.report.played == "on_time"
        played.handled_at = drawn_closing(played.report.source_id, clock.started_at, clock.due_at, on_time)

    def _plan(self, played: PlayedCase) -> None:
        """Puts the next moment of a case into the queue: time's own, or the unit's report."""
        wake = next_wake(played.case, self._city)
        at = wake.at if wake else None
        if played.case.state is State.HANDLING and played.handled_at is not None:
            at = played.handled_at if at is None else min(at, played.handled_at)
        played.stamp += 1
        if at is not None:
            heappush(self._moments, (at, played.case.id, played.stamp, played))

    def _note(self, played: PlayedCase, visit: CaseVisit) -> None:
        """Chains and counts what a visit did."""
        tally = self.tally
        chain_events(played.case, visit.events)
        tally.events += len(visit.events)
        tally.notices += len(visit.notices)
        for event in visit.events:
            tally.transitions += event.from_state is not event.to_state
            if event.action is A.CLOSE:
                self._note_closing(played, event)

    def _note_closing(self, played: PlayedCase, event: CaseEvent) -> None:
        tally, on_time = self.tally, bool(event.facts["handled_on_time"])
        played.on_time = on_time
        self._to_draw -= played.report.played is not None
        tally.closed += 1
        tally.on_time += on_time
        tally.overdue += not on_time
        month = tally.by_month.setdefault(self._month_of(played.report.opened_at), [0, 0])
        month[not on_time] += 1

    def _next_serial(self, prefix: str) -> int:
        self._serials[prefix] = serial = self._serials.get(prefix, 0) + 1
        return serial


def _last_refused(visit: CaseVisit) -> bool:
    """Whether the city's policy does not let the played person act: the case then stays where it is."""
    return bool(visit.outcomes) and visit.outcomes[-1][1] is not None


def report_facts(played: PlayedCase) -> dict[str, Any]:
    """What the opening event says of the report."""
    report = played.report
    facts = {
        "source": report.source,
        "source_id": report.source_id,
        "class_code": report.class_code,
        "condition_no": report.condition_no,
        "area": report.area,
        "place": report.place,
        "flags": ",".join(report.flags),
    }
    return {name: value for name, value in facts.items() if value}


def chain_events(case: CaseState, events: Sequence[CaseEvent]) -> None:
    """Carries the chain of a case's hashes over its newest events."""
    seq = case.events - len(events)
    for event in events:
        seq += 1
        row = {
            "case_id": case.id,
            "seq": seq,
            "action": event.action.value,
            "at": event.at,
            "recorded_at": event.recorded_at,
            "actor": event.actor,
            "role": event.role.value,
            "origin": event.origin,
            "from_state": event.from_state.value if event.from_state else None,
            "to_state": event.to_state.value,
            "facts": canonical(event.facts),
            "edition": event.edition,
            "flow_run_id": None,
        }
        case.head_hash = event_hash(case.head_hash, row)
