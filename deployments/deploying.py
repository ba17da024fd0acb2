"""Put the deployments that changed on the server, and leave the others as an administrator set them in the UI.

`prefect deploy` writes schedules anew: done at every start, it would undo a cron changed or a schedule paused in the
UI. So what was deployed is remembered in the state folder by digest, and only entries whose text (or form) changed
since are deployed, in one process and to the same result as `prefect deploy --all` (a test compares them).

    DeployError
    ├── BrokenDeployments   prefect.yaml holds what Prefect would skip or ignore in silence
    └── DeployFailed        the server refused a deployment
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from prefect import Flow
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import DeploymentApplyError
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.flows import load_flow_from_entrypoint
from prefect.types.entrypoint import EntrypointType
from prefect.utilities.callables import parameter_schema

PREFECT_FILE = Path(__file__).parent.parent / "prefect.yaml"

KEYS = frozenset(
    {"name", "entrypoint", "description", "tags", "schedules", "concurrency_limit", "parameters"}
    | {"enforce_parameter_schema", "work_pool"}
)
SCHEDULE_KEYS = frozenset({"slug", "cron", "timezone", "active", "parameters"})
"""What an entry and its schedules may say here; Prefect ignores a key it does not know, so a typo must not pass."""


class DeployError(Exception):
    """The deployments cannot be put on the server."""


class BrokenDeployments(DeployError):
    """A file of deployments of which Prefect would skip or ignore a part in silence."""


class DeployFailed(DeployError):
    """The server refused a deployment."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One deployment of the file, its flow, and the digest of all that deploying it would write."""

    text: Mapping[str, Any]
    flow: Flow[..., Any]
    digest: str

    @property
    def full_name(self) -> str:
        """Flow and deployment, as the server names it."""
        return f"{self.flow.name}/{self.text['name']}"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was deployed last: the text's digest, and the id it had on the server."""

    digest: str
    deployment_id: str


@dataclass(frozen=True, slots=True)
class Deployed:
    """What one start did."""

    deployed: tuple[str, ...]
    unchanged: tuple[str, ...]
    gone: tuple[str, ...]
    """No longer in the file, still on the server: the administrator deletes them, nobody else."""


def read_entries(path: Path) -> list[Entry]:
    """The deployments of a file.

    Raises: BrokenDeployments naming the entry that lacks a name or entrypoint, or says what Prefect would ignore.
    """
    document = yaml.safe_load(path.read_text("utf-8"))
    entries = document.get("deployments") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise BrokenDeployments(f"{path}: no list of deployments. Write them below `deployments:`.")
    return [_entry(f"{path}, deployment {position}", found) for position, found in enumerate(entries, start=1)]


async def deploy_changed(client: PrefectClient, path: Path, memory: Path) -> Deployed:
    """Deploys the entries of the file that changed since the last time, or that the server does not have.

    Raises: BrokenDeployments, DeployFailed; then nothing is remembered, and the next start deploys them again.
    """
    entries = read_entries(path)
    known = {entry.full_name for entry in entries}
    before = _read_memory(memory)
    there = {name: await _id_of(client, name) for name in known | set(before)}
    changed = [e for e in entries if before.get(e.full_name) != Remembered(e.digest, there[e.full_name] or "")]
    for entry in changed:
        await _deploy(client, entry)
    gone = {name: last for name, last in before.items() if name not in known and there[name]}
    now = {e.full_name: Remembered(e.digest, await _id_of(client, e.full_name) or "") for e in entries}
    _write_memory(memory, {**gone, **now})
    deployed = {entry.full_name for entry in changed}
    return Deployed(tuple(sorted(deployed)), tuple(sorted(known - deployed)), tuple(sorted(gone)))


def _entry(where: str, text: Mapping[str, Any]) -> Entry:
    if not text.get("name") or not text.get("entrypoint"):
        raise BrokenDeployments(f"{where} has no name or no entrypoint. Give it both.")
    unknown = set(text) - KEYS
    for schedule in text.get("schedules", ()):
        unknown |= set(schedule) - SCHEDULE_KEYS
    if unknown:
        known = ", ".join(sorted(KEYS | SCHEDULE_KEYS))
        raise BrokenDeployments(f"{where}: {', '.join(sorted(unknown))} means nothing here. Known: {known}.")
    flow: Flow[..., Any] = load_flow_from_entrypoint(text["entrypoint"])
    form = parameter_schema(flow).model_dump(exclude_unset=True)
    content = json.dumps([text, form], sort_keys=True, ensure_ascii=False, default=str)
    return Entry(text, flow, hashlib.sha256(content.encode()).hexdigest())


async def _deploy(client: PrefectClient, entry: Entry) -> None:
    text, limit = entry.text, entry.text.get("concurrency_limit")
    pool = text.get("work_pool", {})
    deployment = await entry.flow.ato_deployment(
        text["name"],
        description=text.get("description"),
        tags=text.get("tags"),
        parameters=text.get("parameters"),
        enforce_parameter_schema=text.get("enforce_parameter_schema", True),
        concurrency_limit=ConcurrencyLimitConfig(**limit) if isinstance(limit, dict) else limit,
        work_pool_name=pool.get("name"),
        work_queue_name=pool.get("work_queue_name"),
        job_variables=pool.get("job_variables"),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    try:
        written = await deployment.aapply(schedules=[_schedule(found) for found in text.get("schedules", ())])
        # Deploying anew leaves "unknown" where the first time wrote "none".
        await client.update_deployment(written, DeploymentUpdate(pull_steps=[]))
    except (DeploymentApplyError, ObjectNotFound, PrefectHTTPStatusError) as error:
        raise DeployFailed(f"{entry.full_name} could not be deployed to pool {pool.get('name')!r}: {error}") from error


def _schedule(found: Mapping[str, Any]) -> dict[str, Any]:
    """A schedule of the file as the server takes it; what the file leaves open is left open."""
    cron = CronSchedule(cron=found["cron"], timezone=found["timezone"])
    return {"schedule": cron, **{key: found[key] for key in ("slug", "active", "parameters") if key in found}}


async def _id_of(client: PrefectClient, full_name: str) -> str | None:
    try:
        return str((await client.read_deployment_by_name(full_name)).id)
    except ObjectNotFound:
        return None


def _read_memory(path: Path) -> dict[str, Remembered]:
    """What was deployed last; a file that is missing or damaged only means that everything is deployed again."""
    try:
        found = json.loads(path.read_text("utf-8"))
        return {name: Remembered(**last) for name, last in found.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def _write_memory(path: Path, deployed: Mapping[str, Remembered]) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({name: asdict(last) for name, last in deployed.items()}, indent=1), "utf-8")
    draft.replace(path)
