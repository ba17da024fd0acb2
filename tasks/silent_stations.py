"""Stations that say nothing: told once, when their time is over, and not again until they have spoken."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from models.city import City
from models.flood_event import Happened, Recording
from models.notice import NoticeKind, Priority
from tasks.duty_leaders import posts_on_duty
from tasks.flood_events import record_events
from tasks.subject_notices import SubjectNotice, write_subject_notices
from tasks.water_series import SERIES, Series, all_series, alone_with_water, write_series

STREAM = "stations"
"""The stream of events in which stations fall silent."""

MOST_NAMED = 20
"""Stations one message names; whoever wants all of them opens its link."""


def tell_silent(connection: Connection, city: City, recording: Recording) -> list[Series]:
    """Tell the people on duty of every series that has just fallen silent, in one message, and give them back.

    A source that is down silences all its stations at once: that is one message, not two hundred.
    """
    alone_with_water(connection)
    due = select(SERIES.c.id).where(SERIES.c.silent_from <= recording.now, SERIES.c.silent_told.is_(False))
    ids = set(connection.scalars(due))
    if not ids:
        return []
    silent = [
        each for each in all_series(connection).values() if each.id in ids and each.station in city.water.stations
    ]
    for each in silent:
        each.silent_told = True
    write_series(connection, silent)
    if silent:
        _record(connection, silent, recording)
        _tell(connection, city, silent, recording.now)
    return silent


def _record(connection: Connection, silent: Sequence[Series], recording: Recording) -> None:
    facts = {"series": [f"{each.station}/{each.element}" for each in silent]}
    record_events(connection, STREAM, [Happened("silent", recording.now, "rule:silent", facts)], recording)


def _tell(connection: Connection, city: City, silent: Sequence[Series], now: datetime) -> None:
    stations = list(dict.fromkeys(each.station for each in silent))
    heard = {station: max(_heard(each) for each in silent if each.station == station) for station in stations}
    lines = [{"station": city.water.stations[code].name, "at": heard[code]} for code in stations[:MOST_NAMED]]
    first = f"{silent[0].station}:{silent[0].element}:{_heard(silent[0]).isoformat()}"
    facts = {"count": len(stations), "silent_stations": lines}
    drafts = [
        SubjectNotice(
            NoticeKind.STATION_SILENT, post, "flood:overview", f"station_silent:{first}:{post}", facts, Priority.URGENT
        )
        for post in posts_on_duty(connection, city, now)
    ]
    write_subject_notices(connection, drafts, now)


def _heard(series: Series) -> datetime:
    """When a series said something for the last time; one that never did is never silent."""
    at = series.standing.last_at
    if at is None:
        raise ValueError(f"{series.station} {series.element} never said anything")
    return at
