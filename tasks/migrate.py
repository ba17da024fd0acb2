"""Brings the city's database to the revision this program needs, once, however many processes start together."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, RootTransaction, text
from sqlalchemy.exc import OperationalError

import models.migrations
from models.append_only import unguarded_tables
from tasks.database_engine import MIGRATING, READ_ONLY, shown
from tasks.database_errors import DatabaseOutdated, DatabaseTooNew, DatabaseUnreachable

# Any number will do that no other program on the same Postgres uses: "zhihu" in ASCII.
_MIGRATION_LOCK = 0x7A68696875

_PATIENCE = "10min"
"""How long a process waits for the migration of another one on Postgres."""

logger = logging.getLogger(__name__)


def bring_up_to_date(engine: Engine) -> None:
    """Migrate the database where it needs it, and see that every append-only table is guarded.

    Raises: DatabaseTooNew where the database is ahead of this program.
    """
    if _is_current(engine):
        return
    with engine.connect() as connection:
        connection.execution_options(**{MIGRATING: True})
        with _begin_alone(connection):
            _migrate(connection)


def require_up_to_date(engine: Engine) -> None:
    """Refuse a database that is not at this program's revision, and change nothing.

    Raises: DatabaseOutdated, DatabaseTooNew.
    """
    with engine.connect() as connection:
        connection.execution_options(**{READ_ONLY: True})
        revision = _known_revision(connection)
    if revision != _scripts().get_current_head():
        raise DatabaseOutdated(
            f"The database {shown(engine.url)} is at revision {revision or 'none'}, this program needs "
            f"{_scripts().get_current_head()}. Make a copy of it, then start `zhihui up`, which migrates it."
        )


def migration_config(connection: Connection) -> Config:
    """What Alembic is told: where the revisions lie, and on which connection to run them."""
    config = Config()
    # Config interpolates percent signs, and a path may hold one.
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _is_current(engine: Engine) -> bool:
    with engine.connect() as connection:
        connection.execution_options(**{READ_ONLY: True})
        at_head = _known_revision(connection) == _scripts().get_current_head()
        return at_head and not unguarded_tables(connection)


def _migrate(connection: Connection) -> None:
    """Run what is missing, on a connection that no other migration can overtake."""
    bare = unguarded_tables(connection) if _known_revision(connection) == _scripts().get_current_head() else []
    command.upgrade(migration_config(connection), "head")
    if bare:
        logger.warning(
            "Append-only triggers were missing on %s and are back; run `zhihui audit verify`.",
            ", ".join(bare),
            extra={"action": "triggers_restored"},
        )


def _begin_alone(connection: Connection) -> RootTransaction:
    """Begin a transaction beside which no other migration can run: on SQLite every writer waits for it anyway."""
    try:
        transaction = connection.begin()
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    except OperationalError as error:
        raise DatabaseUnreachable(
            f"The database {shown(connection.engine.url)} needs migrating, but another program holds it: {error.orig}. "
            "End that program, or wait until it is done, and start again."
        ) from error
    return transaction


def _known_revision(connection: Connection) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None and revision not in {script.revision for script in _scripts().walk_revisions()}:
        raise DatabaseTooNew(
            f"The database {shown(connection.engine.url)} is at revision {revision}, which this program does not know: "
            "a newer zhihui migrated it, or it belongs to another program. Install that version, or set "
            "ZHIHUI_DATABASE_URL to this city's own database."
        )
    return revision


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_folder()))


def _folder() -> Path:
    return Path(models.migrations.__file__).parent
