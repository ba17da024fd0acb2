"""A worker type of our own, `zhihui-warm`: it executes flow runs in long-lived children that have the flows imported.

    prefect worker start --pool warm --type zhihui-warm --limit 4

Prefect's process worker starts an interpreter a run, which costs seconds of import; here a run costs what it does. A
run has a child to itself: one that hangs, eats memory or ends its process takes only its child along. How runs are
started, cancelled and reported is kept to what Prefect's process worker does; one test table holds both to it.
"""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import anyio
import anyio.abc
import httpx
from prefect.client.schemas.filters import WorkPoolFilter, WorkPoolFilterName
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_logger
from prefect.settings import get_current_settings
from prefect.workers.base import BaseWorker, BaseWorkerResult

from deployments.warm_job import WarmJobConfiguration, WarmVariables, importable, module_of
from deployments.warm_pool import ChildDied, WarmChild, WarmPool
from deployments.warm_watch import runs_to_cancel, watch_pool

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun
    from prefect.client.schemas.responses import WorkerFlowRunResponse

LOGGER = get_logger("workers.warm")

MEMORY_LOOK_SECONDS = 0.5
HOOKS_WITHIN_SECONDS = 60.0
STOPS_WITHIN_SECONDS = 1.0
"""After the grace of a stopping worker, how long a run may take to say that it was stopped."""


class WarmWorkerResult(BaseWorkerResult):
    """The child that executed a run, and the exit code a process of its own would have had."""


@dataclass(eq=False)
class Execution:
    """A run on its child, and why it was stopped, if it was."""

    flow_run: "FlowRun"
    configuration: WarmJobConfiguration
    child: WarmChild
    folder: str
    cancelled: bool = False
    too_big_mb: float = 0.0

    def job(self) -> dict[str, Any]:
        """What its child is told."""
        return {"run": str(self.flow_run.id), "folder": self.folder, "variables": self.configuration.run_variables()}


class WarmWorker(BaseWorker[WarmJobConfiguration, WarmVariables, WarmWorkerResult]):
    """Executes flow runs in children that have the flows imported."""

    type = "zhihui-warm"
    job_configuration = WarmJobConfiguration
    job_configuration_variables = WarmVariables
    _display_name = "zhihui warm"
    _description = "Execute short flow runs in long-lived processes that have the flows imported."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        settings = get_current_settings().to_environment_variables(exclude_unset=True)
        self._environment = {**os.environ, **settings}
        self._pool = WarmPool(self._environment, LOGGER)
        self._executions: dict[UUID, Execution] = {}
        self._beside: set[asyncio.Task[None]] = set()
        self._polling = asyncio.Lock()
        self._woken = asyncio.Event()
        self._next_due: asyncio.TimerHandle | None = None
        self._more_waiting = False
        self._listening = False

    async def run(
        self,
        flow_run: "FlowRun",
        configuration: WarmJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> WarmWorkerResult:
        """Execute a run on a child of its own for as long as it takes, and settle how it ended."""
        with _folder(configuration.working_dir) as folder:
            child = await self._take(configuration)
            execution = Execution(flow_run, configuration, child, folder)
            self._executions[flow_run.id] = execution
            if task_status is not None:
                task_status.started(child.pid)
            try:
                code = await self._execute(execution)
            finally:
                del self._executions[flow_run.id]
                if self._more_waiting:
                    self._woken.set()
            await self._settle(execution, code)
        return WarmWorkerResult(status_code=0 if execution.cancelled else code, identifier=str(child.pid))

    async def _take(self, configuration: WarmJobConfiguration) -> WarmChild:
        return await self._pool.take(configuration.child_environment(self._environment), configuration.module)

    def _give_back(self, child: WarmChild, configuration: WarmJobConfiguration) -> None:
        self._pool.give_back(child, most_runs=configuration.runs_per_child, most_mb=configuration.child_memory_mb)

    async def _execute(self, execution: Execution) -> int:
        """The run to its end, watched; its exit code."""
        child = execution.child
        watching = asyncio.create_task(self._watch_memory(execution))
        done = asyncio.create_task(child.do(**execution.job()))
        try:
            answer = await asyncio.shield(done)
        except ChildDied as died:
            self._pool.end(child)
            return died.code
        except asyncio.CancelledError:
            with anyio.CancelScope(shield=True):
                await self._stop(execution, done)
            raise
        finally:
            watching.cancel()
        if answer.fit:
            self._give_back(child, execution.configuration)
        else:
            self._pool.end(child)
        return answer.code

    async def _watch_memory(self, execution: Execution) -> None:
        """Kill the child when its run makes it hold too much: the machine has other runs."""
        while True:
            await asyncio.sleep(MEMORY_LOOK_SECONDS)
            held_mb = execution.child.memory_mb()
            if held_mb > execution.configuration.run_memory_mb:
                execution.too_big_mb = held_mb
                execution.child.send_signal(signal.SIGKILL)

    async def _stop(self, execution: Execution, done: "asyncio.Task[Any]") -> None:
        """The worker stops: the run may finish within the grace, or is told to end and reported as crashed."""
        child = execution.child
        for number, seconds in (
            (None, execution.configuration.stop_grace_seconds),
            (signal.SIGTERM, STOPS_WITHIN_SECONDS),
            (signal.SIGKILL, None),
        ):
            if number is not None:
                child.send_signal(number)
            await asyncio.wait([done], timeout=seconds)
            if done.done():
                break
        failed = done.exception()
        if isinstance(failed, ChildDied):
            await self._settle_crashed(execution, failed.code, hooks=False)
        self._pool.end(child)

    async def _settle(self, execution: Execution, code: int) -> None:
        if execution.cancelled:
            await self._settle_cancelled(execution)
        elif code:
            await self._settle_crashed(execution, code, hooks=True)

    async def _settle_crashed(self, execution: Execution, code: int, *, hooks: bool) -> None:
        """Report at once what the run could not report itself; one that settled its own end is left as it is."""
        flow_run = await self._unsettled(execution.flow_run.id)
        if flow_run is None:
            return
        message = _crash_message(code, execution)
        await self._propose_crashed_state(flow_run, message)
        if hooks:
            await self._run_hooks(execution, "crashed", message)

    async def _settle_cancelled(self, execution: Execution) -> None:
        """Run the hooks and set the state, unless the run had ended before it heard."""
        flow_run = await self._unsettled(execution.flow_run.id)
        if flow_run is None:
            return
        message = "The run was cancelled. 本次运行已取消。"
        await self._run_hooks(execution, "cancelled", message)
        await self._mark_flow_run_as_cancelled(flow_run, state_updates={"message": message})

    async def _unsettled(self, flow_run_id: UUID) -> "FlowRun | None":
        try:
            flow_run = await self.client.read_flow_run(flow_run_id)
        except ObjectNotFound:
            return None
        return None if flow_run.state is not None and flow_run.state.is_final() else flow_run

    async def _run_hooks(self, execution: Execution, which: str, message: str) -> None:
        """Run the flow's hooks on a child of their own: the one that executed the run is gone."""
        child = await self._take(execution.configuration)
        try:
            async with asyncio.timeout(HOOKS_WITHIN_SECONDS):
                await child.do(**execution.job(), hooks=which, message=message)
        except (TimeoutError, ChildDied) as error:
            self.get_flow_run_logger(execution.flow_run).error("The hooks (%s) did not finish: %r", which, error)
            child.send_signal(signal.SIGKILL)
        self._give_back(child, execution.configuration)

    async def _propose_pending_state(self, flow_run: "FlowRun") -> bool:
        """Claim a run, unless it has ended since this worker saw it due.

        The server refuses a second claim of a run that is claimed or running, but takes one of a run that has ended for
        a wish to repeat it; and a warm run may be over before another worker of the pool comes to what it saw due.
        """
        return await self._unsettled(flow_run.id) is not None and await super()._propose_pending_state(flow_run)

    async def _propose_submitting_state(self, flow_run: "FlowRun") -> None:
        """Nothing: the state tells of infrastructure that is being made ready, and here it is."""

    async def get_and_submit_flow_runs(self) -> "list[FlowRun]":
        """One look at the server: which runs are to be cancelled, which are due."""
        async with self._polling:
            if self._executions:
                for flow_run_id in await runs_to_cancel(self.client, list(self._executions)):
                    self._on_cancelling(flow_run_id)
            return await super().get_and_submit_flow_runs()

    async def _get_scheduled_flow_runs(self) -> "list[WorkerFlowRunResponse]":
        """The runs that are due; for the next one, wake when it is. One fetched early would only wait in a child."""
        found = await super()._get_scheduled_flow_runs()
        now = datetime.now(UTC)
        waits = [((entry.flow_run.next_scheduled_start_time or now) - now).total_seconds() for entry in found]
        later = [seconds for seconds in waits if seconds > 0]
        if self._next_due is not None:
            self._next_due.cancel()
        if later:
            self._next_due = asyncio.get_running_loop().call_later(min(later), self._woken.set)
        return [entry for entry, seconds in zip(found, waits, strict=True) if seconds <= 0]

    async def _submit_scheduled_flow_runs(self, flow_run_response: "list[WorkerFlowRunResponse]") -> "list[FlowRun]":
        submitted = await super()._submit_scheduled_flow_runs(flow_run_response)
        self._more_waiting = len(submitted) < len(flow_run_response)
        return submitted

    def _on_cancelling(self, flow_run_id: UUID) -> None:
        execution = self._executions.get(flow_run_id)
        if execution is None:
            if flow_run_id in self._submitting_flow_run_ids:
                self._do_beside(self._cancel_run(flow_run_id))
        elif not execution.cancelled:
            execution.cancelled = True
            execution.child.tell(cancel=str(flow_run_id))
            grace_seconds = execution.configuration.cancel_grace_seconds
            asyncio.get_running_loop().call_later(grace_seconds, self._kill_if_on_child, execution)

    def _kill_if_on_child(self, execution: Execution) -> None:
        if self._executions.get(execution.flow_run.id) is execution:
            execution.child.send_signal(signal.SIGKILL)

    async def _setup_cancellation_observer(self) -> None:
        """Once the work pool is known: import ahead, and listen.

        In place of Prefect's own observer, which follows a run only until it has begun.
        """
        if not self._listening:
            self._listening = True
            self._do_beside(self._import_ahead())
            self._do_beside(self._wake_up())
            self._do_beside(
                watch_pool(self.work_pool.id, LOGGER, on_ready=self._woken.set, on_cancelling=self._on_cancelling)
            )

    async def _import_ahead(self) -> None:
        """The flows of all deployments of this pool."""
        found = await self.client.read_deployments(
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[self._work_pool_name]))
        )
        modules = {module_of(importable(each.entrypoint)) for each in found if not each.pull_steps}
        await self._pool.start(frozenset(module for module in modules if module))

    async def _wake_up(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self.get_and_submit_flow_runs()
            except httpx.HTTPError as error:
                LOGGER.debug("The server could not be asked, the next poll will: %s", error)

    def _do_beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._note_end)

    def _note_end(self, task: "asyncio.Task[None]") -> None:
        self._beside.discard(task)
        if not task.cancelled() and (error := task.exception()):
            LOGGER.error("Part of the worker has failed: %r", error, exc_info=error)

    async def teardown(self, *exc_info: Any) -> None:
        """End what goes on beside, then the runs, then the children."""
        for task in self._beside:
            task.cancel()
        if self._next_due is not None:
            self._next_due.cancel()
        try:
            await super().teardown(*exc_info)
        finally:
            with anyio.CancelScope(shield=True):
                await self._pool.close()


@contextlib.contextmanager
def _folder(configured: Path | None) -> Iterator[str]:
    if configured is not None:
        yield str(configured)
        return
    with tempfile.TemporaryDirectory(prefix="zhihui-run-") as folder:
        yield folder


def _crash_message(code: int, execution: Execution) -> str:
    most_mb = execution.configuration.run_memory_mb
    if execution.too_big_mb:
        return (
            f"The run held {execution.too_big_mb:.0f} MB of memory, more than the {most_mb} MB a run may hold, and was"
            f" stopped. 本次运行占用内存 {execution.too_big_mb:.0f} MB，超过上限 {most_mb} MB，已被终止。"
        )
    how = f"exit code {code}" if code > 0 else f"signal {signal.Signals(-code).name}"
    return f"The process of this run ended with {how}. 执行本次运行的进程已终止（{how}）。"
