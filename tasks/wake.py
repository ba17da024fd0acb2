"""Waking a visit: whoever put actions into the inbox asks the engine to look at them now, at most once a second.

An action is safe in the inbox before anybody is woken. So a wake that fails costs time only: the next sweep takes it.
"""

import logging
import math
import threading
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import httpx

from tasks.settings import Settings

LOG = logging.getLogger("zhihui.wake")

DEPLOYMENT = "case-lifecycle/case-visit"
CALL_VISIT = "flood-calls/call-visit"
"""What is woken when a warning was raised or a call was started."""

NOT_BEGUN = frozenset({"SCHEDULED", "PENDING"})
"""A run in one of these states reads the inbox later than now: it will see what was put by now."""

TRIES = 3
"""This second's run, the next one's and the one after it: a clock that is a little ahead needs no more."""


BUSY_PAUSES_SECONDS = (0.1, 0.3, 0.9)
"""A server on SQLite answers 503 while it writes for somebody else."""


class Woken(StrEnum):
    """What became of a wake."""

    STARTED = "started"
    JOINED = "joined"
    """A visit that has not begun yet will see it."""
    AWAY = "away"
    """The engine does not answer, or does not know the deployment: the next sweep takes what waits."""


class Waker:
    """Asks the engine for visits; one for a whole process, safe to share between threads.

    Of all who wake in the same second one starts a run, under that second's key. Who finds that it has begun already
    (it may have read the inbox a moment too early) asks for the next second's run. So 200 taps within a second start
    at most three runs: this second's, the next one's, and the one after it. Threads that come while the engine is
    being asked share one question after it.
    """

    def __init__(self, settings: Settings, client: httpx.Client | None = None, *, deployment: str = DEPLOYMENT) -> None:
        self._client, self._deployment = client or client_of(settings), deployment
        self._deployment_id: str | None = None
        self._counting, self._asking = threading.Lock(), threading.Lock()
        self._came = self._served = 0
        self._last = Woken.AWAY

    def wake(self, now: datetime) -> Woken:
        """Have a visit look at the inbox after this moment; never raises for an engine that is away."""
        with self._counting:
            self._came += 1
            mine = self._came
        with self._asking:
            if self._served < mine:
                # Answers for all who came by now: whatever they put lies in the inbox before the question is asked.
                self._served = self._came
                self._last = self._wake(now.astimezone(UTC))
            return self._last

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _wake(self, now: datetime) -> Woken:
        try:
            return self._run_ahead(now)
        except (httpx.HTTPError, KeyError, ValueError) as error:
            # The deployment may have been made anew under another id.
            self._deployment_id = None
            LOG.info("no visit woken: %s", type(error).__name__, extra={"action": "wake_failed"})
            return Woken.AWAY

    def _run_ahead(self, now: datetime) -> Woken:
        second = math.floor(now.timestamp())
        for ahead in range(TRIES):
            begins = max(now, datetime.fromtimestamp(second + ahead, UTC))
            run, made = self._run_of(second + ahead, begins)
            if made:
                return Woken.STARTED
            if run["state_type"] in NOT_BEGUN:
                return Woken.JOINED
        return Woken.AWAY

    def _run_of(self, second: int, begins: datetime) -> tuple[dict[str, Any], bool]:
        """The one run of a second, and whether this call made it."""
        if self._deployment_id is None:
            found = ask_engine(self._client, "GET", f"/deployments/name/{self._deployment}")
            self._deployment_id = str(found.json()["id"])
        asked = {
            "idempotency_key": f"visit-{second}",
            "state": {"type": "SCHEDULED", "state_details": {"scheduled_time": begins.isoformat()}},
        }
        answer = ask_engine(self._client, "POST", f"/deployments/{self._deployment_id}/create_flow_run", asked)
        run: dict[str, Any] = answer.json()
        return run, answer.status_code == httpx.codes.CREATED


def waker_of_calls(settings: Settings) -> Waker:
    """Asks for the visit that calls people. Example: waker_of_calls(settings).wake(datetime.now(UTC))."""
    return Waker(settings, deployment=CALL_VISIT)


def ask_engine(client: httpx.Client, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    """One question to the engine, put again where it is busy writing.

    Raises: httpx.HTTPError.
    """
    for pause in BUSY_PAUSES_SECONDS:
        answer = client.request(method, path, json=body)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            return answer.raise_for_status()
        time.sleep(pause)
    return client.request(method, path, json=body).raise_for_status()


def client_of(settings: Settings, seconds: float = 5.0) -> httpx.Client:
    """A small client of the engine, without Prefect: importing that takes seconds."""
    auth = None
    if settings.prefect_auth is not None:
        user, _, password = settings.prefect_auth.get_secret_value().partition(":")
        auth = httpx.BasicAuth(user, password)
    return httpx.Client(
        base_url=settings.prefect_url, auth=auth, trust_env=False, timeout=httpx.Timeout(seconds, connect=2)
    )
