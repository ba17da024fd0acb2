"""Every process, run twice on a real server against a real city database."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, State, StateType
from sqlalchemy import Engine, select

from flows.action_form import ActionForm
from flows.case_lifecycle import CaseVisit, case_lifecycle
from flows.intake import IntakeVisit, intake
from flows.notices import NoticeVisit, notices
from flows.surroundings import surroundings
from flows.take_action import take_action
from models.city import City
from tasks.case_store import EVENTS
from tasks.settings import Settings
from tests.channel_server import ChannelServer, channel_server
from tests.notice_rows import write_case, write_notice
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in, rows_of, states

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    # Prefect's own clients of a run are closed late.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

MORNING = at("2019-05-06 08:02")


@dataclass(frozen=True)
class CityAtWork:
    """A city with its database, and the channel its messages go to."""

    engine: Engine
    city: City
    channel: ChannelServer
    drop_folder: Path


@dataclass(frozen=True)
class Told:
    """What a run said: the run itself, its tables by key, and its pages and bars by key."""

    run: FlowRun
    tables: dict[str, list[dict[str, Any]]]
    others: dict[str, str]

    @property
    def own_tags(self) -> set[str]:
        return set(self.run.tags)


@pytest.fixture
def here(settings: Settings, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[CityAtWork]:
    """The small city, in a database of its own, with demo messages going to a channel of the test."""
    monkeypatch.setenv("ZHIHUI_DATABASE_URL", sqlite_url)
    settings.drop_folder.mkdir(parents=True)
    surroundings.cache_clear()
    with channel_server() as channel:
        monkeypatch.setenv("ZHIHUI_DESK_URL", f"http://{channel.host}")
        engine = surroundings().engine
        yield CityAtWork(engine, a_loaded_city(engine), channel, settings.drop_folder)
    engine.dispose()
    surroundings.cache_clear()


async def told_by(state: State[Any]) -> Told:
    """The run behind a final state, as the server knows it."""
    run_id = UUID(str(state.state_details.flow_run_id))
    async with get_client() as client:
        run = await client.read_flow_run(run_id)
        mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
        found = await client.read_artifacts(artifact_filter=mine)
    tables: dict[str, list[dict[str, Any]]] = {}
    for artifact in found:
        if artifact.type == "table":
            tables.setdefault(str(artifact.key), []).extend(json.loads(str(artifact.data)))
    others = {str(artifact.key): str(artifact.data) for artifact in found if artifact.type != "table"}
    return Told(run, tables, others)


async def sweep(now: datetime, *numbers: str) -> Told:
    visit = CaseVisit(now=now, case_numbers=list(numbers))
    return await told_by(await case_lifecycle(visit, return_state=True))


async def test_a_sweep_says_what_it_moved_and_the_second_has_nothing_to_do(here: CityAtWork) -> None:
    reports_taken_in(here.engine, here.city, 3, at("2019-05-06 08:00"))

    first = await sweep(MORNING)
    assert first.run.state_type is StateType.COMPLETED
    assert first.run.name == "推进 3 件"
    assert "idle" not in first.own_tags
    rows = sorted(first.tables["moved-cases"], key=lambda row: str(row["案件编号 case"]))
    assert list(rows[0].values()) == [
        "E0110201905060001",
        "已上报待受理",
        "已派遣待接收",
        "受理、立案、派遣",
        "系统规则 inspector_straight_through",
    ]
    assert len(rows) == 3

    second = await sweep(MORNING)
    assert (second.run.name, second.own_tags, second.tables) == ("无事可做", {"idle"}, {})
    assert states(here.engine) == {"dispatched": 3}


async def test_each_event_names_the_run_so_that_an_auditor_walks_both_ways(here: CityAtWork) -> None:
    reports_taken_in(here.engine, here.city, 1, at("2019-05-06 08:00"))
    told = await sweep(MORNING)
    written = rows_of(here.engine, select(EVENTS.c.flow_run_id).where(EVENTS.c.action != "report"))
    assert {row.flow_run_id for row in written} == {str(told.run.id)}


async def test_messages_of_moved_cases_go_out_with_the_visit(here: CityAtWork) -> None:
    reports_taken_in(here.engine, here.city, 1, at("2019-05-06 08:00"))
    await sweep(MORNING)
    assert here.channel.paths() == ["demo/inbox/lihe-liaison"]
    await sweep(MORNING)
    assert len(here.channel.received) == 1


async def test_a_person_stands_in_the_table_under_the_name_of_the_post(here: CityAtWork) -> None:
    names = reports_taken_in(here.engine, here.city, 1, at("2019-05-06 08:00"))
    await sweep(MORNING)
    acts(here.engine, here.city, names, "receive", "lihe-liaison", at("2019-05-06 08:10"))
    (row,) = (await sweep(at("2019-05-06 08:12"))).tables["moved-cases"]
    assert row["依据 rule or person"] == "梨河镇值班员甲"
    assert row["动作 actions"] == "接收"


async def test_cases_that_fell_overdue_are_counted_in_the_name(here: CityAtWork) -> None:
    reports_taken_in(here.engine, here.city, 2, at("2019-05-06 08:00"))
    await sweep(MORNING)
    assert (await sweep(at("2019-05-09 18:30"))).run.name == "推进 2 件 · 超期 2"


async def test_a_visit_to_one_case_leaves_the_others(here: CityAtWork) -> None:
    first, _ = reports_taken_in(here.engine, here.city, 2, at("2019-05-06 08:00"))
    assert (await sweep(MORNING, first)).run.name == "推进 1 件"
    assert states(here.engine) == {"dispatched": 1, "reported": 1}


async def test_many_moved_cases_are_all_in_the_tables(here: CityAtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.telling.ROWS_A_TABLE", 2)
    reports_taken_in(here.engine, here.city, 5, at("2019-05-06 08:00"))
    told = await sweep(MORNING)
    assert len({row["案件编号 case"] for row in told.tables["moved-cases"]}) == 5


async def test_intake_says_what_was_taken_and_refused_and_takes_it_once(here: CityAtWork) -> None:
    file = here.drop_folder / "reports.csv"
    file.write_text(
        "source_id,opened_at,class_code,condition_no,area,place\n"
        "1,2019-05-06 07:30:00,E0110,1,410184101001001,新华路口\n"
        "2,2019-05-06 07:40:00,E0110,1,410184101001001,人民路口\n"
        "3,some day,E0110,1,410184101001001,人民路口\n",
        "utf-8",
    )
    os.utime(file, (at("2019-05-06 08:00").timestamp(),) * 2)

    first = await told_by(await intake(IntakeVisit(now=MORNING), return_state=True))
    assert first.run.name == "受理 2 件 · 退回 1"
    (row,) = first.tables["intake-files"]
    assert (row["文件 file"], row["受理 taken"], row["退回 refused"]) == ("reports.csv", 2, 1)
    assert states(here.engine) == {"reported": 2}

    second = await told_by(await intake(IntakeVisit(now=MORNING), return_state=True))
    assert (second.run.name, second.own_tags) == ("无事可做", {"idle"})
    assert states(here.engine) == {"reported": 2}


async def test_notices_are_delivered_once_and_counted(here: CityAtWork) -> None:
    case_id = write_case(here.engine, edition=here.city.edition)
    write_notice(here.engine, case_id=case_id, recipient="water-liaison")

    visit = NoticeVisit(now=MORNING)
    first = await told_by(await notices(visit, return_state=True))
    assert first.run.name == "投递 1 条"
    assert here.channel.paths() == ["demo/inbox/water-liaison"]

    second = await told_by(await notices(visit, return_state=True))
    assert (second.run.name, second.own_tags) == ("无事可做", {"idle"})
    assert len(here.channel.received) == 1


async def test_an_action_is_taken_at_once_through_the_form(here: CityAtWork) -> None:
    (name,) = reports_taken_in(here.engine, here.city, 1, at("2019-05-06 08:00"))
    await sweep(MORNING)
    form = ActionForm(number=name, action="接收", operator="lihe-liaison", now=at("2019-05-06 08:10"))
    told = await told_by(await take_action(form, return_state=True))
    assert told.run.name == f"{name} 接收 · 已办理"
    assert told.own_tags == set()
    (row,) = told.tables["action-outcome"]
    assert row["结果 outcome"] == "已办理"
    assert states(here.engine) == {"handling": 1}


async def test_an_action_that_may_not_be_taken_now_is_refused_with_what_may(here: CityAtWork) -> None:
    (name,) = reports_taken_in(here.engine, here.city, 1, at("2019-05-06 08:00"))
    await sweep(MORNING)
    form = ActionForm(number=name, action="上报处置完成", operator="lihe-liaison", now=at("2019-05-06 08:10"))
    for _ in range(2):
        told = await told_by(await take_action(form, return_state=True))
        assert told.run.name == f"{name} 上报处置完成 · 未办理"
        assert told.own_tags == {"refused"}
        assert told.run.state
        assert (told.run.state_type, told.run.state.name) == (StateType.COMPLETED, "Refused 未办理")
        (row,) = told.tables["action-outcome"]
        assert row["说明 explanation"] == told.run.state.message
        assert "接收" in str(row["说明 explanation"]), "what is allowed now"
    assert states(here.engine) == {"dispatched": 1}


@pytest.mark.parametrize(("number", "operator", "said"), [("E9", "lihe-liaison", "E9"), (None, "nobody", "nobody")])
async def test_a_case_or_post_that_is_not_known_is_refused_by_its_name(
    here: CityAtWork, number: str | None, operator: str, said: str
) -> None:
    (name,) = reports_taken_in(here.engine, here.city, 1, at("2019-05-06 08:00"))
    form = ActionForm(number=number or name, action="接收", operator=operator, now=MORNING)
    told = await told_by(await take_action(form, return_state=True))
    assert told.run.state
    assert said in str(told.run.state.message)
    assert told.own_tags == {"refused"}
