"""What an idle city costs: `zhihui up` without its demo, all schedules on, processor time of each of its processes.

Time on the processor, not on the wall: other work on the machine changes it little. Too long for `make bench`.

Example: python -m tests.benchmarks.idle_cpu 600
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tests.benchmarks.idle_city import idle_city

ALL_SCHEDULES_SECONDS = 600.0
"""Ten minutes hold each schedule a whole number of times, but for the one of every hour."""

PARTS = {"prefect_server": "server", "worker": "worker", "desk.serving": "desk"}
"""What stands in the command of a process that `zhihui up` keeps, and what it is called."""


def run(seconds: float = ALL_SCHEDULES_SECONDS) -> Iterator[str]:
    """Lines: each process with its processor seconds and its share of one core, the sum, and the runs there were."""
    with tempfile.TemporaryDirectory() as folder, idle_city(Path(folder)) as city:
        began, first, since = time.monotonic(), processor_seconds(city.process), datetime.now(UTC)
        time.sleep(seconds)
        last, took = processor_seconds(city.process), time.monotonic() - began
        runs = city.ended_runs(since)
    used = {name: last[name] - first.get(name, 0.0) for name in last}
    yield f"{'process':24} {'processor s':>12} {'% of a core':>12}"
    for name, spent in [*sorted(used.items(), key=lambda item: -item[1]), ("all", sum(used.values()))]:
        yield f"{name:24} {spent:12.2f} {100 * spent / took:12.2f}"
    yield f"over {took:.0f} s; runs: {', '.join(f'{count} {name}' for name, count in sorted(runs.items()))}"
    if runs:
        yield f"a run: {used[CHILDREN.format('worker')] / runs.total():.2f} processor seconds in the worker's children"


CHILDREN = "{}'s children"


def processor_seconds(supervisor: psutil.Process) -> dict[str, float]:
    """Processor seconds so far of the supervisor, of each part it keeps, and of all that the part started.

    A child that ended is in the account of whoever reaped it, so nothing is lost between two looks.
    """
    found = {"supervisor": _own(supervisor)}
    for part in supervisor.children():
        command = " ".join(part.cmdline())
        name = next((called for words, called in PARTS.items() if words in command), command)
        below = part.children(recursive=True)
        found[name] = _own(part)
        found[CHILDREN.format(name)] = _reaped(part) + sum(_own(child) + _reaped(child) for child in below)
    return found


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _reaped(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.children_user + times.children_system)


if __name__ == "__main__":
    for line in run(*(float(given) for given in sys.argv[1:2])):
        print(line, flush=True)
