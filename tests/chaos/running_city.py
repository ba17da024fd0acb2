"""A whole `zhihui up` with the small city in it: real server, real workers, real deployments, and cases that move."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
from sqlalchemy import Engine, select

from deployments.children import tied
from deployments.one_at_a_time import Record
from deployments.processes_left import kill_all
from models.city import City
from models.vocabulary import ENDED, ActionName, State
from tasks.case_store import CASES, read_cases
from tasks.city_edition import current_city
from tasks.database import open_database, reading, transaction
from tasks.inbox import INBOX, Put, put_action
from tasks.settings import Settings
from tests.channel_server import ChannelServer
from tests.chaos.promises import PromiseBroken
from tests.chaos.story import addresses, city_documents
from tests.cities import a_small_city, write_small_city
from tests.prefect_server import free_port
from tests.stored_cases import reports_taken_in, rows_of

UP = [sys.executable, "-c", "from deployments.command_line import main; main()", "up", "--no-demo"]

STARTS_WITHIN_SECONDS = 240.0
ENDS_WITHIN_SECONDS = 30.0
ANSWERS_WITHIN_SECONDS = 120.0

MINUTE = timedelta(minutes=1)

A = ActionName

WHOLE_LIFE = ("report", "accept", "file", "dispatch", "receive", "report_handled", "order_check", "check", "close")

T = TypeVar("T")


class RunningCity:
    """One `zhihui up`, what its people do, and what its server says of the runs."""

    def __init__(
        self, url: str, home: Path, channel: ChannelServer, documents: Mapping[str, str] | None = None
    ) -> None:
        home.mkdir(parents=True)
        documents = dict(documents or city_documents())
        documents["messages.yaml"] = "quiet_hours: never\n" + documents["messages.yaml"]
        write_small_city(home / "city", documents)
        self.home, self.channel = home, channel
        self.settings = Settings(home=home, database_url=url, prefect_port=free_port(), desk_port=free_port())
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ZHIHUI_")},
            **addresses(a_small_city(documents), channel.url),
            "ZHIHUI_HOME": str(home),
            "ZHIHUI_DATABASE_URL": url,
            "ZHIHUI_CITY": str(home / "city"),
            "ZHIHUI_PREFECT_PORT": str(self.settings.prefect_port),
            "ZHIHUI_DESK_PORT": str(self.settings.desk_port),
        }
        self.engine: Engine = open_database(url, migrate=False)
        self._began, self._files = datetime.now(UTC), count()

    def start(self) -> None:
        """Bring it up and wait until all of it runs."""
        with (self.home / "output.txt").open("wb") as output:
            self.process = subprocess.Popen(tied(*UP), env=self._environment, stdout=output, stderr=output)
        self.wait("whole city", lambda: re.search("Ctrl-C stops everything", self.said()), STARTS_WITHIN_SECONDS)
        with reading(self.engine) as connection:
            self.city: City = current_city(connection)

    def stop(self) -> int:
        """End it with everything it started; how many processes it left behind, which are killed."""
        self.process.send_signal(signal.SIGCONT)
        token = self.token()
        self.process.terminate()
        try:
            self.process.wait(ENDS_WITHIN_SECONDS)
        finally:
            left = kill_all(token)
            self.engine.dispose()
        return left

    def said(self) -> str:
        """All it said so far."""
        return (self.home / "output.txt").read_text("utf-8")

    def logged(self) -> str:
        """All that its parts wrote into their logs."""
        return "\n".join(path.read_text("utf-8", errors="replace") for path in (self.home / "logs").glob("*.log"))

    def token(self) -> str:
        """What all its processes carry."""
        return Record(**json.loads((self.home / "up.json").read_text())).token

    def parts(self, words: str) -> list[psutil.Process]:
        """The processes of a part, by what stands in their command."""
        found = []
        for process in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # it may end while it is looked at
                if words in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def wait(self, for_what: str, condition: Callable[[], T | None], seconds: float) -> T:
        """The first true answer of a condition, asked again and again within the time.

        Raises: TimeoutError with the last it said; PromiseBroken where it has ended.
        """
        give_up_at = time.monotonic() + seconds
        while time.monotonic() < give_up_at:
            if found := condition():
                return found
            if self.process.poll() is not None:
                raise PromiseBroken(f"the city ended with {self.process.returncode}. It said:\n{self.said()[-3000:]}")
            time.sleep(0.1)
        raise TimeoutError(f"no {for_what} within {seconds:.0f} s. It said:\n{self.said()[-3000:]}")

    def answers(self) -> bool:
        """Whether the Prefect server answers."""
        return self._ask("GET", "health", {}) is not None

    def visits_since(self, moment: datetime) -> list[dict[str, Any]]:
        """The visits somebody woke since then."""
        wanted = {
            "deployments": {"name": {"any_": ["case-visit"]}},
            "flow_runs": {"expected_start_time": {"after_": moment.isoformat()}},
            "limit": 200,
        }

        def listed() -> list[Any] | None:
            runs = self._ask("POST", "flow_runs/filter", wanted)
            return None if runs is None else [runs]

        runs: list[dict[str, Any]] = self.wait("list of runs", listed, ANSWERS_WITHIN_SECONDS)[0]
        return runs

    def visits_ended_since(self, moment: datetime) -> list[dict[str, Any]] | None:
        """The visits woken since then, when all have ended."""
        runs = self.visits_since(moment)
        ended = all(run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") for run in runs)
        return runs if runs and ended else None

    def log_of(self, run_id: str) -> list[str]:
        """The messages of a run, as the UI shows them."""
        wanted = {"logs": {"flow_run_id": {"any_": [run_id]}}, "limit": 200}
        return [log["message"] for log in self._ask("POST", "logs/filter", wanted) or []]

    def said_since(self, moment: datetime) -> list[str]:
        """The messages of all runs since then: a visit that was woken before may be the one that meets trouble."""
        wanted = {"logs": {"timestamp": {"after_": moment.isoformat()}}, "limit": 200}
        return [log["message"] for log in self._ask("POST", "logs/filter", wanted) or []]

    def _ask(self, method: str, path: str, content: dict[str, Any]) -> Any:
        """An answer; None where the server is away, or busy writing."""
        url = f"http://127.0.0.1:{self.settings.prefect_port}/api/{path}"
        try:
            answer = httpx.request(method, url, json=content or None, trust_env=False, timeout=10)
        except httpx.TransportError:
            return None
        return answer.json() if answer.is_success else None

    def new_reports(self, reports: int) -> list[str]:
        """Reports that rules carry to the unit; returns their receipt numbers."""
        # Receipts are made of the minute: each file has one of its own.
        return reports_taken_in(self.engine, self.city, reports, self._began - next(self._files) * MINUTE)

    def people_act(self, names: list[str] | None = None) -> int:
        """Whoever has a case before them does the next thing; returns how many actions were put."""
        with reading(self.engine) as connection:
            wanted = select(CASES.c.id).where(CASES.c.state.not_in(sorted(ENDED)))
            if names is not None:
                wanted = wanted.where(CASES.c.receipt_number.in_(names))
            cases = read_cases(connection, connection.execute(wanted).scalars().all())
        return sum(self.act(one.case.receipt_number, one.case.state, one.case.inspector) for one in cases.values())

    def act(self, receipt: str, state: State, inspector: str | None = None) -> bool:
        """The next action on a case, put into the inbox; False where nobody has anything to do."""
        answers = {
            State.DISPATCHED: (A.RECEIVE, "lihe-liaison", {}),
            State.HANDLING: (A.REPORT_HANDLED, "lihe-liaison", {}),
            State.CHECKING: (A.CHECK, inspector or "", {"result": "passed"}),
        }
        if state not in answers or (state is State.CHECKING and inspector is None):
            return False
        action, post, facts = answers[state]
        now, key = datetime.now(UTC), f"{receipt}:{state}"
        with transaction(self.engine) as connection:
            put = put_action(
                connection, self.city, case=receipt, action=action, by_post=post, facts=facts, origin="act", now=now,
                key=key,
            )  # fmt: skip
        return isinstance(put, Put) and not put.already

    def waiting_actions(self) -> int:
        """How many actions no visit has taken yet."""
        return len(rows_of(self.engine, select(INBOX.c.id).where(INBOX.c.state == "waiting")))

    def untouched(self) -> int:
        """How many reports no visit has seen yet."""
        return len(rows_of(self.engine, select(CASES.c.id).where(CASES.c.state == State.REPORTED)))


@contextlib.contextmanager
def running_city(
    url: str, home: Path, channel: ChannelServer, documents: Mapping[str, str] | None = None
) -> Iterator[RunningCity]:
    """A whole city for one block, the small one unless other documents are given.

    Raises: PromiseBroken where processes outlived it.
    """
    city = RunningCity(url, home, channel, documents)
    city.start()
    try:
        yield city
    except BaseException:
        city.stop()
        raise
    if left := city.stop():
        raise PromiseBroken(f"{left} processes of the city outlived it")
