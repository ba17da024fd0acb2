"""A consultation asks for its decision through a form of the Prefect UI."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.flow_runs import asuspend_flow_run
from prefect.states import Completed
from pydantic import Field, ValidationError

from flows import response_wording as wording
from flows.moment import At
from flows.response_form import DecisionForm, form_for
from flows.steps import step
from flows.surroundings import explain, surroundings
from flows.telling import REFUSED, name_run, run_id
from models.city import City
from models.flood_event import Recording
from models.flood_rules import ResponseLevel
from models.refusal import Refusal
from models.response_rules import Deciders, DecisionWish, level_at
from tasks.consultations import stream_of
from tasks.database import reading, transaction
from tasks.flood_events import read_events
from tasks.flood_people import deciders_at
from tasks.response import decide
from tasks.response_rows import ConsultationTold, DecisionTold, decision_of, find_consultation, in_force_at

OVER = frozenset({"decided_already", "consultation_lapsed", "unknown_consultation"})
"""Refusals after which nothing is left to ask."""


class ConsultationVisit(At):
    """对一次会商作出决定。The decision of one consultation."""

    number: str = Field(
        title="会商编号 Number", description="会商编号，以 HS 开头。Number of the consultation.", max_length=40
    )


@dataclass(frozen=True)
class Question:
    """A consultation as it stands in the database now."""

    city: City
    told: ConsultationTold
    decision: DecisionTold | None
    own: ResponseLevel
    deciders: Deciders
    refused: Mapping[str, Refusal]
    """Answers of forms that were not valid, by their key."""


async def read_question(number: str) -> Question | None:
    """The consultation, what was decided, and which answers were refused; no step: each resumption reads it anew."""

    def work() -> Question | None:
        here, now = surroundings(), datetime.now(UTC)
        city = here.city()
        with reading(here.engine) as connection:
            told = find_consultation(connection, number)
            if told is None:
                return None
            events = read_events(connection, stream_of(number))
            refused = [event.facts for event in events if event.kind == "decision_refused"]
            return Question(
                city,
                told,
                decision_of(connection, number),
                level_at(in_force_at(connection, now), *told.where),
                deciders_at(connection, city, now),
                {facts["key"]: Refusal(facts["code"], facts["facts"]) for facts in refused},
            )

    return await asyncio.to_thread(work)


@step(wording.DECIDE)
async def write_decision(wish: DecisionWish, key: str, now: datetime) -> DecisionTold | Refusal:
    """Write the row, if the answer is valid and the first; the same answer again is the same row."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()

    def work() -> DecisionTold | Refusal:
        city = here.city()
        with transaction(here.engine) as connection:
            return decide(connection, city, wish, key, Recording(now, "form", city.edition, flow_run_id))

    return await asyncio.to_thread(work)


@flow(name="flood-response", flow_run_name=wording.FLOOD_RESPONSE)
async def flood_response(consultation: ConsultationVisit) -> State[None]:
    """Asks for the decision of a consultation: level, area, hazard, basis, issuer, and who signs it.

    The run shows the warnings and the suggested level and waits, suspended, for its form; it holds no process. What is
    filled in becomes the decision if it is valid and nobody decided before; if not, the form comes again with the
    reason. The decision itself is a row: one taken at the desk ends this run, which then bears its name. A run that
    is repeated or resumed reads the database first and never decides twice.
    """
    number, asked = consultation.number, await read_question(consultation.number)
    if asked is None:
        await name_run(wording.NO_CONSULTATION.format(number=number), REFUSED)
        return Completed(message=await explain(Refusal("unknown_consultation", {"number": number})))
    refusal: Refusal | None = None
    for attempt in count(1):
        if asked.decision is not None or asked.told.closed_at is not None:
            break
        key = f"form:{run_id()}:{attempt}"
        if key in asked.refused:
            refusal = asked.refused[key]
            continue
        answer = await ask(asked, attempt, refusal)
        if answer is not None:
            found = await write_decision(answer.wish(number), key, consultation.moment())
            refusal = found if isinstance(found, Refusal) else None
        asked = await read_question(number) or asked
    return await conclude(asked)


async def ask(asked: Question, attempt: int, refusal: Refusal | None) -> DecisionForm | None:
    """Suspend until somebody answers, under a key of this attempt's own; None for a resumption without an answer."""
    told, city = asked.told, asked.city
    signers = wording.signers_lines(asked.deciders.signers, city)
    why = [await explain(refusal)] if refusal else []
    description = wording.question(told, asked.own.name, signers, why, city)
    issuer = next(iter(city.flood.issuers if city.flood else ()), "")
    form = form_for(description, told.hazard, told.area, told.suggested, wording.basis(told), issuer)
    await name_run(wording.asks(told, city))
    try:
        return await asuspend_flow_run(wait_for_input=form, key=f"decision-{attempt}")
    except ValidationError:
        return None


async def conclude(asked: Question) -> State[None]:
    """The run bears the name of the decision, wherever it was taken."""
    if asked.decision is None:
        await name_run(wording.lapsed(asked.told, asked.city))
        return Completed(name=wording.LAPSED_STATE)
    await name_run(wording.decided(asked.told, asked.decision, asked.city))
    return Completed(name=wording.DECIDED_STATE, message=wording.how_decided(asked.decision, asked.city))
