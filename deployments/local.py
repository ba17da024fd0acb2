"""`zhihui up`: the whole city on one machine, from one command, ended by one signal.

The supervisor itself imports neither Prefect nor the database: what takes time or memory is a child process.

    UpError
    ├── StepFailed   a step of the start ended with an error
    └── NotReady     a part did not answer in time
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine
from pathlib import Path
from typing import Any

import httpx

from deployments import up_wording
from deployments.children import Child, ChildGaveUp, end, keep_running, run_to_end, send_signal, start
from deployments.one_at_a_time import HomeError, hold
from deployments.ports import PortTaken, check_ports
from deployments.prefect_settings import (
    WORK_POOL,
    WORKER_TYPE,
    interface_address,
    prefect_address,
    prefect_environment,
    server_secret,
)
from deployments.processes_left import TOKEN, kill_all
from tasks.settings import Settings

WORKER_OPTIONS = (
    *("--pool", WORK_POOL, "--name", "zhihui-up", "--type", WORKER_TYPE, "--install-policy", "never"),
    *("--no-create-pool-if-not-found", "--limit", "4"),
)
"""Four flow runs at the same time, each in a child of its own that shares the memory of what it imported."""

CLIENTS_END_WITHIN_SECONDS = 4.0
SERVER_ENDS_WITHIN_SECONDS = 2.5
"""Together with the last sweep below the ten seconds in which everything must have ended."""

READY_WITHIN_SECONDS = 180.0
LAST_LINES = 12

DEMO = "people"
"""The one child without which the city goes on."""

SPEAKING = frozenset({"prepare", "deploy", "settle", DEMO})
"""Children whose standard output is for the administrator; of the others only the log knows."""

EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound


class UpError(Exception):
    """`zhihui up` cannot bring the city up."""


class StepFailed(UpError):
    """A step of the start ended with an error."""


class NotReady(UpError):
    """A part did not answer in time."""


def up(settings: Settings, *, demo: bool) -> int:
    """Bring everything up and stay until told to stop; returns the exit code."""
    try:
        with hold(settings.home, prefect_address(settings.prefect_port)) as (record, last):
            said = Progress()
            said(up_wording.starting(settings.home))
            if last is not None and (left := kill_all(last.token)):
                said(up_wording.swept(left))
            check_ports(settings)
            environment = prefect_environment(settings, os.environ) | {TOKEN: record.token}
            return asyncio.run(_run(settings, environment, said, demo=demo))
    except (HomeError, PortTaken) as error:
        print(error, file=sys.stderr)
        return 1


async def _run(settings: Settings, environment: dict[str, str], said: "Progress", *, demo: bool) -> int:
    return await LocalCity(settings, environment, said, demo=demo).run()


class Progress:
    """Lines for the administrator, each with the seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def __call__(self, line: str) -> None:
        try:
            print(f"{time.monotonic() - self._started:6.1f} s  {line}", flush=True)
        except BrokenPipeError:
            # Whoever read the lines is gone (`zhihui up | head`): that must not stop the city.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class LocalCity:
    """The processes of one `zhihui up`."""

    def __init__(
        self, settings: Settings, environment: dict[str, str], said: Callable[[str], None], *, demo: bool
    ) -> None:
        self._settings = settings
        self._environment = environment
        self._said = said
        self._demo = demo
        self._children: list[Child] = []
        self._work: set[asyncio.Task[None]] = set()
        self._watching: set[asyncio.Task[None]] = set()
        """Of the work: what copies the children's last words into their logs, until they have ended."""
        self._over: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(self) -> int:
        """Bring up, watch, end; returns the exit code."""
        self._listen()
        self._do(self._bring_up())
        try:
            return await self._over
        except ChildGaveUp as error:
            self._said(up_wording.child_gave_up(error.name, error.code, error.log))
            return 1
        except UpError as error:
            self._said(str(error))
            return 1
        finally:
            await self._end()

    def _listen(self) -> None:
        """Take the signals, also where a shell started us with them ignored; SIGHUP stays as nohup set it."""
        hang_up = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
        for number in (signal.SIGINT, signal.SIGTERM, *hang_up):
            asyncio.get_running_loop().add_signal_handler(number, self._told_to_stop)

    def _told_to_stop(self) -> None:
        if not self._over.done():
            self._over.set_result(0)
            return
        for child in self._children:
            # Told a second time: no more waiting.
            send_signal(child, signal.SIGKILL)

    def _do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let work go on beside everything else; where it fails, all ends."""
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._note_failure)
        return task

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, ChildGaveUp) and error.name == DEMO:
            self._said(up_wording.child_gave_up(error.name, error.code, error.log))
        elif error is not None and not self._over.done():
            self._over.set_exception(error)

    async def _bring_up(self) -> None:
        """Bring up the parts, side by side where they may."""
        server, interface = prefect_address(self._settings.prefect_port), interface_address(self._settings.prefect_port)
        await self._keep("server", *_python("deployments.prefect_server"))
        self._do(self._say_when_ready("server", f"{server}/api/health", interface))
        await asyncio.gather(
            self._bring_up_desk(), self._once("deploy", *_python("deployments.server_setup", "deploy"))
        )
        await self._keep("worker", *_python("prefect", "worker", "start", *WORKER_OPTIONS), before_start=self._settle)
        if self._demo:
            await self._keep(DEMO, *_python("deployments.demo"))
        for line in up_wording.addresses(interface, self._settings.desk_url, self._demo):
            self._said(line)

    async def _bring_up_desk(self) -> None:
        """The desk needs our own database, not Prefect."""
        await self._once("prepare", *_python("deployments.preparing", *(["--demo"] if self._demo else [])))
        await self._keep("desk", *_python("desk.serving"))
        await self._say_when_ready("desk", f"{self._desk_address()}/health", self._settings.desk_url)

    def _desk_address(self) -> str:
        host = "127.0.0.1" if self._settings.desk_host in EVERYWHERE else self._settings.desk_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._settings.desk_port}"

    async def _keep(
        self, name: str, *command: str, before_start: Callable[[Child, int], Awaitable[None]] | None = None
    ) -> None:
        child = self._child(name, command)
        await start(child)
        self._said(up_wording.child_started(name))
        self._watching.add(self._do(keep_running(child, before_start or self._say_died)))

    async def _once(self, name: str, *command: str) -> None:
        """Run a step of the start to its end.

        Raises: StepFailed with the last lines of its log.
        """
        child = self._child(name, command)
        code = await run_to_end(child)
        if code and not child.ending:
            raise StepFailed(up_wording.step_failed(name, code, child.log, _last_lines(child.log)))

    def _child(self, name: str, command: tuple[str, ...]) -> Child:
        home = self._settings.home
        told = self._said if name in SPEAKING else None
        environment = self._environment | (server_secret(self._settings) if name == "server" else {})
        child = Child(name, command, environment, home / "logs" / f"{name}.log", home, told)
        self._children.append(child)
        return child

    async def _say_died(self, child: Child, code: int) -> None:
        self._said(up_wording.child_died(child.name, code))

    async def _settle(self, child: Child, code: int) -> None:
        """A worker that died took its runs along: the server must know before the next worker asks for more."""
        await self._say_died(child, code)
        await self._once("settle", *_python("deployments.server_setup", "settle"))

    async def _say_when_ready(self, name: str, url: str, address: str) -> None:
        """Wait for a part to answer.

        Raises: NotReady after READY_WITHIN_SECONDS.
        """
        give_up_at = time.monotonic() + READY_WITHIN_SECONDS
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
            while time.monotonic() < give_up_at:
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(url)).is_success:
                        self._said(up_wording.child_ready(name, address))
                        return
                await asyncio.sleep(0.25)
        raise NotReady(up_wording.child_not_ready(name, url))

    async def _end(self) -> None:
        """End everything: first who still talks to the server, then the server, then whatever is left."""
        self._said(up_wording.stopping())
        for child in self._children:
            child.ending = True
        await _cancel(self._work - self._watching)
        servers = [child for child in self._children if child.name == "server"]
        await end([child for child in self._children if child not in servers], CLIENTS_END_WITHIN_SECONDS)
        await end(servers, SERVER_ENDS_WITHIN_SECONDS)
        kill_all(self._environment[TOKEN])
        await _cancel(self._watching)
        self._said(up_wording.stopped())


async def _cancel(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _last_lines(log: Path) -> str:
    with log.open(encoding="utf-8", errors="replace") as lines:
        return "".join(deque(lines, LAST_LINES)).rstrip()
