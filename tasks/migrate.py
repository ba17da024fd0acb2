"""Brings the city's database to the revision this program needs, once, however many processes start together.

Every process asks whether the database is up to date, hardly any has to migrate it. So the question is answered without
Alembic, which is imported only to migrate: it takes a tenth of a second, and every flow run would pay for it.
"""

import logging
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, RootTransaction, inspect, text
from sqlalchemy.exc import OperationalError

import models.migrations
from models.append_only import unguarded_tables
from tasks.database_engine import MIGRATES_WITHIN_SECONDS, MIGRATING, READ_ONLY, shown
from tasks.database_errors import DatabaseOutdated, DatabaseTooNew, DatabaseUnreachable

# Any number will do that no other program on the same Postgres uses: "zhihu" in ASCII.
_MIGRATION_LOCK = 0x7A68696875

_FIRST_WITH_FACTS = "0016"
"""The revision from which visits write what the evaluation counts; cases stored before are told from their events."""

if TYPE_CHECKING:
    from alembic.config import Config

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
    if revision != newest_revision():
        raise DatabaseOutdated(
            f"The database {shown(engine.url)} is at revision {revision or 'none'}, this program needs "
            f"{newest_revision()}. Make a copy of it, then start `zhihui up`, which migrates it."
        )


def newest_revision() -> str:
    """The revision this program needs."""
    return max(known_revisions())


@cache
def known_revisions() -> frozenset[str]:
    """The revisions this program can bring a database to: files are named after them, in their order."""
    return frozenset(path.name.partition("_")[0] for path in (_folder() / "versions").glob("[0-9]*_*.py"))


def migration_config(connection: Connection) -> "Config":
    """What Alembic is told: where the revisions lie, and on which connection to run them."""
    from alembic.config import Config  # see above: not for every process

    config = Config()
    # Config interpolates percent signs, and a path may hold one.
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _is_current(engine: Engine) -> bool:
    with engine.connect() as connection:
        connection.execution_options(**{READ_ONLY: True})
        return _known_revision(connection) == newest_revision() and not unguarded_tables(connection)


def _migrate(connection: Connection) -> None:
    """Run what is missing, on a connection that no other migration can overtake."""
    from alembic import command  # see above: not for every process

    before = _known_revision(connection)
    bare = unguarded_tables(connection) if before == newest_revision() else []
    command.upgrade(migration_config(connection), "head")
    if before is not None and before < _FIRST_WITH_FACTS:
        from tasks.retold_facts import retell_facts  # only where cases were stored before their facts were

        retell_facts(connection)
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
            connection.execute(text(f"SET LOCAL lock_timeout = '{MIGRATES_WITHIN_SECONDS}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    except OperationalError as error:
        raise DatabaseUnreachable(
            f"The database {shown(connection.engine.url)} needs migrating, but another program holds it: {error.orig}. "
            "End that program, or wait until it is done, and start again."
        ) from error
    return transaction


def _known_revision(connection: Connection) -> str | None:
    """The revision the database is at, None where no migration was ever run on it."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if revision is not None and revision not in known_revisions():
        raise DatabaseTooNew(
            f"The database {shown(connection.engine.url)} is at revision {revision}, which this program does not know: "
            "a newer zhihui migrated it, or it belongs to another program. Install that version, or set "
            "ZHIHUI_DATABASE_URL to this city's own database."
        )
    return revision


def _folder() -> Path:
    return Path(models.migrations.__file__).parent
