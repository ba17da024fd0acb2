"""What many tests begin with is told once a session into a database; each of them gets a copy of its own.

Example: `month = Month(*world(a_month_of_may))`, where `a_month_of_may` fills the database of the engine it is given
and returns what a test needs of it besides.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Engine

from tasks.database import open_database
from tests.databases import PostgresOfTheSession

Told = TypeVar("Told")
Tell = Callable[[Engine], Told]
World = Callable[[Tell[Told]], tuple[Engine, Told]]
"""Gives an engine on a copy of what was told, and what the teller returned, which must never change."""


class Worlds:
    """The databases told so far: a file of SQLite, a database of Postgres for each teller."""

    def __init__(self, folder: Path, empty: Path) -> None:
        self._folder, self._empty = folder, empty
        self._files: dict[object, tuple[Path, object]] = {}
        self._databases: dict[object, tuple[str, object]] = {}

    def copied_to(self, file: Path, tell: Tell[Told]) -> Told:
        """Makes a SQLite file of what is told."""
        if tell not in self._files:
            template = shutil.copyfile(self._empty, self._folder / f"{len(self._files)}.db")
            # Closing the last connection folds the write-ahead log into the file: one file is the whole database.
            self._files[tell] = template, _told(f"sqlite:///{template}", tell)
        template, told = self._files[tell]
        shutil.copyfile(template, file)
        return told  # type: ignore[return-value]

    def copied_in(self, server: PostgresOfTheSession, tell: Tell[Told]) -> tuple[str, Told]:
        """Makes a Postgres database of what is told; returns its address."""
        if tell not in self._databases:
            url = server.migrated_database()
            self._databases[tell] = url, _told(url, tell)
        template, told = self._databases[tell]
        return server.copy_of(template), told  # type: ignore[return-value]


def _told(url: str, tell: Tell[Told]) -> Told:
    engine = open_database(url, migrate=False)
    told = tell(engine)
    engine.dispose()
    return told


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Worlds:
    """What was told so far in this session."""
    return Worlds(tmp_path_factory.mktemp("worlds"), sqlite_template)


@pytest.fixture
def sqlite_world(worlds: Worlds, tmp_path: Path) -> Iterator[World[Told]]:
    """Gives a SQLite database in which something was told already."""
    engines = []

    def world(tell: Tell[Told]) -> tuple[Engine, Told]:
        file = tmp_path / "zhihui.db"
        told = worlds.copied_to(file, tell)
        engines.append(open_database(f"sqlite:///{file}", migrate=False))
        return engines[-1], told

    yield world
    for engine in engines:
        engine.dispose()


@pytest.fixture
def postgres_world(worlds: Worlds, postgres_server: PostgresOfTheSession) -> Iterator[World[Told]]:
    """Gives a Postgres database in which something was told already."""
    engines = []

    def world(tell: Tell[Told]) -> tuple[Engine, Told]:
        url, told = worlds.copied_in(postgres_server, tell)
        engines.append((open_database(url, migrate=False), url))
        return engines[-1][0], told

    yield world
    for engine, url in engines:
        engine.dispose()
        postgres_server.drop(url)


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest) -> World[Told]:
    """Gives a database in which something was told already; the test runs once on each kind."""
    found: World[Told] = request.getfixturevalue(f"{request.param}_world")
    return found
