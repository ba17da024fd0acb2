"""Several processes forked from one that does nothing else: started again when they die, ended together.

The one they are forked from has imported what they need and stays single-threaded, without event loop or connection,
so that a fork of it is clean and shares its memory.
"""

import ctypes
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

LOG = logging.getLogger("zhihui.desk")

MOST_DEATHS = 5
DEATHS_WITHIN_SECONDS = 600.0
"""Processes that die so often are not started again: something is wrong that a start cannot mend."""

FIRST_PAUSE_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 0.1

GAVE_UP = 1

_STOPPING = (signal.SIGINT, signal.SIGTERM)
_PR_SET_PDEATHSIG = 1


class Forked:
    """So many processes that do the same work; each is told its number, from 0 on, which its successor inherits."""

    def __init__(self, processes: int, work: Callable[[int], None]) -> None:
        self._processes, self._work = processes, work
        self._numbers: dict[int, int] = {}
        """Process id -> number."""
        self._deaths: list[float] = []
        self._ending = self._gave_up = False

    def run(self) -> int:
        """Keep them running until SIGINT or SIGTERM; returns 0, or 1 where they died again and again."""
        for number in _STOPPING:
            signal.signal(number, self._told_to_stop)
        for process in range(self._processes):
            self._start(process)
        while self._numbers:
            ended, status = os.wait()
            process = self._numbers.pop(ended)
            if not self._ending:
                self._succeed(process, os.waitstatus_to_exitcode(status))
        return GAVE_UP if self._gave_up else 0

    def _told_to_stop(self, number: int, frame: FrameType | None) -> None:
        """Hand it on: asked once they end in order, asked again at once."""
        self._end(signal.SIGINT if self._ending else signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        self._ending = True
        for process in self._numbers:
            os.kill(process, how)

    def _succeed(self, process: int, code: int) -> None:
        """Start another one in its place, each time a little later, unless they die too often."""
        now = time.monotonic()
        self._deaths = [at for at in self._deaths if at > now - DEATHS_WITHIN_SECONDS] + [now]
        said = {"action": "desk_process_ended"}
        if len(self._deaths) >= MOST_DEATHS:
            LOG.error("process %d of the desk ended with %d, too often: the desk ends", process, code, extra=said)
            self._gave_up = True
            self._end(signal.SIGTERM)
            return
        LOG.warning("process %d of the desk ended with %d; another one is started", process, code, extra=said)
        start_at = now + FIRST_PAUSE_SECONDS * 2 ** (len(self._deaths) - 1)
        while time.monotonic() < start_at and not self._ending:
            time.sleep(LOOK_AGAIN_SECONDS)
        self._start(process)

    def _start(self, process: int) -> None:
        # A signal between the fork and its being noted would miss the new process, or be answered by it.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        try:
            if self._ending:
                return
            parent = os.getpid()
            forked = os.fork()
            if forked == 0:
                self._become(process, parent)
            self._numbers[forked] = process
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)

    def _become(self, process: int, parent: int) -> NoReturn:
        """The life of a forked process, from here to its end."""
        code = 1
        try:
            for number in _STOPPING:
                signal.signal(number, signal.SIG_DFL)
            _end_with(parent)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
            self._work(process)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def _end_with(parent: int) -> None:
    """Whatever ends the parent ends this process too, so that nobody is left to hold the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
