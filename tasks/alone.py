"""One at a time: what is counted before something is written must not be counted by two at once."""

from sqlalchemy import Connection, text

from tasks.database import is_postgres

# Any number will do that no other program on the same Postgres uses: "deskas" in ASCII.
_ASKING = 0x6465736B6173


def work_alone(connection: Connection) -> None:
    """Until the transaction ends, nobody else asks for links or codes. On SQLite a writer is alone anyway."""
    if is_postgres(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ASKING})
