"""The run that asks in the Prefect UI for the decision of a consultation: started once, woken when it was decided.

The run only asks; the decision is a row. A run whose consultation was decided elsewhere is resumed: it begins from the
top, finds the decision, and ends with its name. An engine that is away costs the form in its UI, never a decision.
"""

import logging
from typing import Any, cast

import httpx
from sqlalchemy import Connection, Engine, select, update

from models.flood_response import ConsultationState
from tasks.database import reading, transaction
from tasks.response_rows import CONSULTATIONS, ConsultationTold, consultation_told
from tasks.settings import Settings
from tasks.wake import ask_engine, client_of

LOG = logging.getLogger("zhihui.response")

DEPLOYMENT = "flood-response/flood-response"

FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
PAUSED = "PAUSED"
RESUMING = {"type": "SCHEDULED", "name": "Resuming"}


class ConsultationRuns:
    """Asks the engine for these runs, without importing Prefect."""

    def __init__(self, settings: Settings, client: httpx.Client | None = None) -> None:
        self._client = client or client_of(settings)

    def start(self, number: str) -> str | None:
        """The id of the one run of a consultation, made now or before; None where the engine is away."""
        try:
            deployment = self._ask("GET", f"/deployments/name/{DEPLOYMENT}")["id"]
            asked = {"idempotency_key": number, "parameters": {"consultation": {"number": number}}}
            return str(self._ask("POST", f"/deployments/{deployment}/create_flow_run", asked)["id"])
        except (httpx.HTTPError, KeyError, ValueError) as error:
            LOG.info("no run for %s: %s", number, type(error).__name__, extra={"action": "run_not_started"})
            return None

    def settle(self, flow_run_id: str) -> bool:
        """Have a run that waits look at the database; whether it needs nobody any more (ended, or gone).

        One that has not begun, or runs, will see the decision itself; it is looked at again.
        """
        try:
            run = self._ask("GET", f"/flow_runs/{flow_run_id}")
            if run["state_type"] == PAUSED:
                self._ask("POST", f"/flow_runs/{flow_run_id}/set_state", {"state": RESUMING, "force": False})
            return run["state_type"] in FINAL
        except httpx.HTTPStatusError as error:
            return error.response.status_code == httpx.codes.NOT_FOUND
        except (httpx.HTTPError, KeyError, ValueError) as error:
            LOG.info("run %s not settled: %s", flow_run_id, type(error).__name__, extra={"action": "run_not_settled"})
            return False

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return cast(dict[str, Any], ask_engine(self._client, method, path, body).json())


def without_run(connection: Connection) -> list[ConsultationTold]:
    """Open consultations for which no run asks yet."""
    asked = select(CONSULTATIONS).where(
        CONSULTATIONS.c.state == ConsultationState.OPEN.value, CONSULTATIONS.c.flow_run_id.is_(None)
    )
    return [consultation_told(row) for row in connection.execute(asked)]


def with_run_left(connection: Connection) -> list[ConsultationTold]:
    """Consultations that are over, and whose run has not heard of it as far as is known."""
    asked = select(CONSULTATIONS).where(
        CONSULTATIONS.c.state != ConsultationState.OPEN.value,
        CONSULTATIONS.c.flow_run_id.is_not(None),
        ~CONSULTATIONS.c.run_settled,
    )
    return [consultation_told(row) for row in connection.execute(asked)]


def note_run(connection: Connection, number: str, flow_run_id: str) -> None:
    """Write down which run asks for a consultation."""
    mine = update(CONSULTATIONS).where(CONSULTATIONS.c.number == number, CONSULTATIONS.c.flow_run_id.is_(None))
    connection.execute(mine.values(flow_run_id=flow_run_id))


def note_settled(connection: Connection, number: str) -> None:
    """Write down that the run of a consultation has ended."""
    connection.execute(update(CONSULTATIONS).where(CONSULTATIONS.c.number == number).values(run_settled=True))


def keep_consultation_runs(engine: Engine, runs: ConsultationRuns) -> int:
    """Start what should ask, wake what waits for nothing; how many were started or have ended.

    The engine is asked between transactions: however slow it is, it holds up nobody who writes.
    """
    with reading(engine) as connection:
        to_start, to_settle = without_run(connection), with_run_left(connection)
    started = {told.number: runs.start(told.number) for told in to_start}
    settled = [told.number for told in to_settle if told.flow_run_id and runs.settle(told.flow_run_id)]
    if not started and not settled:
        return 0
    with transaction(engine) as connection:
        for number, flow_run_id in started.items():
            if flow_run_id is not None:
                note_run(connection, number, flow_run_id)
        for number in settled:
            note_settled(connection, number)
    return sum(flow_run_id is not None for flow_run_id in started.values()) + len(settled)
