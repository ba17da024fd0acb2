"""Names and phone numbers of reporters: sealed in the database, read with a key outside it, erased on demand."""

import hmac
import os
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, func, insert, update

from models.case import Reporter
from models.tables import table_of

_VERSION = b"\x01"
"""First byte of everything sealed, so that another way of sealing can be told from this one."""

_NONCE_BYTES = 12

_REPORTERS = table_of(Reporter)


class CannotUnseal(Exception):
    """What was sealed cannot be read with this key."""


def seal(key: bytes, text: str) -> bytes:
    """The text, readable only with the key; sealing it twice gives two different results.

    Example: unseal(key, seal(key, "梨河镇居民")) == "梨河镇居民", with key = settings.secret_key("personal").
    """
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, text.encode(), _VERSION)


def unseal(key: bytes, sealed: bytes) -> str:
    """The text that was sealed.

    Raises: CannotUnseal for another key, or bytes that were altered.
    """
    version, nonce, content = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        if version != _VERSION:
            raise CannotUnseal(f"These {len(sealed)} bytes were not sealed by this program, or by a newer one.")
        return AESGCM(key).decrypt(nonce, content, version).decode()
    except (InvalidTag, ValueError) as error:
        raise CannotUnseal(
            "The personal key does not fit what was sealed, or the sealed bytes were altered. Put back the key this "
            "city began with: keys/personal.key in its state folder, or ZHIHUI_PERSONAL_KEY."
        ) from error


def fingerprint(key: bytes, *texts: str) -> str:
    """A digest by which the same content is known again, and from which nobody without the key can find it by trying.

    Example: fingerprint(key, source, row) for a refused row, which may hold a phone number.
    """
    # The key that seals is not used for two things: this one is derived from it.
    own_key = hmac.digest(key, b"zhihui fingerprint", sha256)
    message = b"".join(len(data := text.encode()).to_bytes(8) + data for text in texts)
    return hmac.digest(own_key, message, sha256).hex()


def add_reporter(connection: Connection, key: bytes, name: str | None, phone: str | None) -> int:
    """Keep a reporter, sealed; returns the id that everything else refers to."""
    sealed = {
        "name_sealed": seal(key, name) if name else None,
        "phone_sealed": seal(key, phone) if phone else None,
    }
    reporter_id: int = connection.execute(insert(_REPORTERS).returning(_REPORTERS.c.id), sealed).scalar_one()
    return reporter_id


def erase_reporter(connection: Connection, reporter_id: int, now: datetime) -> bool:
    """Remove a reporter's name and phone for good; False where there is no such reporter.

    Erasing twice changes nothing and keeps the first moment. No event holds what was erased, so every chain still fits.
    Copies of the database made before still hold it, sealed.
    """
    statement = (
        update(_REPORTERS)
        .where(_REPORTERS.c.id == reporter_id)
        .values(name_sealed=None, phone_sealed=None, erased_at=func.coalesce(_REPORTERS.c.erased_at, now))
    )
    return connection.execute(statement).rowcount == 1
