"""A child of the warm worker: it executes one flow run after another, in a process that has the flows imported.

It is forked by the template (`warm_template`), which is single-threaded, so threads, event loops and connections are
the child's own. Lines of JSON go over its channel: a job in, an answer out; `cancel` for the job in hand. When the
channel closes, the worker is gone or wants it gone: an idle child ends in order, a busy one at once.
"""

import asyncio
import contextlib
import inspect
import json
import os
import queue
import signal
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect._internal import control_listener
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import SettingsContext, get_settings_context
from prefect.engine import handle_engine_signals
from prefect.flow_engine import load_flow, load_flow_run, run_flow
from prefect.logging.loggers import flow_run_logger
from prefect.settings import Settings
from prefect.states import Cancelling, Crashed
from prefect.utilities.engine import commit_control_intent_and_ack

from deployments.warm_code import imported_code

HOOKS_OWNED_BY_THE_WORKER = {"PREFECT__ENABLE_CANCELLATION_AND_CRASHED_HOOKS": "false"}
"""As under Prefect's own workers: who cancels a run also runs its hooks and sets its state."""

ASK_AGAIN_SECONDS = 0.02


class Channel:
    """The child's end of its channel, with a thread that listens also while a run has the main thread."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._jobs: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.in_hand: str | None = None
        """The run that is executed now."""
        threading.Thread(target=self._listen, name="warm-child-channel", daemon=True).start()

    def next_job(self) -> dict[str, Any] | None:
        """The next job; None when there will be none."""
        return self._jobs.get()

    def answer(self, **answer: Any) -> None:
        """Tell the worker; a worker that is gone is told nothing."""
        with contextlib.suppress(OSError):
            self._end.sendall(json.dumps(answer).encode() + b"\n")

    def _listen(self) -> None:
        with self._end.makefile("rb") as lines, contextlib.suppress(OSError):
            for line in lines:
                message = json.loads(line)
                if run := message.get("cancel"):
                    threading.Thread(target=self._cancel, args=(run,), daemon=True).start()
                else:
                    # At once, not when the main thread comes to it: a cancellation may be the next line.
                    self.in_hand = message.get("run")
                    self._jobs.put(message)
        if self.in_hand is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        self._jobs.put(None)

    def _cancel(self, run: str) -> None:
        """Stop the run in hand as soon as the engine is ready to be told; before that, nothing has been done yet."""
        while self.in_hand == run and not _intend_to_cancel():
            time.sleep(ASK_AGAIN_SECONDS)


def _intend_to_cancel() -> bool:
    """Tell the engine that the signal that follows is a cancellation and no crash; False while no engine listens."""
    return commit_control_intent_and_ack(
        commit_intent=lambda: control_listener._set_intent("cancel"),
        clear_intent=control_listener.clear_intent,
        send_ack=lambda: os.kill(os.getpid(), signal.SIGTERM),
    )


def live(end: socket.socket) -> None:
    """Execute jobs until the channel closes or a run has left this process unfit for another."""
    channel = Channel(end)
    known = imported_code()
    first = channel.next_job()
    if first is None:
        return
    with contextlib.ExitStack() as stack:
        _enter_environment(first["environment"], stack)
        while job := channel.next_job():
            code, fit = _do(job)
            channel.in_hand = None
            new = imported_code(known)
            known |= new
            channel.answer(code=code, fit=fit, imported=new)
            if not fit:
                return


def _enter_environment(environment: Mapping[str, str | None], stack: contextlib.ExitStack) -> None:
    """Take on the environment for the life of this child, and Prefect's settings with it."""
    before = _prefect_variables()
    _set_variables({**environment, **HOOKS_OWNED_BY_THE_WORKER})
    if _prefect_variables() != before:
        profile = get_settings_context().profile
        stack.enter_context(SettingsContext(profile=profile, settings=Settings()))


def _prefect_variables() -> dict[str, str]:
    return {n: v for n, v in os.environ.items() if n.startswith("PREFECT_") and not n.startswith("PREFECT__")}


def _set_variables(environment: Mapping[str, str | None]) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _do(job: Mapping[str, Any]) -> tuple[int, bool]:
    """One job in its folder and with its own variables: how it ended, and whether this process may do another."""
    before = {name: os.environ.get(name) for name in job["variables"]}
    folder = os.getcwd()
    _set_variables(job["variables"])
    os.chdir(job["folder"])
    try:
        _run_hooks(job) if job.get("hooks") else _execute(UUID(job["run"]))
    except SystemExit as ended:
        # How `handle_engine_signals` says that the engine did not end as planned; 0 where it settled the run.
        return (0 if ended.code is None else ended.code if isinstance(ended.code, int) else 1), _fit_after(ended)
    finally:
        os.chdir(folder)
        _set_variables(before)
    return 0, True


def _fit_after(ended: SystemExit) -> bool:
    """A run that failed, was aborted or suspended leaves no trace; one that was torn out of its work may."""
    cause = ended.__context__
    return isinstance(cause, Exception) or type(cause).__name__ in {"Abort", "Pause"}


def _execute(run_id: UUID) -> None:
    """The run, as `python -m prefect.engine` executes it in a process of its own."""
    control_listener.configure_from_env()
    with handle_engine_signals(run_id):
        flow_run = load_flow_run(run_id)
        logger = flow_run_logger(flow_run)
        flow = _load(flow_run)
        # Typed as a Logger, but given an adapter by Prefect's own engine process too.
        _finish(flow, run_flow(flow, flow_run=flow_run, error_logger=logger))  # type: ignore[arg-type]


def _load(flow_run: FlowRun) -> Flow[..., Any]:
    try:
        return load_flow(flow_run)
    except Exception:
        flow_run_logger(flow_run).error("The flow could not be loaded.", exc_info=True)
        raise


def _finish(flow: Flow[..., Any], begun: Any) -> None:
    """An async flow has only begun, on an event loop of its own it ends; a generator is drawn to its end."""
    if inspect.iscoroutine(begun):
        asyncio.run(begun)
    elif inspect.isasyncgen(begun):
        asyncio.run(_draw(begun))
    elif inspect.isgenerator(begun):
        for _ in begun:
            continue


async def _draw(items: Any) -> None:
    async for _ in items:
        continue


def _run_hooks(job: Mapping[str, Any]) -> None:
    """What the flow wants done when it was cancelled or crashed; a hook that fails is logged and keeps no other."""
    flow_run = load_flow_run(UUID(job["run"]))
    flow = _load(flow_run)
    cancelled = job["hooks"] == "cancelled"
    state: State[Any] = Cancelling(message=job["message"]) if cancelled else Crashed(message=job["message"])
    for hook in (flow.on_cancellation_hooks if cancelled else flow.on_crashed_hooks) or []:
        _run_hook(hook, flow, flow_run, state)


def _run_hook(hook: Any, flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    name = getattr(hook, "__name__", type(hook).__name__)
    logger = flow_run_logger(flow_run, flow)
    logger.info("Running hook %r in response to entering state %r", name, state.name)
    try:
        result = hook(flow, flow_run, state)
        if inspect.isawaitable(result):
            asyncio.run(_await(result))
    except Exception:
        logger.error("An error was encountered while running hook %r", name, exc_info=True)
    else:
        logger.info("Hook %r finished running successfully", name)


async def _await(result: Any) -> Any:
    return await result
