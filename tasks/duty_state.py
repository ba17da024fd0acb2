"""The state of the duty room 值守状态: routine, warning or response, as what happened last says."""

from sqlalchemy import Connection

from models.city import City
from models.duty_rules import DutyState
from models.flood_event import Happened, Recording
from tasks.flood_events import read_events, record_events

STREAM = "duty-state"


def set_duty_state(
    connection: Connection, city: City, state: DutyState, why: str, actor: str, recording: Recording
) -> bool:
    """Set the state from now on; False where it was so already."""
    events = read_events(connection, STREAM)
    before = events[-1].facts["state"] if events else DutyState.ROUTINE
    if before == state:
        return False
    facts = {"state": state, "why": why}
    record_events(connection, STREAM, [Happened("duty_state_set", recording.now, actor, facts)], recording)
    return True
