"""The evaluation is published on the first work day after the window for appeals, once all of them are decided."""

import asyncio
from datetime import datetime

from prefect import flow

from flows import evaluation_wording as wording
from flows.evaluation_tables import PROGRESS_KEY, show_documents, show_mended, show_versions
from flows.moment import At
from flows.steps import step
from flows.surroundings import surroundings
from flows.telling import IDLE, STUCK, begin_progress, name_run, run_id
from tasks.bulletin_store import (
    Faulty,
    Mended,
    StoredDocument,
    Undocumented,
    faulty_documents,
    make_documents,
    mend_documents,
    undocumented,
)
from tasks.database import reading, transaction
from tasks.evaluation_course import Course, publish_months


class PublicationVisit(At):
    """公布考评。A look at the months that are to be published."""


TODAY = PublicationVisit()


@step(wording.PUBLISH)
async def publish(now: datetime) -> Course:
    """Count once more and publish what is due, in one transaction with the notices of it."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()

    def work() -> Course:
        city = here.city()
        with transaction(here.engine) as connection:
            return publish_months(connection, city, now, flow_run_id=flow_run_id)

    return await asyncio.to_thread(work)


@step(wording.MAKE_DOCUMENTS)
async def make_bulletin(version: Undocumented, now: datetime) -> list[StoredDocument]:
    """Make the documents of one published version; those that are there stay as they are."""
    here = await asyncio.to_thread(surroundings)
    city = await asyncio.to_thread(here.city)
    return await asyncio.to_thread(make_documents, here.engine, city, here.settings.bulletins, version, now)


@step(wording.MEND_DOCUMENTS)
async def mend_bulletin(lost: Faulty) -> Mended:
    """Put back the documents of a version that were lost, where they can be made again as they were."""
    here = await asyncio.to_thread(surroundings)
    city = await asyncio.to_thread(here.city)
    return await asyncio.to_thread(mend_documents, here.engine, city, here.settings.bulletins, lost)


async def _make_bulletins(now: datetime) -> bool:
    """Of every published version that lacks documents, also what a killed run left; then those whose files were lost.

    False where a lost document cannot be made again as it was published.
    """
    here = await asyncio.to_thread(surroundings)

    def waiting() -> tuple[list[Undocumented], list[Faulty]]:
        with reading(here.engine) as connection:
            return undocumented(connection), faulty_documents(connection, here.settings.bulletins)

    versions, lost = await asyncio.to_thread(waiting)
    if not versions and not lost:
        return True
    progress, steps = await begin_progress(PROGRESS_KEY, wording.PROGRESS), len(versions) + len(lost)
    for number, version in enumerate(versions, 1):
        await show_documents(await make_bulletin(version, now), f"{here.settings.desk_url}/me")
        await progress.reached(100 * number / steps)
    mended = []
    for number, each in enumerate(lost, len(versions) + 1):
        mended.append(await mend_bulletin(each))
        await progress.reached(100 * number / steps)
    await show_mended(mended)
    return not any(each.different for each in mended)


@flow(name="publish-evaluation", flow_run_name=wording.PUBLISH_EVALUATION)
async def publish_evaluation(visit: PublicationVisit = TODAY) -> None:
    """Every morning the months are looked at whose window for appeals is over.

    On the first work day after it the month is counted once more and published; open appeals hold it up, and whoever
    oversees the evaluation hears of it once. An appeal granted later makes a new version, published at once. The
    documents of each published version are made once and kept; one that was lost is made again and put back only where
    it is byte for byte what was published, else the run is tagged as stuck until a backup brings it back. A second look
    at the same moment changes nothing.
    """
    course = await publish(visit.moment())
    await show_versions(course.published)
    whole = await _make_bulletins(visit.moment())
    months, waiting = [version.month for version in course.published], list(course.waiting)
    if whole:
        await name_run(wording.published(months, waiting), *([] if months or waiting else [IDLE]))
    else:
        await name_run(wording.documents_lost(months, waiting), STUCK)
