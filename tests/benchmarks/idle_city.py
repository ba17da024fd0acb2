"""An idle city to measure: `zhihui up` without its demo, in a folder and on ports of its own."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.prefect_server import free_port

STARTS_WITHIN_SECONDS = 240
ENDS_WITHIN_SECONDS = 30
PATIENCE_SECONDS = 120
"""The server may wait for its file for a minute: others use this machine too."""

BUSY = ("PENDING", "RUNNING", "CANCELLING")


class IdleCity:
    """One `zhihui up --no-demo` and its Prefect server."""

    def __init__(self, home: Path, process: psutil.Process, api: str) -> None:
        self.home = home
        self.process = process
        self.api = api

    def ask(self, path: str, method: str = "POST", **body: Any) -> Any:
        """The answer of its Prefect server."""
        answer = httpx.request(method, f"{self.api}/{path}", json=body, trust_env=False, timeout=PATIENCE_SECONDS)
        return answer.raise_for_status().json() if answer.content else None

    def runs(self, *states: str) -> int:
        """How many runs are in one of these states."""
        return int(self.ask("flow_runs/count", flow_runs={"state": {"type": {"any_": list(states)}}}))

    def ended_runs(self, since: datetime) -> Counter[str]:
        """How many runs ended since then, by flow and state."""
        flows = {flow["id"]: flow["name"] for flow in self.ask("flows/filter")}
        ended = self.ask("flow_runs/filter", flow_runs={"end_time": {"after_": since.isoformat()}}, limit=200)
        return Counter(f"{flows[run['flow_id']]} {run['state_name']}" for run in ended)

    def wait_until_quiet(self, seconds: float) -> bool:
        """Whether, within the time, at least one run has completed and none is under way."""
        give_up_at = time.monotonic() + seconds
        while time.monotonic() < give_up_at and self.process.is_running():
            time.sleep(0.5)
            try:
                if self.runs("COMPLETED") and not self.runs(*BUSY):
                    return True
            except httpx.TransportError:
                # The server is not up yet.
                continue
        return False


@contextmanager
def idle_city(home: Path) -> Iterator[IdleCity]:
    """A city from when its first runs are over and none is under way, ended afterwards."""
    port, desk = free_port(), free_port()
    told = {"ZHIHUI_HOME": home, "ZHIHUI_PREFECT_PORT": port, "ZHIHUI_DESK_PORT": desk}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ZHIHUI_")}
    environment |= {name: str(value) for name, value in told.items()}
    command = [sys.executable, "-c", "from deployments.command_line import main; main()", "up", "--no-demo"]
    output = home / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    try:
        city = IdleCity(home, psutil.Process(process.pid), f"http://127.0.0.1:{port}/api")
        if not city.wait_until_quiet(STARTS_WITHIN_SECONDS):
            said = output.read_text("utf-8")[-3000:]
            raise RuntimeError(f"no quiet city within {STARTS_WITHIN_SECONDS} s. It said:\n{said}")
        yield city
    finally:
        process.terminate()
        process.wait(ENDS_WITHIN_SECONDS)
