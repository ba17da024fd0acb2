"""Keys of programs that report through Open311: shown once when issued, known again by their digest alone."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, insert, select, update

from models.open311_key import KeyPurpose, Open311Key
from models.refusal import Refusal
from models.tables import table_of
from tasks.alone import work_alone
from tasks.wording import clean

KEYS = table_of(Open311Key)

PREFIX = "zhk_"
"""What keys begin with: whoever finds one in a log or a repository sees what it is."""

LONGEST_KEY = 200
"""Characters; ours have 47. What is longer is not even looked at."""

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as it is listed."""

    name: str
    issued_at: datetime
    issued_by: str
    revoked_at: datetime | None
    revoked_by: str


def issue_key(
    connection: Connection, name: str, by: str, now: datetime, purpose: KeyPurpose = KeyPurpose.OPEN311
) -> str | Refusal:
    """A new key for a program, kept as a digest: this is the only moment at which anybody sees it.

    Example: issue_key(connection, "新郑随手拍", "admin", now) -> "zhk_mP5…"
    """
    work_alone(connection)
    called = clean(name, LONGEST_NAME + 1)
    if not called or len(called) > LONGEST_NAME:
        return Refusal("key_name_unfit", {"most": LONGEST_NAME})
    if connection.scalar(select(KEYS.c.id).where(KEYS.c.name == called, KEYS.c.revoked_at.is_(None))) is not None:
        return Refusal("key_name_taken", {"name": called})
    key = PREFIX + secrets.token_urlsafe(32)
    row = {"name": called, "digest": digest_of(key), "issued_at": now, "issued_by": by, "revoked_by": ""}
    connection.execute(insert(KEYS).values(row | {"purpose": purpose.value}))
    return key


def revoke_key(
    connection: Connection, name: str, by: str, now: datetime, purpose: KeyPurpose = KeyPurpose.OPEN311
) -> bool:
    """End the key of a program at once; False where none of this name is in force for this purpose."""
    mine = (KEYS.c.name == clean(name), KEYS.c.purpose == purpose.value)
    statement = update(KEYS).where(*mine, KEYS.c.revoked_at.is_(None))
    return connection.execute(statement.values(revoked_at=now, revoked_by=by)).rowcount == 1


def all_keys(connection: Connection, purpose: KeyPurpose = KeyPurpose.OPEN311) -> Sequence[KeyRow]:
    """Every key there ever was for a purpose, in the order of issue."""
    columns = (KEYS.c.name, KEYS.c.issued_at, KEYS.c.issued_by, KEYS.c.revoked_at, KEYS.c.revoked_by)
    asked = select(*columns).where(KEYS.c.purpose == purpose.value)
    return [KeyRow(*row) for row in connection.execute(asked.order_by(KEYS.c.id))]


def program_of(connection: Connection, presented: str, purpose: KeyPurpose = KeyPurpose.OPEN311) -> str | None:
    """The name of the program a key belongs to, or None for what is no key in force for this purpose."""
    if not 0 < len(presented) <= LONGEST_KEY:
        return None
    # The question to the database compares digests: however long it takes, it tells nothing of a key.
    digest = digest_of(presented)
    found = connection.execute(
        select(KEYS.c.name, KEYS.c.digest).where(
            KEYS.c.digest == digest, KEYS.c.purpose == purpose.value, KEYS.c.revoked_at.is_(None)
        )
    ).first()
    return found.name if found is not None and hmac.compare_digest(found.digest, digest) else None


def digest_of(key: str) -> str:
    """What is kept of a key. It holds 256 random bits, so nobody finds it from its digest by trying."""
    return sha256(key.encode("utf-8", "replace")).hexdigest()
