"""The state of the duty room 值守状态: routine, warning or response. It decides who must be in the room."""

import json
from datetime import datetime

from sqlalchemy import Connection, select

from models.city import City
from models.duty_rules import DutyState
from models.flood_event import Happened, Recording
from models.notice import NoticeKind, Priority
from tasks.duty_shifts import Shift, shift_on
from tasks.flood_events import EVENTS, record_events
from tasks.subject_notices import SubjectNotice, write_subject_notices

STREAM, KIND = "duty-state", "duty_state_set"


def current_duty_state(connection: Connection, city: City, now: datetime) -> DutyState:
    """The state of a city's duty room at a moment: as it was set last before, routine where nobody ever set one."""
    newest = (
        select(EVENTS.c.facts)
        .where(EVENTS.c.stream == STREAM, EVENTS.c.kind == KIND, EVENTS.c.at <= now)
        .order_by(EVENTS.c.seq.desc())
        .limit(1)
    )
    facts = connection.scalar(newest)
    return DutyState(json.loads(facts)["state"]) if facts else DutyState.ROUTINE


def set_duty_state(
    connection: Connection, city: City, state: DutyState, why: str, actor: str, recording: Recording
) -> bool:
    """Set the state of the duty room and call in who must be there now; True where it changed.

    Told is whoever stands in a place of the present shift that the new state wants in the room and the old one did
    not. Setting the state that holds already records nothing.
    """
    before = current_duty_state(connection, city, recording.now)
    if before is state:
        return False
    facts = {"state": state.value, "before": before.value, "why": why}
    (event,) = record_events(connection, STREAM, [Happened(KIND, recording.now, actor, facts)], recording)
    shift = shift_on(connection, city, recording.now)
    if shift is not None:
        calls = _calls(city, shift, before, state)
        drafts = [_call_up(city, shift, post, place, state, why, event["seq"]) for post, place in calls]
        write_subject_notices(connection, drafts, recording.now)
    return True


def _calls(city: City, shift: Shift, before: DutyState, state: DutyState) -> list[tuple[str, str]]:
    """Who of a shift stood by and must come in now, with their places."""
    rules = city.duty
    found = []
    for stand in shift.stands:
        place = rules.place(stand.place) if rules else None
        if place and stand.stands and state in place.in_room and before not in place.in_room:
            found.append((stand.stands, stand.place))
    return found


def _call_up(city: City, shift: Shift, post: str, place: str, state: DutyState, why: str, seq: int) -> SubjectNotice:
    return SubjectNotice(
        NoticeKind.DUTY_CALL_UP,
        post,
        f"duty:{post}",
        f"duty-call-up:{seq}:{place}:{post}",
        {
            "duty_state": state.value,
            "reason": why,
            "duty_place": place_name(city, place),
            "shift_ends_at": shift.ends_at,
        },
        Priority.URGENT,
        requires_ack=True,
    )


def place_name(city: City, code: str) -> str:
    """What a place of the duty room is called."""
    place = city.duty.place(code) if city.duty else None
    return place.name if place else code
