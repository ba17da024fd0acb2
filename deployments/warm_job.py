"""What the warm work pool and its deployments may set, and what that makes of one run."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.workers.base import BaseJobConfiguration, BaseVariables
from pydantic import Field, PrivateAttr

if TYPE_CHECKING:
    from prefect.client.schemas.objects import Flow, FlowRun, WorkPool
    from prefect.client.schemas.responses import DeploymentResponse

A_RUNS_OWN = "PREFECT__"
"""Variables with this beginning belong to one run; all others make a child's environment."""

RUNS_PER_CHILD = 200
CHILD_MEMORY_MB = 500
RUN_MEMORY_MB = 1500
CANCEL_GRACE_SECONDS = 30.0
STOP_GRACE_SECONDS = 1.5


class NoCommand(ValueError):
    """A deployment of the warm pool asks for a command, but a warm run starts no program."""


class WarmVariables(BaseVariables):
    """The form of the work pool, and of the job variables of a deployment."""

    working_dir: Path | None = Field(
        default=None,
        title="Working Directory",
        description="The folder a run works in. Without it, each run gets a temporary folder of its own.",
    )
    runs_per_child: int = Field(
        default=RUNS_PER_CHILD, ge=1, title="Runs per child", description="After so many runs a child is replaced."
    )
    child_memory_mb: int = Field(
        default=CHILD_MEMORY_MB,
        ge=1,
        title="Memory of a child (MB)",
        description="A child that holds more after a run is replaced.",
    )
    run_memory_mb: int = Field(
        default=RUN_MEMORY_MB,
        ge=1,
        title="Memory of a run (MB)",
        description="A run that makes its child hold more is stopped and reported as crashed.",
    )
    cancel_grace_seconds: float = Field(
        default=CANCEL_GRACE_SECONDS,
        ge=0,
        title="Grace of a cancelled run (s)",
        description="A cancelled run that has not ended by then is killed.",
    )
    stop_grace_seconds: float = Field(
        default=STOP_GRACE_SECONDS,
        ge=0,
        title="Grace of a stopping worker (s)",
        description="How long a worker that is told to stop waits for a run to finish.",
    )


class WarmJobConfiguration(BaseJobConfiguration):
    """How one run is to be executed."""

    working_dir: Path | None = None
    runs_per_child: int = RUNS_PER_CHILD
    child_memory_mb: int = CHILD_MEMORY_MB
    run_memory_mb: int = RUN_MEMORY_MB
    cancel_grace_seconds: float = CANCEL_GRACE_SECONDS
    stop_grace_seconds: float = STOP_GRACE_SECONDS

    _entrypoint: str | None = PrivateAttr(default=None)

    def prepare_for_flow_run(
        self,
        flow_run: "FlowRun",
        deployment: "DeploymentResponse | None" = None,
        flow: "Flow | None" = None,
        work_pool: "WorkPool | None" = None,
        worker_name: str | None = None,
        worker_id: UUID | None = None,
    ) -> None:
        """Adds what only the server knows of the run.

        Raises: NoCommand where the job variables name one.
        """
        if self.command is not None:
            raise NoCommand(
                f"job variable command is {self.command!r}, but a warm run starts no program. Use the pool process."
            )
        super().prepare_for_flow_run(flow_run, deployment, flow, work_pool, worker_name, worker_id=worker_id)
        if deployment is not None and not deployment.pull_steps:
            self._entrypoint = importable(deployment.entrypoint)

    @property
    def module(self) -> str | None:
        """The module of the flow; None where its code is a file, or is to be pulled first."""
        return module_of(self._entrypoint)

    def child_environment(self, workers: Mapping[str, str]) -> dict[str, str | None]:
        """What sets the environment of its child apart from the worker's."""
        return {
            name: value
            for name, value in self.env.items()
            if not name.startswith(A_RUNS_OWN) and workers.get(name) != value
        }

    def run_variables(self) -> dict[str, str | None]:
        """The variables of this run alone."""
        own = {name: value for name, value in self.env.items() if name.startswith(A_RUNS_OWN)}
        return own | {"PREFECT__FLOW_ENTRYPOINT": self._entrypoint}


def importable(entrypoint: str | None) -> str | None:
    """An entrypoint that can be imported by name, as `flows.intake.intake`; None for a file's."""
    return entrypoint if entrypoint and ":" not in entrypoint and "." in entrypoint else None


def module_of(entrypoint: str | None) -> str | None:
    """The module of an importable entrypoint.

    Example: module_of("flows.intake.intake") is "flows.intake".
    """
    return entrypoint.rpartition(".")[0] if entrypoint else None
