"""People are woken: calls start for warnings, silence climbs, and the messages go out at once."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from prefect import flow

from flows import calls_wording as wording
from flows.moment import At
from flows.steps import step
from flows.surroundings import surroundings
from flows.sweeping import came_round
from flows.telling import IDLE, name_run, run_id, show_table
from models.flood_event import Recording
from models.sweeps import Process
from tasks.call_climbs import climb_calls
from tasks.call_sending import deliver_calls
from tasks.database import transaction
from tasks.warning_calls import end_calls_of_ended_warnings, start_calls_for_warnings

CALLS = "calls"
"""Key of the table of the calls a sweep moved."""


class CallVisit(At):
    """巡检叫应：新的预警、超时未应答的人。Calls to look after: new warnings, and people who stay silent."""


EVERYTHING_DUE = CallVisit()


@dataclass(frozen=True, slots=True)
class LookedAfter:
    """What a sweep did, in calls and places."""

    started: tuple[str, ...] = ()
    climbed: tuple[str, ...] = ()
    silent: int = 0
    ended: tuple[str, ...] = ()


@step(wording.LOOK_AFTER)
async def look_after(now: datetime) -> LookedAfter:
    """End what is over, start what a warning asks for, let silence climb: one transaction."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()

    def work() -> LookedAfter:
        city = here.city()
        recording = Recording(now, "flow", city.edition, flow_run_id)
        with transaction(here.engine) as connection:
            ended = end_calls_of_ended_warnings(connection, city, recording)
            started = start_calls_for_warnings(connection, city, now, recording)
            climbs = climb_calls(connection, city, now, recording)
        return LookedAfter(tuple(one.number for one in started), climbs.calls, climbs.silent, ended)

    return await asyncio.to_thread(work)


@step(wording.SEND_CALLS)
async def send_calls(now: datetime) -> int:
    """Deliver everything that calls people and waits; how many messages were handed over."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()
    city = await asyncio.to_thread(here.city)
    return (await deliver_calls(here.engine, city, here.settings, now, flow_run_id)).sent


@flow(name="flood-calls", flow_run_name=wording.FLOOD_CALLS)
async def flood_calls(visit: CallVisit = EVERYTHING_DUE) -> None:
    """Every minute in the season, and every hour outside it, people who must wake up are called until they answer.

    A warning that calls people and has had no call gets one. Whoever has not answered in their time is passed on: the
    next of the chain and the duty leader are called, in the end again and again; only a human's answer counts. A call
    ends with its warning. The messages go out at once on every channel side by side. Each change, its event and its
    messages are one transaction; a second run at the same moment finds nothing left to do.
    """
    now = visit.moment()
    done = await look_after(now)
    sent = await send_calls(now)
    await came_round(Process.CALLS, visit)
    moved = sorted({*done.started, *done.climbed, *done.ended})
    if not moved and not sent:
        await name_run(wording.calls_looked_after(0, 0, 0, 0), IDLE)
        return
    await show_table(CALLS, wording.call_numbers(moved), wording.STARTED_CALL)
    await name_run(wording.calls_looked_after(len(done.started), done.silent, len(done.ended), sent))
