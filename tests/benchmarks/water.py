"""A minute of 200 stations beside ten million stored readings, and a station's last 72 hours among them.

The rows are made by the database itself, minute by minute up to the moment of the bench; the rounds go through the same
functions as the process does.
"""

import gc
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, text

from models.city import City
from models.flood_event import Recording
from models.water import Element
from models.water_source import MappedReading
from tasks.bulk_rows import text_of_moment
from tasks.database import is_postgres, open_database, reading, transaction
from tasks.judging import judge_waiting
from tasks.observations import take_observations
from tasks.readings import series
from tasks.warnings import open_warnings
from tasks.water_series import series_of, write_series
from tests.databases import PostgresOfTheSession, PostgresUnavailable
from tests.water_cities import STATIONS, THRESHOLDS, a_water_city

ROWS = 10_000_000
ROUNDS, STORM_ROUNDS = 20, 5
RAIN, RIVERS, RESERVOIRS = 100, 60, 40
NOW = datetime(2021, 7, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def run() -> Iterator[str]:
    """Lines: rows, the slowest and the median round, the slowest stretch of 72 hours; on SQLite and on Postgres."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _measured("sqlite", f"sqlite:///{folder}/water.db")
    try:
        server = PostgresOfTheSession()
    except PostgresUnavailable as unavailable:
        yield str(unavailable)
        return
    try:
        yield from _measured("postgres", server.migrated_database())
    finally:
        server.stop()


def _measured(name: str, url: str) -> Iterator[str]:
    engine, city = open_database(url), _a_city()
    begun = time.perf_counter()
    rows = _fill(engine, city)
    yield f"{name:9} {rows:,} readings stored, made in {time.perf_counter() - begun:.0f} s"
    used = time.process_time()
    rounds = [_round(engine, city, NOW + number * MINUTE) for number in range(ROUNDS)]
    used = (time.process_time() - used) / ROUNDS
    yield f"{name:9} a round of {len(_readings(city, NOW))} readings of {len(city.water.stations)} stations: " + (
        f"median {1000 * statistics.median(rounds):.0f} ms, slowest {1000 * max(rounds):.0f} ms (bound: 1000 ms), "
        f"{1000 * used:.0f} ms of the processor"
    )
    yield from _storm(name, engine, city)
    gc.collect()
    gc.freeze()  # As the desk does, which draws them.
    used = time.process_time()
    stretches = [_stretch(engine, station) for station in list(city.water.stations)[::7]]
    used = (time.process_time() - used) / len(stretches)
    yield (
        f"{name:9} 72 hours of a station, {72 * 60} readings: median {1000 * statistics.median(stretches):.1f} ms, "
        + (f"slowest {1000 * max(stretches):.1f} ms (bound: 50 ms), {1000 * used:.1f} ms of the processor")
    )
    engine.dispose()


def _storm(name: str, engine: Engine, city: City) -> Iterator[str]:
    """The minute in which every threshold is crossed, and those after it, in which every warning lasts."""
    begins = NOW + ROUNDS * MINUTE
    crossing = _round(engine, city, begins, rain=120.0, risen=4.0)
    with reading(engine) as connection:
        crossed = len(open_warnings(connection))
    used = time.process_time()
    rounds = [
        _round(engine, city, begins + number * MINUTE, rain=1.0, risen=4.0) for number in range(1, STORM_ROUNDS + 1)
    ]
    used = (time.process_time() - used) / STORM_ROUNDS
    yield (
        f"{name:9} a storm: {crossed} warnings rise in {1000 * crossing:.0f} ms; a round while all of them last: "
        f"median {1000 * statistics.median(rounds):.0f} ms, slowest {1000 * max(rounds):.0f} ms, "
        f"{1000 * used:.0f} ms of the processor"
    )


def _a_city() -> City:
    stations, thresholds = [STATIONS.split("\n")[0]], [THRESHOLDS.split("\n")[0]]
    for number in range(RAIN):
        code = f"rain-{number}"
        stations.append(f"{code},{code},rain,,410184101,rain,,,2 hour,,rain 0..200,,")
        for value, hours, colour in ((50, 12, "blue"), (50, 6, "yellow"), (50, 3, "orange"), (100, 3, "red")):
            rule = f"rain_{value}_in_{hours}h,雨量,rain,rain_sum,{hours} hour,{value},{value - 5}"
            thresholds.append(f"{code},{rule},,{colour},flood,,,")
    for kind, many, measured in (("river", RIVERS, "level"), ("reservoir", RESERVOIRS, "level;storage")):
        for number in range(many):
            code = f"{kind}-{number}"
            stations.append(f"{code},{code},{kind},,410184101,{measured},,,2 hour,,level 80..150,level 5,")
            thresholds.append(f"{code},warning_stage,警戒水位,level,level,,105,104.8,10 minute,yellow,flood,,,")
            thresholds.append(f"{code},guaranteed_stage,保证水位,level,level,,108,107.8,,red,flood,,,")
            thresholds.append(f"{code},rise,涨幅,level,rise_rate,1 hour,1,0.5,,blue,flood,,,")
    return a_water_city(
        stations="\n".join(stations) + "\n", thresholds="\n".join(thresholds) + "\n", water="trend: 3 hour\n"
    )


def _fill(engine: Engine, city: City) -> int:
    keys = [(station.code, element) for station in city.water.stations.values() for element in station.elements]
    each = ROWS // len(keys)
    with transaction(engine) as connection:
        found = series_of(connection, keys)
        for one in found.values():
            value = 0.01 if one.element is Element.RAIN else 104.0
            one.newest_at = NOW - MINUTE
            one.silent_from = NOW + 120 * MINUTE
            one.standing = type(one.standing)(NOW - MINUTE, value, NOW - MINUTE, value, NOW - MINUTE)
            _fill_series(connection, one.id, value, each)
        write_series(connection, found.values())
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    return each * len(keys)


def _fill_series(connection: Connection, series_id: int, value: float, each: int) -> None:
    begin = NOW - each * MINUTE
    facts = {"id": series_id, "value": value, "each": each}
    if is_postgres(connection):
        statement = (
            "INSERT INTO observation SELECT :id, :begin + n * interval '1 minute', :value, '', false, 'bench', :begin "
            "FROM generate_series(0, :each - 1) AS n"
        )
        connection.execute(text(statement), facts | {"begin": begin})
        return
    statement = (
        "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < :each) "
        "INSERT INTO observation SELECT :id, "
        "strftime('%Y-%m-%d %H:%M:%S', :begin, '+' || n || ' minutes') || '.000000', "
        ":value, '', 0, 'bench', :begin FROM n"
    )
    connection.execute(text(statement), facts | {"begin": text_of_moment(begin)})


def _readings(city: City, at: datetime, rain: float = 0.01, risen: float = 0.0) -> list[MappedReading]:
    level = 104.0 + risen + 0.002 * ((at - NOW) // MINUTE)
    values = {Element.RAIN: rain, Element.LEVEL: level, Element.STORAGE: 300.0}
    return [
        MappedReading(station.code, element, at, values[element])
        for station in city.water.stations.values()
        for element in station.elements
    ]


def _round(engine: Engine, city: City, at: datetime, rain: float = 0.01, risen: float = 0.0) -> float:
    """Seconds to take in and judge a minute of everything."""
    readings = _readings(city, at, rain, risen)
    begun = time.perf_counter()
    with transaction(engine) as connection:
        take_observations(connection, city, readings, "bench", at)
    judge_waiting(engine, city, Recording(at, "flow", city.edition))
    return time.perf_counter() - begun


def _stretch(engine: Engine, station: str) -> float:
    """Seconds to read the last 72 hours of a station."""
    element = Element.RAIN if station.startswith("rain") else Element.LEVEL
    begun = time.perf_counter()
    with reading(engine) as connection:
        found = series(connection, station, element, NOW - timedelta(hours=72), NOW - MINUTE)
    seconds = time.perf_counter() - begun
    if len(found) != 72 * 60:
        raise RuntimeError(f"{station}: {len(found)} readings where {72 * 60} were stored")
    return seconds
