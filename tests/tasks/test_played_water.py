"""The demo's water: calm, now and then a flood that warns, is answered for and ends; each minute once, and marked."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from models.call import How
from models.city import City
from models.observation import Doubt
from models.played_water import FLOOD_EVERY, played_readings
from models.water import ThresholdKind, WaterRules
from models.water_source import MappedReading
from tasks.call_answers import NOTICES
from tasks.call_rows import CALLS, TARGETS
from tasks.city_edition import current_city, load_city
from tasks.database import reading, transaction
from tasks.directory import read_directory
from tasks.observations import OBSERVATIONS
from tasks.played_water import is_played, play_water
from tasks.warnings import WARNINGS
from tasks.words import word
from tests.replayed import XINZHENG, xinzheng
from tests.stored_cases import at, rows_of

NOW = at("2026-12-01 08:00")
"""Half hours begin on the hour: the flood of one station begins."""
MINUTE = timedelta(minutes=1)


@pytest.fixture
def city(sqlite_engine: Engine) -> City:
    with transaction(sqlite_engine) as connection:
        load_city(connection, read_directory(XINZHENG), NOW - timedelta(days=1), "admin")
    with reading(sqlite_engine) as connection:
        return current_city(connection)


def test_a_flood_warns_people_answer_and_it_ends(sqlite_engine: Engine, city: City) -> None:
    with reading(sqlite_engine) as connection:
        assert not is_played(connection)
    play_water(sqlite_engine, city, NOW)
    answers = sum(play_water(sqlite_engine, city, NOW + minute * MINUTE).answers for minute in range(2, 30, 2))
    doubts = {row.doubt for row in rows_of(sqlite_engine, select(OBSERVATIONS.c.doubt).distinct())}
    warnings = rows_of(sqlite_engine, select(WARNINGS))
    assert doubts == {Doubt.NONE}
    assert any(row.calls for row in warnings)
    assert rows_of(sqlite_engine, select(CALLS))
    assert answers == len({(row.call_id, row.told or row.post) for row in answered(sqlite_engine)})
    assert answers
    assert all(row.ended_at is not None for row in warnings)
    with reading(sqlite_engine) as connection:
        assert is_played(connection)
    said = {(row.how, row.words) for row in answered(sqlite_engine)}
    assert said == {(How.PLAYED, "")}, "the page adds a played person's words as they are: there are none"
    settled = rows_of(sqlite_engine, select(NOTICES).where(NOTICES.c.acknowledged_how.is_not(None)))
    assert {row.acknowledged_how for row in settled} <= {How.PLAYED}


@pytest.mark.parametrize("how", How)
def test_every_way_to_answer_has_a_word_in_both_languages(how: How) -> None:
    assert word("call_how", how, "zh") not in (how, "")
    assert word("call_how", how, "zh") != word("call_how", how, "en")


def test_the_same_moment_again_adds_nothing(sqlite_engine: Engine, city: City) -> None:
    first, second = (play_water(sqlite_engine, city, NOW) for _ in range(2))
    assert first.readings == len(played_readings(city.water, NOW - 55 * MINUTE, NOW))
    assert (second.readings, second.warnings) == (0, 0)


def test_stations_take_turns_and_only_stand_ins_say_something() -> None:
    water = xinzheng().water
    begins = [NOW + number * FLOOD_EVERY for number in range(3)]
    flooded = [
        {one.station for one in played_readings(water, begin, begin + 15 * MINUTE) if is_crossed(water, one)}
        for begin in begins
    ]
    assert [len(one) for one in flooded] == [1, 1, 1]
    assert len(set.union(*flooded)) == 3
    stand_ins = {one.code for one in water.stations.values() if one.placeholder}
    assert {one.station for one in played_readings(water, NOW, NOW + MINUTE)} <= stand_ins


def is_crossed(water: WaterRules, one: MappedReading) -> bool:
    """Whether a level lies above one of its stages."""
    stages = [rule for rule in water.thresholds_of(one.station) if rule.kind is ThresholdKind.LEVEL]
    return any(one.element is rule.element and one.value > rule.value for rule in stages)


def answered(engine: Engine) -> list[Any]:
    return rows_of(engine, select(TARGETS).where(TARGETS.c.answered_at.is_not(None)))
