"""The children of a warm worker: forked from one template, kept while they are of use, replaced when they are not.

PoolError
├── TemplateDied   the process that imports the flows ended
└── ChildDied      a child ended before it answered
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass, field
from logging import Logger
from typing import Any

import psutil

from deployments.children import tied
from deployments.warm_code import Imported, changed_files

READY_AT_START = 1
"""Children that are there before the first run; further ones are forked when they are needed, and stay."""

LINE_BYTES = 1 << 22
MEGABYTE = 1_000_000
ENDS_WITHIN_SECONDS = 10.0
"""A child may still have logs to send."""

CLOSES_WITHIN_SECONDS = 1.0
"""When the worker ends, an idle child has sent them."""


class PoolError(Exception):
    """The warm children do not do as they must."""


class TemplateDied(PoolError):
    """The process that imports the flows ended."""


class ChildDied(PoolError):
    """A child ended before it answered."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """How a job ended: as the exit code of a process of its own would say, and whether the child may do another."""

    code: int
    fit: bool


@dataclass(eq=False)
class Template:
    """A process that has imported the flows, and the children forked from it."""

    process: Process
    channel: socket.socket
    imports: frozenset[str]
    imported: Imported = field(default_factory=dict)
    """The project's files that it or a child of it has imported."""
    deaths: dict[int, asyncio.Future[int]] = field(default_factory=dict)
    """For each of its children, how that will have ended."""
    said: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    listening: asyncio.Task[None] | None = None

    def let_go(self) -> None:
        """End it as soon as it has no child."""
        if not self.deaths:
            self.hang_up()

    def hang_up(self) -> None:
        """End it now."""
        with contextlib.suppress(OSError):
            self.channel.shutdown(socket.SHUT_WR)


@dataclass(eq=False)
class WarmChild:
    """One process that executes one job at a time."""

    pid: int
    template: Template
    environment: Mapping[str, str | None]
    """What sets its environment apart from the worker's; a run is given to a child of the same."""
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    died: asyncio.Future[int]
    runs: int = 0

    async def do(self, **job: Any) -> Answer:
        """Give it a job and wait for the answer.

        Raises: ChildDied with its exit code when it ended instead.
        """
        self.runs += 1
        self.tell(**job)
        line = b""
        with contextlib.suppress(ConnectionError):
            line = await self.reader.readline()
        if not line.endswith(b"\n"):
            raise ChildDied(await asyncio.shield(self.died))
        answer = json.loads(line)
        self.template.imported.update({file: tuple(stamp) for file, stamp in answer["imported"].items()})
        return Answer(answer["code"], answer["fit"])

    def tell(self, **message: Any) -> None:
        """Send it a message; one that is gone is told nothing."""
        if not self.writer.is_closing():
            self.writer.write(json.dumps(message).encode() + b"\n")

    def memory_mb(self) -> float:
        """What it holds in memory; what it shares with the template counts too."""
        try:
            return psutil.Process(self.pid).memory_info().rss / MEGABYTE
        except psutil.NoSuchProcess:
            return 0.0

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal; nobody else, since its process number is its own until the template says it died."""
        if not self.died.done():
            os.kill(self.pid, number)

    async def end(self, within_seconds: float = ENDS_WITHIN_SECONDS) -> None:
        """End an idle child in order, or after a time by force."""
        self.writer.close()
        try:
            await asyncio.wait_for(asyncio.shield(self.died), within_seconds)
        except TimeoutError:
            self.send_signal(signal.SIGKILL)
            await asyncio.shield(self.died)


class WarmPool:
    """Idle and busy children; the worker takes one for a run and gives it back."""

    def __init__(self, environment: Mapping[str, str], logger: Logger) -> None:
        self._environment = dict(environment)
        self._logger = logger
        self._imports: set[str] = set()
        self._template: Template | None = None
        self._idle: list[WarmChild] = []
        self._changing = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()

    async def start(self, imports: frozenset[str]) -> None:
        """Import ahead, and have a child ready."""
        async with self._changing:
            self._imports |= imports
            await self._prepare(await self._ready_template())

    async def take(self, environment: Mapping[str, str | None], module: str | None) -> WarmChild:
        """A child that runs today's code in this environment: the one that was used last, or a new one."""
        async with self._changing:
            if module:
                self._imports.add(module)
            template = await self._ready_template()
            for child in reversed(self._idle):
                if not child.died.done() and child.environment == environment:
                    self._idle.remove(child)
                    return child
            return await self._fork(template, environment)

    def give_back(self, child: WarmChild, *, most_runs: int, most_mb: int) -> None:
        """Keep a child for the next run, unless it has served its time, grown too big or run yesterday's code."""
        stale = child.template is not self._template
        if stale or child.died.done() or child.runs >= most_runs or child.memory_mb() > most_mb:
            self.end(child)
        else:
            self._idle.append(child)

    def end(self, child: WarmChild) -> None:
        """End a child beside everything else."""
        task = asyncio.get_running_loop().create_task(child.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """End every child and the template."""
        async with self._changing:
            for child in self._idle:
                self.end(child)
            self._idle.clear()
            if self._ending:
                await asyncio.wait(self._ending, timeout=CLOSES_WITHIN_SECONDS)
            if self._template is not None:
                await _end_template(self._template)
                self._template = None

    async def _ready_template(self) -> Template:
        """The template with today's code, started anew where the code or what to import has changed."""
        template = self._template
        if template is not None:
            changed = changed_files(template.imported)
            if changed:
                self._logger.info("Code has changed, warm children start anew: %s", ", ".join(sorted(changed)[:5]))
            if not changed and template.process.returncode is None and self._imports <= template.imports:
                return template
            self._retire(template)
        self._template = await self._start_template()
        return self._template

    def _retire(self, template: Template) -> None:
        """Idle children go now, busy ones when they have finished, the template with the last of them."""
        self._template = None
        for child in self._idle:
            self.end(child)
        self._idle.clear()
        template.let_go()

    async def _start_template(self) -> Template:
        ours, its = socket.socketpair()
        ours.setblocking(False)
        imports = frozenset(self._imports)
        process = await asyncio.create_subprocess_exec(
            *tied(sys.executable, "-m", "deployments.warm_template", str(its.fileno()), *sorted(imports)),
            env=self._environment,
            pass_fds=(its.fileno(),),
            start_new_session=True,
        )
        its.close()
        template = Template(process, ours, imports)
        template.listening = asyncio.get_running_loop().create_task(self._listen(template))
        template.imported = {file: tuple(stamp) for file, stamp in (await _said(template, "imported")).items()}
        return template

    async def _prepare(self, template: Template) -> None:
        while len(self._idle) < READY_AT_START:
            self._idle.append(await self._fork(template, {}))

    async def _fork(self, template: Template, environment: Mapping[str, str | None]) -> WarmChild:
        ours, its = socket.socketpair()
        with its:
            socket.send_fds(template.channel, [b"f"], [its.fileno()])
            pid, died = await _said(template, "forked")
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=LINE_BYTES)
        child = WarmChild(pid, template, environment, reader, writer, died)
        died.add_done_callback(lambda _: self._forget(child))
        child.tell(environment=environment)
        return child

    def _forget(self, child: WarmChild) -> None:
        child.writer.close()
        if child in self._idle:
            self._idle.remove(child)

    async def _listen(self, template: Template) -> None:
        """Hear what a template says: what it imported, whom it forked, who died."""
        reader, writer = await asyncio.open_unix_connection(sock=template.channel.dup(), limit=LINE_BYTES)
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self._hear(template, json.loads(line))
        writer.close()
        await template.process.wait()
        template.channel.close()
        for died in template.deaths.values():
            died.set_result(-signal.SIGKILL)
        template.deaths.clear()
        template.said.put_nowait({})

    def _hear(self, template: Template, message: dict[str, Any]) -> None:
        if "died" in message:
            template.deaths.pop(message["died"]).set_result(message["code"])
            if template is not self._template:
                template.let_go()
            return
        if "forked" in message:
            died = template.deaths[message["forked"]] = asyncio.get_running_loop().create_future()
            message["forked"] = message["forked"], died
        template.said.put_nowait(message)


async def _said(template: Template, what: str) -> Any:
    """What the template says next.

    Raises: TemplateDied when it ended instead.
    """
    message = await template.said.get()
    if what not in message:
        raise TemplateDied(f"The template of the warm children ended with {template.process.returncode}.")
    return message[what]


async def _end_template(template: Template) -> None:
    """End a template, and with it what is left of its children."""
    template.hang_up()
    try:
        await asyncio.wait_for(template.process.wait(), CLOSES_WITHIN_SECONDS)
    except TimeoutError:
        template.process.kill()
    if template.listening is not None:
        await template.listening
