"""One-time codes: six digits to a post's own contact points, ten minutes, five tries, used once.

The database holds a nonce; the code is its HMAC under a key outside the database. So it is stored nowhere, neither in
its row nor in the notice that carries it.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, func, insert, select, update

from models.chain import canonical
from models.desk_access import OneTimeCode
from models.notice import Notice, NoticeKind, NoticeState, Priority
from models.tables import table_of
from tasks.alone import work_alone
from tasks.revocation import counts_since, last_revocation

CODES, NOTICES = table_of(OneTimeCode), table_of(Notice)

GOOD_FOR = timedelta(minutes=10)
MOST_TRIES = 5
DIGITS = 6
MOST_AN_HOUR = 5
"""Codes a post may be sent: with five tries each a guesser has one chance in 40,000 an hour, and needs the link too."""


def code_of(key: bytes, post: str, nonce: str) -> str:
    """The code of a nonce. Example: "048213"."""
    # The key that signs links is not used for two things: this one is derived from it.
    own_key = hmac.digest(key, b"zhihui one-time code", sha256)
    number = int.from_bytes(hmac.digest(own_key, f"{post}\0{nonce}".encode(), sha256)[:8])
    return f"{number % 10**DIGITS:0{DIGITS}}"


def send_code(connection: Connection, post: str, now: datetime) -> int | None:
    """Writes the notice that carries a new code, which takes the place of older ones; None where too many were sent.

    Returns the notice's id.
    """
    work_alone(connection)
    # A thief with the link may use up the codes of an hour; once the link is revoked its owner starts afresh.
    an_hour_ago = now - timedelta(hours=1)
    since = max(an_hour_ago, last_revocation(connection, post) or an_hour_ago)
    lately = select(func.count()).where(CODES.c.post == post, CODES.c.sent_at > since)
    if (connection.scalar(lately) or 0) >= MOST_AN_HOUR:
        return None
    nonce, until = secrets.token_urlsafe(16), now + GOOD_FOR
    connection.execute(insert(CODES).values(post=post, nonce=nonce, sent_at=now, expires_at=until))
    return write_key(connection, NoticeKind.SIGN_IN_CODE, post, now, {"nonce": nonce, "valid_until": until.isoformat()})


def take_code(connection: Connection, key: bytes, post: str, typed: str, now: datetime) -> bool:
    """Whether this is the newest code of a post, still good; asking counts as a try, and a right one is used up.

    The try is written before the code is looked at, so that tries at the same moment are not more than five. The
    caller must commit also where the answer is no.
    """
    newest = select(func.max(CODES.c.id)).where(CODES.c.post == post).scalar_subquery()
    tried = connection.execute(
        update(CODES)
        .where(
            CODES.c.id == newest,
            CODES.c.used_at.is_(None),
            CODES.c.tries < MOST_TRIES,
            CODES.c.expires_at > now,
        )
        .values(tries=CODES.c.tries + 1)
        .returning(CODES.c.id, CODES.c.nonce, CODES.c.sent_at)
    ).first()
    # Compared also where there is none, so that the answer takes as long.
    right = hmac.compare_digest(code_of(key, post, tried.nonce if tried else ""), _digits(typed))
    if tried is None or not right or not counts_since(connection, post, tried.sent_at):
        return False
    used = update(CODES).where(CODES.c.id == tried.id, CODES.c.used_at.is_(None)).values(used_at=now)
    return connection.execute(used).rowcount == 1


def write_key(connection: Connection, kind: NoticeKind, post: str, now: datetime, facts: dict[str, str]) -> int:
    """Writes a notice that carries a key to the desk; returns its id."""
    row = {
        "kind": kind.value,
        "recipient": post,
        "priority": Priority.URGENT.value,
        "requires_ack": False,
        "dedupe_key": f"{kind}:{secrets.token_hex(16)}",
        "facts": canonical(facts),
        "state": NoticeState.WAITING.value,
        "created_at": now,
    }
    return int(connection.execute(insert(NOTICES).values(row).returning(NOTICES.c.id)).scalar_one())


def _digits(typed: str) -> str:
    """What was typed without spaces and with plain digits; people copy codes with what stands around them."""
    found = "".join(str(int(c)) for c in typed[:40] if c.isdecimal())
    return found if len(found) == DIGITS else ""
