"""Who is told of a change of the roster: whom it asks, who asked, whose shift moved, who is on duty beside them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models.city import City
from models.notice import NoticeKind
from models.roster_problem import Standing
from tasks.acknowledge import How, acknowledge_notice
from tasks.roster_change_rows import StoredChange
from tasks.roster_notices import line_of, subject_of, urgency
from tasks.roster_reading import Place
from tasks.subject_notices import NOTICES, SubjectNotice, write_subject_notices


def tell_asked(
    connection: Connection, city: City, change: StoredChange, to: Iterable[str], step: str, now: datetime
) -> int:
    """Somebody is asked to accept (`accept`) or to decide (`decide`); they answer before the shift begins."""
    begins_at = change.wanted.begins_at
    facts = _facts(city, change) | {
        "step": step,
        "asker": _name(city, change.asked_by),
        "post": _name(city, change.to_post),
        "reason": change.reason,
        "decide_by": begins_at,
    }
    drafts = [
        SubjectNotice(
            NoticeKind.ROSTER_ASKED,
            post,
            subject_of(post),
            _asked_key(change.code, step, post),
            facts,
            urgency(begins_at, now),
            requires_ack=True,
        )
        for post in to
    ]
    return write_subject_notices(connection, drafts, now)


def end_asking(
    connection: Connection, change: StoredChange, asked: Iterable[str], steps: Iterable[str], by: str, now: datetime
) -> None:
    """Nobody needs to answer any more: the silence of those who were asked climbs no further.

    Messages are found by their exact keys: a search by how keys begin would read every message the city ever sent.
    """
    posts = list(asked)
    keys = [_asked_key(change.code, step, post) for step in steps for post in posts]
    found = connection.scalars(select(NOTICES.c.id).where(NOTICES.c.dedupe_key.in_(keys))).all()
    for notice_id in found:
        acknowledge_notice(connection, notice_id, by, How.ACTION, now)


def tell_decided(connection: Connection, city: City, change: StoredChange, now: datetime) -> int:
    """The two it is about hear what became of the wish, unless they settled it themselves."""
    facts = _facts(city, change) | {
        "verdict": change.state.value,
        "post": _name(city, change.to_post),
        "words": change.words or None,
        "decided_by": _name(city, change.decided_by) if change.decided_by in city.posts else None,
    }
    told = dict.fromkeys(post for post in (change.asked_by, change.to_post) if post != change.decided_by)
    return write_subject_notices(connection, [_settled(change, post, facts, now) for post in told], now)


def tell_moved(connection: Connection, city: City, change: StoredChange, mates: Iterable[Place], now: datetime) -> int:
    """Whoever gained or lost a shift, and those who stand beside them in it."""
    drafts = []
    moves: list[tuple[Place, str | None, str | None]] = [(change.given, change.from_post, change.to_post)]
    if change.taken is not None:
        moves.append((change.taken, change.to_post, change.from_post))
    for place, before, after in moves:
        drafts += [_moved(city, change, place, before, other=after, gained=False, now=now)] if before else []
        drafts += [_moved(city, change, place, after, other=before, gained=True, now=now)] if after else []
        beside = {mate.post for mate in mates if mate.shift.code == place.shift.code and mate.post} - {before, after}
        drafts += [_moved(city, change, place, post, other=after, gained=None, now=now) for post in sorted(beside)]
    return write_subject_notices(connection, drafts, now)


def _moved(
    city: City, change: StoredChange, place: Place, post: str, *, other: str | None, gained: bool | None, now: datetime
) -> SubjectNotice:
    facts = {
        "shift": _line(city, place.standing),
        "change": change.kind.value,
        "gained": gained,
        "post": _name(city, other) if other else None,
        "reason": change.reason,
        "decided_by": _name(city, change.decided_by) if change.decided_by else None,
    }
    how = "gained" if gained else "beside" if gained is None else "lost"
    return SubjectNotice(
        NoticeKind.ROSTER_CHANGED,
        post,
        subject_of(post),
        f"roster-{how}:{change.code}:{place.shift.code}:{post}",
        facts,
        urgency(place.shift.starts_at, now),
        requires_ack=gained is True,
    )


def _settled(change: StoredChange, post: str, facts: dict[str, Any], now: datetime) -> SubjectNotice:
    return SubjectNotice(
        NoticeKind.ROSTER_DECIDED,
        post,
        subject_of(post),
        f"roster-decided:{change.code}:{post}",
        facts,
        urgency(change.wanted.begins_at, now),
    )


def _facts(city: City, change: StoredChange) -> dict[str, Any]:
    return {
        "change": change.kind.value,
        "shift": _line(city, change.given.standing),
        "other_shift": _line(city, change.taken.standing) if change.taken else None,
    }


def _line(city: City, standing: Standing) -> dict[str, Any]:
    return line_of(city.duty, standing)


def _asked_key(change: str, step: str, post: str) -> str:
    return f"roster-{step}:{change}:{post}"


def _name(city: City, post: str | None) -> str | None:
    found = city.posts.get(post or "")
    return found.name if found else post
