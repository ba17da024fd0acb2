"""Before the season contact points of the duty room's people are tested; what is not is told to the administrator."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, select

from models.city import City
from models.notice import NoticeKind
from models.vocabulary import Role
from tasks.contact_tests import Contact, contacts
from tasks.subject_notices import NOTICES, SubjectNotice, write_subject_notices

MOST_NAMED = 40
"""Contact points one message lists; it always tells how many there are."""


def untested_contacts(connection: Connection, city: City, today: date) -> tuple[Contact, ...]:
    """What is left to test this year among whoever may stand duty."""
    pool = _pool(city, today)
    return tuple(
        one
        for one in (contacts(connection, city, pool) if pool else ())
        if one.verified_at is None or one.verified_at.astimezone(city.zone).year < today.year
    )


def tell_of_untested(connection: Connection, city: City, now: datetime) -> int:
    """Tell the administrator once a day, from the first of the month in which it is due until the season begins."""
    today = now.astimezone(city.zone).date()
    if city.duty is None or not _is_time(city, today):
        return 0
    admins = [post.code for post in city.posts_of(Role.ADMIN, on=today)]
    keys = {f"contacts-untested:{today}:{admin}": admin for admin in admins}
    told = set(connection.scalars(select(NOTICES.c.dedupe_key).where(NOTICES.c.dedupe_key.in_(keys))))
    left = [admin for key, admin in keys.items() if key not in told]
    untested = untested_contacts(connection, city, today) if left else ()
    if not untested:
        return 0
    return write_subject_notices(connection, [_draft(city, admin, today, untested) for admin in left], now)


def _pool(city: City, today: date) -> tuple[str, ...]:
    places = city.duty.places if city.duty else ()
    members = dict.fromkeys(post for place in places for post in place.pool)
    return tuple(post for post in members if post in city.posts and city.posts[post].exists_on(today))


def _is_time(city: City, today: date) -> bool:
    if city.duty is None:
        return False
    month, _ = city.duty.contacts_tested_by
    first, _last = city.duty.season.of_year(today.year)
    return date(today.year, month, 1) <= today < first


def _draft(city: City, admin: str, today: date, untested: Sequence[Contact]) -> SubjectNotice:
    month, day = city.duty.contacts_tested_by if city.duty else (1, 1)
    facts = {
        "count": len(untested),
        "ends_on": date(today.year, month, day),
        "contacts": [_line(city, one) for one in untested[:MOST_NAMED]],
    }
    key = f"contacts-untested:{today}:{admin}"
    return SubjectNotice(NoticeKind.CONTACTS_UNTESTED, admin, f"duty:{admin}", key, facts)


def _line(city: City, one: Contact) -> dict[str, str | int]:
    return {"post": city.posts[one.post].name, "order": one.order, "channel": one.channel}
