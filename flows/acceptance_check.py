"""The acceptance self-check: computed from running data, and what a person confirms in the form."""

import asyncio
from datetime import datetime

from prefect import flow
from pydantic import Field

from flows import acceptance_wording as wording
from flows.moment import At
from flows.steps import step
from flows.surroundings import surroundings
from flows.telling import name_run, show_page, show_table
from models.acceptance import SelfCheck
from tasks.acceptance import check_acceptance, check_lines, check_page, find_conditions, shown_points
from tasks.database import reading

PAGE_KEY, TABLE_KEY = "acceptance-report", "acceptance-conditions"


class AcceptanceForm(At):
    """验收自查。What a person confirms; empty for what nobody has confirmed yet."""

    confirmed: list[str] = Field(
        default_factory=list,
        title="已具备的条件 Conditions that hold",
        description="条件代号，如 built_up_area、manuals、supervision_rule、supervised。Codes of conditions.",
    )
    missing: list[str] = Field(
        default_factory=list,
        title="不具备的条件 Conditions that do not",
        description="条件代号。Codes of conditions.",
    )


NOTHING_CONFIRMED = AcceptanceForm()


@step(wording.CHECK)
async def check(answers: dict[str, bool], now: datetime) -> SelfCheck:
    """Reckon every condition that can be reckoned."""
    here = await asyncio.to_thread(surroundings)

    def work() -> SelfCheck:
        city = here.city()
        with reading(here.engine) as connection:
            return check_acceptance(connection, city, find_conditions(), answers, now)

    return await asyncio.to_thread(work)


@flow(name="acceptance-check", flow_run_name=wording.ACCEPTANCE_CHECK)
async def acceptance_check(form: AcceptanceForm = NOTHING_CONFIRMED) -> None:
    """The conditions a system is accepted by, each with what running data say, or what a person confirms.

    The points are data of this project and nobody's verdict; under one key, so that the months line up.
    """
    answers = dict.fromkeys(form.confirmed, True) | dict.fromkeys(form.missing, False)
    found = await check(answers, form.moment())
    city = await asyncio.to_thread(lambda: surroundings().city())
    heads = (wording.CONDITION, wording.FOUND, wording.POINTS, wording.OF, wording.SOURCE)
    rows = [dict(zip(heads, line.values(), strict=True)) for line in check_lines(found)]
    await show_table(TABLE_KEY, rows, wording.TABLE)
    await show_page(PAGE_KEY, check_page(found, city, form.moment()), wording.ACCEPTANCE_CHECK)
    await name_run(wording.checked(shown_points(found.reached), shown_points(found.conditions.total)))
