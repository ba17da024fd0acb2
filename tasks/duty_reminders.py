"""People are told of their shifts to come: the day before, and the week ahead; wishes nobody settled in time lapse."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from models.city import City
from models.duty_rules import DutyRules, DutyState
from models.flood_event import Recording
from models.notice import NoticeKind
from models.roster_problem import Standing
from tasks.roster_changes import lapse_changes
from tasks.roster_notices import by_post, line_of, lines_of, subject_of
from tasks.roster_reading import Place, published_places
from tasks.subject_notices import SubjectNotice, write_subject_notices

A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many messages were written, and how many wishes lapsed."""

    day_before: int
    week_ahead: int
    lapsed: int


def remind_of_duty(
    connection: Connection, city: City, now: datetime, flow_run_id: str | None = None, origin: str = "flow"
) -> Reminded:
    """Tell everybody of tomorrow's shifts and, on the day for it, of next week's; doing it again tells nobody twice.

    From the set hour on; a visit that comes late still tells the same day. A shift that became somebody's after its
    reminder is told by the change itself.
    """
    if city.duty is None:
        return Reminded(0, 0, 0)
    recording = Recording(now, origin, city.edition, flow_run_id)
    lapsed = lapse_changes(connection, city, recording)
    local = now.astimezone(city.zone)
    minute, rules = local.hour * 60 + local.minute, city.duty.reminders
    told_day = told_week = 0
    if minute >= rules.day_before_minute:
        told_day = _tell_of_tomorrow(connection, city, city.duty, local.date(), now)
    if minute >= rules.week_ahead_minute and local.weekday() == rules.week_ahead_on:
        told_week = _tell_of_week(connection, city, city.duty, local.date(), now)
    return Reminded(told_day, told_week, lapsed)


def _tell_of_tomorrow(connection: Connection, city: City, duty: DutyRules, today: date, now: datetime) -> int:
    places = _between(connection, city, today + A_DAY, today + 2 * A_DAY)
    drafts = [
        SubjectNotice(
            NoticeKind.ROSTER_DAY_BEFORE,
            place.post,
            subject_of(place.post),
            f"roster-day-before:{place.shift.code}:{place.place}:{place.post}",
            {
                "shift": line_of(duty, place.standing),
                "colleagues": _colleagues(city, duty, place, places),
                "stand_by": _stands_by(duty, place.standing),
            },
        )
        for place in places
        if place.post is not None
    ]
    return write_subject_notices(connection, drafts, now)


def _tell_of_week(connection: Connection, city: City, duty: DutyRules, today: date, now: datetime) -> int:
    standings = [one.standing for one in _between(connection, city, today + A_DAY, today + A_DAY + A_WEEK)]
    drafts = [
        SubjectNotice(
            NoticeKind.ROSTER_WEEK,
            post,
            subject_of(post),
            f"roster-week:{today}:{post}",
            {"count": len(mine), "shifts": lines_of(duty, mine)},
        )
        for post, mine in by_post(standings).items()
    ]
    return write_subject_notices(connection, drafts, now)


def _between(connection: Connection, city: City, first: date, end: date) -> list[Place]:
    start, until = (datetime.combine(day, time(), city.zone) for day in (first, end))
    return published_places(connection, city, start, until)


def _colleagues(city: City, duty: DutyRules, mine: Place, places: list[Place]) -> list[dict[str, object]]:
    return [
        {"place": line_of(duty, one.standing)["place"], "post": found.name}
        for one in places
        if one.shift.code == mine.shift.code and one.place != mine.place
        if (found := city.posts.get(one.post or "")) is not None
    ]


def _stands_by(duty: DutyRules, standing: Standing) -> bool:
    """Whether the place is filled from afar while the weather asks for nothing more."""
    place = duty.place(standing.place)
    return place is not None and DutyState.ROUTINE not in place.in_room
