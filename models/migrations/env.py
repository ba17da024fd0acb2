"""Run by Alembic for every migration, on the connection and inside the transaction it is handed."""

from alembic import context
from sqlalchemy import Connection

from models.append_only import ensure_append_only
from models.tables import all_tables


def run(connection: Connection) -> None:
    """Run the missing revisions and leave every append-only table guarded."""
    # transactional_ddl: Alembic takes SQLite for a database without it, because its driver usually is in the way.
    # Here a migration that fails halfway leaves nothing behind on either database.
    context.configure(connection=connection, target_metadata=all_tables(), transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
    ensure_append_only(connection)


run(context.config.attributes["connection"])
