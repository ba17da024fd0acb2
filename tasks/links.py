"""Signed links: who may open which page until when, without an account and without a trace of database ids.

LinkError
├── LinkForged    not signed by this city's key, damaged on the way, or revoked
└── LinkExpired   signed, but too long ago
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer
from sqlalchemy import Connection

from tasks.revocation import counts_since

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
    MINE = "mine"
    """A post's own page: all that waits for it."""
    WALL = "wall"
    """The page on the screen of the command centre; a post answers for it."""
    DUTY = "duty"
    """A post's own duty: its shifts, log, handover, spot checks."""
    FLOOD = "flood"
    """A warning, a call, a consultation or an incident, by its number, or the overview of them all."""
    EVALUATION = "evaluation"
    """A month of the evaluation: a unit's own figures, or the ranking."""


PATHS = {Purpose.CASE: "/c/", Purpose.REPORT: "/c/", Purpose.MINE: "/me/", Purpose.WALL: "/wall/",
          Purpose.DUTY: "/duty/", Purpose.FLOOD: "/flood/", Purpose.EVALUATION: "/evaluation/"}  # fmt: skip
"""Where on the desk a link of a purpose leads; its token follows."""


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


def path_of(key: bytes, link: Link, now: datetime) -> str:
    """Where on the desk a link leads that is good from now on. Example: /c/WyJjYXNlIiw…"""
    return f"{PATHS[link.purpose]}{sign_link(key, link, now)}"


@dataclass(frozen=True, slots=True)
class Lives:
    """How long links are good."""

    days: int
    own_page_hours: int
    wall_days: int = 190

    def of(self, purpose: Purpose) -> timedelta:
        """The life of a link for a purpose: what opens everything of a post lives shorter, what hangs there longer."""
        if purpose is Purpose.MINE:
            return timedelta(hours=self.own_page_hours)
        return timedelta(days=self.wall_days if purpose is Purpose.WALL else self.days)

    @property
    def longest(self) -> timedelta:
        """What is older than this opens nothing, whatever it was for."""
        return max(self.of(purpose) for purpose in Purpose)


def open_valid_link(connection: Connection, key: bytes, token: str, now: datetime, lives: Lives) -> Link:
    """The link behind a token that is genuine, has not run out, and was not revoked: for every page behind a link.

    Raises: LinkForged, LinkExpired.
    """
    link, signed_at = _read(key, token, now, int(lives.longest.total_seconds()))
    if now - signed_at > lives.of(link.purpose):
        raise LinkExpired
    if not counts_since(connection, link.recipient, signed_at):
        raise LinkForged
    return link


def open_link(key: bytes, token: str, now: datetime, days: int) -> Link:
    """The link behind a token, for so many days after it was signed; whether it was revoked is not asked.

    Raises: LinkForged, LinkExpired.
    """
    return _read(key, token, now, days * _DAY_SECONDS)[0]


def _read(key: bytes, token: str, now: datetime, seconds: int) -> tuple[Link, datetime]:
    """A link and when it was signed."""
    if len(token) > LONGEST_TOKEN:
        raise LinkForged
    try:
        content, signed_at = _serializer(key, now).loads(token, max_age=seconds, return_timestamp=True)
    except SignatureExpired as expired:
        raise LinkExpired from expired
    except BadData as forged:
        raise LinkForged from forged
    purpose, recipient, subject = content
    return Link(recipient, Purpose(purpose), subject), signed_at


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
