"""Only what changed is deployed; what an administrator set in the UI stands."""

import asyncio
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule

from deployments.deploying import PREFECT_FILE, BrokenDeployments, DeployFailed, deploy_changed, read_entries
from tasks.settings import Settings
from tests.prefect_server import environment_of

DOCUMENT = yaml.safe_load(PREFECT_FILE.read_text("utf-8"))

# What a deployment has for itself, and what only tells when or by whom it was written.
VERSIONS = ("version", "version_id", "version_info", "branch", "root")
"""Bookkeeping of where a deployment was made from: a git checkout with an origin is named by its commit."""
ITS_OWN = {"id", "created", "updated", "name", "last_polled", "status", *VERSIONS}


@pytest.fixture(autouse=True)
def on_the_server(prefect_server: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command `prefect deploy` finds the session's server too."""
    for name, value in environment_of(prefect_server).items():
        monkeypatch.setenv(name, value)


def a_file(folder: Path, *names: str, **changes: Any) -> Path:
    """A prefect.yaml with some of the city's deployments under names of their own."""
    entries = [{**entry, **changes} for entry in DOCUMENT["deployments"] if entry["name"] in names]
    for entry in entries:
        entry["name"] = f"{entry['name']}-{folder.name}"
    path = folder / "prefect.yaml"
    path.write_text(yaml.safe_dump({"name": "zhihui", "pull": [], "deployments": entries}, allow_unicode=True), "utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose name no other test has."""
    made = tmp_path / uuid4().hex[:8]
    made.mkdir()
    return made


async def only_deployment(client: PrefectClient, folder: Path, name: str = "case-lifecycle/case-lifecycle") -> Any:
    return await client.read_deployment_by_name(f"{name}-{folder.name}")


async def test_what_the_administrator_set_stands_after_a_restart_and_a_changed_text_is_deployed(folder: Path) -> None:
    memory = folder / "deployed.json"
    async with get_client() as client:
        first = await deploy_changed(client, a_file(folder, "case-lifecycle"), memory)
        assert [len(first.deployed), len(first.unchanged)] == [1, 0]

        found = await only_deployment(client, folder)
        cron = CronSchedule(cron="*/7 * * * *", timezone="Asia/Shanghai")
        await client.update_deployment_schedule(found.id, found.schedules[0].id, active=False, schedule=cron)
        await client.update_deployment(found.id, DeploymentUpdate(paused=True))

        again = await deploy_changed(client, a_file(folder, "case-lifecycle"), memory)
        assert [len(again.deployed), len(again.unchanged)] == [0, 1]
        stands = await only_deployment(client, folder)
        assert stands.paused
        assert not stands.schedules[0].active
        assert stands.schedules[0].schedule.cron == "*/7 * * * *"

        changed = await deploy_changed(client, a_file(folder, "case-lifecycle", tags=["changed"]), memory)
        assert len(changed.deployed) == 1
        assert (await only_deployment(client, folder)).tags == ["changed"]


async def test_a_schedule_makes_runs(folder: Path) -> None:
    """The server's scheduler must get along with the libraries beside it: it fails where nobody looks."""
    async with get_client() as client:
        await deploy_changed(client, a_file(folder, "notices"), folder / "deployed.json")
        found = await only_deployment(client, folder, "notices/notices")
        mine = DeploymentFilter(id=DeploymentFilterId(any_=[found.id]))
        async with asyncio.timeout(30):
            while not await client.read_flow_runs(deployment_filter=mine):
                await asyncio.sleep(0.2)


async def test_a_deployment_missing_on_the_server_is_deployed_again(folder: Path) -> None:
    memory, path = folder / "deployed.json", a_file(folder, "case-visit")
    async with get_client() as client:
        await deploy_changed(client, path, memory)
        gone = await only_deployment(client, folder, "case-lifecycle/case-visit")
        await client.delete_deployment(gone.id)
        assert len((await deploy_changed(client, path, memory)).deployed) == 1
        assert (await only_deployment(client, folder, "case-lifecycle/case-visit")).id != gone.id


async def test_a_deployment_taken_out_of_the_file_is_named_and_never_deleted(folder: Path) -> None:
    memory = folder / "deployed.json"
    async with get_client() as client:
        await deploy_changed(client, a_file(folder, "case-visit", "take-action"), memory)
        for _ in range(2):
            found = await deploy_changed(client, a_file(folder, "case-visit"), memory)
            assert found.gone == (f"take-action/take-action-{folder.name}",)
        left = await only_deployment(client, folder, "take-action/take-action")
        await client.delete_deployment(left.id)
        assert (await deploy_changed(client, a_file(folder, "case-visit"), memory)).gone == ()


async def test_a_file_prefect_cannot_deploy_is_an_error_and_nothing_is_remembered(folder: Path) -> None:
    path = a_file(folder, "case-visit", work_pool={"name": "no-such-pool"})
    async with get_client() as client:
        with pytest.raises(DeployFailed, match="no-such-pool"):
            await deploy_changed(client, path, folder / "deployed.json")
    assert not (folder / "deployed.json").exists()


@pytest.mark.parametrize("typo", [{"tagz": []}, {"schedules": [{"cron": "* * * * *", "timezon": "Asia/Shanghai"}]}])
def test_a_key_prefect_would_ignore_is_refused(folder: Path, typo: dict[str, Any]) -> None:
    with pytest.raises(BrokenDeployments, match=r"deployment 1: (tagz|timezon) means nothing here"):
        read_entries(a_file(folder, "case-visit", **typo))


@pytest.mark.parametrize("missing", ["name", "entrypoint"])
def test_an_entry_prefect_would_skip_in_silence_is_refused(folder: Path, missing: str) -> None:
    entry = {key: value for key, value in DOCUMENT["deployments"][0].items() if key != missing}
    path = folder / "prefect.yaml"
    path.write_text(yaml.safe_dump({"deployments": [DOCUMENT["deployments"][1], entry]}), "utf-8")
    with pytest.raises(BrokenDeployments, match="deployment 2 has no name or no entrypoint"):
        read_entries(path)


async def test_prefects_own_command_gives_the_same_deployments(folder: Path, tmp_path: Path) -> None:
    """`prefect deploy --all` with the file as it is, against a server, from a folder that is no checkout."""
    compared = "case-lifecycle/case-lifecycle", "case-lifecycle/case-visit", "take-action/take-action"
    ours = a_file(folder, *(name.partition("/")[2] for name in compared))
    async with get_client() as client:
        await deploy_changed(client, ours, folder / "deployed.json")
        (folder / "deployed.json").unlink()
        await deploy_changed(client, ours, folder / "deployed.json")
        command = (sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", PREFECT_FILE)
        process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL)
        assert await process.wait() == 0
        for entry in read_entries(PREFECT_FILE):
            plain = await client.read_deployment_by_name(entry.full_name)
            assert plain.pull_steps == []
            if entry.full_name in compared:
                assert content(plain) == content(await only_deployment(client, folder, entry.full_name))


def content(deployment: DeploymentResponse) -> dict[str, Any]:
    """A deployment without what it has for itself."""
    found = deployment.model_dump(mode="json", exclude=ITS_OWN)
    for schedule in found["schedules"]:
        for name in ("id", "created", "updated", "deployment_id"):
            schedule.pop(name)
    limit = found.pop("global_concurrency_limit")
    return found | {"limit": limit["limit"] if limit else None}
