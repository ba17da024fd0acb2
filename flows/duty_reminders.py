"""People are reminded of their duty, and wishes to change it that nobody settled lapse."""

import asyncio
from datetime import datetime

from prefect import flow

from flows import roster_wording as wording
from flows.moment import At
from flows.steps import step
from flows.surroundings import surroundings
from flows.telling import IDLE, name_run, run_id
from tasks.database import transaction
from tasks.duty_reminders import Reminded, remind_of_duty


class ReminderVisit(At):
    """提醒值班。Shifts to come to remind people of."""


EVERYBODY = ReminderVisit()


@step(wording.REMIND)
async def remind(now: datetime) -> Reminded:
    """Write the reminders that are due; wishes whose shift has begun lapse."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()

    def work() -> Reminded:
        with transaction(here.engine) as connection:
            return remind_of_duty(connection, here.city(), now, flow_run_id)

    return await asyncio.to_thread(work)


@flow(name="duty-reminders", flow_run_name=wording.DUTY_REMINDERS)
async def duty_reminders(visit: ReminderVisit = EVERYBODY) -> None:
    """Every hour of the day people are told of their shifts to come, each once.

    From the hour the city sets (16:00) everybody on duty tomorrow is told, with who is on duty beside them; on Sunday
    everybody on duty in the week ahead. A wish to change a shift that has begun meanwhile lapses, and the two it is
    about are told. A visit that comes late still tells the same day; a second one tells nobody twice.
    """
    told = await remind(visit.moment())
    said = wording.reminded(told.day_before, told.week_ahead, told.lapsed)
    await name_run(said, *([] if told.day_before or told.week_ahead or told.lapsed else [IDLE]))
