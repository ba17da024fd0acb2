"""Readings of water are taken in and judged; warnings rise and end."""

import asyncio
import os
from datetime import datetime

from prefect import flow

from flows import hydrology_wording as wording
from flows.flood_calls import look_after, send_calls
from flows.moment import At
from flows.steps import send, step
from flows.surroundings import surroundings
from flows.sweeping import came_round
from flows.telling import IDLE, name_run, run_id, show_table
from flows.wording import NOTHING_TO_DO
from models.flood_event import Recording
from models.sweeps import Process
from tasks.database import transaction
from tasks.judging import Judged, judge_waiting
from tasks.silent_stations import tell_silent
from tasks.water_intake import Intake, take_folder, take_rows
from tasks.water_pull import PullFailed, pull, sources_to_pull

MOST_URGENT_NOTICES = 200
"""Notices a visit delivers itself; the rest is left to the process that does nothing else."""


class WaterVisit(At):
    """读取水情雨情，判断是否超限。Take in readings of water and judge them."""


NOW = WaterVisit()


@step(wording.PULL)
async def pull_readings(now: datetime) -> list[Intake]:
    """Ask every source that has an address; one that does not answer holds up no other."""
    here = await asyncio.to_thread(surroundings)

    def one_by_one() -> list[Intake]:
        city, done = here.city(), list[Intake]()
        for source in sources_to_pull(city):
            try:
                rows = pull(source, os.environ)
            except PullFailed as error:
                done.append(Intake(source.name, problem=error.why))
            else:
                done.append(take_rows(here.engine, city, source, rows, source.name, now))
        return done

    return await asyncio.to_thread(one_by_one)


@step(wording.TAKE_FOLDER)
async def take_in_files(now: datetime) -> list[Intake]:
    """Take in every file that lies in the folder of readings."""
    here = await asyncio.to_thread(surroundings)
    return await asyncio.to_thread(lambda: take_folder(here.engine, here.city(), here.settings.readings_folder, now))


@step(wording.JUDGE)
async def judge(now: datetime) -> Judged:
    """Judge the thresholds of every series that has something new."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()

    def work() -> Judged:
        city = here.city()
        return judge_waiting(here.engine, city, Recording(now, "flow", city.edition, flow_run_id))

    return await asyncio.to_thread(work)


@step(wording.TELL_SILENT)
async def look_for_silence(now: datetime) -> int:
    """Tell whoever is on duty of stations that have just fallen silent."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()

    def work() -> int:
        city = here.city()
        with transaction(here.engine) as connection:
            return len(tell_silent(connection, city, Recording(now, "flow", city.edition, flow_run_id)))

    return await asyncio.to_thread(work)


@flow(name="hydrology", flow_run_name=wording.HYDROLOGY)
async def hydrology(visit: WaterVisit = NOW) -> None:
    """Every minute of the season, and every hour outside of it, readings of water are taken in and judged.

    Sources are asked and files are taken in, each reading once; what cannot be right is kept, flagged and not used.
    A threshold that is crossed raises one warning with the readings that show it; it ends when they are clear of it, or
    when a correction undoes it. Whom it calls is called at once. Stations that say nothing are told of once. The people
    on duty hear of all this at once. A second run finds nothing new and changes nothing.
    """
    now = visit.moment()
    done = [*await pull_readings(now), *await take_in_files(now)]
    judged = await judge(now)
    if judged.raised or judged.ended:
        await look_after(now)
        await send_calls(now)
    silent = await look_for_silence(now)
    await came_round(Process.HYDROLOGY, visit)
    if not judged.idle or silent:
        await send(now, MOST_URGENT_NOTICES)
    await show_what_was_done(done, judged)
    said = wording.watched(done, len(judged.raised), len(judged.ended), silent)
    await name_run(said, *([IDLE] if said == NOTHING_TO_DO else []))


async def show_what_was_done(done: list[Intake], judged: Judged) -> None:
    """Tables of warnings, of readings in doubt, and of what came from where."""
    crossings = [wording.crossing_row(one, ended=False) for one in judged.raised]
    crossings += [wording.crossing_row(one, ended=True) for one in judged.ended]
    await show_table("water-warnings", crossings, wording.CROSSINGS)
    await show_table("doubtful-readings", wording.doubtful_rows(done), wording.DOUBTFUL)
    worth = [wording.intake_row(one) for one in done if one.refused or one.problem or one.taken.corrected]
    await show_table("water-sources", worth, wording.INTAKES)
