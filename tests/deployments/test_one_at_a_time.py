"""One `zhihui up` a state folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.one_at_a_time import AlreadyRunning, HomeUnusable, hold


def test_the_second_is_told_who_was_first(tmp_path: Path) -> None:
    with hold(tmp_path, "http://127.0.0.1:4200"):
        code = (
            "import sys; from pathlib import Path; from deployments.one_at_a_time import AlreadyRunning, hold\n"
            "try:\n with hold(Path(sys.argv[1]), 'x'): pass\nexcept AlreadyRunning as error: print(error)"
        )
        second = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert f"process {os.getpid()}, http://127.0.0.1:4200" in second.stdout


def test_the_first_told_its_folder_free_when_it_ended(tmp_path: Path) -> None:
    with hold(tmp_path, "x") as (first, nobody):
        assert nobody is None
    with hold(tmp_path, "x") as (second, nobody):
        assert nobody is None
    assert first.token != second.token


def test_one_that_was_killed_leaves_its_record_and_no_lock(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from deployments.one_at_a_time import hold\n"
        "with hold(Path(sys.argv[1]), 'x') as (record, _): print(record.token, flush=True); os._exit(1)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    with hold(tmp_path, "x") as (_, last):
        assert last is not None
        assert last.token == killed.stdout.strip()


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"pid": 1}'])
def test_a_torn_record_tells_nothing(tmp_path: Path, torn: str) -> None:
    (tmp_path / "up.json").write_text(torn)
    with hold(tmp_path, "x") as (_, last):
        assert last is None


def test_a_second_one_in_the_same_process_is_refused_too(tmp_path: Path) -> None:
    with hold(tmp_path, "x"), pytest.raises(AlreadyRunning), hold(tmp_path, "y"):
        pass


def test_a_folder_that_cannot_be_made_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusable, match="ZHIHUI_HOME"), hold(tmp_path / "file" / "home", "x"):
        pass
