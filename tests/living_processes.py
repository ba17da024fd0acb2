"""Whether a process still lives. One that ended and that its parent has not collected yet does not."""

import time
from collections.abc import Iterable

import psutil

LOOK_AGAIN_SECONDS = 0.02


def lives(pid: int) -> bool:
    """Whether a process number belongs to a process that can still do something."""
    try:
        return psutil.Process(pid).status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.NoSuchProcess:
        return False


def still_living(pids: Iterable[int], within_seconds: float = 5.0) -> list[int]:
    """Which of them live on after a time; none as soon as all have ended.

    The kernel kills the children of a killed process a moment later than it says that this one ended.
    """
    asked = list(pids)
    give_up_at = time.monotonic() + within_seconds
    while living := [pid for pid in asked if lives(pid)]:
        if time.monotonic() > give_up_at:
            return living
        time.sleep(LOOK_AGAIN_SECONDS)
    return []
