"""What a flow run costs on both worker types, in one go: from the request to its end, and in processor time.

The flow does almost nothing and imports little: what a flow of the city imports comes on top, and only Prefect's
process worker pays it for each run.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests import worker_flows
from tests.prefect_server import client_settings, server_of_the_session
from tests.workers import RunningWorker, running_worker

RUNS = 8
SETTLE_SECONDS = 1.5
"""Between runs: what the server still writes of one run would hold up the next, on SQLite by two seconds."""

IDLE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What runs took, and what the worker costs when there is nothing to do."""

    seconds: list[float]
    processor_seconds: float
    idle_share: float


def run() -> Iterator[str]:
    """Lines: each worker type, and what the warm one takes of the other."""
    settings = server_of_the_session()
    costs = {}
    for kind in ("process", "zhihui-warm"):
        with (
            client_settings(settings),
            tempfile.TemporaryDirectory() as home,
            running_worker(settings, kind, Path(home)) as worker,
        ):
            cost = costs[kind] = _measure(worker)
        median, slowest = statistics.median(cost.seconds), max(cost.seconds)
        yield (
            f"{kind:12} request to done {median:5.2f} s (slowest {slowest:5.2f}),"
            f" processor {cost.processor_seconds:5.2f} s a run, idle {cost.idle_share:5.1%} of a core"
        )
    warm, process = costs["zhihui-warm"], costs["process"]
    time_ratio = statistics.median(process.seconds) / statistics.median(warm.seconds)
    yield f"request to done    1/{time_ratio:.1f}   to reach 1/4"
    yield f"processor a run    1/{process.processor_seconds / warm.processor_seconds:.1f}   to reach 1/5"


def _measure(worker: RunningWorker) -> Cost:
    deployment = worker.deploy(worker_flows.succeeds)
    worker.ended(worker.start_again(deployment))
    time.sleep(SETTLE_SECONDS)
    before, seconds = _processor_seconds(worker), []
    for _ in range(RUNS):
        asked = time.time()
        ended = worker.ended(worker.start_again(deployment)).end_time
        seconds.append(ended.timestamp() - asked if ended else float("nan"))
        time.sleep(SETTLE_SECONDS)
    used = _processor_seconds(worker) - before
    time.sleep(IDLE_SECONDS)
    idle = (_processor_seconds(worker) - before - used) / IDLE_SECONDS
    return Cost(seconds, used / RUNS, idle)


def _processor_seconds(worker: RunningWorker) -> float:
    """What the worker and all it started have used so far, the ended ones too."""
    used = 0.0
    for process in worker.processes():
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += times.user + times.system + times.children_user + times.children_system
    return used
