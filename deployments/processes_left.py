"""Find and end what a `zhihui up` that was killed hard left running, and nothing else.

Each `zhihui up` draws a token and puts it into the environment of all it starts, which they hand on. A process that
carries the token of an earlier start is that start's; a process number that was given to somebody else never is.
"""

import os
from collections.abc import Iterator

import psutil

TOKEN = "ZHIHUI_UP_TOKEN"  # noqa: S105 - names the mark, is no secret


def processes_of(token: str) -> Iterator[psutil.Process]:
    """Every running process that carries the token, but not this one."""
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(TOKEN) == token:
                yield process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            # Gone meanwhile, or of another user: not ours.
            continue


def kill_all(token: str, wait_seconds: float = 3.0) -> int:
    """Kill every process that carries the token; how many there were."""
    found = list(processes_of(token))
    for process in found:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(found, timeout=wait_seconds)
    return len(found)


def flow_runs_alive() -> frozenset[str]:
    """The ids of the flow runs that have a process on this machine."""
    found = set()
    for process in psutil.process_iter():
        try:
            run = process.environ().get("PREFECT__FLOW_RUN_ID")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if run:
            found.add(run)
    return frozenset(found)
