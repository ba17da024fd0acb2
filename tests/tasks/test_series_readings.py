"""What a database says of stretches of readings together is what the readings say one by one."""

import gc
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from models.quiet import Stretch
from models.water import Element
from models.water_source import MappedReading
from tasks.database import reading, transaction
from tasks.observations import take_observations
from tasks.readings import series
from tasks.series_readings import read_since, sums_since
from tasks.water_series import series_of
from tests.replayed import at
from tests.water_cities import a_water_city

NOW = at("2021-07-20 08:00")
HOUR = timedelta(hours=1)


def test_sums_are_those_of_the_good_readings_from_each_moment_on(engine: Engine) -> None:
    city = a_water_city()
    gauge = next(one.code for one in city.water.stations.values() if Element.RAIN in one.elements)
    values = [0.1, 0.2, -5.0, 12.5]
    ones = [MappedReading(gauge, Element.RAIN, NOW + n * HOUR, value) for n, value in enumerate(values)]
    with transaction(engine) as connection:
        take_observations(connection, city, ones, "native", NOW + 4 * HOUR)
        series = series_of(connection, [(gauge, Element.RAIN)])[gauge, Element.RAIN]
    wanted = [(series.id, NOW + n * HOUR) for n in (0, 1, 3, 4, 1)]
    with reading(engine) as connection:
        found = sums_since(connection, wanted)
        good = read_since(connection, [(series.id, NOW)])[series.id]
    assert list(found) == wanted[:4], "asked twice, told once"
    assert [one.readings for one in found.values()] == [3, 2, 1, 0]
    assert found[series.id, NOW].total == pytest.approx(sum(value for _, value in good))
    assert found[series.id, NOW + HOUR][:3] == (2, 0.2, 12.5)
    assert found[series.id, NOW + 4 * HOUR] == Stretch(0, None, None, None)


def test_a_stretch_of_days_is_read_without_a_search_for_garbage(engine: Engine) -> None:
    city = a_water_city()
    minutes = [NOW + n * timedelta(minutes=1) for n in range(1200)]
    with transaction(engine) as connection:
        ones = [MappedReading("lihe-gauge", Element.FLOW, minute, 1.0 + n) for n, minute in enumerate(minutes)]
        take_observations(connection, city, ones, "native", minutes[-1])
    searches: list[str] = []
    with reading(engine) as connection:
        gc.callbacks.append(lambda phase, _: searches.append(phase))
        try:
            found = series(connection, "lihe-gauge", Element.FLOW, NOW, minutes[-1])
            during = len(searches)
        finally:
            gc.callbacks.pop()
    assert [one.at for one in found] == minutes
    assert [one.value for one in found] == [1.0 + n for n in range(1200)]
    assert during == 0
    assert gc.isenabled(), "it is put off, not ended"


def test_each_series_is_read_and_summed_from_its_own_moment_as_one_by_one_in_python(engine: Engine) -> None:
    """Four series whose good readings are among doubtful ones, handed in backwards, asked from moments of their own."""
    city, offsets = a_water_city(), {("lihe-gauge", "flow"): 1, ("rain-a", "rain"): 5, ("soil-a", "soil_moisture"): 9}
    offsets |= {("sanku", "storage"): 12}
    ones = [
        MappedReading(station, Element(element), NOW + n * HOUR, -60.0 if (n + first) % 4 == 0 else 10.0 + n + first)
        for (station, element), first in offsets.items()
        for n in reversed(range(12))
    ]
    with transaction(engine) as connection:
        take_observations(connection, city, ones, "native", NOW + 12 * HOUR)
        stored = series_of(connection, [(station, Element(element)) for station, element in offsets])
    since = {key: NOW + first * HOUR for key, first in offsets.items()}
    expected = {
        stored[station, Element(element)].id: sorted(
            (one.at, one.value)
            for one in ones
            if (one.station, one.element) == (station, element) and one.at >= since[station, element] and one.value > 0
        )
        for station, element in offsets
    }
    wanted = [(stored[station, Element(element)].id, since[station, element]) for station, element in offsets]
    with reading(engine) as connection:
        found, sums = read_since(connection, wanted), sums_since(connection, wanted)
    assert {id_: [(one.at, one.value) for one in mine] for id_, mine in found.items()} == {
        id_: good for id_, good in expected.items() if good
    }
    for id_, moment in wanted:
        values = [value for _, value in expected[id_]]
        assert sums[id_, moment] == Stretch(
            len(values), min(values, default=None), max(values, default=None), sum(values) if values else None
        )
