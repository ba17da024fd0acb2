"""Spot checks 查岗 day by day: the seed is sealed the day before, checks are asked by it, and then it is revealed."""

from collections.abc import Sequence, Set
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

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
)
from models.tables import table_of
from tasks.duty_people import reported_to
from tasks.duty_shifts import ASSIGNMENTS, Shift, shift_coded, shifts_between, shifts_by_id
from tasks.duty_state import place_name
from tasks.flood_events import record_events
from tasks.spot_check_days import (
    ASKED,
    LOST,
    MISSED,
    REVEALED,
    SEALED,
    SKIPPED,
    DayEvents,
    Seal,
    begins,
    checks_stream,
    looked_at_since,
    watched_days,
)
from tasks.subject_notices import SubjectNotice, write_subject_notices

CHECKS = table_of(SpotCheck)

RULE = "rule:spot_checks"

ASKED_WITHIN = timedelta(minutes=5)
"""A check that could not be asked so soon after its time is not asked at all: a later time would not be the seed's."""

SEEN_WITHIN = timedelta(minutes=2)
"""The watch looks every minute: where it saw so long after its time that a check ran out, it was away meanwhile."""

HOURLY = timedelta(hours=1)
"""Outside of the season it looks only so often."""

_A_DAY = timedelta(days=1)


def watch_spot_checks(connection: Connection, city: City, key: bytes, recording: Recording) -> list[Happened]:
    """Seal, ask, record what was missed, reveal: whatever is due at this moment; a second visit finds none of it."""
    if city.duty is None:
        return []
    today = recording.now.astimezone(city.zone).date()
    done = _record_run_out(connection, city, recording)
    since = looked_at_since(connection, today)
    days = watched_days(connection, today, since)
    shifts = shifts_between(connection, city, begins(city, today), begins(city, today + 2 * _A_DAY))
    sealed: list[Happened] = []
    for day in (today, today + _A_DAY):
        sealed += _seal(connection, city, key, _day_shifts(city, shifts, day), days, day, recording)
    if sealed:
        days = watched_days(connection, today, since)
    done += sealed
    for day in days.unrevealed(today):
        seal, seed = days.seal(city, day), day_seed(key, city.code, day)
        # Under another key than the one that sealed it nothing is asked or revealed; the proof names the day.
        if seal is not None and seed_digest(seed) == seal.digest:
            settled = {facts["number"] for _, facts in days.of(day, ASKED, SKIPPED)}
            done += _ask(connection, city, seed, seal, settled, recording)
            done += _reveal(connection, city, seed, seal, recording)
    return done


def ran_out_unseen(city: City, due_at: datetime, seen_at: datetime) -> bool:
    """Whether the watch was away when a check ran out: then nobody can say that it could have been answered."""
    in_season = city.duty is not None and city.duty.season.covers(due_at.astimezone(city.zone).date())
    return seen_at - due_at > (SEEN_WITHIN if in_season else SEEN_WITHIN + HOURLY)


def planned_of(seed: bytes, seal: Seal, city: City) -> tuple[PlannedCheck, ...]:
    """The checks of a sealed day by its seed."""
    return planned_checks(seed, seal.day, seal.rule, seal.shifts, city.zone)


def _seal(
    connection: Connection,
    city: City,
    key: bytes,
    shifts: Sequence[DayShift],
    days: DayEvents,
    day: date,
    recording: Recording,
) -> list[Happened]:
    """Seal a day's seed with rule and shifts; again where the roster of a day that has not begun has changed."""
    if not shifts or city.duty is None:
        return []
    facts = {"day": day, "sha256": seed_digest(day_seed(key, city.code, day))}
    facts |= sealed_facts(city.duty.spot_checks, shifts)
    before = days.seal(city, day)
    begun = recording.now >= begins(city, day)
    if before is not None and (begun or canonical(facts) == canonical(before.facts)):
        return []
    happened = Happened(SEALED, recording.now, RULE, facts)
    record_events(connection, checks_stream(day), [happened], recording)
    return [happened]


def _day_shifts(city: City, shifts: Sequence[Shift], day: date) -> tuple[DayShift, ...]:
    first, last = begins(city, day), begins(city, day + _A_DAY)
    return tuple(
        DayShift(one.code, one.starts_at, one.ends_at, one.holiday, tuple(stand.place for stand in one.stands))
        for one in shifts
        if one.starts_at < last and one.ends_at > first
    )


def _ask(
    connection: Connection, city: City, seed: bytes, seal: Seal, settled: Set[int], recording: Recording
) -> list[Happened]:
    """Ask every check whose time has come, or record why it is not asked."""
    due = [one for one in planned_of(seed, seal, city) if one.at <= recording.now and one.number not in settled]
    happened: list[Happened] = []
    drafts: list[SubjectNotice] = []
    for check in due:
        asked = _asked(connection, city, seal, check, recording)
        happened.append(asked)
        if asked.kind == ASKED:
            drafts.append(_question(city, asked))
    record_events(connection, checks_stream(seal.day), happened, recording)
    write_subject_notices(connection, drafts, recording.now)
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


def _question(city: City, asked: Happened) -> SubjectNotice:
    facts, post = asked.facts, str(asked.facts["post"])
    said = {"number": facts["code"], "act_by": facts["due_at"], "station": station_name(city, facts["station"])}
    return SubjectNotice(
        NoticeKind.SPOT_CHECK, post, f"duty:{post}", f"spot-check:{facts['code']}", said, Priority.EMERGENCY
    )


def station_name(city: City, station: str | None) -> str | None:
    """What the station of a check is called; None where a check asks for no reading."""
    found = city.water.stations.get(station or "")
    return found.name if found else station


def _record_run_out(connection: Connection, city: City, recording: Recording) -> list[Happened]:
    """Checks whose time ran out without an answer: recorded, and told to who leads the shift.

    Where the watch was away meanwhile it is recorded as lost, held against nobody and told to nobody.
    """
    gone = and_(CHECKS.c.state == CheckState.ASKED.value, CHECKS.c.due_at < recording.now)
    rows = connection.execute(select(CHECKS.c.code, CHECKS.c.due_at).where(gone)).all()
    if not rows:
        return []
    lost = [row.code for row in rows if ran_out_unseen(city, row.due_at, recording.now)]
    return _record_lost(connection, lost, recording) + _record_missed(connection, city, gone, recording)


def _record_lost(connection: Connection, codes: Sequence[str], recording: Recording) -> list[Happened]:
    mine = update(CHECKS).where(CHECKS.c.code.in_(codes), CHECKS.c.state == CheckState.ASKED.value)
    lost = mine.values(state=CheckState.LOST.value).returning(
        CHECKS.c.day, CHECKS.c.number, CHECKS.c.code, CHECKS.c.post, CHECKS.c.due_at
    )
    done = []
    for row in sorted(connection.execute(lost).all(), key=lambda row: (row.day, row.number)) if codes else []:
        facts = {"day": row.day, "number": row.number, "code": row.code, "post": row.post, "due_at": row.due_at}
        done.append(Happened(LOST, recording.now, RULE, facts))
        record_events(connection, checks_stream(row.day), done[-1:], recording)
    return done


def _record_missed(
    connection: Connection, city: City, gone: ColumnElement[bool], recording: Recording
) -> list[Happened]:
    missed = (
        update(CHECKS)
        .where(gone)
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
    write_subject_notices(connection, drafts, recording.now)
    return done


def _report(city: City, row: Any, place: str, to: str) -> SubjectNotice:
    silent = city.posts.get(row.post)
    facts = {
        "number": row.code,
        "duty_place": place_name(city, place),
        "post": silent.name if silent else row.post,
        "told_at": row.asked_at,
        "act_by": row.due_at,
    }
    key = f"spot-check-missed:{row.code}:{to}"
    return SubjectNotice(NoticeKind.SPOT_CHECK_MISSED, to, f"duty:{to}", key, facts, Priority.URGENT)


def _reveal(connection: Connection, city: City, seed: bytes, seal: Seal, recording: Recording) -> list[Happened]:
    """Once the day is over and its last check was asked or skipped, everybody may have the seed."""
    if recording.now < begins(city, seal.day + _A_DAY) + ASKED_WITHIN:
        return []
    happened = Happened(REVEALED, recording.now, RULE, {"day": seal.day, "seed": seed.hex()})
    record_events(connection, checks_stream(seal.day), [happened], recording)
    return [happened]
