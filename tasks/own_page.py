"""A person asks for the link to their own page: it goes to the post's contact points, and to nobody else.

Whoever asks learns nothing: neither whether there is such a post, nor whether a message was sent.
"""

import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from models.city import City
from models.desk_access import PageAsked
from models.notice import NoticeKind
from models.tables import table_of
from tasks.access_settings import AccessSettings
from tasks.alone import work_alone
from tasks.client_network import network_of
from tasks.one_time_code import write_key
from tasks.personal_data import fingerprint

ASKED = table_of(PageAsked)

AN_HOUR = timedelta(hours=1)
LONGEST_NAME = 100
"""Characters; what is longer names no post."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of asking: the notice that was written, if one was."""

    too_often: bool = False
    """Asked too often from this address: the only thing whoever asks is told."""
    notice_id: int | None = None


def ask_for_own_page(
    connection: Connection, city: City, key: bytes, named: str, client: str, now: datetime, rules: AccessSettings
) -> Asked:
    """Writes the notice with the link, if a post is called so and was not sent too many.

    What is written and taken back for a name that is no post's costs as much as what is kept for one that is.
    """
    work_alone(connection)
    connection.execute(delete(ASKED).where(ASKED.c.at <= now - AN_HOUR))
    address = fingerprint(key, "client", network_of(client))
    if _count(connection, {"client": address}, now) >= rules.asks_per_client:
        return Asked(too_often=True)
    post = post_called(city, named, now)
    sent = _count(connection, {"post": post or secrets.token_hex(8)}, now)
    connection.execute(insert(ASKED).values(at=now, client=address, post=post or ""))
    attempt = connection.begin_nested()
    until = now + timedelta(hours=rules.own_page_hours)
    notice_id = write_key(connection, NoticeKind.MY_WORK, post or "", now, {"valid_until": until.isoformat()})
    if post is None or sent >= rules.asks_per_post:
        attempt.rollback()
        return Asked()
    attempt.commit()
    return Asked(notice_id=notice_id)


def post_called(city: City, named: str, now: datetime) -> str | None:
    """The one post of that code or name that exists that day; None where there is none, or several."""
    wanted = _spelling(named)
    day = now.astimezone(city.zone).date()
    found = [
        post.code
        for post in city.posts.values()
        if wanted in (_spelling(post.code), _spelling(post.name)) and post.exists_on(day)
    ]
    return found[0] if len(found) == 1 else None


def _spelling(name: str) -> str:
    """A name without what keyboards do to it: width, case, spaces."""
    return "".join(unicodedata.normalize("NFKC", name[: LONGEST_NAME + 1]).casefold().split())


def _count(connection: Connection, by: Mapping[str, str], now: datetime) -> int:
    conditions = [ASKED.c[name] == value for name, value in by.items()]
    return connection.scalar(select(func.count()).where(ASKED.c.at > now - AN_HOUR, *conditions)) or 0
