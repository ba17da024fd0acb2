"""The watch over the duty room: no empty post, no handover that nobody took, checks nobody can foresee."""

import asyncio
from datetime import datetime

from prefect import flow

from flows import duty_wording as wording
from flows.moment import At
from flows.steps import step
from flows.surroundings import surroundings
from flows.sweeping import came_round
from flows.telling import IDLE, name_run, run_id, show_table
from flows.wording import NOTHING_TO_DO
from models.chain import canonical
from models.flood_event import Recording
from models.sweeps import Process
from tasks.duty_watch import Watched, watch_duty


class WatchVisit(At):
    """巡查值班室。The watch over the duty room."""


EVERYTHING_DUE = WatchVisit()


@step(wording.WATCH)
async def watch(now: datetime) -> Watched:
    """Do whatever is due in the duty room."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()

    def work() -> Watched:
        city, key = here.city(), here.settings.secret_key("link")
        return watch_duty(here.engine, city, key, Recording(now, "flow", city.edition, flow_run_id))

    return await asyncio.to_thread(work)


@flow(name="duty-watch", flow_run_name=wording.DUTY_WATCH)
async def duty_watch(visit: WatchVisit = EVERYTHING_DUE) -> None:
    """Every minute in the months of the season, every hour outside of them, the duty room is looked after.

    Who has not signed in in time is asked again on the next channel; then the next of the pool is called, then the
    leader hears of it, and at last the place is recorded vacant. A handover that is not accepted in time climbs
    likewise. Spot checks are asked at times drawn from a seed whose digest was sealed the day before; who does not
    answer in time is recorded. Before the season the administrator hears daily which contact points are untested.
    A second run at the same moment changes nothing.
    """
    done = await watch(visit.moment())
    await came_round(Process.DUTY, visit)
    said = wording.duty_watched(done.count, done.contacts_told)
    if said == NOTHING_TO_DO:
        await name_run(said, IDLE)
        return
    rows = [wording.event_row(one.kind, canonical(one.facts)) for one in done.happened]
    await show_table("duty-watch", rows, wording.WATCHED)
    await name_run(said)
