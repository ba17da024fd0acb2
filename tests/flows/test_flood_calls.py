"""People are called by a flow on a real server: for a warning, by a form, and once only."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, State

from flows.flood_calls import CallVisit, flood_calls
from flows.hydrology import WaterVisit, hydrology
from flows.start_call import CallForm, CallKind, start_call
from flows.surroundings import surroundings
from tasks.database import reading
from tasks.flood_events import read_events
from tasks.settings import Settings
from tests.call_cities import STORM, Callers, callers, raise_warning_row
from tests.channel_server import ChannelServer, channel_server
from tests.flood_cities import LEADERS
from tests.season_cities import SEASON_CITY

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    # Prefect's own clients of a run are closed late.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@dataclass(frozen=True)
class Town:
    """The call city at work, and the channel its messages go to."""

    callers: Callers
    channel: ChannelServer

    def called(self) -> list[str]:
        return sorted(path.rpartition("/")[2] for path in self.channel.paths())


@pytest.fixture
def town(settings: Settings, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setenv("ZHIHUI_DATABASE_URL", sqlite_url)
    surroundings.cache_clear()
    with channel_server() as channel:
        monkeypatch.setenv("ZHIHUI_DESK_URL", f"http://{channel.host}")
        engine = surroundings().engine
        yield Town(callers(engine), channel)
    engine.dispose()
    surroundings.cache_clear()


async def run_of(state: State[Any]) -> tuple[FlowRun, dict[str, Any]]:
    """The run behind a final state, with its tables."""
    run_id = UUID(str(state.state_details.flow_run_id))
    async with get_client() as client:
        mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
        found = await client.read_artifacts(artifact_filter=mine)
        return await client.read_flow_run(run_id), {str(one.key): json.loads(str(one.data)) for one in found}


async def test_a_warning_calls_its_people_at_once_and_the_second_sweep_finds_nothing(town: Town) -> None:
    raise_warning_row(town.callers.engine)
    run, tables = await run_of(await flood_calls(CallVisit(now=STORM), return_state=True))
    assert run.name == "启动叫应 1 次 · 投递 8 条"
    assert tables["calls"] == [{"叫应编号 call": "JY20210720-001"}]
    assert town.called() == [*LEADERS, "res-admin", "res-patrol", "res-tech", "town-person"]
    with reading(town.callers.engine) as connection:
        events = read_events(connection, "call:JY20210720-001")
    assert {event.flow_run_id for event in events} == {str(run.id)}
    again, tables = await run_of(await flood_calls(CallVisit(now=STORM), return_state=True))
    assert (again.name, set(again.tags), tables) == ("无事可做", {"idle"}, {})
    assert len(town.channel.received) == 8


async def test_the_form_starts_a_drill_whose_messages_say_so(town: Town) -> None:
    form = CallForm(
        subject="reservoir-a", reason="汛前演练", operator="flood-officer-1", kind=CallKind.DRILL, now=STORM
    )
    run, tables = await run_of(await start_call(form, return_state=True))
    assert run.name == "【演练】YLJ20210720-001 已叫应 · 6 处"
    assert tables["started-call"][0]["性质 kind"] == "演练 drill"
    titles = {posted["title"] for _, posted in town.channel.received}
    assert all(title.startswith(("【演练】【叫应】", "【演练】【叫应已启动】")) for title in titles)
    assert len(town.channel.received) == 8


@pytest.mark.parametrize("operator", ["nobody", "lihe-liaison"])
async def test_a_form_of_somebody_unknown_or_not_allowed_calls_nobody_and_says_why(town: Town, operator: str) -> None:
    form = CallForm(subject="reservoir-a", reason="水位上涨", operator=operator, kind=CallKind.REAL, now=STORM)
    run, tables = await run_of(await start_call(form, return_state=True))
    assert (run.name, set(run.tags)) == ("reservoir-a · 未启动", {"refused"})
    assert tables["started-call"][0]["说明 explanation"]
    assert town.callers.everything() == []
    assert town.channel.received == []


async def test_a_reading_over_its_threshold_calls_people_in_the_very_run_that_took_it_in(
    town: Town, settings: Settings
) -> None:
    chains = SEASON_CITY["call_chains.csv"] + "sanku,trio,1,patrol,res-patrol\n"
    loaded = callers(town.callers.engine, {**SEASON_CITY, "call_chains.csv": chains})
    folder = surroundings().settings.readings_folder
    folder.mkdir(parents=True)
    file = folder / "readings.csv"
    file.write_text("station,at,element,value\nsanku,2021-07-20T19:58:00+08:00,level,131\n", "utf-8")
    os.utime(file, ((STORM - timedelta(minutes=1)).timestamp(),) * 2)
    state = await hydrology(WaterVisit(now=STORM), return_state=True)
    assert state.is_completed(), state.message
    (call,) = [row for row in loaded.everything() if hasattr(row, "number")]
    assert (call.subject, call.started_at) == ("sanku", STORM)
    assert {"res-patrol", "town-person"} <= set(town.called())
