"""Signed links: who may open which page until when, without an account and without a trace of database ids.

LinkError
├── LinkForged    not signed by this city's key, or damaged on the way
└── LinkExpired   signed, but too long ago
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

LONGEST_TOKEN = 2000
"""Characters; ours have some 150. What is longer is not even looked at."""

_DAY_SECONDS = 86_400


class LinkError(Exception):
    """A link that opens nothing."""


class LinkForged(LinkError):
    """This link was not made by this city, or was damaged on the way: ask for the message again."""


class LinkExpired(LinkError):
    """This link was good once and is too old now: ask for a new one."""


class Purpose(StrEnum):
    """What a link is for; a link for one purpose opens no page of another."""

    CASE = "case"
    """A post reads a case."""
    REPORT = "report"
    """A reporter reads what became of their report."""


@dataclass(frozen=True, slots=True)
class Link:
    """Who may read what. `subject` is a case number or receipt number, never a database id."""

    recipient: str
    purpose: Purpose
    subject: str


def sign_link(key: bytes, link: Link, now: datetime) -> str:
    """The token of a link, good from now on."""
    token = _serializer(key, now).dumps([link.purpose.value, link.recipient, link.subject])
    return token if isinstance(token, str) else token.decode("ascii")


def open_link(key: bytes, token: str, now: datetime, days: int) -> Link:
    """The link behind a token, for so many days after it was signed.

    Raises: LinkForged, LinkExpired.
    """
    if len(token) > LONGEST_TOKEN:
        raise LinkForged
    try:
        content = _serializer(key, now).loads(token, max_age=days * _DAY_SECONDS)
    except SignatureExpired as expired:
        raise LinkExpired from expired
    except BadData as forged:
        raise LinkForged from forged
    purpose, recipient, subject = content
    return Link(recipient, Purpose(purpose), subject)


class _SignerAt(TimestampSigner):
    """A signer that is told the time instead of reading the clock."""

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now.timestamp())


def _serializer(key: bytes, now: datetime) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        key,
        salt=b"zhihui.link",
        signer=_SignerAt,
        signer_kwargs={"now": now, "key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
