"""Spot checks 查岗 day by day: the seed is sealed the day before, checks are asked by it, and then it is revealed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from models.chain import canonical
from models.city import City
from models.duty import CheckState, SpotCheck
from models.duty_rules import SpotCheckRule
from models.flood_event import Happened, Recording
from models.notice import NoticeKind, Priority
from models.spot_checks import (
    DayShift,
    PlannedCheck,
    day_seed,
    planned_checks,
    sealed_facts,
    seed_digest,
    unsealed,
)
from models.tables import table_of
from tasks.duty_people import reported_to
from tasks.duty_shifts import ASSIGNMENTS, shift_coded, shifts_between, shifts_by_id
from tasks.duty_state import place_name
from tasks.flood_events import EVENTS, record_events
from tasks.flood_notices import FloodNotice, write_flood_notices

CHECKS = table_of(SpotCheck)

RULE = "rule:spot_checks"

SEALED, REVEALED, ASKED, SKIPPED, MISSED = (
    *("spot_checks_sealed", "spot_checks_revealed", "spot_check_asked", "spot_check_skipped", "spot_check_missed"),
)  # fmt: skip

ASKED_WITHIN = timedelta(minutes=5)
"""A check that could not be asked so soon after its time is not asked at all: a later time would not be the seed's."""

_A_DAY = timedelta(days=1)
_LOOKED_AT = 20
"""Newest seals: a day is sealed again only while its roster still changes."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The seal of a day that counts."""

    day: date
    sealed_at: datetime
    digest: str
    facts: Mapping[str, Any]
    rule: SpotCheckRule
    shifts: tuple[DayShift, ...]


def checks_stream(day: date) -> str:
    """The stream of a year's spot checks. Example: spot-checks:2021."""
    return f"spot-checks:{day.year}"


def begins(city: City, day: date) -> datetime:
    """When a day begins in the city."""
    return datetime.combine(day, time(), city.zone)


def watch_spot_checks(connection: Connection, city: City, key: bytes, recording: Recording) -> list[Happened]:
    """Seal, ask, record what was missed, reveal: whatever is due at this moment; a second visit finds none of it."""
    if city.duty is None:
        return []
    today = recording.now.astimezone(city.zone).date()
    done = _record_missed(connection, city, recording)
    for day in (today, today + _A_DAY):
        done += _seal(connection, city, key, day, recording)
    for day in _unrevealed(connection, today):
        seal, seed = seal_of(connection, city, day), day_seed(key, city.code, day)
        # Under another key than the one that sealed it nothing is asked or revealed; the proof names the day.
        if seal is not None and seed_digest(seed) == seal.digest:
            done += _ask(connection, city, seed, seal, recording)
            done += _reveal(connection, city, seed, seal, recording)
    return done


def seal_of(connection: Connection, city: City, day: date) -> Seal | None:
    """The seal that counts for a day: the last one before it began, else the first one after."""
    rows = events_of_day(connection, day, SEALED)
    before = [row for row in rows if row.recorded_at < begins(city, day)]
    row = before[-1] if before else rows[0] if rows else None
    if row is None:
        return None
    facts = json.loads(row.facts)
    rule, shifts = unsealed(facts)
    return Seal(day, row.recorded_at, str(facts["sha256"]), facts, rule, shifts)


def planned_of(seed: bytes, seal: Seal, city: City) -> tuple[PlannedCheck, ...]:
    """The checks of a sealed day by its seed."""
    return planned_checks(seed, seal.day, seal.rule, seal.shifts, city.zone)


def _seal(connection: Connection, city: City, key: bytes, day: date, recording: Recording) -> list[Happened]:
    """Seal a day's seed with rule and shifts; again where the roster of a day that has not begun has changed."""
    shifts = _day_shifts(connection, city, day)
    if not shifts or city.duty is None:
        return []
    facts = {"day": day, "sha256": seed_digest(day_seed(key, city.code, day))}
    facts |= sealed_facts(city.duty.spot_checks, shifts)
    before = seal_of(connection, city, day)
    begun = recording.now >= begins(city, day)
    if before is not None and (begun or canonical(facts) == canonical(before.facts)):
        return []
    happened = Happened(SEALED, recording.now, RULE, facts)
    record_events(connection, checks_stream(day), [happened], recording)
    return [happened]


def _day_shifts(connection: Connection, city: City, day: date) -> tuple[DayShift, ...]:
    first = begins(city, day)
    return tuple(
        DayShift(one.code, one.starts_at, one.ends_at, one.holiday, tuple(stand.place for stand in one.stands))
        for one in shifts_between(connection, city, first, first + _A_DAY)
    )


def _unrevealed(connection: Connection, today: date) -> list[date]:
    """Days that have begun and whose seed is not revealed."""
    streams = {checks_stream(today), checks_stream(today - _A_DAY)}
    newest = (
        select(EVENTS.c.facts)
        .where(EVENTS.c.stream.in_(streams), EVENTS.c.kind == SEALED)
        .order_by(EVENTS.c.recorded_at.desc(), EVENTS.c.seq.desc())
        .limit(_LOOKED_AT)
    )
    days = {date.fromisoformat(json.loads(facts)["day"]) for facts in connection.scalars(newest)}
    return [day for day in sorted(days) if day <= today and not events_of_day(connection, day, REVEALED)]


def events_of_day(connection: Connection, day: date, *kinds: str) -> Sequence[Any]:
    """The events of a day in its stream, in order; facts are canonical, so that the day stands in them just so."""
    named = f'%"day":"{day.isoformat()}"%'
    found = select(EVENTS).where(
        EVENTS.c.stream == checks_stream(day), EVENTS.c.kind.in_(kinds), EVENTS.c.facts.like(named)
    )
    return connection.execute(found.order_by(EVENTS.c.seq)).all()


def _ask(connection: Connection, city: City, seed: bytes, seal: Seal, recording: Recording) -> list[Happened]:
    """Ask every check whose time has come, or record why it is not asked."""
    settled = {json.loads(row.facts)["number"] for row in events_of_day(connection, seal.day, ASKED, SKIPPED)}
    due = [one for one in planned_of(seed, seal, city) if one.at <= recording.now and one.number not in settled]
    happened: list[Happened] = []
    drafts: list[FloodNotice] = []
    for check in due:
        asked = _asked(connection, city, seal, check, recording)
        happened.append(asked)
        if asked.kind == ASKED:
            drafts.append(_question(city, asked))
    record_events(connection, checks_stream(seal.day), happened, recording)
    write_flood_notices(connection, drafts, recording.now)
    return happened


def _asked(connection: Connection, city: City, seal: Seal, check: PlannedCheck, recording: Recording) -> Happened:
    """One check: its row, and the event that says it was asked, or why it was skipped."""
    now, rule = recording.now, city.duty.spot_checks if city.duty else SpotCheckRule()
    facts: dict[str, Any] = {
        "day": seal.day,
        "number": check.number,
        "planned_at": check.at,
        "shift": check.shift,
        "place": check.place,
    }
    shift = shift_coded(connection, city, check.shift)
    stand = shift.place(check.place) if shift else None
    late = now - check.at > ASKED_WITHIN
    why = "late" if late else "sealed_late" if check.at < seal.sealed_at else "nobody" if stand is None else None
    if stand is None or why is not None or stand.stands is None:
        return Happened(SKIPPED, now, RULE, {**facts, "why": why or "nobody"})
    row = {
        "day": seal.day,
        "number": check.number,
        "code": f"CG{seal.day:%Y%m%d}-{check.number}",
        "state": CheckState.ASKED.value,
        "assignment_id": stand.id,
        "post": stand.stands,
        "station": rule.station,
        "asked_at": now,
        "due_at": now + rule.answer_within,
        "answer": "",
    }
    connection.execute(insert(CHECKS).values(row))
    told = {name: row[name] for name in ("code", "post", "station", "due_at")}
    return Happened(ASKED, now, RULE, {**facts, **told})


def _question(city: City, asked: Happened) -> FloodNotice:
    facts, post = asked.facts, str(asked.facts["post"])
    said = {"number": facts["code"], "act_by": facts["due_at"], "station": station_name(city, facts["station"])}
    return FloodNotice(
        NoticeKind.SPOT_CHECK, post, f"duty:{post}", f"spot-check:{facts['code']}", said, Priority.EMERGENCY
    )


def station_name(city: City, station: str | None) -> str | None:
    """What the station of a check is called; None where a check asks for no reading."""
    found = city.water.stations.get(station or "")
    return found.name if found else station


def _record_missed(connection: Connection, city: City, recording: Recording) -> list[Happened]:
    """Checks whose time ran out without an answer: recorded, and told to who leads the shift."""
    missed = (
        update(CHECKS)
        .where(CHECKS.c.state == CheckState.ASKED.value, CHECKS.c.due_at < recording.now)
        .values(state=CheckState.MISSED.value)
        .returning(CHECKS.c.day, CHECKS.c.number, CHECKS.c.code, CHECKS.c.post, CHECKS.c.asked_at, CHECKS.c.due_at,
                   CHECKS.c.assignment_id)
    )  # fmt: skip
    rows = sorted(connection.execute(missed).all(), key=lambda row: (row.day, row.number))
    if not rows:
        return []
    of_shift = {
        row.id: (row.shift_id, row.place)
        for row in connection.execute(
            select(ASSIGNMENTS.c.id, ASSIGNMENTS.c.shift_id, ASSIGNMENTS.c.place).where(
                ASSIGNMENTS.c.id.in_([row.assignment_id for row in rows])
            )
        )
    }
    shifts = shifts_by_id(connection, city, {shift for shift, _ in of_shift.values()})
    done, drafts = [], []
    for row in rows:
        shift_id, place = of_shift[row.assignment_id]
        told = reported_to(city, shifts[shift_id], "leader", row.post, recording.now)
        facts = {"day": row.day, "number": row.number, "code": row.code, "post": row.post, "told": list(told)}
        happened = Happened(MISSED, recording.now, RULE, facts)
        record_events(connection, checks_stream(row.day), [happened], recording)
        done.append(happened)
        drafts += [_report(city, row, place, post) for post in told]
    write_flood_notices(connection, drafts, recording.now)
    return done


def _report(city: City, row: Any, place: str, to: str) -> FloodNotice:
    silent = city.posts.get(row.post)
    facts = {
        "number": row.code,
        "duty_place": place_name(city, place),
        "post": silent.name if silent else row.post,
        "told_at": row.asked_at,
        "act_by": row.due_at,
    }
    key = f"spot-check-missed:{row.code}:{to}"
    return FloodNotice(NoticeKind.SPOT_CHECK_MISSED, to, f"duty:{to}", key, facts, Priority.URGENT)


def _reveal(connection: Connection, city: City, seed: bytes, seal: Seal, recording: Recording) -> list[Happened]:
    """Once the day is over and its last check was asked or skipped, everybody may have the seed."""
    if recording.now < begins(city, seal.day + _A_DAY) + ASKED_WITHIN:
        return []
    happened = Happened(REVEALED, recording.now, RULE, {"day": seal.day, "seed": seed.hex()})
    record_events(connection, checks_stream(seal.day), [happened], recording)
    return [happened]
