"""What `zhihui up` does on its Prefect server, as processes of their own: Prefect takes seconds to import, the
supervisor must not. `python -m deployments.server_setup deploy` or `… settle`.
"""

import asyncio
import sys
from pathlib import Path

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound

from deployments import up_wording
from deployments.deploying import PREFECT_FILE, DeployError, deploy_changed
from deployments.interrupted_runs import settle_interrupted_runs
from deployments.prefect_settings import WORK_POOL, WORKER_TYPE
from deployments.processes_left import flow_runs_alive
from deployments.warm_worker import WarmWorker
from tasks.settings import read_settings

READY_WITHIN_SECONDS = 180
"""A first start on a slow machine migrates the server's database."""


class ServerNotReady(Exception):
    """The Prefect server did not answer in time."""


async def deploy(client: PrefectClient, memory: Path) -> None:
    """Work pool, deployments that changed, and the runs a hard kill interrupted: all before the worker starts."""
    await wait_until_ready(client)
    await ensure_pool(client, WORK_POOL)
    found = await deploy_changed(client, PREFECT_FILE, memory)
    print(up_wording.deployed(len(found.deployed), len(found.unchanged)), flush=True)
    if found.gone:
        print(up_wording.deployments_gone(found.gone), flush=True)
    await settle(client)


async def settle(client: PrefectClient) -> None:
    """Settle the runs whose process a hard kill took."""
    await wait_until_ready(client)
    settled = await settle_interrupted_runs(client, WORK_POOL, flow_runs_alive())
    if settled:
        print(up_wording.runs_settled(settled), flush=True)


async def wait_until_ready(client: PrefectClient) -> None:
    """Wait for the server to answer.

    Raises: ServerNotReady after READY_WITHIN_SECONDS.
    """
    error: Exception | None = None
    for _ in range(READY_WITHIN_SECONDS * 4):
        error = await client.api_healthcheck()
        if error is None:
            return
        await asyncio.sleep(0.25)
    raise ServerNotReady(f"{client.api_url} did not answer within {READY_WITHIN_SECONDS} s: {error}")


async def ensure_pool(client: PrefectClient, name: str) -> None:
    """Make the work pool where it is missing; one that is there keeps what an administrator set."""
    try:
        await client.read_work_pool(name)
    except ObjectNotFound:
        template = WarmWorker.get_default_base_job_template()
        await client.create_work_pool(WorkPoolCreate(name=name, type=WORKER_TYPE, base_job_template=template))


async def main(verb: str) -> int:
    """Do one of the two; returns the exit code."""
    settings = read_settings()
    async with get_client() as client:
        try:
            await (deploy(client, settings.home / "deployed.json") if verb == "deploy" else settle(client))
        except (DeployError, ServerNotReady) as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
