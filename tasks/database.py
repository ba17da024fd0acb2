"""The way into the city's database, SQLite or Postgres: open it, read in it, change it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, GenerativeSelect, inspect
from sqlalchemy.exc import DBAPIError

from tasks.database_engine import READ_ONLY, make_engine, parse_address, shown, sqlite_file
from tasks.database_errors import DatabaseUnreachable
from tasks.migrate import bring_up_to_date, require_up_to_date

Statement = TypeVar("Statement", bound=GenerativeSelect)


def open_database(url: str, *, migrate: bool = True) -> Engine:
    """An engine for the city's database, at the revision this program needs.

    Example: engine = open_database(settings.database_url)
    With migrate=False nothing is made or changed: a database that is missing or older is an error.
    Raises: BadAddress, DatabaseUnreachable, DatabaseTooNew; DatabaseOutdated where migrate is False.
    """
    address = parse_address(url)
    _prepare_file(address, make=migrate)
    engine = make_engine(address)
    try:
        _reach(engine)
        if migrate:
            bring_up_to_date(engine)
        else:
            require_up_to_date(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write; it commits at the end and rolls back on any exception.

    On SQLite it holds the write lock from its first line (BEGIN IMMEDIATE): two visits queue, and neither is turned
    away halfway because it read before it wrote.
    """
    with engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read-only transaction that sees one state of the database throughout and holds up no writer."""
    with engine.connect() as connection:
        if is_postgres(connection):
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        else:
            connection.execution_options(**{READ_ONLY: True})
        with connection.begin():
            yield connection


def is_postgres(connection: Connection | Engine) -> bool:
    """True on Postgres, False on SQLite."""
    return connection.dialect.name == "postgresql"


def claim(statement: Statement, connection: Connection) -> Statement:
    """The same select, which keeps its rows for this transaction and passes over those another one keeps.

    The keys stay shared, so that new rows may still point at a claimed one: intake names similar cases while a visit
    holds them.
    On SQLite nothing is added: a write transaction already has the database to itself.
    """
    return statement.with_for_update(skip_locked=True, key_share=True) if is_postgres(connection) else statement


def _reach(engine: Engine) -> None:
    try:
        with engine.connect() as connection:
            connection.execution_options(**{READ_ONLY: True})
            inspect(connection).has_table("cases")
    except DBAPIError as error:
        raise DatabaseUnreachable(
            f"No usable database at {shown(engine.url)}: {error.orig}. "
            "See that the server runs and lets you in (Postgres), or that the file is a database and its folder can "
            "be written to (SQLite); or set ZHIHUI_DATABASE_URL to the right address."
        ) from error


def _prepare_file(address: URL, *, make: bool) -> None:
    """SQLite makes a missing file without a word; make its folder where that is wanted, refuse where it is not."""
    file = sqlite_file(address)
    if file is None or file.exists():
        return
    if not make:
        raise DatabaseUnreachable(
            f"There is no database file {file}. `zhihui up` makes it; "
            "if yours lies elsewhere, set ZHIHUI_HOME or ZHIHUI_DATABASE_URL."
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnreachable(
            f"The folder {file.parent} of the database cannot be made: {error.strerror}. "
            "Set ZHIHUI_HOME or ZHIHUI_DATABASE_URL to a place this program may write to."
        ) from error
