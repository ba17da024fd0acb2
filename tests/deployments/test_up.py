"""`zhihui up` as a user meets it: real processes, real ports, real signals.

One city lives through all of it, because a start takes its time: it comes up from nothing, closes cases, loses its
server and worker in the middle of a sweep, is killed hard, comes up again, and is told to stop.
"""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deployments.one_at_a_time import Record
from deployments.processes_left import processes_of
from tests.prefect_server import free_port

UP = [sys.executable, "-c", "from deployments.command_line import main; main()", "up"]

STARTS_WITHIN_SECONDS = 120
FIRST_CASE_CLOSED_WITHIN_SECONDS = 180
NEXT_SWEEP_WITHIN_SECONDS = 120
ENDS_WITHIN_SECONDS = 10
LOOK_AGAIN_SECONDS = 0.2


class LocalCity:
    """A state folder with ports of its own, and the `zhihui up` that runs on it."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.told = environment
        self.port, self.desk_port = free_port(), free_port()
        self.output = home.parent / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None
        # One client for all questions: each new one reads the machine's certificates first.
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api", trust_env=False, timeout=10)

    @property
    def environment(self) -> dict[str, str]:
        ours = {"ZHIHUI_HOME": str(self.home), "ZHIHUI_PREFECT_PORT": str(self.port)}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ZHIHUI_")}
        return {**inherited, **ours, "ZHIHUI_DESK_PORT": str(self.desk_port), **self.told}

    def start(self, *, signals_ignored: bool = False) -> None:
        """Start it; with its signals ignored, as a shell starts a background job or nohup does."""
        before = {n: signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGTERM) if signals_ignored}
        try:
            with self.output.open("wb") as output:
                self.process = subprocess.Popen(UP, env=self.environment, stdout=output, stderr=output)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def run(self) -> subprocess.Popen[bytes]:
        """Its process; started first where it does not run, so that no test leans on the one before it."""
        if self.process is None or self.process.poll() is not None:
            self.start()
            self.wait_until_said("Ctrl-C stops everything", STARTS_WITHIN_SECONDS)
        assert self.process
        return self.process

    def again(self) -> subprocess.CompletedProcess[str]:
        """What a second `zhihui up` on the same folder says."""
        return subprocess.run(UP, env=self.environment, capture_output=True, text=True, timeout=30, check=False)

    def said(self) -> str:
        """All it said so far."""
        return self.output.read_text("utf-8")

    def wait(self, for_what: str, condition: Callable[[], Any], seconds: float) -> Any:
        """The first true answer of a condition, asked again and again within the time."""
        give_up_at = time.monotonic() + seconds
        while time.monotonic() < give_up_at:
            if found := condition():
                return found
            time.sleep(LOOK_AGAIN_SECONDS)
        raise AssertionError(f"no {for_what} within {seconds} s. It said:\n{self.said()[-3000:]}")

    def wait_until_said(self, pattern: str, seconds: float) -> None:
        self.wait(pattern, lambda: re.search(pattern, self.said()), seconds)

    def token(self) -> str:
        """What all its processes carry."""
        return Record(**json.loads((self.home / "up.json").read_text())).token

    def part(self, *words: str) -> psutil.Process:
        """The process of a part, by what stands in its command."""
        (found,) = (p for p in processes_of(self.token()) if " ".join(words) in " ".join(p.cmdline()))
        return found

    def api(self, method: str, path: str, **content: Any) -> Any:
        """Ask its Prefect server; None while that is away."""
        try:
            answer = self.wait("answer of a server that is free", lambda: self._ask(method, path, content), 20)
            return answer.raise_for_status().json() if answer.content else None
        except httpx.TransportError:
            return None

    def _ask(self, method: str, path: str, content: dict[str, Any]) -> httpx.Response | None:
        """One answer; None where Prefect on SQLite is busy writing and wants to be asked again."""
        answer = self.client.request(method, path, json=content or None)
        return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

    def sweeps(self, *states: str) -> list[dict[str, Any]]:
        """The scheduled sweeps that stand in one of these states, the newest first."""
        runs = self.api(
            "POST",
            "flow_runs/filter",
            deployments={"name": {"any_": ["case-lifecycle"]}},
            flow_runs={"state": {"type": {"any_": list(states)}}},
            sort="START_TIME_DESC",
        )
        return runs or []


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCity]:
    made = LocalCity(tmp_path_factory.mktemp("up") / "home")
    yield made
    if made.process and made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    made.client.close()


def test_told_to_stop_while_it_starts_it_ends_at_once(city: LocalCity) -> None:
    city.start()
    assert city.process
    city.wait_until_said("starting server", 30)
    token = city.token()
    city.process.send_signal(signal.SIGTERM)
    assert city.process.wait(ENDS_WITHIN_SECONDS) == 0
    assert list(processes_of(token)) == []
    assert city.said().rstrip().endswith("stopped")


def test_from_nothing_to_closed_cases_and_messages(city: LocalCity) -> None:
    city.start()
    city.wait_until_said(r"已结案 [1-9]\d* 件，消息 [1-9]\d* 条", FIRST_CASE_CLOSED_WITHIN_SECONDS)
    assert f"http://127.0.0.1:{city.port}/v2/" in city.said()
    assert httpx.get(f"http://127.0.0.1:{city.desk_port}/demo/inbox", trust_env=False).is_success
    names = [run["name"] for run in city.api("POST", "flow_runs/filter", limit=50)]
    assert any(re.fullmatch(r"推进 \d+ 件.*", name) for name in names)


def test_started_twice_the_second_says_who_was_first(city: LocalCity) -> None:
    first = city.run()
    second = city.again()
    assert second.returncode == 1
    assert f"process {first.pid}, http://127.0.0.1:{city.port}" in second.stderr


def test_server_and_worker_killed_in_mid_sweep_the_next_sweep_runs_in_time(city: LocalCity) -> None:
    city.run()
    every_ten_seconds(city)
    held = sqlite3.connect(city.home / "zhihui.db", isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    sweeps = city.api("GET", "deployments/name/case-lifecycle/case-lifecycle")["id"]
    city.api("POST", f"deployments/{sweeps}/create_flow_run", name="swept away")
    (running,) = city.wait("sweep in its transaction", lambda: city.sweeps("RUNNING"), 60)
    for part in (city.part("deployments.prefect_server"), city.part("prefect", "worker")):
        part.kill()
    held.close()

    killed_at = time.monotonic()
    done = city.wait("next sweep", lambda: newer(city.sweeps("COMPLETED"), running), NEXT_SWEEP_WITHIN_SECONDS)
    assert done["name"]
    assert time.monotonic() - killed_at < NEXT_SWEEP_WITHIN_SECONDS
    assert city.api("GET", f"flow_runs/{running['id']}")["state_type"] == "CRASHED"


def test_killed_hard_it_leaves_nothing_and_simply_starts_again(city: LocalCity) -> None:
    process = city.run()
    every_ten_seconds(city)
    token = city.token()
    process.kill()
    process.wait()
    city.wait("end of its processes", lambda: not list(processes_of(token)), ENDS_WITHIN_SECONDS)

    city.start(signals_ignored=True)
    city.wait_until_said("Ctrl-C stops everything", STARTS_WITHIN_SECONDS)
    assert "deployed 0, unchanged 6" in city.said()
    (schedule,) = city.api("GET", "deployments/name/case-lifecycle/case-lifecycle")["schedules"]
    assert schedule["schedule"]["interval"] == 10, "what was set in the UI stands"


def test_ctrl_c_ends_everything_also_where_it_was_inherited_as_ignored(city: LocalCity) -> None:
    if city.process is None or city.process.poll() is not None:
        city.start(signals_ignored=True)
        city.wait_until_said("Ctrl-C stops everything", STARTS_WITHIN_SECONDS)
    assert city.process
    token = city.token()
    city.process.send_signal(signal.SIGINT)
    assert city.process.wait(ENDS_WITHIN_SECONDS) == 0
    assert list(processes_of(token)) == []
    assert not (city.home / "up.json").exists()


@pytest.mark.parametrize("which", ["port", "desk_port"])
def test_a_port_that_is_taken_is_named_with_the_way_out(tmp_path: Path, which: str) -> None:
    blocked = LocalCity(tmp_path / "home")
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", getattr(blocked, which)))
        somebody.listen()
        told = blocked.again()
    assert told.returncode == 1
    assert f"Port {getattr(blocked, which)} is taken by" in told.stderr
    assert re.search(r"ZHIHUI_(PREFECT|DESK)_PORT=\d+ zhihui up", told.stderr)


def test_an_address_that_is_none_of_this_machines_is_named_too(tmp_path: Path) -> None:
    told = LocalCity(tmp_path / "home", ZHIHUI_DESK_HOST="192.0.2.1").again()
    assert told.returncode == 1
    assert "Cannot listen on 192.0.2.1" in told.stderr


def test_a_step_that_fails_is_told_with_its_reason_and_nothing_stays(tmp_path: Path) -> None:
    lost = LocalCity(tmp_path / "home", ZHIHUI_CITY="atlantis")
    lost.start()
    assert lost.process
    lost.wait_until_said("starting server", 30)
    token = lost.token()
    assert lost.process.wait(60) == 1
    assert "ZHIHUI_CITY=atlantis: no folder with a city.yaml" in lost.said()
    assert list(processes_of(token)) == []


def test_a_reader_of_the_lines_that_goes_away_does_not_stop_the_city() -> None:
    code = (
        "import sys; from deployments.local import Progress; say = Progress(); sys.stdin.read(); "
        "say('one'); say('two'); print('goes on', file=sys.stderr)"
    )
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", code], text=True, stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdout
    process.stdout.close()
    process.stdout = None
    _, told = process.communicate("", timeout=30)
    assert (process.returncode, told.strip()) == (0, "goes on")


def every_ten_seconds(city: LocalCity) -> None:
    """Change the sweep's schedule as an administrator does in the UI."""
    found = city.api("GET", "deployments/name/case-lifecycle/case-lifecycle")
    (schedule,) = found["schedules"]
    path = f"deployments/{found['id']}/schedules/{schedule['id']}"
    city.api("PATCH", path, schedule={"interval": 10, "timezone": "Asia/Shanghai"})


def newer(runs: list[dict[str, Any]], than: dict[str, Any]) -> dict[str, Any] | None:
    """The newest of the runs, if it began after another."""
    return next((run for run in runs if run["start_time"] > than["start_time"]), None)
