"""Who is told what about consultations and responses: rows written with the change they tell."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models.city import City
from models.flood_rules import People, ResponseLevel
from models.flood_warning import Hazard
from models.notice import NoticeKind, Priority
from tasks.flood_people import officers_of, people_meant
from tasks.response_rows import ConsultationTold, DecisionTold
from tasks.subject_notices import NOTICES, SubjectNotice, write_subject_notices


def subject_of(number: str) -> str:
    """The subject of a notice whose link opens a number's page."""
    return f"flood:{number}"


def tell_of_consultation(
    connection: Connection, city: City, told: ConsultationTold, own: ResponseLevel, now: datetime
) -> int:
    """Call those who decide: once when it opens, and again whenever the suggestion rises."""
    if city.flood is None:
        return 0
    facts = consultation_facts(city, told, own)
    drafts = [
        SubjectNotice(
            NoticeKind.CONSULTATION_OPENED,
            post,
            subject_of(told.number),
            f"consultation:{told.number}:{told.suggested.name}:{now.isoformat()}:{post}",
            facts,
            Priority.URGENT,
            requires_ack=True,
        )
        for post in people_meant(connection, city, city.flood.consultation.called, now)
    ]
    return write_subject_notices(connection, drafts, now)


def tell_undecided(
    connection: Connection, city: City, told: ConsultationTold, own: ResponseLevel, rung: int, to: People, now: datetime
) -> int:
    """Tell a rung of the ladder that nobody has decided in time."""
    facts = consultation_facts(city, told, own) | {"told_at": told.opened_at.isoformat()}
    drafts = [
        SubjectNotice(
            NoticeKind.CONSULTATION_UNDECIDED,
            post,
            subject_of(told.number),
            f"undecided:{told.number}:{rung}:{post}",
            facts,
            Priority.URGENT,
            requires_ack=True,
        )
        for post in people_meant(connection, city, to, now)
    ]
    return write_subject_notices(connection, drafts, now)


def tell_of_lapse(connection: Connection, city: City, told: ConsultationTold, own: ResponseLevel, now: datetime) -> int:
    """Tell everybody who was asked to decide that nothing is left to decide."""
    subject = subject_of(told.number)
    asked = [NoticeKind.CONSULTATION_OPENED.value, NoticeKind.CONSULTATION_UNDECIDED.value]
    posts = select(NOTICES.c.recipient).where(NOTICES.c.subject == subject, NOTICES.c.kind.in_(asked)).distinct()
    facts = consultation_facts(city, told, own) | {"told_at": told.opened_at.isoformat()}
    drafts = [
        SubjectNotice(
            NoticeKind.CONSULTATION_LAPSED, post, subject, f"lapsed:{told.number}:{post}", facts, Priority.URGENT
        )
        for post in sorted(connection.scalars(posts))
    ]
    return write_subject_notices(connection, drafts, now)


def tell_of_decision(connection: Connection, city: City, decision: DecisionTold, now: datetime) -> int:
    """Tell those who were called, who signed, and each member unit what it must do now."""
    flood = city.flood
    if flood is None:
        return 0
    called = people_meant(connection, city, flood.consultation.called, now)
    facts = decision_facts(city, decision)
    drafts = [
        SubjectNotice(
            NoticeKind.CONSULTATION_DECIDED,
            post,
            subject_of(decision.consultation),
            f"decided:{decision.consultation}:{post}",
            facts,
            Priority.URGENT,
        )
        for post in dict.fromkeys((*called, decision.signed_by))
        if post != decision.by
    ]
    if not decision.kept:
        drafts += _to_members(city, decision, facts)
    return write_subject_notices(connection, drafts, now)


def _to_members(city: City, decision: DecisionTold, facts: Mapping[str, Any]) -> list[SubjectNotice]:
    duties = _duties(city, decision.hazard, decision.level)
    formerly = _duties(city, decision.hazard, decision.former)
    kind = NoticeKind.RESPONSE_CHANGED
    if not decision.former:
        kind = NoticeKind.RESPONSE_STARTED
    elif not decision.level:
        kind = NoticeKind.RESPONSE_ENDED
    return [
        SubjectNotice(
            kind,
            post,
            subject_of(decision.consultation),
            f"response:{decision.consultation}:{post}",
            {**facts, "unit": city.units[unit].name, **duties.get(unit, {})},
            Priority.URGENT,
            requires_ack=True,
        )
        for unit in dict.fromkeys((*duties, *formerly))
        for post in officers_of(city, unit)
    ]


def _duties(city: City, hazard: Hazard, level: ResponseLevel) -> dict[str, dict[str, str]]:
    if city.flood is None:
        return {}
    found = city.flood.duties_at(hazard, level)
    return {unit: {"duty": duty.duty, "english_duty": duty.english_duty} for unit, duty in found.items()}


def consultation_facts(city: City, told: ConsultationTold, own: ResponseLevel) -> dict[str, Any]:
    """What a notice says of a consultation."""
    return {
        "number": told.number,
        "hazard": told.hazard,
        "area": area_name(city, told.area),
        "suggested_level": told.suggested.name,
        "former_level": own.name,
        "warnings": list(told.warnings),
        "human_decides": told.human_decides,
        "basis": told.basis,
        "decide_by": told.decide_by.isoformat(),
    }


def decision_facts(city: City, decision: DecisionTold) -> dict[str, Any]:
    """What a notice says of a decision."""
    return {
        "number": decision.consultation,
        "hazard": decision.hazard,
        "area": area_name(city, decision.area),
        "level": decision.level.name,
        "former_level": decision.former.name,
        "kept": decision.kept,
        "basis": decision.basis,
        "issuer": named(city.units, decision.issuer),
        "signed_by": named(city.posts, decision.signed_by),
        "told_at": decision.at.isoformat(),
    }


def area_name(city: City, code: str) -> str:
    """An area by its name, or its code where the directory has none (any more)."""
    return named(city.areas, code)


def named(known: Mapping[str, Any], code: str) -> str:
    """The name of a unit, post or area."""
    found = known.get(code)
    return str(found.name) if found else code


def names_of(known: Mapping[str, Any], codes: Iterable[str]) -> Sequence[str]:
    """The names of several."""
    return [named(known, code) for code in codes]
