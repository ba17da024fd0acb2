"""The child processes of `zhihui up`."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deployments import children
from deployments.children import Child, ChildGaveUp, end, keep_running, run_to_end, start
from tests.living_processes import still_living

WAIT_SECONDS = 15


def a_child(tmp_path: Path, code: str, told: Callable[[str], None] | None = None) -> Child:
    return Child("server", (sys.executable, "-c", code), os.environ, tmp_path / "logs" / "server.log", tmp_path, told)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


async def nothing(child: Child, code: int) -> None:
    pass


async def test_what_a_child_says_goes_to_its_log_and_its_standard_output_to_who_listens(tmp_path: Path) -> None:
    heard: list[str] = []
    child = a_child(tmp_path, "import sys; print('一行'); print('detail', file=sys.stderr); sys.exit(3)", heard.append)
    assert await run_to_end(child) == 3
    assert heard == ["一行"]
    assert sorted(child.log.read_text("utf-8").split()) == ["detail", "一行"]


async def test_a_log_never_grows_past_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LOG_BYTES", 10_000)
    await run_to_end(a_child(tmp_path, "for i in range(3000): print('x' * 100)"))
    logs = list((tmp_path / "logs").iterdir())
    assert len(logs) == children.LOG_FILES + 1
    assert sum(log.stat().st_size for log in logs) <= 10_000 * len(logs)


async def test_an_endless_line_is_logged_in_pieces(tmp_path: Path) -> None:
    child = a_child(tmp_path, "print('x' * 3_000_000)")
    assert await run_to_end(child) == 0
    assert child.log.read_text().count("x") == 3_000_000


async def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    codes: list[int] = []

    async def note(child: Child, code: int) -> None:
        codes.append(code)

    child = a_child(tmp_path, "import time; time.sleep(60)")
    await start(child)
    keeping = asyncio.create_task(keep_running(child, note, pause_seconds=0.01))
    first = child.process
    assert first
    os.kill(first.pid, signal.SIGKILL)
    await until(lambda: child.process is not first)
    assert codes == [-signal.SIGKILL]
    await end([child], 5)
    await keeping


async def test_a_child_that_dies_again_and_again_is_given_up(tmp_path: Path) -> None:
    child = a_child(tmp_path, "import sys; sys.exit(7)")
    await start(child)
    with pytest.raises(ChildGaveUp) as caught:
        await keep_running(child, nothing, pause_seconds=0.001)
    assert (caught.value.name, caught.value.code) == ("server", 7)
    assert len(child.deaths) == children.MOST_DEATHS


async def test_ending_takes_what_a_child_started_also_where_both_ignore_the_request(tmp_path: Path) -> None:
    code = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "pid = os.fork(); os.write(1, b'%d\\n' % os.getpid()); time.sleep(60)"
    )
    heard: list[str] = []
    child = a_child(tmp_path, code, heard.append)
    await start(child)
    keeping = asyncio.create_task(keep_running(child, nothing))
    await until(lambda: len(heard) == 2)
    await end([child], 0.2)
    await keeping
    assert still_living(map(int, heard)) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
@pytest.mark.parametrize("when", ["before it runs", "while it runs"])
async def test_a_child_ends_with_the_process_that_started_it_however_that_ended(when: str) -> None:
    code = (
        "import subprocess, sys, time; from deployments.children import tied; "
        "command = tied(sys.executable, '-c', 'import time; time.sleep(60)'); "
        "p = subprocess.Popen(command, start_new_session=True); print(p.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    if when == "while it runs":
        await until(lambda: psutil.Process(pid).cmdline()[1:2] == ["-c"])
    parent.kill()
    parent.communicate()
    assert still_living([pid]) == []


async def test_a_child_hears_ctrl_c_also_where_it_was_inherited_as_ignored(tmp_path: Path) -> None:
    heard: list[str] = []
    child = a_child(tmp_path, "import signal; print(signal.getsignal(signal.SIGINT))", heard.append)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        await run_to_end(child)
    finally:
        signal.signal(signal.SIGINT, before)
    assert "default_int_handler" in heard[0]
