"""The proof of a day's spot checks: sealed before it began, the seed fits the seal, and they were asked as it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from models.city import City
from models.flood_event import NO_EVENT, flood_event_hash
from models.spot_checks import PlannedCheck, seed_digest
from tasks.flood_events import EVENTS
from tasks.spot_check_days import (
    ASKED,
    LOST,
    REVEALED,
    SKIPPED,
    DayEvents,
    Seal,
    begins,
    checks_stream,
    events_from,
)
from tasks.spot_checks import ASKED_WITHIN, CHECKS, SEEN_WITHIN, planned_of


@dataclass(frozen=True, slots=True)
class ProvedCheck:
    """One check: what the seed says, and what was done."""

    number: int
    planned_at: datetime
    shift: str
    place: str
    asked_at: datetime | None
    skipped: str | None
    """Why it was not asked, as its event says: late, sealed_late or nobody."""
    lost_at: datetime | None = None
    """When it was seen that it had run out while the watch was away; held against nobody."""


@dataclass(frozen=True, slots=True)
class DayProof:
    """What the proof of a day found; problems are codes of the words' group seal_problem, none where it holds."""

    day: date
    problems: tuple[str, ...]
    sealed_at: datetime | None = None
    digest: str | None = None
    revealed_at: datetime | None = None
    seed: str | None = None
    checks: tuple[ProvedCheck, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.problems


def prove_day(connection: Connection, city: City, day: date, now: datetime) -> DayProof:
    """Prove a day's checks from its events alone, and its rows against them."""
    return prove_days(connection, city, [day], now)[0]


def prove_days(connection: Connection, city: City, days: Sequence[date], now: datetime) -> list[DayProof]:
    """Prove several days; the stream of a year is read once for all of them."""
    if not days:
        return []
    events = events_from(connection, min(days), max(days))
    fits = {day.year: day for day in days}
    chained = {year: _chain_fits(connection, day) for year, day in fits.items()}
    return [_proved(connection, city, day, now, events, fits=chained[day.year]) for day in days]


def _proved(connection: Connection, city: City, day: date, now: datetime, events: DayEvents, *, fits: bool) -> DayProof:
    seal = events.seal(city, day)
    if seal is None:
        return DayProof(day, ("not_sealed",))
    if now < begins(city, day + timedelta(days=1)) + ASKED_WITHIN:
        return DayProof(day, ("not_over",), seal.sealed_at, seal.digest)
    problems = [] if fits else ["chain_broken"]
    if seal.sealed_at >= begins(city, day):
        problems.append("sealed_late")
    revealed = events.of(day, REVEALED)
    if not revealed:
        return DayProof(day, (*problems, "not_revealed"), seal.sealed_at, seal.digest)
    (first, facts), *_ = revealed
    seed = str(facts["seed"])
    found = DayProof(day, (), seal.sealed_at, seal.digest, first.at, seed)
    if seed_digest(bytes.fromhex(seed)) != seal.digest:
        return _with(found, [*problems, "digest_differs"], ())
    checks, faults = _compare(connection, city, seal, bytes.fromhex(seed), events)
    return _with(found, [*problems, *faults], checks)


def _with(found: DayProof, problems: Sequence[str], checks: Sequence[ProvedCheck]) -> DayProof:
    return DayProof(
        found.day, tuple(problems), found.sealed_at, found.digest, found.revealed_at, found.seed, tuple(checks)
    )


def _compare(
    connection: Connection, city: City, seal: Seal, seed: bytes, stored: DayEvents
) -> tuple[list[ProvedCheck], list[str]]:
    """What the seed says beside what was done, and where they differ."""
    events = stored.of(seal.day, ASKED, SKIPPED, LOST)
    done = {facts["number"]: (row, facts) for row, facts in events if row.kind != LOST}
    lost = {facts["number"]: row for row, facts in reversed(events) if row.kind == LOST}
    rows = {row.number: row for row in connection.execute(select(CHECKS).where(CHECKS.c.day == seal.day))}
    checks, faults = [], []
    for check in planned_of(seed, seal, city):
        row, facts = done.pop(check.number, (None, {}))
        asked_at = row.at if row is not None and row.kind == ASKED else None
        skipped = facts.get("why") if row is not None and row.kind == SKIPPED else None
        gone = lost.pop(check.number, None)
        lost_at = gone.recorded_at if gone is not None else None
        checks.append(ProvedCheck(check.number, check.at, check.shift, check.place, asked_at, skipped, lost_at))
        if lost_at is not None and not _was_away(facts, asked_at, lost_at):
            faults.append("lost_early")
        if row is None:
            faults.append("check_missing")
        elif not _as_planned(check, facts, asked_at):
            faults.append("check_differs")
        kept = rows.pop(check.number, None)
        if (asked_at is None) != (kept is None) or (kept is not None and not _row_fits(kept, facts, asked_at)):
            faults.append("row_differs")
    if done or rows or lost:
        faults.append("check_invented")
    return checks, list(dict.fromkeys(faults))


def _was_away(facts: Mapping[str, Any], asked_at: datetime | None, lost_at: datetime) -> bool:
    """Whether what was recorded as lost was seen so late that the watch must have been away."""
    return asked_at is not None and lost_at - datetime.fromisoformat(facts["due_at"]) > SEEN_WITHIN


def _as_planned(check: PlannedCheck, facts: Mapping[str, Any], asked_at: datetime | None) -> bool:
    same = datetime.fromisoformat(facts["planned_at"]) == check.at
    same = same and (facts["shift"], facts["place"]) == (check.shift, check.place)
    return same and (asked_at is None or check.at <= asked_at <= check.at + ASKED_WITHIN)


def _row_fits(row: Any, facts: Mapping[str, Any], asked_at: datetime | None) -> bool:
    return (row.code, row.post, row.asked_at) == (facts["code"], facts["post"], asked_at) and row.due_at == (
        datetime.fromisoformat(facts["due_at"])
    )


def _chain_fits(connection: Connection, day: date) -> bool:
    """Whether the whole stream of the day's year fits together."""
    head = NO_EVENT
    rows = connection.execute(select(EVENTS).where(EVENTS.c.stream == checks_stream(day)).order_by(EVENTS.c.seq))
    for number, row in enumerate(rows.mappings(), 1):
        same = row["seq"] == number and row["previous_hash"] == head
        if not same or flood_event_hash(head, dict(row)) != row["hash"]:
            return False
        head = str(row["hash"])
    return True
