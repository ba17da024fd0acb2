"""A person starts a call through a form of the Prefect UI."""

import asyncio
from datetime import datetime
from enum import StrEnum

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows import calls_wording as wording
from flows.flood_calls import send_calls
from flows.moment import At
from flows.steps import step
from flows.surroundings import explain, surroundings
from flows.telling import REFUSED, name_run, run_id, show_table
from models.flood_event import Recording
from models.refusal import Refusal
from tasks.calls import Calling, Started
from tasks.calls import start_call as start
from tasks.database import transaction

STARTED_CALL = "started-call"
"""Key of the table that says what became of the form."""


class CallKind(StrEnum):
    """The two kinds, in words an official reads. Neither is a default: each is a grave mistake for the other."""

    REAL = wording.REAL
    DRILL = wording.DRILL


class CallForm(At):
    """启动一次叫应。Start one call."""

    subject: str = Field(
        title="地点 Place",
        description="区域或水库的代码，如 reservoir-a（areas.csv、calls.yaml）。Code of an area or of a reservoir.",
        min_length=1,
        max_length=60,
    )
    reason: str = Field(
        title="缘由 Reason",
        description="一句话写明为什么叫应；被叫的人先看到它。Why, in one sentence; the first thing people read.",
        min_length=1,
        max_length=300,
    )
    operator: str = Field(
        title="启动岗位 Started by",
        description="由哪个岗位启动，填值班室岗位代码，如 flood-officer-1。Code of a post of the duty room.",
        min_length=1,
        max_length=60,
    )
    kind: CallKind = Field(
        title="性质 Kind",
        description="实战或演练，没有默认值；演练的每条消息都写明演练。Real, or a drill whose every message says so.",
    )

    @property
    def drill(self) -> bool:
        """Whether it is a drill."""
        return self.kind is CallKind.DRILL


@step(wording.BEGIN)
async def begin(now: datetime, form: CallForm) -> Started | Refusal:
    """Start the call under the run's own key: the run repeated is the same call."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()

    def work() -> Started | Refusal:
        city = here.city()
        recording = Recording(now, "form", city.edition, flow_run_id)
        calling = Calling(form.subject.strip(), form.reason, form.drill)
        with transaction(here.engine) as connection:
            return start(
                connection, city, calling, by=form.operator.strip(), key=f"form:{flow_run_id}", recording=recording
            )

    return await asyncio.to_thread(work)


@flow(name="start-call", flow_run_name=wording.START_CALL)
async def start_call(form: CallForm) -> State[None]:
    """A person of the duty room calls everybody responsible for a place, or practises it.

    Everybody of the first step is called at once, on all their channels side by side; the sweep lets silence climb.
    Where the post is unknown or may not, or such a call is under way, the run says why and nobody is called. A drill
    has numbers of its own, and every one of its messages says so. The same run repeated is the same call.
    """
    now = form.moment()
    found = await begin(now, form)
    if isinstance(found, Refusal):
        explanation = await explain(found)
        row = wording.call_row(form.subject, form.drill, 0, explanation)
        await show_table(STARTED_CALL, [row], wording.STARTED_CALL)
        await name_run(wording.call_refused(form.subject), REFUSED)
        return Completed(name=wording.REFUSED_STATE, message=explanation)
    await send_calls(now)
    row = wording.call_row(found.number, found.drill, found.called)
    await show_table(STARTED_CALL, [row], wording.STARTED_CALL)
    name = wording.call_started(found.number, found.drill, found.called)
    await name_run(name)
    return Completed(message=name)
