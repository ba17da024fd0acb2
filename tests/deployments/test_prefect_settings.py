"""How `zhihui up` sets Prefect."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.prefect_settings import prefect_environment, server_secret
from tasks.settings import Settings

READ_BACK = """
import json
from prefect.settings import get_current_settings
s = get_current_settings()
print(json.dumps({
    "home": str(s.home), "api": s.api.url, "analytics": s.server.analytics_enabled,
    "promotion": s.server.ui.show_promotional_content, "lease": s.server.concurrency.lease_storage,
    "events_days": s.server.events.retention_period.days,
    "vacuum": sorted(s.server.services.db_vacuum.enabled),
    "loops": [
        s.server.services.pause_expirations.loop_seconds, s.server.services.cleanup_reconciler.loop_seconds,
        s.server.services.late_runs.loop_seconds, s.server.services.foreman.loop_seconds,
        s.server.events.proactive_granularity.total_seconds(),
    ],
    "database": s.server.database.connection_url.get_secret_value(),
    "port": s.server.api.port, "host": s.server.api.host, "query": s.worker.query_seconds,
    "csrf": s.client.csrf_support_enabled, "retries": s.client.max_retries,
    "install": s.runner.auto_install_dependencies,
}))
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    present = {**os.environ, "PREFECT_API_URL": "https://somewhere.else/api", "PREFECT_PROFILE": "mine"}
    return prefect_environment(Settings(home=tmp_path, prefect_port=4299, desk_port=8299), present)


def test_prefect_takes_every_setting_as_it_is_meant(environment: dict[str, str], tmp_path: Path) -> None:
    """Read back by Prefect itself: it ignores a setting it does not know."""
    done = subprocess.run(
        [sys.executable, "-c", READ_BACK], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == {
        "home": str(tmp_path / "prefect"),
        "api": "http://127.0.0.1:4299/api",
        "analytics": False,
        "promotion": False,
        "lease": "prefect.server.concurrency.lease_storage.filesystem",
        "events_days": 1,
        "vacuum": ["events", "orphans"],
        "loops": [60, 60, 15, 60, 60],
        "database": f"sqlite+aiosqlite:///{tmp_path}/prefect.db",
        "port": 4299,
        "host": "127.0.0.1",
        "query": 7.0,
        "csrf": False,
        "retries": 5,
        "install": False,
    }


def test_nothing_of_the_users_own_prefect_leaks_in(environment: dict[str, str]) -> None:
    assert "PREFECT_PROFILE" not in environment
    assert environment["DO_NOT_TRACK"] == "1"


def test_a_process_started_elsewhere_finds_the_same_machine(environment: dict[str, str], tmp_path: Path) -> None:
    code = "from tasks.settings import read_settings; s = read_settings(); print(s.home, s.desk_port, s.database_url)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd="/", capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(tmp_path), "8299", f"sqlite:///{tmp_path}/zhihui.db"]


def test_the_key_of_secret_blocks_is_made_once_and_only_the_server_is_told(
    environment: dict[str, str], tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    key = server_secret(settings)["PREFECT_SERVER_ENCRYPTION_KEY"]
    assert key not in environment.values()
    assert server_secret(settings)["PREFECT_SERVER_ENCRYPTION_KEY"] == key
    assert stat.S_IMODE((tmp_path / "keys" / "prefect.key").stat().st_mode) == 0o600
