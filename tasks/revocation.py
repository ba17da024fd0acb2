"""Revoking at once: nothing that was signed, sent or opened for a post up to a moment counts any more."""

from datetime import datetime

from sqlalchemy import Connection, insert

from models.desk_access import AccessRevocation
from models.personal_text import without_personal_numbers
from models.tables import table_of
from tasks.bulk_rows import read_rows

REVOCATIONS = table_of(AccessRevocation)


def revoke_access(connection: Connection, post: str, by: str, now: datetime, reason: str = "") -> None:
    """End all links, codes and sessions of a post that are out by now; what is signed from the next second on counts.

    Example: revoke_access(connection, "lihe-liaison", "admin", now, "phone lost")
    """
    connection.execute(insert(REVOCATIONS).values(post=post, at=now, by=by, reason=without_personal_numbers(reason)))


def counts_since(connection: Connection, post: str, moment: datetime) -> bool:
    """Whether what began at a moment still counts for a post.

    Links carry whole seconds: one signed in the very second of a revocation does not count.
    """
    last = last_revocation(connection, post)
    return last is None or moment > last


def last_revocation(connection: Connection, post: str) -> datetime | None:
    """When the access of a post was last revoked, if it ever was."""
    return max((at for (at,) in read_rows(connection, REVOCATIONS, ("at",), "post", [post], "post")), default=None)
