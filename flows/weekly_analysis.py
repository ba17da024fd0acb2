"""What stands out: the week before every Monday, or any period from the form in the UI."""

import asyncio
from datetime import date, datetime

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows import analysis_wording as wording
from flows.moment import At, Day
from flows.steps import step
from flows.surroundings import explain, surroundings
from flows.telling import IDLE, REFUSED, name_run, show_page, show_table
from models.period_analysis import Analysis
from models.refusal import Refusal
from tasks.analysis_report import hot_lines, recurrence_lines, report_page, rise_lines
from tasks.database import reading
from tasks.period_analysis import analyse_period, last_week

HOT_KEY, RECURRENCE_KEY, RISE_KEY, PAGE_KEY = (
    "analysis-hot-spots",
    "analysis-recurrences",
    "analysis-rises",
    "analysis-report",
)


class WeeklyForm(At):
    """每周分析。The analysis of the week before."""


class PeriodForm(At):
    """时段分析。The analysis of any period."""

    first: date = Field(title="首日 First day", description="如 2026-08-01。Such as 2026-08-01.")
    last: Day = Field(
        default=None,
        title="末日 Last day",
        description="含当日；留空即与首日同日，最长366天。Included; empty for the first day alone, at most 366 days.",
    )


LAST_WEEK = WeeklyForm()


@step(wording.ANALYSE)
async def find_what_stands_out(first: date | None, last: date | None, now: datetime) -> Analysis | Refusal:
    """Read the period and the weeks before it; without days the week before the moment."""
    here = await asyncio.to_thread(surroundings)

    def work() -> Analysis | Refusal:
        city = here.city()
        monday, sunday = last_week(city, now)
        start = first or monday
        end = last or (first or sunday)
        with reading(here.engine) as connection:
            return analyse_period(connection, city, start, end, now)

    return await asyncio.to_thread(work)


@flow(name="weekly-analysis", flow_run_name=wording.WEEKLY)
async def weekly_analysis(form: WeeklyForm = LAST_WEEK) -> State[None]:
    """Every Monday the week before is looked through.

    Where a class of problems piled up, what came back after it was closed, and which days rose above their usual; each
    with the numbers of the cases behind it, under one key for all weeks.
    """
    return await _tell(wording.WEEKLY, await find_what_stands_out(None, None, form.moment()))


@flow(name="period-report", flow_run_name=wording.PERIOD)
async def period_report(form: PeriodForm) -> State[None]:
    """The same for any period that a person asks for."""
    return await _tell(wording.PERIOD, await find_what_stands_out(form.first, form.last, form.moment()))


async def _tell(name: str, found: Analysis | Refusal) -> State[None]:
    if isinstance(found, Refusal):
        await name_run(wording.not_done(name), REFUSED)
        return Completed(name=wording.REFUSED_STATE, message=await explain(found))
    city = await asyncio.to_thread(lambda: surroundings().city())
    said = f"{found.first} – {found.last}"
    for key, title, lines in (
        (HOT_KEY, wording.HOT_TABLE, hot_lines(found, city)),
        (RECURRENCE_KEY, wording.RECURRENCE_TABLE, recurrence_lines(found, city)),
        (RISE_KEY, wording.RISE_TABLE, rise_lines(found, city)),
    ):
        await show_table(key, [_headed(line) for line in lines], f"{title} · {said}")
    await show_page(PAGE_KEY, report_page(found, city), f"{name} · {said}")
    await name_run(wording.analysed(name, found.first, found.last), *([] if found.cases else [IDLE]))
    return Completed()


_HEADS = {
    "class": wording.CLASS,
    "area": wording.AREA,
    "count": wording.COUNT,
    "share": wording.SHARE,
    "usual": wording.USUAL,
    "times": wording.TIMES,
    "place": wording.PLACE,
    "day": wording.DAY,
    "spread": wording.SPREAD,
    "cases": wording.CASES,
}


def _headed(line: dict[str, object]) -> dict[str, object]:
    return {_HEADS[name]: value for name, value in line.items()}
