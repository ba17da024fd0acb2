"""The database is locked or gone for a moment while a visit runs: it is tried again, that is said, nothing is lost.

The real waits (20 s) are in `make chaos`; here everything is shorter.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator

import pytest
from prefect.client.schemas.objects import StateType
from sqlalchemy import make_url

from flows import case_lifecycle as process
from flows import steps
from flows.surroundings import surroundings
from models.vocabulary import State
from tasks import database_engine
from tasks.settings import Settings
from tests.chaos.databases import PostgresThatMayDie
from tests.databases import PostgresUnavailable
from tests.stored_cases import a_loaded_city, at, reports_taken_in, states

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.filterwarnings("ignore::ResourceWarning")]

PAUSES = [0.5, 2.0, 8.0]
SAID_WITHIN_SECONDS = 60.0
MORNING = at("2019-05-06 08:02")


class Said(logging.Handler):
    """Keeps what a run's tasks say of being tried again."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.again = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if "Retry 1/3" in record.getMessage():
            self.lines.append(record.getMessage())
            self.again.set()


@pytest.fixture
def said() -> Iterator[Said]:
    """What the tasks of a run log."""
    handler, logger = Said(), logging.getLogger("prefect.task_runs")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@pytest.fixture
def mortal_postgres() -> Iterator[PostgresThatMayDie]:
    try:
        server = PostgresThatMayDie()
    except PostgresUnavailable as unavailable:
        pytest.skip(str(unavailable))
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def impatient(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Steps that wait less between their tries, for a database that is waited for less."""
    monkeypatch.setattr(process, "move", steps.move.with_options(retry_delay_seconds=PAUSES))
    monkeypatch.setattr(database_engine, "BUSY_SECONDS", 0.2)
    surroundings.cache_clear()
    yield
    surroundings.cache_clear()


async def a_visit_carries(said: Said, take_away: Callable[[], object], bring_back: Callable[[], object]) -> None:
    """Reports wait, the database goes, a visit begins and is said to be tried again, the database comes back."""
    engine = surroundings().engine
    city = a_loaded_city(engine)
    reports_taken_in(engine, city, 3, at("2019-05-06 08:00"))
    take_away()

    def come_back() -> None:
        said.again.wait(SAID_WITHIN_SECONDS)
        bring_back()

    back = threading.Thread(target=come_back)
    back.start()
    state = await process.case_lifecycle(process.CaseVisit(now=MORNING), return_state=True)
    back.join()
    assert state.type is StateType.COMPLETED
    assert states(engine) == {State.DISPATCHED: 3}
    engine.dispose()


async def test_a_visit_that_meets_a_locked_file_tries_again_and_says_so(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    monkeypatch.setenv("ZHIHUI_DATABASE_URL", sqlite_url)
    holder = sqlite3.connect(make_url(sqlite_url).database or "", isolation_level=None, check_same_thread=False)
    await a_visit_carries(said, lambda: holder.execute("BEGIN IMMEDIATE"), lambda: holder.execute("ROLLBACK"))
    holder.close()
    assert [line for line in said.lines if "database is locked" in line]


async def test_a_visit_that_meets_a_dead_postgres_tries_again_and_says_so(
    mortal_postgres: PostgresThatMayDie, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    url = mortal_postgres.migrated_database()
    monkeypatch.setenv("ZHIHUI_DATABASE_URL", url)
    await a_visit_carries(said, mortal_postgres.kill, mortal_postgres.start_again)
    assert [line for line in said.lines if "OperationalError" in line]


async def test_a_visit_that_begins_while_postgres_is_away_waits_for_it(
    mortal_postgres: PostgresThatMayDie, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    """It has not even opened the database: its process has just begun."""
    url = mortal_postgres.migrated_database()
    monkeypatch.setenv("ZHIHUI_DATABASE_URL", url)

    def gone_before_it_was_opened() -> None:
        surroundings().engine.dispose()
        surroundings.cache_clear()
        mortal_postgres.kill()

    await a_visit_carries(said, gone_before_it_was_opened, mortal_postgres.start_again)
    assert [line for line in said.lines if "DatabaseUnreachable" in line]
