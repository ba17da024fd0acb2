"""Every night: are all records what they were, and what is the seal of the day that is over?"""

import asyncio
from datetime import datetime, timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows import audit_wording as wording
from flows.moment import At
from flows.steps import step
from flows.surroundings import surroundings
from flows.telling import IDLE, name_run, show_page, show_table
from tasks.audit import verify_all
from tasks.audit_wording import report_lines
from tasks.database import reading
from tasks.day_seal import DaySeal, seal_before

SEAL_KEY, PAGE_KEY = "day-seal", "audit-report"


class AuditVisit(At):
    """每日存证。Verify all records, and seal the day before the moment."""


LAST_NIGHT = AuditVisit()


@step(wording.VERIFY)
async def verify() -> tuple[bool, str]:
    """Whether all records fit their chains and the events they tell of, and what was read in words."""
    here = await asyncio.to_thread(surroundings)
    report = await asyncio.to_thread(verify_all, here.engine)
    return report.intact, "\n".join(f"- {line}" for line in report_lines(report))


@step(wording.SEAL)
async def seal(now: datetime) -> DaySeal | None:
    """The seal of the newest day that is over; None before anything was recorded."""
    here = await asyncio.to_thread(surroundings)

    def work() -> DaySeal | None:
        with reading(here.engine) as connection:
            return seal_before(connection, here.city(), now)

    return await asyncio.to_thread(work)


@flow(name="daily-audit", flow_run_name=wording.DAILY_AUDIT)
async def daily_audit(visit: AuditVisit = LAST_NIGHT) -> State[None]:
    """Every night all records are verified, and the day that is over is sealed.

    The seal stands under one key, so that days line up as its versions; the same day gives the same seal whenever it
    is asked, and whoever wrote it down elsewhere can prove with it that nothing changed since. Where a record does not
    fit the run fails and names the first that does not; the seal is not made of altered records.
    """
    now = visit.moment()
    city = await asyncio.to_thread(lambda: surroundings().city())
    day = now.astimezone(city.zone).date() - timedelta(days=1)
    intact, page = await verify()
    await show_page(PAGE_KEY, page, f"{wording.PAGE} · {day}")
    if not intact:
        await name_run(wording.broken(day))
        return Failed(name=wording.BROKEN_STATE, message=page)
    found = await seal(now)
    if found is None:
        await name_run(wording.not_sealed(day), IDLE)
        return Completed(message=wording.NOTHING_RECORDED)
    row = {wording.DAY: str(found.day), wording.DIGEST: found.digest, wording.CHAINS: found.chains}
    await show_table(SEAL_KEY, [row], f"{wording.SEAL_TABLE} · {found.day}")
    await name_run(wording.sealed(found.day, found.short))
    return Completed()
