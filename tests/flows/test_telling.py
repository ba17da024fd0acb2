"""A run is called by what it did, and tagged by how it ended."""

from uuid import UUID

import pytest
from prefect import flow, tags
from prefect.client.orchestration import get_client

from flows.telling import IDLE, STUCK, name_run

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.filterwarnings("ignore::ResourceWarning")]


@flow(name="a-visit-that-tells")
async def a_visit(verdicts: list[str]) -> None:
    """A run that says how it ended."""
    await name_run("推进 3 件", *verdicts)


@pytest.mark.parametrize(
    ("begun_with", "verdicts", "ended_with"),
    [
        (["cases"], [IDLE], ["cases", IDLE]),
        (["cases", IDLE], [], ["cases"]),
        (["cases", STUCK], [IDLE], ["cases", IDLE]),
    ],
)
async def test_a_run_begun_anew_keeps_the_tags_of_its_deployment_and_loses_its_earlier_verdict(
    begun_with: list[str], verdicts: list[str], ended_with: list[str]
) -> None:
    with tags(*begun_with):
        state = await a_visit(verdicts, return_state=True)
    async with get_client() as client:
        run = await client.read_flow_run(UUID(str(state.state_details.flow_run_id)))
    assert (run.name, sorted(run.tags)) == ("推进 3 件", ended_with)
