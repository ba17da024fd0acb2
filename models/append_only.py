"""Rows that are proof: database triggers refuse to change, remove or replace them, whoever asks.

SQLite drops a table's triggers when a batch migration rebuilds it: every migration run ends with `ensure_append_only`.
"""

from sqlalchemy import Connection, text

APPEND_ONLY: dict[str, tuple[tuple[str, ...], ...]] = {
    "case_event": (("id",), ("case_id", "seq")),
    "case_closing": (("id",), ("case_id", "round")),
    "exemption": (("id",), ("case_id", "round")),
    "city_document": (("digest",),),
    "city_edition": (("id",),),
    "picture": (("id",), ("key",)),
    "access_revocation": (("id",),),
    "desk_record": (("id",), ("key",)),
    "satisfaction": (("id",), ("key",)),
    "flood_event": (("id",), ("stream", "seq")),
    "response_decision": (("id",), ("consultation",), ("key",)),
    "incident_report": (("id",), ("key",)),
    "evaluation_version": (("id",), ("month", "version")),
    "evaluation_behind": (("version_id", "unit"),),
    "evaluation_publication": (("id",), ("version_id",)),
    "evaluation_entry": (("id",), ("key",), ("takes_back",), ("previous_digest",)),
    "evaluation_document": (("id",), ("version_id", "kind")),
}
"""Each guarded table with its keys: what INSERT OR REPLACE would replace by."""

_POSTGRES_FUNCTION = "refuse_change_of_proof"

_WHY = "are proof: never changed, removed or replaced. Record a new row that corrects them."

_POSTGRES_BODY = f"""
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
        MESSAGE = TG_OP || ' refused: rows of ' || TG_TABLE_NAME || ' {_WHY}';
END
"""


def ensure_append_only(connection: Connection) -> None:
    """Put every trigger in place, anew where it is there already.

    Example: the last line of a migration run. Doing it twice changes nothing.
    """
    statements = _postgres_statements() if _is_postgres(connection) else _sqlite_statements()
    for statement in statements:
        connection.exec_driver_sql(statement)


def unguarded_tables(connection: Connection) -> list[str]:
    """Append-only tables that lack a trigger, or have another one in its place."""
    found = _postgres_triggers(connection) if _is_postgres(connection) else _sqlite_triggers(connection)
    return [table for table in APPEND_ONLY if not found.issuperset(_expected(connection, table))]


def _is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _expected(connection: Connection, table: str) -> set[str]:
    if _is_postgres(connection):
        return set(_postgres_names(table))
    return set(_sqlite_triggers_of(table).values())


def _sqlite_triggers_of(table: str) -> dict[str, str]:
    """Name and text of each trigger of a table on SQLite.

    The insert trigger refuses INSERT OR REPLACE also where a connection left recursive_triggers off, as other
    programs do: SQLite would remove the old row without asking the delete trigger.
    """
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{column} = NEW.{column}' for column in key)})"  # noqa: S608
        for key in APPEND_ONLY[table]
    )
    conditions = {"UPDATE": "", "DELETE": "", "INSERT": f" WHEN {taken}"}
    return {
        name: f"CREATE TRIGGER {name} BEFORE {verb} ON {table}{condition} "
        f"BEGIN SELECT RAISE(ABORT, '{verb}{' of a key that is there' if condition else ''} refused: "
        f"rows of {table} {_WHY}'); END"
        for verb, condition in conditions.items()
        if (name := f"{table}_refuses_{verb.lower()}")
    }


def _sqlite_statements() -> list[str]:
    statements = []
    for table in APPEND_ONLY:
        for name, create in _sqlite_triggers_of(table).items():
            statements += [f"DROP TRIGGER IF EXISTS {name}", create]
    return statements


def _sqlite_triggers(connection: Connection) -> set[str]:
    """SQLite keeps the text of a trigger as it was written, so a disarmed one of the same name is seen."""
    return set(connection.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")))


def _postgres_names(table: str) -> tuple[str, str]:
    return f"{table}_refuses_change", f"{table}_refuses_truncate"


def _postgres_statements() -> list[str]:
    statements = [
        f"CREATE OR REPLACE FUNCTION {_POSTGRES_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${_POSTGRES_BODY}$$"
    ]
    for table in APPEND_ONLY:
        change, truncate = _postgres_names(table)
        call = f"EXECUTE FUNCTION {_POSTGRES_FUNCTION}()"
        statements += [
            f"CREATE OR REPLACE TRIGGER {change} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {call}",
            f"CREATE OR REPLACE TRIGGER {truncate} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}",
            # ALWAYS: they also fire where a session calls itself a replica, which silences ordinary triggers.
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {change}",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {truncate}",
        ]
    return statements


def _postgres_triggers(connection: Connection) -> set[str]:
    query = text(
        "SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE t.tgenabled = 'A' AND p.proname = :name AND p.prosrc = :body "
        "AND c.relnamespace = current_schema()::regnamespace"
    )
    return set(connection.scalars(query, {"name": _POSTGRES_FUNCTION, "body": _POSTGRES_BODY}))
