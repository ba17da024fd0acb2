"""The demo of `zhihui up`: made-up reports keep coming, and the people who would act on them are played.

They act through the same inbox as everybody, marked as played. Stand-in stations say made-up water, and whoever is
called because of it answers. `python -m deployments.demo` runs beside the desk.
"""

import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from sqlalchemy import Connection, Engine, func, select

from deployments import up_wording
from models.city import City
from models.demo_inbox import DemoMessage
from models.tables import table_of
from models.vocabulary import State
from tasks.case_store import CASES
from tasks.city_edition import current_city
from tasks.database import open_database, reading
from tasks.played_water import play_water
from tasks.sample import play, write_sample
from tasks.settings import Settings, read_settings
from tasks.wake import CALL_VISIT, Waker, client_of

FIRST_REPORTS = 40
FIRST_REPORTS_DAYS = 1

MORE_REPORTS = 4
MORE_EVERY_SECONDS = 600.0
PLAY_EVERY_SECONDS = 20.0

OPENING_ROUNDS = 12
"""A case needs several visits and people to be closed; at the pace of the schedules that takes some eight minutes."""

RUN_WITHIN_SECONDS = 90.0
PATIENT_SECONDS = 30.0
"""A server that just started, on a busy machine, takes its time."""
ENDED_STATES = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the demo is."""

    cases: int
    closed: int
    messages: int


def write_first_reports(engine: Engine, city: City, settings: Settings, now: datetime) -> None:
    """Put made-up reports of the last day into the drop folder, once: only where no case is known yet."""
    with reading(engine) as connection:
        if standing(connection).cases:
            return
    write_reports(settings, city, FIRST_REPORTS, now)
    print(up_wording.sample_written(FIRST_REPORTS, settings.drop_folder), flush=True)


def write_reports(settings: Settings, city: City, reports: int, now: datetime) -> None:
    """Put a file of made-up reports into the drop folder, whole at once, so that no visit reads half of it."""
    file = settings.drop_folder / f"{now:%Y%m%dT%H%M%S}.csv"
    draft = file.with_suffix(".csv.part")
    write_sample(draft, city, cases=reports, days=FIRST_REPORTS_DAYS, seed=int(now.timestamp()), now=now)
    draft.replace(file)


def standing(connection: Connection) -> Standing:
    """How many cases there are, how many are closed, how many messages arrived."""
    cases = connection.execute(select(func.count()).select_from(CASES)).scalar_one()
    closed = connection.execute(select(func.count()).where(CASES.c.state == State.CLOSED)).scalar_one()
    messages = connection.execute(select(func.count()).select_from(table_of(DemoMessage))).scalar_one()
    return Standing(cases, closed, messages)


class Demo:
    """The people and reports of one demo."""

    def __init__(self, settings: Settings, engine: Engine, server: httpx.Client) -> None:
        self._settings = settings
        self._engine = engine
        self._server = server
        self._waker = Waker(settings, server)
        self._call_waker = Waker(settings, server, deployment=CALL_VISIT)
        self._told = Standing(0, 0, 0)
        self._played = 0

    def run(self) -> None:
        """Open with cases being closed at once, then go on at the pace of the schedules, until ended."""
        self._play_water()
        if not self._tell().closed:
            self._open()
        more_at = time.monotonic() + MORE_EVERY_SECONDS
        while True:
            if time.monotonic() >= more_at:
                more_at += MORE_EVERY_SECONDS
                self._more_reports()
            if self._play():
                self._waker.wake(datetime.now(UTC))
            self._play_water()
            self._tell()
            time.sleep(PLAY_EVERY_SECONDS)

    def _open(self) -> None:
        self.run_and_wait("intake/intake")
        for _ in range(OPENING_ROUNDS):
            self.run_and_wait("case-lifecycle/case-visit")
            self._play()
            now = self._tell()
            if now.closed and now.messages:
                return

    def _play(self) -> int:
        """Let people do what they would have done by now; returns how much that was."""
        with reading(self._engine) as connection:
            city = current_city(connection)
        played = play(self._engine, city, now=datetime.now(UTC))
        self._played += played
        return played

    def _play_water(self) -> None:
        """Let stations say what they measure by now, and people who are called answer."""
        now = datetime.now(UTC)
        with reading(self._engine) as connection:
            city = current_city(connection)
        if play_water(self._engine, city, now).calls:
            # Outside the season the schedule looks at calls once an hour: nobody watches a demo that long.
            self._call_waker.wake(now)

    def _more_reports(self) -> None:
        with reading(self._engine) as connection:
            city = current_city(connection)
        write_reports(self._settings, city, MORE_REPORTS, datetime.now(UTC))

    def _tell(self) -> Standing:
        """Tell how far the demo is, where that changed."""
        with reading(self._engine) as connection:
            now = standing(connection)
        if now != self._told:
            self._told = now
            print(up_wording.demo_progress(now.closed, now.messages, self._played), flush=True)
        return now

    def run_and_wait(self, deployment: str) -> None:
        """Start a run and wait for its end; where the server or worker is away, the schedules do the work later."""
        give_up_at = time.monotonic() + RUN_WITHIN_SECONDS
        try:
            found = self._server.get(f"/deployments/name/{deployment}").raise_for_status().json()
            started = self._server.post(f"/deployments/{found['id']}/create_flow_run", json={})
            run_id = started.raise_for_status().json()["id"]
            while time.monotonic() < give_up_at:
                run = self._server.get(f"/flow_runs/{run_id}").raise_for_status().json()
                if run["state_type"] in ENDED_STATES:
                    return
                time.sleep(0.5)
        except httpx.HTTPError as error:
            print(f"{deployment}: {error}", file=sys.stderr, flush=True)


def main() -> None:
    """Play the demo on this machine until ended."""
    settings = read_settings()
    engine = open_database(settings.database_url, migrate=False)
    with client_of(settings, PATIENT_SECONDS) as server:
        Demo(settings, engine, server).run()


if __name__ == "__main__":
    main()
