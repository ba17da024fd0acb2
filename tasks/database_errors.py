"""What can be wrong with the city's database before the first row is read.

DatabaseError
├── BadAddress            the address is none we can use
├── DatabaseUnreachable   missing, refused, busy, no database at all
├── DatabaseOutdated      older than this program, and migrating was not asked for
└── DatabaseTooNew        migrated by a newer program, or not ours
"""

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

_SQLITE_AWAY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_READONLY")


def is_away(error: DBAPIError) -> bool:
    """Whether a database cannot be used at the moment, which may pass; else the statement was wrong.

    SQLite calls a table that is missing by the same class as a file that is locked: only its code tells them apart.
    """
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return str(getattr(cause, "sqlite_errorname", "")).startswith(_SQLITE_AWAY)
    return isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated


class DatabaseError(Exception):
    """The city's database cannot be used as it is."""


class BadAddress(DatabaseError):
    """The address is none of a database this program knows."""


class DatabaseUnreachable(DatabaseError):
    """Nothing answers at the address, or what answers is no database."""


class DatabaseOutdated(DatabaseError):
    """The database is older than this program."""


class DatabaseTooNew(DatabaseError):
    """The database was migrated by a newer program, or belongs to another one."""
