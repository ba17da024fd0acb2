"""Many rows of one table, read or written with one statement: what a visit to a thousand cases needs.

SQLAlchemy prepares the values of each row for itself, which costs more than the database does. Here the statement and
what turns each column's values are worked out once, and the driver gives and gets plain tuples: SQLite in one
`executemany`, Postgres in one statement over arrays.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlmodel.sql.sqltypes import UTCDateTime

from tasks.database import is_postgres

MOST_STATEMENTS = 256
MOST_MOMENTS = 10_000

Turn = Callable[[Any], Any]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement's text, and what turns each of its values into what the driver takes (None: nothing)."""

    text: str
    names: tuple[str, ...]
    turns: tuple[Turn | None, ...]

    def columns(self, rows: Sequence[Row]) -> list[list[Any]]:
        """The values, a list a column."""
        return [
            [row[name] for row in rows] if turn is None else [turn(row[name]) for row in rows]
            for name, turn in zip(self.names, self.turns, strict=True)
        ]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Adds rows, all with the same columns, in their order.

    Example: insert_rows(connection, EVENTS, [{"case_id": 1, "seq": 1, ...}, {"case_id": 1, "seq": 2, ...}])
    Raises: ValueError for a moment without a zone, KeyError for a row that lacks a column of the first.
    """
    if rows:
        _write(connection, _insert(connection.dialect, table, tuple(rows[0])), rows)


def update_rows(
    connection: Connection,
    table: Table,
    match: Sequence[str],
    rows: Sequence[Row],
    *,
    names: Sequence[str] | None = None,
    count_up: str | None = None,
    keep: frozenset[str] = frozenset(),
    add: frozenset[str] = frozenset(),
) -> int:
    """Sets rows, all with the same columns: those of `match` find the row, the others are set; returns how many.

    `names` are the columns to set, where those are not all of the others.
    `count_up` names a column, one of `match`, that grows by one: a row another writer changed meanwhile is not found.
    Columns of `keep` are set only where they hold nothing yet; to those of `add` the value is added.

    Example: update_rows(connection, CASES, ("id", "version"), rows, count_up="version") == len(rows)
    Raises: ValueError for a moment without a zone, KeyError for a row that lacks a column of the first.
    """
    if not rows:
        return 0
    values = tuple(name for name in rows[0] if name not in match) if names is None else tuple(names)
    return _write(connection, _update(connection.dialect, table, values, tuple(match), count_up, keep, add), rows)


def read_rows(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    match: str,
    values: Sequence[int] | Sequence[str],
    order: str,
    also: str = "",
) -> list[tuple[Any, ...]]:
    """These columns of every row whose column `match` holds one of these values, in the order of other columns.

    `also` is a condition without values, as both databases write it: "state = 'waiting'".

    Example: read_rows(connection, CLOCKS, ("case_id", "seq"), "case_id", ids, order="case_id, seq")
    """
    if not values:
        return []
    dialect = connection.dialect
    # One value is looked up plainly: most pages are about one case, and a list costs SQLite as much as the row.
    prepared = _select(dialect, table, tuple(names), match, order, also, single=len(values) == 1)
    if len(values) == 1:
        rows = _fetch(connection, prepared.text, values[0])
    else:
        rows = _fetch(connection, prepared.text, json.dumps(list(values)) if dialect.name == "sqlite" else list(values))
    if not rows:
        return []
    columns = zip(*rows, strict=True)
    turned = [
        column if turn is None else map(turn, column) for column, turn in zip(columns, prepared.turns, strict=False)
    ]
    return list(zip(*turned, strict=True))


def _fetch(connection: Connection, text: str, value: object) -> Sequence[Any]:
    """The rows of a statement. SQLite is asked past SQLAlchemy, whose results cost more than the rows."""
    driver = connection.connection.driver_connection
    if connection.in_transaction() and isinstance(driver, sqlite3.Connection):
        try:
            return driver.execute(text, (value,)).fetchall()
        except sqlite3.Error:
            pass  # Asked again below, it is raised as everybody expects it.
    return connection.exec_driver_sql(text, (value,)).all()


def _write(connection: Connection, prepared: _Prepared, rows: Sequence[Row]) -> int:
    columns = prepared.columns(rows)
    if is_postgres(connection):
        arrays = tuple(f"{{{','.join(column)}}}" for column in columns)
        return connection.exec_driver_sql(prepared.text, arrays).rowcount
    return connection.exec_driver_sql(prepared.text, list(zip(*columns, strict=True))).rowcount


@lru_cache(maxsize=MOST_STATEMENTS)
def _insert(dialect: Dialect, table: Table, names: tuple[str, ...]) -> _Prepared:
    into = f"INSERT INTO {table.name} ({', '.join(names)})"
    if dialect.name == "postgresql":
        rows = f"SELECT * FROM {_arrays(dialect, table, names)}"  # noqa: S608 - types of our own columns
    else:
        rows = f"VALUES ({', '.join('?' * len(names))})"
    return _prepared(f"{into} {rows}", dialect, table, names)


@lru_cache(maxsize=MOST_STATEMENTS)
def _update(
    dialect: Dialect,
    table: Table,
    values: tuple[str, ...],
    match: tuple[str, ...],
    count_up: str | None,
    keep: frozenset[str],
    add: frozenset[str],
) -> _Prepared:
    names = (*values, *match)
    postgres = dialect.name == "postgresql"
    sets = []
    for name in values:
        value, old = f"new.{name}" if postgres else "?", f"{table.name}.{name}"
        value = f"COALESCE({old}, {value})" if name in keep else f"{old} + {value}" if name in add else value
        sets.append(f"{name} = {value}")
    if count_up:
        sets.append(f"{count_up} = {table.name}.{count_up} + 1")
    found = " AND ".join(f"{table.name}.{name} = {f'new.{name}' if postgres else '?'}" for name in match)
    rows = f" FROM {_arrays(dialect, table, names)} AS new({', '.join(names)})" if postgres else ""
    text = f"UPDATE {table.name} SET {', '.join(sets)}{rows} WHERE {found}"  # noqa: S608 - names of our own columns
    return _prepared(text, dialect, table, names)


@lru_cache(maxsize=MOST_STATEMENTS)
def _select(
    dialect: Dialect, table: Table, names: tuple[str, ...], match: str, order: str, also: str, *, single: bool
) -> _Prepared:
    if dialect.name == "postgresql":
        found = "= %s" if single else "= ANY(%s)"
    else:
        found = "= ?" if single else "IN (SELECT value FROM json_each(?))"
    columns = ", ".join(map(dialect.identifier_preparer.quote, names))
    text = f"SELECT {columns} FROM {table.name} WHERE {match} {found}"  # noqa: S608 - our own names
    text = f"{text}{f' AND {also}' if also else ''} ORDER BY {order}"
    return _Prepared(text, names, tuple(_turn_back(table, name, dialect) for name in names))


def _arrays(dialect: Dialect, table: Table, names: tuple[str, ...]) -> str:
    return f"unnest({', '.join(f'%s::{table.c[name].type.compile(dialect=dialect)}[]' for name in names)})"


def _prepared(text: str, dialect: Dialect, table: Table, names: tuple[str, ...]) -> _Prepared:
    return _Prepared(text, names, tuple(_turn(table, name, dialect) for name in names))


def _turn(table: Table, name: str, dialect: Dialect) -> Turn | None:
    type_ = table.c[name].type
    if dialect.name == "postgresql":
        return _moment_in_array if isinstance(type_, UTCDateTime) else _in_array
    if isinstance(type_, UTCDateTime):
        return text_of_moment
    turn: Turn | None = type_.dialect_impl(dialect).bind_processor(dialect)
    return turn


def _turn_back(table: Table, name: str, dialect: Dialect) -> Turn | None:
    type_ = table.c[name].type
    if isinstance(type_, UTCDateTime) and dialect.name == "sqlite":
        return moment_of_text
    turn: Turn | None = type_.dialect_impl(dialect).result_processor(dialect, None)
    return turn


def _in_array(value: object) -> str:
    """A value as it stands in the text of a Postgres array: the driver's own way takes five times as long."""
    if isinstance(value, str):
        text = value.replace("\\", "\\\\").replace('"', '\\"') if '"' in value or "\\" in value else value
        return f'"{text}"'
    if value is None:
        return "NULL"
    return f'"\\\\x{value.hex()}"' if isinstance(value, bytes) else str(value)


def _moment_in_array(moment: datetime | None) -> str:
    return "NULL" if moment is None else f'"{text_of_moment(moment)}+00"'


@lru_cache(maxsize=MOST_MOMENTS)
def text_of_moment(moment: datetime | None) -> str | None:
    """A moment as SQLAlchemy writes it into SQLite: UTC, without saying so. Half of a visit's moments are its own."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no zone; give every moment its time zone.")
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(" ", "microseconds")[:26]


def moment_of_text(text: str | None) -> datetime | None:
    """A moment as SQLite keeps it; undoes `text_of_moment`."""
    # A fifth of what naming the zone afterwards costs.
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")
