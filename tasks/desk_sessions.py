"""Shifts at the desk: a row for each, so that it can be ended, and a secret in the browser that only points at it."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from itsdangerous import BadSignature, Signer
from sqlalchemy import Connection, insert, select, update

from models.city import City, DayHours
from models.desk_access import DeskSession
from models.tables import table_of
from tasks.revocation import counts_since

SESSIONS = table_of(DeskSession)

LONGEST_COOKIE = 300
"""Characters; ours have some 90. What is longer is not even looked at."""

_DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class Session:
    """A shift that goes on."""

    id: int
    post: str
    opened_at: datetime
    ends_at: datetime
    secret: str
    """What the forms of its pages are bound to."""


def open_session(connection: Connection, key: bytes, city: City, post: str, now: datetime, hours: int) -> str:
    """Begins a shift under a new secret and returns the cookie for it; what a browser brought along plays no part."""
    secret = secrets.token_urlsafe(32)
    row = {
        "secret_digest": _digest(secret),
        "post": post,
        "opened_at": now,
        "ends_at": shift_ends(city, post, now, hours),
        "ended_why": "",
    }
    connection.execute(insert(SESSIONS), row)
    return _signer(key).sign(secret).decode("ascii")


def find_session(connection: Connection, key: bytes, city: City, cookie: str, now: datetime) -> Session | None:
    """The shift a cookie points at, while it goes on and its post exists and was not revoked."""
    secret = _secret(key, cookie)
    if secret is None:
        return None
    row = connection.execute(select(SESSIONS).where(SESSIONS.c.secret_digest == _digest(secret))).first()
    if row is None or row.ended_at is not None or not row.opened_at <= now < row.ends_at:
        return None
    post = city.posts.get(row.post)
    if post is None or not post.exists_on(now.astimezone(city.zone).date()):
        return None
    if not counts_since(connection, row.post, row.opened_at):
        return None
    return Session(row.id, row.post, row.opened_at, row.ends_at, secret)


def end_session(connection: Connection, key: bytes, cookie: str, why: str, now: datetime) -> None:
    """Ends the shift a cookie points at, if it goes on."""
    secret = _secret(key, cookie)
    if secret is not None:
        running = (SESSIONS.c.secret_digest == _digest(secret)) & SESSIONS.c.ended_at.is_(None)
        connection.execute(update(SESSIONS).where(running).values(ended_at=now, ended_why=why))


def shift_ends(city: City, post: str, now: datetime, hours: int) -> datetime:
    """When a shift that begins now ends: with the post's hours on its seat, else after so many hours.

    Example: a seat from 08:00 to 20:00, signed in at 10:00, 12 hours: 20:00. Around the clock: 22:00.
    """
    latest = now + timedelta(hours=hours)
    local = now.astimezone(city.zone)
    minute = local.hour * 60 + local.minute
    left = [
        (seat.hours.end_minute - minute - 1) % _DAY_MINUTES + 1
        for seat in city.seats
        if seat.post == post and seat.hours.covers(minute) and not _around_the_clock(seat.hours)
    ]
    if not left:
        return latest
    end = local.replace(second=0, microsecond=0) + timedelta(minutes=max(left))
    return min(latest, end.astimezone(now.tzinfo))


def _around_the_clock(hours: DayHours) -> bool:
    return (hours.end_minute - hours.start_minute) % _DAY_MINUTES == 0


def _secret(key: bytes, cookie: str) -> str | None:
    if not cookie or len(cookie) > LONGEST_COOKIE:
        return None
    try:
        return _signer(key).unsign(cookie.encode("utf-8", "replace")).decode("ascii")
    except (BadSignature, UnicodeDecodeError):
        return None


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _signer(key: bytes) -> Signer:
    return Signer(key, salt=b"zhihui.session", key_derivation="hmac", digest_method=sha256)
