"""The page of a consultation: what warnings suggest, what was decided, who may decide its form, a unit its duty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from desk.context import Desk
from desk.flood_view import FloodTeller
from desk.opened_case import opens_nothing
from desk.opened_flood import OpenedFlood
from desk.pages import page
from models.flood_response import ConsultationState
from models.flood_rules import LEVELS, ResponseLevel
from models.refusal import Refusal
from models.response_rules import Deciders, level_at
from models.vocabulary import Role
from tasks.acknowledge import left_of_subject
from tasks.consultations import stream_of
from tasks.flood_events import Recorded, read_events
from tasks.flood_people import deciders_at
from tasks.refusals import render_refusal
from tasks.response_notices import names_of, subject_of
from tasks.response_rows import ConsultationTold, DecisionTold, decision_of, find_consultation, in_force_at

KEEP = "kept"

Options = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class DecisionFields:
    """The form with what stands in it."""

    levels: Options
    issuers: Options
    signers: Options
    areas: Options
    values: Mapping[str, str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened."""

    at: str
    what: str
    who: str
    why: str


def consultation_answer(
    connection: Connection, desk: Desk, request: Request, opened: OpenedFlood, number: str
) -> HTMLResponse:
    """The page as its reader may see it."""
    return consultation_page(connection, desk, request, opened, number)


def consultation_page(
    connection: Connection,
    desk: Desk,
    request: Request,
    opened: OpenedFlood,
    number: str,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    posted: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The same, with a form that was not taken shown as it came and with the reason."""
    told = find_consultation(connection, number)
    if told is None:
        return opens_nothing(request)
    teller, decision = FloodTeller(desk, request, opened), decision_of(connection, number)
    deciders = deciders_at(connection, opened.city, opened.now)
    decides = opened.post.role is not Role.AUDITOR and deciders.may_see_the_form(opened.post.code)
    fields = None
    if decides and told.state is ConsultationState.OPEN:
        fields = _fields(teller, told, deciders, refusal, posted or {})
    own = level_at(in_force_at(connection, opened.now), *told.where)
    left, last = left_of_subject(connection, subject_of(number), opened.post.code)
    return page(
        request,
        "consultation.html",
        status,
        city=opened.city,
        ways=teller.ways(),
        reader=opened.post.name,
        token=opened.token,
        told=told,
        hazard=teller.word("response_hazard", told.hazard),
        area=teller.area(told.area),
        suggested=teller.word("response_suggested", told.suggested.name),
        own=teller.word("response_level", own.name),
        opened_at=teller.moment(told.opened_at),
        opened_by=teller.post(told.opened_by),
        decide_by=teller.moment(told.decide_by),
        overdue=told.state is ConsultationState.OPEN and told.decide_by <= opened.now,
        decision=_decision(teller, decision) if decision else None,
        lapsed=teller.moment(told.closed_at) if told.state is ConsultationState.LAPSED else "",
        duty=_duty(teller, decision),
        fields=fields,
        fault=_fault(teller, refusal) if fields is None and refusal else "",
        left=left,
        received_by=teller.post(last.by) if last.by else "",
        received_at=teller.moment(last.at),
        form=teller.form(),
        story=_story(teller, connection, number) if decides or opened.post.role is Role.AUDITOR else [],
        overview=teller.link("overview"),
        level=(decision.level if decision else told.suggested).name,
    )


def _fields(
    teller: FloodTeller,
    told: ConsultationTold,
    deciders: Deciders,
    refusal: Refusal | None,
    posted: Mapping[str, str],
) -> DecisionFields:
    city, reader = teller.city, teller.opened.post.code
    signers = list(dict.fromkeys(post for posts in deciders.signers.values() for post in posts))
    issuers = city.flood.issuers if city.flood else ()
    usual = {
        "level": told.suggested.name,
        "area": told.area,
        "basis": told.basis or "、".join(told.warnings),
        "issuer": issuers[0] if issuers else "",
        "signed_by": reader if reader in signers else "",
    }
    levels = [(level.name, teller.word("response_verdict", level.name)) for level in (*LEVELS, ResponseLevel.ENDED)]
    return DecisionFields(
        [*levels, (KEEP, teller.word("response_verdict", KEEP))],
        list(zip(issuers, names_of(city.units, issuers), strict=True)),
        list(zip(signers, names_of(city.posts, signers), strict=True)),
        city.towns(told.area),
        {name: posted.get(name, value) for name, value in usual.items()},
        _fault(teller, refusal) if refusal else "",
    )


def _fault(teller: FloodTeller, refusal: Refusal) -> str:
    return render_refusal(refusal.code, refusal.facts, teller.language, teller.city)


def _decision(teller: FloodTeller, decision: DecisionTold) -> dict[str, str]:
    verdict = KEEP if decision.kept else decision.level.name
    return {
        "verdict": teller.word("response_verdict", verdict),
        "level": teller.word("response_level", decision.level.name),
        "former": teller.word("response_level", decision.former.name),
        "area": teller.area(decision.area),
        "basis": decision.basis,
        "issuer": teller.unit(decision.issuer),
        "signed_by": teller.post(decision.signed_by),
        "by": teller.post(decision.by),
        "at": teller.moment(decision.at),
        "where": teller.word("decided_where", decision.origin),
    }


def _duty(teller: FloodTeller, decision: DecisionTold | None) -> str:
    """What the reader's own unit must do at the decided level."""
    flood = teller.city.flood
    if decision is None or flood is None:
        return ""
    duty = flood.duties_at(decision.hazard, decision.level).get(teller.opened.post.unit)
    return (duty.duty if teller.language == "zh" else duty.english_duty) if duty else ""


def _story(teller: FloodTeller, connection: Connection, number: str) -> list[StoryLine]:
    return [_line(teller, event) for event in read_events(connection, stream_of(number))]


def _line(teller: FloodTeller, event: Recorded) -> StoryLine:
    facts: Mapping[str, Any] = event.facts
    why = ""
    if event.kind == "decision_refused":
        why = render_refusal(facts["code"], facts["facts"], teller.language, teller.city)
    elif "suggested" in facts:
        why = f"{teller.say('suggested')} {teller.word('response_suggested', facts['suggested'])}"
    return StoryLine(
        teller.moment(event.at), teller.word("consultation_event", event.kind), teller.post(event.actor), why
    )
