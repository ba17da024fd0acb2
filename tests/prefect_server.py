"""One real Prefect server for the whole test session, set as `zhihui up` sets it."""

import asyncio
import atexit
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx
from prefect.client.orchestration import get_client
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

from deployments.children import tied
from deployments.prefect_settings import WORK_POOL, prefect_environment, server_secret
from deployments.server_setup import ensure_pool
from tasks.settings import Settings

STARTS_WITHIN_SECONDS = 120


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@cache
def server_of_the_session() -> Settings:
    """The settings under which the session's server runs; started by whoever asks first, ended with the session."""
    home = Path(tempfile.mkdtemp(prefix="zhihui-prefect-"))
    settings = Settings(home=home, prefect_port=free_port())
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            tied(sys.executable, "-m", "deployments.prefect_server"),
            env=environment_of(settings) | server_secret(settings),
            stdout=log,
            stderr=log,
            cwd=home,
        )
    atexit.register(_stop, process, home)
    _wait_until_it_answers(process, settings, home / "server.log")
    with client_settings(settings):
        asyncio.run(_make_pool())
    return settings


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment of a process that works with the session's server."""
    return prefect_environment(settings, os.environ)


@contextmanager
def client_settings(settings: Settings) -> Iterator[None]:
    """This process as a client of the session's server; flows end without waiting for a heartbeat."""
    with temporary_settings(
        {
            PREFECT_API_URL: environment_of(settings)["PREFECT_API_URL"],
            PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: False,
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
            PREFECT_LOGGING_TO_API_ENABLED: False,
        }
    ):
        yield


async def _make_pool() -> None:
    async with get_client() as client:
        await ensure_pool(client, WORK_POOL)


def _wait_until_it_answers(process: subprocess.Popen[bytes], settings: Settings, log: Path) -> None:
    give_up_at = time.monotonic() + STARTS_WITHIN_SECONDS
    with httpx.Client(base_url=f"http://127.0.0.1:{settings.prefect_port}", trust_env=False) as client:
        while process.poll() is None and time.monotonic() < give_up_at:
            with contextlib.suppress(httpx.TransportError):
                if client.get("/api/health").is_success:
                    return
            time.sleep(0.1)
    raise RuntimeError(f"the Prefect server did not start:\n{log.read_text()[-3000:]}")


def _stop(process: subprocess.Popen[bytes], home: Path) -> None:
    process.kill()
    process.wait()
    shutil.rmtree(home, ignore_errors=True)
