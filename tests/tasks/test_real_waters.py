"""Real rivers through the real rules on virtual time: what pandas finds is raised and ended, and nothing else."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pandas as pd
from sqlalchemy import Engine, select

from models.flood_event import Recording
from tasks.database import reading
from tasks.flood_events import broken_stream
from tasks.judging import judge_waiting
from tasks.warning_rows import WARNINGS
from tasks.water_intake import take_rows
from tests.real_waters import RealWater, Span, real_water, spans_by_pandas
from tests.replayed import DATA

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def watched(engine: Engine, water: RealWater, every: timedelta) -> list[Span]:
    """The warnings raised and ended by visits at this pace."""
    for now, rows in water.visits(every):
        take_rows(engine, water.city, water.source, rows, "replay", now)
        judge_waiting(engine, water.city, Recording(now, "replay", water.city.edition))
    with reading(engine) as connection:
        columns = (WARNINGS.c[name] for name in ("station", "threshold", "raised_at", "ended_at"))
        found = connection.execute(select(*columns).order_by(WARNINGS.c.id)).all()
        assert broken_stream(connection) is None
    return sorted(tuple(row) for row in found)


def by_pandas(water: RealWater, series: dict[tuple[str, str], "pd.Series[float]"]) -> list[Span]:
    found: list[Span] = []
    for threshold in water.city.water.thresholds:
        silent_after = water.city.water.stations[threshold.station].silent_after
        values = series[threshold.station, threshold.element.value].dropna()
        found += spans_by_pandas(threshold, values, silent_after)
    return sorted(found)


def in_utc(times: Iterable[str], zone: str, hour: int = 0) -> pd.DatetimeIndex:
    local = pd.DatetimeIndex(pd.to_datetime(list(times))) + pd.Timedelta(hours=hour)
    return local.tz_localize(zone).tz_convert("UTC")


def yellow_river() -> tuple[RealWater, dict[tuple[str, str], "pd.Series[float]"]]:
    """花园口, 小浪底 and others in the storm of July and the flood of October 2021; the thresholds are made up."""
    water = real_water(
        "yellow_river_daily",
        "yellow_river_daily_2021_jun_nov.csv",
        stations(["花园口", "潼关", "华县(二)", "小浪底上蓄水量", "山路坪"], "level;flow;storage", "30 hour"),
        [
            "花园口,flow_4000,流量四千,flow,level,,4000,3800,,orange,flood,,,",
            "花园口,warning_stage,警戒水位,level,level,,90.5,90.3,2 day,yellow,flood,,,",
            "潼关,flow_5000,流量五千,flow,level,,5000,5000,,orange,flood,,,",
            "华县(二),warning_stage,警戒水位,level,level,,338,337,,yellow,flood,,,",
            "小浪底上蓄水量,flood_limit,汛限水位,level,level,,248,247.5,,orange,flood,yes,,",
            "小浪底上蓄水量,low_storage,蓄水不足,storage,below,,80000,90000,,yellow,drought,,,",
            "山路坪,warning_stage,警戒水位,level,level,,200.5,200.2,,blue,flood,,,",
        ],
    )
    frame = pd.read_csv(DATA / "yellow_river_daily_2021_jun_nov.csv")
    series = {}
    for station, rows in frame.groupby("station"):
        index = in_utc(rows["date"], "Asia/Shanghai", 8)
        columns = (("level", "water_level_m", 1), ("flow", "flow_m3s", 1), ("storage", "storage_1e8m3", 10_000))
        for element, column, factor in columns:
            series[str(station), element] = pd.Series((rows[column] * factor).round(9).to_numpy(), index).sort_index()
    return water, series


def yangtze() -> tuple[RealWater, dict[tuple[str, str], "pd.Series[float]"]]:
    """Thirteen stations of the Yangtze in a rising June; the thresholds are made up."""
    names = ["三峡水库", "三峡水库(出库)", "宜昌", "沙市", "城陵矶(七)", "汉口", "寸滩", "武隆", "湖口"]
    water = real_water(
        "yangtze_hourly",
        "yangtze_hourly_2020_jun.csv",
        stations(names, "level;flow", "8 hour"),
        [
            "三峡水库,flood_limit,汛限水位,level,level,,147,146.8,,orange,flood,yes,,",
            "宜昌,warning_stage,警戒水位,level,level,,48,47.9,3 hour,yellow,flood,,,",
            "沙市,warning_stage,警戒水位,level,level,,40,39.9,,yellow,flood,,,",
            "寸滩,warning_stage,警戒水位,level,level,,169,168.9,,yellow,flood,,,",
            "寸滩,rise,涨幅,level,rise_rate,6 hour,0.2,0.1,,blue,flood,,,",
            "武隆,warning_stage,警戒水位,level,level,,183,182.5,2 hour,yellow,flood,,,",
            "武隆,rise,涨幅,level,rise_rate,3 hour,0.5,0.2,,blue,flood,,,",
            "湖口,flow_3000,流量三千,flow,level,,3000,2500,,yellow,flood,,,",
            "汉口,warning_stage,警戒水位,level,level,,25,25,,yellow,flood,,,",
        ],
    )
    frame = pd.read_csv(DATA / "yangtze_hourly_2020_jun.csv")
    series = {}
    for station, rows in frame.groupby("站点"):
        index = in_utc(rows["日期时间"], "Asia/Shanghai")
        for element, column in (("level", "水位"), ("flow", "流量")):
            series[str(station), element] = pd.Series(rows[column].to_numpy(float), index).sort_index()
    return water, series


def nhat_le() -> tuple[RealWater, dict[tuple[str, str], "pd.Series[float]"]]:
    """The record flood of October 2020, and the whole year around it; the thresholds are made up."""
    rain = [
        f"{station},rain_{value}_in_{hours}h,时段雨量,rain,rain_sum,{hours} hour,{value},{value - 5},,{colour},flood,,,"
        for station in ("kien-giang", "le-thuy", "dong-hoi")
        for value, hours, colour in ((50, 12, "blue"), (50, 6, "yellow"), (50, 3, "orange"), (100, 3, "red"))
    ]
    water = real_water(
        "nhatle_hourly",
        "nhatle_hourly_rain_stage_2020.csv",
        stations(["kien-giang", "le-thuy", "dong-hoi"], "level;flow;rain", "3 hour"),
        [
            *rain,
            "le-thuy,warning_stage,警戒水位,level,level,,1.2,1,2 hour,yellow,flood,,,",
            "le-thuy,guaranteed_stage,保证水位,level,level,,2.7,2.5,,red,flood,yes,,",
            "le-thuy,rise,涨幅,level,rise_rate,3 hour,0.2,0.1,,blue,flood,,,",
            "dong-hoi,warning_stage,警戒水位,level,level,,1.2,1.1,,yellow,flood,,,",
            "kien-giang,flow_500,流量五百,flow,level,,500,400,,orange,flood,,,",
        ],
    )
    frame = pd.read_csv(DATA / "nhatle_hourly_rain_stage_2020.csv")
    index = in_utc(frame["time"], "Asia/Ho_Chi_Minh")
    columns = {
        ("kien-giang", "rain"): "rain_KienGiang_mm",
        ("le-thuy", "rain"): "rain_LeThuy_mm",
        ("dong-hoi", "rain"): "rain_DongHoi_mm",
        ("kien-giang", "flow"): "KienGiang_Q_m3s",
        ("kien-giang", "level"): "KienGiang_H_m",
        ("le-thuy", "level"): "LeThuy_H_m",
        ("dong-hoi", "level"): "DongHoi_H_m",
    }
    return water, {key: pd.Series(frame[column].round(9).to_numpy(float), index) for key, column in columns.items()}


def stations(names: list[str], elements: str, silent_after: str) -> list[str]:
    return [f"{name},{name},river,,410184101,{elements},,,{silent_after},,,," for name in names]


def test_every_crossing_of_the_yellow_river_in_2021_is_found_also_where_somebody_looks_once_a_week(
    sqlite_engine: Engine,
) -> None:
    """The story of the season (`tests/scenarios`) looks every day, and finds the same."""
    water, series = yellow_river()
    expected = by_pandas(water, series)
    assert len(expected) >= 10
    assert watched(sqlite_engine, water, 7 * DAY) == expected


def test_every_crossing_of_the_yangtze_in_june_2020_is_found(engine: Engine) -> None:
    water, series = yangtze()
    expected = by_pandas(water, series)
    assert len(expected) >= 8
    assert watched(engine, water, 6 * HOUR) == expected


def test_every_crossing_of_nhat_le_in_2020_is_found_with_the_record_flood_among_them(sqlite_engine: Engine) -> None:
    water, series = nhat_le()
    expected = by_pandas(water, series)
    assert len(expected) >= 40
    found = watched(sqlite_engine, water, 7 * DAY)
    assert found == expected
    record = datetime(2020, 10, 18, 23, tzinfo=UTC)  # 06:00 on the 19th there
    assert any(
        code == "guaranteed_stage" and raised < record < (ended or record + DAY) for _, code, raised, ended in found
    )


def test_a_whole_file_at_once_and_once_more_gives_the_same_warnings(sqlite_engine: Engine) -> None:
    water, series = yangtze()
    expected = by_pandas(water, series)
    assert watched(sqlite_engine, water, 365 * DAY) == expected
    assert watched(sqlite_engine, water, 365 * DAY) == expected


def test_rows_that_come_in_any_order_end_in_the_same_crossings(sqlite_engine: Engine) -> None:
    water, series = yangtze()
    expected = by_pandas(water, series)
    visits = list(water.visits(6 * HOUR))
    now = visits[-1][0]
    # Every other visit first, then what was missing between them: each of those is late.
    for _, rows in [*visits[::2], *visits[1::2]]:
        take_rows(sqlite_engine, water.city, water.source, rows, "replay", now)
        judge_waiting(sqlite_engine, water.city, Recording(now, "replay", water.city.edition))
    with reading(sqlite_engine) as connection:
        lasting = set(connection.scalars(select(WARNINGS.c.subject).where(WARNINGS.c.ended_at.is_(None))))
    assert lasting == {f"threshold:{station}:{code}" for station, code, _, ended in expected if ended is None}
