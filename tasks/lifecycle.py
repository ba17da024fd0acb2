"""Moving cases: claim what is due, decide, commit.

One transaction holds a chunk's events, cases, notices and consumed actions. Two visits never move the same case
twice: rows are locked on Postgres, the writer is alone on SQLite, and every update names the version it read.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, select, update

from models.case_state import CaseState
from models.city import City
from models.lifecycle import CaseVisit, Lifecycle, RunawayCase
from models.lifecycle_rules import Action
from models.refusal import Refusal
from models.vocabulary import ENDED, ActionName, State
from models.worktime_errors import WorktimeError
from tasks.acknowledge import acknowledge_acted
from tasks.case_store import CASES, Change, LoadedCase, read_cases, write_changes
from tasks.city_edition import current_city
from tasks.database import claim, transaction
from tasks.garbage import no_search_for_cycles
from tasks.inbox import INBOX, settle_actions, waiting_actions
from tasks.numbers import NumberSeries

LOG = logging.getLogger("zhihui.lifecycle")

CHUNK = 500
"""Cases a transaction: long enough to be fast, short enough that another writer waits under a second."""

STUCK_FOR = timedelta(hours=1)
"""A case whose rules cannot be worked out is tried again after this, so that it never holds up the others."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One case a visit moved: for the run's table, so that an auditor walks from the run to the case."""

    number: str
    case_id: int
    before: str
    after: str
    actions: tuple[str, ...]
    by: tuple[str, ...]


@dataclass(slots=True)
class Visit:
    """What a visit did."""

    moved: list[Moved] = field(default_factory=list)
    overdue: int = 0
    """Cases that fell overdue in this visit."""
    taken: int = 0
    refused: int = 0
    notices: int = 0
    stuck: list[tuple[str, str]] = field(default_factory=list)
    """Cases that could not be worked out, with the reason; they are tried again after an hour."""
    case_ids: list[int] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Names asked for under which there is no case."""

    @property
    def idle(self) -> bool:
        """Whether nothing happened."""
        return not (self.moved or self.refused or self.stuck or self.unknown)


def move_cases(
    engine: Engine,
    *,
    now: datetime,
    case_numbers: Sequence[str] | None = None,
    flow_run_id: str | None = None,
    chunk: int = CHUNK,
) -> Visit:
    """Moves every case that is due or has an action waiting (or just the named ones) until nothing is left to do.

    Raises: CaseMovedMeanwhileError, OperationalError: nothing of that chunk was written, try again.
    """
    visit = Visit()
    named = list(case_numbers) if case_numbers is not None else None
    while True:
        with no_search_for_cycles(), transaction(engine) as connection:
            ids = _due(connection, now, chunk) if named is None else _named(connection, named[:chunk], visit)
            if ids:
                _visit_chunk(connection, current_city(connection), ids, now, flow_run_id, visit)
        if named is not None:
            named = named[chunk:]
            if not named:
                return visit
        elif not ids:
            return visit


def wake_all(connection: Connection, now: datetime) -> int:
    """Lets the next visit look at every open case, after rules or calendar changed; returns how many."""
    return connection.execute(update(CASES).where(CASES.c.state.not_in(list(ENDED))).values(next_wake_at=now)).rowcount


def _visit_chunk(
    connection: Connection, city: City, ids: Sequence[int], now: datetime, flow_run_id: str | None, visit: Visit
) -> None:
    loaded = read_cases(connection, ids)
    actions = waiting_actions(connection, city, ids, now)
    serials = NumberSeries(connection)
    life = Lifecycle(city, serials.next)
    changes, settled = [], []
    for case_id in _joining_first(loaded, actions):
        one, waiting = loaded[case_id], _with_present_targets(actions.get(case_id, []), loaded)
        try:
            done = life.visit(one.case, [action for _, action in waiting], now)
        except (RunawayCase, WorktimeError, ValueError, KeyError) as error:
            _set_aside(connection, one, error, now, visit)
            continue
        row_of = {id(action): row_id for row_id, action in waiting}
        settled += [(row_of[id(action)], refusal) for action, refusal in done.outcomes]
        changes.append(Change(one, done.events, done.notices, done.next_wake))
        _note(visit, done)
        _share_reporters(one.case, loaded)
    serials.save()
    # Before the notices of these very actions are written: what somebody is told now they have not acknowledged.
    acknowledge_acted(connection, city, _acted(changes, actions, settled))
    visit.notices += write_changes(connection, changes, city, now=now, flow_run_id=flow_run_id)
    settle_actions(connection, settled, now, flow_run_id)


def _acted(
    changes: Sequence[Change],
    actions: Mapping[int, list[tuple[int, Action]]],
    settled: Sequence[tuple[int, Refusal | None]],
) -> dict[int, list[tuple[str, datetime]]]:
    """Who has acted on which case and when, as far as it was accepted."""
    accepted = {row_id for row_id, refusal in settled if refusal is None}
    found: dict[int, list[tuple[str, datetime]]] = {}
    for case_id in (change.loaded.case.id for change in changes):
        acted = [(a.actor.code, a.at) for row_id, a in actions.get(case_id, ()) if row_id in accepted]
        if acted:
            found[case_id] = acted
    return found


def _joining_first(loaded: Mapping[int, LoadedCase], actions: Mapping[int, list[tuple[int, Action]]]) -> list[int]:
    """Cases that are about to join another come first, so that their reporters hear what becomes of that one."""
    joins = {id_ for id_, waiting in actions.items() if any(a.name is ActionName.MERGE for _, a in waiting)}
    return sorted(loaded, key=lambda id_: id_ not in joins)


def _with_present_targets(
    waiting: list[tuple[int, Action]], loaded: Mapping[int, LoadedCase]
) -> list[tuple[int, Action]]:
    """Merges judged by where their target stands now: it may have ended, or joined this one, in this very chunk."""
    return [(row_id, _with_present_target(action, loaded)) for row_id, action in waiting]


def _with_present_target(action: Action, loaded: Mapping[int, LoadedCase]) -> Action:
    target = loaded.get(action.resolved.get("into_id", 0))
    if target is None:
        return action
    return replace(action, resolved={**action.resolved, "into_ended": target.case.state in ENDED})


def _share_reporters(case: CaseState, loaded: Mapping[int, LoadedCase]) -> None:
    """Who reported a case that joined another in this very visit is answered by that one."""
    target = loaded.get(case.merged_into or 0)
    if case.state is State.MERGED and target is not None:
        target.case.reporters = tuple(dict.fromkeys((*target.case.reporters, *case.reporters)))


def _note(visit: Visit, done: CaseVisit) -> None:
    refused = len([refusal for _, refusal in done.outcomes if refusal])
    visit.refused += refused
    visit.taken += len(done.outcomes) - refused
    visit.overdue += any(e.action is ActionName.CLIMB and e.facts["rung"] == "overdue" for e in done.events)
    if done.moved:
        visit.case_ids.append(done.case.id)
        visit.moved.append(
            Moved(
                done.case.name,
                done.case.id,
                done.before.value,
                done.case.state.value,
                tuple(event.action.value for event in done.events),
                tuple(dict.fromkeys(event.actor for event in done.events)),
            )
        )


def _set_aside(connection: Connection, one: LoadedCase, error: Exception, now: datetime, visit: Visit) -> None:
    reason = f"{type(error).__name__}: {error}"
    LOG.error("case %s set aside for an hour: %s", one.case.name, reason, extra={"action": "case_stuck"})
    visit.stuck.append((one.case.name, reason))
    connection.execute(update(CASES).where(CASES.c.id == one.case.id).values(next_wake_at=now + STUCK_FOR))


def _due(connection: Connection, now: datetime, chunk: int) -> list[int]:
    """Cases whose time has come, oldest first, and cases with an action waiting; never one somebody else holds."""
    due = connection.execute(
        claim(
            select(CASES.c.id).where(CASES.c.next_wake_at <= now).order_by(CASES.c.next_wake_at).limit(chunk),
            connection,
        )
    ).scalars()
    ids = dict.fromkeys(due)
    acted = connection.execute(
        select(INBOX.c.case_id)
        .where(INBOX.c.state == "waiting", INBOX.c.received_at <= now)
        .order_by(INBOX.c.received_at)
        .limit(chunk)
    ).scalars()
    more = [case_id for case_id in dict.fromkeys(acted) if case_id not in ids]
    if more:
        free = connection.execute(claim(select(CASES.c.id).where(CASES.c.id.in_(more)), connection)).scalars()
        ids |= dict.fromkeys(free)
    return list(ids)


def _named(connection: Connection, names: Sequence[str], visit: Visit) -> list[int]:
    """The cases of these names that nobody else holds; names without a case are noted in the visit."""
    known = select(CASES.c.id, CASES.c.number, CASES.c.receipt_number).where(
        CASES.c.number.in_(names) | CASES.c.receipt_number.in_(names)
    )
    rows = connection.execute(known).all()
    found = {name for row in rows for name in (row.number, row.receipt_number)}
    visit.unknown += [name for name in names if name not in found]
    wanted = select(CASES.c.id).where(CASES.c.id.in_([row.id for row in rows]))
    return list(connection.execute(claim(wanted, connection)).scalars())
