"""Fresh migrated databases of one kind for a whole run, and a Postgres that can be killed and started again."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal

import psutil
from sqlalchemy import text

from tests.chaos.kills import NewDatabase
from tests.databases import PostgresOfTheSession, make_sqlite_template

DatabaseKind = Literal["sqlite", "postgres"]


class PostgresThatMayDie(PostgresOfTheSession):
    """Like the tests' own, but a commit is in the log before it is told; it can be killed and started again."""

    def __init__(self) -> None:
        """Start it.

        Raises: PostgresUnavailable.
        """
        super().__init__()
        for statement in ("ALTER SYSTEM RESET synchronous_commit", "SELECT pg_reload_conf()"):
            self._run(statement)

    def kill(self) -> None:
        """End it at once, without a last word to whoever is connected; what it wrote is as after a crash."""
        self._admin.dispose()
        process = psutil.Process(self._server.get_pid())
        process.send_signal(signal.SIGQUIT)
        process.wait(30)

    def start_again(self) -> None:
        """Start it on the same data and the same address."""
        self._server.ensure_postgres_running()
        with self._admin.connect() as connection:
            connection.execute(text("SELECT 1"))


@dataclass(frozen=True, slots=True)
class Databases:
    """Where fresh migrated databases come from."""

    kind: DatabaseKind
    new: NewDatabase
    server: PostgresThatMayDie | None = None


@contextmanager
def databases(kind: DatabaseKind, home: Path) -> Iterator[Databases]:
    """Databases of a kind for one block.

    Raises: PostgresUnavailable.
    """
    if kind == "postgres":
        server = PostgresThatMayDie()
        try:
            yield Databases(kind, server.migrated_database, server)
        finally:
            server.stop()
        return
    template, numbers = make_sqlite_template(home), count(1)

    def copy() -> str:
        file = home / f"city-{next(numbers)}.db"
        shutil.copyfile(template, file)
        return f"sqlite:///{file}"

    yield Databases(kind, copy)


def temporary_home() -> Path:
    """A folder of its own for a run."""
    return Path(tempfile.mkdtemp(prefix="zhihui-chaos-"))
