"""A leave that has become possible is entered into the directory, so that the next roster knows it."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from models.city import City
from models.flood_event import Happened, Recording
from models.refusal import Refusal
from models.roster_change import touched_by_leave
from models.roster_problem import NEIGHBOURHOOD
from tasks.city_edition import current_edition
from tasks.desk_records import Doing
from tasks.directory_changes import Change, How, change_directory
from tasks.flood_events import record_events
from tasks.roster_change_rows import StoredChange
from tasks.roster_reading import Place, published_of

ENTERED = frozenset({How.CHANGED, How.UNCHANGED, How.ALREADY})


def leave_text(first: date, last: date) -> str:
    """A leave as its changes name it. Example: 2021-07-20/2021-07-25."""
    return f"{first}/{last}"


def shifts_in_leave(
    connection: Connection, city: City, post: str, first: date, last: date, now: datetime
) -> list[Place]:
    """The published shifts of a post that run on a day of leave and have not begun."""
    start = datetime.combine(first, time(), city.zone) - NEIGHBOURHOOD
    end = datetime.combine(last + timedelta(days=1), time(), city.zone)
    found = published_of(connection, city, post, max(start, now), end)
    touched = touched_by_leave(city, [place.standing for place in found], first, last)
    codes = {(one.shift.code, one.place) for one in touched}
    return [place for place in found if (place.shift.code, place.place) in codes and place.shift.starts_at > now]


def enter_leave_if_ready(
    connection: Connection, city: City, change: StoredChange, by: str, recording: Recording
) -> None:
    """Once every shift of a leave is somebody else's, the leave is entered; before that nobody is away.

    What counts is who stands in the shifts: a wish that was refused, and asked anew of somebody else, is no hindrance.
    """
    if change.because_of_leave is None or change.from_post is None:
        return
    first, last = map(date.fromisoformat, change.because_of_leave.split("/"))
    if not shifts_in_leave(connection, city, change.from_post, first, last, recording.now):
        enter_leave(connection, city, change.from_post, (first, last), by, recording)


def enter_leave(
    connection: Connection, city: City, post: str, days: tuple[date, date], by: str, recording: Recording
) -> Refusal | None:
    """Write the leave into leave.csv as an edition of its own, and the event of it; or say why it cannot be."""
    first, last = days
    doing = Doing(by, recording.now, f"roster-leave-{post}-{first}-{last}-{recording.now:%Y%m%dT%H%M%S}")
    change = Change("leave.csv", (post, first.isoformat()), {"to": last.isoformat()}, current_edition(connection) or "")
    outcome = change_directory(connection, change, doing, recording.now.astimezone(city.zone).date())
    entered = outcome.how in ENTERED
    problem = "; ".join(fault.problem for fault in outcome.faults) or outcome.how.value
    facts = {"first_day": first, "last_day": last, "entered": entered} | ({} if entered else {"problem": problem})
    happened = Happened("leave_entered" if entered else "leave_not_entered", recording.now, by, facts)
    record_events(connection, f"leave:{post}", [happened], recording)
    return None if entered else Refusal("leave_not_entered", {"problem": problem})
