"""The duty room reads what the stations said last: good readings alone, with their names."""

from datetime import timedelta

from sqlalchemy import Engine, insert

from tasks.database import reading, transaction
from tasks.duty_readings import readings_at_hand
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
