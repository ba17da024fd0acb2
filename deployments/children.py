"""The child processes of `zhihui up`: tied to it, logged to bounded files, started again when they die, ended in time.

ChildError
└── ChildGaveUp   a child died again and again
"""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from logging import INFO, LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_BYTES = 5_000_000
LOG_FILES = 3
"""A log and its older parts never exceed LOG_BYTES * (LOG_FILES + 1)."""

MOST_DEATHS = 5
DEATHS_WITHIN_SECONDS = 600.0
"""A child that dies so often is not started again: something is wrong that a start cannot mend."""

_LAUNCHER = str(Path(__file__).with_name("child_process.py"))


class ChildError(Exception):
    """A child process of `zhihui up` does not run as it must."""


class ChildGaveUp(ChildError):
    """A child died again and again."""

    def __init__(self, name: str, code: int, log: Path) -> None:
        super().__init__(name, code, log)
        self.name = name
        self.code = code
        self.log = log


@dataclass(eq=False)
class Child:
    """One process to keep running, and how it has fared."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    directory: Path
    told: Callable[[str], None] | None = None
    """Who hears each line of its standard output; the log gets everything."""
    process: Process | None = None
    deaths: list[float] = field(default_factory=list)
    ending: bool = False

    @property
    def running(self) -> bool:
        """Whether it runs now."""
        return self.process is not None and self.process.returncode is None


def tied(*command: str) -> tuple[str, ...]:
    """The command, run so that it ends with the process that starts it, which is this one."""
    return (sys.executable, "-I", _LAUNCHER, str(os.getpid()), *command)


async def start(child: Child) -> None:
    """Start a child in a session of its own, so that Ctrl-C reaches only `zhihui up`, which ends it in order."""
    child.process = await asyncio.create_subprocess_exec(
        *tied(*child.command),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE if child.told else STDOUT,
        env=dict(child.environment),
        cwd=child.directory,
        start_new_session=True,
        limit=1 << 20,
    )


async def run_to_end(child: Child) -> int:
    """Run a child once and return its exit code; what it says goes to its log."""
    await start(child)
    return await _wait(child)


async def keep_running(
    child: Child, before_start: Callable[[Child, int], Awaitable[None]], *, pause_seconds: float = 1.0
) -> None:
    """Watch a started child and start it again when it dies, after `before_start(child, exit code)`.

    Raises: ChildGaveUp when it died MOST_DEATHS times within DEATHS_WITHIN_SECONDS.
    """
    while True:
        code = await _wait(child)
        if child.ending:
            return
        now = asyncio.get_running_loop().time()
        child.deaths = [at for at in child.deaths if at > now - DEATHS_WITHIN_SECONDS] + [now]
        if len(child.deaths) >= MOST_DEATHS:
            raise ChildGaveUp(child.name, code, child.log)
        await asyncio.sleep(pause_seconds * 2 ** (len(child.deaths) - 1))
        await before_start(child, code)
        if child.ending:
            return
        await start(child)


async def end(children: Iterable[Child], within_seconds: float) -> None:
    """End children with all they started: first asked (SIGTERM), after the time killed."""
    going = [child for child in children if child.running]
    for child in going:
        child.ending = True
        send_signal(child, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_seconds):
            await asyncio.gather(*(child.process.wait() for child in going if child.process))
    for child in going:
        # Also where the child itself is gone: its group may hold what it started.
        send_signal(child, signal.SIGKILL)
    await asyncio.gather(*(child.process.wait() for child in going if child.process))


def send_signal(child: Child, number: signal.Signals) -> None:
    """Send a signal to a child and what it started in its session."""
    if child.process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.process.pid, number)


async def _wait(child: Child) -> int:
    """Copy what a child says into its log until it ends. A grandchild may hold a pipe open: not waited for."""
    process = child.process
    if process is None or process.stdout is None:
        raise ChildError(f"{child.name} was not started")
    log = _open_log(child.log)
    copies = [asyncio.create_task(_copy(process.stdout, log, child.told))]
    if process.stderr is not None:
        copies.append(asyncio.create_task(_copy(process.stderr, log, None)))
    try:
        code = await process.wait()
        await asyncio.wait(copies, timeout=0.5)
    finally:
        for copy in copies:
            copy.cancel()
        log.close()
    return code


def _open_log(path: Path) -> RotatingFileHandler:
    path.parent.mkdir(parents=True, exist_ok=True)
    return RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")


async def _copy(stream: asyncio.StreamReader, log: RotatingFileHandler, told: Callable[[str], None] | None) -> None:
    while line := await _line(stream):
        text = line.rstrip("\r\n")
        log.emit(LogRecord("child", INFO, "", 0, text, None, None))
        if told:
            told(text)


async def _line(stream: asyncio.StreamReader) -> str:
    """The next line, or so much of an endless one as fits the reader."""
    try:
        return (await stream.readuntil()).decode("utf-8", errors="replace")
    except asyncio.IncompleteReadError as ended:
        return ended.partial.decode("utf-8", errors="replace")
    except asyncio.LimitOverrunError as overrun:
        return (await stream.read(overrun.consumed)).decode("utf-8", errors="replace")
