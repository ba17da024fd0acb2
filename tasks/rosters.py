"""Rosters are proposed, looked at, published or dropped; every step is an event of the stream `roster:CODE`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from models.chain import canonical
from models.city import City
from models.duty import RosterState, ShiftState
from models.duty_rules import DutyRules, Season
from models.duty_shifts import PlannedShift, shifts_between
from models.flood_event import Happened, Recording
from models.refusal import Refusal
from models.roster_approval import may_publish
from models.roster_check import RosterFault, check_pattern, check_roster
from models.roster_cp_sat import SolverMissing, propose_by_cp_sat
from models.roster_problem import NEIGHBOURHOOD, RosterProblem, Standing, pose
from models.roster_proposal import Roster, propose_plainly
from models.roster_quality import Quality, quality_of
from tasks.database import reading, transaction
from tasks.flood_events import record_events
from tasks.numbers import NumberSeries
from tasks.roster_notices import tell_published
from tasks.roster_reading import (
    ASSIGNMENTS,
    ROSTERS,
    SHIFTS,
    StoredRoster,
    balances,
    find_roster,
    places_of,
    published_places,
)

LONGEST_DAYS = 400
MOST_FAULTS_TOLD = 5


class Solver(StrEnum):
    """Who works a roster out."""

    PLAIN = "plain"
    CP_SAT = "cp_sat"
    IMPORT = "import"
    """A person did, in a spreadsheet."""


SOLVERS: Mapping[str, Callable[[RosterProblem, int], Roster]] = {
    Solver.PLAIN: propose_plainly,
    Solver.CP_SAT: propose_by_cp_sat,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """A roster somebody wants: of which days, by which solver."""

    first: date
    last: date
    by: str
    solver: Solver = Solver.PLAIN
    seed: int = 0


@dataclass(frozen=True)
class Proposal:
    """A roster that was worked out, written or not."""

    roster: StoredRoster
    quality: Quality


def propose_roster(engine: Engine, city: City, wish: Wish, recording: Recording) -> Proposal | Refusal:
    """Work a roster out and keep it as a proposal; nobody is told.

    It is worked out outside of any transaction: a solver may take seconds, and the desk goes on writing.
    """
    duty = city.duty
    refusal = _refuse(city, duty, wish)
    if duty is None or refusal is not None:
        return refusal or Refusal("no_duty_room")
    with reading(engine) as connection:
        taken = published_already(connection, city, wish.first, wish.last)
        if taken is not None:
            return taken
        problem = _problem(connection, city, duty, wish.first, wish.last)
    if not problem.shifts:
        return Refusal("roster_without_shifts", {"first_day": wish.first, "last_day": wish.last})
    try:
        found = SOLVERS[wish.solver](problem, wish.seed)
    except SolverMissing:
        return Refusal("solver_missing")
    with transaction(engine) as connection:
        return keep_proposal(connection, city, duty, wish, _standings(problem, found), recording)


def keep_proposal(
    connection: Connection,
    city: City,
    duty: DutyRules,
    wish: Wish,
    standings: Sequence[Standing],
    recording: Recording,
) -> Proposal:
    """Write a proposal with its quality report, in the caller's transaction."""
    problem = _problem(connection, city, duty, wish.first, wish.last)
    quality = quality_of(city, duty, problem, posts_by_shift(problem, standings))
    code = _next_code(connection, wish.first.year)
    row = {
        "code": code,
        "first_day": wish.first,
        "last_day": wish.last,
        "state": RosterState.PROPOSED.value,
        "made_by": wish.by,
        "made_at": recording.now,
        "solver": wish.solver.value,
        "quality": canonical(quality.as_dict()),
    }
    roster_id = connection.scalar(insert(ROSTERS).values(**row).returning(ROSTERS.c.id))
    _write_shifts(connection, int(roster_id or 0), standings)
    facts: dict[str, Any] = {"first_day": wish.first, "last_day": wish.last, "solver": wish.solver.value}
    facts |= {"seed": wish.seed, "plan": plan_of(standings), "filled": quality.filled, "wanted": quality.wanted}
    _record(connection, code, "roster_proposed", wish.by, facts, recording)
    roster = find_roster(connection, code)
    if roster is None:
        raise LookupError(code)
    return Proposal(roster, quality)


def publish_roster(
    connection: Connection, city: City, code: str, by: str, recording: Recording
) -> StoredRoster | Refusal:
    """Put a proposal in force: its shifts are the duty room's from now on, and everybody in it is told.

    Judged anew, since people may have left or gone on leave since it was made. A day has its shifts in one published
    roster only; a further span extends the season.
    """
    duty = city.duty
    roster = held_roster(connection, code)
    if duty is None or roster is None:
        return Refusal("unknown_roster", {"roster": code}) if duty else Refusal("no_duty_room")
    refusal = _not_proposed(roster) or may_publish(city, duty, by)
    refusal = refusal or published_already(connection, city, roster.first_day, roster.last_day)
    if refusal is not None:
        return refusal
    standings = [place.standing for place in places_of(connection, city, roster)]
    faults = judged(connection, city, duty, roster, standings)
    if any(fault.forbids for fault in faults):
        return _faulty(roster, [fault for fault in faults if fault.forbids])
    try:
        with connection.begin_nested():
            connection.execute(update(SHIFTS).where(SHIFTS.c.roster_id == roster.id).values(published=True))
    except IntegrityError:
        # Another roster of these days was published between our look and our write.
        return Refusal("roster_days_taken", {"roster": code, "first_day": roster.first_day})
    values = {"state": RosterState.PUBLISHED.value, "published_by": by, "published_at": recording.now}
    connection.execute(update(ROSTERS).where(ROSTERS.c.id == roster.id).values(**values))
    gaps = [fault for fault in faults if not fault.forbids]
    facts: dict[str, Any] = {"plan": plan_of(standings), "gaps": [[gap.shift, gap.place] for gap in gaps]}
    _record(connection, code, "roster_published", by, facts, recording)
    tell_published(connection, duty, code, standings, recording.now)
    return replace(roster, state=RosterState.PUBLISHED, published_by=by, published_at=recording.now)


def drop_roster(connection: Connection, city: City, code: str, by: str, recording: Recording) -> StoredRoster | Refusal:
    """Set a proposal aside for good."""
    roster = held_roster(connection, code)
    if roster is None:
        return Refusal("unknown_roster", {"roster": code})
    refusal = _not_proposed(roster) or (None if by in city.posts else Refusal("unknown_post", {"post": by}))
    if refusal is not None:
        return refusal
    dropped = update(ROSTERS).where(ROSTERS.c.id == roster.id).values(state=RosterState.DROPPED.value)
    connection.execute(dropped)
    _record(connection, code, "roster_dropped", by, {}, recording)
    return replace(roster, state=RosterState.DROPPED)


def judge_roster(connection: Connection, city: City, roster: StoredRoster) -> list[RosterFault]:
    """Everything wrong with a stored roster by today's directory and leave."""
    if city.duty is None:
        return []
    return judged(
        connection, city, city.duty, roster, [place.standing for place in places_of(connection, city, roster)]
    )


def quality_now(connection: Connection, city: City, roster: StoredRoster) -> Quality | None:
    """The quality report of a roster as it stands now, with all its changes."""
    if city.duty is None:
        return None
    problem = _problem(connection, city, city.duty, roster.first_day, roster.last_day)
    standings = [place.standing for place in places_of(connection, city, roster)]
    return quality_of(city, city.duty, problem, posts_by_shift(problem, standings)) if problem.shifts else None


def judged(
    connection: Connection, city: City, duty: DutyRules, roster: StoredRoster, standings: Sequence[Standing]
) -> list[RosterFault]:
    """Faults of these standings between what is published around them, the pattern's included."""
    expected = shifts_between(duty, city.calendar, roster.first_day, roster.last_day)
    around = published_around(connection, city, roster.first_day, roster.last_day, without=roster.code)
    pattern = check_pattern(city, expected, duty, standings)
    return [*pattern, *check_roster(city, duty, standings, around)]


def published_around(connection: Connection, city: City, first: date, last: date, without: str = "") -> list[Standing]:
    """Who stands in published shifts just before and after these days."""
    start, end = _moments(city, first, last)
    near = [
        *published_places(connection, city, start - NEIGHBOURHOOD, start),
        *published_places(connection, city, end, end + NEIGHBOURHOOD),
    ]
    return [place.standing for place in near if place.roster != without]


def published_already(connection: Connection, city: City, first: date, last: date) -> Refusal | None:
    """Why no roster of these days can be published: another one has the first of them that is taken."""
    found = next(iter(published_places(connection, city, *_moments(city, first, last))), None)
    if found is None:
        return None
    return Refusal("roster_days_taken", {"roster": found.roster, "first_day": found.shift.day})


def next_span(connection: Connection, city: City, now: datetime) -> tuple[date, date]:
    """The days to roster next: of the season at hand or to come, from the first that no published roster has."""
    today = now.astimezone(city.zone).date()
    season = city.duty.season if city.duty else Season()
    first, last = season.ahead(today)
    done = connection.scalar(
        select(func.max(ROSTERS.c.last_day)).where(
            ROSTERS.c.state == RosterState.PUBLISHED.value, ROSTERS.c.last_day >= first, ROSTERS.c.first_day <= last
        )
    )
    begin = max(first, today, done + timedelta(days=1)) if done else max(first, today)
    return (begin, last) if begin <= last else (begin, begin)


def held_roster(connection: Connection, code: str) -> StoredRoster | None:
    """A roster that nobody else changes until this transaction ends."""
    connection.execute(select(ROSTERS.c.id).where(ROSTERS.c.code == code).with_for_update())
    return find_roster(connection, code)


def posts_by_shift(problem: RosterProblem, standings: Sequence[Standing]) -> list[list[str | None]]:
    """Who stands where, in the order of a problem's shifts and places."""
    there = {(one.shift.code, one.place): one.post for one in standings}
    return [[there.get((shift.code, place.code)) for place in problem.places] for shift in problem.shifts]


def plan_of(standings: Sequence[Standing]) -> dict[str, dict[str, str | None]]:
    """A roster as an event keeps it: by shift and place."""
    plan: dict[str, dict[str, str | None]] = {}
    for one in standings:
        plan.setdefault(one.shift.code, {})[one.place] = one.post
    return plan


def _refuse(city: City, duty: DutyRules | None, wish: Wish) -> Refusal | None:
    if duty is None:
        return Refusal("no_duty_room")
    if wish.by not in city.posts:
        return Refusal("unknown_post", {"post": wish.by})
    if wish.last < wish.first:
        return Refusal("roster_days_reversed", {"first_day": wish.first, "last_day": wish.last})
    if (wish.last - wish.first).days >= LONGEST_DAYS:
        return Refusal("roster_too_long", {"most": LONGEST_DAYS})
    return None


def _problem(connection: Connection, city: City, duty: DutyRules, first: date, last: date) -> RosterProblem:
    around = published_around(connection, city, first, last)
    return pose(city, duty, first, last, around, balances(connection, city, duty, first))


def _moments(city: City, first: date, last: date) -> tuple[datetime, datetime]:
    """The days [first, last] as moments of the city."""
    start, end = (datetime.combine(day, time(), city.zone) for day in (first, last + timedelta(days=1)))
    return start, end


def _not_proposed(roster: StoredRoster) -> Refusal | None:
    if roster.state is RosterState.PROPOSED:
        return None
    facts = {"roster": roster.code, "state": roster.state.value}
    return Refusal("roster_not_proposed", facts | {"by": roster.published_by, "at": roster.published_at})


def _faulty(roster: StoredRoster, faults: Sequence[RosterFault]) -> Refusal:
    told = [
        {"rule": fault.rule, "shift": fault.shift, "place": fault.place, "post": fault.post, "other": fault.other}
        for fault in faults[:MOST_FAULTS_TOLD]
    ]
    return Refusal("roster_faulty", {"roster": roster.code, "count": len(faults), "faults": told})


def _next_code(connection: Connection, year: int) -> str:
    series = NumberSeries(connection)
    number = series.next(f"ZB{year}-")
    series.save()
    return f"ZB{year}-{number}"


def _standings(problem: RosterProblem, found: Roster) -> list[Standing]:
    return [
        Standing(shift, place.code, post)
        for shift, row in zip(problem.shifts, found, strict=True)
        for place, post in zip(problem.places, row, strict=True)
    ]


def _write_shifts(connection: Connection, roster_id: int, standings: Sequence[Standing]) -> None:
    shifts = {one.shift.code: one.shift for one in standings}
    rows = [_shift_row(roster_id, shift) for shift in shifts.values()]
    statement = insert(SHIFTS).returning(SHIFTS.c.id, sort_by_parameter_order=True)
    ids = dict(zip(shifts, connection.execute(statement, rows).scalars(), strict=True))
    places = [{"shift_id": ids[one.shift.code], "place": one.place, "post": one.post, "rung": 0} for one in standings]
    connection.execute(insert(ASSIGNMENTS), places)


def _shift_row(roster_id: int, shift: PlannedShift) -> dict[str, Any]:
    return {
        "roster_id": roster_id,
        "code": shift.code,
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
        "night": shift.night,
        "holiday": shift.weekend or shift.holiday,
        "weekend": shift.weekend,
        "published": False,
        "state": ShiftState.PLANNED.value,
    }


def _record(
    connection: Connection, code: str, kind: str, by: str, facts: Mapping[str, Any], recording: Recording
) -> None:
    record_events(connection, f"roster:{code}", [Happened(kind, recording.now, by, facts)], recording)
