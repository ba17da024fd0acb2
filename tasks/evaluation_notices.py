"""Who is told what about the monthly evaluation: rows written with the change they tell."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from models.city import City, Post
from models.evaluation_result import EvaluationResult, UnitResult
from models.notice import NoticeKind
from models.scored import plain_decimal
from models.vocabulary import UNIT_ROLES, Role
from tasks.evaluations import StoredVersion
from tasks.subject_notices import SubjectNotice, write_subject_notices


def subject_of(month: str) -> str:
    """The subject of a notice whose link opens a month's page."""
    return f"evaluation:{month}"


def tell_draft(connection: Connection, city: City, version: StoredVersion, now: datetime) -> int:
    """Each unit hears of its own draft, and whoever oversees the evaluation that it stands."""
    result, drafts = version.result, list[SubjectNotice]()
    for unit in result.units():
        facts = _unit_facts(result, unit) | {"window_until": version.window_until.isoformat()}
        for post in _of_unit(city, city.evaluation.draft_to, unit.unit, now):
            drafts.append(_notice(NoticeKind.EVALUATION_DRAFT, post, version, facts))
    facts = {
        **_city_facts(result),
        "window_until": version.window_until.isoformat(),
        "unscored_count": sum(unit.score is None for group in result.groups for unit in group.units),
    }
    for post in _of_roles(city, city.evaluation.overseen_by, now):
        drafts.append(_notice(NoticeKind.EVALUATION_STANDS, post, version, facts))
    return write_subject_notices(connection, drafts, now)


def tell_waiting(connection: Connection, city: City, version: StoredVersion, appeals: int, now: datetime) -> int:
    """Whoever oversees the evaluation hears once that open appeals hold up the publication."""
    facts = {"month": version.month, "open_appeals": appeals, "window_until": version.window_until.isoformat()}
    drafts = [
        _notice(NoticeKind.EVALUATION_WAITS, post, version, facts)
        for post in _of_roles(city, city.evaluation.overseen_by, now)
    ]
    return write_subject_notices(connection, drafts, now)


def tell_published(connection: Connection, city: City, version: StoredVersion, now: datetime) -> int:
    """Units hear their place, everybody else who is configured how the month ended."""
    result, drafts = version.result, list[SubjectNotice]()
    why = {"version_why": version.why} if version.version > 1 else {}
    for unit in result.units():
        for post in _of_unit(city, city.evaluation.ranking_to, unit.unit, now):
            drafts.append(_notice(NoticeKind.EVALUATION_PUBLISHED, post, version, _unit_facts(result, unit) | why))
    told = {draft.recipient for draft in drafts}
    facts = {**_city_facts(result), **why, "best": _best(result)}
    for post in _of_roles(city, city.evaluation.ranking_to, now):
        if post.code not in told:
            drafts.append(_notice(NoticeKind.EVALUATION_PUBLISHED, post, version, facts))
    return write_subject_notices(connection, drafts, now)


def _notice(kind: NoticeKind, post: Post, version: StoredVersion, facts: dict[str, Any]) -> SubjectNotice:
    said = {**facts, "month": version.month, "version": version.version}
    return SubjectNotice(
        kind, post.code, subject_of(version.month), f"{kind}:{version.month}:{version.version}:{post.code}", said
    )


def _unit_facts(result: EvaluationResult, unit: UnitResult) -> dict[str, Any]:
    members = next((group.units for group in result.groups if group.code == unit.group), ())
    return {
        "unit": unit.name,
        "score": shown_score(result, unit.score),
        "rank": unit.rank,
        "of_units": sum(each.rank is not None for each in members) if unit.rank else None,
        "grade": _grade(result, unit.grade),
        "why_none": unit.why_none,
        "due_count": unit.scoring["due_to_close"],
        "on_time_count": unit.scoring["closed_on_time"],
        "overdue_count": unit.scoring["overdue_open"],
    }


def _city_facts(result: EvaluationResult) -> dict[str, Any]:
    return {
        "due_count": result.scoring["due_to_close"],
        "on_time_count": result.scoring["closed_on_time"],
        "overdue_count": result.scoring["overdue_open"],
    }


def shown_score(result: EvaluationResult, score: Decimal | None) -> str | None:
    """A score as people are shown it, to the scheme's digits, half up; None where there is none."""
    return None if score is None else plain_decimal(score, result.scheme.digits)


def _grade(result: EvaluationResult, code: str | None) -> dict[str, str] | None:
    found = next((grade.title for grade in result.scheme.grades if grade.code == code), None)
    return {"zh": found.zh, "en": found.en} if found else None


def _best(result: EvaluationResult) -> list[dict[str, Any]]:
    """Of each group the first and the last by name, as many as the scheme publishes; nobody stands in both."""
    told = []
    for group in result.groups:
        ranked = [unit for unit in group.units if unit.rank is not None]
        best, rest = ranked[: result.scheme.best], ranked[result.scheme.best :]
        worst = rest[-result.scheme.worst :] if result.scheme.worst else []
        if best:
            title = {"zh": group.title.zh, "en": group.title.en}
            told.append({"group": title, "best": _named(result, best), "worst": _named(result, reversed(worst))})
    return told


def _named(result: EvaluationResult, units: Iterable[UnitResult]) -> str:
    return "、".join(f"{unit.name} {shown_score(result, unit.score)}" for unit in units)


def _of_unit(city: City, roles: Iterable[Role], unit: str, now: datetime) -> list[Post]:
    day = now.astimezone(city.zone).date()
    return [post for role in roles if role in UNIT_ROLES for post in city.posts_of(role, unit, day)]


def _of_roles(city: City, roles: Iterable[Role], now: datetime) -> list[Post]:
    """Posts of these roles that act for no unit: those of a unit hear of their own."""
    day = now.astimezone(city.zone).date()
    return [post for role in roles if role not in UNIT_ROLES for post in city.posts_of(role, None, day)]
