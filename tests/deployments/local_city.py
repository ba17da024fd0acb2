"""A `zhihui up` as a process of its own, and what a test asks of it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

from deployments.one_at_a_time import Record
from deployments.processes_left import processes_of
from tests.prefect_server import free_port

UP = [sys.executable, "-c", "from deployments.command_line import main; main()", "up"]

STARTS_WITHIN_SECONDS = 120
WORKS_WITHIN_SECONDS = 180
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

    def ended(self, when: Callable[[], bool] = lambda: True) -> Path:
        """Its folder, once it has run until something was so, and was stopped in order."""
        if self.process is None or not when():
            self.run()
            self.wait("work done", when, WORKS_WITHIN_SECONDS)
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(ENDS_WITHIN_SECONDS)
        return self.home

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
            answer = self.client.request(method, path, json=content or None)
        except httpx.TransportError:
            return None
        return answer.raise_for_status().json() if answer.content else None

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
