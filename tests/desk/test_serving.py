"""The desk as a program of several processes: real processes, a real port, real signals."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest

from desk.serving import CannotListen, _listen
from tasks.database import open_database
from tests.living_processes import still_living
from tests.prefect_server import free_port
from tests.stored_cases import a_loaded_city

WITHIN_SECONDS = 30.0
ENDS_WITHIN_SECONDS = 10


class Served:
    """`python -m desk.serving` over a database of its own."""

    def __init__(self, home: Path, processes: int, **told: str) -> None:
        self.port = free_port()
        self.said = home.parent / "said.txt"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ZHIHUI_")}
        ours = {"ZHIHUI_HOME": str(home), "ZHIHUI_DESK_PORT": str(self.port), "ZHIHUI_DESK_PROCESSES": str(processes)}
        with self.said.open("wb") as said:
            command = [sys.executable, "-m", "desk.serving"]
            self.process = subprocess.Popen(command, env={**inherited, **ours, **told}, stdout=said, stderr=said)

    def children(self) -> set[int]:
        """The processes that answer."""
        return {child.pid for child in psutil.Process(self.process.pid).children()}

    def get(self, path: str) -> httpx.Response:
        """An answer over a connection of its own, from whichever process takes it."""
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", trust_env=False)

    def answers(self) -> bool:
        """Whether it is there."""
        try:
            return self.get("/health").is_success
        except httpx.TransportError:
            return False

    def wait(self, condition: Callable[[], bool]) -> None:
        """Until something is so."""
        give_up_at = time.monotonic() + WITHIN_SECONDS
        while not condition():
            assert time.monotonic() < give_up_at, self.said.read_text("utf-8")
            time.sleep(0.05)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    engine = open_database(f"sqlite:///{tmp_path}/home/zhihui.db")
    a_loaded_city(engine)
    engine.dispose()
    return tmp_path / "home"


@pytest.fixture
def two(home: Path) -> Iterator[Served]:
    served = Served(home, 2, ZHIHUI_OPEN311_PER_CLIENT="5")
    # Both: the first one answers while the other may still be starting.
    served.wait(lambda: served.said.read_text("utf-8").count("Application startup complete") == 2)
    served.wait(served.answers)
    yield served
    served.process.kill()
    served.process.wait()


def test_a_process_that_is_killed_is_started_again_and_the_other_goes_on(two: Served) -> None:
    before = two.children()
    assert len(before) == 2
    killed = before.pop()
    os.kill(killed, signal.SIGKILL)
    assert two.answers()
    two.wait(lambda: len(two.children() - {killed}) == 2)
    assert before < two.children()
    assert "ended with -9; another one is started" in two.said.read_text("utf-8")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_all_end_in_order(two: Served, number: signal.Signals) -> None:
    children = two.children()
    two.process.send_signal(number)
    assert two.process.wait(ENDS_WITHIN_SECONDS) == 0
    assert still_living(children) == []
    assert two.said.read_text("utf-8").count("Application shutdown complete") == 2


def test_killed_hard_it_leaves_nobody_who_holds_the_port(two: Served) -> None:
    children = two.children()
    two.process.kill()
    two.process.wait()
    assert still_living(children) == []
    # The threads of a killed process let go of its sockets a moment after its first one is gone.
    two.wait(lambda: _can_be_listened_on(two.port))


def _can_be_listened_on(port: int) -> bool:
    try:
        listeners = _listen("127.0.0.1", port)
    except CannotListen:
        return False
    for listener in listeners:
        listener.close()
    return True


def test_what_an_address_may_ask_in_a_minute_is_counted_by_both_together(two: Served) -> None:
    left = 60 - datetime.now(UTC).second
    if left < 3:
        time.sleep(left)  # Eight questions within one minute.
    answers = [two.get("/open311/v2/services.json").status_code for _ in range(8)]
    assert answers == [200] * 5 + [429] * 3


def test_one_process_is_forked_from_nobody(home: Path) -> None:
    alone = Served(home, 1)
    alone.wait(alone.answers)
    assert alone.children() == set()
    alone.process.send_signal(signal.SIGINT)
    assert alone.process.wait(ENDS_WITHIN_SECONDS) == 0


@pytest.mark.parametrize("processes", [1, 2])
def test_a_database_that_is_not_there_is_told_once(tmp_path: Path, processes: int) -> None:
    lost = Served(tmp_path / "home", processes)
    assert lost.process.wait(WITHIN_SECONDS) == 1
    assert lost.said.read_text("utf-8").count("There is no database file") == 1


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CannotListen, match=r"port \d+: Address already in use\. .*ZHIHUI_DESK_PORT"):
            _listen("127.0.0.1", taken.getsockname()[1])


def test_no_answer_waits_for_the_readers_machine_to_acknowledge_its_head() -> None:
    (listener,) = _listen("127.0.0.1", free_port())
    with listener:
        assert listener.proto == socket.IPPROTO_TCP  # Only then does the event loop set TCP_NODELAY.
