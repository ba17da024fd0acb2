"""The monthly evaluation: the month that is over is counted, scored, ranked and frozen; units get their draft."""

import asyncio
from datetime import datetime

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows import evaluation_wording as wording
from flows.evaluation_tables import PROGRESS_KEY, show_versions
from flows.moment import At, Text
from flows.steps import step
from flows.surroundings import explain, surroundings
from flows.telling import IDLE, REFUSED, begin_progress, name_run, run_id
from models.refusal import Refusal
from tasks.database import transaction
from tasks.evaluation_course import draft_months
from tasks.evaluations import StoredVersion


class EvaluationForm(At):
    """月度考评。A month to evaluate."""

    month: Text = Field(
        default=None,
        title="月份 Month",
        description="如 2026-08；留空即上月及此前漏评的月份。Such as 2026-08; empty for last month and those missed.",
        pattern=r"^\d{4}-(0[1-9]|1[0-2])$",
    )


LAST_MONTH = EvaluationForm()


@step(wording.COUNT_AND_FREEZE)
async def count_and_freeze(now: datetime, month: str | None) -> tuple[StoredVersion, ...] | Refusal:
    """Draft what is over, in one transaction with the notices of it."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()

    def work() -> tuple[StoredVersion, ...] | Refusal:
        city = here.city()
        with transaction(here.engine) as connection:
            return draft_months(connection, city, now, month=month, flow_run_id=flow_run_id)

    return await asyncio.to_thread(work)


@flow(name="monthly-evaluation", flow_run_name=wording.MONTHLY_EVALUATION)
async def monthly_evaluation(form: EvaluationForm = LAST_MONTH) -> State[None]:
    """On the first of the month, the month that is over is evaluated and frozen.

    Every count is taken from the facts of the month, scored by the city's scheme, ranked within its group and kept with
    the cases behind it. Units get their draft and may appeal within the window. A month that was missed is caught up. A
    month evaluated again gets a new version only where its figures have moved.
    """
    progress = await begin_progress(PROGRESS_KEY, wording.PROGRESS)
    found = await count_and_freeze(form.moment(), form.month)
    await progress.reached(80)
    if isinstance(found, Refusal):
        await progress.reached(100)
        await name_run(wording.not_done(), REFUSED)
        return Completed(name=wording.REFUSED_STATE, message=await explain(found))
    await show_versions(found)
    await progress.reached(100)
    months = [version.month for version in found]
    await name_run(wording.drafted(months) if months else wording.MONTHLY_EVALUATION, *([] if months else [IDLE]))
    return Completed()
