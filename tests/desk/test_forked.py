"""Processes forked from one, in a program of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HEAD = "import os, signal, sys, time\nfrom desk import forked\nforked.FIRST_PAUSE_SECONDS = 0.01\n"


def run(code: str, tmp_path: Path) -> tuple[int, str, str]:
    """The exit code of a program and what it said."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", HEAD + code], capture_output=True, text=True, timeout=30, cwd=tmp_path, env=environment
    )
    return done.returncode, done.stdout, done.stderr


def test_processes_that_die_again_and_again_are_given_up(tmp_path: Path) -> None:
    code = "sys.exit(forked.Forked(2, lambda process: 1 / 0 if process else time.sleep(60)).run())"
    ended, _, said = run(code, tmp_path)
    assert ended == 1
    assert said.count("ZeroDivisionError") == 5
    assert "process 1 of the desk ended with 1, too often: the desk ends" in said


def test_whoever_follows_a_dead_process_has_its_number(tmp_path: Path) -> None:
    code = """
def work(process):
    print(process, flush=True)
    if process == 1 and not os.path.exists("died"):
        open("died", "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    if process == 1:
        os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(60)
sys.exit(forked.Forked(3, work).run())
"""
    ended, told, said = run(code, tmp_path)
    assert (ended, sorted(told.split())) == (0, ["0", "1", "1", "2"])
    assert "process 1 of the desk ended with -9; another one is started" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_twice_it_waits_for_nobody(tmp_path: Path, number: signal.Signals) -> None:
    code = f"""
def work(process):
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getppid(), {int(number)}))
    os.kill(os.getppid(), {int(number)})
    while True:
        time.sleep(1)
sys.exit(forked.Forked(1, work).run())
"""
    ended, _, said = run(code, tmp_path)
    assert (ended, "KeyboardInterrupt" in said) == (0, False)
