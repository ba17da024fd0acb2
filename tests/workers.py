"""Real workers of both types on the session's Prefect server, and what a test asks of their runs."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import psutil
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Cancelling, Scheduled
from prefect.types.entrypoint import EntrypointType

from deployments.children import tied
from tasks.settings import Settings
from tests.prefect_server import environment_of
from tests.worker_flows import NOTES

ROOT = Path(__file__).parent.parent
STARTS_WITHIN_SECONDS = 60.0
ENDS_WITHIN_SECONDS = 90.0
LOOK_AGAIN_SECONDS = 0.1

T = TypeVar("T")


class RunningWorker:
    """A worker process on a pool of its own, and the runs it is given."""

    def __init__(self, settings: Settings, kind: str, home: Path, pool: str | None = None) -> None:
        self.kind = kind
        self.pool = pool or f"{kind}-{uuid4().hex[:8]}"
        self.home = home
        self.notes = home / "notes"
        self.notes.mkdir(parents=True, exist_ok=True)
        self.client: SyncPrefectClient = get_client(sync_client=True)
        self._log = home / f"worker-{uuid4().hex[:8]}.log"
        self._settings = settings
        if pool is None:
            self.client._client.post("/work_pools/", json=_pool(self.pool, kind)).raise_for_status()
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = ("prefect", "worker", "start", "--pool", self.pool, "--type", self.kind, "--limit", "6")
        ours = {NOTES: str(self.notes), "PYTHONPATH": f"{ROOT}:{self.home}", "TMPDIR": str(self.home)}
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                tied(sys.executable, "-m", *command, "--install-policy", "never"),
                env=environment_of(self._settings) | ours,
                stdout=log,
                stderr=log,
                cwd=self.home,
                start_new_session=True,
            )
        return process

    def wait_until_started(self) -> None:
        """Wait until it asks for runs."""
        self.wait("started worker", lambda: "started!" in self.said(), STARTS_WITHIN_SECONDS)

    def said(self) -> str:
        """All it said."""
        return self._log.read_text("utf-8", errors="replace")

    def deploy(self, flow: Flow[..., Any], **options: Any) -> UUID:
        """Put a flow on the pool, by module."""
        name = f"on-{self.pool}-{uuid4().hex[:6]}"
        by_module = EntrypointType.MODULE_PATH
        found: Any = flow.to_deployment(name, work_pool_name=self.pool, entrypoint_type=by_module, **options)
        deployment: UUID = found.apply()
        return deployment

    def start(self, flow: Flow[..., Any], parameters: dict[str, Any] | None = None, **options: Any) -> UUID:
        """Deploy a flow and start a run of it."""
        return self.start_again(self.deploy(flow, **options), parameters)

    def start_again(
        self, deployment: UUID, parameters: dict[str, Any] | None = None, tags: tuple[str, ...] = ()
    ) -> UUID:
        """Start a run of what is deployed."""
        return self.client.create_flow_run_from_deployment(deployment, parameters=parameters, tags=tags).id

    def start_later(self, deployment: UUID, due: float) -> UUID:
        """Start a run at a time."""
        when: State[Any] = Scheduled(scheduled_time=datetime.fromtimestamp(due, UTC))
        return self.client.create_flow_run_from_deployment(deployment, state=when).id

    def cancel(self, run: UUID) -> None:
        """Ask to cancel a run, as the button of the interface does."""
        self.client.set_flow_run_state(run, Cancelling())

    def read(self, run: UUID) -> FlowRun:
        """The run as the server has it."""
        return self.client.read_flow_run(run)

    def ended(self, run: UUID, within_seconds: float = ENDS_WITHIN_SECONDS) -> FlowRun:
        """The run when it has ended."""
        return self.wait(f"end of {run}", lambda: _if(self.read(run), lambda r: r.state.is_final()), within_seconds)

    def in_state(self, run: UUID, name: str, within_seconds: float = ENDS_WITHIN_SECONDS) -> FlowRun:
        """The run when it stands in a state of this name."""
        return self.wait(
            f"{name} of {run}", lambda: _if(self.read(run), lambda r: r.state.name == name), within_seconds
        )

    def noted(self, run: UUID) -> list[dict[str, Any]]:
        """What the run noted so far."""
        file = self.notes / str(run)
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def begun(self, run: UUID) -> dict[str, Any]:
        """The first note of a run, when it has made one."""
        return self.wait(f"note of {run}", lambda: self.noted(run), ENDS_WITHIN_SECONDS)[0]

    def hooks(self, run: UUID) -> list[str]:
        """The states for which a hook of the run was called."""
        return [note["hook"] for note in self.noted(run) if "hook" in note]

    def logs(self, run: UUID) -> list[str]:
        """The messages that the server has of a run."""
        wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run]))
        return [log.message for log in self.client.read_logs(wanted)]

    def processes(self) -> list[psutil.Process]:
        """Itself and all that it started."""
        try:
            itself = psutil.Process(self.process.pid)
            return [itself, *itself.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def wait(self, for_what: str, condition: Callable[[], T | None], seconds: float) -> T:
        """The first true answer of a condition, asked again and again within the time."""
        give_up_at = time.monotonic() + seconds
        while time.monotonic() < give_up_at:
            if found := condition():
                return found
            time.sleep(LOOK_AGAIN_SECONDS)
        raise AssertionError(f"{self.kind}: no {for_what} within {seconds} s. The worker said:\n{self.said()[-4000:]}")

    def stop(self, number: signal.Signals = signal.SIGTERM, within_seconds: float = 30.0) -> int:
        """Send it a signal and wait for its end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(within_seconds)


@contextmanager
def running_worker(settings: Settings, kind: str, home: Path, pool: str | None = None) -> Iterator[RunningWorker]:
    """A worker for as long as it is needed, killed with all it started."""
    worker = RunningWorker(settings, kind, home, pool)
    try:
        worker.wait_until_started()
        yield worker
    finally:
        for process in worker.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        worker.process.wait()
        worker.client._client.close()


def _pool(name: str, kind: str) -> dict[str, Any]:
    return WorkPoolCreate(name=name, type=kind).model_dump(mode="json", exclude_unset=True)


def _if(run: FlowRun, fits: Callable[[Any], bool]) -> FlowRun | None:
    return run if run.state is not None and fits(run) else None
