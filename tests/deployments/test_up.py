"""`zhihui up` as a user meets it: real processes, real ports, real signals.

One city lives through all of it, because a start takes its time: it comes up from nothing, closes cases, loses its
server and worker in the middle of a sweep, is killed hard, comes up again, and is told to stop. Its messages go by
channels with secrets in their addresses, and of these nothing is left in what it wrote.
"""

import csv
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from deployments.command_line import PARTS, app, load
from deployments.processes_left import processes_of
from tests.deployments.local_city import ENDS_WITHIN_SECONDS, STARTS_WITHIN_SECONDS, LocalCity
from tests.deployments.secret_city import SECRETS, SecretCity, secret_city
from tests.deployments.test_command_line import commands_of
from tests.deployments.test_prefect_yaml import DEPLOYMENTS
from tests.secrets_left import secrets_left

# The mail server of the tests takes passwords unencrypted, and says so.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

FIRST_CASE_CLOSED_WITHIN_SECONDS = 180
NEXT_SWEEP_WITHIN_SECONDS = 120


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretCity]:
    with secret_city(tmp_path_factory.mktemp("secrets") / "city") as made:
        yield made


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, secrets: SecretCity) -> Iterator[LocalCity]:
    made = LocalCity(tmp_path_factory.mktemp("up") / "home", **secrets.environment)
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
    since = datetime.now(UTC)
    sweeps = city.api("GET", "deployments/name/case-lifecycle/case-lifecycle")["id"]
    city.api("POST", f"deployments/{sweeps}/create_flow_run", name="swept away")
    # One that began before has its transaction behind it, and may end before anything is killed.
    (running,) = city.wait("sweep in its transaction", lambda: begun_after(city.sweeps("RUNNING"), since), 60)
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
    assert f"deployed 0, unchanged {len(DEPLOYMENTS)}" in city.said()
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


@pytest.mark.parametrize("key", ["personal", "link", "prefect"])
def test_a_key_is_left_in_its_own_file_alone(city: LocalCity, key: str) -> None:
    file = city.ended() / "keys" / f"{key}.key"
    assert secrets_left(city.home.parent, [file.read_text("ascii").strip()]) == [f"home/keys/{key}.key"]


def test_messages_that_went_by_secret_addresses_leave_none_of_these_behind(
    city: LocalCity, secrets: SecretCity
) -> None:
    home = city.ended(secrets.used)
    assert secrets_left(home.parent, SECRETS) == []


def test_a_reporters_telephone_number_is_left_in_the_report_alone(city: LocalCity, secrets: SecretCity) -> None:
    reports = [f"home/drop/done/{file.name}" for file in (city.ended(secrets.used) / "drop" / "done").iterdir()]
    rows = [
        row for name in reports for row in csv.DictReader((city.home.parent / name).read_text("utf-8").splitlines())
    ]
    phones = {row["reporter_phone"] for row in rows}
    assert len(phones) > 1
    assert set(secrets_left(city.home.parent, phones - {""})) <= set(reports)


def test_no_help_shows_what_the_environment_holds(secrets: SecretCity) -> None:
    for name in ["", *(name for part in PARTS for name, _ in commands_of(part, load(part)))]:
        told = CliRunner().invoke(app, [*name.split(), "--help"], env=secrets.environment)
        assert (told.exit_code, "Usage" in told.output) == (0, True), name
        assert not [secret for secret in SECRETS if secret in told.output], name


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


def begun_after(runs: list[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
    """Those of these runs that began after a moment."""
    return [run for run in runs if run["start_time"] and datetime.fromisoformat(run["start_time"]) > moment]


def newer(runs: list[dict[str, Any]], than: dict[str, Any]) -> dict[str, Any] | None:
    """The newest of the runs, if it began after another."""
    return next((run for run in runs if run["start_time"] > than["start_time"]), None)
