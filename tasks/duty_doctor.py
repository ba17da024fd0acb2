"""What disagrees among season, roster and schedules of the duty room, each finding with what it needs to be mended."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from models.city import City
from models.cron_hours import CronUnreadable, every_minute, fires_at, months_of
from models.duty_rules import DutyRules
from models.duty_shifts import PlannedShift
from models.duty_shifts import shifts_between as planned_between
from models.stand_in import away
from models.sweeps import Process
from tasks.duty_contacts import untested_contacts
from tasks.duty_shift import next_handover
from tasks.duty_shifts import Shift, shifts_between
from tasks.handovers import HANDOVERS, handovers_where
from tasks.sweeps import last_sweeps

AHEAD = timedelta(days=14)
"""How far the roster must be published."""

CALENDAR_AHEAD = timedelta(days=60)
"""Official holidays of a year are published in the November before: so long before the end they should be there."""

LATE_AFTER = timedelta(minutes=5)
"""A shift or a watch that is so late says that the engine is away."""

MOST_NAMED = 10

SHIFT, WATCH = "duty-shift", "duty-watch"


@dataclass(frozen=True, slots=True)
class Schedules:
    """The cron schedules of the deployments that matter, and where they were read: the server, or prefect.yaml."""

    crons: Mapping[str, Sequence[str]]
    where: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or (a note) one to know. Its sentence and remedy are words of `doctor.yaml`."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    wrong: bool = True


def duty_findings(connection: Connection, city: City, schedules: Schedules, now: datetime) -> list[Finding]:
    """Everything that disagrees in the duty room of a city at a moment."""
    if city.duty is None:
        return [Finding("no_duty_room", wrong=False)]
    today = now.astimezone(city.zone).date()
    return [
        *_watch_of_season(city.duty, schedules, today),
        *_handover_minutes(city, city.duty, schedules, today),
        *_roster(connection, city, city.duty, now),
        *_calendar(city, city.duty, today),
        *_contacts(connection, city, city.duty, today),
        *_engine(connection, city, city.duty, now),
    ]


def _watch_of_season(rules: DutyRules, schedules: Schedules, today: date) -> Iterable[Finding]:
    """Every month of the season has a watch in every minute."""
    first, last = rules.season.of_year(today.year)
    watched: set[int] = set()
    for cron in schedules.crons.get(WATCH, ()):
        try:
            watched |= months_of(cron) if every_minute(cron) else set()
        except CronUnreadable:
            yield Finding("cron_unreadable", {"deployment": WATCH, "cron": cron, "where": schedules.where})
    missing = [month for month in range(first.month, last.month + 1) if month not in watched]
    if missing:
        facts = {"first": first, "last": last, "months": missing, "where": schedules.where}
        yield Finding("season_outside_schedule", facts)


def _handover_minutes(city: City, rules: DutyRules, schedules: Schedules, today: date) -> Iterable[Finding]:
    """Whenever the pattern has a handover, duty-shift looks."""
    handovers = {moment for shift in _expected(city, rules, today) for moment in (shift.starts_at, shift.ends_at)}
    crons = schedules.crons.get(SHIFT, ())
    try:
        unseen = sorted(
            {f"{at:%H:%M}" for at in handovers if not any(fires_at(cron, at.astimezone(city.zone)) for cron in crons)}
        )
    except CronUnreadable as error:
        yield Finding("cron_unreadable", {"deployment": SHIFT, "cron": str(error), "where": schedules.where})
        return
    if unseen:
        facts = {"times": unseen, "crons": list(crons), "where": schedules.where}
        yield Finding("handover_not_scheduled", facts)


def _expected(city: City, rules: DutyRules, today: date) -> tuple[PlannedShift, ...]:
    """The pattern's shifts of the season's days in the next two weeks; of its first days where it is yet to come."""
    first, last = rules.season.of_year(today.year)
    begin = min(max(first, today), last)
    return planned_between(rules, city.calendar, begin, min(last, begin + AHEAD))


def _roster(connection: Connection, city: City, rules: DutyRules, now: datetime) -> Iterable[Finding]:
    """The published roster of the next two weeks is what season and pattern ask for, and everybody in it can come."""
    today = now.astimezone(city.zone).date()
    published = shifts_between(connection, city, now, now + AHEAD)
    first, last = rules.season.of_year(today.year)
    wanted = {
        one.starts_at: one
        for one in planned_between(rules, city.calendar, max(today, first), min(last, (now + AHEAD).date()))
        if now <= one.starts_at < now + AHEAD
    } if max(today, first) <= min(last, (now + AHEAD).date()) else {}  # fmt: skip
    there = {shift.starts_at for shift in published}
    if missing := sorted(one.code for start, one in wanted.items() if start not in there):
        yield Finding("shifts_missing", _named(missing))
    ahead = [shift for shift in published if shift.starts_at >= now]
    if off := [shift.code for shift in ahead if shift.starts_at not in wanted]:
        yield Finding("shifts_off_pattern", _named(off))
    yield from _people(city, ahead)


def _people(city: City, shifts: Sequence[Shift]) -> Iterable[Finding]:
    gaps, absent = [], []
    for shift in shifts:
        day = shift.starts_at.astimezone(city.zone).date()
        gaps += [f"{shift.code} {stand.place}" for stand in shift.stands if stand.post is None]
        absent += [
            f"{shift.code} {stand.place} {stand.post}"
            for stand in shift.stands
            if stand.post and (stand.post not in city.posts or away(city, stand.post, day))
        ]
    if gaps:
        yield Finding("roster_gaps", _named(gaps))
    if absent:
        yield Finding("roster_absent", _named(absent))


def _calendar(city: City, rules: DutyRules, today: date) -> Iterable[Finding]:
    """The official calendar covers the season that runs or comes within two months."""
    first, last = rules.season.of_year(today.year)
    ends = city.calendar.last_official_date
    if ends < last and today <= last and first - CALENDAR_AHEAD <= today:
        yield Finding("calendar_ends", {"ends": ends, "last": last})


def _contacts(connection: Connection, city: City, rules: DutyRules, today: date) -> Iterable[Finding]:
    """Contact points are tested by their day; before that they are only named."""
    untested = untested_contacts(connection, city, today)
    by, (_, last) = date(today.year, *rules.contacts_tested_by), rules.season.of_year(today.year)
    if untested and today <= last:
        posts = list(dict.fromkeys(one.post for one in untested))
        yield Finding("contacts_untested", {**_named(posts), "by": by}, wrong=today > by)


def _engine(connection: Connection, city: City, rules: DutyRules, now: datetime) -> Iterable[Finding]:
    """What should have happened by now and has not."""
    at = next_handover(connection, now - LATE_AFTER)
    if at is not None:
        yield Finding("handover_overdue", {"at": at})
    swept = last_sweeps(connection).get(Process.DUTY)
    in_season = rules.season.covers(now.astimezone(city.zone).date())
    if in_season and (swept is None or now - swept > LATE_AFTER):
        yield Finding("watch_away", {"at": swept})
    still_open = handovers_where(connection, city, HANDOVERS.c.accepted_at.is_(None), MOST_NAMED)
    late = [one.outgoing.code for one in still_open if not one.done and now > one.due_at(city)]
    if late:
        yield Finding("handovers_open", _named(late), wrong=False)


def _named(found: Sequence[str]) -> dict[str, Any]:
    return {"count": len(found), "names": list(found[:MOST_NAMED])}
