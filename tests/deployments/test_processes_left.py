"""What a hard kill left is found by its token, and nothing else is touched."""

import os
import subprocess
import sys

from deployments.processes_left import TOKEN, flow_runs_alive, kill_all, processes_of
from tests.living_processes import still_living


def sleeper(**environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); import time; time.sleep(60)"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
    )


def test_processes_with_the_token_are_killed_and_others_live() -> None:
    ours, others = sleeper(**{TOKEN: "token-of-ours"}), sleeper(**{TOKEN: "token-of-others"})
    try:
        assert [p.pid for p in processes_of("token-of-ours")] == [ours.pid]
        assert kill_all("token-of-ours") == 1
        assert still_living([ours.pid]) == []
        assert others.poll() is None
    finally:
        for one in (ours, others):
            one.kill()
            one.communicate()


def test_nothing_left_is_nothing_killed() -> None:
    assert kill_all("a-token-nobody-carries") == 0


def test_a_flow_run_with_a_process_is_alive() -> None:
    run = sleeper(PREFECT__FLOW_RUN_ID="11111111-2222-3333-4444-555555555555")
    try:
        assert "11111111-2222-3333-4444-555555555555" in flow_runs_alive()
    finally:
        run.kill()
        run.communicate()
    assert "11111111-2222-3333-4444-555555555555" not in flow_runs_alive()
