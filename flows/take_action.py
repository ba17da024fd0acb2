"""A person acts on a case through a form of the Prefect UI."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import wording
from flows.action_form import ActionForm
from flows.steps import move, step
from flows.surroundings import explain, surroundings
from flows.telling import REFUSED, name_run, run_id, show_table
from models.refusal import Refusal
from tasks.database import reading, transaction
from tasks.inbox import Outcome, Put, outcome_of, put_action


@step(wording.PUT)
async def put(now: datetime, wish: Mapping[str, Any]) -> Put | Refusal:
    """Put one action into the inbox under the run's own key: the run repeated is the same action."""
    here = await asyncio.to_thread(surroundings)
    key = f"form:{run_id()}"

    def work() -> Put | Refusal:
        with transaction(here.engine) as connection:
            return put_action(connection, here.city(), origin="form", key=key, now=now, **wish)

    return await asyncio.to_thread(work)


@step(wording.OUTCOME)
async def outcome(key: str) -> Outcome | None:
    """What the visit made of the action with this key."""
    here = await asyncio.to_thread(surroundings)

    def work() -> Outcome | None:
        with reading(here.engine) as connection:
            return outcome_of(connection, key)

    return await asyncio.to_thread(work)


@flow(name="take-action", flow_run_name=wording.TAKE_ACTION)
async def take_action(form: ActionForm) -> State[None]:
    """A person acts on a case through a form; the case is moved at once.

    The action goes through the same inbox and the same rules as a tap in a message. Where it may not be done now, the
    run says why and what may be done, in its table, its name and its state, and nothing is changed. The same run
    repeated is the same action.
    """
    now = form.moment()
    found = await put(now, form.wish())
    if isinstance(found, Refusal):
        return await tell(form, "refused", found)
    await move(now, [form.number])
    settled = await outcome(found.key)
    return await tell(form, settled.state if settled else "waiting", settled.refusal if settled else None)


async def tell(form: ActionForm, result: str, refusal: Refusal | None) -> State[None]:
    """Show what became of the action: a refusal is an answer, not a failure of the run, and looks like neither."""
    explanation = await explain(refusal) if refusal else ""
    action = str(form.action)
    row = wording.outcome_row(form.number, action, result, explanation)
    await show_table("action-outcome", [row], wording.ACTION_OUTCOME)
    await name_run(wording.action_taken(form.number, action, result), *([REFUSED] if refusal else []))
    if refusal:
        return Completed(name=wording.REFUSED_STATE, message=explanation)
    return Completed(message=wording.RESULTS.get(result, result))
