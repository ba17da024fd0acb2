"""Who is told what of the roster: a roster in force, shifts to come, a changed shift, a wish to decide, a decision."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from models.duty_rules import DutyRules
from models.notice import NoticeKind, Priority
from models.roster_problem import Standing
from tasks.subject_notices import SubjectNotice, write_subject_notices

MOST_SHIFTS_NAMED = 5
"""A message names so many shifts; the link shows the rest."""


def tell_published(
    connection: Connection, duty: DutyRules, roster: str, standings: Sequence[Standing], now: datetime
) -> int:
    """Everybody in a roster is told their first shifts, with the link to all of them."""
    drafts = [
        SubjectNotice(
            NoticeKind.ROSTER_PUBLISHED,
            post,
            subject_of(post),
            f"roster-published:{roster}:{post}",
            {"roster": roster, "count": len(mine), "shifts": lines_of(duty, mine[:MOST_SHIFTS_NAMED])},
        )
        for post, mine in by_post(standings).items()
    ]
    return write_subject_notices(connection, drafts, now)


def subject_of(post: str) -> str:
    """The link of such a message: the post's own duty page."""
    return f"duty:{post}"


def by_post(standings: Iterable[Standing]) -> dict[str, list[Standing]]:
    """Shifts by who stands in them, in the order given."""
    found: dict[str, list[Standing]] = {}
    for one in standings:
        if one.post is not None:
            found.setdefault(one.post, []).append(one)
    return found


def lines_of(duty: DutyRules, standings: Iterable[Standing]) -> list[dict[str, Any]]:
    """Shifts as a message's template takes them."""
    return [line_of(duty, one) for one in standings]


def line_of(duty: DutyRules | None, standing: Standing) -> dict[str, Any]:
    """One shift as a message's template takes it."""
    place = duty.place(standing.place) if duty else None
    return {
        "starts_at": standing.shift.starts_at,
        "ends_at": standing.shift.ends_at,
        "place": {"zh": place.name if place else standing.place, "en": place.english_name if place else standing.place},
    }


def urgency(starts_at: datetime, now: datetime) -> Priority:
    """A change of a shift within two days does not wait out the quiet hours."""
    return Priority.URGENT if (starts_at - now).days < 2 else Priority.ROUTINE


def facts_with(facts: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Facts and more of them, without those that are missing."""
    return {name: value for name, value in {**facts, **more}.items() if value is not None}
