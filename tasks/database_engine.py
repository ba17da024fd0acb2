"""How each kind of database is connected to: addresses, SQLite's pragmas, the Postgres pool."""

import logging
from pathlib import Path
from time import monotonic

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from tasks.database_errors import BadAddress

LOG = logging.getLogger("zhihui.database")

BUSY_SECONDS = 30
"""How long one writer waits for another before it gives up."""

SAID_AFTER_SECONDS = 5.0
"""Who waited longer for another writer says so: several visits pass each other in far less."""

READ_ONLY = "zhihui_read_only"
"""Execution option: the transaction reads one state of the database and takes no lock."""

MIGRATING = "zhihui_migrating"
"""Execution option: on SQLite, foreign keys are off for the transaction (a rebuilt table is dropped for a moment), and
it waits for the migration of another process as long as that takes."""

MIGRATES_WITHIN_SECONDS = 600
"""How long a process waits for the migration of another one."""

_ADDRESSES = "Write sqlite:////FOLDER/zhihui.db or postgresql://USER:PASSWORD@HOST:5432/NAME."

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # FULL: a receipt that was given, an event that was told, survives a power cut; with NORMAL a WAL database may lose
    # its last commits. Visits commit in chunks, so the price is one fsync a chunk.
    "PRAGMA synchronous = FULL",
    # Without it INSERT OR REPLACE deletes a row past its delete trigger.
    "PRAGMA recursive_triggers = ON",
    # What is erased is overwritten with zeros, not only unlinked.
    "PRAGMA secure_delete = ON",
)


def parse_address(url: str) -> URL:
    """The address with the driver this program uses.

    Example: postgresql://desk@db/zhihui becomes postgresql+psycopg://desk@db/zhihui.
    Raises: BadAddress for another kind of database, or an SQLite database that is no file.
    """
    try:
        address = make_url(url)
    except ArgumentError:
        # The text is not repeated: where it cannot be parsed, a password may stand anywhere in it.
        raise BadAddress(f"What ZHIHUI_DATABASE_URL holds is no database address. {_ADDRESSES}") from None
    kind = address.get_backend_name()
    if kind == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise BadAddress(f"{shown(address)}: {kind} is no database this program works with. {_ADDRESSES}")
    if not address.database or address.database == ":memory:" or address.database.startswith("file:"):
        raise BadAddress(
            f"{shown(address)}: an SQLite database must be a plain file, several processes share it. {_ADDRESSES}"
        )
    return address.set(drivername="sqlite+pysqlite")


def shown(address: URL) -> str:
    """The address as it may be printed: without the password."""
    return address.render_as_string(hide_password=True)


def sqlite_file(address: URL) -> Path | None:
    """The file of an SQLite database; None on Postgres."""
    return Path(address.database or "") if address.get_backend_name() == "sqlite" else None


def make_engine(address: URL) -> Engine:
    """An engine on which every transaction begins the way its kind of database needs; nothing is connected yet."""
    return _sqlite_engine(address) if sqlite_file(address) else _postgres_engine(address)


def _postgres_engine(address: URL) -> Engine:
    engine = create_engine(
        address,
        hide_parameters=True,
        pool_size=5,
        max_overflow=10,
        # A server that restarted or a firewall that dropped an idle line costs a reconnect, not a failed visit.
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={"connect_timeout": 10},
    )

    @event.listens_for(engine, "connect")
    def prepare(driver: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = driver.cursor()
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
        cursor.close()
        driver.commit()

    @event.listens_for(engine, "handle_error")
    def hide_the_row(context: ExceptionContext) -> None:
        # hide_parameters cannot reach this: the server's own DETAIL repeats the row that it refused.
        for error in (context.original_exception, context.sqlalchemy_exception):
            if error is not None:
                error.args = tuple(str(part).partition("\nDETAIL:")[0] for part in error.args)

    return engine


def _sqlite_engine(address: URL) -> Engine:
    # isolation_level None leaves the driver in autocommit: else it begins by itself, deferred, and too late for reads.
    engine = create_engine(
        address, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS, "isolation_level": None}
    )

    @event.listens_for(engine, "connect")
    def prepare(driver: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = driver.cursor()
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        read_only = options.get(READ_ONLY, False)
        # Seen to each time, so that a pooled connection never keeps what its last user needed; both pragmas are
        # ignored inside a transaction. What stands already is not set again: each setting makes SQLite forget all
        # statements it has compiled, which would be half of what a page asks of it.
        migrating = options.get(MIGRATING, False)
        patience_seconds = MIGRATES_WITHIN_SECONDS if migrating else BUSY_SECONDS
        wanted = {
            "query_only": int(read_only),
            "foreign_keys": int(not migrating),
            "busy_timeout": int(patience_seconds * 1000),
        }
        for name, value in wanted.items():
            if connection.info.get(name) != value:
                connection.exec_driver_sql(f"PRAGMA {name} = {value}")
                connection.info[name] = value
        began = monotonic()
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
        _say_if_long(monotonic() - began)

    return engine


def _say_if_long(waited_seconds: float) -> None:
    if waited_seconds > SAID_AFTER_SECONDS:
        LOG.warning(
            "the database was locked by another writer for %.0f s", waited_seconds, extra={"action": "database_locked"}
        )
