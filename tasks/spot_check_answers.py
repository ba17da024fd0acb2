"""Answering a spot check at the desk: who was asked says how things stand, with the present reading of a station."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, Row, select, update

from models.city import City
from models.duty import CheckState, SpotCheck
from models.flood_event import Happened
from models.refusal import Refusal
from models.spot_checks import reading_fits
from models.tables import table_of
from tasks.duty_readings import LastReadings, no_readings
from tasks.duty_shifts import ASSIGNMENTS, SHIFTS, Acting
from tasks.flood_events import record_events
from tasks.spot_check_days import checks_stream
from tasks.spot_checks import ran_out_unseen

CHECKS = table_of(SpotCheck)

LONGEST_ANSWER = 200

FRESH = timedelta(hours=2)
"""An older reading says nothing of the present one."""

ANSWERED = "spot_check_answered"


@dataclass(frozen=True, slots=True)
class Check:
    """A spot check as it stands."""

    code: str
    day: date
    number: int
    state: CheckState
    post: str
    place: str
    station: str | None
    asked_at: datetime
    due_at: datetime
    shift_ends_at: datetime
    answered_at: datetime | None
    answered_by: str | None
    answer: str
    reading_fits: bool | None


def answer_spot_check(
    connection: Connection, acting: Acting, code: str, answer: str, last_readings: LastReadings = no_readings
) -> Check | Refusal:
    """Answer a check; after its time it counts as late, after the shift no more at all.

    One that ran out while the watch was away stays lost, whatever is answered then.

    Refused: duty_no_check, duty_check_not_yours, duty_check_answered (with who and when), duty_shift_over,
    duty_check_empty, duty_check_no_number.
    """
    check = check_coded(connection, code)
    refusal = _not_to_answer(check, acting)
    if check is None or refusal is not None:
        return refusal or Refusal("duty_no_check")
    said = answer.replace("\0", "").strip()[:LONGEST_ANSWER]
    value = _reading_of(said) if check.station else None
    if not said or (check.station and value is None):
        return Refusal("duty_check_no_number" if said else "duty_check_empty", {"value": said})
    fits = _fits(connection, acting.city, check, value, last_readings)
    state = _state_of(check, acting)
    mine = (
        update(CHECKS)
        .where(CHECKS.c.code == code, CHECKS.c.answered_at.is_(None))
        .values(state=state.value, answered_at=acting.now, answered_by=acting.post, answer=said, reading_fits=fits)
        .returning(CHECKS.c.id)
    )
    if connection.execute(mine).first() is None:
        now = check_coded(connection, code)
        return Refusal("duty_check_answered", {"post": now.answered_by, "at": now.answered_at} if now else {})
    facts = {"day": check.day, "number": check.number, "code": code, "state": state.value, "answer": said, "fits": fits}
    happened = Happened(ANSWERED, acting.now, acting.post, facts)
    record_events(connection, checks_stream(check.day), [happened], acting.recording)
    return check_coded(connection, code) or check


def _state_of(check: Check, acting: Acting) -> CheckState:
    if acting.now <= check.due_at:
        return CheckState.ANSWERED
    # Not recorded by now, though it ran out a while ago: the watch is away.
    unseen = check.state is CheckState.ASKED and ran_out_unseen(acting.city, check.due_at, acting.now)
    return CheckState.LOST if unseen or check.state is CheckState.LOST else CheckState.LATE


def check_coded(connection: Connection, code: str) -> Check | None:
    """The check with this code."""
    row = connection.execute(_checks().where(CHECKS.c.code == code)).first()
    return _check(row) if row is not None else None


def checks_of(connection: Connection, post: str, now: datetime) -> list[Check]:
    """Checks a post was asked, has not answered, and may still answer, the newest first."""
    mine = (CHECKS.c.post == post) & (CHECKS.c.state != CheckState.LOST.value)
    open_ones = CHECKS.c.answered_at.is_(None) & mine & (SHIFTS.c.ends_at > now)
    return [_check(row) for row in connection.execute(_checks().where(open_ones).order_by(CHECKS.c.asked_at.desc()))]


def _checks() -> Any:
    joined = CHECKS.join(ASSIGNMENTS, ASSIGNMENTS.c.id == CHECKS.c.assignment_id).join(
        SHIFTS, SHIFTS.c.id == ASSIGNMENTS.c.shift_id
    )
    return select(CHECKS, ASSIGNMENTS.c.place, SHIFTS.c.ends_at.label("shift_ends_at")).select_from(joined)


def _check(row: Row[Any]) -> Check:
    return Check(
        row.code,
        row.day,
        row.number,
        CheckState(row.state),
        row.post,
        row.place,
        row.station,
        row.asked_at,
        row.due_at,
        row.shift_ends_at,
        row.answered_at,
        row.answered_by,
        row.answer,
        row.reading_fits,
    )


def _not_to_answer(check: Check | None, acting: Acting) -> Refusal | None:
    if check is None:
        return Refusal("duty_no_check")
    if check.post != acting.post:
        return Refusal("duty_check_not_yours", {"post": check.post})
    if check.answered_at is not None:
        return Refusal("duty_check_answered", {"post": check.answered_by, "at": check.answered_at})
    if acting.now >= check.shift_ends_at:
        return Refusal("duty_shift_over", {"ended_at": check.shift_ends_at})
    return None


def _reading_of(said: str) -> Decimal | None:
    """A number as people type it, with either width of digits and point. Example: "９３．２１" is 93.21."""
    try:
        value = Decimal(said.replace("．", ".").replace("，", "").replace(",", ""))
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) < 1_000_000 else None


def _fits(
    connection: Connection, city: City, check: Check, value: Decimal | None, last_readings: LastReadings
) -> bool | None:
    """Whether it agrees with the stored reading of the station; None where there is none to compare."""
    if value is None or city.duty is None:
        return None
    stored = (one for one in last_readings(connection, city) if one["station"] == check.station)
    fresh = next((one for one in stored if check.asked_at - one["at"] <= FRESH), None)
    return reading_fits(value, Decimal(fresh["value"]), city.duty.spot_checks) if fresh is not None else None
