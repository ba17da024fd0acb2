"""Test messages to contact points: what was reached once is verified, until its address changes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from models.city import City, ContactPoint
from models.notice import ContactTest
from models.tables import table_of
from tasks.channel_outcomes import CannotReach, Sent
from tasks.channels import Target, address_of, send
from tasks.rendering import render_contact_test

TESTS = table_of(ContactTest)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact point as it stands: verified by a test message, or not."""

    post: str
    order: int
    channel: str
    verified_at: datetime | None
    """When a test message was handed over to this very address; None: never, or the address is another one since."""


def send_test(city: City, point: ContactPoint, desk_url: str, environ: Mapping[str, str]) -> Sent:
    """Send a real test message to one contact point."""
    message = render_contact_test(city, point)
    try:
        url = address_of(Target(point.order, point.channel, point.address), point.post, desk_url, environ)
    except CannotReach as cannot:
        return Sent(False, cannot.outcome)
    return send(url, message)


def record_test(connection: Connection, point: ContactPoint, sent: Sent, by: str, now: datetime) -> None:
    """Write down what became of a test message."""
    connection.execute(
        insert(TESTS).values(
            post=point.post,
            contact_order=point.order,
            channel=point.channel,
            address_digest=address_digest(point),
            tested_at=now,
            ok=sent.ok,
            outcome=sent.outcome,
            by=by,
        )
    )


def contacts(connection: Connection, city: City, posts: Sequence[str] = ()) -> list[Contact]:
    """All contact points of the city (of these posts, if named), each with when it was verified."""
    rows = connection.execute(select(TESTS).where(TESTS.c.ok).order_by(TESTS.c.id))
    verified = {(row.post, row.contact_order, row.address_digest): row.tested_at for row in rows}
    return [
        Contact(p.post, p.order, p.channel, verified.get((p.post, p.order, address_digest(p))))
        for p in city.contact_points
        if not posts or p.post in posts
    ]


def address_digest(point: ContactPoint) -> str:
    """What tells two addresses apart without naming them: a digest of channel and reference."""
    return hashlib.sha256(f"{point.channel} {point.address}".encode()).hexdigest()
