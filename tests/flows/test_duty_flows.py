"""The duty room's two processes on a real server: each run says what it did, and the second one has nothing to do."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, State
from sqlalchemy import Engine, select

from flows import duty_wording
from flows.duty_shift import ShiftVisit, duty_shift
from flows.duty_watch import WatchVisit, duty_watch
from flows.surroundings import surroundings
from tasks.flood_events import EVENTS
from tests.duty_rows import write_shifts
from tests.flood_cities import FLOOD_CITY
from tests.stored_cases import a_loaded_city, at, rows_of

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    # Prefect's own clients of a run are closed late.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

START = at("2021-07-20 08:00")


@pytest.fixture
def engine(settings: Any, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A city with two published shifts, as the flows find it."""
    monkeypatch.setenv("ZHIHUI_DATABASE_URL", sqlite_url)
    surroundings.cache_clear()
    found = surroundings().engine
    a_loaded_city(found, dict(FLOOD_CITY))
    write_shifts(found, START)
    yield found
    found.dispose()
    surroundings.cache_clear()


async def told_by(state: State[Any]) -> tuple[FlowRun, list[dict[str, Any]]]:
    """The run behind a final state, and the rows of its table."""
    run_id = UUID(str(state.state_details.flow_run_id))
    mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
    async with get_client() as client:
        run = await client.read_flow_run(run_id)
        found = await client.read_artifacts(artifact_filter=mine)
    return run, [row for artifact in found for row in json.loads(str(artifact.data))]


async def shifts(now: datetime) -> tuple[FlowRun, list[dict[str, Any]]]:
    return await told_by(await duty_shift(ShiftVisit(now=now), return_state=True))


async def watched(now: datetime) -> tuple[FlowRun, list[dict[str, Any]]]:
    return await told_by(await duty_watch(WatchVisit(now=now), return_state=True))


async def test_shifts_are_handed_over_and_the_second_run_has_nothing_to_do(engine: Engine) -> None:
    run, rows = await shifts(at("2021-07-21 08:00"))
    assert run.name == "下班 1 班 · 开班 2 班 · 补办 1 次"
    assert [row["开班 opened"] for row in rows] == ["2021-07-20T08:00", "2021-07-21T08:00"]
    named = {row.flow_run_id for row in rows_of(engine, select(EVENTS.c.flow_run_id))}
    assert named == {str(run.id)}
    again, _ = await shifts(at("2021-07-21 08:00"))
    assert (again.name, again.tags) == ("无事可做", ["idle"])


async def test_the_watch_says_what_it_recorded_and_the_second_run_has_nothing_to_do(engine: Engine) -> None:
    await shifts(START)
    run, rows = await watched(at("2021-07-20 08:15"))
    # Whether a check fell into these minutes is drawn by chance.
    said = [part for part in run.name.split(" · ") if not part.startswith(("查岗", "中断"))]
    assert said == ["催签到 3", "叫替班 3", "封存种子 2"]
    assert len(rows) >= 8
    again, _ = await watched(at("2021-07-20 08:15"))
    assert (again.name, again.tags) == ("无事可做", ["idle"])


def test_a_visit_of_the_watch_is_named_by_the_kinds_it_recorded() -> None:
    counts = {"backup_called": 1, "no_backup_free": 2, "absence_reported": 1}
    said = duty_wording.duty_watched(lambda *kinds: sum(counts.get(kind, 0) for kind in kinds), 1)
    assert said == "叫替班 1 · 报带班 3 · 催测试联系方式 1"
