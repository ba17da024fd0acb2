"""How a run says what it did: its name, its tags, and tables an auditor can walk back from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext

IDLE = "idle"
REFUSED = "refused"
STUCK = "stuck"

VERDICTS = frozenset({IDLE, REFUSED, STUCK})
"""Tags that say how a run ended: a run begun anew loses those of its earlier end."""

ROWS_A_TABLE = 500
"""The UI draws a table whole: more rows become further tables of the same key."""


def run_id() -> str | None:
    """The id of the flow run, which each event stores."""
    run = _run()
    return str(run[0]) if run else None


async def name_run(name: str, *more_tags: str) -> None:
    """Call the run by what it did, and tag it; what the deployment tagged stays, an earlier verdict does not."""
    run = _run()
    if run is None:
        return
    flow_run_id, tags = run
    lasting = [tag for tag in tags if tag not in VERDICTS]
    async with get_client() as client:
        await client.update_flow_run(flow_run_id, name=name, tags=[*lasting, *more_tags])


async def show_table(key: str, rows: Sequence[Mapping[str, object]], description: str) -> None:
    """Attach the rows to the run as a table, or as several where there are many."""
    for first in range(0, len(rows), ROWS_A_TABLE):
        part = [dict(row) for row in rows[first : first + ROWS_A_TABLE]]
        await acreate_table_artifact(table=part, key=key, description=description)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come, as a bar that its page shows while it runs."""

    artifact_id: UUID

    async def reached(self, percent: float) -> None:
        """Move the bar. Units: 0 to 100."""
        await aupdate_progress_artifact(artifact_id=self.artifact_id, progress=percent)


async def begin_progress(key: str, description: str) -> Progress:
    """A bar at 0."""
    created = await acreate_progress_artifact(progress=0.0, key=key, description=description)
    return Progress(created if isinstance(created, UUID) else created.id)


async def show_page(key: str, markdown: str, description: str) -> None:
    """Attach a page to the run."""
    await acreate_markdown_artifact(markdown=markdown, key=key, description=description)


def _run() -> tuple[UUID, list[str]] | None:
    """Id and tags of the run this is called in."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return None
    return context.flow_run.id, list(context.flow_run.tags)
