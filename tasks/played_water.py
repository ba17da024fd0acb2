"""Let the stand-in stations of a demo say something, and the people who are called answer, all marked as played."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, Engine, Row, select

from models.call import How
from models.city import City
from models.flood_event import Recording
from models.observation import Observation
from models.played_people import PLAYED
from models.played_water import DEMO_SOURCE, played_readings
from models.refusal import Refusal
from models.tables import table_of
from tasks.call_answers import Answer, answer
from tasks.call_rows import CALLS, TARGETS
from tasks.database import reading, transaction
from tasks.judging import judge_waiting
from tasks.observations import take_observations
from tasks.warning_calls import end_calls_of_ended_warnings, start_calls_for_warnings
from tasks.water_series import SERIES, all_series

OBSERVATIONS = table_of(Observation)

HISTORY = timedelta(minutes=55)
"""So far back the first start goes: what is older would be late."""

ANSWERS_AFTER = (timedelta(seconds=40), timedelta(minutes=2))
SLOW, SLOW_ONE_IN = timedelta(minutes=7), 4
"""One in so many does not answer in time, so that the next of the chain is called."""


@dataclass(frozen=True, slots=True)
class PlayedWater:
    """What came of one visit: readings, warnings that rose or ended, answers."""

    readings: int = 0
    warnings: int = 0
    answers: int = 0
    calls: bool = False
    """Whether somebody is being called, so that the engine must look."""


def play_water(engine: Engine, city: City, now: datetime) -> PlayedWater:
    """Take in and judge what the stations say by `now`, and let people answer; doing it twice does nothing twice."""
    recording = Recording(now, PLAYED, city.edition)
    with transaction(engine) as connection:
        ones = played_readings(city.water, _since(connection, city, now), now)
        taken = take_observations(connection, city, ones, DEMO_SOURCE, now)
    judged = judge_waiting(engine, city, recording) if taken.taken else None
    with transaction(engine) as connection:
        if judged is not None and not judged.idle:
            end_calls_of_ended_warnings(connection, city, recording)
            start_calls_for_warnings(connection, city, now, recording)
        answers = _answer(connection, city, recording)
    with reading(engine) as connection:
        calls = connection.scalar(select(CALLS.c.id).where(CALLS.c.ended_at.is_(None)).limit(1)) is not None
    moved = len(judged.raised) + len(judged.ended) if judged is not None else 0
    return PlayedWater(taken.taken, moved, answers, calls)


def is_played(connection: Connection) -> bool:
    """Whether what some station said last is made up."""
    newest = SERIES.join(
        OBSERVATIONS, (OBSERVATIONS.c.series_id == SERIES.c.id) & (OBSERVATIONS.c.at == SERIES.c.last_at)
    )
    asked = select(SERIES.c.id).select_from(newest).where(OBSERVATIONS.c.source == DEMO_SOURCE)
    return connection.scalar(asked.limit(1)) is not None


def _since(connection: Connection, city: City, now: datetime) -> datetime:
    """Behind the newest reading of any stand-in station."""
    stations = {one.code for one in city.water.stations.values() if one.placeholder}
    newest = [one.newest_at for one in all_series(connection).values() if one.station in stations and one.newest_at]
    return max([now - HISTORY, *(at for at in newest if at <= now)])


def _answer(connection: Connection, city: City, recording: Recording) -> int:
    """Whoever was called long enough ago answers."""
    asked = (
        select(TARGETS, CALLS.c.number)
        .join(CALLS, CALLS.c.id == TARGETS.c.call_id)
        .where(CALLS.c.ended_at.is_(None), TARGETS.c.told_at.is_not(None), TARGETS.c.answered_at.is_(None))
    )
    rows: Sequence[Row[Any]] = connection.execute(asked.order_by(TARGETS.c.id)).all()
    due = [row for row in rows if row.told_at + _takes(row.id) <= recording.now]
    done = 0
    for number, post in dict.fromkeys((row.number, row.told or row.post) for row in due):
        given = Answer(post, How.PLAYED)
        done += not isinstance(answer(connection, city, number, given, recording), Refusal)
    return done


def _takes(target: int) -> timedelta:
    """How long somebody takes to answer: the same whenever it is asked."""
    dice = crc32(str(target).encode())
    first, last = ANSWERS_AFTER
    return SLOW if dice % SLOW_ONE_IN == 0 else first + (last - first) * (dice % 97 / 97)
