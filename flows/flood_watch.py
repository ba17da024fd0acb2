"""The flood watch: warnings call consultations, consultations are hurried, reports fall due."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from prefect import flow

from flows import response_wording as wording
from flows.moment import At
from flows.steps import send, step
from flows.surroundings import surroundings
from flows.sweeping import came_round
from flows.telling import IDLE, name_run, run_id
from flows.wording import NOTHING_TO_DO
from models.flood_event import Recording
from models.sweeps import Process
from tasks.consultation_runs import ConsultationRuns, keep_consultation_runs
from tasks.consultations import Consulted, open_consultations, remind_undecided
from tasks.database import transaction
from tasks.report_deadlines import owe_daily
from tasks.report_sweep import Moved, move_deadlines

MOST_URGENT_NOTICES = 500
"""Notices a visit delivers itself; the rest is left to the process that does nothing else."""


class WatchVisit(At):
    """汛情巡查。A look at warnings, consultations and deadlines."""


NOW = WatchVisit()


@dataclass(frozen=True, slots=True)
class Watched:
    """What one look came to."""

    consulted: Consulted
    reminded: int
    reports: Moved

    @property
    def told(self) -> bool:
        """Whether anybody has something new to read."""
        moved = self.reports
        return bool(
            self.consulted.opened or self.consulted.changed or self.reminded
            or moved.called or moved.late or moved.missing
        )  # fmt: skip


@step(wording.LOOK)
async def look(now: datetime) -> Watched:
    """Everything that time and warnings ask for, in one transaction."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()

    def work() -> Watched:
        city = here.city()
        recording = Recording(now, "flow", city.edition, flow_run_id)
        with transaction(here.engine) as connection:
            consulted = open_consultations(connection, city, now, recording)
            reminded = remind_undecided(connection, city, now, recording)
            owe_daily(connection, city, now, recording)
            return Watched(consulted, reminded, move_deadlines(connection, city, now, recording))

    return await asyncio.to_thread(work)


@step(wording.RUNS)
async def keep_runs() -> int:
    """A run asks for each open consultation; one that was decided elsewhere is woken. How many began and ended."""
    here = await asyncio.to_thread(surroundings)
    return await asyncio.to_thread(lambda: keep_consultation_runs(here.engine, ConsultationRuns(here.settings)))


@flow(name="flood-watch", flow_run_name=wording.FLOOD_WATCH)
async def flood_watch(visit: WatchVisit = NOW) -> None:
    """Every minute in the season, hourly outside it, warnings, consultations and report deadlines are looked at.

    Where the open warnings suggest another level than is in force, a consultation opens and its form waits in the
    interface; one that nobody decided in time is told upwards, rung by rung. Reports are called for, recorded late and
    missing, and the next ones of a series fall due. Urgent messages go out at once. A second run at the same moment
    finds nothing left to do and changes nothing.
    """
    now = visit.moment()
    watched = await look(now)
    kept = await keep_runs()
    if watched.told:
        await send(now, MOST_URGENT_NOTICES)
    await came_round(Process.RESPONSE, visit)
    said = wording.watched(watched.consulted, watched.reminded, watched.reports)
    await name_run(said, *([] if kept or said != NOTHING_TO_DO else [IDLE]))
