"""Reports are taken in from the drop folder."""

import asyncio
from datetime import datetime

from prefect import flow

from flows import wording
from flows.moment import At
from flows.steps import step
from flows.surroundings import surroundings
from flows.telling import IDLE, name_run, run_id, show_table
from tasks.intake import FileReport, take_in_folder


class IntakeVisit(At):
    """受理收件文件夹中的文件。Files of the drop folder to take in."""


ALL_FILES = IntakeVisit()


@step(wording.TAKE_IN)
async def take_in(now: datetime) -> list[FileReport]:
    """Take in every file that lies in the drop folder."""
    here = await asyncio.to_thread(surroundings)
    flow_run_id = run_id()

    def work() -> list[FileReport]:
        return take_in_folder(
            here.engine, here.settings, here.city(), here.settings.drop_folder, now=now, flow_run_id=flow_run_id
        )

    return await asyncio.to_thread(work)


@flow(name="intake", flow_run_name=wording.INTAKE)
async def intake(visit: IntakeVisit = ALL_FILES) -> None:
    """Every five minutes the files in the drop folder are taken in, each row once.

    A row that cannot be taken is kept whole with its reason and never stops its file; a file that cannot be read is put
    aside with its reason. What was taken opens a case or joins one, which the next sweep moves. The same file a second
    time takes in nothing.
    """
    files = await take_in(visit.moment())
    if not files:
        await name_run(wording.NOTHING_TO_DO, IDLE)
        return
    rows = [wording.file_row(f.name, f.taken, f.duplicates, f.refused, f.problem) for f in files]
    await show_table("intake-files", rows, wording.INTAKE_FILES)
    unreadable = sum(bool(f.problem) for f in files)
    taken, duplicates, refused = (sum(getattr(f, what) for f in files) for what in ("taken", "duplicates", "refused"))
    await name_run(wording.reports_taken(taken, duplicates, refused, unreadable))
