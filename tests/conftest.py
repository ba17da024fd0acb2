"""What every test may ask for: settings of its own, and a migrated database on SQLite and on Postgres.

And how a run of all of them is kept short.
"""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine

from tasks.database import open_database
from tasks.settings import Settings, read_settings
from tests.databases import PostgresOfTheSession, PostgresUnavailable, make_sqlite_template
from tests.untraced import untraced
from tests.worlds import postgres_world, sqlite_world, world, worlds

if TYPE_CHECKING:
    from tests.sharing_out import LongestFirst

__all__ = ["postgres_world", "sqlite_world", "world", "worlds"]

GARBAGE_AFTER = 50_000, 50, 50
"""How many new objects, and how many times, before garbage is looked for: seldom, memory is no concern here."""


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: looking through it for garbage takes a tenth of all time."""
    gc.freeze()
    gc.set_threshold(*GARBAGE_AFTER)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Leaves a test marked `untraced` out of coverage."""
    if pyfuncitem.get_closest_marker("untraced") is None:
        return (yield)
    with untraced():
        return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Among several workers the longest files start first; alone they run in their usual order."""
    if hasattr(config, "workerinput"):
        from tests.sharing_out import longest_first

        items[:] = longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "LongestFirst | None":
    """Shares out files that stay whole as `tests.sharing_out` says."""
    if config.getvalue("dist") != "loadfile":
        return None
    from tests.sharing_out import LongestFirst

    config.option.loadscopereorder = False
    return LongestFirst(config, log)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings whose state folder is the test's own, whatever the machine says."""
    for variable in [name for name in os.environ if name.startswith("ZHIHUI_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("ZHIHUI_HOME", str(tmp_path / "home"))
    return read_settings()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresOfTheSession]:
    """The one Postgres of the session; tests that need it are skipped where none can start."""
    try:
        server = PostgresOfTheSession()
    except PostgresUnavailable as unavailable:
        pytest.skip(str(unavailable))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    return make_sqlite_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """Address of a fresh migrated SQLite database."""
    file = tmp_path / "zhihui.db"
    shutil.copyfile(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def postgres_url(postgres_server: PostgresOfTheSession) -> Iterator[str]:
    """Address of a fresh migrated Postgres database."""
    url = postgres_server.migrated_database()
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Address of a fresh migrated database; the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh migrated database; the test runs once on SQLite and once on Postgres."""
    yield from _opened(database_url)


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """An engine on a fresh migrated SQLite database."""
    yield from _opened(sqlite_url)


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    """An engine on a fresh migrated Postgres database."""
    yield from _opened(postgres_url)


def _opened(url: str) -> Iterator[Engine]:
    engine = open_database(url, migrate=False)
    yield engine
    engine.dispose()
