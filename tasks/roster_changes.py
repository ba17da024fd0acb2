"""A published roster changes: asked, accepted by the other one, decided by who approves, or amended by them at once.

Each step is one transaction with its event in `roster:CODE` and the messages to everybody it touches.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from models.city import City
from models.duty import ChangeKind, ChangeState
from models.duty_rules import DutyRules
from models.flood_event import Happened, Recording
from models.refusal import Refusal
from models.roster_approval import approvers, publishers
from models.roster_change import Wanted, judge_change
from models.roster_problem import Standing
from tasks.flood_events import record_events
from tasks.roster_change_notices import end_asking, tell_asked, tell_decided, tell_moved
from tasks.roster_change_rows import (
    StoredChange,
    around,
    change_of_key,
    find_change,
    hold_rosters,
    open_change_of,
    open_changes,
    settle_change,
    write_change,
)
from tasks.roster_leave_entry import enter_leave_if_ready
from tasks.roster_reading import ASSIGNMENTS, Place, places_named, published_starting

SHORTEST_REASON = 2
LAPSED_BY = "rule:shift_begun"


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody asks for: their own shift to another, in a swap for one of theirs."""

    kind: ChangeKind
    given_id: int
    """The place (assignment) to give away."""
    to_post: str
    reason: str
    by: str
    key: str
    """Idempotency key of the form."""
    taken_id: int | None = None
    """In a swap: the other one's place."""
    because_of_leave: str | None = None


def ask_change(connection: Connection, city: City, ask: Ask, recording: Recording) -> StoredChange | Refusal:
    """Ask for a swap or a substitution; the other one is told and answers next. The same form again asks once."""
    found = _prepared(connection, city, ask)
    if not isinstance(found, _Prepared):
        return found
    if ask.by != found.given.post:
        return Refusal("not_your_shift", _starts(found.given) | {"holder": found.given.post})
    refusal = found.judge(city, recording.now)
    if refusal is not None:
        return refusal
    change = _write(connection, city, ask, found, ChangeState.ASKED, recording, {})
    _record(connection, change, "change_asked", ask.by, _facts(change), recording)
    tell_asked(connection, city, change, [change.to_post], "accept", recording.now)
    return change


def amend_roster(connection: Connection, city: City, ask: Ask, recording: Recording) -> StoredChange | Refusal:
    """Who may approve changes the roster at once 调班, for a reason; also how a gap is filled. Everybody is told."""
    found = _prepared(connection, city, ask)
    if not isinstance(found, _Prepared):
        return found
    allowed = approvers_of(connection, city, found.wanted)
    if ask.by not in allowed:
        return Refusal("not_a_publisher", {"post": ask.by, "allowed": list(allowed[:5])})
    refusal = found.judge(city, recording.now)
    if refusal is not None:
        return refusal
    settled = {"decided_by": ask.by, "decided_at": recording.now}
    change = _write(connection, city, ask, found, ChangeState.GRANTED, recording, settled)
    return _granted(connection, city, change, ask.by, recording)


def accept_change(
    connection: Connection, city: City, code: str, by: str, agrees: bool, recording: Recording, words: str = ""
) -> StoredChange | Refusal:
    """The one who is asked agrees, and those who approve are told; or does not, and the wish has ended."""
    change = _held(connection, city, code)
    if isinstance(change, Refusal):
        return change
    refusal = change.not_open() or _accepted_already(change)
    if refusal is not None:
        return refusal
    if by != change.to_post:
        return Refusal("change_not_yours", {"change": code, "asked": change.to_post})
    if not agrees:
        return _refused(connection, city, change, by, words, recording)
    refusal = _judged(connection, city, change, recording.now)
    if refusal is not None:
        return refusal
    settle_change(connection, code, ChangeState.ACCEPTED, accepted_at=recording.now)
    end_asking(connection, change, [by], ["accept"], by, recording.now)
    _record(connection, change, "change_accepted", by, {"change": code}, recording)
    deciders = approvers_of(connection, city, change.wanted)
    tell_asked(connection, city, change, deciders, "decide", recording.now)
    return _anew(connection, city, code)


def decide_change(
    connection: Connection, city: City, code: str, by: str, grants: bool, recording: Recording, words: str = ""
) -> StoredChange | Refusal:
    """Who approves decides; the first decision counts. Granted, the roster is changed and everybody touched is told."""
    change = _held(connection, city, code)
    if isinstance(change, Refusal):
        return change
    refusal = change.not_open()
    if refusal is not None:
        return refusal
    allowed = approvers_of(connection, city, change.wanted)
    if by not in allowed:
        return Refusal("change_not_approver", {"change": code, "allowed": list(allowed[:5])})
    if not grants:
        return _refused(connection, city, change, by, words, recording)
    if change.state is not ChangeState.ACCEPTED:
        return Refusal("change_not_accepted", {"change": code, "asked": change.to_post})
    refusal = _judged(connection, city, change, recording.now)
    if refusal is not None:
        return refusal
    settle_change(connection, code, ChangeState.GRANTED, decided_by=by, decided_at=recording.now, words=words)
    return _granted(connection, city, _anew(connection, city, code), by, recording)


def withdraw_change(
    connection: Connection, city: City, code: str, by: str, recording: Recording
) -> StoredChange | Refusal:
    """Who asked takes the wish back."""
    change = _held(connection, city, code)
    if isinstance(change, Refusal):
        return change
    refusal = change.not_open()
    if refusal is not None:
        return refusal
    if by != change.asked_by:
        return Refusal("change_not_yours", {"change": code, "asked": change.asked_by})
    return _ended(connection, city, change, ChangeState.WITHDRAWN, by, "", recording)


def lapse_changes(connection: Connection, city: City, recording: Recording) -> int:
    """End every wish whose first shift has begun before anybody decided; the people it is about are told."""
    ended = 0
    for change in open_changes(connection, city):
        if change.wanted.begins_at <= recording.now:
            held = _held(connection, city, change.code)
            if isinstance(held, StoredChange) and held.is_open:
                _ended(connection, city, held, ChangeState.LAPSED, LAPSED_BY, "", recording)
                ended += 1
    return ended


def approvers_of(connection: Connection, city: City, wanted: Wanted) -> tuple[str, ...]:
    """Who may decide about a change: leaders of its shifts and whom duty.yaml names, nobody it is about."""
    duty = _duty(city)
    starts = [one.shift.starts_at for one in (wanted.given, wanted.taken) if one is not None]
    leading = duty.leading_place.code if duty.leading_place else ""
    codes = {one.shift.code for one in (wanted.given, wanted.taken) if one is not None}
    found = published_starting(connection, city, starts)
    leaders = [one.post for one in found if one.place == leading and one.shift.code in codes and one.post]
    return approvers(city, duty, leaders, wanted.parties)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A wish with everything it is judged by."""

    given: Place
    taken: Place | None
    near: tuple[Standing, ...]
    wanted: Wanted

    def judge(self, city: City, now: datetime) -> Refusal | None:
        return judge_change(city, _duty(city), self.wanted, self.near, now)


def _prepared(connection: Connection, city: City, ask: Ask) -> _Prepared | StoredChange | Refusal:
    """The places a wish is about, held; the wish itself where this form put it already."""
    if city.duty is None:
        return Refusal("no_duty_room")
    already = change_of_key(connection, city, ask.key)
    if already is not None:
        return already
    if len(ask.reason.strip()) < SHORTEST_REASON:
        return Refusal("change_reason_missing")
    wanted_ids = [one for one in (ask.given_id, ask.taken_id) if one is not None]
    hold_rosters(connection, {place.roster for place in places_named(connection, city, wanted_ids)})
    places = {place.assignment_id: place for place in places_named(connection, city, wanted_ids)}
    if len(places) < len(set(wanted_ids)) or (ask.kind is ChangeKind.SWAP) != (ask.taken_id is not None):
        return Refusal("unknown_duty_shift", {"shift": ""})
    given = places[ask.given_id]
    taken = places[ask.taken_id] if ask.taken_id is not None else None
    if taken is not None and taken.post != ask.to_post:
        return Refusal("not_their_shift", _starts(taken) | {"holder": taken.post or "", "post": ask.to_post})
    busy = open_change_of(connection, city, wanted_ids)
    if busy is not None:
        return Refusal("change_open_already", _starts(busy.given) | {"change": busy.code})
    near = tuple(place.standing for place in around(connection, city, places.values()))
    wanted = Wanted(ask.kind, given.standing, ask.to_post, taken.standing if taken else None)
    return _Prepared(given, taken, near, wanted)


def _write(
    connection: Connection,
    city: City,
    ask: Ask,
    found: _Prepared,
    state: ChangeState,
    recording: Recording,
    settled: dict[str, Any],
) -> StoredChange:
    how = {"key": ask.key, "state": state.value, "reason": ask.reason.strip(), "asked_by": ask.by}
    how |= {"because_of_leave": ask.because_of_leave, "asked_at": recording.now} | settled
    code = write_change(connection, (ask.kind, found.given, ask.to_post, found.taken), how)
    return _anew(connection, city, code)


def _held(connection: Connection, city: City, code: str) -> StoredChange | Refusal:
    """A wish, with its rosters held so that nothing moves below it."""
    found = find_change(connection, city, code)
    if found is None or city.duty is None:
        return Refusal("unknown_change", {"change": code})
    hold_rosters(connection, found.rosters)
    return _anew(connection, city, code)


def _judged(connection: Connection, city: City, change: StoredChange, now: datetime) -> Refusal | None:
    """Whether the change still fits: the shifts are whose they were, and the rules still let it."""
    places = [place for place in (change.given, change.taken) if place]
    expected = [change.from_post, change.to_post]
    if [place.post for place in places] != expected[: len(places)]:
        return Refusal("change_moved", {"shift": change.given.shift.code})
    near = [place.standing for place in around(connection, city, places)]
    return judge_change(city, _duty(city), change.wanted, near, now)


def _granted(connection: Connection, city: City, change: StoredChange, by: str, recording: Recording) -> StoredChange:
    """Move the people, record it in each roster, tell everybody; a leave that is possible now is entered."""
    moves = [(change.given, change.from_post, change.to_post)]
    if change.taken is not None:
        moves.append((change.taken, change.to_post, change.from_post or ""))
    for place, before, after in moves:
        held = ASSIGNMENTS.c.post == before if before else ASSIGNMENTS.c.post.is_(None)
        mine = update(ASSIGNMENTS).where(ASSIGNMENTS.c.id == place.assignment_id, held)
        # Who came early and then gave the shift away is not there; whoever takes it signs in themselves.
        if connection.execute(mine.values(post=after, signed_in_at=None, signed_in_by=None)).rowcount != 1:
            raise RuntimeError(f"{change.code}: place {place.assignment_id} moved while its roster was held")
    _record(connection, change, "change_granted", by, _facts(change) | {"words": change.words}, recording)
    _nobody_asked(connection, city, change, by, recording.now)
    settled = _anew(connection, city, change.code)
    tell_decided(connection, city, settled, recording.now)
    tell_moved(connection, city, settled, _mates(connection, city, settled), recording.now)
    enter_leave_if_ready(connection, city, settled, by, recording)
    return settled


def _refused(
    connection: Connection, city: City, change: StoredChange, by: str, words: str, recording: Recording
) -> StoredChange:
    return _ended(connection, city, change, ChangeState.REFUSED, by, words, recording)


def _ended(
    connection: Connection,
    city: City,
    change: StoredChange,
    state: ChangeState,
    by: str,
    words: str,
    recording: Recording,
) -> StoredChange:
    """A wish ends without a change of the roster; the people it is about are told."""
    settle_change(connection, change.code, state, decided_by=by, decided_at=recording.now, words=words)
    _record(connection, change, f"change_{state.value}", by, {"change": change.code, "words": words}, recording)
    _nobody_asked(connection, city, change, by, recording.now)
    settled = _anew(connection, city, change.code)
    tell_decided(connection, city, settled, recording.now)
    return settled


def _nobody_asked(connection: Connection, city: City, change: StoredChange, by: str, now: datetime) -> None:
    """It is settled: neither the other one nor anybody who approves is waited for."""
    asked = {change.to_post, *approvers_of(connection, city, change.wanted), *publishers(city, _duty(city))}
    end_asking(connection, change, sorted(asked), ["accept", "decide"], by, now)


def _mates(connection: Connection, city: City, change: StoredChange) -> list[Place]:
    """Who else stands in the shifts it is about."""
    starts = [place.shift.starts_at for place in (change.given, change.taken) if place]
    about = {place.assignment_id for place in (change.given, change.taken) if place}
    return [one for one in published_starting(connection, city, starts) if one.assignment_id not in about]


def _anew(connection: Connection, city: City, code: str) -> StoredChange:
    found = find_change(connection, city, code)
    if found is None:
        raise LookupError(code)
    return found


def _accepted_already(change: StoredChange) -> Refusal | None:
    if change.state is not ChangeState.ACCEPTED:
        return None
    facts = {"change": change.code, "state": change.state.value}
    return Refusal("change_not_open", facts | {"by": change.to_post, "at": change.asked_at})


def _facts(change: StoredChange) -> dict[str, Any]:
    facts = {
        "change": change.code,
        "kind": change.kind.value,
        "shift": change.given.shift.code,
        "place": change.given.place,
        "from": change.from_post,
        "to": change.to_post,
        "reason": change.reason,
        "leave": change.because_of_leave,
    }
    if change.taken is not None:
        facts |= {"other_shift": change.taken.shift.code, "other_place": change.taken.place}
    return {name: value for name, value in facts.items() if value is not None}


def _starts(place: Place) -> dict[str, Any]:
    return {"starts_at": place.shift.starts_at}


def _record(
    connection: Connection, change: StoredChange, kind: str, by: str, facts: dict[str, Any], recording: Recording
) -> None:
    for roster in change.rosters:
        record_events(connection, f"roster:{roster}", [Happened(kind, recording.now, by, facts)], recording)


def _duty(city: City) -> DutyRules:
    if city.duty is None:
        raise LookupError("duty.yaml")
    return city.duty
