"""Real processes for one step each: started, measured, killed (SIGKILL) at a moment of their work.

They are forked from a process that has everything imported, so that a kill hits work and not the start of Python.
"""

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from typing import Any

import psutil

from tests.chaos.child import work
from tests.chaos.job import Job

STARTS_WITHIN_SECONDS = 60.0
ENDS_WITHIN_SECONDS = 120.0
LOOK_EVERY_SECONDS = 0.001


class ChildFailed(Exception):
    """A process ended with an error, or not at all, without having been killed."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a process did, and how much processor time it took: on a busy machine the clock on the wall says little."""

    said: Any
    seconds: float


class Working:
    """One process that is ready and waits for the word."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._pipe, theirs = _context().Pipe()
        self.process: BaseProcess = _context().Process(target=work, args=(job, theirs), daemon=True)
        self.process.start()
        self._measured = psutil.Process(self.process.pid)
        theirs.close()
        self._hear(STARTS_WITHIN_SECONDS)

    def go(self) -> None:
        """Let it work."""
        self._before = self._used()
        self._pipe.send("go")

    def end(self) -> Done:
        """Wait until it has done its work.

        Raises: ChildFailed.
        """
        said, seconds = self._hear(ENDS_WITHIN_SECONDS)
        self.process.join(ENDS_WITHIN_SECONDS)
        return Done(said, seconds)

    def kill_after(self, seconds: float) -> bool:
        """Kill it when it has used so much processor time since the word; whether that hit it at work."""
        ended = self._pipe.poll(0)
        while not ended and self._used() - self._before < seconds:
            ended = self._pipe.poll(LOOK_EVERY_SECONDS)
        at_work = not self._pipe.poll(0)
        self.process.kill()
        self.process.join()
        return at_work and self.process.exitcode == -9

    def _used(self) -> float:
        times = self._measured.cpu_times()
        return float(times.user + times.system)

    def _hear(self, within_seconds: float) -> Any:
        try:
            if self._pipe.poll(within_seconds):
                return self._pipe.recv()
        except EOFError:
            self.process.join(STARTS_WITHIN_SECONDS)
            raise ChildFailed(f"{self.job.kind} {self.job.run_id} ended with {self.process.exitcode}") from None
        self.process.kill()
        raise ChildFailed(f"{self.job.kind} {self.job.run_id} said nothing within {within_seconds} s")


def run(job: Job) -> Done:
    """One process from start to end."""
    working = Working(job)
    working.go()
    return working.end()


def run_side_by_side(jobs: Sequence[Job]) -> list[Done]:
    """Several processes that begin at the same moment."""
    all_of_them = [Working(job) for job in jobs]
    for working in all_of_them:
        working.go()
    return [working.end() for working in all_of_them]


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.chaos.child"])
    return context
