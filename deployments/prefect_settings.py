"""How `zhihui up` sets Prefect: one machine, one state folder, nothing sent abroad, nothing kept for ever."""

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet

from tasks.settings import Settings

WORK_POOL = "warm"
WORKER_TYPE = "zhihui-warm"
"""Every process of the city is short, so one worker executes them all; docs/decisions/0010 says when another is needed.
"""

EVENTS_KEPT = "P1D"
"""Prefect's own events are for its UI only: the audit trail is in our tables."""

WORKER_QUERY_SECONDS = 7
"""How often the worker asks for runs although no event told it of one. It looks ten seconds ahead (Prefect's prefetch),
so that with some jitter it knows of each planned run before its time."""


def prefect_address(port: int) -> str:
    """Where the local server answers, without a slash at the end."""
    return f"http://127.0.0.1:{port}"


def interface_address(port: int) -> str:
    """The page an administrator opens; a link without /v2/ may lead to the old interface."""
    return f"{prefect_address(port)}/v2/dashboard"


def prefect_environment(settings: Settings, present: Mapping[str, str]) -> dict[str, str]:
    """The environment of every process of `zhihui up`: this machine's own, then ours over it.

    Example: prefect_environment(read_settings(), os.environ)["PREFECT_HOME"] is the folder prefect in the state folder.
    """
    home = settings.home
    return {
        # A profile or server of the user's own must not leak in.
        **{name: value for name, value in present.items() if not name.startswith("PREFECT_")},
        **_our_own(settings),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), present.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_PROFILES_PATH": str(home / "prefect" / "profiles.toml"),
        "PREFECT_API_URL": f"{prefect_address(settings.prefect_port)}/api",
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home / 'prefect.db'}",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(settings.prefect_port),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": prefect_address(settings.prefect_port),
        **_SERVER,
        **_QUIET,
        **_CLIENTS,
    }


def server_secret(settings: Settings) -> dict[str, str]:
    """What the server alone is told: the key of its secret blocks; by default it lies in the database it guards."""
    return {"PREFECT_SERVER_ENCRYPTION_KEY": _encryption_key(settings.home / "keys" / "prefect.key")}


def _our_own(settings: Settings) -> dict[str, str]:
    """What a process started elsewhere (a flow run begins in a temporary folder) must still find."""
    return {
        "ZHIHUI_HOME": str(settings.home),
        "ZHIHUI_DATABASE_URL": settings.database_url,
        "ZHIHUI_CITY": settings.city,
        "ZHIHUI_DESK_HOST": settings.desk_host,
        "ZHIHUI_DESK_PORT": str(settings.desk_port),
        "ZHIHUI_DESK_URL": settings.desk_url,
        "ZHIHUI_PREFECT_PORT": str(settings.prefect_port),
        "ZHIHUI_DROP_FOLDER": str(settings.drop_folder),
        "ZHIHUI_READINGS_FOLDER": str(settings.readings_folder),
        "ZHIHUI_BULLETINS": str(settings.bulletins),
    }


_SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # Leases in memory die with the server while their slots stay taken in its database.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": EVENTS_KEPT,
    "PREFECT_SERVER_SERVICES_DB_VACUUM_EVENT_RETENTION_OVERRIDES": "{}",
    # Never "flow_runs": it knows one retention for all. Idle runs are cleared by our own housekeeping, others are kept.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,orphans",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
}

_QUIET = {
    # Loops that by default look every 5 to 15 seconds for what a city's runs never do, or what nobody waits for.
    # Paused runs past their time: the form of a consultation waits without a limit, a case waits in our database.
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_LOOP_SECONDS": "60",
    # Automations that wait for an event that does not come: an administrator's own; a minute late is in time.
    "PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY": "PT1M",
    # Clean-up orders that a worker took and never settled; their lease alone is 30 s.
    "PREFECT_SERVER_SERVICES_CLEANUP_RECONCILER_LOOP_SECONDS": "60",
    # The marks "late" on runs and "offline" on workers: for the eye of the administrator.
    "PREFECT_SERVER_SERVICES_LATE_RUNS_LOOP_SECONDS": "15",
    "PREFECT_SERVER_SERVICES_FOREMAN_LOOP_SECONDS": "60",
}
"""The server alone, idle, takes about 2 % of a core; these loops were a fifth of it."""

_CLIENTS = {
    "PREFECT_WORKER_QUERY_SECONDS": str(WORKER_QUERY_SECONDS),
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    "PREFECT_LOGGING_COLORS": "false",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    # A worker that finds `uv` and a project file would otherwise install dependencies before a run.
    "PREFECT_RUNNER_AUTO_INSTALL_DEPENDENCIES": "false",
    "PREFECT_CLI_COLORS": "false",
    "PREFECT_CLI_PROMPT": "false",
}


def _encryption_key(path: Path) -> str:
    """The key in a file, made on first use and readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
        draft.replace(path)
    return path.read_text("ascii").strip()
