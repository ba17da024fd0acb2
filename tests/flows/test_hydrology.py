"""The process of water on a real server: it says what it took in and warned of, and a second run finds nothing."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import select

from flows.hydrology import WaterVisit, hydrology
from models.notice import Notice
from models.tables import table_of
from tests.flows.test_flows_on_server import CityAtWork, here, told_by
from tests.stored_cases import a_loaded_city, at, rows_of
from tests.water_cities import WATER_CITY

__all__ = ["here"]

pytestmark = pytest.mark.usefixtures("prefect_server")

NOW = at("2021-07-20 08:00")


async def test_readings_are_taken_in_judged_and_told_and_the_second_run_is_idle(here: CityAtWork) -> None:
    a_loaded_city(here.engine, dict(WATER_CITY))
    folder = here.drop_folder.parent / "readings"
    folder.mkdir()
    file = folder / "a.csv"
    rows = "lihe-gauge,level,2021-07-20 08:00,105.5\nrain-a,rain,2021-07-20 08:00,-1\n"
    file.write_text(f"station,element,at,value\n{rows}", "utf-8")
    os.utime(file, ((NOW - timedelta(minutes=1)).timestamp(),) * 2)
    first = await told_by(await hydrology(WaterVisit(now=NOW), return_state=True))
    # The source of the city has no address on this machine, which the run says too.
    assert first.run.name == "读数 2 个 · 存疑 1 · 来源不可用 1 个 · 预警 1 条"
    (crossing,) = first.tables["water-warnings"]
    assert crossing["阈值 threshold"] == "警戒水位"
    assert [row["原因 why"] for row in first.tables["doubtful-readings"]] == ["负值"]
    (notice,) = rows_of(here.engine, select(table_of(Notice)))
    assert (notice.kind, notice.state) == ("flood_warning", "sent")
    second = await told_by(await hydrology(WaterVisit(now=NOW), return_state=True))
    assert second.run.name == "来源不可用 1 个"
    assert "water-warnings" not in second.tables
