"""How fast pages come with 200,000 stored cases, from a desk that runs as a process of its own.

Requests come at their times whether earlier ones are answered or not, and each is measured from its time on: a desk
that stalls is not spared by a reader who waits. Prefect's port is open and never answers: nobody may wait for it.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil

from desk.form_token import draw_form_token
from desk.session_cookie import PLAIN
from models.city import City
from tasks.database import open_database, transaction
from tasks.desk_sessions import open_session
from tasks.links import Link, Purpose, path_of
from tasks.settings import Settings
from tests.benchmarks.full_city import STORED, fill
from tests.benchmarks.visitors import Answer, Visitors
from tests.desk.served import free_socket

AT_UNIT, IN_QUEUE = 200, 60

Address = tuple[str, int]

STARTS_WITHIN_SECONDS = 30.0

DESK = [sys.executable, "-c", "from deployments.command_line import main; main()", "desk"]


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of request: how often it comes, for how long, and how fast it should be answered."""

    name: str
    per_second: float
    seconds: float
    aim_p95_ms: float
    expected: int
    ask: Callable[[Visitors, int], Awaitable[Answer]]


def run() -> Iterator[str]:
    """Lines: milliseconds to the answer of each kind of page, beside the aims, with the desk's processor time."""
    with tempfile.TemporaryDirectory() as folder, _silent_engine() as engine_port:
        settings = Settings(home=Path(folder), prefect_port=engine_port)
        now, engine = datetime.now(UTC), open_database(settings.database_url)
        city, cases = fill(engine, now, AT_UNIT, IN_QUEUE)
        with transaction(engine) as connection:
            cookie = open_session(connection, settings.secret_key("link"), city, _acceptor(city, now), now, 12)
        engine.dispose()
        yield f"{STORED:,} stored cases, {os.cpu_count()} cores"
        with _desk(settings) as (address, process):
            for load in _loads(settings, cases, now):
                yield _measured(load, address, cookie, process)
    yield f"so many processors were wanted in the last 5 minutes: {os.getloadavg()[1]:.1f}"


def _loads(settings: Settings, cases: Sequence[str], now: datetime) -> list[Load]:
    key = settings.secret_key("link")
    links = [path_of(key, Link("lihe-liaison", Purpose.CASE, case), now) for case in cases]
    own = path_of(key, Link("lihe-liaison", Purpose.MINE, "lihe-liaison"), now)
    wall = path_of(key, Link("shift-leader", Purpose.WALL, "wall"), now)

    def acts(visitors: Visitors, number: int) -> Awaitable[Answer]:
        link = links[number]
        drawn = draw_form_token(key, link.removeprefix("/c/"))
        return visitors.post(f"{link}/act", {"form": "receive", "key": drawn.drawn, "proof": drawn.proof})

    return [
        Load("action page", 100, 20, 50, 200, lambda visitors, n: visitors.get(links[n % len(links)])),
        Load("action page", 300, 10, 50, 200, lambda visitors, n: visitors.get(links[n % len(links)])),
        Load("queue of 50", 10, 8, 100, 200, lambda visitors, _: visitors.get("/seat")),
        Load("own page", 10, 8, 100, 200, lambda visitors, _: visitors.get(own)),
        Load("wall", 4, 8, 100, 200, lambda visitors, _: visitors.get(wall)),
        Load("metrics", 1, 8, 100, 200, lambda visitors, _: visitors.get("/metrics")),
        Load("POST of an action", 20, len(cases) / 20, 100, 303, acts),
        Load("action page after", 100, 10, 50, 200, lambda visitors, n: visitors.get(links[n % len(links)])),
    ]


def _measured(load: Load, address: Address, cookie: str, process: psutil.Process) -> str:
    before, begun = _processor_seconds(process), time.perf_counter()
    taken = asyncio.run(_come(load, address, cookie))
    cpu = (_processor_seconds(process) - before) / (time.perf_counter() - begun)
    ms = sorted(1000 * seconds for seconds in taken)
    p95, p99 = (statistics.quantiles(ms, n=100, method="inclusive")[n - 1] for n in (95, 99))
    return (
        f"{load.name:18} {load.per_second:4.0f}/s   p50 {statistics.median(ms):6.1f}   p95 {p95:6.1f} "
        f"(to reach {load.aim_p95_ms:.0f})   p99 {p99:6.1f}   slowest {ms[-1]:6.1f} ms   {100 * cpu:3.0f} % of a core"
        f"   {len(ms)} requests"
    )


def _processor_seconds(desk: psutil.Process) -> float:
    """Of all processes of the desk together."""
    return sum(sum(process.cpu_times()[:2]) for process in (desk, *desk.children(recursive=True)))


async def _come(load: Load, address: Address, cookie: str) -> list[float]:
    """The seconds each request took, counted from when it was due; a first one, not counted, opens the connections."""
    visitors = Visitors(*address, f"{PLAIN}={cookie}")
    await visitors.get("/ready" if load.expected == 303 else "/health")
    if load.expected == 200:
        await load.ask(visitors, 0)
    start = time.perf_counter() + 0.1
    due = [start + number / load.per_second for number in range(round(load.per_second * load.seconds))]
    taken = await asyncio.gather(*(_one(visitors, load, number, at) for number, at in enumerate(due)))
    visitors.close()
    return list(taken)


async def _one(visitors: Visitors, load: Load, number: int, at: float) -> float:
    await asyncio.sleep(max(0.0, at - time.perf_counter()))
    answer = await load.ask(visitors, number)
    if answer.status != load.expected:
        told = answer.body[:500].decode(errors="replace")
        raise AssertionError(f"{load.name}: {answer.status} instead of {load.expected}: {told}")
    return time.perf_counter() - at


def _acceptor(city: City, now: datetime) -> str:
    return next(
        seat.post for seat in city.seats if seat.post in city.seat_posts(seat.role, now) and "acceptor" in seat.post
    )


@contextmanager
def _silent_engine() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with free_socket() as listener:
        listener.listen(64)
        yield listener.getsockname()[1]


@contextmanager
def _desk(settings: Settings) -> Iterator[tuple[Address, psutil.Process]]:
    """`zhihui desk` over this database, with its address; its processes are children of the one that is given."""
    with free_socket() as free:
        port = free.getsockname()[1]
    told = {"ZHIHUI_HOME": str(settings.home), "ZHIHUI_PREFECT_PORT": str(settings.prefect_port)}
    if "ZHIHUI_DESK_PROCESSES" in os.environ:
        told["ZHIHUI_DESK_PROCESSES"] = os.environ["ZHIHUI_DESK_PROCESSES"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ZHIHUI_")}
    process = subprocess.Popen([*DESK, "--port", str(port)], env=inherited | told)
    try:
        _wait(f"http://127.0.0.1:{port}/health")
        yield ("127.0.0.1", port), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str) -> None:
    until = time.monotonic() + STARTS_WITHIN_SECONDS
    while True:
        try:
            httpx.get(url, trust_env=False).raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
