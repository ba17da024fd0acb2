"""The run only asks: it waits suspended for its form, writes the row when answered, ends when the desk was first."""

import asyncio
import contextlib
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow
from sqlalchemy import Engine

from flows.flood_response import flood_response
from flows.flood_watch import WatchVisit, flood_watch
from flows.surroundings import surroundings
from models.city import City
from models.flood_rules import ResponseLevel
from models.refusal import Refusal
from tasks.consultation_runs import DEPLOYMENT, ConsultationRuns, keep_consultation_runs
from tasks.database import transaction
from tasks.flood_numbers import next_number
from tasks.response_rows import CONSULTATIONS, DECISIONS, DecisionTold
from tasks.settings import Settings
from tests.flood_rows import MORNING, TOWN, a_warning, a_wish, decides, happened, looks, rows_in
from tests.prefect_server import free_port
from tests.response_cities import RESPONSE_CITY
from tests.stored_cases import a_loaded_city

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    # Prefect's own clients of a run are closed late.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

ANSWER = {
    "level": "启动Ⅲ级响应",
    "area": TOWN,
    "hazard": "防汛",
    "basis": "橙色预警",
    "issuer": "centre",
    "signed_by": "leader",
}


class Asking:
    """A city with an open consultation, and the engine's runs for it."""

    def __init__(self, engine: Engine, city: City, runs: ConsultationRuns, number: str) -> None:
        self.engine, self.city, self.runs, self.number = engine, city, runs, number

    def keep_runs(self) -> int:
        return keep_consultation_runs(self.engine, self.runs)

    async def run(self) -> FlowRun:
        (row,) = rows_in(self.engine, CONSULTATIONS)
        async with get_client() as client:
            return await client.read_flow_run(UUID(row.flow_run_id))

    async def goes_on(self) -> FlowRun:
        """What a worker does with the run: from the top to its suspension or its end."""
        async with get_client() as client:
            run = await client.read_flow_run((await self.run()).id)
        flow: Flow[..., Any] = flood_response
        with contextlib.suppress(Pause):
            await cast(Any, run_flow(flow, flow_run=run))
        return await self.run()

    async def answers(self, **changes: str) -> None:
        """Somebody fills in the form in the interface."""
        async with get_client() as client:
            answer = await client.resume_flow_run((await self.run()).id, run_input=ANSWER | changes)
        assert answer.status.value == "ACCEPT", answer.details

    async def form(self) -> dict[str, Any]:
        """What the interface draws: the schema and what stands above it."""
        run = await self.run()
        keyset = run.state.state_details.run_input_keyset if run.state else None
        async with get_client() as client:
            found = {}
            for name in ("schema", "description"):
                path = f"/flow_runs/{run.id}/input/{keyset[name]}" if keyset else ""
                found[name] = (await client._client.get(path)).text
        return found

    def decides_at_the_desk(self, **changes: Any) -> DecisionTold | Refusal:
        return decides(self.engine, self.city, a_wish(consultation=self.number, **changes), f"desk-{uuid4()}")


@pytest.fixture
async def asking(settings: Settings, sqlite_url: str, prefect_server: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An orange warning has called a consultation, and its run is scheduled."""
    monkeypatch.setenv("ZHIHUI_DATABASE_URL", sqlite_url)
    surroundings.cache_clear()
    engine = surroundings().engine
    city = a_loaded_city(engine, dict(RESPONSE_CITY))
    _skip_numbers_of_other_tests(engine, city)
    a_warning(engine, "YJ20210720-001", "orange")
    (number,) = looks(engine, city).opened
    async with get_client() as client:
        flow_id = await client.create_flow(flood_response)
        await client.create_deployment(flow_id, DEPLOYMENT.partition("/")[2])
    runs = ConsultationRuns(prefect_server)
    asking = Asking(engine, city, runs, number)
    assert asking.keep_runs() == 1
    yield asking
    runs.close()
    engine.dispose()
    surroundings.cache_clear()


TESTS = iter(range(1, 1000))


def _skip_numbers_of_other_tests(engine: Engine, city: City) -> None:
    """The session's server keeps the runs of all tests: each has a number, and so a run, of its own."""
    with transaction(engine) as connection:
        for _ in range(next(TESTS)):
            next_number(connection, city, "HS", MORNING)


async def test_the_form_waits_suspended_and_its_answer_is_the_row(asking: Asking) -> None:
    waiting = await asking.goes_on()
    assert waiting.state
    assert (waiting.state.type, waiting.state.name) == (StateType.PAUSED, "Suspended")
    assert waiting.name == f"{asking.number} 梨河镇防汛 建议Ⅲ级 · 待研判"
    form = await asking.form()
    assert "建议级别 suggested: **Ⅲ级**" in form["description"]
    for title in ("响应级别 Level", "区域 Area", "灾种 Hazard", "依据 Basis", "发布单位 Issuer", "签发人 Signed by"):
        assert title in form["schema"]

    await asking.answers()
    ended = await asking.goes_on()
    assert ended.state
    assert (ended.state.type, ended.state.name) == (StateType.COMPLETED, "Decided 已决定")
    assert ended.name == f"{asking.number} 梨河镇防汛 启动Ⅲ级响应 · 分管领导甲签发"
    (row,) = rows_in(asking.engine, DECISIONS)
    assert (row.level, row.signed_by, row.origin, row.flow_run_id) == (3, "leader", "form", str(ended.id))


async def test_somebody_who_is_not_of_the_directory_is_refused_and_the_form_comes_again(asking: Asking) -> None:
    await asking.goes_on()
    await asking.answers(signed_by="wang-wu")
    again = await asking.goes_on()
    assert again.state
    assert again.state.name == "Suspended"
    assert "wang-wu" in (await asking.form())["description"]
    assert rows_in(asking.engine, DECISIONS) == []
    await asking.answers(signed_by="centre-head")
    assert (await asking.goes_on()).state_name == "Suspended"
    assert "运行中心负责人无权签发Ⅲ级" in (await asking.form())["description"]
    await asking.answers()
    assert (await asking.goes_on()).state_name == "Decided 已决定"
    assert len(rows_in(asking.engine, DECISIONS)) == 1
    kinds = happened(asking.engine, f"consultation:{asking.number}")
    assert kinds == ["opened", "decision_refused", "decision_refused", "decided"]


async def test_the_server_itself_takes_no_level_that_there_is_not(asking: Asking) -> None:
    await asking.goes_on()
    with pytest.raises(AssertionError, match="启动Ⅲ级响应"):
        await asking.answers(level="五级")
    assert (await asking.run()).state_name == "Suspended"


async def test_where_the_desk_was_first_the_waiting_run_ends_with_the_name_of_the_decision(asking: Asking) -> None:
    await asking.goes_on()
    assert isinstance(asking.decides_at_the_desk(level=ResponseLevel.II), DecisionTold)
    assert asking.keep_runs() == 0, "it is woken, and has not ended yet"
    assert (await asking.run()).state_name == "Resuming"
    ended = await asking.goes_on()
    assert (ended.state_name, ended.name) == (
        "Decided 已决定",
        f"{asking.number} 梨河镇防汛 启动Ⅱ级响应 · 分管领导甲签发",
    )
    assert asking.keep_runs() == 1
    assert asking.keep_runs() == 0
    assert [row.origin for row in rows_in(asking.engine, DECISIONS)] == ["desk"]


async def test_where_the_form_was_first_the_desk_is_told_who_and_when(asking: Asking) -> None:
    await asking.goes_on()
    await asking.answers()
    await asking.goes_on()
    late = asking.decides_at_the_desk(level=ResponseLevel.I)
    assert isinstance(late, Refusal)
    assert (late.code, late.facts["by"]) == ("decided_already", "leader")
    assert asking.keep_runs() == 1, "the run ended by itself and is settled"


async def test_an_answer_given_while_the_desk_decides_changes_nothing(asking: Asking) -> None:
    await asking.goes_on()
    await asking.answers(level="启动Ⅰ级响应")
    asking.decides_at_the_desk()
    ended = await asking.goes_on()
    assert ended.name == f"{asking.number} 梨河镇防汛 启动Ⅲ级响应 · 分管领导甲签发"
    assert [(row.level, row.origin) for row in rows_in(asking.engine, DECISIONS)] == [(3, "desk")]


async def test_where_form_and_desk_decide_at_once_one_of_them_wins_and_the_other_hears_of_it(asking: Asking) -> None:
    await asking.goes_on()
    await asking.answers(level="启动Ⅰ级响应")
    desk = asyncio.to_thread(lambda: asking.decides_at_the_desk(level=ResponseLevel.II))
    ended, answer = await asyncio.gather(asking.goes_on(), desk)
    (row,) = rows_in(asking.engine, DECISIONS)
    assert (row.level, row.origin) in ((1, "form"), (2, "desk"))
    assert isinstance(answer, DecisionTold) is (row.origin == "desk")
    assert ended.name == f"{asking.number} 梨河镇防汛 启动{'Ⅰ' if row.level == 1 else 'Ⅱ'}级响应 · 分管领导甲签发"


async def test_a_run_woken_without_an_answer_decides_nothing_and_asks_again(asking: Asking) -> None:
    await asking.goes_on()
    asking.runs.settle(str((await asking.run()).id))
    again = await asking.goes_on()
    assert (again.state_name, rows_in(asking.engine, DECISIONS)) == ("Suspended", [])


async def test_with_the_engine_down_the_desk_decides_and_the_run_is_cleaned_up_afterwards(
    asking: Asking, settings: Settings
) -> None:
    await asking.goes_on()
    away = ConsultationRuns(settings.model_copy(update={"prefect_url": f"http://127.0.0.1:{free_port()}/api"}))
    assert isinstance(asking.decides_at_the_desk(), DecisionTold)
    assert keep_consultation_runs(asking.engine, away) == 0
    assert (await asking.run()).state_name == "Suspended"
    asking.keep_runs()
    assert (await asking.goes_on()).state_name == "Decided 已决定"
    away.close()


async def test_a_run_that_somebody_deleted_is_no_longer_looked_for(asking: Asking) -> None:
    await asking.goes_on()
    run = await asking.run()
    asking.decides_at_the_desk()
    async with get_client() as client:
        await client.delete_flow_run(run.id)
    assert asking.keep_runs() == 1


async def test_the_same_consultation_has_one_run_however_often_it_is_started(asking: Asking) -> None:
    first = asking.runs.start(asking.number)
    assert first == str((await asking.run()).id)


async def test_the_watch_opens_starts_tells_and_the_second_visit_is_idle(asking: Asking) -> None:
    a_warning(asking.engine, "YJ20210720-002", "yellow", hazard="drought")
    first = await watched(MORNING)
    assert (first.name, "idle" in first.tags) == ("发起会商 1", False)
    second = await watched(MORNING)
    assert (second.name, "idle" in second.tags) == ("无事可做", True)
    late = await watched(MORNING.replace(minute=20))
    assert late.name == "催决定 2"


async def watched(now: datetime) -> FlowRun:
    state = await flood_watch(WatchVisit(now=now), return_state=True)
    async with get_client() as client:
        return await client.read_flow_run(UUID(str(state.state_details.flow_run_id)))


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(200, json={}), httpx.Response(200, text="<p>")])
def test_an_engine_that_answers_nonsense_is_away(answer: httpx.Response) -> None:
    client = httpx.Client(base_url="http://engine/api", transport=httpx.MockTransport(lambda _: answer))
    runs = ConsultationRuns(Settings(), client)
    assert runs.start("HS20210720-001") is None
    assert runs.settle(str(uuid4())) is False


@pytest.fixture(autouse=True)
def nobody_is_sent_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Demo messages go nowhere here."""
    monkeypatch.setenv("ZHIHUI_DESK_URL", f"http://127.0.0.1:{free_port()}")
