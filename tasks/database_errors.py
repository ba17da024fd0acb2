"""What can be wrong with the city's database before the first row is read.

DatabaseError
├── BadAddress            the address is none we can use
├── DatabaseUnreachable   missing, refused, busy, no database at all
├── DatabaseOutdated      older than this program, and migrating was not asked for
└── DatabaseTooNew        migrated by a newer program, or not ours
"""


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
