"""What stands out: the week before every Monday, or any period from the form in the UI."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows import analysis_wording as wording
from flows.moment import At, Day, Text
from flows.steps import step
from flows.surroundings import explain, surroundings
from flows.telling import IDLE, REFUSED, ROWS_A_TABLE, name_run, show_page, show_table
from models.period_analysis import Analysis, Span
from models.refusal import Refusal
from tasks.analysis_lines import Lines
from tasks.analysis_notices import tell_analysis
from tasks.analysis_report import FOLDER, analysis_files, files_line, headed, report_page, write_files
from tasks.database import reading, transaction
from tasks.period_analysis import analyse_period, last_week, part_of

HOT_KEY, RECURRENCE_KEY, RISE_KEY, DAY_KEY, PAGE_KEY = (
    *("analysis-hot-spots", "analysis-recurrences", "analysis-rises", "analysis-days"),
    "analysis-report",
)


class WeeklyForm(At):
    """每周分析。The analysis of the week before."""


class PeriodForm(At):
    """时段分析。The analysis of any period."""

    first: date = Field(
        title="首日 First day", description="时段的第一天，如 2026-08-01。The first day, such as 2026-08-01."
    )
    last: Day = Field(
        default=None,
        title="末日 Last day",
        description="含当日；留空即与首日同日，最长366天。Included; empty for the first day alone, at most 366 days.",
    )
    area: Text = Field(
        default=None,
        title="区域 Area",
        description="只看一个乡镇（街道）或社区，填名称或代码；留空即全市。One area by name or code; empty for all.",
        max_length=60,
    )
    unit: Text = Field(
        default=None,
        title="单位 Unit",
        description="只看最先由一个单位处置的案件，填名称或代码；留空即全部。One unit by name or code; empty for all.",
        max_length=60,
    )


LAST_WEEK = WeeklyForm()


@dataclass(frozen=True)
class Found:
    """An analysis as a run shows it."""

    analysis: Analysis
    hot: Sequence[dict[str, object]]
    recurrences: Sequence[dict[str, object]]
    rises: Sequence[dict[str, object]]
    days: Sequence[dict[str, object]]
    page: str


@step(wording.ANALYSE)
async def find_what_stands_out(form: PeriodForm | None, now: datetime) -> Found | Refusal:
    """Read the period and the weeks before it; without a form the week before the moment."""
    here = await asyncio.to_thread(surroundings)

    def work() -> Found | Refusal:
        city = here.city()
        span = Span(*last_week(city, now))
        if form is not None:
            span = Span(form.first, form.last or form.first, *part_of(city, form.area, form.unit))
        with reading(here.engine) as connection:
            found = analyse_period(connection, city, span, now)
        if isinstance(found, Refusal):
            return found
        lines, files = Lines(found, city, "zh"), analysis_files(found, city)
        written = write_files(Path(here.settings.home) / FOLDER, files)
        return Found(
            found,
            [headed(line) for line in lines.hot()],
            [headed(line) for line in lines.recurrences()],
            [headed(line) for line in lines.rises()],
            [headed(line) for line in lines.days()],
            f"{report_page(found, city)}\n{files_line(written)}\n",
        )

    return await asyncio.to_thread(work)


@step(wording.TELL)
async def tell(analysis: Analysis, now: datetime) -> int:
    """Write a routine notice to whoever the city's rules name, once for each week."""
    here = await asyncio.to_thread(surroundings)

    def work() -> int:
        city = here.city()
        with transaction(here.engine) as connection:
            return tell_analysis(connection, city, analysis, now)

    return await asyncio.to_thread(work)


@flow(name="weekly-analysis", flow_run_name=wording.WEEKLY)
async def weekly_analysis(form: WeeklyForm = LAST_WEEK) -> State[None]:
    """Every Monday the week before is looked through.

    Where a class of problems piled up, what came back after it was closed, and which days rose above their usual; each
    with the numbers of the cases behind it, under one key for all weeks. Page and workbook lie in the state folder;
    evaluators and shift leaders hear the sentence that says it all.
    """
    found = await find_what_stands_out(None, form.moment())
    if not isinstance(found, Refusal) and found.analysis.analysed:
        await tell(found.analysis, form.moment())
    return await _show(wording.WEEKLY, found)


@flow(name="period-report", flow_run_name=wording.PERIOD)
async def period_report(form: PeriodForm) -> State[None]:
    """The same for any period that a person asks for, of the whole city, of an area or of a unit.

    A period that cannot be, an area or a unit that is not known is refused with what would be right; nobody is told.
    """
    return await _show(wording.PERIOD, await find_what_stands_out(form, form.moment()))


async def _show(name: str, found: Found | Refusal) -> State[None]:
    if isinstance(found, Refusal):
        await name_run(wording.not_done(name), REFUSED)
        return Completed(name=wording.REFUSED_STATE, message=await explain(found))
    span = found.analysis.span
    said = f"{span.first} – {span.last}"
    for key, title, rows in (
        (HOT_KEY, wording.HOT_TABLE, found.hot),
        (RECURRENCE_KEY, wording.RECURRENCE_TABLE, found.recurrences),
        (RISE_KEY, wording.RISE_TABLE, found.rises),
        (DAY_KEY, wording.DAY_TABLE, found.days),
    ):
        # A bad month of a large city has thousands of places: the files have them all.
        await show_table(key, rows[:ROWS_A_TABLE], f"{title} · {said}{wording.cut_off(len(rows), ROWS_A_TABLE)}")
    await show_page(PAGE_KEY, found.page, f"{name} · {said}")
    await name_run(wording.analysed(name, span.first, span.last), *([] if found.analysis.analysed else [IDLE]))
    return Completed()
