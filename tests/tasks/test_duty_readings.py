"""The duty room reads what the stations said last: good readings alone, with their names."""

from datetime import timedelta

from sqlalchemy import Engine, insert

from models.water import Element
from models.water_source import MappedReading
from tasks.daily_report import compose_daily
from tasks.database import reading, transaction
from tasks.duty_readings import readings_at_hand, readings_until
from tasks.observations import take_observations
from tasks.water_series import SERIES
from tests.stored_cases import at
from tests.water_cities import a_water_city

NOW = at("2021-07-20 10:00")


def test_only_good_readings_are_told_in_the_order_of_the_stations(sqlite_engine: Engine) -> None:
    city = a_water_city()
    good = {"last_at": NOW, "last_value": 120.5, "last_doubt": "", "good_at": NOW, "good_value": 120.5}
    doubted = {"last_at": NOW, "last_value": -7.0, "last_doubt": "impossible", "good_at": None, "good_value": None}
    before = {
        **good,
        "last_value": 999.0,
        "last_doubt": "jump",
        "good_at": NOW - timedelta(hours=1),
        "good_value": 93.2,
    }
    rows = [
        {"station": "sanku", "element": "level", **good},
        {"station": "lihe-gauge", "element": "level", **before},
        {"station": "lihe-gauge", "element": "flow", **doubted},
    ]
    with transaction(sqlite_engine) as connection:
        connection.execute(insert(SERIES), [{**row, "suspects": 0, "silent_told": False} for row in rows])
    with reading(sqlite_engine) as connection:
        found = readings_at_hand(connection, city)
    assert [(one["station"], one["name"], one["quantity"], one["value"]) for one in found] == [
        ("lihe-gauge", "梨河站", "level", "93.2"),
        ("sanku", "三库水库", "level", "120.5"),
    ]
    assert found[0]["at"] == NOW - timedelta(hours=1)


def test_the_daily_report_names_what_each_station_had_said_by_its_moment(engine: Engine) -> None:
    city = a_water_city()
    hour, impossible = timedelta(hours=1), 999.0
    said = [(-2 * hour, 103.5), (-hour, 104.25), (timedelta(0), impossible), (hour, 106.0)]
    ones = [MappedReading("lihe-gauge", Element.LEVEL, NOW + when, value) for when, value in said]
    with transaction(engine) as connection:
        take_observations(connection, city, ones, "native", NOW + hour)
    with reading(engine) as connection:
        zh = compose_daily(connection, city, NOW, "zh", readings_until(NOW))
        en = compose_daily(connection, city, NOW, "en", readings_until(NOW))
    (row,) = zh.sections[3].rows
    assert row[:3] == ("梨河站", "水位", "104.25 米")
    assert "09:00" in row[3]
    assert en.sections[3].rows[0][:3] == ("梨河站", "level", "104.25 m")
