"""Readings are taken in once, kept whatever they say, and corrected without forgetting what they said before."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from models.city import City
from models.observation import Doubt
from models.water import Element
from models.water_source import MappedReading
from tasks.database import reading, transaction
from tasks.observations import CORRECTIONS, OBSERVATIONS, RAIN_DAYS, Taken, take_observations
from tasks.readings import last_readings, nearest_threshold, rain_of_day, series
from tasks.water_series import all_series
from tests.replayed import at
from tests.water_cities import a_water_city

NOW = at("2021-07-20 08:00")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LEVEL = ("lihe-gauge", Element.LEVEL)


@pytest.fixture
def city() -> City:
    return a_water_city()


def take(engine: Engine, city: City, *values: tuple[float, float], now: datetime, station: str = "lihe-gauge") -> Taken:
    """Take in (hours after NOW, value) of the first element of a station."""
    element = city.water.stations[station].elements[0]
    ones = [MappedReading(station, element, NOW + hours * HOUR, value) for hours, value in values]
    with transaction(engine) as connection:
        return take_observations(connection, city, ones, "native", now)


def stored(engine: Engine) -> list[tuple[float, str]]:
    with reading(engine) as connection:
        asked = select(OBSERVATIONS.c.value, OBSERVATIONS.c.doubt).order_by(OBSERVATIONS.c.at)
        return [tuple(row) for row in connection.execute(asked)]


def test_the_same_reading_again_changes_nothing(engine: Engine, city: City) -> None:
    assert take(engine, city, (0, 100.0), (1, 100.5), now=NOW + HOUR).taken == 2
    again = take(engine, city, (0, 100.0), (1, 100.5), now=NOW + 2 * HOUR)
    assert (again.taken, again.repeated, again.corrected) == (0, 2, 0)
    assert stored(engine) == [(100.0, ""), (100.5, "")]


def test_another_value_for_the_same_time_is_a_correction_that_keeps_the_former(engine: Engine, city: City) -> None:
    take(engine, city, (0, 100.0), (1, 106.0), now=NOW + HOUR)
    done = take(engine, city, (1, 101.0), now=NOW + 2 * HOUR)
    assert (done.taken, done.corrected) == (0, 1)
    assert stored(engine) == [(100.0, ""), (101.0, "")]
    with reading(engine) as connection:
        (row,) = connection.execute(select(CORRECTIONS)).all()
        newest = all_series(connection)[LEVEL].standing
    assert (row.former_value, row.former_doubt, row.value) == (106.0, "jump", 101.0)
    assert (newest.last_value, newest.good_value) == (101.0, 101.0)


def test_a_good_reading_corrected_into_an_impossible_one_gives_the_former_good_one_back(
    engine: Engine, city: City
) -> None:
    take(engine, city, (0, 100.0), (1, 101.0), now=NOW + HOUR)
    done = take(engine, city, (1, 500.0), now=NOW + HOUR)
    assert [one.doubt for one in done.doubtful] == [Doubt.OUT_OF_RANGE]
    with reading(engine) as connection:
        standing = all_series(connection)[LEVEL].standing
    assert (standing.last_value, standing.good_value, standing.good_at) == (500.0, 100.0, NOW)


def test_a_late_reading_finds_its_place_and_is_marked(engine: Engine, city: City) -> None:
    take(engine, city, (0, 100.0), (3, 101.0), now=NOW + 3 * HOUR)
    done = take(engine, city, (1, 100.3), (2, 109.0), now=NOW + 4 * HOUR)
    assert (done.taken, done.late) == (2, 2)
    assert [one.doubt for one in done.doubtful] == [Doubt.JUMP]
    assert [value for value, _ in stored(engine)] == [100.0, 100.3, 109.0, 101.0]
    with reading(engine) as connection:
        assert all_series(connection)[LEVEL].standing.good_value == 101.0
        assert all_series(connection)[LEVEL].judge_from == NOW


def test_a_reading_from_the_future_is_kept_and_read_anew_when_its_time_has_come(engine: Engine, city: City) -> None:
    assert [one.doubt for one in take(engine, city, (1, 100.0), now=NOW).doubtful] == [Doubt.FUTURE]
    with reading(engine) as connection:
        assert all_series(connection)[LEVEL].standing.last_at is None
    take(engine, city, (1, 100.0), now=NOW + HOUR)
    assert stored(engine) == [(100.0, "")]


def test_rain_of_a_day_is_counted_with_its_corrections(engine: Engine, city: City) -> None:
    take(engine, city, (0, 3.0), (1, 5.0), (2, -1.0), now=NOW + 2 * HOUR, station="rain-a")
    take(engine, city, (1, 7.5), now=NOW + 2 * HOUR, station="rain-a")
    with reading(engine) as connection:
        days = {row.day.isoformat(): (row.total, row.readings) for row in connection.execute(select(RAIN_DAYS))}
        assert rain_of_day(connection, NOW.date()) == {"rain-a": 7.5}
    # 08:00 is the end of the day of rain before.
    assert days == {"2021-07-19": (3.0, 1), "2021-07-20": (7.5, 1)}


def test_the_newest_of_every_station_is_told_and_what_is_missing_too(engine: Engine, city: City) -> None:
    take(engine, city, (0, 100.0), (1, 101.0), (2, 102.0), now=NOW + 2 * HOUR)
    with reading(engine) as connection:
        last = {(one.station.code, one.element): one for one in last_readings(connection, city)}
        stretch = series(connection, "lihe-gauge", Element.LEVEL, NOW, NOW + 2 * HOUR)
        nothing = series(connection, "sanku", Element.LEVEL, NOW, NOW + HOUR)
    assert last[LEVEL].value == 102.0
    assert not last[LEVEL].silent(NOW + 3 * HOUR)
    assert last[LEVEL].silent(NOW + 4 * HOUR)
    assert last["sanku", Element.LEVEL].at is None
    assert [one.value for one in stretch] == [100.0, 101.0, 102.0]
    assert nothing == []
    nearest = nearest_threshold(city, "lihe-gauge", Element.LEVEL, stretch)
    assert nearest is not None
    assert (nearest.threshold.code, nearest.left, nearest.within) == ("warning_stage", 3.0, 3 * HOUR)
