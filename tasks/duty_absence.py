"""Silence after the start of a shift climbs: again on the next channel, the backup, the leader; then it is vacant.

One visit takes every step that is due of every place, in one transaction; a second one at the same moment finds none.
After an outage a ladder goes on from where it stood.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from models.city import City
from models.directory.duty_yaml import AGAIN, BACKUP
from models.duty_ladder import VACANT, LadderStep, climbed, sign_in_steps
from models.duty_rules import DutyRules, DutyState
from models.flood_event import Happened, Recording
from models.notice import Attempt, Notice, NoticeKind, Priority
from models.tables import table_of
from tasks.database import claim
from tasks.duty_people import above, backup_for, leader_of, reported_to
from tasks.duty_shift import sign_in_notice
from tasks.duty_shifts import ASSIGNMENTS, Shift, Stand, shifts_by_id
from tasks.duty_sign_in import BACKUP_CALLED
from tasks.duty_state import current_duty_state, place_name
from tasks.flood_events import record_events
from tasks.subject_notices import SubjectNotice, write_subject_notices

NOTICES, ATTEMPTS = table_of(Notice), table_of(Attempt)

RULE = "rule:duty_watch"

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Climb:
    """One place nobody signed in for, with the steps that are due."""

    shift: Shift
    stand: Stand
    steps: tuple[LadderStep, ...]
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Watch:
    """What one visit goes by."""

    connection: Connection
    city: City
    rules: DutyRules
    state: DutyState
    recording: Recording

    @property
    def now(self) -> datetime:
        return self.recording.now


def climb_absences(connection: Connection, city: City, recording: Recording) -> list[Happened]:
    """Take every step that is due for places nobody signed in for, and give back what happened."""
    if city.duty is None:
        return []
    due = (
        select(ASSIGNMENTS.c.id, ASSIGNMENTS.c.shift_id, ASSIGNMENTS.c.climbs_at)
        .where(ASSIGNMENTS.c.climbs_at <= recording.now, ASSIGNMENTS.c.signed_in_at.is_(None))
        .order_by(ASSIGNMENTS.c.climbs_at)
        .limit(MOST_AT_ONCE)
    )
    rows = connection.execute(claim(due, connection)).all()
    if not rows:
        return []
    state = current_duty_state(connection, city, recording.now)
    watch = _Watch(connection, city, city.duty, state, recording)
    shifts = shifts_by_id(connection, city, {row.shift_id for row in rows})
    mine = {row.id: row.climbs_at for row in rows}
    climbs = [
        _climb_of(city.duty, shift, stand, mine[stand.id], recording.now)
        for shift in shifts.values()
        for stand in shift.stands
        if stand.id in mine
    ]
    return _take(watch, climbs)


def _climb_of(rules: DutyRules, shift: Shift, stand: Stand, climbs_at: datetime, now: datetime) -> _Climb:
    due_at = stand.sign_in_due_at or shift.starts_at + rules.sign_in_within
    found = climbed(sign_in_steps(rules, due_at), stand.rung, climbs_at, now)
    return _Climb(shift, stand, found.steps, found.next_at)


def _take(watch: _Watch, climbs: Sequence[_Climb]) -> list[Happened]:
    channels = _next_channels(watch, climbs)
    drafts: list[SubjectNotice] = []
    by_shift: dict[str, list[Happened]] = {}
    for one in climbs:
        for step in one.steps:
            happened, told = _step(watch, one, step, channels)
            by_shift.setdefault(one.shift.stream, []).append(happened)
            drafts += told
    _move(watch, climbs)
    for stream, happened_there in by_shift.items():
        record_events(watch.connection, stream, happened_there, watch.recording)
    write_subject_notices(watch.connection, drafts, watch.now)
    return [one for several in by_shift.values() for one in several]


def _move(watch: _Watch, climbs: Sequence[_Climb]) -> None:
    """Each place to the step it has come to, in one statement for all."""
    rows = [
        {
            "of": one.stand.id,
            "taken": one.stand.rung + len(one.steps),
            "next": one.next_at,
            "vacant": watch.now if any(step.to == VACANT for step in one.steps) else one.stand.vacant_at,
        }
        for one in climbs
    ]
    if rows:
        moved = update(ASSIGNMENTS).where(ASSIGNMENTS.c.id == bindparam("of"))
        values: dict[str, Any] = {
            "rung": bindparam("taken"),
            "climbs_at": bindparam("next"),
            "vacant_at": bindparam("vacant"),
        }
        watch.connection.execute(moved.values(values), rows)


def _step(
    watch: _Watch, one: _Climb, step: LadderStep, channels: dict[str, str]
) -> tuple[Happened, list[SubjectNotice]]:
    """What one step records and whom it tells."""
    stand, facts = one.stand, {"place": one.stand.place, "silent": one.stand.post, "step": step.number}
    if step.to == VACANT:
        told = _who_hears_of_vacancy(watch, one)
        drafts = [_report(watch, one, step, NoticeKind.DUTY_VACANT, post) for post in told]
        return Happened("recorded_vacant", watch.now, RULE, {**facts, "told": list(told)}), drafts
    if step.to == AGAIN:
        place = watch.rules.place(stand.place)
        in_room = place is None or watch.state in place.in_room
        again = [
            replace(
                sign_in_notice(watch.city, one.shift, stand, _due(one), in_room, again=True, step=step.number + 1),
                channel=channels.get(stand.post),
            )
        ] if stand.post else []  # fmt: skip
        return Happened(
            "sign_in_asked_again", watch.now, RULE, {**facts, "told": [draft.recipient for draft in again]}
        ), again
    if step.to == BACKUP:
        backup = backup_for(watch.connection, watch.city, one.shift, stand, watch.now)
        drafts = [_report(watch, one, step, NoticeKind.DUTY_SILENT, backup)] if backup else []
        kind = BACKUP_CALLED if backup else "no_backup_free"
        return Happened(kind, watch.now, RULE, {**facts, "post": backup}), drafts
    told = reported_to(watch.city, one.shift, step.to, stand.post, watch.now)
    drafts = [_report(watch, one, step, NoticeKind.DUTY_SILENT, post) for post in told]
    return Happened("absence_reported", watch.now, RULE, {**facts, "to": step.to, "told": list(told)}), drafts


def _who_hears_of_vacancy(watch: _Watch, one: _Climb) -> tuple[str, ...]:
    """Who leads the shift and who stands above: an empty place is nobody's secret."""
    leader = leader_of(watch.city, one.shift)
    mine = (leader,) if leader and leader != one.stand.post else ()
    return tuple(dict.fromkeys((*mine, *above(watch.city, leader or one.stand.post, watch.now))))


def _due(one: _Climb) -> datetime:
    return one.stand.sign_in_due_at or one.shift.starts_at


def _report(watch: _Watch, one: _Climb, step: LadderStep, kind: NoticeKind, to: str) -> SubjectNotice:
    silent = watch.city.posts.get(one.stand.post or "")
    facts: dict[str, Any] = {
        "duty_place": place_name(watch.city, one.stand.place),
        "post": silent.name if silent else one.stand.post,
        "climbs_to": step.to,
        "shift_starts_at": one.shift.starts_at,
        "shift_ends_at": one.shift.ends_at,
        "act_by": _due(one),
        "told_at": watch.now,
    }
    key = f"{kind}:{one.shift.code}:{one.stand.place}:{step.number}:{to}"
    return SubjectNotice(kind, to, f"duty:{to}", key, facts, Priority.URGENT)


def _next_channels(watch: _Watch, climbs: Sequence[_Climb]) -> dict[str, str]:
    """For whoever is asked again: another channel of theirs than the one on which the first message came."""
    asked = [one for one in climbs if one.stand.post and any(step.to == AGAIN for step in one.steps)]
    keys = {f"duty-sign-in:{one.shift.code}:{one.stand.place}:0:{one.stand.post}": one.stand.post for one in asked}
    if not keys:
        return {}
    rows = watch.connection.execute(
        select(NOTICES.c.dedupe_key, ATTEMPTS.c.channel)
        .join(ATTEMPTS, ATTEMPTS.c.notice_id == NOTICES.c.id)
        .where(NOTICES.c.dedupe_key.in_(keys), ATTEMPTS.c.ok)
        .order_by(ATTEMPTS.c.id)
    )
    came = {keys[row.dedupe_key]: row.channel for row in rows}
    found: dict[str, str] = {}
    for post in keys.values():
        others = [point.channel for point in watch.city.contacts_of(post or "") if point.channel != came.get(post)]
        if post and post in came and others:
            found[post] = others[0]
    return found
