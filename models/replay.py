"""Reports of a source through the city's own rules on virtual time: the people are played, everything else is real.

A replay takes one moment after the other, whatever case it belongs to: reports come in, units handle, rungs are
climbed, each at its own moment. Nothing waits, nothing is stored, and the same reports give the same events again.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush

from models.case_state import CaseEvent, CaseState
from models.city import City
from models.event_rows import chain_events
from models.ladder import next_wake
from models.lifecycle import CaseVisit, Lifecycle, RunawayCase
from models.lifecycle_rules import Action, Actor
from models.mapped_report import MappedReport
from models.replay_city import PLAYED, drawn_closing
from models.similar import Candidate, NearbyIndex, joins_by_rule
from models.told_case import fresh_case, opening_facts, report_row
from models.vocabulary import ENDED, ActionName, ClockKind, Role, State
from models.worktime_errors import WorktimeError

A = ActionName

_SERIAL = re.compile(r"\{serial[^}]*\}")


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
    """Tells its newest entry in the queue of moments from those that no longer hold."""


@dataclass(slots=True)
class Tally:
    """What happened in a replay."""

    cases: int = 0
    closed: int = 0
    on_time: int = 0
    overdue: int = 0
    merged: int = 0
    similar: int = 0
    """Reports with at least one candidate."""
    transitions: int = 0
    """Changes of state, the opening included."""
    events: int = 0
    notices: int = 0
    by_month: dict[str, list[int]] = field(default_factory=dict)
    """Month of report -> closed on time, closed overdue."""
    stuck: list[tuple[str, str]] = field(default_factory=list)
    """Source ids of cases the rules could not work out, with the reason; they stay where they were."""


class Replay:
    """One replay: a queue of moments, the cases it moves, and the tally.

    Example: replay = Replay(replay_city(city, {"boston311"}, own_deadlines=True), reports, month_of)
        for moment in replay.run(until): ...
    """

    def __init__(self, city: City, reports: Iterable[MappedReport], month_of: Callable[[datetime], str]) -> None:
        self.tally = Tally()
        self.cases = [_played_case(serial, report, city) for serial, report in enumerate(reports, 1)]
        self._city, self._month_of = city, month_of
        self._serials: dict[str, int] = {}
        self._receipt_prefix = _SERIAL.sub("#", city.receipt_pattern)
        self._life = Lifecycle(city, self._next_serial)
        self._nearby = NearbyIndex(city.policy.similar)
        self._moments = [(played.report.opened_at, played.case.id, 0, played) for played in self.cases]
        heapify(self._moments)
        self._to_draw = sum(played.report.played is not None for played in self.cases)

    def run(self, until: datetime | None) -> Iterator[datetime]:
        """Goes from moment to moment up to and with `until`; None: until the last closing that is drawn."""
        while self._moments and (until is not None or self._to_draw):
            now, _, stamp, played = heappop(self._moments)
            if until is not None and now > until:
                return
            if stamp == played.stamp:
                try:
                    self._visit(played, now)
                except (RunawayCase, WorktimeError) as error:
                    self.tally.stuck.append((played.report.source_id, f"{type(error).__name__}: {error}"))
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
                self._life.take(visit, action)  # no rule follows a receipt, so nothing is looked up again
            else:
                self._note(played, visit)
                visit = self._life.visit(case, (action,), now)
        self._note(played, visit)
        if case.state in ENDED:
            self._nearby.remove(case.id)
        self._plan(played)

    def _open(self, played: PlayedCase, now: datetime) -> None:
        case = played.case
        case.receipt_number = self._receipt(case, now)
        facts = opening_facts(report_row(played.report, case.receipt_number, None))
        visit = self._life.open_case(case, facts, now, now)
        candidates = self._nearby.candidates(played.report)
        if candidates:
            named = [candidate.as_fact for candidate in candidates]
            self._life.by_rule(visit, A.FLAG_SIMILAR, "similar", now, candidates=named)
            self._join(played, candidates, visit, now)
        self.tally.cases += 1
        self.tally.similar += bool(candidates)
        self._note(played, visit)
        self._nearby.add(case.id, played.report, case.receipt_number)

    def _join(self, played: PlayedCase, candidates: Sequence[Candidate], visit: CaseVisit, now: datetime) -> None:
        """Joins the oldest case of which policy lets a rule say that it is the same thing."""
        for found in candidates:
            if rule := joins_by_rule(played.report, found, self._city.policy.similar):
                self._life.by_rule(visit, A.MERGE, f"join.{rule}", now, into=found.name, into_id=found.case_id)
                into = self.cases[found.case_id - 1].case
                into.reporters += played.case.reporters
                self.tally.merged += 1
                return

    def _next_action(self, played: PlayedCase, now: datetime) -> Action | None:
        """What a played person does at this moment, if anything."""
        case = played.case
        if case.state is State.DISPATCHED:
            return self._unit_acts(A.RECEIVE, case, now)
        if case.state is State.HANDLING:
            if played.handled_at is None:
                _draw(played)
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

    def _receipt(self, case: CaseState, now: datetime) -> str:
        code, day = case.class_code or "", now.astimezone(self._city.zone)
        fields = {"date": f"{day:%Y%m%d}", "kind": code[:1], "major": code[1:3], "minor": code[3:5]}
        prefix = self._receipt_prefix.format_map(fields)
        return self._city.receipt_pattern.format_map({**fields, "serial": self._next_serial(prefix)})

    def _next_serial(self, prefix: str) -> int:
        self._serials[prefix] = serial = self._serials.get(prefix, 0) + 1
        return serial


def _played_case(serial: int, report: MappedReport, city: City) -> PlayedCase:
    """A report as a case nobody has opened yet.

    The unit is the responsible one, else the one the source named, else the unit of the whole county.
    """
    county = city.areas.get(city.code)
    hint = report.unit_hint if report.unit_hint in city.units else None
    fallback = city.responsibility.unit_for(report.class_code, report.area) or (county.unit if county else None)
    reporter_id = serial if report.reporter_name or report.reporter_phone else None
    row = report_row(report, str(serial), reporter_id) | {"unit_hint": hint or fallback}
    case = fresh_case(row, serial, city.edition, city.calendar_edition)
    return PlayedCase(report, case, report.closed_at)


def _draw(played: PlayedCase) -> None:
    clock = played.case.last_clock(ClockKind.HANDLE)
    if played.report.played is not None and clock is not None:
        on_time = played.report.played == "on_time"
        played.handled_at = drawn_closing(played.report.source_id, clock.started_at, clock.due_at, on_time=on_time)


def _last_refused(visit: CaseVisit) -> bool:
    """Whether the city's policy does not let the played person act: the case then stays where it is."""
    return bool(visit.outcomes) and visit.outcomes[-1][1] is not None
