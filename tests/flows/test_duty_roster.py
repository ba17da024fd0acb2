"""The forms of the Prefect UI for rosters, and the reminders, run twice on a real server."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, State
from sqlalchemy import Engine, select

from flows import roster_wording as wording
from flows.duty_reminders import ReminderVisit, duty_reminders
from flows.duty_roster import PublishForm, RosterForm, propose_roster, publish_roster
from flows.surroundings import surroundings
from tasks.flood_events import EVENTS
from tasks.settings import Settings
from tests.rosters import MORNING, flood_city_in, twenty_people
from tests.stored_cases import at, rows_of

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def engine(settings: Settings, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A city with twenty people for its duty room, as the flow finds it."""
    monkeypatch.setenv("ZHIHUI_DATABASE_URL", sqlite_url)
    surroundings.cache_clear()
    flood_city_in(surroundings().engine, twenty_people())
    yield surroundings().engine
    surroundings().engine.dispose()
    surroundings.cache_clear()


async def told_by(state: State[Any]) -> tuple[FlowRun, dict[str, Any]]:
    """The run behind a final state, and what it attached, by key."""
    run_id = UUID(str(state.state_details.flow_run_id))
    async with get_client() as client:
        mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
        found = await client.read_artifacts(artifact_filter=mine)
        return await client.read_flow_run(run_id), {str(one.key): one.data for one in found}


def a_form(**fields: Any) -> RosterForm:
    days = {"first_day": date(2021, 7, 1), "last_day": date(2021, 7, 10), "now": MORNING}
    return RosterForm(**(days | {"operator": "centre-head"} | fields))


async def test_a_roster_is_proposed_published_and_remembered_by_its_run(engine: Engine) -> None:
    run, told = await told_by(await propose_roster(a_form(), return_state=True))
    assert run.name == "排班 ZB2021-1 · 30/30 · 均衡"
    rows = json.loads(told["duty-roster"])
    assert len(rows) == 10
    assert set(rows[0]) >= {"日期 day", "带班领导 leader on duty", "值班员 duty officer"}
    assert "值班表 ZB2021-1" in told["roster-quality"]
    form = PublishForm(roster="ZB2021-1", operator="leader-1", now=MORNING)
    run, told = await told_by(await publish_roster(form, return_state=True))
    assert run.name == "发布值班表 ZB2021-1 · 2021-07-01 – 2021-07-10"
    assert "duty-roster" in told
    events = rows_of(engine, select(EVENTS).where(EVENTS.c.kind == "roster_published"))
    assert [(event.origin, event.flow_run_id) for event in events] == [("form", str(run.id))]
    run, told = await told_by(await publish_roster(form, return_state=True))
    assert (run.name, run.tags, run.state_name) == ("发布值班表 · 未办理", ["refused"], wording.REFUSED_STATE)
    assert "已发布（leader-1 岗位" in str(json.loads(told["roster-refused"]))


async def test_reminders_are_told_once_and_the_second_run_is_idle(engine: Engine) -> None:
    await propose_roster(a_form(), return_state=True)
    await publish_roster(PublishForm(roster="ZB2021-1", operator="leader-1", now=MORNING), return_state=True)
    visit = ReminderVisit(now=at("2021-07-05 16:05"))
    first, _ = await told_by(await duty_reminders(visit, return_state=True))
    second, _ = await told_by(await duty_reminders(visit, return_state=True))
    assert (first.name, first.tags) == ("明日值班 3 人", [])
    assert (second.name, second.tags) == ("无事可做", ["idle"])


async def test_a_wish_that_cannot_be_is_an_answer_and_no_failure(engine: Engine) -> None:
    run, told = await told_by(await propose_roster(a_form(last_day=date(2021, 6, 1)), return_state=True))
    assert run.state_type is not None
    assert (run.name, run.state_type.value) == ("排班 · 未办理", "COMPLETED")
    assert "请更正日期" in str(json.loads(told["roster-refused"]))


def test_names_of_runs_say_what_is_not_even_and_what_is_open() -> None:
    assert wording.roster_proposed("ZB2021-1", 410, 417, 2, 7) == "排班 ZB2021-1 · 410/417 · 不均衡 2 处 · 空缺 7 处"
    assert wording.reminded(3, 14, 1) == "明日值班 3 人 · 下周值班 14 人 · 调班失效 1 件"
    assert wording.reminded(0, 0, 0) == "无事可做"
